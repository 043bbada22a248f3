"""The audit chain, as rows. An event is written in the transaction of what it records, or neither is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from idverify.audit.chain import JSON, Entry, authentic, canonical, link
from idverify.audit.events import NAMES_VERSIONS, Event
from idverify.errors import AuditBroken
from idverify.store.tables import audit_events

BATCH = 1000
BEFORE_ALL = -(2**63)


@dataclass(frozen=True, slots=True)
class Change:
    """An event that changed a subject's records: its number and hash in the chain, and the subject."""

    seq: int
    hash: str
    subject_id: str


def append(
    tx: Connection,
    key: bytes,
    event: Event,
    *,
    at: float,
    actor: str,
    subject_id: str | None,
    details: dict[str, JSON],
) -> None:
    """Add the event to the end of the chain. `tx` is a write transaction: its lock is what keeps the chain from forking.

    details: nothing that names a person. Raises AuditBroken when the last event was not written under this key: building on it
    would give a forged end a genuine successor.
    """
    last = head(tx)
    if last is not None and not authentic(key, last):
        raise AuditBroken("the last audit event was altered, or written under another key: run `idverify audit verify`")
    new = link(key, last, at=at, actor=actor, event=event, subject_id=subject_id, details=details)
    tx.execute(
        insert(audit_events).values(
            seq=new.seq,
            at=new.at,
            actor=new.actor,
            event=new.event,
            subject_id=new.subject_id,
            details=canonical(new.details),
            previous=new.previous,
            hash=new.hash,
        )
    )


def head(tx: Connection) -> Entry | None:
    """The last event."""
    row = tx.execute(select(audit_events).order_by(audit_events.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row)


def entry(tx: Connection, seq: int) -> Entry | None:
    """The event of that number."""
    row = tx.execute(select(audit_events).where(audit_events.c.seq == seq)).one_or_none()
    return None if row is None else _entry(row)


def events(tx: Connection, after: int = BEFORE_ALL) -> Iterator[Entry]:
    """The events after that number, in order, read in batches; those that a forger numbered below 1 included."""
    while True:
        chosen = select(audit_events).where(audit_events.c.seq > after).order_by(audit_events.c.seq).limit(BATCH)
        rows = tx.execute(chosen).all()
        for row in rows:
            yield _entry(row)
        if len(rows) < BATCH:
            return
        after = rows[-1].seq


def newest_naming_versions(tx: Connection, subject_id: str) -> Entry | None:
    """The newest event that names the row versions of the subject's records."""
    about = (audit_events.c.subject_id == subject_id) & audit_events.c.event.in_(sorted(NAMES_VERSIONS))
    row = tx.execute(select(audit_events).where(about).order_by(audit_events.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else _entry(row)


def about(
    tx: Connection, subject_id: str, *kinds: Event, since: float, before: int | None, limit: int
) -> list[tuple[int, Entry]]:
    """The newest `limit` events of these kinds about the subject, newest first, of those since that time.

    Each with its number among all such events, oldest 1: it never changes, and says nothing of what lies between. before: only
    those numbered below it.
    """
    mine = (audit_events.c.subject_id == subject_id) & audit_events.c.event.in_(sorted(kinds))
    number = func.row_number().over(order_by=audit_events.c.seq).label("number")
    numbered = select(audit_events, number).where(mine).subquery()
    chosen = select(numbered).where(numbered.c.at >= since)
    if before is not None:
        chosen = chosen.where(numbered.c.number < before)
    return [(row.number, _entry(row)) for row in tx.execute(chosen.order_by(numbered.c.number.desc()).limit(limit))]


def changes(tx: Connection, after: int, limit: int) -> list[Change]:
    """Up to `limit` events after that number, in order, that name the row versions of some subject's records."""
    columns = audit_events.c.seq, audit_events.c.hash, audit_events.c.subject_id
    chosen = select(*columns).where(audit_events.c.event.in_(sorted(NAMES_VERSIONS)), audit_events.c.seq > after)
    return [Change(*row) for row in tx.execute(chosen.order_by(audit_events.c.seq).limit(limit))]


def happened_since(tx: Connection, after: int, *kinds: Event) -> bool:
    """Whether an event of these kinds has a number after that one."""
    chosen = select(audit_events.c.seq).where(audit_events.c.event.in_(sorted(kinds)), audit_events.c.seq > after)
    return tx.scalar(chosen.limit(1)) is not None


def of_kinds(tx: Connection, *kinds: Event) -> Iterator[Entry]:
    """The events of these kinds, in order."""
    chosen = select(audit_events).where(audit_events.c.event.in_(sorted(kinds))).order_by(audit_events.c.seq)
    for row in tx.execute(chosen.execution_options(yield_per=BATCH)):
        yield _entry(row)


def _entry(row: Any) -> Entry:
    try:
        details = json.loads(row.details)
        readable = canonical(details) == row.details
    except (ValueError, TypeError, RecursionError):
        readable = False
    if not readable:
        details = {"unreadable": str(row.details)}  # its hash will not fit, and the chain's check names the event
    return Entry(row.seq, row.at, row.actor, row.event, row.subject_id, details, row.previous, row.hash)
