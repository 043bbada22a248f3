"""Whose seal is on a document, and whether it is believed: with no network, from the trust lists that a relying party holds.

A seal is judged at the time of its time stamp where an authority that the reader trusts made one, and now otherwise. When its
certificate has ended and no trusted stamp says that it was sealed before, nobody can tell; it is not said to be invalid (ETSI
EN 319 102-1: INDETERMINATE, OUT_OF_BOUNDS_NO_POE).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from idverify.credentials.anchors import may_issue, may_name
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_errors import CertificateExpired
from idverify.credentials.findings import ACCEPTED
from idverify.credentials.purposes import Purpose
from idverify.credentials.trust_list_errors import TrustListExpired
from idverify.errors import TokenInvalid
from idverify.keys.authority import fingerprint, operator_of
from idverify.seals import SEALING, pdf
from idverify.seals.errors import SealDocumentChanged, SealIssuerNotTrusted, SealOutOfScope
from idverify.seals.pdf import Seal


class Word(StrEnum):
    """What a person acts on."""

    VALID = "VALID"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class SealFinding:
    """One document, examined. code: `accepted`, or the first thing that is wrong; message: in words.

    seal: what the document says of its seal, where that could be read whole; believed only where word is VALID. sealer:
    organisation and country in the certificate. issuer: the URL in it. trust_anchor: fingerprint of the root. Each None where
    it is not known. changes: kinds of object that were added after the seal.
    """

    word: Word
    code: str
    message: str
    seal: Seal | None = None
    sealer: tuple[str, str] | None = None
    issuer: str | None = None
    trust_anchor: str | None = None
    changes: tuple[str, ...] = ()

    @property
    def proven_at(self) -> float | None:
        """When a trusted authority saw the seal, in seconds since the epoch."""
        return None if self.seal is None else self.seal.proven_at


def validate(document: bytes, believed: Believed, *, now: float, stamp_roots: Sequence[bytes] = ()) -> SealFinding:
    """What holds of the seal on the document. believed: of `Holdings`; its status lists are not asked.

    stamp_roots: DER, of time-stamping authorities that are believed. Raises InputError for a document that is not examined.
    """
    seal: Seal | None = None
    try:
        seal = pdf.examine(document, now=now, stamp_roots=stamp_roots)
        leaf, issuer = _believed_leaf(seal, believed, now)
    except TokenInvalid as refused:
        cannot_tell = isinstance(refused, TrustListExpired) or (
            isinstance(refused, CertificateExpired) and seal is not None and seal.proven_at is None
        )
        changes = refused.changes if isinstance(refused, SealDocumentChanged) else ()
        word = Word.UNKNOWN if cannot_tell else Word.REFUSED
        return SealFinding(word, refused.code, refused.message, seal, changes=changes)
    said = "The document is as it was sealed, and whoever sealed it is trusted to."
    return SealFinding(
        Word.VALID, ACCEPTED, said, seal, operator_of(leaf.certificate), issuer, fingerprint(leaf.anchor.certificate)
    )


def _believed_leaf(seal: Seal, believed: Believed, now: float) -> tuple[Leaf, str]:
    """The certificate of the seal and the name that it seals in. Raises a leaf of TokenInvalid."""
    at = now if seal.proven_at is None else seal.proven_at
    leaf = leaf_under((seal.certificate,), believed.anchors, purpose=Purpose.SEAL, now=at, ended=believed.ended)
    root = leaf.anchor.certificate
    for issuer in sorted(leaf.issuers):
        if may_issue(believed.anchors, root, issuer, SEALING):
            return leaf, issuer
    in_scope = any(SEALING in one.types for one in believed.anchors if one.certificate == root)
    named = any(may_name(believed.anchors, root, issuer) for issuer in leaf.issuers)
    if in_scope and not named:
        raise SealIssuerNotTrusted
    raise SealOutOfScope
