"""What a credential says to its holder. No issuer is believed or doubted here: that is for relying parties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials import cose, sd_jwt, slip_claims
from idverify.credentials.credential import RESERVED
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.credentials.slip import Slip
from idverify.errors import InvalidInput, TokenInvalid
from idverify.wallet.answers import MALFORMED
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.held import SLIP_FORMAT


@dataclass(frozen=True, slots=True)
class Contents:
    """holder: the point (compressed, 33 bytes) of the key that it is bound to. expires_at: seconds since the epoch.

    choices: names of the claims that its holder may show, or not, one by one. always: of those that every reader sees.
    """

    vct: str
    holder: bytes
    expires_at: float
    choices: tuple[str, ...]
    always: tuple[str, ...] = ()


def read(format_: str, credential: str) -> Contents:
    """What a credential in that format says. Raises IssuerRefused for one that no relying party could read either."""
    try:
        return _slip(credential) if format_ == SLIP_FORMAT else _sd_jwt(credential)
    except (TokenInvalid, InvalidInput, ValueError, LookupError, TypeError, AttributeError):
        raise IssuerRefused("a credential cannot be read", MALFORMED) from None


def visible(credential: str) -> frozenset[str]:
    """The names of the claims that every reader of an SD-JWT VC sees. Raises a leaf of TokenInvalid."""
    payload = parse_object(decode_base64url(sd_jwt.parse(credential).jwt.split(".")[1]))
    return frozenset(payload) - RESERVED


def _sd_jwt(credential: str) -> Contents:
    parts = sd_jwt.parse(credential)
    payload = parse_object(decode_base64url(parts.jwt.split(".")[1]))
    names = [sd_jwt.read(one)[0] for one in parts.disclosures]
    sd_jwt.disclosed(payload, parts.disclosures, names, RESERVED)  # RFC 9901 section 7.2: a holder checks the digests too
    always = tuple(sorted(set(payload) - RESERVED))
    return Contents(payload["vct"], _point(payload["cnf"]["jwk"]), float(payload["exp"]), tuple(names), always)


def _slip(value: str) -> Contents:
    slip = Slip.read(value)
    claims = cose.decode(cose.Sign1.read(slip.slip).payload)
    if not slip_claims.well_formed(claims):
        raise ValueError("not the claims of a slip")
    disclosures = [slip_claims.read_disclosure(one) for one in slip.disclosures]
    if None in disclosures or slip_claims.digests(slip.disclosures) != list(slip_claims.ours(claims).digests):
        raise ValueError("not the disclosures of this slip")
    return Contents(
        vct=slip_claims.VCT_PREFIX + claims[slip_claims.VCT],
        holder=cose.compressed(claims[slip_claims.CNF][slip_claims.CNF_KEY]),
        expires_at=float(claims[slip_claims.EXP]),
        choices=tuple(one[0] for one in disclosures if one is not None),
        always=(*sorted(slip_claims.ours(claims).claims),),
    )


def _point(jwk: Mapping[str, Any]) -> bytes:
    if jwk.keys() != {"kty", "crv", "x", "y"}:
        raise ValueError("a holder's key has other members than kty, crv, x, y")
    return cose.point_of(jwk)
