"""The demonstration's record: steps as they happen, what came of each, and whether that is what should have."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Story:
    """The steps as they happen: title, what came of it, milliseconds, and whether that is what should come of it."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str, expected: str) -> Iterator[Callable[[str], None]]:
        """Time one step; the body says what came of it."""
        outcome: list[str] = []
        started = time.perf_counter()
        yield outcome.append
        elapsed = 1000 * (time.perf_counter() - started)
        said = outcome[0] if outcome else ""
        self.steps.append(
            {"step": title, "outcome": said, "milliseconds": round(elapsed, 1), "as_expected": said.startswith(expected)}
        )

    @property
    def as_expected(self) -> bool:
        """Whether every step came out as it should."""
        return all(step["as_expected"] for step in self.steps)


@dataclass(slots=True)
class Clock:
    """The time of the demonstration: the real one, until it is moved forward."""

    ahead: float = 0.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead

    def forward(self, seconds: float) -> None:
        """Move it."""
        self.ahead += seconds
