"""Keys rotate under a running server: broken off anywhere, nothing is lost, and nothing old is kept longer than needed."""

import dataclasses
from itertools import islice

import pytest

from idverify.ceremonies import rotation
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.rotation import pending, rewrap, rotate_kek, rotate_signing
from idverify.errors import KeyUnavailable, RecordTampered, StoreUnavailable
from idverify.keys import secrets
from idverify.store import audit, subjects

from .installed import enrolled, events, open_reference


@pytest.fixture
def rotated(parts, tmp_path):
    """Rotates the key-encryption key; what that did, and what was told of its progress."""

    def rotate():
        told = []
        done = rotate_kek(parts, tmp_path / "data" / "keys", actor="tester", progress=lambda *numbers: told.append(numbers))
        return done, told

    return rotate


def test_the_signing_key_rotates_with_its_event(parts):
    """The next key signs; the audit names the three keys and who did it."""
    before = parts.signing.current.kid
    done = rotate_signing(parts, actor="tester", hasty=True)
    assert (done.retired, done.current) == (before, parts.signing.current.kid)
    with parts.store.reading() as tx:
        last = audit.head(tx)
    assert (last.event, last.actor, last.details["current"]) == ("keys.signing_rotated", "tester", done.current)


def test_the_progress_is_told_in_records(parts, rotated):
    """Four of each subject, out of all."""
    for number in range(2):
        enrolled(parts, f"A{number}")
    done, told = rotated()
    assert done.records == 8
    assert told == [(8, 8)]
    assert rotated()[0].records == 8


@pytest.mark.parametrize("point", ["secrets", "records", "drop"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreUnavailable("gone"), KeyUnavailable("away")], ids=str)
def test_a_rotation_that_was_broken_off_goes_on_without_a_third_version(parts, rotated, monkeypatch, point, error):
    """Before the secrets, between two batches, and before the old version is destroyed: nothing is lost."""
    made = [enrolled(parts, f"A{number}").subject_id for number in range(2)]
    old = parts.wrapper.version

    def broken(*_, **__):
        raise error

    def one_batch(vault, *, actor):
        yield next(rewrap(vault, actor=actor, batch=3))
        raise error

    with monkeypatch.context() as patched:
        match point:
            case "secrets":
                patched.setattr(secrets, "rewrap", broken)
            case "records":
                patched.setattr(rotation, "rewrap", one_batch)
            case "drop":
                patched.setattr(rotation, "_drop_if_unused", broken)
        with pytest.raises(type(error) if isinstance(error, Exception) else error):
            rotated()
    assert all(open_reference(parts, subject) for subject in made)
    assert len(parts.wrapper.versions) == 2
    assert rotated()[0].dropped == (old,)
    assert len(parts.wrapper.versions) == 1
    assert all(open_reference(parts, subject) for subject in made)


def test_a_version_is_not_destroyed_while_a_record_still_needs_it(parts, rotated, monkeypatch):
    """A server that wrapped under the old version in the last moment gets another round, not a lost record."""
    late = []
    drop = rotation._drop_if_unused

    def drop_late(vault, actor):
        if not late:
            with monkeypatch.context() as stale:
                stale.setattr(type(parts.wrapper), "version", property(lambda self: self.versions[0]))
                late.append(enrolled(parts, "late").subject_id)
        return drop(vault, actor)

    monkeypatch.setattr(rotation, "_drop_if_unused", drop_late)
    assert rotated()[0].records == 4
    assert open_reference(parts, late[0])


def test_rewrapping_goes_on_where_it_was_broken_off_and_frees_the_old_key(make_parts, database_url, tmp_path):
    """After it, and after the secrets', the old version can go: everything still opens."""
    parts = make_parts(database_url)
    made = [enrolled(parts, f"A{n}").subject_id for n in range(3)]
    parts.wrapper.add_version()
    assert pending(parts) == 12
    assert list(islice(rewrap(parts, actor="tester", batch=5), 1)) == [5]
    assert list(rewrap(parts, actor="tester", batch=5)) == [5, 2]
    assert list(rewrap(parts, actor="tester")) == []
    secrets.rewrap(tmp_path / "data" / "keys", parts.wrapper)
    assert len(parts.wrapper.drop_old_versions()) == 1
    again = make_parts(database_url)
    for subject_id in made:
        open_reference(again, subject_id)
    assert events(parts)[-1] == "keys.kek_rotated"


def test_a_copy_made_before_the_rotation_is_worth_nothing_after_it(parts):
    """How rotation ends what erasure cannot reach: an old copy of the rows, put back, no longer opens."""
    made = enrolled(parts)
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, made.subject_id)
    parts.wrapper.add_version()
    list(rewrap(parts, actor="tester"))
    parts.wrapper.drop_old_versions()
    with parts.store.transaction() as tx:
        for record in old.values():
            subjects.put(tx, record)
    with pytest.raises(KeyUnavailable):
        open_reference(parts, made.subject_id)


def test_rewrapping_names_the_subject_that_does_not_open_and_erasing_it_clears_the_way(parts):
    """A damaged record must not keep an old key alive for ever."""
    bad, good = enrolled(parts, "bad").subject_id, enrolled(parts, "good").subject_id
    with parts.store.transaction() as tx:
        portrait = subjects.records_of(tx, good)["portrait"]
        subjects.put(tx, dataclasses.replace(portrait, subject_id=bad))
    parts.wrapper.add_version()
    with pytest.raises(RecordTampered, match=bad):
        list(rewrap(parts, actor="tester"))
    erase(parts, bad, actor="tester")
    list(rewrap(parts, actor="tester"))
    assert pending(parts) == 0
