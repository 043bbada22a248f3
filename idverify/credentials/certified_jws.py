"""Signed tokens that bring the certificate of their key (header x5c, RFC 7515 section 4.1.6): credentials, lists.

The checks of jws.py, with the certificate in place of a key set: HEADER_CHECKS of jws.py, CHECKS here, then its BODY_CHECKS.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from idverify.credentials import jws
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import Leaf, leaf_under, public_key_of
from idverify.credentials.credential_errors import CertificateMalformed, CertificateMissing
from idverify.credentials.purposes import Purpose
from idverify.credentials.trust import Jwk
from idverify.errors import SigningUnavailable, TokenInvalid
from idverify.keys import Signer

LARGEST = 16_384


class Certified(jws.Candidate):
    """A token under examination whose one trusted key is its leaf's."""

    members = jws.Candidate.members | {"x5c"}

    def __init__(
        self,
        text: str,
        typ: str,
        anchors: Sequence[Anchor],
        purpose: str,
        now: float,
        largest: int = LARGEST,
        ended: Sequence[Anchor] = (),
    ) -> None:
        super().__init__(text, (), typ, largest)
        self.anchors, self.purpose, self.now, self.ended = anchors, purpose, now, ended

    @cached_property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates (DER) of x5c to a lenient reader. Raises CertificateMissing, CertificateMalformed."""
        spelled = self.header.get("x5c")
        if not isinstance(spelled, list) or not spelled or not all(isinstance(one, str) for one in spelled):
            raise CertificateMissing
        try:
            return tuple(b64decode(one) for one in spelled)
        except ValueError:
            raise CertificateMalformed from None

    @cached_property
    def leaf(self) -> Leaf:
        """The certificate, chained. Raises what leaf_under raises."""
        return leaf_under(self.chain, self.anchors, purpose=self.purpose, now=self.now, ended=self.ended)

    @cached_property
    def matching(self) -> list[Jwk]:
        """The leaf's key, where the header's kid is its thumbprint. Raises what leaf_under raises."""
        return [self.leaf.jwk] if self.header.get("kid") == self.leaf.jwk["kid"] else []


def certificates_are_canonical(token: Certified) -> None:
    """Standard base64 with its padding (not base64url), so that a certificate has one spelling."""
    if [b64encode(one).decode("ascii") for one in token.chain] != token.header["x5c"]:
        raise CertificateMalformed


CHECKS: tuple[Callable[[Certified], None], ...] = (certificates_are_canonical,)


def validate(
    token: str | bytes,
    typ: str,
    anchors: Sequence[Anchor],
    purpose: Purpose,
    now: float,
    largest: int = LARGEST,
    ended: Sequence[Anchor] = (),
) -> tuple[dict[str, Any], Leaf]:
    """The payload of a compact JWS of kind `typ`, and the leaf under one of the anchors whose key signed it.

    largest: characters. now: seconds since the epoch, for the certificate alone; the payload's times are the caller's.
    ended: as leaf_under has them.
    Raises a leaf of TokenInvalid, and nothing else.
    """
    candidate = Certified(jws.ascii_text(token), typ, anchors, purpose, now, largest, ended)
    for header_check in jws.HEADER_CHECKS:
        header_check(candidate)
    for check in CHECKS:
        check(candidate)
    for body_check in jws.BODY_CHECKS:
        body_check(candidate)
    return candidate.payload, candidate.leaf


def sign(payload: Mapping[str, Any], signer: Signer, chain: Sequence[bytes], typ: str) -> str:
    """Compact JWS with exactly alg, typ, kid and x5c as its header. chain: DER, the leaf first, never the root.

    Raises SigningUnavailable, also for a leaf of another key (no reader would accept the token), and ValueError.
    """
    require_certified(signer, chain)
    spelled = [b64encode(one).decode("ascii") for one in chain]
    return jws.sign(payload, signer, typ, {"kid": signer.kid, "x5c": spelled})


def require_certified(signer: Signer, chain: Sequence[bytes]) -> None:
    """Raise SigningUnavailable unless the leaf (DER, the first of the chain) certifies the signer's key."""
    try:
        certified = bool(chain) and public_key_of(chain[0])["kid"] == signer.kid
    except TokenInvalid:
        certified = False
    if not certified:
        raise SigningUnavailable(
            "the certificate is not one of the signing key: `idverify pki issue` or `request` leads to one"
        )
