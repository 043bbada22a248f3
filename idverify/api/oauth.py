"""Requests and refusals in the words of OAuth 2.0 and OpenID4VCI, for wallets; everywhere else errors are problem documents."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.responses import Response

from idverify.api.encoding import dumps
from idverify.errors import IdverifyError, InputError, IssuanceRefused, TokenInvalid

FORM = "application/x-www-form-urlencoded"
INVALID_PROOF = "invalid_dpop_proof"
MOST_FIELDS = 16
_UNAUTHORISED = {"invalid_token", INVALID_PROOF}


def form_of(body: bytes) -> Mapping[str, str]:
    """The fields of a form. Raises IssuanceRefused where it is none, or sends one twice (RFC 6749 section 3.2)."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise IssuanceRefused("invalid_request", "the body is not a form") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise IssuanceRefused("invalid_request", "a parameter is sent twice")
    return fields


def required(fields: Mapping[str, str], name: str) -> str:
    """A field that must be there. Raises IssuanceRefused."""
    value = fields.get(name)
    if not value:
        raise IssuanceRefused("invalid_request", f"{name} is missing")
    return value


def one_header(values: list[str], name: str) -> str:
    """The only value of a header (RFC 9449 section 4.3, step 1). Raises IssuanceRefused."""
    if len(values) != 1:
        raise IssuanceRefused(INVALID_PROOF, f"send one {name} header")
    return values[0]


def access_token_of(authorization: str) -> str:
    """The token in that header, `DPoP idva_...` (RFC 9449 section 7.1). Raises IssuanceRefused."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "dpop" or not token:
        raise IssuanceRefused("invalid_token", "send a wallet's access token: Authorization: DPoP idva_...")
    return token


def header_or_none(values: list[str], name: str) -> str | None:
    """The only value of a header that need not be there. Raises IssuanceRefused."""
    if len(values) > 1:
        raise IssuanceRefused("invalid_client_attestation", f"send one {name} header")
    return values[0] if values else None


def refusal_of(error: IdverifyError, *, malformed: str, protected: bool) -> tuple[str, Response] | None:
    """The word for an error and its answer; None for what a problem document tells: faults, and what passes with time.

    malformed: the word for a request that cannot be read. protected: at a resource, where a bad token or proof is 401.
    """
    match error:
        case IssuanceRefused():
            word = error.reason
        case TokenInvalid():
            word = INVALID_PROOF
        case InputError():
            word = malformed
        case _:
            return None
    described = f"{error.code}: {error.message}" if isinstance(error, TokenInvalid) else error.message
    headers = {"Cache-Control": "no-store"}
    status = 400
    if protected and word in _UNAUTHORISED:
        status = 401
        headers["WWW-Authenticate"] = f'DPoP error="{word}", algs="ES256"'
    return word, Response(dumps({"error": word, "error_description": _plain(described)}), status, headers, "application/json")


def _plain(text: str) -> str:
    """RFC 6749 section 5.2 allows printable ASCII without quotation mark and backslash."""
    return "".join(one if " " <= one <= "~" and one not in '"\\' else "?" for one in text)
