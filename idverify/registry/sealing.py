"""Sealing of one record: AES-256-GCM under a data key of its own, which travels wrapped by the key-encryption key.

What a seal is bound to, as associated data (NIST SP 800-38D): deployment, subject, kind, model digest and row version for the
content, and the same with the version of the key-encryption key for the wrapped data key. A seal moved to another row, kind or
deployment, or presented as another version, does not open. Wrapping anew touches the data key alone.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.errors import RecordTampered
from idverify.keys import Wrapper

KEY_BYTES = 32
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Context:
    """What a seal is bound to. row_version: 1 or more. model_digest: empty but for templates."""

    deployment: str
    subject_id: str
    kind: str
    model_digest: str
    row_version: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed record: version of the key-encryption key, data key wrapped under it, nonce || ciphertext || tag."""

    key_version: str
    wrapped_key: bytes
    ciphertext: bytes


def seal(content: bytes, context: Context, wrapper: Wrapper) -> Sealed:
    """Seal `content` under a fresh data key. Raises KeyUnavailable."""
    data_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    ciphertext = nonce + AESGCM(data_key).encrypt(nonce, content, _content_data(context))
    version = wrapper.version
    return Sealed(version, wrapper.wrap(data_key, _wrap_data(context, version), version), ciphertext)


def open_sealed(sealed: Sealed, context: Context, wrapper: Wrapper) -> bytes:
    """The content again. Raises RecordTampered if a bit of it or of its context differs, KeyUnavailable without its key."""
    data_key = wrapper.unwrap(sealed.wrapped_key, _wrap_data(context, sealed.key_version), sealed.key_version)
    nonce, ciphertext = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
    try:
        return AESGCM(data_key).decrypt(nonce, ciphertext, _content_data(context))
    except (InvalidTag, ValueError):
        raise RecordTampered("a sealed record did not open: altered, swapped or rolled back") from None


def wrap_anew(sealed: Sealed, context: Context, wrapper: Wrapper) -> Sealed:
    """The same record, its data key wrapped under the newest version. Raises RecordTampered, KeyUnavailable."""
    data_key = wrapper.unwrap(sealed.wrapped_key, _wrap_data(context, sealed.key_version), sealed.key_version)
    version = wrapper.version
    return Sealed(version, wrapper.wrap(data_key, _wrap_data(context, version), version), sealed.ciphertext)


def _content_data(context: Context) -> bytes:
    return _joined(b"idverify record 1", *_fields(context))


def _wrap_data(context: Context, key_version: str) -> bytes:
    return _joined(b"idverify data key 1", *_fields(context), key_version.encode())


def _fields(context: Context) -> tuple[bytes, ...]:
    names = (context.deployment, context.subject_id, context.kind, context.model_digest, str(context.row_version))
    return tuple(name.encode() for name in names)


def _joined(*parts: bytes) -> bytes:
    """Each part after its length in four bytes, so that no two lists of parts give the same string."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
