"""Nonces that cost nothing until they are used: the time they end at, chance, and a MAC over both. Each is spent once.

Nobody who merely asks for one makes us write a row.
"""

import hashlib
import hmac

from idverify.ceremonies import Vault
from idverify.credentials.reading import exact_base64url
from idverify.errors import TokenInvalid
from idverify.keys.jwk import base64url
from idverify.store import Connection, spent

NONCE_SECONDS = 300
_CHANCE, _TAG = 16, 16
_TIME = 6


def new_nonce(vault: Vault, use: str) -> tuple[str, float]:
    """A nonce for that use, and when it ends (seconds since the epoch)."""
    ends = int(vault.now()) + NONCE_SECONDS
    content = ends.to_bytes(_TIME, "big") + vault.random_bytes(_CHANCE)
    return base64url(content + _tag(vault, use, content)), float(ends)


def is_ours(vault: Vault, use: str, nonce: str) -> bool:
    """Whether it was made here for that use, and has not ended."""
    content = _content(nonce)
    if content is None or not hmac.compare_digest(_tag(vault, use, content[:-_TAG]), content[-_TAG:]):
        return False
    return int.from_bytes(content[:_TIME], "big") > vault.now()


def spend_nonce(vault: Vault, tx: Connection, use: str, nonce: str) -> bool:
    """Use it up; False unless it is ours, has not ended, and was not used before."""
    if not is_ours(vault, use, nonce):
        return False
    digest = hashlib.sha256(f"nonce\n{use}\n{nonce}".encode()).hexdigest()
    return spent.spend(tx, digest, vault.now() + NONCE_SECONDS)


def _content(nonce: str) -> bytes | None:
    try:
        content = exact_base64url(nonce)
    except TokenInvalid:
        return None
    return content if len(content) == _TIME + _CHANCE + _TAG else None


def _tag(vault: Vault, use: str, content: bytes) -> bytes:
    message = f"nonce\x00{use}\x00".encode() + content
    return hmac.digest(vault.secrets.client_keys, message, hashlib.sha256)[:_TAG]
