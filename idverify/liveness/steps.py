"""Whether a step of the challenge was done: by this person, from where this person was, and by moving there.

Movements are measured against the person's own rest in the frames before the reveal. A turn, a nod and a move closer must pass
through what lies between: a cut from one clip to another is no movement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .challenge import TURNS, Kind, Step
from .eyelids import blinks
from .guidance import missing
from .observation import Observation, Seen


class Doing(StrEnum):
    """How far a step is."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, and what to tell the person: a code of the capture page."""

    state: Doing
    guidance: str


WAY_FROM = 0.25
WAY_FRAMES = 3
"""A movement begins at this share of the amount asked for, and shows in as many distinct frames before it is reached."""
FEWER_FRAMES, FEWER_SECONDS = 2, 0.2
"""Or in these, where it takes so long: at ten frames a second a head that turns as heads do shows no more on its way."""
REACHED_FRAMES = 2
"""As many distinct frames reach the amount before the face has gone back behind KEPT_SHARE of it. Not in a row: landmarks of a
turned face waver by some degrees from frame to frame, and who has just reached the amount is on both sides of it."""
KEPT_SHARE = 0.75
SHOWN_SHARE = 0.6
"""Of a turn or nod, from which on a single frame shows it."""

MAX_GAP = 0.6
"""Seconds between two frames with a face beyond which a movement starts anew."""
TOO_FAR = 20.0
"""Degrees beyond the amount of a turn at which the person went further than asked."""
WRONG_SECONDS = 1.0
"""As long as this on the other side, as far as was asked, and the step failed."""
MUCH_CLOSER = 0.6
"""The same as TOO_FAR for the size of the face, as a share of its size before."""
STILL_DEGREES = 10.0
MOUTH_RISE, MOUTH_FALL = 0.20, 0.08
"""Gap of the inner lips over the distance of the eyes, above the person's own: open from the first, closed below the second."""
MOUTH_FRAMES = 2
BLINK_REST = 0.5
"""Seconds of open eyes after which the count stands."""
SPARE_BLINKS = 1
"""Blinks beyond those asked for that nobody can help."""

_SIGNS = {Kind.TURN_LEFT: 1, Kind.TURN_RIGHT: -1, Kind.LOOK_UP: 1, Kind.LOOK_DOWN: -1}
_ASK = {
    Kind.TURN_LEFT: "turn_l",
    Kind.TURN_RIGHT: "turn_r",
    Kind.LOOK_UP: "look_up",
    Kind.LOOK_DOWN: "look_down",
    Kind.BLINK: "blink",
    Kind.OPEN_MOUTH: "open_mouth",
    Kind.MOVE_CLOSER: "far",
    Kind.HOLD: "ok",
}


def follow(step: Step, before: Sequence[Observation], during: Sequence[Observation]) -> Progress:
    """How far the step is.

    before: the last frames, half a second or more, in which the person looked ahead: what they show is the person's rest.
    during: the frames that acknowledge the step's reveal, in order of time. Without a face in any of `before` nothing can be
    done. The deadline is the caller's. Raises ValueError for COLOURS, which nobody does: the conductor shows them.
    """
    if step.kind is Kind.COLOURS:
        raise ValueError("colours are shown, not done")
    rest = [observation.seen for observation in before if observation.seen]
    if not rest or not during:
        return Progress(Doing.PENDING, _ASK[step.kind] if rest else "no_face")
    progress = _judge(step, rest, during)
    if progress.state is Doing.PENDING and during[-1].seen is None:
        return Progress(Doing.PENDING, missing(during[-1]))
    return progress


def shows(step: Step, before: Sequence[Observation], one: Observation) -> bool:
    """Whether this frame alone shows the turn or nod asked for; before: as for `follow`."""
    rest = [observation.seen for observation in before if observation.seen]
    if not rest or one.seen is None:
        return False
    way = _angle(rest, _SIGNS[step.kind], _yaw if step.kind in TURNS else _pitch)
    return way(one.seen) >= SHOWN_SHARE * step.amount


def _judge(step: Step, rest: Sequence[Seen], during: Sequence[Observation]) -> Progress:
    match step.kind:
        case Kind.TURN_LEFT | Kind.TURN_RIGHT:
            return _moved(step, during, _angle(rest, _SIGNS[step.kind], _yaw), step.amount, TOO_FAR)
        case Kind.LOOK_UP | Kind.LOOK_DOWN:
            return _moved(step, during, _angle(rest, _SIGNS[step.kind], _pitch), step.amount, TOO_FAR)
        case Kind.MOVE_CLOSER:
            own = _median(rest, _size)
            return _moved(step, during, lambda seen: _size(seen) / own - 1, step.amount - 1, MUCH_CLOSER)
        case Kind.BLINK:
            return _blinked(step, rest, during)
        case Kind.OPEN_MOUTH:
            return _mouth_opened(step, rest, during)
        case _:
            return _held(step, rest, during)


Measure = Callable[[Seen], float]


def _median(rest: Sequence[Seen], measure: Measure) -> float:
    return float(np.median([measure(seen) for seen in rest]))


def _angle(rest: Sequence[Seen], sign: int, measure: Measure) -> Measure:
    own = _median(rest, measure)
    return lambda seen: sign * (measure(seen) - own)


def _yaw(seen: Seen) -> float:
    return seen.yaw


def _pitch(seen: Seen) -> float:
    return seen.pitch


def _size(seen: Seen) -> float:
    """Distance of the eyes, pixels, as a face straight ahead would show it."""
    left, right = seen.landmarks[36:42].mean(axis=0), seen.landmarks[42:48].mean(axis=0)
    return max(1.0, float(np.linalg.norm(right - left))) / max(0.5, float(np.cos(np.radians(seen.yaw))))


def _moved(step: Step, during: Sequence[Observation], way: Measure, amount: float, spare: float) -> Progress:
    """way: how far from rest, in the direction asked for, in the unit of `amount`."""
    if _went_wrong(during, way, amount):
        return Progress(Doing.FAILED, _wrong(step))
    passed: set[bytes] = set()  # frames on the way there
    reached: set[bytes] = set()
    shown, hurried = False, False  # whether the way to what is reached was shown; whether the face must come back first
    left_at = last_at = during[0].at
    guidance = _ASK[step.kind]
    for observation in during:
        if observation.seen is None or observation.at - last_at > MAX_GAP:
            passed, reached, left_at = set(), set(), observation.at
        last_at = observation.at
        if observation.seen is None:
            continue
        far = way(observation.seen)
        guidance = _ASK[step.kind]
        if far < WAY_FROM * amount:
            passed, reached, hurried, left_at = set(), set(), False, observation.at
            guidance = _wrong(step) if far <= -amount / 2 else guidance
        elif far < amount:
            reached = reached if far >= KEPT_SHARE * amount else set()
            passed |= set() if reached else {observation.trace.digest}
        elif far > amount + spare:
            reached = set()
            guidance = "near" if step.kind is Kind.MOVE_CLOSER else "enough"
        else:
            shown = shown if reached else _way_shown(len(passed), observation.at - left_at)
            reached.add(observation.trace.digest)
            hurried |= not shown and len(reached) >= REACHED_FRAMES
            if hurried or not shown:
                guidance = "fast"
            elif len(reached) >= REACHED_FRAMES:
                return Progress(Doing.DONE, "ok" if step.kind is Kind.MOVE_CLOSER else "enough")
    return Progress(Doing.PENDING, guidance)


def _way_shown(frames: int, seconds: float) -> bool:
    return frames >= WAY_FRAMES or (frames >= FEWER_FRAMES and seconds >= FEWER_SECONDS)


def _went_wrong(during: Sequence[Observation], way: Measure, amount: float) -> bool:
    """Whether the face was on the other side, as far as was asked, for WRONG_SECONDS."""
    since: float | None = None
    last_at = during[0].at
    for observation in during:
        known = observation.seen is not None and observation.at - last_at <= MAX_GAP
        last_at = observation.at
        if observation.seen is None or way(observation.seen) > -amount:
            since = None
        elif since is None or not known:
            since = observation.at
        elif observation.at - since > WRONG_SECONDS:
            return True
    return False


def _wrong(step: Step) -> str:
    return "far" if step.kind is Kind.MOVE_CLOSER else "wrong"


def _blinked(step: Step, rest: Sequence[Seen], during: Sequence[Observation]) -> Progress:
    shown = [(observation.at, observation.seen) for observation in during if observation.seen]
    count, resting = blinks(rest, [at for at, _ in shown], [seen for _, seen in shown]) if shown else (0, 0.0)
    if count > step.amount + SPARE_BLINKS:
        return Progress(Doing.FAILED, "enough")
    if count >= step.amount and resting >= BLINK_REST:
        return Progress(Doing.DONE, "ok")
    return Progress(Doing.PENDING, "enough" if count >= step.amount else _ASK[step.kind])


def _mouth_opened(step: Step, rest: Sequence[Seen], during: Sequence[Observation]) -> Progress:
    own = _median(rest, lambda seen: seen.mouth)
    opened: set[bytes] = set()
    for observation in during:
        if observation.seen is None:
            opened = set()
        elif observation.seen.mouth >= own + MOUTH_RISE:
            opened.add(observation.trace.digest)
        elif observation.seen.mouth <= own + MOUTH_FALL:
            if len(opened) >= MOUTH_FRAMES:
                return Progress(Doing.DONE, "ok")
            opened = set()
    return Progress(Doing.PENDING, "close_mouth" if len(opened) >= MOUTH_FRAMES else _ASK[step.kind])


def _held(step: Step, rest: Sequence[Seen], during: Sequence[Observation]) -> Progress:
    own = np.median([(seen.yaw, seen.pitch, seen.roll) for seen in rest], axis=0)
    since: float | None = None
    last_at = during[0].at
    for observation in during:
        seen = observation.seen
        away = float(np.abs((seen.yaw, seen.pitch, seen.roll) - own).max()) if seen else 180.0
        if away > STILL_DEGREES:
            since = None
        elif since is None or observation.at - last_at > MAX_GAP:
            since = observation.at
        last_at = observation.at
    if since is None:
        return Progress(Doing.PENDING, "turned")
    return Progress(Doing.DONE if last_at - since >= step.amount else Doing.PENDING, _ASK[step.kind])
