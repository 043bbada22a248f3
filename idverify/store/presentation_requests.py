"""Requests for presentations while they last. Who reads the rows can neither answer one nor read an answer."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from idverify.store.tables import presentation_requests as table


@dataclass(frozen=True, slots=True)
class Row:
    """One request. client_id: who asked. expires_at: seconds since the epoch."""

    request_hash: str
    client_id: str
    expires_at: float
    sealed: bytes


def add(tx: Connection, row: Row) -> None:
    """Write a new request."""
    tx.execute(insert(table).values(**asdict(row)))


def by_hash(tx: Connection, request_hash: str) -> Row | None:
    """The request whose id has that hash."""
    found = tx.execute(select(table).where(table.c.request_hash == request_hash)).one_or_none()
    return None if found is None else Row(*found)


def replace(tx: Connection, row: Row) -> None:
    """Put the row in the place of its earlier self. In the writer's transaction: nobody else writes meanwhile."""
    tx.execute(update(table).where(table.c.request_hash == row.request_hash).values(**asdict(row)))


def purge(tx: Connection, before: float) -> int:
    """Delete the requests that expired before; how many there were."""
    return tx.execute(delete(table).where(table.c.expires_at < before)).rowcount
