"""One file that brings an installation back: every row of one moment, and the folder of its keys.

It is sealed under the key-encryption key, which it never contains: who finds a backup needs the KEK too, and a KEK version
that was destroyed takes the backups made under it along. The database's own sealing stays as it is inside.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.sealed_stream import read_sealed, write_sealed
from idverify.ceremonies.statuses import close_restored
from idverify.errors import ConfigurationInvalid, InvalidInput
from idverify.keys import Wrapper, secrets
from idverify.keys.private_files import create_private, read_private
from idverify.store import Connection, Store, audit, dump
from idverify.store.schema import revision


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds. rows: of all tables. files: of the folder of keys."""

    rows: int
    files: int


def make_backup(vault: Vault, keys_folder: Path, file: Path, *, actor: str) -> Summary:
    """Write a new backup; it is there whole or not at all, mode 0600, and never over an existing file.

    Raises InvalidInput when the file exists or cannot be written, KeyUnavailable, StoreUnavailable.
    """
    if not file.name:
        raise InvalidInput("name the file of the backup, not a folder")
    with vault.store.transaction() as tx:
        record_event(vault, tx, Event.BACKUP_MADE, actor=actor)
    partial = file.with_name(file.name + ".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as out, vault.store.reading() as tx:
                files = list(_key_files(keys_folder))
                key, prefix = vault.random_bytes(32), vault.random_bytes(7)
                lines = write_sealed(out, _lines(tx, files), vault.wrapper, data_key=key, prefix=prefix)
                out.flush()
                os.fsync(descriptor)
            os.link(partial, file)  # unlike a rename it never replaces
        finally:
            partial.unlink()
    except OSError as error:
        raise InvalidInput(f"the backup cannot be written: {error.strerror}") from error
    return Summary(lines - len(files) - 1, len(files))


def restore_backup(store: Store, wrapper: Wrapper, keys_folder: Path, file: Path, *, now: float, actor: str) -> Summary:
    """Bring an installation back, into an empty database and an empty folder of keys only. All of it or nothing.

    Status lists that were open hand out no index any more, and what they handed out since the backup is revoked.

    Raises InvalidInput when the file is no backup or cannot be read, ConfigurationInvalid when something is there already or
    the backup belongs to another version's schema, RecordTampered, KeyUnavailable, StoreUnavailable.
    """
    written: list[Path] = []
    try:
        with file.open("rb") as source, store.transaction() as tx:
            _require_empty(tx, keys_folder)
            rows, files = _restored_rows(tx, read_sealed(source, wrapper))
            close_restored(tx)
            for name, content in files.items():
                path = keys_folder / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                create_private(path, content)
                written.append(path)
            key = secrets.load(keys_folder, wrapper).audit
            audit.append(tx, key, Event.BACKUP_RESTORED, at=now, actor=actor, subject_id=None, details={"rows": rows})
    except BaseException as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        if isinstance(error, OSError):
            raise InvalidInput(f"the backup cannot be restored: {error.strerror}") from error
        raise
    return Summary(rows, len(files))


def _require_empty(tx: Connection, keys_folder: Path) -> None:
    if not dump.is_empty(tx):
        raise ConfigurationInvalid("the database is not empty: a backup is restored into an empty installation only")
    if any(path.is_file() for path in keys_folder.rglob("*")):
        raise ConfigurationInvalid(f"{keys_folder} is not empty: a backup is restored into an empty installation only")


def _lines(tx: Connection, files: list[tuple[str, bytes]]) -> Iterator[bytes]:
    yield _line({"schema": revision(tx)})
    for name, content in files:
        yield _line(["file", name, base64.b64encode(content).decode("ascii")])
    yield from dump.lines(tx)


def _line(value: object) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"


def _key_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), read_private(path)


def _restored_rows(tx: Connection, lines: Iterator[bytes]) -> tuple[int, dict[str, bytes]]:
    """Write the rows; hand back the key files, which are written once the whole stream has proved genuine."""
    first: Any = json.loads(next(lines, b"null"))
    schema = first.get("schema") if isinstance(first, dict) else None
    if schema != revision(tx):
        raise ConfigurationInvalid(f"the backup has schema {schema}: restore it with the version of idverify that made it")
    rows, files = 0, {}
    for line in lines:
        if line.startswith(b'["file"'):
            _, name, content = json.loads(line)
            files[_safe(name)] = base64.b64decode(content, validate=True)
        else:
            dump.write_line(tx, line)
            rows += 1
    return rows, files


def _safe(name: str) -> str:
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        raise InvalidInput("the backup names a file outside the folder of keys")
    return name
