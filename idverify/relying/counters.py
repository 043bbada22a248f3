"""What a gate remembers of the codes that it let pass: the highest counter of each slip, until the slip's day is over.

A SQLite file (0600), so that a gate that is started anew remembers, and two commands over one folder share what they saw. It
holds keys that live for a day and numbers, nothing of a person.
"""

import os
import sqlite3
from pathlib import Path
from threading import Lock

from idverify.errors import StoreUnavailable
from idverify.keys.private_files import make_private_folder

FILE = "gate.sqlite"
_WAIT_SECONDS = 5

_MAKE = (
    "CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, counter INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID"
)
_TAKE = (
    "INSERT INTO seen (key, counter, expires_at) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET counter = excluded.counter WHERE excluded.counter > seen.counter"
)
_FORGET = "DELETE FROM seen WHERE expires_at <= ?"


class FileCounters:
    """slip_code.Counters over a file. Safe from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open the file, or make it. Raises StoreUnavailable, KeyUnavailable."""
        make_private_folder(folder)
        path = folder / FILE
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._base = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            # What the last second before a power cut took may be lost; a code of then is stale when the gate is up again.
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(_MAKE)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(f"cannot use {path}: {error}") from None
        self._lock, self._forgotten_at = Lock(), 0.0

    def take(self, key: bytes, counter: int, expires_at: float, now: float) -> bool:
        """See slip_code.Counters. Raises StoreUnavailable: what cannot be remembered must not pass."""
        with self._lock:
            try:
                if now - self._forgotten_at > 60:
                    self._base.execute(_FORGET, (now,))
                    self._forgotten_at = now
                return self._base.execute(_TAKE, (key, counter, expires_at)).rowcount == 1
            except sqlite3.Error as error:
                raise StoreUnavailable(f"cannot remember a code: {error}") from None

    def close(self) -> None:
        """Close the file."""
        self._base.close()
