"""What was recorded of other sessions: scripts, screens that show them to a camera, loops, splices."""

from collections.abc import Sequence

import cv2
import numpy as np

from idverify.evaluation.attacks.camera import Tremor
from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.device import Source
from idverify.evaluation.attacks.light import Screen, lit
from idverify.evaluation.attacks.lighting import follow
from idverify.evaluation.attacks.parameters import Group
from idverify.evaluation.attacks.sheets import inverse_of, placing
from idverify.evaluation.attacks.shots import Actor, Said, Shot
from idverify.evaluation.attacks.warping import before, drawn
from idverify.face.alignment import five_points, similarity
from idverify.liveness.challenge import COLOUR_SECONDS, Kind, Step
from idverify.values import Pixels

_SETTLE, _STEP_SECONDS = 1.5, 3.5
_PHASES = 12  # of the moire, as the hand moves the camera over it
_Y, _X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)


def script(steps: Sequence[Step]) -> list[tuple[float, Said]]:
    """What a genuine session with these steps would have heard, and when."""
    heard: list[tuple[float, Said]] = []
    at = _SETTLE
    for step in steps:
        if step.kind is Kind.COLOURS:
            for colour in step.colours:
                heard.append((at, {"type": "colour", "rgb": colour}))
                at += COLOUR_SECONDS + 0.15
        else:
            heard.append((at, {"type": "step", "kind": step.kind.value, "amount": step.amount}))
            at += _STEP_SECONDS
            heard.append((at - 0.8, {"type": "guidance", "code": "enough"}))
    heard.append((at, {"type": "ahead"}))
    return heard


class Scripted:
    """An actor who heard a script, not what the service says: a recording of another session."""

    def __init__(self, actor: Actor, heard: Sequence[tuple[float, Said]]) -> None:
        self._actor, self._heard = actor, list(heard)

    def hear(self, said: Said, at: float) -> None:
        """A recording hears nothing."""

    def shot(self, at: float) -> Shot:
        """The actor at this moment of the script."""
        while self._heard and self._heard[0][0] <= at:
            since, said = self._heard.pop(0)
            self._actor.hear(said, since)
        return self._actor.shot(at)


class Display:
    """An actor shown on a screen that a real camera films: gamma, moire, a bezel, hardly any of our light thrown back."""

    def __init__(
        self, actor: Actor, room: Pixels, *, replay: Group, light: Group, tremor: Tremor, generator: np.random.Generator
    ) -> None:
        self._actor, self._room, self._replay, self._light, self._tremor = actor, room, replay, light, tremor
        self._screen = Screen(light)
        self._tilt = (float(generator.uniform(-6, 6)), float(generator.uniform(-6, 6)), float(generator.uniform(-2, 2)))
        levels = 255 * (np.arange(256) / 255) ** replay["gamma"]
        self._tone = np.clip(levels + 6, 0, 255).astype(np.uint8)
        angle, turns = generator.uniform(0, np.pi), 2 * np.pi / replay["moire_pixels"]
        wave = turns * (np.cos(angle) * _X + np.sin(angle) * _Y) + 3e-5 * ((_X - 200) ** 2 + _Y**2)
        height = replay["moire"] * 255
        self._waves = [
            (128 + height * np.sin(wave + phase)[..., None] * (0.9, 1.0, 0.8)).round().astype(np.uint8)
            for phase in np.linspace(0, 2 * np.pi, _PHASES, endpoint=False)
        ]

    def hear(self, said: Said, at: float) -> None:
        """Our screen shines on theirs; the actor hears too."""
        follow(self._screen, said, at)
        self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The display before the room."""
        shown = self._actor.shot(at)
        pixels = cv2.LUT(shown.pixels, self._tone)
        edge = max(2, round(self._replay["bezel"] * SIDE))
        pixels = cv2.rectangle(pixels, (0, 0), (SIDE - 1, SIDE - 1), (14, 13, 12), 2 * edge)
        forward = placing(self._replay["width"], self._tilt, self._tremor.at(at), np.inf)
        source = inverse_of(forward, self._replay["width"])
        filmed = drawn(np.asarray(pixels, np.uint8), source, cv2.BORDER_REPLICATE)
        across, down = self._tremor.at(at)
        wave = self._waves[int((across + down) * _PHASES / 9) % _PHASES]
        emitted = cv2.addWeighted(filmed, 1, wave, 1, -128)
        found, on_glass = before(self._room, np.asarray(emitted, np.uint8), source)
        weights = (self._light["background"] * (1 - on_glass)).astype(np.float32)
        gloss = (on_glass * self._replay["reflectance"]).astype(np.float32)
        pixels = lit(found, weights, self._screen.light(at), self._light, gloss=gloss)
        return Shot(pixels, forward(shown.landmarks).astype(np.float32))


class Loop:
    """A source whose first seconds are sent again and again, byte for byte."""

    def __init__(self, source: Source, seconds: float) -> None:
        self._source, self._seconds = source, seconds
        self._kept: list[tuple[float, bytes]] = []

    def hear(self, said: Said, at: float) -> None:
        """A loop hears nothing."""

    def jpeg(self, at: float) -> bytes:
        """Of this moment of the loop."""
        if at < self._seconds or not self._kept:
            self._kept.append((at, self._source.jpeg(at)))
            return self._kept[-1][1]
        into = at % self._seconds
        return min(self._kept, key=lambda kept: abs(kept[0] - into))[1]


class LoopingActor:
    """An actor whose first seconds are played to and fro: the same pictures, which a camera's noise covers afresh."""

    def __init__(self, actor: Actor, seconds: float) -> None:
        self._actor, self._seconds = actor, seconds
        self._kept: list[tuple[float, Shot]] = []

    def hear(self, said: Said, at: float) -> None:
        """A loop hears nothing."""

    def shot(self, at: float) -> Shot:
        """Of this moment of the loop."""
        if at < self._seconds or not self._kept:
            self._kept.append((at, self._actor.shot(at)))
            return self._kept[-1][1]
        into = at % (2 * self._seconds)
        into = min(into, 2 * self._seconds - into)
        return min(self._kept, key=lambda kept: abs(kept[0] - into))[1]


class Spliced:
    """One person through the steps, another for the match. blend: how much of the other is mixed into the first, 0..1.

    seconds: for the change, from the moment the steps are over.
    """

    def __init__(self, first: Actor, second: Actor, *, blend: float, seconds: float) -> None:
        self._first, self._second, self._blend, self._seconds = first, second, blend, seconds
        self._ahead: float | None = None

    def hear(self, said: Said, at: float) -> None:
        """Both hear; what tells that the steps are over starts the change."""
        if said["type"] == "ahead":
            self._ahead = at
        self._first.hear(said, at)
        self._second.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The one, the other, or the other's face laid over the one's."""
        since = -1.0 if self._ahead is None else (at - self._ahead) / max(1e-3, self._seconds)
        share = self._blend if since < 0 else min(1.0, self._blend + since)
        if share >= 1:
            return self._second.shot(at)
        shot = self._first.shot(at)
        return shot if share == 0 else mixed(shot, self._second.shot(at), share)


def mixed(one: Shot, other: Shot, share: float) -> Shot:
    """The other's face brought onto the one's and mixed in, inside the face's outline."""
    matrix = similarity(five_points(other.landmarks[None]), five_points(one.landmarks[None])[0])[0]
    brought = cv2.warpAffine(other.pixels, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(one.landmarks.astype(np.int32)), share)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 8), np.float32)
    return Shot(np.asarray(cv2.blendLinear(brought, one.pixels, mask, 1 - mask), np.uint8), one.landmarks)
