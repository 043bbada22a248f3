"""The index of references in a file, sealed under the key-encryption key: what lets a start skip opening every record.

The database is the source of truth. The file says up to which event of the audit chain it goes, and whoever loads it applies
the events since: an older file, put back, costs time and nothing else. One that does not open, belongs to another installation
or model, or names an event that the chain does not hold, is not used at all.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.sealed_stream import Kind, read_facts, read_pieces, write_sealed
from idverify.errors import InvalidInput, RecordTampered, StoreUnavailable
from idverify.keys.private_files import locked, make_private_folder
from idverify.registry.gallery import Gallery, bytes_each
from idverify.store import audit

KIND: Final = Kind("idverify-gallery-1", b"idverify gallery data key 1", "gallery file")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the audit chain: an event's number and its hash. Two chains that agree there agree on all before."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The references as they were once the event at `position` had been applied."""

    gallery: Gallery
    position: Position


def write_snapshot(vault: Vault, path: Path, snapshot: Snapshot, *, model_digest: str, dimension: int) -> bool:
    """Put the snapshot in place of the file before, unless somebody in it was erased meanwhile, or a portrait; whether it was.

    The erasing process drops the file under the same lock after it has committed, so one of the two sees the other. Raises
    KeyUnavailable, StoreUnavailable.
    """
    facts: dict[str, str | int] = {
        "deployment": vault.deployment,
        "model_digest": model_digest,
        "dimension": dimension,
        "references": len(snapshot.gallery),
        "seq": snapshot.position.seq,
        "hash": snapshot.position.hash,
    }
    key, prefix = vault.random_bytes(32), vault.random_bytes(7)
    make_private_folder(path.parent)
    partial = path.with_name(path.name + ".new")
    with locked(path.parent):
        try:
            partial.unlink(missing_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
                write_sealed(out, snapshot.gallery.pieces(), vault.wrapper, data_key=key, prefix=prefix, kind=KIND, facts=facts)
                out.flush()
                os.fsync(out.fileno())
            with vault.store.reading() as tx:
                current = not audit.happened_since(tx, snapshot.position.seq, Event.SUBJECT_ERASED, Event.PORTRAIT_REMOVED)
            if current:
                partial.replace(path)
        except OSError as error:
            raise StoreUnavailable(f"the gallery file cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    return current


def read_snapshot(vault: Vault, path: Path, *, model_digest: str, dimension: int) -> Snapshot:
    """The snapshot in the file, which holds for this installation and model.

    Raises FileNotFoundError; InvalidInput when it is none or another's, RecordTampered, KeyUnavailable.
    """
    with path.open("rb") as source:
        facts, header = read_facts(source, KIND)
        belongs_to = facts.get("deployment"), facts.get("model_digest"), facts.get("dimension")
        if belongs_to != (vault.deployment, model_digest, dimension):
            raise InvalidInput("the gallery file belongs to another installation or model")
        buffer = _content(source, header, vault)
    if len(buffer) != facts.get("references", 0) * bytes_each(dimension):
        raise RecordTampered("the gallery file has another length than it says")
    return Snapshot(Gallery.from_buffer(buffer, dimension), Position(facts["seq"], facts["hash"]))


def drop_snapshot(path: Path | None) -> None:
    """Remove the file, if there is one. Raises StoreUnavailable when it cannot be removed: then remove it by hand."""
    if path is None or not path.parent.exists():
        return
    with locked(path.parent):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{path} must go and cannot be removed: {error.strerror}") from error


def _content(source: BinaryIO, header: bytes, vault: Vault) -> bytearray:
    buffer = bytearray()
    for piece in read_pieces(source, header, vault.wrapper, KIND):
        buffer += piece
    return buffer
