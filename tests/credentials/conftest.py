"""One forge for every test of this room."""

import pytest

from .forge import FORGE, Forge


@pytest.fixture(scope="session")
def forge() -> Forge:
    """A signing key, its key set and a genuine token; never changed."""
    return FORGE
