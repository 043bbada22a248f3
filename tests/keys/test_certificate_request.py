"""Requests for certificates: made where the key lives, and refused by a root when anything in them is not what it signs."""

import shutil
import subprocess
from base64 import encodebytes

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, NameOID

from idverify.errors import InvalidInput, KeyUnavailable, SigningUnavailable
from idverify.keys import certificate_request as requests
from idverify.keys import p256
from idverify.keys.file import FileSigner
from idverify.keys.pkcs11 import Pkcs11Holder

USAGE, ISSUER = "1.0.18013.5.1.2", "https://id.example"
KEY = ec.generate_private_key(ec.SECP256R1())


def built(key=KEY, *, usages=(USAGE,), names=None, extra=(), algorithm=None, leave_out=None):
    """A request (DER) that would hold, with one thing changed."""
    names = [x509.UniformResourceIdentifier(ISSUER), x509.DNSName("id.example")] if names is None else names
    asked = [
        x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in usages]),
        x509.SubjectAlternativeName(names),
        *extra,
    ]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]))
    for one in asked:
        builder = builder if one.oid == leave_out else builder.add_extension(one, critical=False)
    algorithm = algorithm or (None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize("holder", ["file", "pkcs11"])
def test_a_request_proves_its_key_whose_private_half_stays_where_it_is(holder, request):
    """In a file or in a token: the same request, which another reader finds sound as well."""
    signer = FileSigner.new() if holder == "file" else Pkcs11Holder(request.getfixturevalue("hsm")).create()
    made = requests.make(signer, usage=USAGE, issuer=ISSUER)
    assert (made.kid, made.public, made.usage, made.issuer) == (signer.kid, signer.public_jwk(), USAGE, ISSUER)
    assert requests.read_pem(requests.pem_of([made])) == (made,)
    if openssl := shutil.which("openssl"):
        ran = subprocess.run(
            [openssl, "req", "-verify", "-noout", "-text"], input=requests.pem_of([made]), capture_output=True, check=True
        )
        assert b"verify OK" in ran.stderr
        assert b"URI:https://id.example" in ran.stdout


def test_the_base_of_the_hostile_requests_holds():
    """Each below differs from it in one thing."""
    assert requests.read(built()).issuer == ISSUER


def test_a_request_that_was_altered_is_not_signed_by_its_key():
    """Another's public key, or another URL, under a signature that was copied."""
    der = built()
    mine, other = (p256.point_of(one.public_key()) for one in (KEY, ec.generate_private_key(ec.SECP256R1())))
    for altered in (der.replace(mine, other), der.replace(b"https://id.example", b"https://id.exampel")):
        assert altered != der
        with pytest.raises(InvalidInput, match="not signed by the key"):
            requests.read(altered)


AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
HOSTILE = {
    "an authority": (lambda: built(extra=(AUTHORITY,)), r"other extensions.*2\.5\.29\.19"),
    "no authority, but said": (lambda: built(extra=(x509.BasicConstraints(ca=False, path_length=None),)), "other extensions"),
    "a poison": (lambda: built(extra=(x509.OCSPNoCheck(),)), "other extensions"),
    "no usage": (lambda: built(leave_out=x509.ExtendedKeyUsage.oid), "other extensions"),
    "no name": (lambda: built(leave_out=x509.SubjectAlternativeName.oid), "other extensions"),
    "two usages": (lambda: built(usages=(USAGE, "1.3.6.1.5.5.7.3.1")), "more than one usage"),
    "two URLs": (lambda: built(names=[x509.UniformResourceIdentifier(one) for one in (ISSUER, "https://b.example")]), "names"),
    "another host": (lambda: built(names=[x509.UniformResourceIdentifier(ISSUER), x509.DNSName("bank.example")]), "names"),
    "a host alone": (lambda: built(names=[x509.DNSName("id.example")]), "names"),
    "no URL": (lambda: built(names=[x509.UniformResourceIdentifier("urn:x")]), "names"),
    "a URL that moves the cursor": (lambda: built(names=[x509.UniformResourceIdentifier("https://a\x1b[2K.example")]), "names"),
    "a URL with another before its host": (lambda: built(names=requests.names_of("https://id.example@evil.example")), "names"),
    "a URL that is cut off by its query": (lambda: built(names=requests.names_of("https://id.example/?x=1")), "names"),
    "a URL of no address": (lambda: built(names=[x509.UniformResourceIdentifier("https://[::1")]), "names"),
    "P-384": (lambda: built(ec.generate_private_key(ec.SECP384R1())), "not on P-256"),
    "RSA": (lambda: built(rsa.generate_private_key(65537, 2048)), "not on P-256"),
    "Ed25519": (lambda: built(ed25519.Ed25519PrivateKey.generate()), "not on P-256"),
    "another hash": (lambda: built(algorithm=hashes.SHA512()), "not signed by"),
    "no request": (lambda: b"0\x82\x01\x00", "not PKCS#10"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_root_must_not_sign_is_refused_and_named(name):
    """Each is genuinely signed by its own key: possession alone earns nothing."""
    make, match = HOSTILE[name]
    with pytest.raises(InvalidInput, match=match):
        requests.read(make())


def test_a_password_in_a_request_is_neither_read_nor_certified():
    """What nobody asks about cannot steer anything."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"secret")
    with pytest.raises(InvalidInput, match="other extensions"):
        requests.read(builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER))


def pem(der):
    """As `openssl` writes it, whatever the bytes are."""
    label = b"CERTIFICATE REQUEST-----\n"
    return b"-----BEGIN " + label + encodebytes(der) + b"-----END " + label


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"hello",
        b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        requests.pem_of([requests.read(built())]) + b"and this",
        requests.pem_of([requests.read(built())])[:-2],
        pem(built().replace(b"\x02\x01\x00", b"\x02\x01\x02", 1)),
        requests.pem_of([requests.read(built())] * 200),
    ],
)
def test_a_file_holds_requests_and_nothing_else(content):
    """Nor is it longer than a request can be."""
    with pytest.raises(InvalidInput):
        requests.read_pem(content)


def test_a_file_that_a_windows_machine_rewrote_still_holds():
    """Line ends change on the way."""
    pem = requests.pem_of([requests.read(built())])
    assert requests.read_pem(pem.replace(b"\n", b"\r\n")) == requests.read_pem(pem)


def test_a_key_that_does_not_sign_makes_no_request():
    """The fault is the signer's own."""

    class Broken(FileSigner):
        def sign(self, data):
            raise SigningUnavailable("the token is gone")

    with pytest.raises(SigningUnavailable, match="gone"):
        requests.make(Broken.new(), usage=USAGE, issuer=ISSUER)
    with pytest.raises(KeyUnavailable, match="not a URL"):
        requests.make(FileSigner.new(), usage=USAGE, issuer="id.example")


def test_a_serial_number_names_the_request_that_it_answers_and_never_repeats():
    """64 bits of it; 20 bytes at most (RFC 5280 section 4.1.2.2)."""
    one, other = (requests.make(FileSigner.new(), usage=USAGE, issuer=ISSUER) for _ in range(2))
    serials = {one.new_serial() for _ in range(50)}
    assert len(serials) == 50
    assert all(one.is_answered_by(serial) and 0 < serial < 1 << 159 for serial in serials)
    assert not any(other.is_answered_by(serial) for serial in serials)
