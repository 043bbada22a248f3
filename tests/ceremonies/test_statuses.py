"""Places in status lists are handed out once, unpredictably; what stands there changes as the operator says, and never wrongly."""

import shutil

import pytest

from idverify.ceremonies import statuses
from idverify.ceremonies.backup import make_backup, restore_backup
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.purge import purge
from idverify.ceremonies.statuses import allocate, listed, set_status
from idverify.credentials.findings import Status
from idverify.credentials.status_bits import ENTRIES, pack, status_at
from idverify.credentials.status_reference import list_uri
from idverify.errors import InvalidInput
from idverify.keys.file import load_kek_file
from idverify.store import Store, audit
from idverify.store import statuses as rows

from .conftest import START
from .installed import enrolled, events

SUBJECT = "sub_" + "a" * 32


def allocated(parts, credential_id="cred", *, count=3, bits=2, type_name="driving_licence", subject_id=SUBJECT, seconds=1000.0):
    """Places for a few copies."""
    with parts.store.transaction() as tx:
        return allocate(
            parts,
            tx,
            credential_id=credential_id,
            subject_id=subject_id,
            type_name=type_name,
            bits=bits,
            expires_at=parts.now() + seconds,
            count=count,
        )


def found(parts, **chosen):
    """Type, status and copies of what is listed."""
    return sorted((group.type_name, status.value, group.copies) for group, status in listed(parts, **chosen, limit=100))


def test_places_are_distinct_scattered_and_in_one_list_for_all_types_of_as_many_bits(make_parts, database_url):
    """A list is shared, so that its address tells little; thirty random draws of a million do not come in order."""
    parts = make_parts(database_url)
    licences, vehicles = allocated(parts, count=30), allocated(parts, "v", type_name="vehicle_licence", count=30)
    cards = allocated(parts, "card", bits=1, type_name="identity_card")
    assert len({(place.uri, place.index) for place in licences + vehicles}) == 60
    assert len({place.uri for place in licences + vehicles}) == 1
    assert cards[0].uri != licences[0].uri
    assert all(0 <= place.index < ENTRIES for place in licences)
    indexes = [place.index for place in licences]
    assert indexes not in (sorted(indexes), sorted(indexes, reverse=True))
    assert max(indexes) - min(indexes) > ENTRIES // 2
    numbers = [row.number for row in _lists(parts)]
    assert {place.uri for place in licences + cards} == {f"https://id.example/v1/status-lists/{number}" for number in numbers}


def test_a_drawn_index_that_is_taken_is_drawn_again(parts, monkeypatch):
    """A source that repeats itself still gives each copy a place of its own, and the batch goes on in a new list when one is full."""
    monkeypatch.setattr(statuses, "FULL_AT", 5)
    words = iter([1, 7, 7, 8, 7, 9, 8, 10, 11, 2, *range(20, 40)])
    draws = b"".join(word.to_bytes(4, "big") for word in [*words])
    source = iter(draws)
    object.__setattr__(parts, "random_bytes", lambda count: bytes(next(source) for _ in range(count)))
    first = allocated(parts, count=3)
    second = allocated(parts, "other", count=4)
    places = [(place.uri, place.index) for place in first + second]
    assert len(set(places)) == 7
    assert [row.taken for row in _lists(parts)] == [5, 2]
    assert [row.open for row in _lists(parts)] == [False, True]


def test_half_of_a_list_is_never_exceeded_and_drawing_stays_quick(parts, monkeypatch):
    """With every other index taken a draw fails at most every second time."""
    place = allocated(parts, count=1)[0]
    with parts.store.transaction() as tx:
        tx.exec_driver_sql(f"UPDATE status_lists SET taken = {ENTRIES // 2 - 2}")
    last = allocated(parts, "other", count=3)
    assert [one.uri == place.uri for one in last] == [True, True, False]


@pytest.mark.parametrize("wrong", [{"bits": 4}, {"count": 0}, {"count": 1001}])
def test_what_no_type_asks_for_is_a_mistake(parts, wrong):
    """Nothing is written."""
    with pytest.raises(ValueError, match="1 or 2 bits"):
        allocated(parts, **wrong)
    assert _lists(parts) == []


def test_a_suspended_licence_is_reinstated_and_a_revoked_one_never_is(make_parts, database_url):
    """Every living copy changes together; repeating a command changes nothing; each change is in the audit, with its count."""
    parts = make_parts(database_url)
    allocated(parts)
    assert set_status(parts, actor="tester", status=Status.SUSPENDED, credential_id="cred") == 3
    assert set_status(parts, actor="tester", status=Status.SUSPENDED, credential_id="cred") == 0
    assert found(parts) == [("driving_licence", "SUSPENDED", 3)]
    assert set_status(parts, actor="tester", status=Status.VALID, credential_id="cred") == 3
    assert set_status(parts, actor="tester", status=Status.VALID, credential_id="cred") == 0
    assert set_status(parts, actor="tester", status=Status.REVOKED, subject_id=SUBJECT) == 3
    assert set_status(parts, actor="tester", status=Status.REVOKED, credential_id="cred") == 0
    for status in (Status.VALID, Status.SUSPENDED):
        with pytest.raises(InvalidInput, match="for ever"):
            set_status(parts, actor="tester", status=status, credential_id="cred")
    assert found(parts) == [("driving_licence", "REVOKED", 3)]
    assert events(parts) == ["credential.suspended", "credential.reinstated", "credential.revoked"]
    with parts.store.reading() as tx:
        last = audit.head(tx)
    assert (last.actor, last.subject_id, last.details) == (
        "tester",
        SUBJECT,
        {"copies": 3, "credential_id": None, "type": None},
    )


def test_one_type_of_a_subject_is_suspended_and_the_others_stay(parts):
    """Named without a type, a subject with something that cannot be suspended is refused as a whole: a half-done stop misleads."""
    allocated(parts)
    allocated(parts, "card", bits=1, type_name="identity_card")
    allocated(parts, "vehicle", type_name="vehicle_licence", subject_id="sub_other")
    with pytest.raises(InvalidInput, match="identity_card cannot be suspended"):
        set_status(parts, actor="tester", status=Status.SUSPENDED, subject_id=SUBJECT)
    assert {status for _, status, _ in found(parts)} == {"VALID"}
    assert set_status(parts, actor="t", status=Status.SUSPENDED, subject_id=SUBJECT, type_name="driving_licence") == 3
    assert found(parts) == [("driving_licence", "SUSPENDED", 3), ("identity_card", "VALID", 3), ("vehicle_licence", "VALID", 3)]
    assert set_status(parts, actor="t", status=Status.REVOKED, subject_id=SUBJECT, type_name="identity_card") == 3
    assert set_status(parts, actor="t", status=Status.VALID, subject_id=SUBJECT) == 3, "what is suspended, and no more"
    assert found(parts, subject_id=SUBJECT) == [("driving_licence", "VALID", 3), ("identity_card", "REVOKED", 3)]


def test_nobody_revokes_a_city_by_a_slip_or_a_misspelt_name(parts):
    """A type alone, an unknown type, an unknown credential, nothing at all."""
    allocated(parts)
    for chosen in ({}, {"type_name": "driving_licence"}, {"credential_id": "?"}, {"subject_id": SUBJECT, "type_name": "card"}):
        with pytest.raises(InvalidInput):
            set_status(parts, actor="tester", status=Status.REVOKED, **chosen)
    with pytest.raises(ValueError, match="made valid"):
        set_status(parts, actor="tester", status=Status.UNKNOWN, credential_id="cred")
    assert found(parts) == [("driving_licence", "VALID", 3)]


def test_erasing_a_subject_revokes_what_it_holds_and_nothing_of_others(make_parts, database_url):
    """In the same transaction, and audited; a subject without credentials leaves no such event."""
    parts = make_parts(database_url)
    made = enrolled(parts)
    allocated(parts, subject_id=made.subject_id)
    allocated(parts, "card", bits=1, type_name="identity_card", subject_id=made.subject_id)
    allocated(parts, "other")
    erase(parts, made.subject_id, actor="tester")
    assert found(parts, subject_id=made.subject_id) == [("driving_licence", "REVOKED", 3), ("identity_card", "REVOKED", 3)]
    assert found(parts, subject_id=SUBJECT) == [("driving_licence", "VALID", 3)]
    assert events(parts) == ["subject.enrolled", "credential.revoked", "subject.erased"]


def test_purging_forgets_whose_an_expired_credential_was(parts, clock):
    """Its index stays taken; afterwards nothing ties it to anybody, and there is nothing left to revoke."""
    place = allocated(parts, count=1)[0]
    clock.now += 1000 + 59
    assert purge(parts, retention_seconds=60, actor="tester").credentials == 0
    clock.now += 2
    assert purge(parts, retention_seconds=60, actor="tester").credentials == 1
    assert found(parts) == []
    with parts.store.reading() as tx:
        assert rows.taken_among(tx, _lists(parts)[0].number, [place.index]) == {place.index}
        assert tx.exec_driver_sql("SELECT count(*) FROM status_entries WHERE subject_id IS NOT NULL").scalar() == 0


def test_a_restored_installation_remembers_and_stops_what_it_cannot_know(make_parts, database_url, tmp_path):
    """Revocations come back; what was issued after the backup reads revoked, since nobody could revoke it; no index comes again."""
    parts = make_parts(database_url)
    kept, gone = allocated(parts, count=5), allocated(parts, "bad", count=5)
    set_status(parts, actor="tester", status=Status.REVOKED, credential_id="bad")
    make_backup(parts, tmp_path / "data" / "keys", tmp_path / "backup", actor="tester")
    later = allocated(parts, "later", count=5)
    parts.store.close()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    url = f"sqlite:///{tmp_path / 'restored' / 'idverify.db'}"
    store = Store.open(url)
    wrapper = load_kek_file(tmp_path / "kek", tmp_path / "restored")
    restore_backup(store, wrapper, tmp_path / "restored" / "keys", tmp_path / "backup", now=START, actor="tester")
    store.close()
    restored = make_parts(url, data=tmp_path / "restored")
    row = _lists(restored)[0]
    with restored.store.reading() as tx:
        content = pack(2, rows.exceptions(tx, row.number), rows.get_list(tx, row.number).base)
    assert [status_at(content, 2, place.index) for place in kept + gone + later] == [0] * 5 + [1] * 10
    assert not row.open
    fresh = allocated(restored, "fresh", count=30)
    assert {place.uri for place in fresh}.isdisjoint({list_uri(restored.issuer, row.number)})


def _lists(parts):
    with parts.store.reading() as tx:
        return sorted(rows.lists(tx), key=lambda row: (row.bits, row.open))
