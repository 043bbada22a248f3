"""A certificate chain up to a pinned root: each certificate issued by the next, at a time that is passed in.

Certificates and their signatures are the `cryptography` package's to parse and to check. Its path builder is made for web
servers and wants names that an attestation key does not have; and the order of these chains is fixed, so there is no path to be
found, only one to be walked.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.oid import ExtensionOID

from idverify.attestation import der
from idverify.attestation.expected import LARGEST, Revocations, Trust
from idverify.errors import AttestationRefused
from idverify.keys.p256 import on_p256

LONGEST = 6
_CLOCK_SKEW = 86_400
_HASHES = frozenset({"sha256", "sha384", "sha512"})
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_RSA_BITS = range(2048, 8193)
_UNDERSTOOD = frozenset({ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE})


def split(data: bytes) -> list[bytes]:
    """The elements that follow one another in `data`, certificates or not. Raises AttestationRefused."""
    if len(data) > LARGEST:
        raise AttestationRefused("too_large")
    return [element.raw for element in der.elements(data)]


def validated(
    chain: Sequence[bytes], roots: Sequence[x509.Certificate], trust: Trust, now: float
) -> tuple[x509.Certificate, ...]:
    """The chain's certificates below the root, the leaf first. Raises AttestationRefused.

    chain: at most six certificates in DER, the leaf first; the root may be there or not. A certificate of a pinned root's own
    name and key stands for that root.
    """
    if not 1 <= len(chain) <= LONGEST:
        raise AttestationRefused("chain_length")
    try:
        path = [_parsed(one) for one in chain]
        return _walked(path, roots, trust, now)
    except AttestationRefused:
        raise
    except Exception:  # whatever the parser has not foreseen is no certificate of ours
        raise AttestationRefused("malformed") from None


def spki(key: object) -> bytes:
    """SubjectPublicKeyInfo, in DER, of a public key on P-256. Raises AttestationRefused for any other."""
    try:
        return on_p256(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except ValueError:
        raise AttestationRefused("key_unsuitable") from None


def verify(public_key: bytes, signature: bytes, signed: bytes) -> None:
    """Return if the signature is ECDSA with SHA-256, in DER, by this key (SubjectPublicKeyInfo). Raises AttestationRefused."""
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise AttestationRefused("key_unsuitable")
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AttestationRefused("signature_wrong") from None


def _parsed(certificate: bytes) -> x509.Certificate:
    """Signatures are whole octets: the parser also takes one whose last octet has unused bits, a second spelling of it."""
    fields = der.elements(der.only(certificate, der.SEQUENCE))
    if fields[-1].content[:1] != b"\x00":
        raise AttestationRefused("malformed")
    return x509.load_der_x509_certificate(certificate)


def _walked(
    path: list[x509.Certificate], roots: Sequence[x509.Certificate], trust: Trust, now: float
) -> tuple[x509.Certificate, ...]:
    if any(_same_name_and_key(path[-1], root) for root in roots):
        path = path[:-1]
    if not path:
        raise AttestationRefused("chain_length")
    root = next((root for root in roots if _issued(path[-1], root)), None)
    if root is None:
        raise AttestationRefused("root_unknown")
    whole = [*path, root]
    for certificate in whole:
        _sound(certificate, now)
    _not_revoked(whole, trust.revocations, trust.revocations_max_age, now)
    for below, (certificate, issuer) in enumerate(pairwise(whole)):
        if not _issued(certificate, issuer):
            raise AttestationRefused("chain_broken")
        _may_issue(issuer, below)
    return tuple(path)


def _same_name_and_key(one: x509.Certificate, other: x509.Certificate) -> bool:
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return one.subject == other.subject and one.public_key().public_bytes(*encoding) == other.public_key().public_bytes(
        *encoding
    )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _HASHES:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # a wrong name, a wrong signature, or a key that cannot make one
        return False
    return True


def _sound(certificate: x509.Certificate, now: float) -> None:
    at = datetime.fromtimestamp(now, UTC)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise AttestationRefused("expired")
    if certificate.version is not x509.Version.v3:
        raise AttestationRefused("malformed")
    if any(extension.critical and extension.oid not in _UNDERSTOOD for extension in certificate.extensions):
        raise AttestationRefused("extension_unknown")
    key = certificate.public_key()
    curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    if not curve and not (isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS):
        raise AttestationRefused("key_unsuitable")


def _may_issue(issuer: x509.Certificate, below: int) -> None:
    """`below`: how many issuers stand between it and the leaf."""
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        raise AttestationRefused("issuer_is_no_authority") from None
    if not constraints.ca or (constraints.path_length is not None and constraints.path_length < below):
        raise AttestationRefused("issuer_is_no_authority")
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_cert_sign:
        raise AttestationRefused("issuer_is_no_authority")


def _not_revoked(whole: Sequence[x509.Certificate], revocations: Revocations | None, max_age: int, now: float) -> None:
    """A list that is missing, stale, or dated ahead of the clock leaves every chain in doubt."""
    if revocations is None or not -_CLOCK_SKEW <= now - revocations.fetched_at <= max_age:
        raise AttestationRefused("revocation_unknown")
    if any(certificate.serial_number in revocations.serials for certificate in whole):
        raise AttestationRefused("revoked")
