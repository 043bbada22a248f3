"""A signed list of roots and of what each may issue (ETSI TS 119 602): written by one operator, pinned by its readers.

Compact JWS, typ `trustlist+jwt`, x5c = leaf and root. The pin is the SHA-256 of the root, so that the list's key can change and
the pin stay. A reader holds the newest list that it accepted: numbers never go back, and past NextUpdate it vouches for nobody.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from idverify.credentials import certified_jws, jws, trust_list_checks, trust_list_document
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_errors import CertificateMissing
from idverify.credentials.purposes import Purpose
from idverify.credentials.trust_list_checks import Held, Reader
from idverify.credentials.trust_list_document import Document
from idverify.credentials.trust_list_errors import TrustListPin
from idverify.keys.certified import Certified

TYP = "trustlist+jwt"
UPDATE_SECONDS = 7 * 86_400
LARGEST = 1024 * 1024
"""Characters: some six hundred services, of which an issuer has one for each type of credential."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """A list that holds. pin: SHA-256 of the root that signed, hex. digest: SHA-256 of its payload, hex.

    ends: seconds since the epoch, from when it vouches for nobody: NextUpdate, or the end of its certificate before that.
    """

    pin: str
    digest: str
    document: Document
    ends: float

    @property
    def held(self) -> Held:
        """What a later list is held against."""
        return Held(self.document.sequence, self.digest)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Whom it vouches for."""
        return tuple(one.anchor for one in self.document.entities)


class Listed(certified_jws.Certified):
    """A list under examination: its key is the leaf's, and the leaf is under the root that the list brings along."""

    deepest = 16

    def __init__(self, text: str, pin: str, now: float) -> None:
        super().__init__(text, TYP, (), Purpose.TRUST_LIST, now, LARGEST)
        self.pin = pin

    @property
    def root(self) -> bytes:
        """The second of two certificates in x5c, there to be compared with the pin. Raises CertificateMissing."""
        if len(self.chain) != 2:
            raise CertificateMissing
        return self.chain[1]

    @cached_property
    def leaf(self) -> Leaf:
        """The first of them, chained to the second. Raises what leaf_under raises."""
        anchor = Anchor("", self.root, frozenset(), ())
        return leaf_under(self.chain[:1], (anchor,), purpose=self.purpose, now=self.now)


def root_is_pinned(token: Listed) -> None:
    """The root that the list brings along is the one that the reader named."""
    if hashlib.sha256(token.root).hexdigest() != token.pin:
        raise TrustListPin


SIGNATURE_CHECKS: tuple[Callable[[Listed], None], ...] = (
    *jws.HEADER_CHECKS,
    certified_jws.certificates_are_canonical,
    root_is_pinned,
    *jws.BODY_CHECKS,
)


def sign(document: Document, certified: Certified) -> str:
    """The list as a compact JWS that brings its root along. Raises SigningUnavailable."""
    chain = (*certified.chain, certified.root)
    return certified_jws.sign(trust_list_document.write(document), certified.signer, chain, TYP)


def validate(text: str | bytes, *, pin: str, now: float, held: Held | None = None) -> TrustList:
    """The list, under the pinned root and not older than the one held. pin: SHA-256 of the root, lower-case hex.

    now: seconds since the epoch. Raises a leaf of TokenInvalid, and nothing else.
    """
    token = Listed(jws.ascii_text(text), pin, now)
    for check in SIGNATURE_CHECKS:
        check(token)
    digest = hashlib.sha256(token.decoded[1]).hexdigest()
    document = trust_list_document.read(token.payload)
    for list_check in trust_list_checks.CHECKS:
        list_check(document, Reader(now, digest, held))
    return TrustList(pin, digest, document, min(document.next_update, token.leaf.not_after))


def as_issued(text: str | bytes, *, pin: str) -> TrustList:
    """The list as it held when it was issued: whom it once vouched for, and nothing more. Raises as `validate` does."""
    issued_at = trust_list_document.read(Listed(jws.ascii_text(text), pin, 0.0).payload).issued_at
    return validate(text, pin=pin, now=issued_at)
