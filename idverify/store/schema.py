"""Alembic, run from inside the program: no ini file, no shell, the caller's transaction."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from idverify.errors import ConfigurationInvalid

MIGRATIONS = Path(__file__).parent / "migrations"

NEWEST = "0007"
"""Revision of the last migration, so that a database that has it needs no Alembic, which loads slowly. A test holds this."""


def bring_up_to_date(tx: Connection) -> None:
    """Run the migrations that this database has not seen, in the caller's write transaction: all or none of them.

    Two processes that start together are kept apart by the writer's lock. Raises ConfigurationInvalid when the database was
    made by a later version.
    """
    if revision(tx) == NEWEST:
        return
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = tx
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationInvalid("the database belongs to a later version of idverify") from error


def revision(tx: Connection) -> str | None:
    """The revision that the database is at; None when it is new."""
    found: str | None = None
    if inspect(tx).has_table("alembic_version"):
        found = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return found
