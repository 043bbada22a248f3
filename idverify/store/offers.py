"""Credential offers while they last. Who reads the rows can neither fetch nor redeem one."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from idverify.store.tables import offers


@dataclass(frozen=True, slots=True)
class Row:
    """One offer. session_id: of the live session that it rests on; None where a registrar vouched. version: 1 or more."""

    offer_hash: str
    code_hash: str
    subject_id: str
    session_id: str | None
    expires_at: float
    version: int
    sealed: bytes


def add(tx: Connection, row: Row) -> None:
    """Write a new offer."""
    tx.execute(insert(offers).values(**asdict(row)))


def by_id(tx: Connection, offer_hash: str) -> Row | None:
    """The offer whose id has that hash."""
    return _row(tx.execute(select(offers).where(offers.c.offer_hash == offer_hash)).one_or_none())


def by_code(tx: Connection, code_hash: str) -> Row | None:
    """The offer whose code has that hash."""
    return _row(tx.execute(select(offers).where(offers.c.code_hash == code_hash)).one_or_none())


def of_session(tx: Connection, session_id: str) -> list[Row]:
    """The offers that rest on the session."""
    return [Row(*row) for row in tx.execute(select(offers).where(offers.c.session_id == session_id))]


def replace(tx: Connection, row: Row, expected: int) -> bool:
    """Put the row in the place of its version `expected`; False when that is not the current one."""
    found = update(offers).where(offers.c.offer_hash == row.offer_hash, offers.c.version == expected)
    return tx.execute(found.values(**asdict(row))).rowcount == 1


def remove(tx: Connection, offer_hash: str) -> None:
    """Delete the offer."""
    tx.execute(delete(offers).where(offers.c.offer_hash == offer_hash))


def erase_those_of(tx: Connection, subject_id: str) -> None:
    """Delete the subject's offers."""
    tx.execute(delete(offers).where(offers.c.subject_id == subject_id))


def purge(tx: Connection, before: float) -> int:
    """Delete the offers that expired before; how many there were."""
    return tx.execute(delete(offers).where(offers.c.expires_at < before)).rowcount


def _row(row: Any) -> Row | None:
    return None if row is None else Row(*row)
