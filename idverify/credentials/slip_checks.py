"""What a QR slip must be, as checks that run in order, each with a refusal of its own.

The envelope and the slip in it are read first, as leniently as they can be; what the issuer says is not read before its
signature holds, and the device's word counts only after that. Tests take each check out in turn and show what gets through.
"""

import hashlib
from collections.abc import Callable

from idverify.credentials import cose, slip_claims, slip_text
from idverify.credentials.anchors import may_issue, may_name
from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.slip_code import Candidate
from idverify.credentials.slip_errors import (
    SlipAlgorithm,
    SlipChallenge,
    SlipChallengeMissing,
    SlipClaim,
    SlipClaimUndeclared,
    SlipDeviceSignature,
    SlipDisclosureAltered,
    SlipDisclosureRepeated,
    SlipDisclosureUndeclared,
    SlipEnvironment,
    SlipExpired,
    SlipForeign,
    SlipFromTheFuture,
    SlipHeader,
    SlipIssuer,
    SlipIssuerNotTrusted,
    SlipLifetime,
    SlipNotCanonical,
    SlipNotYetValid,
    SlipPurpose,
    SlipPurposeUndeclared,
    SlipReplayed,
    SlipSignature,
    SlipStale,
    SlipTooLarge,
    SlipTypeNotTrusted,
)

# A code is drawn anew every 30 s; the window leaves room for a slow hand and a clock that is half a minute off.
OLDEST_SECONDS = 60
EARLIEST_SECONDS = 30


def text_is_bounded(code: Candidate) -> None:
    """No QR code holds more."""
    if len(code.text) > slip_text.LARGEST:
        raise SlipTooLarge


def prefix_is_ours(code: Candidate) -> None:
    """EID1, in capitals: QR codes write those shortest."""
    if not code.text.startswith(slip_text.PREFIX):
        raise SlipForeign


def envelope_is_canonical(code: Candidate) -> None:
    """Both structures, both protected headers and what the device signed are as RFC 8949 section 4.2.1 spells them."""
    spelled = (code.device.spelled, cose.encode(list(code.shown)), code.issuer.spelled)
    if spelled != (code.raw, code.device.payload, code.shown.slip):
        raise SlipNotCanonical


def all_is_protected(code: Candidate) -> None:
    """Nothing stands outside the signatures."""
    if code.device.unprotected or code.issuer.unprotected:
        raise SlipHeader


def algorithms_are_pinned(code: Candidate) -> None:
    """ES256, twice: the reader chooses the algorithm, not the code."""
    if [one.header.get(cose.ALGORITHM) for one in (code.device, code.issuer)] != [cose.ES256, cose.ES256]:
        raise SlipAlgorithm


def device_header_is_exact(code: Candidate) -> None:
    """The algorithm alone."""
    if code.device.header.keys() != {cose.ALGORITHM}:
        raise SlipHeader


def issuer_header_is_exact(code: Candidate) -> None:
    """The algorithm, and a kid of bytes."""
    kid = code.issuer.header.get(cose.KEY_ID)
    if code.issuer.header.keys() != {cose.ALGORITHM, cose.KEY_ID} or type(kid) is not bytes:
        raise SlipHeader


def issuer_signature_holds(code: Candidate) -> None:
    """A key whose certificate is under a trusted root signed it, and as a slip: one kind of token never passes for another."""
    if not code.issuer.signed_by(code.issuer_key, slip_claims.SLIP):
        raise SlipSignature


def claims_are_canonical(code: Candidate) -> None:
    """No claim has a second spelling."""
    if cose.encode(code.claims) != code.issuer.payload:
        raise SlipNotCanonical


def claims_are_well_formed(code: Candidate) -> None:
    """Exactly the claims of a slip, each of its type."""
    if not slip_claims.well_formed(code.claims):
        raise SlipClaim


def issuer_is_the_certificates(code: Candidate) -> None:
    """The issuer is one of the URIs in its certificate."""
    if code.claims[slip_claims.ISS] not in code.leaf.issuers:
        raise SlipIssuer


def issuer_is_trusted(code: Candidate) -> None:
    """The root is listed with this issuer: a city is not believed in another's name."""
    if not may_name(code.believed.anchors, code.leaf.anchor.certificate, code.claims[slip_claims.ISS]):
        raise SlipIssuerNotTrusted


def type_may_be_issued(code: Candidate) -> None:
    """The root is trusted for this type in this name."""
    if not may_issue(code.believed.anchors, code.leaf.anchor.certificate, code.claims[slip_claims.ISS], code.vct):
        raise SlipTypeNotTrusted


def issued_before_now(code: Candidate) -> None:
    """Clocks may differ by a minute."""
    if code.claims[slip_claims.IAT] > code.now + SKEW_SECONDS:
        raise SlipNotYetValid


def not_expired(code: Candidate) -> None:
    """To the second."""
    if code.claims[slip_claims.EXP] <= code.now:
        raise SlipExpired


def lifetime_is_capped(code: Candidate) -> None:
    """Whatever the issuer says, no slip lives longer than a day."""
    if not 0 < code.claims[slip_claims.EXP] - code.claims[slip_claims.IAT] <= slip_claims.LONGEST_SECONDS:
        raise SlipLifetime


def environment_is_production(code: Candidate) -> None:
    """Unless asked otherwise; and an environment that nobody knows is refused always."""
    allowed = (None, *slip_claims.ENVIRONMENTS) if code.allow_dev else (None,)
    if code.ours.env not in allowed:
        raise SlipEnvironment


def purpose_is_declared(code: Candidate) -> None:
    """The type has slips for this purpose, and they are selective or not, as this one is."""
    if code.kind.selective != code.ours.selective:
        raise SlipPurposeUndeclared


def claims_are_declared(code: Candidate) -> None:
    """The slip says nothing that its type does not declare for the purpose."""
    if not code.ours.claims.keys() <= set(code.kind.claims):
        raise SlipClaimUndeclared


def disclosures_are_declared(code: Candidate) -> None:
    """Nor does a disclosure."""
    if not {name for name, _ in code.disclosed} <= set(code.kind.claims):
        raise SlipDisclosureUndeclared


def disclosures_are_signed(code: Candidate) -> None:
    """The issuer signed the digest of each."""
    if any(hashlib.sha256(one).digest() not in code.ours.digests for one in code.shown.disclosures):
        raise SlipDisclosureAltered


def disclosures_are_unique(code: Candidate) -> None:
    """No claim is disclosed twice: of two values a reader would have to choose one."""
    if len({name for name, _ in code.disclosed}) != len(code.disclosed):
        raise SlipDisclosureRepeated


def device_signature_holds(code: Candidate) -> None:
    """The device that the slip was issued to made this code."""
    if not code.device.signed_by(code.device_key, slip_claims.ENVELOPE):
        raise SlipDeviceSignature


def not_stale(code: Candidate) -> None:
    """A minute, after which a screenshot is worth nothing."""
    if code.shown.shown_at < code.now - OLDEST_SECONDS:
        raise SlipStale


def not_from_the_future(code: Candidate) -> None:
    """Half a minute, for the device's clock."""
    if code.shown.shown_at > code.now + EARLIEST_SECONDS:
        raise SlipFromTheFuture


def purpose_is_ours(code: Candidate) -> None:
    """A reader that names a purpose takes no other."""
    if code.purpose is not None and code.ours.purpose != code.purpose:
        raise SlipPurpose


def challenge_is_answered(code: Candidate) -> None:
    """A reader that shows a challenge wants an answer to it."""
    if code.challenge is not None and code.shown.challenge is None:
        raise SlipChallengeMissing


def challenge_is_ours(code: Candidate) -> None:
    """The answer is to this challenge; and where none was shown, a code that answers one was made for another reader."""
    if code.shown.challenge is not None and code.shown.challenge != code.challenge:
        raise SlipChallenge


def counter_is_new(code: Candidate) -> None:
    """Each code passes once at a reader, and none that is older than one that passed. Last: what is refused is not counted."""
    expires_at = code.claims[slip_claims.EXP]
    if code.counters is not None and not code.counters.take(code.device_point, code.shown.counter, expires_at, code.now):
        raise SlipReplayed


Check = Callable[[Candidate], None]

ISSUER_CHECKS: tuple[Check, ...] = (
    text_is_bounded,
    prefix_is_ours,
    envelope_is_canonical,
    all_is_protected,
    algorithms_are_pinned,
    device_header_is_exact,
    issuer_header_is_exact,
    issuer_signature_holds,
    claims_are_canonical,
    claims_are_well_formed,
    issuer_is_the_certificates,
    issuer_is_trusted,
    type_may_be_issued,
    issued_before_now,
    not_expired,
    lifetime_is_capped,
    environment_is_production,
    purpose_is_declared,
    claims_are_declared,
    disclosures_are_declared,
    disclosures_are_signed,
    disclosures_are_unique,
)
DEVICE_CHECKS: tuple[Check, ...] = (
    device_signature_holds,
    not_stale,
    not_from_the_future,
    purpose_is_ours,
    challenge_is_answered,
    challenge_is_ours,
    counter_is_new,
)
