"""Certificates of issuers (RFC 5280): a leaf that one trusted root signed directly, for exactly one purpose.

What never changes about a certificate is examined once and remembered by its bytes; its time is examined at each call. CHECKS
and TIME_CHECKS run in order, each with a refusal of its own; tests take each out in turn.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import SignatureAlgorithmOID

from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_errors import (
    CertificateExpired,
    CertificateForeign,
    CertificateMalformed,
    CertificateMissing,
    CertificateNotYetValid,
    CertificatePurpose,
    CertificateUnsuitable,
)
from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.trust import Jwk
from idverify.credentials.trust_list_errors import TrustListExpired
from idverify.keys.authority import key_usage, leaf_key_usage
from idverify.keys.jwk import public_jwk
from idverify.keys.p256 import point_of

LARGEST = 4096
_EXAMINED = (x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid, x509.SubjectAlternativeName.oid)
Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate under an anchor. issuers: the URIs that it may call itself. jwk: its public key, with kid.

    Times are seconds since the epoch: of the leaf and of the root, the narrower of the two.
    """

    certificate: bytes
    anchor: Anchor
    issuers: frozenset[str]
    jwk: Jwk
    not_before: float
    not_after: float

    @property
    def fingerprint8(self) -> bytes:
        """First 8 bytes of the SHA-256 of the certificate: how a QR slip names it."""
        return hashlib.sha256(self.certificate).digest()[:8]


class Chain:
    """A certificate under examination. Each property reads as leniently as it can; a check refuses what it lets through."""

    def __init__(self, certificate: bytes, anchors: Sequence[Anchor], purpose: str) -> None:
        self.bytes, self.anchors, self.purpose = certificate, anchors, purpose

    @cached_property
    def leaf(self) -> x509.Certificate:
        """Parsed. Raises CertificateMalformed."""
        return _parsed(self.bytes)

    @cached_property
    def anchor(self) -> Anchor:
        """The one whose key signed the leaf, or else one of the name that the leaf gives. Raises CertificateForeign."""
        named = [one for one in self.anchors if _root(one.certificate).subject == self.leaf.issuer]
        if not named:
            raise CertificateForeign
        return next((one for one in named if _signed(self.leaf, _root(one.certificate))), named[0])

    @property
    def root(self) -> x509.Certificate:
        """The anchor's certificate."""
        return _root(self.anchor.certificate)

    @cached_property
    def found(self) -> Leaf:
        """What the certificate says, once everything holds. Raises CertificateUnsuitable for a key on another curve."""
        names = _extension(self.leaf, x509.SubjectAlternativeName)
        uris = names[0].get_values_for_type(x509.UniformResourceIdentifier) if names else []
        return Leaf(
            self.bytes,
            self.anchor,
            frozenset(uris),
            _jwk(self.leaf),
            max(one.not_valid_before_utc.timestamp() for one in (self.leaf, self.root)),
            min(one.not_valid_after_utc.timestamp() for one in (self.leaf, self.root)),
        )


def root_signed_it(chain: Chain) -> None:
    """A trusted root signed the leaf itself, with ECDSA and SHA-256."""
    if not _signed(chain.leaf, chain.root):
        raise CertificateForeign


def root_may_certify(chain: Chain) -> None:
    """The root is an authority for leaves alone (CA, path length 0), and its key may sign certificates."""
    constraints, usage = _extension(chain.root, x509.BasicConstraints), _extension(chain.root, x509.KeyUsage)
    if constraints is None or constraints[0] != x509.BasicConstraints(ca=True, path_length=0):
        raise CertificateUnsuitable
    if usage is None or not usage[0].key_cert_sign:
        raise CertificateUnsuitable


def leaf_is_no_authority(chain: Chain) -> None:
    """The leaf signs no certificates."""
    constraints = _extension(chain.leaf, x509.BasicConstraints)
    if constraints is None or constraints[0].ca:
        raise CertificateUnsuitable


def leaf_may_only_sign(chain: Chain) -> None:
    """Key usage, critical: digitalSignature and nothing else; of a seal nonRepudiation and nothing else."""
    usage = _extension(chain.leaf, x509.KeyUsage)
    if usage is None or not usage[1] or usage[0] != key_usage(leaf_key_usage(chain.purpose)):
        raise CertificateUnsuitable


def nothing_unknown_is_critical(chain: Chain) -> None:
    """RFC 5280 section 4.2: a critical extension that is not examined here may not be ignored."""
    if any(one.critical and one.oid not in _EXAMINED for one in chain.leaf.extensions):
        raise CertificateUnsuitable


def purpose_is_the_one(chain: Chain) -> None:
    """Exactly one extended key usage, and it is the one that this kind of token needs."""
    usage = _extension(chain.leaf, x509.ExtendedKeyUsage)
    if usage is None or [one.dotted_string for one in usage[0]] != [str(chain.purpose)]:
        raise CertificatePurpose


def not_expired(leaf: Leaf, now: float) -> None:
    """Neither the leaf's time nor the root's is over."""
    if now > leaf.not_after:
        raise CertificateExpired


def begun(leaf: Leaf, now: float) -> None:
    """Both times have begun; clocks may differ by a minute."""
    if now < leaf.not_before - SKEW_SECONDS:
        raise CertificateNotYetValid


CHECKS: tuple[Callable[[Chain], None], ...] = (
    root_signed_it,
    root_may_certify,
    leaf_is_no_authority,
    leaf_may_only_sign,
    nothing_unknown_is_critical,
    purpose_is_the_one,
)
TIME_CHECKS: tuple[Callable[[Leaf, float], None], ...] = (not_expired, begun)


def leaf_under(
    x5c: Sequence[bytes], anchors: Sequence[Anchor], *, purpose: str, now: float, ended: Sequence[Anchor] = ()
) -> Leaf:
    """The leaf (DER) that is alone in `x5c`, signed by one of the anchors for that purpose and within its time at `now`.

    purpose: a Purpose, or the object identifier of another extended key usage. ended: anchors that stand only on trust lists
    whose time is over. Raises CertificateMissing, CertificateMalformed, CertificateForeign (TrustListExpired in its place for
    what one of those signed), CertificateUnsuitable, CertificatePurpose, CertificateExpired or CertificateNotYetValid.
    """
    if len(x5c) != 1:
        raise CertificateMissing
    try:
        leaf = examined(x5c[0], tuple(anchors), purpose)
    except CertificateForeign:
        if any(_signed(_parsed(x5c[0]), _root(one.certificate)) for one in ended):
            raise TrustListExpired from None
        raise
    for check in TIME_CHECKS:
        check(leaf, now)
    return leaf


@lru_cache(maxsize=512)
def examined(certificate: bytes, anchors: tuple[Anchor, ...], purpose: str) -> Leaf:
    """The leaf, whatever the time. Raises as leaf_under does; a refusal is not remembered."""
    chain = Chain(certificate, anchors, purpose)
    for check in CHECKS:
        check(chain)
    return chain.found


@lru_cache(maxsize=64)
def public_key_of(certificate: bytes) -> Jwk:
    """The public key in a certificate (DER) that needs not be trusted, with kid. Raises CertificateMalformed, -Unsuitable."""
    return _jwk(_parsed(certificate))


@lru_cache(maxsize=256)
def subject_key_of(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo (DER) of a certificate: one key has many certificates. Raises CertificateMalformed."""
    try:
        return _parsed(certificate).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # of a kind that the parser does not know
        raise CertificateMalformed from None


@lru_cache(maxsize=64)
def end_of(certificate: bytes) -> float:
    """When the time of a certificate (DER) is over, in seconds since the epoch. Raises CertificateMalformed."""
    return _parsed(certificate).not_valid_after_utc.timestamp()


@lru_cache(maxsize=64)
def begin_of(certificate: bytes) -> float:
    """When the time of a certificate (DER) begins, in seconds since the epoch. Raises CertificateMalformed."""
    return _parsed(certificate).not_valid_before_utc.timestamp()


@lru_cache(maxsize=64)
def key_identifier_of(certificate: bytes) -> bytes | None:
    """What certificates under a root (DER) call its key (RFC 5280 section 4.2.1.2). Raises CertificateMalformed."""
    found = _extension(_parsed(certificate), x509.SubjectKeyIdentifier)
    return None if found is None else found[0].digest


@lru_cache(maxsize=256)
def authority_of(certificate: bytes) -> bytes | None:
    """What a leaf (DER) calls the key that certified it (RFC 5280 section 4.2.1.1). Raises CertificateMalformed."""
    found = _extension(_parsed(certificate), x509.AuthorityKeyIdentifier)
    return None if found is None else found[0].key_identifier


def names_in(certificate: bytes) -> tuple[frozenset[str], frozenset[str], str]:
    """The URIs and the DNS names that a certificate (DER) gives its subject, and whom it names as its issuer.

    Raises CertificateMalformed.
    """
    parsed = _parsed(certificate)
    found = _extension(parsed, x509.SubjectAlternativeName)
    names = found[0] if found else x509.SubjectAlternativeName([])
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return frozenset(uris), frozenset(names.get_values_for_type(x509.DNSName)), parsed.issuer.rfc4514_string()


def _parsed(certificate: bytes) -> x509.Certificate:
    if len(certificate) > LARGEST:
        raise CertificateMalformed
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        _ = (parsed.extensions, parsed.subject, parsed.issuer, parsed.not_valid_after_utc, parsed.not_valid_before_utc)
    except Exception:  # the parser names half a dozen of its own; whatever it is, this is no certificate
        raise CertificateMalformed from None
    return parsed


@lru_cache(maxsize=256)
def _root(certificate: bytes) -> x509.Certificate:
    return _parsed(certificate)


def _signed(leaf: x509.Certificate, root: x509.Certificate) -> bool:
    if leaf.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        return False
    try:
        leaf.verify_directly_issued_by(root)
    except Exception:
        return False
    return True


def _jwk(certificate: x509.Certificate) -> Jwk:
    try:
        return public_jwk(point_of(certificate.public_key()))
    except Exception:  # of another curve, another kind, or none that the parser knows
        raise CertificateUnsuitable from None


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> tuple[Extension, bool] | None:
    """The extension and whether it is critical; None where it is absent."""
    try:
        found = certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
    return found.value, found.critical
