"""Status lists and their entries, as rows. An index belongs to one credential for good; its row outlives the credential."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from idverify.store.tables import status_entries, status_lists


@dataclass(frozen=True, slots=True)
class ListRow:
    """One list. number: random. taken: indexes handed out, ever. version: one more with each change of a status.

    base: packed statuses of the indexes without a row; None: all of them valid.
    """

    number: int
    bits: int
    taken: int
    version: int
    open: bool
    base: bytes | None
    created_at: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What one index stands for. status: 0 valid, 1 revoked, 2 suspended. Times are seconds since the epoch."""

    number: int
    index: int
    status: int
    credential_id: str | None
    subject_id: str | None
    type_name: str | None
    issued_at: float
    expires_at: float


_COLUMNS = tuple(field.name for field in fields(Entry))  # `asdict` copies each value, thirty times a batch


@dataclass(frozen=True, slots=True)
class Chosen:
    """Living entries: of a credential, of a subject, of a type, or of what fits all that are named."""

    now: float
    credential_id: str | None = None
    subject_id: str | None = None
    type_name: str | None = None

    @property
    def where(self) -> list[ColumnElement[bool]]:
        """The same as conditions."""
        named = {
            status_entries.c.credential_id: self.credential_id,
            status_entries.c.subject_id: self.subject_id,
            status_entries.c.type_name: self.type_name,
        }
        conditions = [column == value for column, value in named.items() if value is not None]
        return [*conditions, status_entries.c.credential_id.is_not(None), status_entries.c.expires_at > self.now]


@dataclass(frozen=True, slots=True)
class Group:
    """The living copies of one credential that have one status."""

    credential_id: str
    subject_id: str
    type_name: str
    status: int
    copies: int
    issued_at: float
    expires_at: float


def add_list(tx: Connection, row: ListRow) -> None:
    """Write a new list."""
    tx.execute(insert(status_lists).values(**asdict(row)))


def lists(tx: Connection) -> list[ListRow]:
    """Every list without its base, by number."""
    columns = [column for column in status_lists.c if column is not status_lists.c.base]
    return [_list(row, None) for row in tx.execute(select(*columns).order_by(status_lists.c.number))]


def open_lists(tx: Connection, bits: int) -> list[ListRow]:
    """The lists of that many bits that hand out indexes, by number."""
    chosen = select(status_lists).where(status_lists.c.open, status_lists.c.bits == bits)
    return [_list(row, row.base) for row in tx.execute(chosen.order_by(status_lists.c.number))]


def get_list(tx: Connection, number: int) -> ListRow | None:
    """The list of that number."""
    row = tx.execute(select(status_lists).where(status_lists.c.number == number)).one_or_none()
    return None if row is None else _list(row, row.base)


def version(tx: Connection, number: int) -> int | None:
    """The version of the list of that number."""
    found: int | None = tx.scalar(select(status_lists.c.version).where(status_lists.c.number == number))
    return found


def taken_among(tx: Connection, number: int, indexes: Collection[int]) -> set[int]:
    """Those of the indexes that were handed out."""
    here = status_entries.c.number == number
    return set(tx.scalars(select(status_entries.c.index).where(here, status_entries.c.index.in_(indexes))))


def add(tx: Connection, entries: list[Entry], *, full_at: int) -> None:
    """Write entries of one list, at least one; the list closes when it has handed out `full_at` indexes."""
    tx.execute(insert(status_entries), [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries])
    taken = status_lists.c.taken + len(entries)
    found = update(status_lists).where(status_lists.c.number == entries[0].number)
    tx.execute(found.values(taken=taken, open=status_lists.c.open & (taken < full_at)))


def exceptions(tx: Connection, number: int) -> list[tuple[int, int]]:
    """Index and status of every entry of the list that is not valid, by index."""
    chosen = select(status_entries.c.index, status_entries.c.status).where(
        status_entries.c.number == number, status_entries.c.status > 0
    )
    return [(index, status) for index, status in tx.execute(chosen.order_by(status_entries.c.index))]


def indexes(tx: Connection, number: int) -> list[int]:
    """Every index of the list that was handed out."""
    return list(tx.scalars(select(status_entries.c.index).where(status_entries.c.number == number)))


def subject_of(tx: Connection, number: int, index: int) -> str | None:
    """Whose credential stands at that index, while it lives."""
    here = (status_entries.c.number == number) & (status_entries.c.index == index)
    return tx.scalar(select(status_entries.c.subject_id).where(here))


def type_names(tx: Connection, subject_id: str) -> frozenset[str]:
    """Names of the types of which the subject has, or had until lately, a copy."""
    names = select(status_entries.c.type_name).where(status_entries.c.subject_id == subject_id).distinct()
    return frozenset(one for one in tx.scalars(names) if one is not None)


def states(tx: Connection, chosen: Chosen) -> dict[tuple[str, int, int], int]:
    """How many of the chosen entries there are by type name, bits of the list, and status."""
    columns = status_entries.c.type_name, status_lists.c.bits, status_entries.c.status
    counted = select(*columns, func.count()).join(status_lists).where(*chosen.where).group_by(*columns)
    return {(name, bits, status): number for name, bits, status, number in tx.execute(counted)}


def change(tx: Connection, chosen: Chosen, *, among: Collection[int], to: int) -> int:
    """Give a new status to the chosen entries that have one among those, and their lists a new version; how many."""
    conditions = [*chosen.where, status_entries.c.status.in_(among)]
    touched = list(tx.scalars(select(status_entries.c.number).where(*conditions).distinct()))
    changed = tx.execute(update(status_entries).where(*conditions).values(status=to)).rowcount
    found = update(status_lists).where(status_lists.c.number.in_(touched))
    tx.execute(found.values(version=status_lists.c.version + 1))
    return changed


def groups(tx: Connection, chosen: Chosen, *, limit: int) -> list[Group]:
    """Up to `limit` groups among the chosen, newest first."""
    by = (
        status_entries.c.credential_id,
        status_entries.c.subject_id,
        status_entries.c.type_name,
        status_entries.c.status,
    )
    facts = func.count(), func.max(status_entries.c.issued_at).label("newest"), func.max(status_entries.c.expires_at)
    counted = select(*by, *facts).where(*chosen.where).group_by(*by)
    ordered = counted.order_by(facts[1].desc(), status_entries.c.credential_id, status_entries.c.status).limit(limit)
    return [Group(*row) for row in tx.execute(ordered)]


def forget_expired(tx: Connection, before: float) -> int:
    """Let entries that expired before no longer say whose they were; how many. Closed lists with nothing else are dropped.

    Index and status stay until the whole list goes, so that no index stands for two credentials.
    """
    over = status_entries.c.expires_at < before
    named = update(status_entries).where(over, status_entries.c.credential_id.is_not(None))
    forgotten = tx.execute(named.values(credential_id=None, subject_id=None, type_name=None)).rowcount
    living = exists().where(status_entries.c.number == status_lists.c.number, status_entries.c.expires_at >= before)
    done = list(tx.scalars(select(status_lists.c.number).where(~status_lists.c.open, ~living)))
    tx.execute(delete(status_entries).where(status_entries.c.number.in_(done)))
    tx.execute(delete(status_lists).where(status_lists.c.number.in_(done)))
    return forgotten


def close(tx: Connection, number: int, base: bytes) -> None:
    """Hand out no index of the list any more, and let those that never were have the statuses of `base`."""
    found = update(status_lists).where(status_lists.c.number == number)
    tx.execute(found.values(open=False, base=base, version=status_lists.c.version + 1))


def _list(row: Any, base: bytes | None) -> ListRow:
    return ListRow(row.number, row.bits, row.taken, row.version, row.open, base and bytes(base), row.created_at)
