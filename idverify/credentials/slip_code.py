"""A QR code under examination: each part of it as leniently as it can be read. What a lenient reader accepts, slip_checks.py
refuses.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from idverify.credentials import cose, slip_claims, slip_text
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_types import CredentialType, SlipKind, type_of_vct
from idverify.credentials.purposes import Purpose
from idverify.credentials.slip_errors import (
    SlipClaim,
    SlipDeviceKey,
    SlipDisclosureMalformed,
    SlipKeyUnknown,
    SlipMalformed,
    SlipPurposeUndeclared,
    SlipTypeUnknown,
)


class Counters(Protocol):
    """What a reader remembers of the codes that it saw."""

    def take(self, key: bytes, counter: int, expires_at: float, now: float) -> bool:
        """Whether `counter` exceeds all that were taken for this slip key; if so, it is remembered until `expires_at`."""
        ...


class Shown(NamedTuple):
    """What the device signed."""

    slip: bytes
    disclosures: list[bytes]
    shown_at: int
    counter: int
    challenge: bytes | None


class Candidate:
    """A code under examination. Each property reads as leniently as it can; a check refuses what it lets through."""

    def __init__(
        self,
        text: str,
        believed: Believed,
        now: float,
        purpose: str | None,
        challenge: bytes | None,
        allow_dev: bool,
        counters: Counters | None,
    ) -> None:
        self.text, self.believed, self.now = text, believed, now
        self.purpose, self.challenge, self.allow_dev, self.counters = purpose, challenge, allow_dev, counters

    @cached_property
    def raw(self) -> bytes:
        """What follows the prefix. Raises SlipEncoding."""
        return slip_text.read(self.text)

    @cached_property
    def device(self) -> cose.Sign1:
        """The envelope. Raises SlipMalformed."""
        return _sign1(self.raw)

    @cached_property
    def shown(self) -> Shown:
        """Its content. Raises SlipMalformed."""
        try:
            parts = cose.decode(self.device.payload)
        except cose.CborInvalid:
            raise SlipMalformed from None
        if type(parts) is not list or len(parts) != len(Shown._fields) or [type(one) for one in parts[:4]] != _SHOWN:
            raise SlipMalformed
        shown = Shown(*parts)
        if not all(type(one) is bytes for one in shown.disclosures) or min(shown.shown_at, shown.counter) < 0:
            raise SlipMalformed
        if shown.challenge is not None and type(shown.challenge) is not bytes:
            raise SlipMalformed
        return shown

    @cached_property
    def issuer(self) -> cose.Sign1:
        """The slip. Raises SlipMalformed."""
        return _sign1(self.shown.slip)

    @cached_property
    def leaf(self) -> Leaf:
        """The certificate that the slip names, examined again, for its time may have passed.

        Raises SlipKeyUnknown, and what leaf_under raises.
        """
        held = self.believed.issuer_leaves.get(self.issuer.header[cose.KEY_ID])
        if held is None:
            raise SlipKeyUnknown
        anchors, ended = self.believed.anchors, self.believed.ended
        return leaf_under((held.certificate,), anchors, purpose=Purpose.CREDENTIAL, now=self.now, ended=ended)

    @property
    def issuer_key(self) -> ec.EllipticCurvePublicKey:
        """The key of that certificate."""
        return cose.public_key(cose.point_of(self.leaf.jwk))

    @cached_property
    def claims(self) -> Mapping[Any, Any]:
        """What the issuer says. Raises SlipClaim."""
        try:
            claims = cose.decode(self.issuer.payload)
        except cose.CborInvalid:
            raise SlipClaim from None
        if type(claims) is not dict:
            raise SlipClaim
        return claims

    @property
    def ours(self) -> slip_claims.Ours:
        """Of what the issuer says, the claim that is ours."""
        return slip_claims.ours(self.claims)

    @property
    def vct(self) -> str:
        """The type, in full."""
        return f"{slip_claims.VCT_PREFIX}{self.claims[slip_claims.VCT]}"

    @cached_property
    def type(self) -> CredentialType:
        """The type of credential. Raises SlipTypeUnknown."""
        found = type_of_vct(self.vct)
        if found is None:
            raise SlipTypeUnknown
        return found

    @cached_property
    def kind(self) -> SlipKind:
        """What its type declares for the slip's purpose. Raises SlipPurposeUndeclared."""
        found = self.type.slips.get(self.ours.purpose)
        if found is None:
            raise SlipPurposeUndeclared
        return found

    @cached_property
    def disclosed(self) -> list[tuple[str, Any]]:
        """Names and values that the holder discloses. Raises SlipDisclosureMalformed."""
        read = [slip_claims.read_disclosure(one) for one in self.shown.disclosures]
        found = [one for one in read if one is not None]
        if len(found) != len(read):
            raise SlipDisclosureMalformed
        return found

    @cached_property
    def device_point(self) -> bytes:
        """The slip key, as a compressed point."""
        return cose.compressed(self.claims[slip_claims.CNF][slip_claims.CNF_KEY])

    @property
    def device_key(self) -> ec.EllipticCurvePublicKey:
        """The slip key. Raises SlipDeviceKey for a point off the curve."""
        try:
            return cose.public_key(self.device_point)
        except ValueError:
            raise SlipDeviceKey from None


_SHOWN = [bytes, list, int, int]


def _sign1(data: bytes) -> cose.Sign1:
    try:
        return cose.Sign1.read(data)
    except cose.CborInvalid:
        raise SlipMalformed from None
