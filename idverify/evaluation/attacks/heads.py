"""Actors made of synthetic heads: one photograph alone, and a clip's frames that a mesh moves where the clip does not."""

import cv2
import numpy as np

from idverify.evaluation.attacks.aim import Aim
from idverify.evaluation.attacks.animation import Animator, Pose
from idverify.evaluation.attacks.camera import Tremor
from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.performer import Performer
from idverify.evaluation.attacks.puppet import Head
from idverify.evaluation.attacks.shots import Actor, Said, Shot
from idverify.liveness.challenge import Kind, Step
from idverify.values import Floats, Pixels

_SWAY_DEGREES = 1.2
_BLINK_EVERY = (2.5, 6.0)


class SyntheticHead:
    """A head on a mesh from one photograph: sways a little, blinks now and then, and does what it is told."""

    def __init__(self, head: Head, animator: Animator, tremor: Tremor, generator: np.random.Generator) -> None:
        self._head, self._animator, self._tremor, self._generator = head, animator, tremor, generator
        self._phases = generator.uniform(0, 2 * np.pi, 2)
        self._blink_at = float(generator.uniform(*_BLINK_EVERY))
        self._asked = False
        self._aim, self._marks = Aim(0.8, 1.5), head.posed(0.0, 0.0).landmarks

    def hear(self, said: Said, at: float) -> None:
        """Steps move the head; guidance brings it nearer or farther."""
        self._asked = said["type"] == "step" or (self._asked and said["type"] == "guidance" and said["code"] != "enough")
        self._animator.hear(said, at)
        if not self._asked:
            self._aim.hear(said, at, self._marks)

    def shot(self, at: float) -> Shot:
        """The head posed for this moment."""
        if at > self._blink_at and not self._asked:
            self._animator.asked(Step(Kind.BLINK, 1), at, reaction=0.0)
            self._animator.hear({"type": "ahead"}, at)
            self._blink_at = at + float(self._generator.uniform(*_BLINK_EVERY))
        pose = self._animator.pose(at)
        sway = _SWAY_DEGREES * np.sin(2 * np.pi * np.array([0.23, 0.31]) * at + self._phases)
        posed = self._head.posed(pose.yaw + sway[0], pose.pitch + sway[1], blink=pose.blink, mouth=pose.mouth)
        across, down = self._aim.shift + self._tremor.at(at)
        shot = moved(posed, pose.zoom * self._aim.nearer, (float(across), float(down)))
        self._marks = shot.landmarks
        return shot


class BeforeWall:
    """An actor's head cut out and put before a wall of one colour, that of the picture's upper edge."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._wall: Pixels | None = None

    def hear(self, said: Said, at: float) -> None:
        """The actor hears."""
        self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The head before the wall, which never changes."""
        shot = self._actor.shot(at)
        if self._wall is None:
            self._wall = np.broadcast_to(shot.pixels[:8].mean(axis=(0, 1)).astype(np.uint8), shot.pixels.shape).copy()
        (left, right), chin = shot.landmarks[[0, 16]], shot.landmarks[8]
        centre, width = (left + right) / 2, float(np.linalg.norm(right - left))
        head = np.zeros(shot.pixels.shape[:2], np.uint8)
        axes = round(0.62 * width), round(1.15 * float(np.linalg.norm(chin - centre)))
        cv2.ellipse(head, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, 255, -1)
        return Shot(np.where(head[..., None] > 0, shot.pixels, self._wall), shot.landmarks)


class Steered:
    """A clip's person, live from a library of recordings: what the clip does not show, a mesh makes of its latest frame."""

    def __init__(self, performer: Performer, animator: Animator) -> None:
        self._performer, self._animator = performer, animator
        self._head: Head | None = None

    def hear(self, said: Said, at: float) -> None:
        """The clip where it is able, the mesh where it is not."""
        if said["type"] == "step":
            step = Step(Kind(said["kind"]), float(said["amount"]))
            if not self._performer.moves.able(step):
                self._animator.asked(step, at)
                return
        self._performer.hear(said, at)
        self._animator.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The clip's frame, or the mesh's while it moves."""
        pose = self._animator.pose(at)
        if pose == Pose():
            self._head = None
            return self._performer.shot(at)
        if self._head is None:
            latest = self._performer.shot(at)
            self._head = Head(latest.pixels, latest.landmarks)
        posed = self._head.posed(pose.yaw, pose.pitch, blink=pose.blink, mouth=pose.mouth)
        return moved(posed, pose.zoom, (0.0, 0.0))


def moved(shot: Shot, zoom: float, shift: tuple[float, float]) -> Shot:
    """The shot zoomed about its face and shifted by pixels."""
    centre = shot.landmarks.mean(axis=0)
    matrix: Floats = np.array([[zoom, 0, 0], [0, zoom, 0]], np.float32)
    matrix[:, 2] = (1 - zoom) * centre + np.array(shift)
    pixels = cv2.warpAffine(shot.pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return Shot(np.asarray(pixels, np.uint8), (shot.landmarks * zoom + matrix[:, 2]).astype(np.float32))
