"""What a puppet does when a step is read to it: poses over time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.attacks.shots import Said
from idverify.liveness.challenge import Kind, Step

_GAIN = 1.15  # a mesh turned by so much shows landmarks turned by less
_NOD_GAIN = 1.9  # and nods less still: measured on meshes of four people
_BEYOND = 2.0  # degrees
_FARTHER = 5.0  # degrees more at each further try
_BLINK = (0.12, 0.12, 0.14)  # seconds to shut, shut, and to open
_BETWEEN_BLINKS = 0.45
_HELD = 0.5
_AGAIN = 2.0

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees of yaw and pitch, blink and mouth 0..1, zoom in times."""

    yaw: float = 0.0
    pitch: float = 0.0
    blink: float = 0.0
    mouth: float = 0.0
    zoom: float = 1.0

    @property
    def vector(self) -> Vector:
        """The five numbers."""
        return np.array([self.yaw, self.pitch, self.blink, self.mouth, self.zoom])


REST = Pose()


class Animator:
    """Plans poses for steps; reaction and seconds for a movement are the attacker's."""

    def __init__(self, reaction: float, seconds: float) -> None:
        self._reaction, self._seconds = reaction, seconds
        self._keys: list[tuple[float, Vector]] = [(0.0, REST.vector)]
        self._step: Step | None = None
        self._again = 0.0
        self._tried = 0

    def hear(self, said: Said, at: float) -> None:
        """Do a step that is read; stop when it is taken for done."""
        match said["type"]:
            case "step":
                self.asked(Step(Kind(said["kind"]), float(said["amount"])), at)
            case "colour" | "ahead":
                self._step = None
            case "guidance" if said["code"] == "enough":
                self._step = None
            case _:
                pass

    def asked(self, step: Step, at: float, *, reaction: float | None = None) -> None:
        """Do the step after the reaction time, from whatever pose it is."""
        self._step, self._tried = step, 0
        self._plan(step, at + (self._reaction if reaction is None else reaction))

    def pose(self, at: float) -> Pose:
        """The pose at a time; a step that was not taken for done is tried again, further."""
        if self._step is not None and at > self._again and self._tried < 4:
            self._tried += 1
            self._plan(self._step, at)
        return Pose(*self._vector(at).tolist())

    @property
    def busy(self) -> float:
        """When the planned movement ends."""
        return self._keys[-1][0]

    def _vector(self, at: float) -> Vector:
        before = self._keys[0]
        for key in self._keys[1:]:
            if at < key[0]:
                share = max(0.0, at - before[0]) / max(1e-6, key[0] - before[0])
                share = share * share * (3 - 2 * share)
                found: Vector = before[1] + share * (key[1] - before[1])
                return found
            before = key
        return before[1]

    def _plan(self, step: Step, at: float) -> None:
        self._keys = [(at, self._vector(at))]
        further = _BEYOND + _FARTHER * self._tried
        match step.kind:
            case Kind.BLINK:
                for _ in range(round(step.amount)):
                    self._go(Pose(blink=1.0), _BLINK[0], _BLINK[1])
                    self._go(REST, _BLINK[2], _BETWEEN_BLINKS)
            case Kind.TURN_LEFT:
                self._there_and_back(Pose(yaw=_GAIN * step.amount + further))
            case Kind.TURN_RIGHT:
                self._there_and_back(Pose(yaw=-_GAIN * step.amount - further))
            case Kind.LOOK_UP:
                self._there_and_back(Pose(pitch=_NOD_GAIN * step.amount + further))
            case Kind.LOOK_DOWN:
                self._there_and_back(Pose(pitch=-_NOD_GAIN * step.amount - further))
            case Kind.OPEN_MOUTH:
                self._there_and_back(Pose(mouth=1.0))
            case Kind.MOVE_CLOSER:
                self._there_and_back(Pose(zoom=step.amount + 0.05 + 0.06 * self._tried))
            case _:
                pass
        self._again = self.busy + _AGAIN

    def _there_and_back(self, pose: Pose) -> None:
        self._go(pose, self._seconds, _HELD)
        self._go(REST, self._seconds, 0.0)

    def _go(self, pose: Pose, seconds: float, held: float) -> None:
        last = self._keys[-1][0]
        self._keys += [(last + seconds, pose.vector), (last + seconds + held, pose.vector)]
