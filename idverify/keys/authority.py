"""The root of an issuer: an offline key that only certifies the keys that sign (X.509, RFC 5280; P-256, ECDSA-SHA256).

Its folder (0700) holds `root-key.pem` (0600; PKCS#8, under a passphrase if one was given) and `root.pem`, the certificate that
relying parties pin. It belongs on a machine without network (`idverify pki sign`), or at least on a medium of its own. A leaf
is valid for 274 days and signs for the first 90 of them, so that what it signed on its last day can still be validated half a
year (of 184 days, the second one) later.
"""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idverify.errors import InvalidInput, KeyUnavailable
from idverify.keys.certificate_request import CertificateRequest, names_of
from idverify.keys.jwk import point_of
from idverify.keys.p256 import public_key
from idverify.keys.private_files import create_private, make_private_folder, read_private

KEY_FILE = "root-key.pem"
CERTIFICATE_FILE = "root.pem"
ROOT_DAYS = 3650
LEAF_DAYS = 274
SIGNING_DAYS = 90
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""The registered usage of keys that sign documents which people read (RFC 9336); such a key commits its holder."""
LARGEST_ANSWER = 64 * 1024
"""Bytes of a file of certificates."""
_DAY = 86_400
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Authority:
    """An opened root. certificate: DER."""

    certificate: bytes
    _key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Authority({self.name!r})"

    @property
    def name(self) -> str:
        """The common name in its certificate."""
        return common_name(self.certificate)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex: the pin of relying parties."""
        return fingerprint(self.certificate)

    def answer(self, request: CertificateRequest, *, now: float) -> bytes:
        """A leaf (DER) that its serial number binds to this request. Raises as `issue` does."""
        return self.issue(request.public, usage=request.usage, issuer=request.issuer, now=now, serial=request.new_serial())

    def issue(self, public: dict[str, str], *, usage: str, issuer: str, now: float, serial: int | None = None) -> bytes:
        """A leaf (DER) for the P-256 key in this JWK. usage: object identifier of its one extended key usage.

        issuer: the URL that what it signs names as `iss`. The leaf begins with the UTC day of `now`, as all times in a
        credential do. serial: a random one where None. Raises KeyUnavailable when the root has not begun, so that
        the clock is wrong, or would end before the leaf, or the issuer is no URL with a host.
        """
        root, names = x509.load_der_x509_certificate(self.certificate), names_of(issuer)
        begins = _day(now)
        ends = begins + timedelta(days=LEAF_DAYS)
        if begins < root.not_valid_before_utc:
            raise KeyUnavailable(f"this machine's clock says {begins:%Y-%m-%d}, before the root was made: set it")
        if ends > root.not_valid_after_utc:
            raise KeyUnavailable(
                f"the root ends on {root.not_valid_after_utc:%Y-%m-%d}, before a new certificate would: make another"
            )
        point = public_key(point_of(public))
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        )
        leaf = (
            _begun(_leaf_subject(root.subject, issuer), root.subject, point, begins, ends, serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(leaf_key_usage(usage)), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage)]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(authority_key, critical=False)
        )
        return leaf.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def leaf_key_usage(usage: str) -> str:
    """The one key usage of a leaf with that extended key usage, as `cryptography` names it.

    A seal commits: nonRepudiation alone, type A of ETSI EN 319 412-2 (section 4.3.2), which part 3 takes over for seals. So no
    reader of tokens, which all ask for digitalSignature alone, takes it for a signer of tokens, whatever it makes of the rest.
    """
    return "content_commitment" if usage == DOCUMENT_SIGNING else "digital_signature"


def key_usage(one: str) -> x509.KeyUsage:
    """The extension that allows one use and no other. one: as `cryptography` names it."""
    uses: dict[str, Any] = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(uses | {one: True}))


def create(folder: Path, *, name: str, country: str, now: float, passphrase: bytes | None = None) -> Authority:
    """A new root in the folder, valid for ten years; never over an existing one.

    Raises InvalidInput as `require_operator` does, KeyUnavailable.

    name: of the operator, up to 64 bytes in UTF-8, as people read it in the certificate, where it is the organisation too.
    country: where the operator is, ISO 3166-1 alpha-2; it is in every certificate under the root, as ISO/IEC 18013-5 (annex B)
    asks of document signers and ETSI TS 119 602 (clause 6.8) of who signs a trust list.
    """
    require_operator(name, country)
    make_private_folder(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    begins = _day(now)
    named = {NameOID.COUNTRY_NAME: country, NameOID.ORGANIZATION_NAME: name, NameOID.COMMON_NAME: name}
    subject = x509.Name([x509.NameAttribute(*one) for one in named.items()])
    root = (
        _begun(subject, subject, key.public_key(), begins, begins + timedelta(days=ROOT_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    create_private(folder / KEY_FILE, pem)
    create_private(folder / CERTIFICATE_FILE, root.public_bytes(serialization.Encoding.PEM))
    return Authority(root.public_bytes(serialization.Encoding.DER), key)


def require_operator(name: str, country: str) -> None:
    """Raises InvalidInput for a name or a country that no root is made with."""
    if not _COUNTRY.fullmatch(country):
        raise InvalidInput("a country is two capital letters, as in ISO 3166-1: CN, FR")
    if not 0 < len(name.encode()) <= 64:
        raise InvalidInput("the name of a root has 1 to 64 bytes in UTF-8: 64 Latin letters, or 21 Chinese characters")


def load(folder: Path, passphrase: bytes | None = None) -> Authority:
    """The root in the folder. Raises KeyUnavailable, for a missing or a wrong passphrase too."""
    try:
        key = serialization.load_pem_private_key(read_private(folder / KEY_FILE), password=passphrase)
    except (ValueError, TypeError):
        raise KeyUnavailable(f"{folder / KEY_FILE} does not open: it is damaged, or its passphrase is another") from None
    root = certificate_in(folder)
    public = x509.load_der_x509_certificate(root).public_key()
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != public:
        raise KeyUnavailable(f"{folder}: the certificate belongs to another key")
    return Authority(root, key)


def certificate_in(folder: Path) -> bytes:
    """The root's certificate (DER), which needs no passphrase. Raises KeyUnavailable."""
    try:
        root = x509.load_pem_x509_certificate(read_private(folder / CERTIFICATE_FILE))
    except ValueError:
        raise KeyUnavailable(f"{folder / CERTIFICATE_FILE} is not a certificate in PEM") from None
    return root.public_bytes(serialization.Encoding.DER)


def encrypted(folder: Path) -> bool:
    """Whether the root's key asks for a passphrase. Raises KeyUnavailable."""
    return b"ENCRYPTED" in read_private(folder / KEY_FILE)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER), hex."""
    return hashlib.sha256(certificate).hexdigest()


def pem_of(certificates: Sequence[bytes]) -> bytes:
    """Certificates (DER) as one text (RFC 7468), in their order."""
    parsed = (x509.load_der_x509_certificate(one) for one in certificates)
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in parsed)


def read_pem(content: bytes) -> tuple[bytes, ...]:
    """The certificates (DER) in a text, none of them believed. Raises InvalidInput."""
    with suppress(Exception):  # a version that is none has an error of its own: whatever it is, these are no certificates
        if len(content) <= LARGEST_ANSWER:
            return tuple(one.public_bytes(serialization.Encoding.DER) for one in x509.load_pem_x509_certificates(content))
    raise InvalidInput("this is not a file of certificates: `idverify pki sign` writes one")


def serial_of(certificate: bytes) -> int:
    """The serial number of a certificate (DER)."""
    return x509.load_der_x509_certificate(certificate).serial_number


def common_name(certificate: bytes) -> str:
    """The common name of a certificate's subject (DER), or an empty text."""
    return _named(certificate, NameOID.COMMON_NAME)


def operator_of(certificate: bytes) -> tuple[str, str]:
    """The organisation and the country of a certificate's subject (DER); an empty text for what it does not name."""
    return _named(certificate, NameOID.ORGANIZATION_NAME), _named(certificate, NameOID.COUNTRY_NAME)


def _named(certificate: bytes, attribute: x509.ObjectIdentifier) -> str:
    found = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(attribute)
    return str(found[0].value) if found else ""


def _leaf_subject(root: x509.Name, issuer: str) -> x509.Name:
    """The operator, as the root names it, and the issuer."""
    operator = [one for one in root if one.oid in (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME)]
    return x509.Name([*operator, x509.NameAttribute(NameOID.COMMON_NAME, issuer[:64])])


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _day(now: float) -> datetime:
    return datetime.fromtimestamp(now // _DAY * _DAY, UTC)
