"""When frames are exposed, sealed and received, in virtual seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idverify.evaluation.attacks.parameters import Group


@dataclass(frozen=True, slots=True)
class Moment:
    """Of one frame: when it was exposed, sealed, and received."""

    exposed: float
    sealed: float
    received: float


class CameraClock:
    """A camera and a network: exposures at nearly even times, arrivals that are not."""

    def __init__(self, camera: Group, network: Group, generator: np.random.Generator) -> None:
        self._camera, self._network, self._generator = camera, network, generator
        self._exposed = float(generator.uniform(0, 0.1))
        self._received = 0.0

    @property
    def down(self) -> float:
        """Seconds a message of the server takes."""
        jitter = self._generator.exponential(self._network["jitter_ms"])
        return float(self._network["down_ms"] + jitter) / 1000

    def next(self) -> Moment:
        """The next frame's times."""
        draw = self._generator
        jitter = draw.normal(0, self._camera["interval_jitter_ms"]) / 1000
        self._exposed += max(0.02, 1 / self._camera["fps"] + jitter)
        sealed = self._exposed + self._camera["encode_ms"] / 1000 * draw.uniform(0.9, 1.3)
        way = self._network["up_ms"] + draw.exponential(self._network["jitter_ms"])
        if draw.uniform() < self._network["stall_chance"]:
            way += self._network["stall_ms"]
        self._received = max(self._received + 0.0005, sealed + way / 1000)
        return Moment(self._exposed, sealed, self._received)


class ProgramClock:
    """A program that sends a picture every so often, to the millisecond."""

    down = 0.02

    def __init__(self, fps: float, generator: np.random.Generator) -> None:
        self._fps, self._generator = fps, generator
        self._count = 0

    def next(self) -> Moment:
        """The next frame's times."""
        self._count += 1
        at = self._count / self._fps
        return Moment(at, at + 0.001, at + 0.02 + float(self._generator.uniform(0, 0.0004)))


class RecordedClock:
    """A program that sends with the spacing of a genuine recording of another session, from its start once more at the end."""

    def __init__(self, gaps: Sequence[float], down: float) -> None:
        self._gaps, self.down = gaps, down
        self._count, self._received = 0, 0.1

    def next(self) -> Moment:
        """The next frame's times."""
        self._received += self._gaps[self._count % len(self._gaps)]
        self._count += 1
        return Moment(self._received - 0.03, self._received - 0.02, self._received)
