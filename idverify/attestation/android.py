"""Android key attestation: what the secure hardware says, in a certificate, of a key that an app had it make.

The extension KeyDescription (source.android.com, 'Key and ID attestation') has two lists: what hardware enforces, and what
Android enforces. A claim counts from the list of whoever knows it: boot state, origin and purpose from the hardware's; name and
signer of the app from Android's, for which the verified boot vouches.
"""

import hmac
from dataclasses import dataclass
from typing import Literal

from cryptography import x509

from idverify.attestation import chain, der
from idverify.attestation.expected import App, Attested, AttestedKey, Expected, Trust
from idverify.errors import AttestationRefused

OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
OLDEST_VERSION = 3  # of the extension; Keymaster 4, Android 9: the first with StrongBox and the hash of what was booted
_HARDWARE: dict[int, Literal["tee", "strongbox"]] = {1: "tee", 2: "strongbox"}
_PURPOSE, _ALL_APPLICATIONS, _ORIGIN, _ROOT_OF_TRUST, _PATCH, _APPLICATION = 1, 600, 702, 704, 706, 709
_SIGN, _GENERATED, _VERIFIED = 2, 0, 0


@dataclass(frozen=True, slots=True)
class Description:
    """What KeyDescription says, checked as far as it does not depend on the app."""

    hardware: Literal["tee", "strongbox"]
    software_enforced: dict[int, bytes]


def check(data: bytes, expected: Expected) -> Attested:
    """See idverify.attestation.check, kind `android_key`."""
    trust = expected.trust
    certificates = chain.validated(chain.split(data), trust.android_roots, trust, expected.now)
    public_key = chain.spki(certificates[0].public_key())
    description = described(certificates, expected.nonce, trust)
    if _application(description) not in trust.apps:
        raise AttestationRefused("app_unknown")
    return Attested("app", AttestedKey(public_key), description.hardware)


def described(certificates: tuple[x509.Certificate, ...], challenge: bytes, trust: Trust) -> Description:
    """The leaf's description, if hardware made the key for this challenge on a locked and verified device.

    certificates: as chain.validated gives them. Raises AttestationRefused. An attested key can itself sign certificates: one
    that bears a description and issues another would speak for a key that no hardware has seen. So only the leaf may bear one.
    """
    if any(_extension(certificate) is not None for certificate in certificates[1:]):
        raise AttestationRefused("description_misplaced")
    extension = _extension(certificates[0])
    if extension is None:
        raise AttestationRefused("description_missing")
    fields = der.elements(der.only(extension, der.SEQUENCE))
    tags = (
        der.INTEGER,
        der.ENUMERATED,
        der.INTEGER,
        der.ENUMERATED,
        der.OCTET_STRING,
        der.OCTET_STRING,
        der.SEQUENCE,
        der.SEQUENCE,
    )
    if len(fields) != len(tags):
        raise AttestationRefused("malformed")
    contents = [der.content(field, tag) for field, tag in zip(fields, tags, strict=True)]
    if der.integer(contents[0]) < OLDEST_VERSION:
        raise AttestationRefused("description_too_old")
    levels = der.integer(contents[1]), der.integer(contents[3])
    if not all(level in _HARDWARE for level in levels):
        raise AttestationRefused("software_only")
    if not hmac.compare_digest(contents[4], challenge):
        raise AttestationRefused("nonce_wrong")
    software, hardware = der.explicit(contents[6]), der.explicit(contents[7])
    _key_is_scoped(software, hardware)
    _device_is_intact(software, hardware, trust)
    return Description(_HARDWARE[min(levels)], software)


def _key_is_scoped(software: dict[int, bytes], hardware: dict[int, bytes]) -> None:
    """Made by the hardware, to sign only, for one app."""
    if _ALL_APPLICATIONS in software or _ALL_APPLICATIONS in hardware:
        raise AttestationRefused("key_unsuitable")
    if der.integer(der.only(hardware.get(_ORIGIN, b""), der.INTEGER)) != _GENERATED:
        raise AttestationRefused("key_imported")
    purposes = der.elements(der.only(hardware.get(_PURPOSE, b""), der.SET))
    if [der.integer(der.content(purpose, der.INTEGER)) for purpose in purposes] != [_SIGN]:
        raise AttestationRefused("key_unsuitable")


def _device_is_intact(software: dict[int, bytes], hardware: dict[int, bytes], trust: Trust) -> None:
    """Bootloader locked, the maker's own system booted, patched as recently as is asked."""
    if _ROOT_OF_TRUST in software or _ROOT_OF_TRUST not in hardware:
        raise AttestationRefused("boot_unproven")
    fields = der.elements(der.only(hardware[_ROOT_OF_TRUST], der.SEQUENCE))
    tags = (der.OCTET_STRING, der.BOOLEAN, der.ENUMERATED, der.OCTET_STRING)
    if len(fields) != len(tags):
        raise AttestationRefused("malformed")
    _, locked, state, _ = (der.content(field, tag) for field, tag in zip(fields, tags, strict=True))
    if not der.boolean(locked) or der.integer(state) != _VERIFIED:
        raise AttestationRefused("boot_unverified")
    if trust.oldest_patch:
        patch = der.integer(der.only(hardware[_PATCH], der.INTEGER)) if _PATCH in hardware else 0
        if patch < trust.oldest_patch:
            raise AttestationRefused("patch_too_old")


def _application(description: Description) -> App:
    """The one app, with one signer, that asked for the key. Raises AttestationRefused."""
    if _APPLICATION not in description.software_enforced:
        raise AttestationRefused("app_unknown")
    packed = der.only(description.software_enforced[_APPLICATION], der.OCTET_STRING)
    fields = der.elements(der.only(packed, der.SEQUENCE))
    if len(fields) != 2:
        raise AttestationRefused("malformed")
    packages, signers = (der.elements(der.content(field, der.SET)) for field in fields)
    if len(packages) != 1 or len(signers) != 1:
        raise AttestationRefused("app_unknown")
    package = der.elements(der.content(packages[0], der.SEQUENCE))
    if len(package) != 2:
        raise AttestationRefused("malformed")
    name, signer = der.content(package[0], der.OCTET_STRING), der.content(signers[0], der.OCTET_STRING)
    der.integer(der.content(package[1], der.INTEGER))
    if not name or not name.isascii() or len(signer) != 32:
        raise AttestationRefused("app_unknown")
    return App(name.decode("ascii"), signer)


def _extension(certificate: x509.Certificate) -> bytes | None:
    for extension in certificate.extensions:
        if extension.oid == OID:
            value = extension.value
            return value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    return None
