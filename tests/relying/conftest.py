"""Two cities, a third and an insurer, on one clock."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ceremonies.conftest import Clock, clock

from .deployments import Deployment

__all__ = ["clock"]


@pytest.fixture
def deploy(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Deployment]]:
    """Makes an issuer of that name."""
    made: list[Deployment] = []

    def make(name: str, **rest: object) -> Deployment:
        made.append(Deployment(name, tmp_path, clock, **rest))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.vault.store.close()
