"""Subjects and their sealed records, as rows. Nothing here can open a record."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from idverify.errors import SubjectExists
from idverify.registry.sealing import Sealed
from idverify.store.tables import records, subjects


@dataclass(frozen=True, slots=True)
class Subject:
    """A row of the registry. After erasure it stays as a tombstone: the opaque id, two times, nothing else."""

    subject_id: str
    created_at: float
    erased_at: float | None


@dataclass(frozen=True, slots=True)
class Record:
    """One sealed record. kind: identifier, claims, portrait, template, `portrait:ID` or `document:TYPE`.

    model_digest: of a template's variant, else empty. row_version: 1, then one more each time the content is
    sealed anew; the audit chain says which one is current.
    """

    subject_id: str
    kind: str
    model_digest: str
    row_version: int
    sealed: Sealed


def add(tx: Connection, *, subject_id: str, lookup: str, at: float) -> None:
    """Make the subject. `lookup` is the HMAC of the caller's identifier. Raises SubjectExists; the transaction is then void."""
    try:
        tx.execute(insert(subjects).values(subject_id=subject_id, lookup=lookup, created_at=at))
    except IntegrityError:
        raise SubjectExists("this identifier is enrolled already") from None


def by_lookup(tx: Connection, lookup: str) -> str | None:
    """The id of the subject with that HMAC, unless erased."""
    return tx.scalar(select(subjects.c.subject_id).where(subjects.c.lookup == lookup))


def get(tx: Connection, subject_id: str) -> Subject | None:
    """The subject or its tombstone."""
    chosen = select(subjects.c.subject_id, subjects.c.created_at, subjects.c.erased_at).where(
        subjects.c.subject_id == subject_id
    )
    row = tx.execute(chosen).one_or_none()
    return None if row is None else Subject(*row)


def count(tx: Connection) -> int:
    """How many subjects are enrolled, tombstones not counted."""
    return tx.scalar(select(func.count()).select_from(subjects).where(subjects.c.erased_at.is_(None))) or 0


def put(tx: Connection, record: Record) -> None:
    """Write the record in place of the one of its kind, if any."""
    key = (records.c.subject_id == record.subject_id) & (records.c.kind == record.kind)
    tx.execute(delete(records).where(key))
    tx.execute(
        insert(records).values(
            subject_id=record.subject_id,
            kind=record.kind,
            model_digest=record.model_digest,
            row_version=record.row_version,
            key_version=record.sealed.key_version,
            wrapped_key=record.sealed.wrapped_key,
            ciphertext=record.sealed.ciphertext,
        )
    )


def remove(tx: Connection, subject_id: str, kind: str) -> None:
    """Delete the record of that kind, and with it its data key."""
    tx.execute(delete(records).where(records.c.subject_id == subject_id, records.c.kind == kind))


def records_of(tx: Connection, subject_id: str, *kinds: str) -> dict[str, Record]:
    """The subject's records by kind: those named, or all."""
    wanted = select(records).where(records.c.subject_id == subject_id)
    if kinds:
        wanted = wanted.where(records.c.kind.in_(kinds))
    return {row.kind: _record(row) for row in tx.execute(wanted)}


def erase(tx: Connection, subject_id: str, at: float) -> None:
    """Delete the subject's records, and with them their data keys, and leave a tombstone."""
    tx.execute(delete(records).where(records.c.subject_id == subject_id))
    tx.execute(update(subjects).where(subjects.c.subject_id == subject_id).values(lookup=None, erased_at=at))


def with_other_model(tx: Connection, model_digest: str, *, after: str, limit: int) -> list[str]:
    """Ids, in order and after that one, of up to `limit` subjects whose template belongs to another model."""
    chosen = select(records.c.subject_id).where(records.c.kind == "template", records.c.model_digest != model_digest)
    return list(tx.scalars(chosen.where(records.c.subject_id > after).order_by(records.c.subject_id).limit(limit)))


def count_with_other_model(tx: Connection, model_digest: str) -> int:
    """How many templates belong to another model."""
    chosen = select(func.count()).select_from(records)
    return tx.scalar(chosen.where(records.c.kind == "template", records.c.model_digest != model_digest)) or 0


def under_other_key(tx: Connection, key_version: str, limit: int) -> list[Record]:
    """Up to `limit` records whose data key is wrapped under another version than this, without their ciphertext.

    Portraits may be 10 MiB each, and wrapping anew touches the data key alone.
    """
    columns = [column for column in records.c if column is not records.c.ciphertext]
    chosen = select(*columns, literal(b"").label("ciphertext")).where(records.c.key_version != key_version).limit(limit)
    return [_record(row) for row in tx.execute(chosen)]


def count_under_other_key(tx: Connection, key_version: str) -> int:
    """How many records have their data key wrapped under another version than this."""
    return tx.scalar(select(func.count()).select_from(records).where(records.c.key_version != key_version)) or 0


def replace_key(tx: Connection, record: Record) -> None:
    """Write the record's wrapped data key and its version; the ciphertext stays."""
    key = (records.c.subject_id == record.subject_id) & (records.c.kind == record.kind)
    values = {"key_version": record.sealed.key_version, "wrapped_key": record.sealed.wrapped_key}
    tx.execute(update(records).where(key).values(values))


def _record(row: Any) -> Record:
    sealed = Sealed(row.key_version, bytes(row.wrapped_key), bytes(row.ciphertext))
    return Record(row.subject_id, row.kind, row.model_digest, row.row_version, sealed)
