"""Live sessions while they last, and the frames that await a reviewer. What a row says of a person is sealed."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from idverify.store.tables import kept_frames, sessions


@dataclass(frozen=True, slots=True)
class Row:
    """One session. due_at: when the clock alone ends its state; None in a final one. version: 1 or more."""

    session_id: str
    client_id: str
    subject_id: str | None
    state: str
    due_at: float | None
    ended_at: float | None
    version: int
    sealed: bytes


def add(tx: Connection, row: Row) -> None:
    """Write a new session."""
    tx.execute(insert(sessions).values(**asdict(row)))


def get(tx: Connection, session_id: str) -> Row | None:
    """The session of that id."""
    row = tx.execute(select(sessions).where(sessions.c.session_id == session_id)).one_or_none()
    return None if row is None else _row(row)


def replace(tx: Connection, row: Row, expected: int) -> bool:
    """Put the row in the place of its version `expected`; False when that is not the current one."""
    found = update(sessions).where(sessions.c.session_id == row.session_id, sessions.c.version == expected)
    return tx.execute(found.values(**asdict(row))).rowcount == 1


def due(tx: Connection, now: float, limit: int = 100) -> list[str]:
    """Ids of up to `limit` sessions whose state the clock ends."""
    chosen = select(sessions.c.session_id).where(sessions.c.due_at <= now).order_by(sessions.c.due_at).limit(limit)
    return list(tx.scalars(chosen))


def erase_those_of(tx: Connection, subject_id: str) -> None:
    """Delete the subject's sessions, whatever their state, and the frames kept of them."""
    theirs = select(sessions.c.session_id).where(sessions.c.subject_id == subject_id)
    tx.execute(delete(kept_frames).where(kept_frames.c.session_id.in_(theirs)))
    tx.execute(delete(sessions).where(sessions.c.subject_id == subject_id))


def in_state(tx: Connection, state: str, limit: int = 1000) -> list[str]:
    """Ids of up to `limit` sessions in that state, the one that is due first in front."""
    chosen = select(sessions.c.session_id).where(sessions.c.state == state).order_by(sessions.c.due_at).limit(limit)
    return list(tx.scalars(chosen))


def purge(tx: Connection, before: float) -> int:
    """Delete the sessions that ended before; how many there were."""
    return tx.execute(delete(sessions).where(sessions.c.ended_at < before)).rowcount


def keep_frame(tx: Connection, session_id: str, number: int, sealed: bytes) -> None:
    """Keep one sealed frame for a reviewer."""
    tx.execute(insert(kept_frames).values(session_id=session_id, number=number, sealed=sealed))


def frames_of(tx: Connection, session_id: str) -> list[tuple[int, bytes]]:
    """The session's kept frames, by number."""
    chosen = select(kept_frames).where(kept_frames.c.session_id == session_id).order_by(kept_frames.c.number)
    return [(row.number, row.sealed) for row in tx.execute(chosen)]


def delete_frames(tx: Connection, session_id: str) -> None:
    """Destroy the session's kept frames."""
    tx.execute(delete(kept_frames).where(kept_frames.c.session_id == session_id))


def _row(row: Any) -> Row:
    return Row(row.session_id, row.client_id, row.subject_id, row.state, row.due_at, row.ended_at, row.version, row.sealed)
