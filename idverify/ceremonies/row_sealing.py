"""Sealing a value of a row that lives for minutes or months: AES-256-GCM under a key of the installation's, one for each use.

::

    sealed = nonce (12 bytes) || AES-256-GCM(key, nonce, content, associated data)
    key = HMAC-SHA-256(secrets.client_keys, label of the use)
    associated data = the deployment (where the use says so) and the row's own names, joined by line feeds, which none contains

A writer to the database can neither change a value nor put one in another's place: the label tells tables apart, the associated
data rows. Putting back an older value of the same row is not prevented. The secrets outlive rotations of the KEK, so no row is
sealed anew.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.ceremonies import Vault
from idverify.errors import RecordTampered

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Use:
    """What is sealed. label: of its key, never used twice, never changed. of_deployment: whether it is bound to it too."""

    name: str
    label: bytes
    of_deployment: bool = True


OFFER_ROW = Use("credential offer", b"row\x00credential offer")
GRANT_ROW = Use("credential grant", b"row\x00credential grant")
REQUEST_ROW = Use("presentation request", b"row\x00presentation request")
SESSION_ROW = Use("live session", b"live session")
"""Its record, and the frames that a reviewer sees; what is bound begins with the word for which."""
WEBHOOK_SECRET = Use("webhook", b"webhook\x00secret", of_deployment=False)
STORED_ANSWER = Use("stored answer", b"idempotency\x00stored answer", of_deployment=False)


def seal(vault: Vault, use: Use, content: bytes, *bound_to: str) -> bytes:
    """The content, sealed. bound_to: texts without a line feed that name the row."""
    nonce = vault.random_bytes(_NONCE_BYTES)
    return nonce + _cipher(vault, use).encrypt(nonce, content, _associated(vault, use, bound_to))


def unseal(vault: Vault, use: Use, sealed: bytes, *bound_to: str) -> bytes:
    """The inverse of `seal`. Raises RecordTampered."""
    try:
        return _cipher(vault, use).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _associated(vault, use, bound_to))
    except (InvalidTag, ValueError):
        raise RecordTampered(f"the row of a {use.name} did not open: altered, or of another row") from None


def seal_row(vault: Vault, use: Use, content: Mapping[str, Any], *bound_to: str) -> bytes:
    """A row that is read and written whole, as JSON, sealed."""
    return seal(vault, use, json.dumps(dict(content)).encode(), *bound_to)


def open_row(vault: Vault, use: Use, sealed: bytes, *bound_to: str) -> dict[str, Any]:
    """The inverse of `seal_row`. Raises RecordTampered."""
    parsed: dict[str, Any] = json.loads(unseal(vault, use, sealed, *bound_to))
    return parsed


def _cipher(vault: Vault, use: Use) -> AESGCM:
    return AESGCM(hmac.digest(vault.secrets.client_keys, use.label, hashlib.sha256))


def _associated(vault: Vault, use: Use, bound_to: tuple[str, ...]) -> bytes:
    return "\n".join((vault.deployment, *bound_to) if use.of_deployment else bound_to).encode()
