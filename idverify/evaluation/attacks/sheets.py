"""A photograph of the person, held before a real camera: still, turned as a plane, or bent as a cylinder, in perspective."""

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np

from idverify.evaluation.attacks.aim import Aim
from idverify.evaluation.attacks.camera import Tremor
from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.light import Screen, lit
from idverify.evaluation.attacks.lighting import follow
from idverify.evaluation.attacks.parameters import Group
from idverify.evaluation.attacks.shots import Said, Shot
from idverify.evaluation.attacks.warping import Points, before, drawn, inverse
from idverify.liveness.challenge import NODS, Kind, Step
from idverify.values import Floats, Pixels

_DISTANCE = 1.6  # of the camera, in widths of the picture
_BORDER = 0.03  # of the sheet's width, white
_SECONDS = 0.8  # for a movement
_AGAIN_SECONDS, _FURTHER, _FARTHEST = 2.0, 8.0, 24.0  # a step not taken for done: turned further, degrees


class Hold(StrEnum):
    """What the attacker does with the sheet on a turn or a nod."""

    STILL = "still"
    TURNED = "turned"
    BENT = "bent"


class Sheet:
    """A photograph on paper in front of a room. Moves nearer when asked to; otherwise as its Hold says.

    photo: print-ready picture (480, 480, 3), the whole sheet; landmarks: (68, 2) in it; room: what is behind.
    """

    def __init__(
        self,
        photo: Shot,
        room: Pixels,
        hold: Hold,
        *,
        paper: Group,
        light: Group,
        reaction: float,
        tremors: tuple[Tremor, Tremor],
    ) -> None:
        self._photo = Shot(printed(photo.pixels, paper), photo.landmarks)
        self._room, self._hold, self._paper, self._light, self._reaction = room, hold, paper, light, reaction
        self._screen, self._tremors = Screen(light), tremors
        self._from: Floats = np.zeros(3, np.float32)  # yaw, pitch (degrees), zoom above 1
        self._to: Floats = np.zeros(3, np.float32)
        self._since = 0.0
        self._aim, self._marks = Aim(), photo.landmarks
        self._asked: tuple[float, Step] | None = None
        self._further = 0.0

    def hear(self, said: Said, at: float) -> None:
        """On a step, do with the sheet what may pass for it; when it is taken for done, hold it straight again."""
        follow(self._screen, said, at)
        match said["type"]:
            case "step":
                self._asked, self._further = (at, Step(Kind(said["kind"]), float(said["amount"]))), 0.0
                self._go(at + self._reaction, self._pose(self._asked[1]))
            case "ahead" | "colour":
                self._straighten(at)
            case "guidance" if said["code"] == "enough":
                self._straighten(at)
            case "guidance" if self._asked is None:
                self._aim.hear(said, at, self._marks)
            case _:
                pass

    def shot(self, at: float) -> Shot:
        """The sheet before the room, lit by the screen."""
        if self._asked is not None and at - self._asked[0] > _AGAIN_SECONDS:
            self._asked, self._further = (at, self._asked[1]), min(_FARTHEST, self._further + _FURTHER)
            self._go(at, self._pose(self._asked[1]))
        yaw, pitch, nearer = self._now(at).tolist()
        bent = self._hold is Hold.BENT and abs(yaw) > 0.5
        radius = self._paper["bend_radius"] * SIDE * 1.0 if bent else np.inf
        across, down = self._aim.shift + self._tremors[0].at(at)
        tilt = 0.6 * self._tremors[1].at(at)[0]
        size = self._paper["width"] * self._aim.nearer * (1 + nearer)
        forward = placing(size, (yaw, pitch, tilt), (across, down), radius)
        source = inverse_of(forward, size)
        sheet = drawn(self._photo.pixels, source, cv2.BORDER_REPLICATE)
        pixels, on_sheet = before(self._room, sheet, source)
        facing = max(0.2, float(np.cos(np.radians(yaw)) * np.cos(np.radians(pitch))))
        weights = np.maximum(on_sheet * facing, self._light["background"]).astype(np.float32)
        gloss = (on_sheet * self._paper["gloss"] * facing**8).astype(np.float32)
        self._marks = forward(self._photo.landmarks)
        return Shot(lit(pixels, weights, self._screen.light(at), self._light, gloss=gloss), self._marks)

    def _pose(self, step: Step) -> Floats:
        reach = self._paper["reach_degrees"] + self._further
        if step.kind is Kind.MOVE_CLOSER:
            return np.array([0, 0, step.amount - 1 + 0.06], np.float32)
        if self._hold is Hold.STILL:
            return np.zeros(3, np.float32)
        sign = 1 if step.kind in {Kind.TURN_LEFT, Kind.LOOK_UP} else -1
        if step.kind in NODS:
            return np.array([0, sign * reach, 0], np.float32)
        return np.array([sign * reach * (step.kind in {Kind.TURN_LEFT, Kind.TURN_RIGHT}), 0, 0], np.float32)

    def _straighten(self, at: float) -> None:
        self._asked = None
        self._go(at, np.zeros(3, np.float32))

    def _go(self, at: float, pose: Floats) -> None:
        if not np.array_equal(pose, self._to):
            self._from, self._to, self._since = self._now(at), pose, at

    def _now(self, at: float) -> Floats:
        share = np.float32(np.clip((at - self._since) / _SECONDS, 0, 1))
        return self._from + share * share * (3 - 2 * share) * (self._to - self._from)


def printed(pixels: Pixels, paper: Group) -> Pixels:
    """What printing and a second lens leave of a photograph: less contrast, softer, within a white border."""
    soft = cv2.GaussianBlur(pixels, (0, 0), paper["blur"]).astype(np.float32)
    grey = 118.0
    found = np.clip((grey + (soft - grey) * paper["contrast"]) * paper["brightness"] + 12, 0, 255).astype(np.uint8)
    edge = round(_BORDER * SIDE)
    return np.asarray(cv2.rectangle(found, (0, 0), (SIDE - 1, SIDE - 1), (226, 230, 232), 2 * edge), np.uint8)


def placing(
    size: float, degrees: tuple[float, float, float], shift: tuple[float, float], radius: float
) -> Callable[[Points], Points]:
    """Where points of a sheet (..., 2) lie in the picture: scaled, turned by yaw, pitch and tilt, bent, seen in perspective.

    radius: of the cylinder a sheet is bent to, in pixels of the sheet; infinite for a flat one.
    """
    yaw, pitch, tilt = np.radians(degrees)
    middle = (SIDE - 1) / 2

    def forward(points: Points) -> Points:
        u, v = points[..., 0] - middle, points[..., 1] - middle
        x, y = np.cos(tilt) * u - np.sin(tilt) * v, np.sin(tilt) * u + np.cos(tilt) * v
        z = np.zeros_like(x)
        if np.isfinite(radius):
            x, z = radius * np.sin(x / radius), radius * (np.cos(x / radius) - 1)
        x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
        y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
        seen = size * _DISTANCE * SIDE / (_DISTANCE * SIDE - size * z)
        return np.stack([x * seen + middle + shift[0], y * seen + middle + shift[1]], axis=-1).astype(np.float32)

    return forward


def inverse_of(forward: Callable[[Points], Points], size: float) -> Points:
    """Which point of the sheet each point of the picture's grid (61, 61, 2) shows; outside the sheet, beyond its edge."""
    middle = np.float32((SIDE - 1) / 2)

    def towards_identity(points: Points) -> Points:
        return (forward((points - middle) / np.float32(size) + middle)).astype(np.float32)

    return ((inverse(towards_identity) - middle) / np.float32(size) + middle).astype(np.float32)


def room_behind(pixels: Pixels) -> Pixels:
    """A room out of focus, made of any picture: nothing in it can be taken for a face."""
    small = cv2.GaussianBlur(cv2.resize(pixels, (60, 60), interpolation=cv2.INTER_AREA), (0, 0), 6)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def cropped(shot: Shot, *, margin: float) -> Shot:
    """The photograph cut square around its face, `margin` times the face's height on each side where there is so much."""
    low, high = shot.landmarks.min(axis=0), shot.landmarks.max(axis=0)
    middle, half = (low + high) / 2, (0.5 + margin) * float((high - low).max())
    half = float(min(half, *(middle + 0.15 * half), *(SIDE - middle + 0.15 * half)))
    left, top = middle - half
    scale = SIDE / (2 * half)
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
    pixels = cv2.warpAffine(shot.pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Shot(np.asarray(pixels, np.uint8), ((shot.landmarks - (left, top)) * scale).astype(np.float32))
