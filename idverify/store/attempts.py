"""Attempts, one row each. They carry no outcome: what is limited is trying."""

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from idverify.store.tables import attempts


def record(
    tx: Connection, *, attempt_id: str, client_id: str, subject_id: str | None, at: float, session_id: str | None = None
) -> None:
    """Write one attempt. subject_id None: the caller sent the reference along, so there is no subject to protect.

    session_id: of an attempt at a live session; those are counted apart.
    """
    row = {"attempt_id": attempt_id, "client_id": client_id, "subject_id": subject_id, "at": at, "session_id": session_id}
    tx.execute(insert(attempts).values(**row))


def credit(tx: Connection, attempt_id: str) -> None:
    """Give one attempt back, if it is still there."""
    tx.execute(delete(attempts).where(attempts.c.attempt_id == attempt_id))


def live(tx: Connection, *, subject_id: str, since: float) -> list[float]:
    """Times of the attempts at live sessions of the subject after `since`, by all clients, oldest first."""
    chosen = select(attempts.c.at).where(
        attempts.c.subject_id == subject_id, attempts.c.at > since, attempts.c.session_id.is_not(None)
    )
    return list(tx.scalars(chosen.order_by(attempts.c.at)))


def count(tx: Connection, *, subject_id: str, client_id: str | None, since: float) -> int:
    """Attempts on the subject with one photograph after `since`, by that client or (None) by all."""
    return tx.scalar(select(func.count()).select_from(attempts).where(*_within(subject_id, client_id, since))) or 0


def oldest(tx: Connection, *, subject_id: str, client_id: str | None, since: float) -> float | None:
    """Time of the oldest of those attempts."""
    found: float | None = tx.scalar(select(func.min(attempts.c.at)).where(*_within(subject_id, client_id, since)))
    return found


def purge(tx: Connection, before: float) -> int:
    """Delete the attempts older than `before`; how many there were."""
    return tx.execute(delete(attempts).where(attempts.c.at < before)).rowcount


def _within(subject_id: str, client_id: str | None, since: float) -> list[ColumnElement[bool]]:
    conditions = [attempts.c.subject_id == subject_id, attempts.c.at > since, attempts.c.session_id.is_(None)]
    return conditions if client_id is None else [*conditions, attempts.c.client_id == client_id]
