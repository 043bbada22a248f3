"""Attestation: a device or an app shows that a key of its own lives in hardware and answers this session's nonce.

Two kinds of evidence. `android_key`: the certificate chain of a key that an Android app had its hardware make for the nonce
(level `app`). `webauthn_create`: a WebAuthn registration over the nonce, with the authenticator's attestation (level `device`).
The key that was attested so then signs what its holder vouches for.

Nothing that a client says counts but what a pinned root stands behind; what is missing or not understood is a refusal. What
each level proves, and what not, is in docs/security/attestation.md. Pure: no file, no network, no clock.
"""

import hashlib

from idverify.attestation import android, chain, webauthn
from idverify.attestation.expected import (
    LARGEST,
    App,
    Attested,
    AttestedKey,
    Expected,
    Revocations,
    Trust,
    read_revocations,
    read_roots,
)
from idverify.errors import AttestationRefused

__all__ = [
    "LARGEST",
    "App",
    "AttestationRefused",
    "Attested",
    "AttestedKey",
    "Expected",
    "Revocations",
    "Trust",
    "check",
    "check_signature",
    "read_revocations",
    "read_roots",
]

_ANEW = "no key is kept from one session to the next: make a new one for this session's nonce, and send it as webauthn_create"


def check(kind: str, data: bytes, expected: Expected) -> Attested:
    """What `data` proves, really checked. Raises AttestationRefused, and nothing else, whatever `data` and `kind` hold.

    data: for `android_key` the certificates in DER, one after another, the key's own first; for `webauthn_create` the
    JSON that PublicKeyCredential.toJSON() gives, in UTF-8. Each at most 16,384 bytes.
    """
    match kind:
        case "android_key":
            return android.check(data, expected)
        case "webauthn_create":
            return webauthn.check_registration(data, expected)
        case "webauthn_get":
            raise AttestationRefused("key_not_kept", _ANEW)
        case _:
            raise AttestationRefused("unknown_kind")


def check_signature(key: AttestedKey, data: bytes, statement: bytes, trust: Trust) -> AttestedKey:
    """The key as it is now, if it signed the statement. Raises AttestationRefused, and nothing else, whatever `data` holds.

    data: of a key that the app made, an ECDSA signature with SHA-256 over the statement, in DER; of a WebAuthn credential, the
    JSON of an assertion whose challenge is the SHA-256 of the statement. At most 16,384 bytes.
    """
    if len(data) > LARGEST:
        raise AttestationRefused("too_large")
    if key.credential_id is not None:
        return webauthn.check_assertion(data, hashlib.sha256(statement).digest(), key, trust)
    chain.verify(key.public_key, data, statement)
    return key
