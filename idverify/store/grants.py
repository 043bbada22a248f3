"""What wallets were granted: a row each, found by the hash of a token that the wallet alone has."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from idverify.store.tables import grants


@dataclass(frozen=True, slots=True)
class Row:
    """One grant. refresh_hash: None where nothing may be issued silently. expires_at: when nothing is issued on it any more."""

    grant_id: str
    access_hash: str
    refresh_hash: str | None
    subject_id: str
    expires_at: float
    version: int
    sealed: bytes


def add(tx: Connection, row: Row) -> None:
    """Write a new grant."""
    tx.execute(insert(grants).values(**asdict(row)))


def by_access(tx: Connection, access_hash: str) -> Row | None:
    """The grant whose newest access token has that hash."""
    return _row(tx.execute(select(grants).where(grants.c.access_hash == access_hash)).one_or_none())


def by_refresh(tx: Connection, refresh_hash: str) -> Row | None:
    """The grant whose refresh token has that hash."""
    return _row(tx.execute(select(grants).where(grants.c.refresh_hash == refresh_hash)).one_or_none())


def subject_of(tx: Connection, grant_id: str) -> str | None:
    """Whose grant it is."""
    return tx.scalar(select(grants.c.subject_id).where(grants.c.grant_id == grant_id))


def any_of(tx: Connection, subject_id: str) -> bool:
    """Whether the subject has a grant."""
    return tx.scalar(select(grants.c.grant_id).where(grants.c.subject_id == subject_id).limit(1)) is not None


def replace(tx: Connection, row: Row, expected: int) -> bool:
    """Put the row in the place of its version `expected`; False when that is not the current one."""
    found = update(grants).where(grants.c.grant_id == row.grant_id, grants.c.version == expected)
    return tx.execute(found.values(**asdict(row))).rowcount == 1


def erase_those_of(tx: Connection, subject_id: str) -> None:
    """Delete the subject's grants."""
    tx.execute(delete(grants).where(grants.c.subject_id == subject_id))


def purge(tx: Connection, before: float) -> int:
    """Delete the grants that ended before; how many there were."""
    return tx.execute(delete(grants).where(grants.c.expires_at < before)).rowcount


def _row(row: Any) -> Row | None:
    return None if row is None else Row(*row)
