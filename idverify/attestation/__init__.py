"""Attestation: a device or an app shows that a key of its own lives in hardware and answers this session's nonce.

Three kinds of evidence. `android_key`: the certificate chain of a key that an Android app had its hardware make for the nonce
(level `app`). `webauthn_create`: a WebAuthn registration over the nonce, with the authenticator's attestation (level `device`).
`webauthn_get`: an assertion over the nonce by a key that was registered so (level `device`).

Nothing that a client says counts but what a pinned root stands behind; what is missing or not understood is a refusal. What
each level proves, and what not, is in docs/security/attestation.md. Pure: no file, no network, no clock.
"""

from idverify.attestation import android, webauthn
from idverify.attestation.expected import (
    LARGEST,
    App,
    Attested,
    Expected,
    Kind,
    RegisteredKey,
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
    "Expected",
    "Kind",
    "RegisteredKey",
    "Revocations",
    "Trust",
    "check",
    "read_revocations",
    "read_roots",
]


def check(kind: Kind | str, data: bytes, expected: Expected) -> Attested:
    """What `data` proves, really checked. Raises AttestationRefused, and nothing else, whatever `data` and `kind` hold.

    data: for `android_key` the certificates in DER, one after another, the key's own first; for the two of WebAuthn the JSON
    that PublicKeyCredential.toJSON() gives, in UTF-8. Each at most 16,384 bytes.
    """
    match kind:
        case "android_key":
            return android.check(data, expected)
        case "webauthn_create":
            return webauthn.check_registration(data, expected)
        case "webauthn_get":
            return webauthn.check_assertion(data, expected)
        case _:
            raise AttestationRefused("unknown_kind")
