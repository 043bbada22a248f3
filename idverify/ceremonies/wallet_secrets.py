"""The secrets that wallets hold: 256 random bits behind a prefix that says what they open; and what is kept of any secret."""

import hashlib
import re

from idverify.ceremonies import Vault
from idverify.keys.jwk import base64url

OFFER, CODE, ACCESS, REFRESH, REQUEST = "idvo_", "idvc_", "idva_", "idvr_", "idvp_"
_SANDBOX = "sandbox_"
_REST = f"({_SANDBOX})?[A-Za-z0-9_-]{{43}}"


def new_secret(vault: Vault, prefix: str) -> str:
    """A fresh one."""
    return spelled(vault, prefix, vault.random_bytes(32))


def spelled(vault: Vault, prefix: str, secret: bytes) -> str:
    """These 32 bytes as a secret of this installation."""
    mark = _SANDBOX if vault.environment == "sandbox" else ""
    return f"{prefix}{mark}{base64url(secret)}"


def is_secret(text: str, prefix: str) -> bool:
    """Whether the text has the form of a secret with that prefix; nothing else needs to reach the database."""
    return re.fullmatch(prefix + _REST, text) is not None


def is_of_sandbox(text: str) -> bool:
    """Whether the secret was made in the sandbox."""
    return text[len(OFFER) :].startswith(_SANDBOX)


def secret_hash(secret: str) -> str:
    """What is kept of a random secret of 256 bits, a wallet's or a live session's: its SHA-256, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()
