"""A backup brings an installation back, and nothing else does."""

import io
import shutil
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry.wrappers import NoWrapping

from idverify.ceremonies.attempts import spend_attempt
from idverify.ceremonies.audit_head import sign_head, verify_chain
from idverify.ceremonies.backup import make_backup, restore_backup
from idverify.ceremonies.reference import find_subject
from idverify.ceremonies.sealed_stream import PIECE, read_sealed, write_sealed
from idverify.errors import ConfigurationInvalid, IdverifyError, InvalidInput, KeyUnavailable, RecordTampered, StoreUnavailable
from idverify.keys.file import create_kek_file, load_kek_file
from idverify.store import Store, audit, dump
from idverify.store.clients import Client
from idverify.store.clients import add as add_client

from .installed import enrolled, events, open_reference


@pytest.fixture
def full(make_parts, database_url, tmp_path):
    """An installation with a row in every table, its URL, and a backup of it."""
    parts = make_parts(database_url)
    made = enrolled(parts, portrait=bytes(range(256)) * 1000)
    spend_attempt(parts, client_id="c", subject_id=made.subject_id, transaction_id="t")
    with parts.store.transaction() as tx:
        add_client(tx, Client("c", "é", frozenset({"s"}), frozenset(), frozenset(), sandbox=False, created_at=1.5), b"\x00\xff")
        tx.exec_driver_sql("INSERT INTO idempotency VALUES ('c', 'k', 'd', 1.5, NULL, NULL)")
    file = tmp_path / "backup"
    summary = make_backup(parts, tmp_path / "data" / "keys", file, actor="tester")
    return parts, made, file, summary


def rows(store):
    """Every row, as dumped."""
    with store.reading() as tx:
        return list(dump.lines(tx))


def test_an_installation_comes_back_from_its_backup_on_either_database(full, make_parts, tmp_path, request):
    """Enrol, back up, wipe, restore: every row but the new audit event is equal, references open, the audit holds."""
    parts, made, file, summary = full
    before, head = rows(parts.store), sign_head(parts).head
    parts.store.close()
    shutil.rmtree(tmp_path / "data")
    server = request.getfixturevalue("postgresql")
    for url in (f"sqlite:///{tmp_path / 'data' / 'idverify.db'}", server.url(server.new_database())):
        shutil.rmtree(tmp_path / "data" / "keys", ignore_errors=True)
        store = Store.open(url)
        wrapper = load_kek_file(tmp_path / "kek", tmp_path / "data")
        assert restore_backup(store, wrapper, tmp_path / "data" / "keys", file, now=2.0e9, actor="tester") == summary
        assert set(before) < set(rows(store))
        store.close()
        restored = make_parts(url)
        assert restored.deployment == parts.deployment
        assert restored.secrets == parts.secrets
        assert find_subject(restored, "A-17") == made.subject_id
        open_reference(restored, made.subject_id)
        assert verify_chain(restored.store, restored.secrets.audit, head).intact
        assert events(restored)[-2:] == ["backup.made", "backup.restored"]


def test_a_backup_is_private_names_nobody_and_never_replaces_a_file(full, tmp_path):
    """Mode 0600; neither the KEK nor a signing key nor an event is legible in it."""
    parts, made, file, _ = full
    content = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    kek = (tmp_path / "kek").read_bytes().split()[-1]
    for secret in (kek, b"PRIVATE KEY", made.subject_id.encode(), b"subject.enrolled", bytes(range(256))):
        assert secret not in content
    with pytest.raises(InvalidInput):
        make_backup(parts, tmp_path / "data" / "keys", file, actor="tester")
    assert file.read_bytes() == content
    assert not list(tmp_path.glob("*.partial"))


def restored_elsewhere(tmp_path, file, kek=None):
    """Restore into a fresh place; on failure nothing may be left there."""
    place = tmp_path / "elsewhere"
    shutil.rmtree(place, ignore_errors=True)
    store = Store.open(f"sqlite:///{place / 'x.db'}")
    wrapper = load_kek_file(kek or tmp_path / "kek", place)
    try:
        return restore_backup(store, wrapper, place / "keys", file, now=1.0, actor="tester")
    except IdverifyError:
        with store.reading() as tx:
            assert dump.is_empty(tx)
        assert not [path for path in place.rglob("*") if path.is_file() and "x.db" not in path.name]
        raise
    finally:
        store.close()


@pytest.mark.parametrize("at", [0.0, 0.001, 0.3, 0.999])
def test_an_altered_backup_is_refused_and_leaves_nothing(full, tmp_path, at):
    """A bit anywhere: in the first line, in the middle, in the last tag."""
    *_, file, _ = full
    content = bytearray(file.read_bytes())
    content[int(at * (len(content) - 1))] ^= 1
    file.write_bytes(content)
    with pytest.raises((RecordTampered, InvalidInput)):
        restored_elsewhere(tmp_path, file)


def test_a_backup_cut_at_a_piece_or_without_its_keys_is_refused(full, tmp_path):
    """Cut where a piece ends, every piece left is genuine: the mark of the last one is missing."""
    *_, file, _ = full
    content = file.read_bytes()
    first = content.index(b"\n") + 1
    for length in (0, first, first + PIECE + 16, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises((RecordTampered, InvalidInput)):
            restored_elsewhere(tmp_path, file)
    file.write_bytes(content)
    create_kek_file(tmp_path / "other")
    with pytest.raises(KeyUnavailable):
        restored_elsewhere(tmp_path, file, tmp_path / "other")
    restored_elsewhere(tmp_path, file)


def test_a_restore_that_fails_at_its_very_end_leaves_nothing_and_can_be_repeated(full, tmp_path, monkeypatch):
    """Rows and key files are there already when the audit event cannot be written."""
    *_, file, _ = full
    place = tmp_path / "elsewhere"
    store = Store.open(f"sqlite:///{place / 'x.db'}")
    wrapper = load_kek_file(tmp_path / "kek", place)

    def gone(*_, **__):
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(audit, "append", gone)
        with pytest.raises(StoreUnavailable):
            restore_backup(store, wrapper, place / "keys", file, now=1.0, actor="tester")
    with store.reading() as tx:
        assert dump.is_empty(tx)
    assert not [path for path in (place / "keys").rglob("*") if path.is_file()]
    restore_backup(store, wrapper, place / "keys", file, now=1.0, actor="tester")
    store.close()


def test_a_backup_is_never_restored_over_anything(full, make_parts, tmp_path):
    """Neither over rows nor over keys."""
    *_, file, _ = full
    other = make_parts(data=tmp_path / "other")
    with pytest.raises(ConfigurationInvalid, match="database is not empty"):
        restore_backup(other.store, other.wrapper, tmp_path / "fresh", file, now=1.0, actor="tester")
    empty = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(ConfigurationInvalid, match="keys is not empty"):
        restore_backup(empty, other.wrapper, tmp_path / "other" / "keys", file, now=1.0, actor="tester")
    with empty.reading() as tx:
        assert dump.is_empty(tx)
    empty.close()


def test_a_backup_of_another_schema_is_refused(full, tmp_path):
    """The version that made it can restore it, and then upgrade."""
    parts, *_ = full
    file = tmp_path / "older"
    lines = [b'{"schema": "0000"}\n']
    with file.open("wb") as out:
        write_sealed(out, lines, parts.wrapper, data_key=bytes(32), prefix=bytes(7))
    with pytest.raises(ConfigurationInvalid, match="schema 0000"):
        restored_elsewhere(tmp_path, file)


def test_what_goes_on_while_a_backup_is_written_is_not_half_in_it(full, tmp_path, monkeypatch):
    """An enrolment between two tables is in neither."""
    parts, *_ = full
    real, done = dump.lines, []

    def lines(tx):
        for line in real(tx):
            if not done:
                done.append(enrolled(parts, "meanwhile"))
            yield line

    monkeypatch.setattr(dump, "lines", lines)
    make_backup(parts, tmp_path / "data" / "keys", tmp_path / "second", actor="tester")
    monkeypatch.undo()
    restored_elsewhere(tmp_path, tmp_path / "second")
    store = Store.open(f"sqlite:///{tmp_path / 'elsewhere' / 'x.db'}")
    assert done[0].subject_id.encode() not in b"".join(rows(store))
    with store.reading() as tx:
        assert audit.head(tx).event == "backup.restored"
    assert verify_chain(store, parts.secrets.audit).intact
    store.close()


def sealed(lines):
    """A stream of these lines."""
    out = io.BytesIO()
    write_sealed(out, lines, NoWrapping(), data_key=b"k" * 32, prefix=b"p" * 7)
    return out.getvalue()


@given(st.lists(st.binary(max_size=50).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=20), st.integers(0, 3))
def test_lines_come_back_in_order_whatever_their_length(lines, long):
    """Also where they span pieces."""
    lines = [*lines, *[b"x" * (PIECE - 1 + n) + b"\n" for n in range(long)]]
    assert [line + b"\n" for line in read_sealed(io.BytesIO(sealed(lines)), NoWrapping())] == lines


def test_pieces_swapped_dropped_or_repeated_are_refused():
    """Each is genuine; its place is part of what is sealed."""
    content = sealed([bytes([65 + n]) * (PIECE - 1) + b"\n" for n in range(4)])
    start = content.index(b"\n") + 1
    pieces = [content[at : at + PIECE + 16] for at in range(start, len(content), PIECE + 16)]
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3], [0, 1, 2], [0, 1, 2, 3, 3]):
        altered = content[:start] + b"".join(pieces[n] for n in order)
        with pytest.raises(RecordTampered):
            list(read_sealed(io.BytesIO(altered), NoWrapping()))


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_an_error_of_ours(content):
    """No crash on what is no backup."""
    with suppress(IdverifyError):
        list(read_sealed(io.BytesIO(content), NoWrapping()))
