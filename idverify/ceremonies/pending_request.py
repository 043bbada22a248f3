"""What was asked of the root and not answered yet, kept in `pending-request.json` (0600) in the folder of keys until it is.

There is one at a time: a newer request takes the place of the older, whose answer then counts no more.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from idverify.ceremonies import Vault
from idverify.errors import InvalidInput, KeyUnavailable
from idverify.keys.certificate_request import CertificateRequest, pem_of, read_pem
from idverify.keys.private_files import locked, read_private, replace_private

FILE = "pending-request.json"
_FORMAT = "idverify-pending-request-1"


@dataclass(frozen=True, slots=True)
class Pending:
    """root: SHA-256, hex, of the certificate that the answer must be under. replace: the answer destroys older ones."""

    root: str
    replace: bool
    requests: tuple[CertificateRequest, ...]


def keep(vault: Vault, pending: Pending) -> None:
    """In the place of an older one. Raises KeyUnavailable."""
    path = _path(vault)
    content = {
        "format": _FORMAT,
        "root": pending.root,
        "replace": pending.replace,
        "requests": pem_of(pending.requests).decode("ascii"),
    }
    with locked(path.parent):
        replace_private(path, (json.dumps(content, indent=2) + "\n").encode("ascii"))


def pending(vault: Vault) -> Pending:
    """What waits for its answer. Raises InvalidInput where nothing does, KeyUnavailable."""
    path = _path(vault)
    if not path.exists():
        raise InvalidInput("no request is pending here: `idverify pki request` makes one")
    content = read_private(path)
    with suppress(ValueError, TypeError, KeyError, RecursionError, AttributeError, InvalidInput):
        parsed = json.loads(content)
        if parsed["format"] == _FORMAT and isinstance(parsed["replace"], bool):
            return Pending(str(parsed["root"]), parsed["replace"], read_pem(parsed["requests"].encode("ascii")))
    raise KeyUnavailable(f"{path} is damaged: delete it, and make another request")


def forget(vault: Vault) -> None:
    """Nothing is pending any more. Raises KeyUnavailable."""
    try:
        _path(vault).unlink(missing_ok=True)
    except OSError as error:
        raise KeyUnavailable(f"cannot delete {_path(vault)}: {error.strerror}") from None


def _path(vault: Vault) -> Path:
    return vault.credential_keys.folder.parent / FILE
