"""Fixtures of the contract suites."""

from collections.abc import Iterator

import pytest

from idverify.store import Store

from .databases import database_url, postgresql

__all__ = ["database_url", "postgresql", "store"]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on an empty database, once on each kind."""
    opened = Store.open(database_url)
    yield opened
    opened.close()
