"""A maker of devices: roots, chains, descriptions and WebAuthn answers, sound ones and any that is asked for instead."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idverify.attestation import App, AttestedKey, Expected, Revocations, Trust, der

NOW = datetime(2030, 6, 1, tzinfo=UTC).timestamp()
NONCE = hashlib.sha256(b"the nonce of this session").digest()
RP_ID, ORIGIN = "id.example", "https://id.example"
PACKAGE, SIGNER = "example.idverify.app", hashlib.sha256(b"the app's signing certificate").digest()
AAGUID = bytes(range(16))
CREDENTIAL = b"credential of this phone"
DESCRIPTION = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
FIDO_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


def new_key(curve=None):
    """A private key, on P-256 unless another curve is named."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def spki(key):
    """SubjectPublicKeyInfo of a private key, in DER."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def der_of(certificate):
    """A certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def name(common, unit=None):
    """A distinguished name as makers write them."""
    parts = [(NameOID.COUNTRY_NAME, "XA"), (NameOID.ORGANIZATION_NAME, "Example Devices")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in [*parts, (NameOID.COMMON_NAME, common)]])


def certificate(
    subject, key, issuer, issuer_key, *, ca, length=None, since=2020, until=2040, serial=None, more=(), digest=None, usage=None
):
    """A certificate. more: pairs of extension and whether it is critical."""
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(datetime(since, 1, 1))
        .not_valid_after(datetime(until, 1, 1))
    )
    if ca is not None:
        built = built.add_extension(x509.BasicConstraints(ca, length), critical=True)
    if ca or usage is not None:
        sign = bool(ca) if usage is None else usage
        flags = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            False,
        )
        built = built.add_extension(
            x509.KeyUsage(digital_signature=not sign, key_cert_sign=sign, crl_sign=False, **flags), critical=True
        )
    for extension, critical in more:
        built = built.add_extension(extension, critical)
    return built.sign(issuer_key, digest or hashes.SHA256())


class Authority:
    """A root and one intermediate under it. Any argument of `certificate` may be given for the intermediate."""

    def __init__(self, title="Maker", *, root=None, own_key=None, **intermediate):
        self.key, self.middle_key = new_key(), own_key or new_key()
        self.root_name, self.middle_name = name(f"{title} root"), name(f"{title} batch 7")
        self.root = certificate(self.root_name, self.key, self.root_name, self.key, **{"ca": True, **(root or {})})
        self.middle = certificate(
            self.middle_name, self.middle_key, self.root_name, self.key, **{"ca": True, "length": 0, **intermediate}
        )

    def chain(self, leaf):
        return [der_of(leaf), der_of(self.middle), der_of(self.root)]


def tlv(tag, content):
    """One element in DER; a tag of two or more octets is given as bytes."""
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    octets = bytes([length]) if length < 128 else bytes([0x80 | len(octets)]) + octets
    return (bytes([tag]) if isinstance(tag, int) else tag) + octets + content


def integer(value, tag=2):
    """An INTEGER, or an ENUMERATED with its tag."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1))


def member(number, content):
    """A member of an AuthorizationList: explicitly tagged, by number."""
    if number < 31:
        return tlv(0xA0 | number, content)
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return tlv(bytes([0xBF, *reversed(digits)]), content)


def root_of_trust(locked=b"\xff", state=0, more=b""):
    """RootOfTrust; sound unless told otherwise."""
    return tlv(0x30, tlv(4, b"k" * 32) + tlv(1, locked) + integer(state, 0x0A) + tlv(4, b"h" * 32) + more)


def application(packages=((PACKAGE, 7),), signers=(SIGNER,), more=b"", within=b""):
    """AttestationApplicationId in its OCTET STRING."""
    infos = b"".join(tlv(0x30, tlv(4, title.encode()) + integer(version) + within) for title, version in packages)
    return tlv(4, tlv(0x30, tlv(0x31, infos) + tlv(0x31, b"".join(tlv(4, one) for one in signers)) + more))


SOFTWARE = {701: integer(1_900_000_000_000), 709: application()}
HARDWARE = {
    1: tlv(0x31, integer(2)),
    2: integer(3),
    3: integer(256),
    10: integer(1),
    702: integer(0),
    704: root_of_trust(),
    705: integer(150_000),
    706: integer(203005),
}


def key_description(*, version=300, levels=(1, 1), challenge=NONCE, software=None, hardware=None, after=b"", inside=b""):
    """The extension's value. software, hardware: members to change; None as a value takes one out."""
    lists = [
        b"".join(member(number, value) for number, value in sorted((base | (changes or {})).items()) if value is not None)
        for base, changes in ((SOFTWARE, software), (HARDWARE, hardware))
    ]
    fields = integer(version) + integer(levels[0], 0x0A) + integer(version) + integer(levels[1], 0x0A)
    return tlv(0x30, fields + tlv(4, challenge) + tlv(4, b"") + tlv(0x30, lists[0]) + tlv(0x30, lists[1]) + inside) + after


MAKER, FIDO = Authority(), Authority("Authenticators")
KEY = new_key()


def android_leaf(authority=MAKER, *, key=KEY, description=None, more=(), ca=None, **certified):
    """The certificate of a key in a phone's hardware. description: the extension's value; b"" leaves it out."""
    described = (
        [] if description == b"" else [(x509.UnrecognizedExtension(DESCRIPTION, description or key_description()), False)]
    )
    subject = name("Android Keystore Key")
    more = [*described, *more]
    return certificate(subject, key, authority.middle_name, authority.middle_key, ca=ca, more=more, **certified)


def android(authority=MAKER, **leaf):
    """Bytes of the kind `android_key`. Arguments of android_leaf, or with `described` those of key_description."""
    described = leaf.pop("described", None)
    if described is not None:
        leaf["description"] = key_description(**described)
    return b"".join(authority.chain(android_leaf(authority, **leaf)))


def trust(**changes):
    """What the tests trust, with changes."""
    base = {
        "android_roots": (MAKER.root,),
        "apps": frozenset({App(PACKAGE, SIGNER)}),
        "revocations": Revocations(frozenset({12345}), NOW - 3600),
        "authenticator_roots": (FIDO.root,),
        "authenticators": frozenset({AAGUID}),
        "rp_id": RP_ID,
        "origins": frozenset({ORIGIN}),
    }
    return Trust(**(base | changes))


def expected(*, nonce=NONCE, now=NOW, **trusted):
    """What the session expects, with changes to what is trusted."""
    return Expected(nonce, now, trust(**trusted))


def b64(data):
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def client_data(kind, **changes):
    """What a browser says of the ceremony; None as a value takes a member out."""
    members = {"type": f"webauthn.{kind}", "challenge": b64(NONCE), "origin": ORIGIN, "crossOrigin": False} | changes
    return json.dumps({key: value for key, value in members.items() if value is not None}).encode()


def cose(key):
    """The COSE key of ES256."""
    numbers = key.public_key().public_numbers()
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})


def authenticator_data(*, flags=0x45, counter=1, rp_id=RP_ID, credential=b""):
    """Present, verified, and by default with a credential to follow."""
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4) + credential


def credential_data(*, key=KEY, aaguid=AAGUID, identifier=CREDENTIAL, public=None):
    """Attested credential data."""
    return aaguid + len(identifier).to_bytes(2) + identifier + (public if public is not None else cose(key))


def signed(key, data):
    """An ES256 signature in DER."""
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def response(client, identifier=CREDENTIAL, **fields):
    """PublicKeyCredential.toJSON(), as bytes."""
    members = {"clientDataJSON": b64(client)} | {field: b64(value) for field, value in fields.items()}
    outer = {"id": b64(identifier), "rawId": b64(identifier), "type": "public-key", "response": members}
    return json.dumps(outer | {"clientExtensionResults": {}, "authenticatorAttachment": "platform"}).encode()


ATTESTATION_KEY = new_key()


def attestation_leaf(
    authority=FIDO, *, unit="Authenticator Attestation", aaguid=AAGUID, key=ATTESTATION_KEY, ca=False, **certified
):
    """The certificate of an authenticator's attestation key."""
    more = [(x509.UnrecognizedExtension(FIDO_AAGUID, tlv(4, aaguid)), False)] if aaguid else []
    subject = name("Authenticator 1", unit)
    return certificate(subject, key, authority.middle_name, authority.middle_key, ca=ca, more=more, **certified)


def without_version(leaf, issuer_key):
    """The same certificate in version 1: no version, no extensions, signed anew."""
    algorithm = der.elements(der.only(der_of(leaf), 0x30))[1].raw
    kept = [
        element.raw for element in der.elements(der.only(leaf.tbs_certificate_bytes, 0x30)) if element.tag not in {0xA0, 0xA3}
    ]
    body = tlv(0x30, b"".join(kept))
    return x509.load_der_x509_certificate(tlv(0x30, body + algorithm + tlv(3, b"\0" + signed(issuer_key, body))))


def registration(
    *, form="packed", client=None, data=None, leaf=None, authority=None, signer=None, statement=None, encode=None, **credential
):
    """Bytes of the kind `webauthn_create`; the signature is sound unless `signer` or `statement` says otherwise."""
    client = client or client_data("create")
    data = data or authenticator_data(credential=credential_data(**credential))
    digest = hashlib.sha256(client).digest()
    if form == "android-key":
        leaf = leaf or android_leaf(description=key_description(challenge=digest))
        authority, signer = authority or MAKER, signer or KEY
    else:
        leaf, authority, signer = leaf or attestation_leaf(), authority or FIDO, signer or ATTESTATION_KEY
    said = {"alg": -7, "sig": signed(signer, data + digest), "x5c": authority.chain(leaf)[:2]} | (statement or {})
    said = {key: value for key, value in said.items() if value is not None}
    packed = (encode or cbor2.dumps)({"fmt": form, "attStmt": said, "authData": data})
    return response(client, credential.get("identifier", CREDENTIAL), attestationObject=packed)


REGISTERED = AttestedKey(spki(KEY), CREDENTIAL, 1)


def assertion(*, client=None, data=None, signer=KEY, identifier=CREDENTIAL):
    """An assertion, as bytes; by default over the session's nonce."""
    client, data = client or client_data("get"), data or authenticator_data(flags=0x05, counter=2)
    return response(
        client, identifier, authenticatorData=data, signature=signed(signer, data + hashlib.sha256(client).digest())
    )
