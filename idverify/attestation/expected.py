"""What an attestation is held against, and what comes of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography import x509

from idverify.errors import ConfigurationInvalid

NONCE_BYTES = 16
LARGEST = 16_384
"""Bytes of an attestation of whatever kind."""

_DIGEST_BYTES = 32
_LONGEST_SERIAL = 64
_MOST_ROOTS_BYTES = 1 << 20
_MOST_LIST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class App:
    """An Android app: its package name, and the SHA-256 (32 bytes) of the certificate that signs it."""

    package: str
    signer: bytes

    def __post_init__(self) -> None:
        if not self.package or len(self.signer) != _DIGEST_BYTES:
            raise ConfigurationInvalid("an app is a package name and the SHA-256 of its signing certificate")


@dataclass(frozen=True, slots=True)
class Revocations:
    """Serial numbers of certificates that are revoked or suspended, and when (epoch seconds) the list was fetched."""

    serials: frozenset[int]
    fetched_at: float


@dataclass(frozen=True, slots=True)
class Trust:
    """What this installation trusts. Whatever is empty trusts nobody: attestations of that kind are refused.

    android_roots, authenticator_roots: pinned roots of Android key chains, and of WebAuthn authenticators. apps: those that may
    take a session. revocations: None refuses every certificate chain, and so does a list older than `revocations_max_age`
    seconds. oldest_patch: lowest Android security patch level taken, YYYYMM; 0: any. rp_id, origins: WebAuthn's.
    authenticators: AAGUIDs (16 bytes) of the models that are taken.
    """

    android_roots: tuple[x509.Certificate, ...] = ()
    apps: frozenset[App] = frozenset()
    revocations: Revocations | None = None
    revocations_max_age: int = 7 * 86_400
    oldest_patch: int = 0
    authenticator_roots: tuple[x509.Certificate, ...] = ()
    authenticators: frozenset[bytes] = frozenset()
    rp_id: str = ""
    origins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AttestedKey:
    """A key whose attestation was checked. public_key: SubjectPublicKeyInfo in DER.

    credential_id: of a WebAuthn credential, which signs by assertions alone; None for a key that signs what it is given.
    sign_count: the last one seen of that credential.
    """

    public_key: bytes
    credential_id: bytes | None = None
    sign_count: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What this session expects. nonce: its own, at least 16 bytes, used once. now: epoch seconds."""

    nonce: bytes
    now: float
    trust: Trust = field(default_factory=Trust)

    def __post_init__(self) -> None:
        if len(self.nonce) < NONCE_BYTES:
            raise ValueError("a nonce has at least 16 bytes")


@dataclass(frozen=True, slots=True)
class Attested:
    """What was proven. level: `app` (ours, unmodified, on a locked device) or `device` (a key in an attested authenticator).

    hardware: `tee`, `strongbox` or `authenticator`. key: the attested key, for idverify.attestation.check_signature.
    """

    level: Literal["device", "app"]
    key: AttestedKey
    hardware: Literal["tee", "strongbox", "authenticator"]


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The root certificates in a PEM file of at most 1 MiB. Raises ConfigurationInvalid, also when there are none."""
    if len(pem) > _MOST_ROOTS_BYTES:
        raise ConfigurationInvalid("a file of attestation roots is larger than 1 MiB")
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise ConfigurationInvalid("a file of attestation roots is not PEM certificates") from None


def read_revocations(content: bytes, fetched_at: float) -> Revocations:
    """A list in the form of Android's attestation status list: `{"entries": {serial in hex: {"status": ...}}}`.

    An entry of any status counts as revoked. Raises ConfigurationInvalid: a list that is half read would let through what it
    names.
    """
    if len(content) > _MOST_LIST_BYTES:
        raise ConfigurationInvalid("the attestation revocation list is larger than 64 MiB")
    try:
        entries = _member(json.loads(content), "entries")
        return Revocations(frozenset(serial for name in entries for serial in _serials(name)), fetched_at)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationInvalid('the attestation revocation list is not {"entries": {serial in hex: ...}}') from None


def _member(document: Any, name: str) -> Mapping[str, Any]:
    found = document[name]
    if not isinstance(found, dict):
        raise TypeError(name)
    return found


def _serials(name: str) -> set[int]:
    """The serial number in hex; a name of decimal digits alone, as older entries are, also stands for that number."""
    if not name or set(name.lower()) - set("0123456789abcdef") or len(name) > _LONGEST_SERIAL:
        raise ValueError(name)
    return {int(name, 16)} | ({int(name)} if name.isdecimal() else set())
