"""Requests for certificates (PKCS#10, RFC 2986): what an installation asks of its root, and what the root reads of it.

A request holds a public key, a signature by its private half (the proof of possession), the one usage and the issuer's URL that
are asked for. Nothing in it is secret. It proves only that whoever made it holds the key: who carries it could have put
requests of his own in its place, so people compare `digest_of` on both machines.
"""

import hashlib
import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from idverify.errors import InvalidInput, KeyUnavailable
from idverify.keys import Signer, jwk, p256

LARGEST = 64 * 1024
"""Bytes of a file of requests."""
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE REQUEST-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE REQUEST-----\n")
_ASKED = {x509.ExtendedKeyUsage.oid, x509.SubjectAlternativeName.oid}
_BOUND, _RANDOM = 8, 11
_MISREAD = frozenset("?#@\\")
"""Not in an issuer's URL: a query or a fragment ends it, and what stands before an @ is no host."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """One request that holds. der: as it was signed. public: JWK with kid. usage: object identifier. issuer: URL."""

    der: bytes
    public: dict[str, str]
    usage: str
    issuer: str

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the key."""
        return self.public["kid"]

    def new_serial(self) -> int:
        """A serial number for a certificate that answers this request and no other: 64 bits name it, 88 are random."""
        return int.from_bytes(hashlib.sha256(self.der).digest()[:_BOUND] + os.urandom(_RANDOM), "big")

    def is_answered_by(self, serial: int) -> bool:
        """Whether a certificate with this serial number was made for this request."""
        return serial >> 8 * _RANDOM == int.from_bytes(hashlib.sha256(self.der).digest()[:_BOUND], "big")


def make(signer: Signer, *, usage: str, issuer: str) -> CertificateRequest:
    """A request for that key, signed where the key lives. Raises SigningUnavailable, KeyUnavailable for what is no URL."""
    built = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer[:64])]))
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage)]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names_of(issuer)), critical=False)
        .sign(_HeldElsewhere(signer), hashes.SHA256())
    )
    return read(built.public_bytes(Encoding.DER))


def read(der: bytes) -> CertificateRequest:
    """The request, once everything in it holds. Raises InvalidInput, naming what does not."""
    try:
        request = x509.load_der_x509_csr(der)
        extensions, key = request.extensions, request.public_key()
    except Exception:  # the parser names half a dozen of its own; whatever it is, this is no request
        raise InvalidInput("a request is not PKCS#10, or names no key that is known here") from None
    try:
        public = jwk.public_jwk(p256.point_of(key))
    except ValueError:
        raise InvalidInput("a request is for a key that is not on P-256") from None
    if request.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256 or not request.is_signature_valid:
        raise InvalidInput("a request is not signed by the key that it is for")
    if (asked := {one.oid for one in extensions}) != _ASKED:
        raise InvalidInput(f"a request asks for other extensions than a signing key has: {_listed(asked ^ _ASKED)}")
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    urls = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(list(usages)) != 1:
        raise InvalidInput("a request asks for more than one usage: each key has one")
    if len(urls) != 1 or not _is_url(urls[0]) or list(names) != names_of(urls[0]):
        raise InvalidInput("a request asks for other names than one URL and its host")
    return CertificateRequest(der, public, next(iter(usages)).dotted_string, urls[0])


def pem_of(requests: Sequence[CertificateRequest]) -> bytes:
    """The requests as one text (RFC 7468), in their order: what is carried to the root, and what `openssl req` reads."""
    return b"".join(x509.load_der_x509_csr(one.der).public_bytes(Encoding.PEM) for one in requests)


def read_pem(content: bytes) -> tuple[CertificateRequest, ...]:
    """The requests in a text, each examined as `read` does. Raises InvalidInput, also for anything beside them."""
    content = content.replace(b"\r\n", b"\n")
    if len(content) > LARGEST or not content.strip() or _BLOCK.sub(b"", content).strip():
        raise InvalidInput("this is not a file of requests: `idverify pki request` writes one")
    return tuple(read(_der(one)) for one in _BLOCK.findall(content))


def digest_of(requests: Sequence[CertificateRequest]) -> str:
    """SHA-256, hex, of the requests in their order: what people compare on both machines."""
    return hashlib.sha256(b"".join(one.der for one in requests)).hexdigest()


def names_of(issuer: str) -> list[x509.GeneralName]:
    """What a certificate names (RFC 5280 section 4.2.1.6): the URL, and its host where that is no address.

    Raises KeyUnavailable where it is no URL with a host.
    """
    try:
        host = urlsplit(issuer).hostname
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(issuer)]
    except ValueError:
        host = None
    if not host:
        raise KeyUnavailable("the issuer is not a URL with a host")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        names.append(x509.DNSName(host))
    return names


def _der(pem: bytes) -> bytes:
    try:
        return x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER)
    except Exception:  # of a version that is none, say, which its parser names apart
        raise InvalidInput("a request is not PKCS#10 in PEM") from None


def _is_url(text: str) -> bool:
    """Whether addresses can be put below it, and nothing in it reads as another host than it is."""
    try:
        return (
            re.fullmatch(r"https?://[!-~]{1,200}", text) is not None
            and not set(text) & _MISREAD
            and bool(urlsplit(text).hostname)
        )
    except ValueError:
        return False


def _listed(oids: set[x509.ObjectIdentifier]) -> str:
    return ", ".join(sorted(one.dotted_string for one in oids))


class _HeldElsewhere(ec.EllipticCurvePrivateKey):
    """A Signer as the builder wants it: it signs and names its public half, and gives nothing else."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """In DER."""
        raw = self._signer.sign(bytes(data))
        return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Of the signer."""
        return p256.public_key(jwk.point_of(self._signer.public_jwk()))

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return ec.SECP256R1()

    @property
    def key_size(self) -> int:
        """Bits."""
        return 256

    def _refused(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("this key signs, and does nothing else")

    exchange = private_numbers = private_bytes = __copy__ = __deepcopy__ = _refused
