"""The dynamic QR: an issuer's slip for one day and purpose, in an envelope that its holder's device signs anew every 30 s.

docs/reference/qr.md has the format. The slip is issued to a key of its own, so that two visits have nothing in common; the
envelope holds for a minute, so that a picture of it is soon worthless; a reader needs no network.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idverify.credentials import certified_jws, cose, jws, slip_claims, slip_text
from idverify.credentials.believed import Believed, Standing
from idverify.credentials.credential import Environment
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.findings import ACCEPTED, Finding, Status
from idverify.credentials.reading import exact_base64url
from idverify.credentials.slip_checks import DEVICE_CHECKS, ISSUER_CHECKS
from idverify.credentials.slip_code import Candidate, Counters
from idverify.credentials.slip_errors import SlipForeign
from idverify.credentials.status_bits import ENTRIES
from idverify.credentials.status_reference import StatusReference, list_number, list_uri
from idverify.credentials.type_schema import fitting
from idverify.errors import InvalidInput, TokenInvalid
from idverify.keys import Signer
from idverify.keys.jwk import base64url

FORMAT = "idverify-slip+cwt"
"""Its name among the formats of OpenID4VCI."""

REFRESH_SECONDS = 30
CHALLENGE_BYTES = 8
CHECKS = (*ISSUER_CHECKS, *DEVICE_CHECKS)


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip as its holder keeps it. slip: the issuer's COSE_Sign1. disclosures: what may be shown, of a selective one."""

    slip: bytes
    disclosures: tuple[bytes, ...] = ()

    @property
    def value(self) -> str:
        """As a wallet receives it: base64url of the slip and of each disclosure, with tildes between them."""
        return "~".join(base64url(one) for one in (self.slip, *self.disclosures))

    @classmethod
    def read(cls, value: str) -> "Slip":
        """The slip in such a value; nothing of it is validated. Raises InvalidInput."""
        try:
            slip, *disclosures = (exact_base64url(one) for one in value.split("~"))
        except TokenInvalid:
            raise InvalidInput("not a slip: base64url and tildes were expected") from None
        if not slip or not all(disclosures):
            raise InvalidInput("not a slip: nothing stands between two tildes")
        return cls(slip, tuple(disclosures))

    def showing(self, names: Sequence[str]) -> tuple[bytes, ...]:
        """The disclosures of these claims, in the slip's order. Raises InvalidInput for a claim that the slip does not have."""
        named = {found[0]: one for one in self.disclosures if (found := slip_claims.read_disclosure(one)) is not None}
        if missing := set(names) - named.keys():
            can = f"it can show {', '.join(named)}" if named else "it shows all that it says, unasked"
            raise InvalidInput(f"this slip cannot show {', '.join(sorted(missing))}; {can}")
        return tuple(one for name, one in named.items() if name in names)


def issue(
    type_: CredentialType,
    purpose: str,
    claims: Mapping[str, Any],
    *,
    issuer: str,
    device_jwk: Mapping[str, Any],
    status: StatusReference,
    signer: Signer,
    chain: Sequence[bytes],
    now: float,
    expires_at: float,
    environment: Environment,
    random_bytes: Callable[[int], bytes],
) -> Slip:
    """A slip for that purpose. claims: of the whole credential; the slip says those that its type declares for the purpose.

    issuer: URL, as in the certificate. device_jwk: of the slip key (P-256), used for nothing else. chain: DER, the leaf first.
    now, expires_at: seconds since the epoch, at most 24 h apart. status: in a list of the issuer's own. Raises InvalidInput for
    a purpose, claims, a key, a status or times that do not fit (never repeating a value), SigningUnavailable.
    """
    kind = type_.slips.get(purpose)
    if kind is None:
        raise InvalidInput(f"{type_.name} has no slip for that purpose; it has {', '.join(type_.slips) or 'none'}")
    fitting(type_, claims)
    issued_at, ends_at = math.floor(now), math.floor(expires_at)
    if not 0 < ends_at - issued_at <= slip_claims.LONGEST_SECONDS:
        raise InvalidInput("a slip lives for a day at most, and no less than a second")
    if environment not in ("production", *slip_claims.ENVIRONMENTS):
        raise ValueError("unknown environment")
    if "d" in device_jwk or not jws.is_point(device_jwk.get("x"), device_jwk.get("y")):
        raise InvalidInput("the slip key is not a public key on P-256")
    try:
        point = cose.point_of(device_jwk)
    except ValueError:
        raise InvalidInput("the slip key is not a public key on P-256") from None
    number = list_number(issuer, status.uri)
    if number is None or not 0 <= status.index < ENTRIES:
        raise InvalidInput("the status stands in no list of the issuer's, and a slip names its list by number alone")
    said = slip_claims.carried(type_, kind, claims)
    disclosures: tuple[bytes, ...] = ()
    if kind.selective:
        salted = ((name, value, random_bytes(slip_claims.SALT_BYTES)) for name, value in said.items())
        disclosures = tuple(slip_claims.disclosure(*one) for one in salted)
    content = slip_claims.claims_set(
        issuer=issuer,
        vct=type_.vct,
        purpose=purpose,
        said=slip_claims.digests(disclosures) if kind.selective else said,
        device_key=cose.cose_key(point),
        list_number=number,
        list_index=status.index,
        issued_at=issued_at,
        expires_at=ends_at,
        environment=environment,
    )
    certified_jws.require_certified(signer, chain)
    header = {cose.KEY_ID: hashlib.sha256(chain[0]).digest()[: slip_claims.KEY_ID_BYTES]}
    return Slip(cose.sign1(header, cose.encode(content), signer, slip_claims.SLIP), disclosures)


def present(
    slip: bytes,
    disclosures: Sequence[bytes],
    signer: Signer,
    *,
    now: float,
    counter: int,
    challenge: bytes | None = None,
) -> str:
    """The text of the QR code for now. signer: of the slip key. counter: higher than in every code of this slip before.

    challenge: the 8 bytes that the reader shows, if it shows any. Raises SigningUnavailable.
    """
    content = cose.encode([slip, list(disclosures), math.floor(now), counter, challenge])
    return slip_text.written(cose.sign1({}, content, signer, slip_claims.ENVELOPE))


def validate(
    text: str | bytes,
    believed: Believed,
    *,
    now: float,
    purpose: str | None = None,
    challenge: bytes | None = None,
    allow_dev: bool = False,
    counters: Counters | None = None,
) -> Finding:
    """What the text of a QR code is worth at `now` (seconds since the epoch). Raises nothing, whatever the text.

    purpose: the only one to take. challenge: that the reader shows; a code must answer it, and none when it is None. counters:
    what this reader saw before; without them a code can be shown twice within its minute. Claims told beside the person's: iss,
    exp, purpose. Nothing that is not authentic and holder-bound has claims; a revoked slip is authentic all the same.
    """
    try:
        spelled = text if isinstance(text, str) else text.decode("ascii")
    except UnicodeError:
        return _refused(SlipForeign.code)
    code = Candidate(spelled, believed, now, purpose, challenge, allow_dev, counters)
    try:
        for check in ISSUER_CHECKS:
            check(code)
    except TokenInvalid as refusal:
        return _refused(refusal.code)
    issuer, ours = code.claims[slip_claims.ISS], code.ours
    standing = believed.standing(StatusReference(list_uri(issuer, ours.list_number), ours.list_index), code.leaf, issuer, now)
    try:
        for check in DEVICE_CHECKS:
            check(code)
    except TokenInvalid as refusal:
        return _found(code, standing, refusal.code, {})
    told = {"iss": issuer, "exp": code.claims[slip_claims.EXP], "purpose": ours.purpose}
    said = {**ours.claims, **dict(code.disclosed)}
    return _found(code, standing, None, {**told, **slip_claims.spelled(said)})


def _refused(code: str) -> Finding:
    return Finding(False, False, Status.UNKNOWN, None, None, code)


def _found(code: Candidate, standing: Standing, refusal: str | None, claims: Mapping[str, Any]) -> Finding:
    return Finding(
        authentic=True,
        holder_bound=refusal is None,
        status=standing.status,
        status_age=standing.age,
        trust_anchor=code.leaf.anchor.fingerprint,
        code=refusal or standing.code or ACCEPTED,
        type=code.vct,
        claims=claims,
    )
