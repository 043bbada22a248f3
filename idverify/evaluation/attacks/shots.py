"""What the camera of a session is pointed at, moment by moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from idverify.values import Floats, Pixels

Said = Mapping[str, Any]
"""A message of the service, as the client reads it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture (480, 480, 3) BGR, and where the face's 68 landmarks are in it, (68, 2) pixels."""

    pixels: Pixels
    landmarks: Floats


class Actor(Protocol):
    """Decides what is seen at a time, given what the service has said so far. Times are seconds, and only grow."""

    def hear(self, said: Said, at: float) -> None:
        """Take in what the service said, which arrived `at`."""
        ...

    def shot(self, at: float) -> Shot:
        """What is seen at a time."""
        ...
