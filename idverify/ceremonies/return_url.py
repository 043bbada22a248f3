"""Where the capture page sends a person at the end, if no window of the relying party's waits for it.

Only to a URL that the operator registered for the client, letter by letter: no prefix, no pattern, nothing that a caller could
bend (RFC 9700 section 4.1). What may be registered is the form that every browser reads as the operator did. The code goes into
the query, as in OAuth 2.0 (RFC 6749 section 4.1.2); it is worth nothing without the verifier that redemption demands.
"""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from idverify.errors import InvalidInput, ReturnUrlNotAllowed

LONGEST_URL = 1000
LONGEST_STATE = 512
OURS = ("code", "state", "outcome")
"""Parameters that are added: a URL that has one already would leave its reader to choose."""

_STATE = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_STATE}}}")
# A last label that begins with a letter: browsers take a number there for an IPv4 address, in whatever notation.
_NAME = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::([1-9][0-9]{0,4}))?"
_TAIL = r"(/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
_HTTPS = re.compile(f"https://{_NAME}{_PORT}{_TAIL}")
_THIS_MACHINE = re.compile(rf"http://(?:localhost|127\.0\.0\.1){_PORT}{_TAIL}")


def require_registrable(url: str, *, dev: bool) -> None:
    """Return for a URL that can be registered: https, or http on this machine while developing. Raises InvalidInput.

    A name in lower-case ASCII (an international one as xn--...), a path, perhaps a port and a query; no address in numbers, no
    user name, no fragment, no dots that lead out of a folder.
    """
    found = _HTTPS.fullmatch(url) or (_THIS_MACHINE.fullmatch(url) if dev else None)
    if len(url) > LONGEST_URL or found is None or int(found[1] or 1) > 65535:
        raise InvalidInput(
            f"a return URL is https://name/path in at most {LONGEST_URL} characters: the name in lower-case ASCII, no user "
            "name, no fragment (with --dev also http://localhost/ and http://127.0.0.1/)"
        )
    if any(re.fullmatch(r"(?:\.|%2e){1,2}", segment, re.IGNORECASE) for segment in found[2].split("/")):
        raise InvalidInput("a return URL has no . or .. in its path: browsers would go elsewhere")
    if taken := [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True) if name in OURS]:
        raise InvalidInput(f"a return URL has no {taken[0]} in its query: that is added at the end")


def require_return(registered: frozenset[str], url: str | None, state: str | None) -> None:
    """Return where a session may name this URL and state. Raises ReturnUrlNotAllowed, InvalidInput."""
    if state is not None and (url is None or not _STATE.fullmatch(state)):
        raise InvalidInput(f"state: 1 to {LONGEST_STATE} visible ASCII characters, beside a return_url")
    if url is not None and url not in registered:
        raise ReturnUrlNotAllowed("this client is not registered for that return_url: it is compared letter by letter")


def returning(url: str | None, state: str | None, outcome: str, code: str | None) -> str | None:
    """The registered URL with the outcome in its query, after what is there; None where the session has none."""
    if url is None:
        return None
    told = {"code": code, "state": state, "outcome": outcome}
    added = urlencode({name: value for name, value in told.items() if value is not None}, quote_via=quote)
    joint = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
    return url + joint + added
