"""How a connection is made and how a transaction begins, on each of the two databases."""

import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from idverify.errors import ConfigurationInvalid, StoreUnavailable

LOCK_SECONDS = 5
"""How long a writer waits for the one before it, unless told otherwise; then the store counts as unavailable."""

WRITER_LOCK = 0x69_64_76_65_72_69_66_79
"""Key of PostgreSQL's advisory lock, `idverify` in ASCII. Such locks belong to one database of a server."""

_SQLITE = (
    "PRAGMA synchronous = FULL",  # a commit survives a power cut: an attempt once counted stays counted
    "PRAGMA secure_delete = ON",  # deleted cells and freed pages are overwritten with zeros
    "PRAGMA foreign_keys = ON",
)
_POSTGRESQL = (
    "SET statement_timeout = '60s'",
    "SET idle_in_transaction_session_timeout = '60s'",  # a writer that vanished gives its lock back
)


def open_engine(url: str, lock_seconds: float, *, create: bool) -> tuple[Engine, Engine]:
    """Two engines over one pool: the first begins write transactions, the second read-only ones.

    create: make a SQLite file that is not there. Raises ConfigurationInvalid, or StoreUnavailable when the file is missing or
    cannot be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationInvalid("IDVERIFY_DATABASE_URL is not a database URL") from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        engine = _sqlite(parsed, lock_seconds, create=create)
    elif parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        engine = _postgresql(parsed.set(drivername="postgresql+psycopg"), lock_seconds)
    else:
        raise ConfigurationInvalid("IDVERIFY_DATABASE_URL must begin with sqlite:/// or postgresql://")
    reader = engine.execution_options(idverify_reads=True)
    return engine, reader


def _sqlite(url: URL, lock_seconds: float, *, create: bool) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigurationInvalid("IDVERIFY_DATABASE_URL must name a SQLite file: sqlite:///FILE")
    if not create and not Path(url.database).exists():
        raise StoreUnavailable(f"there is no database at {url.database}: restore a backup, or name the right one")
    _make_private(Path(url.database))
    engine = create_engine(url, hide_parameters=True, pool_timeout=LOCK_SECONDS, connect_args={"timeout": lock_seconds})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `_begin` does
        _write_ahead(connection, lock_seconds)
        for statement in _SQLITE:
            connection.execute(statement)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = _reads(connection)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection, lock_seconds: float) -> None:
    """Turn the write-ahead log on. The file keeps the mode, so only processes that open a new one at once meet here.

    SQLite does not wait for its lock in this one statement, however long its busy timeout: it says `locked` at once.
    """
    deadline = time.monotonic() + lock_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _make_private(file: Path) -> None:
    """Make the file, and its folder, for the owner alone; SQLite gives its log files the mode of the file."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a device would be made private for the whole machine
                raise ConfigurationInvalid("IDVERIFY_DATABASE_URL names something that is not a regular file")
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnavailable(f"the database file cannot be made: {error.strerror}") from error


def _postgresql(url: URL, lock_seconds: float) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # connections of a server that restarted are replaced, not handed out
        pool_timeout=LOCK_SECONDS,
        connect_args={"connect_timeout": LOCK_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = '{round(1000 * lock_seconds)}ms'")
        for statement in _POSTGRESQL:
            connection.execute(statement)
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _reads(connection):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine


def _reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("idverify_reads", False))
