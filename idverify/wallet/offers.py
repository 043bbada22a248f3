"""Offers of credentials (OpenID4VCI 1.0 section 4): what an issuer hands to a person, as a link or as its text."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, urlsplit

from idverify.errors import InvalidInput
from idverify.wallet.answers import MALFORMED, granted, member, parse
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.transport import Send

SCHEME = "openid-credential-offer"
PRE_AUTHORISED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
WHAT = "the offer"


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of the pre-authorised flow. needs_tx_code: whether the person must type a code got by another way."""

    issuer: str
    configurations: tuple[str, ...]
    needs_tx_code: bool
    code: str = field(repr=False)


def read_offer(text: str, send: Send) -> Offer:
    """The offer in an `openid-credential-offer://` link, behind an https link, or as JSON. Raises InvalidInput, IssuerRefused.

    An offer that is fetched must come from the issuer that it names: no other may send a person there.
    """
    text = text.strip()
    if text.startswith("{"):
        return _parsed(parse(text, WHAT))
    parts = _split(text)
    if parts.scheme != SCHEME:
        return _fetched(text, send)
    query = parse_qs(parts.query)
    match query.get("credential_offer"), query.get("credential_offer_uri"):
        case [content], None:
            return _parsed(parse(content, WHAT))
        case None, [uri]:
            return _fetched(uri, send)
        case _:
            raise InvalidInput(f"the link holds neither one credential_offer nor one credential_offer_uri: {SCHEME}://?...")


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port. Raises InvalidInput."""
    parts = _split(url)
    return parts.scheme, parts.netloc.lower()


def _fetched(url: str, send: Send) -> Offer:
    offer = _parsed(granted(send("GET", url, {"Accept": "application/json"}, None), WHAT))
    if origin(offer.issuer) != origin(url):
        raise IssuerRefused("the offer names an issuer at another place than the one it comes from", MALFORMED)
    return offer


def _parsed(raw: dict[str, object]) -> Offer:
    configurations = member(raw, "credential_configuration_ids", list, WHAT)
    grant = member(member(raw, "grants", dict, WHAT), PRE_AUTHORISED, dict, WHAT)
    if not configurations or not all(isinstance(one, str) for one in configurations):
        raise IssuerRefused("the offer names no credential", MALFORMED)
    return Offer(
        issuer=member(raw, "credential_issuer", str, WHAT),
        configurations=tuple(dict.fromkeys(configurations)),
        needs_tx_code="tx_code" in grant,
        code=member(grant, "pre-authorized_code", str, WHAT),
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise InvalidInput("the offer is not a link") from None
