"""The database: one schema on SQLite and PostgreSQL, one writer at a time, every failure a StoreUnavailable."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from idverify.errors import StoreUnavailable
from idverify.store.engine import LOCK_SECONDS, open_engine
from idverify.store.schema import bring_up_to_date

__all__ = ["Connection", "Store"]


class Store:
    """One database. Safe from many threads; several processes may open the same one.

    Writers queue for one lock (BEGIN IMMEDIATE on SQLite, an advisory lock on PostgreSQL): the audit chain has one end, every
    write appends to it, so finer locks would buy nothing and could deadlock. Readers wait for nobody.
    """

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    def open(cls, url: str, *, create: bool = True, lock_seconds: float = LOCK_SECONDS) -> "Store":
        """The database at `url` (`sqlite:///FILE` or `postgresql://...`), made or brought to this version's schema first.

        create: make a SQLite file that is not there. lock_seconds: how long a writer waits for its turn. Raises
        ConfigurationInvalid on a URL that cannot be used, StoreUnavailable when the database is missing or does not answer.
        """
        store = cls(*open_engine(url, lock_seconds, create=create))
        with store.transaction() as tx:
            bring_up_to_date(tx)
        return store

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: committed on leaving, rolled back on any exception. No other writer runs meanwhile.

        Raises StoreUnavailable for whatever the database refuses, at commit as well; then nothing was written.
        """
        with _guarded(), self._writer.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only view of one moment, which neither waits for the writer nor sees its later commits."""
        with _guarded(), self._reader.begin() as tx:
            yield tx

    def ping(self) -> None:
        """Return when the database can be read and the writer's lock be had. Raises StoreUnavailable."""
        with self.transaction() as tx:
            tx.execute(text("SELECT version_num FROM alembic_version"))

    def tidy(self) -> None:
        """Move SQLite's write-ahead log into the file and empty it, so that overwritten pages do not linger there.

        Does nothing on PostgreSQL. A reader at work may hold part of the log back; the next call takes the rest.
        """
        if self._writer.dialect.name == "sqlite":
            with _guarded(), self._reader.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give back every connection."""
        self._writer.dispose()


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the database did not answer or did not commit ({type(error).__name__})") from error
