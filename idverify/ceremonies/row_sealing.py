"""Sealing a row that lives for minutes or months and is read and written whole: JSON under a key of the installation's.

AES-256-GCM under a key derived from secrets.client_keys for one use, bound to the deployment and to whatever the caller names:
a writer to the database can neither change a row nor put one in another's place.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.ceremonies import Vault
from idverify.errors import RecordTampered

_NONCE_BYTES = 12


def seal_row(vault: Vault, use: str, content: Mapping[str, Any], *bound_to: str) -> bytes:
    """The content, sealed. use: what for, one key each. bound_to: texts without a line feed."""
    nonce = vault.random_bytes(_NONCE_BYTES)
    return nonce + _cipher(vault, use).encrypt(nonce, json.dumps(dict(content)).encode(), _associated(vault, bound_to))


def open_row(vault: Vault, use: str, sealed: bytes, *bound_to: str) -> dict[str, Any]:
    """The inverse of `seal_row`. Raises RecordTampered."""
    try:
        content = _cipher(vault, use).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _associated(vault, bound_to))
    except (InvalidTag, ValueError):
        raise RecordTampered(f"the row of a {use} did not open: altered, or of another row") from None
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def _cipher(vault: Vault, use: str) -> AESGCM:
    return AESGCM(hmac.digest(vault.secrets.client_keys, f"row\x00{use}".encode(), hashlib.sha256))


def _associated(vault: Vault, bound_to: tuple[str, ...]) -> bytes:
    return "\n".join((vault.deployment, *bound_to)).encode()
