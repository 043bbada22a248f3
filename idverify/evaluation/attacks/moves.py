"""Where in a clip a person does what a challenge may ask: routes through its frames."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.attacks.clips import Clip
from idverify.liveness.challenge import Kind, Step
from idverify.values import Floats

_LONGEST = 150  # frames of one movement
_REST_YAW, _REST_PITCH = 4.0, 5.0
_OPEN, _SHUT = 0.6, 0.35
_MOUTH = 0.22  # more of the distance of the eyes than at rest: an open mouth, a tenth more than the service asks for
LEAST_BEYOND = 1.5
"""Degrees beyond what is asked to which a clip must show a movement, for its person to be asked for it: the least that people
go beyond (person.overshoot_degrees in parameters.toml)."""
_TOO_FAR = 16.0  # degrees beyond what was asked
_FEWEST = 8  # frames of a rest


@dataclass(frozen=True, slots=True)
class Route:
    """Frames to show, one after another, to the one that does what was asked; back: those that lead to rest again.

    On the way back the clip goes on where it can, for nobody moves back through the very pictures of the way there. held: those
    that do it, from the last of the way there on, for who keeps at it.
    """

    frames: tuple[int, ...]
    back: tuple[int, ...] = ()
    held: tuple[int, ...] = ()


class Moves:
    """What the person of a clip does in it.

    The service measures from the rest that it is shown, and rests differ: a movement counts from the rest that is farthest in
    its direction.
    """

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        near = clip.found & (np.abs(clip.yaw) < 8)
        self._yaw: Floats = clip.yaw - (np.median(clip.yaw[near]) if near.any() else np.float32(0))
        steady = near & (np.abs(self._yaw) < _REST_YAW)
        self._pitch: Floats = clip.pitch - np.median(clip.pitch[steady])
        self._mouth: Floats = clip.mouth - np.percentile(clip.mouth[steady], 20)

    @cached_property
    def rests(self) -> tuple[tuple[int, ...], ...]:
        """Runs of frames that look at the camera, eyes open and mouth closed, the longest first."""
        cost = np.abs(self._yaw) / _REST_YAW + np.abs(self._pitch) / _REST_PITCH + np.maximum(self._mouth, 0) / 0.2
        still = self.clip.found & (self.clip.eyes > _OPEN)
        for limit in (0.8, 1.2, 1.6, 2.4):
            runs = [run for run in _runs(still & (cost < limit)) if len(run) >= _FEWEST]
            if sum(len(run) for run in runs) >= 30:
                break
        return tuple(sorted(runs, key=len, reverse=True)[:10]) or (tuple(range(min(30, len(self.clip)))),)

    def routes(self, step: Step, beyond: float = LEAST_BEYOND) -> tuple[Route, ...]:
        """Every way found to do the step, going beyond an angle by so many degrees; empty where the clip has none."""
        match step.kind:
            case Kind.TURN_LEFT:
                return self._reaching(self._yaw, step.amount + beyond)
            case Kind.TURN_RIGHT:
                return self._reaching(-self._yaw, step.amount + beyond)
            case Kind.LOOK_UP:
                return self._reaching(self._pitch, step.amount + beyond, np.abs(self._yaw) < 10)
            case Kind.LOOK_DOWN:
                return self._reaching(-self._pitch, step.amount + beyond, np.abs(self._yaw) < 10)
            case Kind.OPEN_MOUTH:
                return self._reaching(self._mouth, _MOUTH, np.abs(self._yaw) < 10, near=0.06, too_far=1.0)
            case Kind.BLINK:
                return self._blinks
            case _:
                return ()

    def able(self, step: Step) -> bool:
        """Whether the clip's movement allows the step. Holding still, coming closer and being lit need none."""
        return step.kind in {Kind.HOLD, Kind.MOVE_CLOSER, Kind.COLOURS} or bool(self.routes(step))

    def _reaching(
        self,
        values: Floats,
        amount: float,
        allowed: NDArray[np.bool_] | None = None,
        *,
        near: float = _REST_YAW,
        too_far: float = _TOO_FAR,
    ) -> tuple[Route, ...]:
        """Ways from rest to the first frame whose value reaches the amount, forwards or backwards in the clip."""
        values = values - max(np.median(values[list(rest)]) for rest in self.rests)
        good = self.clip.found if allowed is None else self.clip.found & allowed
        done = good & (values >= amount) & (values < amount + too_far)
        peaks, runs = np.flatnonzero(done), _runs(done)
        found: dict[tuple[int, int], Route] = {}
        for peak in peaks:
            for way in (-1, 1):
                there = _way(int(peak), way, good, values, near)
                if there is None or max(values[list(there)]) >= amount + too_far:
                    continue
                kept = found.get((there[-1], way))
                if kept is None or len(there) < len(kept.frames):
                    onwards = _way(int(peak), -way, good, values, near)
                    (run,) = [run for run in runs if peak in run]
                    place = run.index(int(peak))
                    held = run[place:] if way < 0 else run[place::-1]
                    found[there[-1], way] = Route(there[::-1], (onwards or there)[1:], held)
        return tuple(found.values())

    @cached_property
    def _blinks(self) -> tuple[Route, ...]:
        found: list[Route] = []
        shut = self.clip.found & (self.clip.other_eyes < _SHUT)  # both: of one eye alone the model errs
        for run in _runs(shut):
            first, last = run[0] - 5, run[-1] + 5
            if len(run) > 14 or first < 0 or last >= len(self.clip) or np.abs(self._yaw[list(run)]).max() > 12:
                continue
            around = [*range(first, first + 2), *range(last - 1, last + 1)]
            if (self.clip.eyes[around] > _OPEN).all():
                found.append(Route(tuple(range(first, last + 1))))
        return tuple(found)


def _way(peak: int, way: int, good: NDArray[np.bool_], values: Floats, near: float) -> tuple[int, ...] | None:
    """Frames from the peak to rest, forwards or backwards in the clip; None where it does not lead there."""
    frames = [peak]
    while len(frames) <= _LONGEST:
        at = frames[-1] + way
        if not 0 <= at < len(values) or not good[at]:
            return None
        frames.append(at)
        if values[at] < near / 2:
            return tuple(frames)
    return None


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Runs of true, as frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [tuple(range(int(first), int(end))) for first, end in zip(edges[::2], edges[1::2], strict=True)]
