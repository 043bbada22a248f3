"""What a credential says to its holder. No issuer is believed or doubted here: that is for relying parties."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idverify.credentials import cose, sd_jwt, slip_claims
from idverify.credentials.certificates import authority_of
from idverify.credentials.credential import RESERVED
from idverify.credentials.mdoc_reading import IssuerSigned
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.credentials.slip import Slip
from idverify.errors import InvalidInput, TokenInvalid
from idverify.wallet.answers import MALFORMED
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, SLIP_FORMAT


@dataclass(frozen=True, slots=True)
class Contents:
    """kind: its vct, or the doctype of an mdoc. holder: the point (compressed, 33 bytes) of the key that it is bound to.

    choices: names of the claims that its holder may show, or not, one by one. always: of those that every reader sees; not told
    of a slip. authority: key identifier of the root that certified its issuer's key; None where nothing says so, as in a slip.
    """

    kind: str
    holder: bytes
    expires_at: float
    choices: tuple[str, ...]
    always: tuple[str, ...] = ()
    authority: bytes | None = None


def read(format_: str, credential: str) -> Contents:
    """What a credential in that format says. Raises IssuerRefused for one that no relying party could read either."""
    try:
        return _READERS[format_](credential)
    except (TokenInvalid, InvalidInput, ValueError, LookupError, TypeError, AttributeError):
        raise IssuerRefused("a credential cannot be read", MALFORMED) from None


def _sd_jwt(credential: str) -> Contents:
    parts = sd_jwt.parse(credential)
    header, payload = (parse_object(decode_base64url(part)) for part in parts.jwt.split(".")[:2])
    names = [sd_jwt.read(one)[0] for one in parts.disclosures]
    sd_jwt.disclosed(payload, parts.disclosures, names, RESERVED)  # RFC 9901 section 7.2: a holder checks the digests too
    always = tuple(sorted(set(payload) - RESERVED))
    return Contents(
        payload["vct"],
        _point(payload["cnf"]["jwk"]),
        float(payload["exp"]),
        tuple(names),
        always,
        _certified_by(_chain(header)),
    )


def _mdoc(credential: str) -> Contents:
    issued = IssuerSigned.read(credential)
    if issued.type is None:
        raise ValueError("a doctype that this wallet does not know")
    for one in issued.items:  # ISO/IEC 18013-5 section 9.3.1: what no reader would take is no credential
        if issued.digests[one.namespace].get(one.number) != one.digest:
            raise ValueError("not the elements of this mdoc")
    names = {name for name, _ in issued.claims(issued.type)}
    ends = issued.times["validUntil"]
    if ends is None:
        raise ValueError("an mdoc without an end")
    always = tuple(sorted(issued.type.disclosed))
    return Contents(
        issued.doctype,
        _point(issued.holder),
        float(ends),
        tuple(sorted(names - issued.type.disclosed)),
        always,
        _certified_by(issued.chain),
    )


def _slip(value: str) -> Contents:
    slip = Slip.read(value)
    claims = cose.decode(cose.Sign1.read(slip.slip).payload)
    if not slip_claims.well_formed(claims):
        raise ValueError("not the claims of a slip")
    disclosures = [slip_claims.read_disclosure(one) for one in slip.disclosures]
    if None in disclosures or slip_claims.digests(slip.disclosures) != list(slip_claims.ours(claims).digests):
        raise ValueError("not the disclosures of this slip")
    return Contents(
        kind=slip_claims.VCT_PREFIX + claims[slip_claims.VCT],
        holder=cose.compressed(claims[slip_claims.CNF][slip_claims.CNF_KEY]),
        expires_at=float(claims[slip_claims.EXP]),
        choices=tuple(one[0] for one in disclosures if one is not None),
        always=(*sorted(slip_claims.ours(claims).claims),),
    )


def _chain(header: Mapping[str, Any]) -> Sequence[bytes]:
    x5c = header.get("x5c")
    return [b64decode(one) for one in x5c if isinstance(one, str)] if isinstance(x5c, list) else []


def _certified_by(chain: Sequence[bytes]) -> bytes | None:
    try:
        return authority_of(chain[0]) if chain else None
    except TokenInvalid:  # readers will say so; here it is only of no authority that anybody could name
        return None


def _point(jwk: Mapping[str, Any]) -> bytes:
    if jwk.keys() != {"kty", "crv", "x", "y"}:
        raise ValueError("a holder's key has other members than kty, crv, x, y")
    return cose.point_of(jwk)


_READERS = {SD_JWT_FORMAT: _sd_jwt, MDOC_FORMAT: _mdoc, SLIP_FORMAT: _slip}
