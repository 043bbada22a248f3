"""Observations of a person who does what a test says, without a picture."""

from dataclasses import replace

import numpy as np

from idverify.liveness.observation import Light, Observation, Seen, Trace
from idverify.values import Face, Floats

BESIDE = Light((0.25, 0.2, 0.18), (0.3, 0.3, 0.3))
PERSON = Seen(Face((200, 80, 440, 400), 0.99), np.zeros((68, 2), np.float32), 2.0, -3.0, 1.0, (1.0, 0.99), 0.02, 600.0, BESIDE)


def marks(lids: float = 1.0, distance: float = 80.0) -> Floats:
    """Landmarks that have eyes: open as wide as usual times `lids`, so many pixels from one another."""
    points = np.zeros((68, 2), np.float32)
    for first, middle in ((36, 320 - distance / 2), (42, 320 + distance / 2)):
        half, up = distance * 0.2, distance * 0.06 * lids
        points[first : first + 6] = [
            (middle - half, 200), (middle - half / 2, 200 - up), (middle + half / 2, 200 - up),
            (middle + half, 200), (middle + half / 2, 200 + up), (middle - half / 2, 200 + up),
        ]  # fmt: skip
    return points


def frame(
    index: int, *, rate: float = 10.0, reveals: int = 1, missing: bool = False, lids: float = 1.0, **changes
) -> Observation:
    """Frame of that index. missing: no face. changes: of what is seen; `closer` times larger."""
    closer = changes.pop("closer", 1.0)
    seen = None if missing else replace(PERSON, landmarks=marks(lids, 80.0 * closer), **changes)
    trace = Trace(index.to_bytes(32, "big"), b"tables", (480, 640), 1.0, np.zeros((16, 16), np.uint8))
    return Observation(index, 100 + index / rate, reveals, trace, 0 if missing else 1, seen)


def rest(frames: int = 8) -> list[Observation]:
    """Looking ahead before the reveal."""
    return [frame(index, reveals=0) for index in range(frames)]
