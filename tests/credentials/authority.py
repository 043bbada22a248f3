"""A certificate authority that certifies whatever it is told to: the attacker's, the careless one's, and a good one's."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.purposes import Purpose
from idverify.keys.authority import key_usage
from idverify.keys.file import FileSigner

DAY = 86_400
ISSUER = "https://id.example"
ALL_TYPES = frozenset(one.vct for one in credential_types().values())
CERTIFY_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """A root. certify: a leaf for a signer, each part of it replaceable."""

    def __init__(
        self, name: str, key: Any = None, *, begins: float, days: float = 3650, extensions: Any = None, serial: int = 1
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(self.name, self.name, self.key.public_key(), begins, days, serial)
        for value, critical in extensions or [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (CERTIFY_ONLY, True),
        ]:
            builder = builder.add_extension(value, critical)
        self.certificate = _signed(builder, self.key, hashes.SHA256())

    def anchor(self, types: frozenset[str] = ALL_TYPES, issuers: tuple[str, ...] = (ISSUER,)) -> Anchor:
        """Trusted for these types in these names."""
        return Anchor("city", self.certificate, types, issuers)

    def certify(
        self,
        public_key: Any,
        issuer: str,
        *,
        begins: float,
        purpose: str | Sequence[str] | None = Purpose.CREDENTIAL,
        days: float = 270,
        serial: int = 2,
        key: Any = None,
        digest: Any = None,
        name: x509.Name | None = None,
        operator: tuple[str, str] | None = None,
        **replaced: Any,
    ) -> bytes:
        """DER. purpose: one, several or none. operator: organisation and country. replaced: by name of the extension, (value, critical), or None to leave it out; others are added."""
        kinds = (NameOID.ORGANIZATION_NAME, NameOID.COUNTRY_NAME)
        named = [*zip(kinds, operator or (), strict=False), (NameOID.COMMON_NAME, issuer.removeprefix("https://"))]
        subject = x509.Name([x509.NameAttribute(*one) for one in named])
        builder = _builder(subject, name or self.name, public_key, begins, days, serial)
        purposes = [purpose] if isinstance(purpose, str) else list(purpose or ())
        extensions: dict[str, Any] = {
            "constraints": (x509.BasicConstraints(ca=False, path_length=None), True),
            "usage": (key_usage("digital_signature"), True),
            "purpose": purposes and (x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in purposes]), False),
            "names": (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(issuer)]), False),
        }
        for value, critical in filter(None, (extensions | replaced).values()):
            builder = builder.add_extension(value, critical)
        return _signed(builder, key or self.key, digest or hashes.SHA256())


def signer() -> FileSigner:
    """A fresh P-256 key."""
    return FileSigner.new()


def public(one: FileSigner) -> Any:
    """Its public key."""
    return one._key.public_key()


def _builder(subject: Any, issuer: Any, key: Any, begins: float, days: float, serial: int) -> x509.CertificateBuilder:
    start = datetime.fromtimestamp(begins, UTC)
    return x509.CertificateBuilder(issuer, subject, key, serial, start, datetime.fromtimestamp(round(begins + days * DAY), UTC))


def _signed(builder: x509.CertificateBuilder, key: Any, digest: Any) -> bytes:
    return builder.sign(key, digest, ecdsa_deterministic=True).public_bytes(Encoding.DER)
