"""The installation's symmetric secrets, kept wrapped under the KEK in `secrets.json` (0600) and open only in memory.

They outlive every KEK: rotation re-wraps them and never changes them, because an audit MAC, a look-up or a pairwise subject
made under another secret would no longer be found.
"""

import json
import os
from base64 import urlsafe_b64decode
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from idverify.errors import KeyUnavailable
from idverify.keys import Wrapper
from idverify.keys.jwk import base64url
from idverify.keys.private_files import locked, make_private_folder, read_private, replace_private

FILE = "secrets.json"
_FORMAT = "idverify-secrets-1"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """32 random bytes each, independent of each other.

    audit: MAC of the audit chain. lookup: HMAC of callers' identifiers. pairwise: HMAC that makes a subject's name for one
    audience. client_keys: HMAC of the clients' API keys; under labels of their own also of nonces, of pre-authorised codes, and
    of the keys that rows are sealed with (sessions, offers, grants, webhooks, kept answers).
    """

    audit: bytes
    lookup: bytes
    pairwise: bytes
    client_keys: bytes

    def __post_init__(self) -> None:
        if any(len(getattr(self, name)) != SECRET_BYTES for name in NAMES):
            raise KeyUnavailable("a secret is not 32 bytes long")

    def __repr__(self) -> str:
        return "Secrets(...)"


NAMES = tuple(field.name for field in fields(Secrets))


def load_or_create(folder: Path, wrapper: Wrapper) -> Secrets:
    """The secrets of the folder, made on first start. Raises KeyUnavailable, RecordTampered."""
    make_private_folder(folder)
    with locked(folder):
        if (folder / FILE).exists():
            return load(folder, wrapper)
        secrets = Secrets(**{name: os.urandom(SECRET_BYTES) for name in NAMES})
        _save(folder, secrets, wrapper)
        return secrets


def load(folder: Path, wrapper: Wrapper) -> Secrets:
    """The secrets of the folder. Raises KeyUnavailable when they are missing or their KEK version is, RecordTampered."""
    version, wrapped = _read(folder)
    return Secrets(**{name: wrapper.unwrap(wrapped[name], _bound_to(name), version) for name in NAMES})


def rewrap(folder: Path, wrapper: Wrapper) -> bool:
    """Wrap the secrets under the newest KEK version, atomically; False when they are already. Safe to repeat after a crash.

    Raises KeyUnavailable, RecordTampered; the old file then stands.
    """
    with locked(folder):
        version, _ = _read(folder)
        if version == wrapper.version:
            return False
        _save(folder, load(folder, wrapper), wrapper)
        return True


def _save(folder: Path, secrets: Secrets, wrapper: Wrapper) -> None:
    version = wrapper.version
    wrapped = {name: base64url(wrapper.wrap(getattr(secrets, name), _bound_to(name), version)) for name in NAMES}
    content = {"format": _FORMAT, "kek_version": version, "wrapped": wrapped}
    replace_private(folder / FILE, (json.dumps(content, indent=2) + "\n").encode("ascii"))


def _read(folder: Path) -> tuple[str, dict[str, bytes]]:
    content = read_private(folder / FILE)
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        parsed: dict[str, Any] = json.loads(content)
        if parsed["format"] == _FORMAT:
            wrapped = {name: urlsafe_b64decode(parsed["wrapped"][name] + "==") for name in NAMES}
            return str(parsed["kek_version"]), wrapped
    raise KeyUnavailable(f"{folder / FILE} is damaged: restore it from a backup")


def _bound_to(name: str) -> bytes:
    return f"{_FORMAT}:{name}".encode("ascii")
