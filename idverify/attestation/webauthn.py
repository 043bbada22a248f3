"""WebAuthn (W3C, Level 3): a registration whose authenticator is attested, and assertions by the key that it registered.

Taken: ES256 keys that cannot leave their authenticator, user verified, attestation `packed` with a certificate, or
`android-key`. Refused: self attestation, `none` and every other format, keys that are backed up or may be, extensions, frames
of another origin. CBOR is cbor2's to parse.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cbor2
from cryptography import x509

from idverify.attestation import android, chain, der, response
from idverify.attestation.expected import Attested, AttestedKey, Expected, Trust
from idverify.errors import AttestationRefused
from idverify.keys.p256 import public_key

ES256 = -7
_PRESENT, _VERIFIED, _MAY_BE_BACKED_UP, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x08, 0x40, 0x80
_HEADER_BYTES = 37  # SHA-256 of the RP id, flags, counter
_LONGEST_ID = 1023
# The COSE key of ES256 in CTAP2's canonical form: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
_COSE_X, _COSE_Y, _COSE_BYTES = bytes.fromhex("a5010203262001215820"), bytes.fromhex("225820"), 77
_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
_AUTHENTICATOR = "Authenticator Attestation"


@dataclass(frozen=True, slots=True)
class _Credential:
    """Attested credential data (section 6.5.2)."""

    aaguid: bytes
    identifier: bytes
    public_key: bytes


def check_registration(data: bytes, expected: Expected) -> Attested:
    """See idverify.attestation.check, kind `webauthn_create`."""
    answer = response.read(data, "webauthn.create", expected.nonce, expected.trust)
    form, statement, authenticator_data = _attestation_object(answer.field("attestationObject"))
    counter, rest = _authenticator_data(authenticator_data, expected.trust, _ATTESTED)
    credential = _credential(rest)
    if credential.identifier != answer.identifier:
        raise AttestationRefused("credential_unknown")
    if credential.aaguid not in expected.trust.authenticators:
        raise AttestationRefused("authenticator_unknown")
    signed = authenticator_data + answer.client_data_hash
    match form:
        case "packed":
            _packed(statement, signed, credential, expected)
        case "android-key":
            _android_key(statement, signed, credential, answer.client_data_hash, expected)
        case _:
            raise AttestationRefused("format_unknown")
    return Attested("device", AttestedKey(credential.public_key, credential.identifier, counter), "authenticator")


def check_assertion(data: bytes, challenge: bytes, known: AttestedKey, trust: Trust) -> AttestedKey:
    """The key with its new counter, if it answered this challenge (section 7.2). Raises AttestationRefused."""
    answer = response.read(data, "webauthn.get", challenge, trust)
    if known.credential_id is None or not hmac.compare_digest(known.credential_id, answer.identifier):
        raise AttestationRefused("credential_unknown")
    authenticator_data = answer.field("authenticatorData")
    counter, rest = _authenticator_data(authenticator_data, trust, 0)
    if rest:
        raise AttestationRefused("malformed")
    chain.verify(known.public_key, answer.field("signature"), authenticator_data + answer.client_data_hash)
    if (counter or known.sign_count) and counter <= known.sign_count:
        raise AttestationRefused("counter_went_back")
    return replace(known, sign_count=counter)


def _attestation_object(data: bytes) -> tuple[str, Mapping[str, Any], bytes]:
    """Format, statement and authenticator data (section 6.5.4), of bytes that have no second spelling."""
    try:
        found = cbor2.loads(data, max_depth=4, allow_indefinite=False, allow_duplicate_keys=False)
        sound = type(found) is dict and found.keys() == {"fmt", "attStmt", "authData"} and cbor2.dumps(found) == data
    except Exception:  # a decoder of many types fails in many ways
        raise AttestationRefused("malformed") from None
    if not sound:
        raise AttestationRefused("malformed")
    form, statement, authenticator_data = found["fmt"], found["attStmt"], found["authData"]
    if type(form) is not str or type(statement) is not dict or type(authenticator_data) is not bytes:
        raise AttestationRefused("malformed")
    return form, statement, authenticator_data


def _authenticator_data(data: bytes, trust: Trust, attested: int) -> tuple[int, bytes]:
    """The counter, and what follows the header (section 6.1). attested: 0x40 where a credential must be in it, or 0."""
    if len(data) < _HEADER_BYTES:
        raise AttestationRefused("malformed")
    if not hmac.compare_digest(data[:32], hashlib.sha256(trust.rp_id.encode()).digest()):
        raise AttestationRefused("rp_id_wrong")
    flags = data[32]
    if not flags & _PRESENT or not flags & _VERIFIED:
        raise AttestationRefused("user_unverified")
    if flags & _MAY_BE_BACKED_UP:
        raise AttestationRefused("key_may_leave_device")
    if flags & _EXTENDED or flags & _ATTESTED != attested:
        raise AttestationRefused("malformed")
    return int.from_bytes(data[33:37], "big"), data[_HEADER_BYTES:]


def _credential(data: bytes) -> _Credential:
    length = int.from_bytes(data[16:18], "big")
    identifier, key = data[18 : 18 + length], data[18 + length :]
    if not 1 <= length <= _LONGEST_ID or len(identifier) != length:
        raise AttestationRefused("malformed")
    x, y = key[10:42], key[45:]
    if len(key) != _COSE_BYTES or key != _COSE_X + x + _COSE_Y + y:
        raise AttestationRefused("key_unsuitable")
    try:
        point = public_key(b"\x04" + x + y)
    except ValueError:  # not on the curve
        raise AttestationRefused("key_unsuitable") from None
    return _Credential(data[:16], identifier, chain.spki(point))


def _packed(statement: Mapping[str, Any], signed: bytes, credential: _Credential, expected: Expected) -> None:
    """Section 8.2, with a certificate."""
    trust = expected.trust
    signature, certificates = _statement(statement)
    leaf = chain.validated(certificates, trust.authenticator_roots, trust, expected.now)[0]
    _packed_certificate(leaf, credential.aaguid)
    chain.verify(chain.spki(leaf.public_key()), signature, signed)


def _packed_certificate(leaf: x509.Certificate, aaguid: bytes) -> None:
    """Section 8.2.1."""
    units = leaf.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    if [unit.value for unit in units] != [_AUTHENTICATOR]:
        raise AttestationRefused("certificate_unsuitable")
    for extension in leaf.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise AttestationRefused("certificate_unsuitable")
        named = extension.oid == _AAGUID and isinstance(value, x509.UnrecognizedExtension)
        if named and der.only(value.value, der.OCTET_STRING) != aaguid:
            raise AttestationRefused("authenticator_unknown")


def _android_key(
    statement: Mapping[str, Any], signed: bytes, credential: _Credential, client_data_hash: bytes, expected: Expected
) -> None:
    """Section 8.4. The app that asked is the browser or the system, so it proves a device and not ours."""
    trust = expected.trust
    signature, certificates = _statement(statement)
    path = chain.validated(certificates, trust.android_roots, trust, expected.now)
    if chain.spki(path[0].public_key()) != credential.public_key:
        raise AttestationRefused("key_unsuitable")
    chain.verify(credential.public_key, signature, signed)
    android.described(path, client_data_hash, trust)


def _statement(statement: Mapping[str, Any]) -> tuple[bytes, list[bytes]]:
    """Signature and certificates of a statement with exactly alg, sig and x5c."""
    if statement.keys() != {"alg", "sig", "x5c"}:
        raise AttestationRefused("format_unknown")
    signature, certificates = statement["sig"], statement["x5c"]
    if type(statement["alg"]) is not int or statement["alg"] != ES256 or type(signature) is not bytes:
        raise AttestationRefused("key_unsuitable")
    if type(certificates) is not list or not all(type(one) is bytes for one in certificates):
        raise AttestationRefused("malformed")
    return signature, certificates
