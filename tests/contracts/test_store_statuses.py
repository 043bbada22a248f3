"""What every database behind the Store must do with status lists; the suite runs on SQLite and on PostgreSQL."""

from dataclasses import replace

import pytest

from idverify.errors import StoreUnavailable
from idverify.store import statuses
from idverify.store.statuses import Chosen, Entry, ListRow

LIST = ListRow(number=7, bits=2, taken=0, version=1, open=True, base=None, created_at=1.0)
ENTRY = Entry(
    number=7, index=0, status=0, credential_id="c", subject_id="s", type_name="licence", issued_at=1.0, expires_at=100.0
)


def test_an_index_is_written_once_counted_and_closes_its_list_when_that_is_full(store):
    """A second credential at the same index is refused by the database itself."""
    with store.transaction() as tx:
        statuses.add_list(tx, LIST)
        statuses.add(tx, [ENTRY, replace(ENTRY, index=5)], full_at=3)
        assert statuses.taken_among(tx, 7, [0, 1, 5]) == {0, 5}
        assert statuses.open_lists(tx, 2) == [replace(LIST, taken=2)]
        assert statuses.open_lists(tx, 1) == []
    with pytest.raises(StoreUnavailable), store.transaction() as tx:
        statuses.add(tx, [replace(ENTRY, index=5, credential_id="other")], full_at=3)
    with store.transaction() as tx:
        statuses.add(tx, [replace(ENTRY, index=6)], full_at=3)
        assert statuses.open_lists(tx, 2) == []
        assert statuses.lists(tx) == [replace(LIST, taken=3, open=False)]
        statuses.add(tx, [replace(ENTRY, index=8)], full_at=10)
        assert not statuses.get_list(tx, 7).open, "what was closed stays closed"


def test_a_change_reaches_living_entries_in_the_named_states_and_no_others(store):
    """Each condition narrows the choice; lists that were touched have a new version, others keep theirs."""
    entries = [
        ENTRY,
        replace(ENTRY, index=1, status=1),
        replace(ENTRY, index=2, expires_at=50.0),
        replace(ENTRY, index=3, credential_id="d", subject_id="other"),
        replace(ENTRY, index=4, credential_id="e", type_name="card"),
    ]
    with store.transaction() as tx:
        statuses.add_list(tx, LIST)
        statuses.add_list(tx, replace(LIST, number=8))
        statuses.add(tx, entries, full_at=100)
        statuses.add(tx, [replace(ENTRY, number=8, credential_id="f", subject_id="other")], full_at=100)
        mine = Chosen(60.0, subject_id="s")
        assert statuses.states(tx, mine) == {("licence", 2, 0): 1, ("licence", 2, 1): 1, ("card", 2, 0): 1}
        assert statuses.change(tx, replace(mine, type_name="licence"), among=[0], to=2) == 1
        assert statuses.exceptions(tx, 7) == [(0, 2), (1, 1)]
        assert (statuses.version(tx, 7), statuses.version(tx, 8)) == (2, 1)
        assert statuses.change(tx, replace(mine, credential_id="d"), among=[0], to=2) == 0
        assert statuses.version(tx, 9) is None
        found = statuses.groups(tx, mine, limit=10)
        assert [(group.credential_id, group.status, group.copies) for group in found] == [("c", 1, 1), ("c", 2, 1), ("e", 0, 1)]


def test_what_expired_is_forgotten_but_keeps_its_index_until_the_whole_list_goes(store):
    """No name of anybody stays longer than the credential; no index is free again while its list exists."""
    with store.transaction() as tx:
        statuses.add_list(tx, LIST)
        statuses.add(tx, [ENTRY, replace(ENTRY, index=1, status=1, expires_at=200.0)], full_at=2)
        assert statuses.forget_expired(tx, before=150.0) == 1
        assert statuses.forget_expired(tx, before=150.0) == 0
        assert statuses.taken_among(tx, 7, [0, 1]) == {0, 1}
        assert statuses.states(tx, Chosen(0.0, credential_id="c")) == {("licence", 2, 1): 1}
        assert statuses.forget_expired(tx, before=250.0) == 1
        assert statuses.lists(tx) == []
        statuses.add_list(tx, LIST)
        statuses.add(tx, [ENTRY], full_at=2)
        statuses.forget_expired(tx, before=250.0)
        assert [row.number for row in statuses.lists(tx)] == [7], "a list that still hands out indexes stays"


def test_a_list_is_closed_with_a_base(store):
    """What was never handed out then has the statuses of the base."""
    with store.transaction() as tx:
        statuses.add_list(tx, LIST)
        statuses.add(tx, [ENTRY], full_at=2)
        assert statuses.indexes(tx, 7) == [0]
        statuses.close(tx, 7, b"\x54")
        assert statuses.get_list(tx, 7) == replace(LIST, taken=1, version=2, open=False, base=b"\x54")
