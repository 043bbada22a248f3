"""A clip's person doing what they are asked: frames of the clip, re-timed. Bona fide, and the stuff of many attacks."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from idverify.evaluation.attacks.aim import Aim
from idverify.evaluation.attacks.camera import Tremor
from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.moves import Moves, Route
from idverify.evaluation.attacks.parameters import Group
from idverify.evaluation.attacks.shots import Said, Shot
from idverify.face.alignment import five_points, similarity
from idverify.liveness.challenge import Kind, Step
from idverify.values import Floats

_BLEND_SECONDS = 0.5
_AGAIN_SECONDS = 2.5
"""After a movement that was not taken for done, before the person tries once more, further."""

_ZOOM = (0.85, 1.6)
_CHOICES = 4
_WANDER = 1.2  # changes of rest a second
_SLOWER = 0.6  # of the pace before, each time that it was told to be too fast
_BETWEEN = 7  # frames from one blink to the next


class Performer:
    """Rests in frames that look ahead, and on a step plays a route of the clip that does it, after a reaction time.

    A cut from one place of the clip to another takes the most similar frame, and lets the face slide from where it was to where
    it is in half a second. Coming closer is a zoom.
    """

    def __init__(self, moves: Moves, person: Group, tremor: Tremor, generator: np.random.Generator) -> None:
        self.moves, self._person, self._tremor, self._generator = moves, person, tremor, generator
        self.waiting: tuple[float, Step] | None = None
        self._tried, self._slower, self._hurried = 0, 1.0, False
        self._rest = moves.rests[int(generator.integers(min(2, len(moves.rests))))]
        self._frames: Sequence[int] = self._rest
        self._place, self._way, self._pace = float(generator.integers(len(self._rest))), 1.0, person["pace"]
        self._last = 0.0
        self._offset, self._cut_at = np.eye(3, dtype=np.float32)[:2], -math.inf
        self._zoom = self._zoomed = 1.0
        self._aim, self._marks = Aim(*_ZOOM), moves.clip.landmarks[self._rest[0]]
        self._zoom_from = (0.0, 1.0)

    def hear(self, said: Said, at: float) -> None:
        """Steps are done after a reaction time; guidance moves the person nearer or farther."""
        match said["type"]:
            case "step":
                self.asked(Step(Kind(said["kind"]), float(said["amount"])), at)
            case "ahead" | "colour":
                self._done(at)
            case "guidance" if said["code"] == "enough":
                self._done(at)
            case "guidance" if said["code"] == "fast":
                self._hurried = True
            case "guidance" if self.waiting is None:
                self._aim.hear(said, at, self._marks)
                self._zoom_to(self._aim.nearer, at)
            case _:
                pass

    def asked(self, step: Step, at: float) -> None:
        """The person has read a step and will do it in a moment."""
        self._tried, self._slower, self._hurried = 0, 1.0, False
        self.waiting = at + self._person["reaction_ms"] / 1000 * float(self._generator.uniform(0.8, 1.2)), step

    def _done(self, at: float) -> None:
        self.waiting = None
        self._zoom_to(self._aim.nearer, at)

    def shot(self, at: float) -> Shot:
        """The clip's frame of this moment, moved and zoomed as the person and the telephone are."""
        if self.waiting is not None and at >= self.waiting[0]:
            self._begin(self.waiting[1], at)
        index = self._frame(at)
        matrix = self._matrix(at)
        pixels = cv2.warpAffine(
            self.moves.clip.picture(index), matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        self._marks = self._placed(index, matrix)
        return Shot(np.asarray(pixels, np.uint8), self._marks)

    @property
    def landmarks(self) -> Floats:
        """Of the clip's frame that is being shown, as the clip has them."""
        shown: Floats = self.moves.clip.landmarks[self._shown]
        return shown

    @property
    def _shown(self) -> int:
        return self._frames[min(int(self._place), len(self._frames) - 1)]

    def _begin(self, step: Step, at: float) -> None:
        self._tried += 1
        self._slower *= _SLOWER if self._hurried else 1.0
        self._hurried = False
        self.waiting = at + _AGAIN_SECONDS + 1.5 * (step.amount if step.kind is Kind.BLINK else 0), step
        if step.kind is Kind.MOVE_CLOSER:
            self._zoom_to(self._aim.nearer * (step.amount + 0.04 + 0.06 * self._tried), at)
            return
        frames = self._performance(step)
        if frames:
            blinks = step.kind is Kind.BLINK
            self._pace = self._person["blink_pace"] if blinks else self._person["pace"] * self._slower
            self._cut(frames, at)

    def _performance(self, step: Step) -> list[int]:
        routes = self.moves.routes(step, self._person["overshoot_degrees"] * self._tried) or self.moves.routes(step)
        if not routes:
            return []
        route = self._near(routes)
        if step.kind is Kind.BLINK:
            frames = [*route.frames]
            for _ in range(round(step.amount) - 1):
                again = routes[int(self._generator.integers(len(routes)))].frames
                frames += [*_swing(frames[-4:], _BETWEEN), *again]
            return frames
        held = max(1, round(self._person["hold_ms"] / 1000 * self.moves.clip.fps))
        return [*route.frames, *_swing(route.held[::-1], held), *route.back]

    def _near(self, routes: Sequence[Route]) -> Route:
        """One of the routes whose first frame is most like what is shown."""
        ranked = sorted(routes, key=lambda route: self._unlike(route.frames[0]))
        return ranked[int(self._generator.integers(min(_CHOICES, len(ranked))))]

    def _unlike(self, index: int) -> float:
        clip = self.moves.clip
        there, here = clip.landmarks[index], self.landmarks
        moved = there - there.mean(axis=0) - (here - here.mean(axis=0))
        changed = np.abs(clip.thumbnails[index] - clip.thumbnails[self._shown]).mean()
        return float(np.abs(moved).mean() + 0.5 * changed)

    def _cut(self, frames: Sequence[int], at: float, place: float = 0.0) -> None:
        """Go on with these frames from where the face is now."""
        shown = self._placed(self._shown, self._slid(at))
        self._frames, self._place, self._way, self._cut_at = frames, place, 1.0, at
        target = five_points(self.moves.clip.landmarks[self._shown][None])
        self._offset = similarity(target, five_points(shown[None])[0])[0]

    def _frame(self, at: float) -> int:
        seconds, self._last = at - self._last, at
        self._place += seconds * self.moves.clip.fps * self._pace * self._way
        if self._frames is not self._rest:
            if self._place > len(self._frames) - 1:
                self._place = len(self._frames) - 1.0
                self._settle(self._rest, at)
            return self._shown
        last = len(self._frames) - 1
        if self._place > last or self._place < 0:
            self._place = float(np.clip(2 * (last if self._place > 0 else 0) - self._place, 0, last))
            self._way = -self._way
        if self._generator.uniform() < _WANDER * seconds:
            self._wander(at)
        return self._shown

    def _wander(self, at: float) -> None:
        """Rest differently: the other way through the frames, or in another rest of the clip."""
        self._way = -self._way
        if self._generator.uniform() < 0.5:
            self._settle(self.moves.rests[int(self._generator.integers(len(self.moves.rests)))], at)

    def _settle(self, rest: tuple[int, ...], at: float) -> None:
        """Rest in these frames, from the one that is most like what is shown."""
        nearest = min(range(len(rest)), key=lambda place: self._unlike(rest[place]))
        self._rest, self._pace = rest, self._person["pace"]
        self._cut(rest, at, float(nearest))

    def _slid(self, at: float) -> Floats:
        """The similarity that takes the clip's frame to where the face is, (2, 3), without zoom and tremor."""
        share = min(1.0, (at - self._cut_at) / _BLEND_SECONDS)
        left = 1 - share * share * (3 - 2 * share)
        turn = complex(self._offset[0, 0], self._offset[1, 0])
        scale, angle = abs(turn) ** left, math.atan2(turn.imag, turn.real) * left
        centre = self.landmarks.mean(axis=0)
        moved = self._offset[:, :2] @ centre + self._offset[:, 2]
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]], np.float32)
        shift = centre + left * (moved - centre) - linear @ centre
        return np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)

    def _matrix(self, at: float) -> Floats:
        slid = self._slid(at)
        since, before = self._zoom_from
        share = min(1.0, (at - since) / self._person["closer_seconds"])
        self._zoomed = before + share * share * (3 - 2 * share) * (self._zoom - before)
        centre = slid[:, :2] @ self.landmarks.mean(axis=0) + slid[:, 2]
        pivot = centre + (SIDE / 2 - centre) * 0.3  # the person keeps the face in the picture
        across, down = self._aim.shift + self._tremor.at(at)
        zoomed = slid * np.float32(self._zoomed)
        zoomed[:, 2] += (1 - self._zoomed) * pivot + (across, down)
        return zoomed

    def _placed(self, index: int, matrix: Floats) -> Floats:
        placed: Floats = self.moves.clip.landmarks[index] @ matrix[:, :2].T + matrix[:, 2]
        return placed.astype(np.float32)

    def _zoom_to(self, zoom: float, at: float) -> None:
        if zoom != self._zoom:
            self._zoom_from, self._zoom = (at, self._zoomed), zoom


def _swing(frames: Sequence[int], count: int) -> list[int]:
    """To and fro over a few frames, so that nothing stands still."""
    cycle = [*frames[::-1], *frames[1:-1]] or list(frames)
    return [cycle[at % len(cycle)] for at in range(count)]
