"""What every database behind the Store must do; the suite runs on SQLite and on PostgreSQL."""
# ruff: noqa: PT012  (that a transaction raises where it ends is the point of several tests)

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from idverify.audit.chain import authentic, check_chain
from idverify.audit.events import Event
from idverify.errors import (
    ConfigurationInvalid,
    IdempotencyConflict,
    InvalidInput,
    StoreUnavailable,
    SubjectExists,
)
from idverify.registry.sealing import Sealed
from idverify.store import Store, attempts, audit, clients, idempotency, subjects
from idverify.store.clients import Client
from idverify.store.subjects import Record

KEY = b"k" * 32
A, B = "sub_" + "a" * 32, "sub_" + "b" * 32


def note(tx, number, subject_id=None, event=Event.SUBJECT_READ):
    """Append one event."""
    audit.append(tx, KEY, event, at=1000 + number, actor="test", subject_id=subject_id, details={"n": number})


def test_migrations_make_exactly_the_tables_that_the_code_declares(store):
    """Alembic's own comparison finds nothing to add, drop or alter."""
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from idverify.store.schema import MIGRATIONS, NEWEST
    from idverify.store.tables import metadata

    scripts = Config()
    scripts.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(scripts).get_heads() == [NEWEST]
    with store.transaction() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_opening_again_keeps_what_is_there(store, database_url):
    """Migrations that a database has seen are not run again."""
    with store.transaction() as tx:
        note(tx, 1)
    again = Store.open(database_url)
    with again.reading() as tx:
        assert audit.head(tx).seq == 1
    again.close()


def test_many_first_starts_at_once_all_succeed(database_url):
    """Processes that start together find one schema, made once."""
    gate = threading.Barrier(4)

    def start(_):
        gate.wait()
        store = Store.open(database_url)
        store.ping()
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))


def test_a_database_of_a_later_version_is_refused(store, database_url):
    """Running on a schema that this code does not know could lose data."""
    with store.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationInvalid, match="later version"):
        Store.open(database_url)


def test_a_transaction_is_all_or_nothing(store):
    """An exception in the middle leaves no row and no audit event."""
    with pytest.raises(RuntimeError), store.transaction() as tx:
        subjects.add(tx, subject_id=A, lookup="l", at=1.0)
        note(tx, 1)
        raise RuntimeError
    with store.reading() as tx:
        assert subjects.get(tx, A) is None
        assert audit.head(tx) is None


def test_a_statement_that_the_database_refuses_is_store_unavailable(store):
    """Callers know one exception for every way in which a database can fail, and it quotes no value."""
    with pytest.raises(StoreUnavailable) as caught, store.transaction() as tx:
        tx.execute(text("INSERT INTO no_such_table VALUES ('personal')"))
    assert "personal" not in caught.value.message


def test_a_commit_that_the_database_refuses_is_store_unavailable_and_leaves_nothing(store):
    """A constraint that is checked at commit only, as a stand-in for a database that fails there."""
    with store.transaction() as tx:
        if tx.dialect.name == "sqlite":
            tx.execute(text("CREATE TABLE late (x TEXT REFERENCES subjects (subject_id) DEFERRABLE INITIALLY DEFERRED)"))
        else:
            tx.execute(text("CREATE TABLE late (x TEXT UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    reached_commit = False
    with pytest.raises(StoreUnavailable), store.transaction() as tx:
        tx.execute(text("INSERT INTO late VALUES ('sub_x'), ('sub_x')"))
        note(tx, 1)
        reached_commit = True
    assert reached_commit
    with store.reading() as tx:
        assert audit.head(tx) is None


def test_a_reader_sees_one_moment_and_cannot_write(store):
    """A backup taken while others write is consistent."""
    with store.transaction() as tx:
        note(tx, 1)
    with store.reading() as view:
        assert audit.head(view).seq == 1
        with store.transaction() as tx:
            note(tx, 2)
        assert audit.head(view).seq == 1
    with store.reading() as view:
        assert audit.head(view).seq == 2
    with pytest.raises(StoreUnavailable), store.reading() as view:
        note(view, 3)


def test_a_writer_that_waits_too_long_is_refused(store, database_url):
    """A queue of writers ends in StoreUnavailable, not in threads that hang for ever."""
    impatient = Store.open(database_url, lock_seconds=0.2)
    with store.transaction() as tx:
        note(tx, 1)
        with pytest.raises(StoreUnavailable):
            impatient.ping()
    impatient.ping()
    impatient.close()


def test_the_audit_chain_does_not_fork_under_concurrent_writers(store):
    """Four threads, a hundred events: one line, numbered without a gap."""

    def write(worker):
        for number in range(25):
            with store.transaction() as tx:
                note(tx, worker * 100 + number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with store.reading() as tx:
        report = check_chain(KEY, audit.events(tx))
    assert report.intact
    assert report.count == 100


def test_the_newest_event_that_names_versions_is_found_among_others(store):
    """Attempts and readings about a subject, and events about others, do not hide it."""
    with store.transaction() as tx:
        note(tx, 1, A, Event.SUBJECT_ENROLLED)
        note(tx, 2, A, Event.SUBJECT_REEMBEDDED)
        note(tx, 3, B, Event.SUBJECT_ENROLLED)
        note(tx, 4, A, Event.ATTEMPT_COUNTED)
    with store.reading() as tx:
        assert audit.newest_naming_versions(tx, A).seq == 2
        assert audit.newest_naming_versions(tx, "sub_none") is None


def test_changes_of_the_registry_are_read_in_order_without_what_lies_between(store):
    """A batch at a time; readings and attempts are not among them."""
    kinds = [Event.SUBJECT_ENROLLED, Event.SUBJECT_READ, Event.SUBJECT_REEMBEDDED, Event.ATTEMPT_COUNTED, Event.SUBJECT_ERASED]
    with store.transaction() as tx:
        for number, kind in enumerate(kinds, start=1):
            note(tx, number, A if number < 5 else B, kind)
    with store.reading() as tx:
        everything = audit.changes(tx, 0, 10)
        assert [(change.seq, change.subject_id) for change in everything] == [(1, A), (3, A), (5, B)]
        assert [change.hash for change in everything] == [audit.entry(tx, seq).hash for seq in (1, 3, 5)]
        assert audit.changes(tx, 1, 1) == everything[1:2]
        assert audit.changes(tx, 5, 10) == []
        assert [entry.seq for entry in audit.of_kinds(tx, Event.SUBJECT_READ, Event.SUBJECT_ERASED)] == [2, 5]
        assert audit.happened_since(tx, 4, Event.SUBJECT_ERASED, Event.SUBJECT_READ)
        assert not audit.happened_since(tx, 4, Event.SUBJECT_READ)


def test_a_database_of_the_first_version_is_brought_up_to_date_with_its_rows(store, database_url):
    """As an installation finds it after an upgrade. Clients that were there may send nobody anywhere."""
    with store.transaction() as tx:
        note(tx, 1, A, Event.SUBJECT_ENROLLED)
        tx.execute(text("DROP INDEX ix_audit_events_event_seq"))
        live = ("kept_frames", "sessions", "webhooks", "deliveries")
        issued = ("status_entries", "status_lists", "offers", "grants", "spent", "standings", "presentation_requests")
        for table in (*live, *issued):
            tx.execute(text(f"DROP TABLE {table}"))
        tx.execute(text("ALTER TABLE attempts DROP COLUMN session_id"))
        clients.add(tx, Client("cli_1", "Hotel", frozenset(), frozenset(), frozenset(), sandbox=False, created_at=1.0), b"hash")
        tx.execute(text("ALTER TABLE clients DROP COLUMN return_urls"))
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    again = Store.open(database_url)
    with again.reading() as tx:
        assert "ix_audit_events_event_seq" in {index["name"] for index in inspect(tx).get_indexes("audit_events")}
        assert [change.subject_id for change in audit.changes(tx, 0, 10)] == [A]
        assert [(client.name, client.return_urls) for client in clients.listed(tx)] == [("Hotel", frozenset())]
    again.close()


def test_one_identifier_is_one_subject_even_in_a_race(store):
    """Of two enrolments of one identifier at once, exactly one wins."""
    outcomes = []

    def add(subject_id):
        try:
            with store.transaction() as tx:
                subjects.add(tx, subject_id=subject_id, lookup="same", at=1.0)
            outcomes.append("added")
        except SubjectExists:
            outcomes.append("exists")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add, [A, B]))
    assert sorted(outcomes) == ["added", "exists"]


def test_records_are_written_replaced_listed_and_erased(store):
    """The life of a sealed record, as rows."""
    first = Record(A, "template", "m1", 1, Sealed("1.x", b"w1", b"\x00c1"))
    second = Record(A, "template", "m2", 2, Sealed("2.x", b"w2", b"c2"))
    with store.transaction() as tx:
        subjects.add(tx, subject_id=A, lookup="l", at=1.5)
        subjects.put(tx, first)
        assert subjects.with_other_model(tx, "m2", after="", limit=10) == [A]
        assert subjects.with_other_model(tx, "m2", after=A, limit=10) == []
        assert subjects.count_with_other_model(tx, "m2") == 1
        bare = replace(first, sealed=replace(first.sealed, ciphertext=b""))
        assert subjects.under_other_key(tx, "2.x", 10) == [bare], "portraits stay where they are"
        assert subjects.count_under_other_key(tx, "2.x") == 1
        subjects.put(tx, second)
        assert subjects.records_of(tx, A) == {"template": second}
        assert subjects.records_of(tx, A, "portrait") == {}
        assert subjects.with_other_model(tx, "m2", after="", limit=10) == []
        assert subjects.count(tx) == 1
        subjects.erase(tx, A, 2.5)
        assert subjects.records_of(tx, A) == {}
        assert subjects.by_lookup(tx, "l") is None
        assert subjects.get(tx, A).erased_at == 2.5
        assert subjects.count(tx) == 0
        subjects.add(tx, subject_id=B, lookup="l", at=3.0)


def test_attempts_are_counted_by_client_and_by_subject_within_the_window(store):
    """An attempt at the edge of the window no longer counts."""
    with store.transaction() as tx:
        for number, (client, at) in enumerate([("c1", 10.0), ("c1", 20.0), ("c2", 30.0)]):
            attempts.record(tx, attempt_id=str(number), client_id=client, subject_id=A, at=at)
        attempts.record(tx, attempt_id="x", client_id="c1", subject_id=None, at=30.0)
        assert attempts.count(tx, subject_id=A, client_id="c1", since=0) == 2
        assert attempts.count(tx, subject_id=A, client_id=None, since=0) == 3
        assert attempts.count(tx, subject_id=A, client_id=None, since=10.0) == 2
        assert attempts.oldest(tx, subject_id=A, client_id=None, since=10.0) == 20.0
        assert attempts.oldest(tx, subject_id=B, client_id=None, since=0) is None
        assert attempts.purge(tx, before=30.0) == 2


def test_clients_are_found_by_key_hash_listed_and_revoked_once(store):
    """What was written about a client comes back as it was."""
    client = Client(
        "cl_1", "Hôtel", frozenset({"s"}), frozenset({"https://a", "b"}), frozenset(), sandbox=True, created_at=1.25
    )
    with store.transaction() as tx:
        clients.add(tx, client, b"\x00\xff")
        assert clients.by_key_hash(tx, b"\x00\xff") == client
        assert clients.by_key_hash(tx, b"\x00\xfe") is None
        assert clients.revoke(tx, "cl_1", 9.0)
        assert not clients.revoke(tx, "cl_1", 10.0)
        assert [found.revoked_at for found in clients.listed(tx)] == [9.0]
    with pytest.raises(InvalidInput), store.transaction() as tx:
        clients.add(tx, client, b"other")


def test_an_idempotency_key_answers_once_and_only_the_same_request(store):
    """Running and differing requests conflict; a finished one is answered again; a forgotten one may run anew."""
    one = {"client_id": "c", "key": "k"}
    with store.transaction() as tx:
        assert idempotency.begin(tx, **one, request_digest="d", now=1.0) is None
        assert idempotency.begin(tx, client_id="other", key="k", request_digest="e", now=1.0) is None
    with pytest.raises(IdempotencyConflict, match="running"), store.transaction() as tx:
        idempotency.begin(tx, **one, request_digest="d", now=2.0)
    with store.transaction() as tx:
        idempotency.finish(tx, **one, status=201, body=b"\x00sealed")
        assert idempotency.begin(tx, **one, request_digest="d", now=3.0) == idempotency.StoredResponse(201, b"\x00sealed")
    with pytest.raises(IdempotencyConflict, match="another"), store.transaction() as tx:
        idempotency.begin(tx, **one, request_digest="e", now=3.0)
    with store.transaction() as tx:
        idempotency.forget(tx, **one)
        assert idempotency.begin(tx, **one, request_digest="e", now=4.0) is None
        assert idempotency.purge(tx, before=4.0) == 1


def test_the_key_of_a_request_whose_process_died_is_taken_over_after_a_while(store):
    """Not at once, for it may still run; and only by the same request."""
    one = {"client_id": "c", "key": "k", "request_digest": "d"}
    with store.transaction() as tx:
        assert idempotency.begin(tx, **one, now=1.0) is None
    with pytest.raises(IdempotencyConflict, match="running"), store.transaction() as tx:
        idempotency.begin(tx, **one, now=300.0)
    with pytest.raises(IdempotencyConflict, match="another"), store.transaction() as tx:
        idempotency.begin(tx, **(one | {"request_digest": "e"}), now=302.0)
    with store.transaction() as tx:
        assert idempotency.begin(tx, **one, now=302.0) is None
    with pytest.raises(IdempotencyConflict, match="running"), store.transaction() as tx:
        idempotency.begin(tx, **one, now=303.0)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "not a url", "sqlite:///file:x?uri=true"]
)
def test_a_database_url_that_cannot_be_used_is_a_configuration_error(url):
    """It names the variable and does not repeat the URL, which may hold a password."""
    with pytest.raises(ConfigurationInvalid, match="IDVERIFY_DATABASE_URL"):
        Store.open(url)


def test_a_server_that_goes_away_is_unavailable_and_is_found_again_when_it_returns(postgresql):
    """Connections cut in the middle, then a refusal to connect, then service as before, without a restart."""
    database = postgresql.new_database()
    store = Store.open(postgresql.url(database))
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    with pytest.raises(StoreUnavailable), store.transaction() as tx:
        note(tx, 1)
        postgresql.execute(cut)
    postgresql.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", cut)
    with pytest.raises(StoreUnavailable):
        store.ping()
    postgresql.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    store.ping()
    with store.reading() as tx:
        assert audit.head(tx) is None
    postgresql.execute(cut)  # while idle in the pool: nobody notices, the next user gets a fresh connection
    store.ping()
    store.close()


def test_no_postgresql_at_all_is_store_unavailable(tmp_path):
    """A socket that nobody listens on."""
    with pytest.raises(StoreUnavailable):
        Store.open(f"postgresql://nobody@/none?host={tmp_path}")


def test_a_sqlite_database_is_private_and_set_up_to_survive(tmp_path):
    """Mode 0600 for the file and its logs; WAL, full synchronisation, overwriting deletes, foreign keys."""
    file = tmp_path / "new" / "idverify.db"
    store = Store.open(f"sqlite:///{file}")
    with store.transaction() as tx:
        note(tx, 1)
        pragmas = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
        assert [path.stat().st_mode & 0o777 for path in file.parent.iterdir()] == [0o600] * 3
    assert pragmas == PRAGMAS
    assert file.parent.stat().st_mode & 0o777 == 0o700
    store.close()
    file.chmod(0o644)
    Store.open(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o777 == 0o600


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_new_sqlite_file_that_another_process_is_setting_up_is_waited_for(tmp_path):
    """SQLite itself does not wait when the journal's mode changes; two services that start together must not fail at it."""
    file = tmp_path / "idverify.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.rollback).start()
    store = Store.open(f"sqlite:///{file}")
    store.ping()
    store.close()
    other.close()


def test_a_full_disk_is_store_unavailable_and_nothing_is_half_written(tmp_path):
    """SQLite is given no more pages than it has; then room, and it works again."""
    store = Store.open(f"sqlite:///{tmp_path / 'small.db'}")
    big = Record(A, "portrait", "", 1, Sealed("1.x", b"w", b"c" * 200_000))
    with pytest.raises(StoreUnavailable), store.transaction() as tx:
        used = tx.exec_driver_sql("PRAGMA page_count").scalar()
        tx.exec_driver_sql(f"PRAGMA max_page_count = {used + 2}")
        subjects.add(tx, subject_id=A, lookup="l", at=1.0)
        subjects.put(tx, big)
    with store.transaction() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert subjects.get(tx, A) is None
        subjects.add(tx, subject_id=A, lookup="l", at=1.0)
        subjects.put(tx, big)
    store.close()


def test_a_database_file_that_cannot_be_made_is_store_unavailable(tmp_path: Path):
    """Its folder is a file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_erased_content_is_gone_from_the_files_of_sqlite(tmp_path):
    """secure_delete overwrites the pages, and tidying empties the log."""
    store = Store.open(f"sqlite:///{tmp_path / 'x.db'}")
    secret = b"ciphertext-to-forget" * 500
    with store.transaction() as tx:
        subjects.add(tx, subject_id=A, lookup="l", at=1.0)
        subjects.put(tx, Record(A, "portrait", "", 1, Sealed("1.x", b"wrapped-key-to-forget", secret)))
    with store.transaction() as tx:
        subjects.erase(tx, A, 2.0)
    store.tidy()
    for file in tmp_path.iterdir():
        assert b"to-forget" not in file.read_bytes(), file
    store.close()


def test_what_happened_to_one_subject_is_numbered_for_itself(store):
    """Newest first, of the kinds and the time that are asked for; numbers stay, and say nothing of what lies between."""
    with store.transaction() as tx:
        for number in range(12):
            note(tx, number, (A, B, None)[number % 3], (Event.SUBJECT_READ, Event.SUBJECT_ENROLLED)[number % 2])
        kinds = (Event.SUBJECT_READ, Event.SUBJECT_ENROLLED)
        every = audit.about(tx, A, *kinds, since=0, before=None, limit=9)
        assert [(number, entry.seq) for number, entry in every] == [(4, 10), (3, 7), (2, 4), (1, 1)]
        assert all(authentic(KEY, entry) for _, entry in every)
        note(tx, 12, A)
        older = audit.about(tx, A, *kinds, since=0, before=4, limit=2)
        assert [(number, entry.seq) for number, entry in older] == [(3, 7), (2, 4)]
        assert [number for number, _ in audit.about(tx, A, *kinds, since=1006, before=None, limit=9)] == [5, 4, 3]
        assert [entry.seq for _, entry in audit.about(tx, A, Event.SUBJECT_ENROLLED, since=0, before=None, limit=9)] == [10, 4]
        assert audit.about(tx, "sub_" + "c" * 32, *kinds, since=0, before=None, limit=9) == []
