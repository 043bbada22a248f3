"""Frames of printed photographs before a real camera (NUAA), shown as what the camera of a session sees."""

from collections.abc import Sequence

import numpy as np

from idverify.evaluation.attacks.aim import Aim
from idverify.evaluation.attacks.camera import Tremor
from idverify.evaluation.attacks.heads import moved
from idverify.evaluation.attacks.light import Screen, lit
from idverify.evaluation.attacks.lighting import follow
from idverify.evaluation.attacks.parameters import Group
from idverify.evaluation.attacks.shots import Said, Shot
from idverify.evaluation.attacks.warping import PLACES
from idverify.face.pose import head_pose
from idverify.liveness.challenge import Kind, Step
from idverify.values import Floats

_SECONDS = 1.2  # of one frame, before the next
_SHEET = 1.5  # of the face's extent, the paper that our screen lights


class Printed:
    """Frames of one person's prints in turn; on a step, the frame that comes nearest to what is asked."""

    def __init__(self, frames: Sequence[Shot], tremor: Tremor, light: Group) -> None:
        self._frames, self._tremor, self._light, self._screen = frames, tremor, light, Screen(light)
        self._angles = head_pose(np.stack([frame.landmarks for frame in frames]))
        self._chosen: int | None = None
        self._zoom = 1.0
        self._aim, self._marks = Aim(), frames[0].landmarks

    def hear(self, said: Said, at: float) -> None:
        """A step chooses the frame; closer is closer."""
        follow(self._screen, said, at)
        self._aim.hear(said, at, self._marks)
        if said["type"] == "step":
            step = Step(Kind(said["kind"]), float(said["amount"]))
            self._zoom = step.amount + 0.05 if step.kind is Kind.MOVE_CLOSER else 1.0
            yaw, pitch = self._angles[:, 0], self._angles[:, 1]
            wanted = {Kind.TURN_LEFT: yaw, Kind.TURN_RIGHT: -yaw, Kind.LOOK_UP: pitch, Kind.LOOK_DOWN: -pitch}.get(step.kind)
            self._chosen = None if wanted is None else int(np.argmax(wanted))
        elif said["type"] in {"colour", "ahead"} or (said["type"] == "guidance" and said["code"] == "enough"):
            self._chosen, self._zoom = None, 1.0

    def shot(self, at: float) -> Shot:
        """The print of this moment, lit as paper is."""
        index = int(at / _SECONDS) % len(self._frames) if self._chosen is None else self._chosen
        across, down = self._aim.shift + self._tremor.at(at)
        shot = moved(self._frames[index], self._zoom * self._aim.nearer, (float(across), float(down)))
        self._marks = shot.landmarks
        weights = np.maximum(_paper(shot.landmarks), self._light["background"]).astype(np.float32)
        return Shot(lit(shot.pixels, weights, self._screen.light(at), self._light), shot.landmarks)


def _paper(landmarks: Floats) -> Floats:
    """1 where the sheet is taken to be, (60, 60)."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    middle, half = (low + high) / 2, _SHEET * (high - low).max() / 2
    inside: Floats = (np.abs(PLACES[:60, :60] - middle) < half).all(axis=-1).astype(np.float32)
    return inside
