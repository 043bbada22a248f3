"""The status of what was issued: an index for each copy of a credential, and changing what stands there.

An index is drawn at random from those that its list never handed out, so that neighbours tell nothing of each other and no
index ever stands for two credentials. A list that handed out half of its indexes is full: a draw then fails at most every
second time.
"""

from dataclasses import replace

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.standing import concerns_grants, note_standing
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.status_bits import ENTRIES, VALUES, pack, size_of
from idverify.credentials.status_reference import StatusReference, list_uri
from idverify.errors import InvalidInput
from idverify.store import Connection, statuses
from idverify.store.statuses import Chosen, Entry, Group, ListRow

FULL_AT = ENTRIES // 2
_EVENTS = {
    Status.VALID: Event.CREDENTIAL_REINSTATED,
    Status.REVOKED: Event.CREDENTIAL_REVOKED,
    Status.SUSPENDED: Event.CREDENTIAL_SUSPENDED,
}
_FROM = {Status.VALID: (2,), Status.REVOKED: (0, 2), Status.SUSPENDED: (0,)}
_MEANINGS = {value: status for status, value in VALUES.items()}


def allocate(
    vault: Vault,
    tx: Connection,
    *,
    credential_id: str,
    subject_id: str,
    type_name: str,
    bits: int,
    expires_at: float,
    count: int,
) -> list[StatusReference]:
    """Places for `count` copies of a credential (or slips of it), each valid from now on; in the transaction that issues them.

    credential_id: what it is revoked by; all copies share it. bits: of the type. expires_at: seconds since the epoch, of the
    copy that lives longest. Raises ValueError, StoreUnavailable.
    """
    if bits not in (1, 2) or not 1 <= count <= 1000:
        raise ValueError("a status has 1 or 2 bits, and up to 1000 copies are made at a time")
    now = vault.now()
    template = Entry(0, 0, 0, credential_id, subject_id, type_name, now, expires_at)
    places: list[StatusReference] = []
    while len(places) < count:
        found = next(iter(statuses.open_lists(tx, bits)), None) or _new_list(vault, tx, bits)
        drawn = _draw(vault, tx, found.number, min(count - len(places), FULL_AT - found.taken))
        statuses.add(tx, [replace(template, number=found.number, index=index) for index in drawn], full_at=FULL_AT)
        places += [StatusReference(list_uri(vault.issuer, found.number), index) for index in drawn]
    return places


def set_status(
    vault: Vault,
    *,
    actor: str,
    status: Status,
    credential_id: str | None = None,
    subject_id: str | None = None,
    type_name: str | None = None,
) -> int:
    """Revoke, suspend or reinstate every living copy of one credential, or of one subject's (of one type); how many changed.

    0 where all of them are in that state already. Revoked is for ever: only what is suspended is reinstated. All or nothing.
    Raises InvalidInput where nothing living fits, or some of it cannot be suspended or reinstated; StoreUnavailable.
    """
    if status not in _EVENTS:
        raise ValueError("a credential is made valid, revoked or suspended")
    if credential_id is None and subject_id is None:
        raise InvalidInput("name a credential or a subject")
    if type_name is not None and type_name not in credential_types():
        raise InvalidInput(f"types of credential are {', '.join(credential_types())}")
    chosen = Chosen(vault.now(), credential_id, subject_id, type_name)
    with vault.store.transaction() as tx:
        states = statuses.states(tx, chosen)
        if states or not concerns_grants(tx, credential_id=credential_id, subject_id=subject_id, type_name=type_name):
            _require_possible(states, status)
        owner = note_standing(vault, tx, status, credential_id=credential_id, subject_id=subject_id, type_name=type_name)
        if not states:
            _record(vault, tx, chosen, status, actor, owner, 0)
        return _change(vault, tx, chosen, status, actor)


def revoke_all_of(vault: Vault, tx: Connection, subject_id: str, *, actor: str) -> int:
    """Revoke whatever the subject has, in the transaction that erases it; how many copies. Raises StoreUnavailable."""
    return _change(vault, tx, Chosen(vault.now(), subject_id=subject_id), Status.REVOKED, actor)


def listed(
    vault: Vault, *, credential_id: str | None = None, subject_id: str | None = None, type_name: str | None = None, limit: int
) -> list[tuple[Group, Status]]:
    """Up to `limit` living credentials, newest first, with their status. One whose copies differ has a line for each status."""
    with vault.store.reading() as tx:
        found = statuses.groups(tx, Chosen(vault.now(), credential_id, subject_id, type_name), limit=limit)
    return [(group, _MEANINGS[group.status]) for group in found]


def close_restored(tx: Connection) -> int:
    """After a restore: no list of the backup hands out another index, and what it handed out since the backup is revoked.

    Of those credentials nothing is known any more, so nobody could ever revoke them. How many lists there were.
    """
    rows = [row for row in statuses.lists(tx) if row.open]
    for row in rows:
        every_one_revoked = bytes([0xFF if row.bits == 1 else 0x55]) * size_of(row.bits)
        base = pack(row.bits, ((index, 0) for index in statuses.indexes(tx, row.number)), every_one_revoked)
        statuses.close(tx, row.number, base)
    return len(rows)


def _new_list(vault: Vault, tx: Connection, bits: int) -> ListRow:
    """Its number is random: an installation that was restored cannot make a list that its lost part made before."""
    number = 0
    while number == 0 or statuses.get_list(tx, number) is not None:
        number = int.from_bytes(vault.random_bytes(4), "big") >> 1
    row = ListRow(number, bits, taken=0, version=1, open=True, base=None, created_at=vault.now())
    statuses.add_list(tx, row)
    return row


def _draw(vault: Vault, tx: Connection, number: int, count: int) -> list[int]:
    drawn: dict[int, None] = {}  # in the order of the draw: which copy stands where is as random as the rest
    while len(drawn) < count:
        random = vault.random_bytes(4 * (count - len(drawn)))
        indexes = [int.from_bytes(random[at : at + 4], "big") % ENTRIES for at in range(0, len(random), 4)]
        taken = statuses.taken_among(tx, number, indexes)
        drawn |= dict.fromkeys(index for index in indexes if index not in taken)
    return list(drawn)


def _require_possible(states: dict[tuple[str, int, int], int], status: Status) -> None:
    """Raises InvalidInput. states: copies by type, bits and status."""
    if not states:
        raise InvalidInput("no living credential fits: see `idverify credentials list`")
    if status is Status.SUSPENDED:
        fixed = sorted({name for name, bits, value in states if bits == 1 and value == 0})
        if fixed:
            raise InvalidInput(f"{', '.join(fixed)} cannot be suspended: revoke it, or name another --type")
    if status is not Status.REVOKED and all(value == VALUES[Status.REVOKED] for _, _, value in states):
        raise InvalidInput("it is revoked, and that is for ever: issue a new one")


def _change(vault: Vault, tx: Connection, chosen: Chosen, status: Status, actor: str) -> int:
    owner = next(iter(statuses.groups(tx, chosen, limit=1)), None)
    changed = statuses.change(tx, chosen, among=_FROM[status], to=VALUES[status])
    if owner is not None and changed:
        _record(vault, tx, chosen, status, actor, owner.subject_id, changed)
    return changed


def _record(
    vault: Vault, tx: Connection, chosen: Chosen, status: Status, actor: str, subject_id: str | None, copies: int
) -> None:
    record_event(
        vault,
        tx,
        _EVENTS[status],
        actor=actor,
        subject_id=subject_id,
        credential_id=chosen.credential_id,
        type=chosen.type_name,
        copies=copies,
    )
