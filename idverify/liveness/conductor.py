"""Leading a person through a challenge: what a live session's frames bring about, one after another.

Pure: a frozen value, an observation, and out come the next value and what to say. Phases: `fit` until the face is well placed,
then step after step with a return to straight ahead between them, then `ahead`, whose frames are the ones that are matched.
A step is revealed only when every earlier reveal was acknowledged; frames before the first reveal, and those still on their
way when something was revealed, guide the person and are never evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from idverify.liveness.challenge import COLOUR_SECONDS, NODS, TURNS, Kind, Step
from idverify.liveness.guidance import guide
from idverify.liveness.injection import ENOUGH_FRAMES
from idverify.liveness.observation import Observation
from idverify.liveness.rest import at_rest
from idverify.liveness.steps import Doing, follow, shows

FIT_SECONDS = 1.0
STRAIGHT_SECONDS = 0.6
STRAIGHT_DEGREES = 8.0
"""Yaw and pitch from the person's own straight face at the beginning, within which the head has come back."""

STRAIGHT_DEADLINE = 8.0
STEP_DEADLINE = 10.0
BLINK_DEADLINE = 3.0
"""Per blink, besides the step's own."""

ACKNOWLEDGED_DEADLINE = 5.0
"""For a frame made after a reveal to arrive: a connection slower than that cannot carry a session."""

COLOUR_ACKNOWLEDGED_DEADLINE = 1.5
"""The same for a colour: who may hold one back for long has time to think of an answer to it."""

AHEAD_DEADLINE = 6.0
AHEAD_FRAMES = 4
"""Frames that are analysed for the match, all made after the last step."""

LOOK_CHANCE = 0.2
LOOK_CHANCE_AHEAD = 0.5
LOOK_AT_LEAST_EVERY = 0.45
"""Seconds. No more than this passes without an analysed frame, so that at least two a second are."""

_MOST_FRAMES = 1200
_GONE_FRAMES = 3
"""Frames without a face, one after another, at which the colours stop: nobody is lit who does not look."""


class Phase(StrEnum):
    """What an attempt is at."""

    FIT = "fit"
    STEP = "step"
    STRAIGHT = "straight"
    AHEAD = "ahead"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Guide:
    """Tell the person: a code of idverify.liveness.guidance or of the step."""

    code: str


@dataclass(frozen=True, slots=True)
class Reveal:
    """Send something that no frame before may know: a step, a colour of it, or that the steps are over (neither).

    deadline_seconds: what the person has for it, or how long the colour stays.
    """

    step: Step | None
    colour: str | None
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Finish:
    """No more frames are needed. passed: every step was done in time. cause: what ended it otherwise."""

    passed: bool
    cause: str = ""


Action = Guide | Reveal | Finish


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A stretch of the session: the step it belongs to, None after the last, and the reveals made before and through it."""

    step: Step | None
    after: int
    upto: int


@dataclass(frozen=True, slots=True, eq=False)
class Conductor:
    """A session under way. Times are seconds on the server's clock.

    index: of the current step, -1 before the first. colours_shown: of the current step. since: when what is waited for began
    to hold (a good fit, a straight face). revealed_at, acknowledged_at: by reveal. parts: what each reveal belonged to.
    baseline: the frames of the straight face before the step.
    frames: the latest _MOST_FRAMES of all. evidence: those that may be judged. looked: sequence numbers of the analysed ones.
    """

    steps: tuple[Step, ...]
    phase: Phase = Phase.FIT
    index: int = -1
    colours_shown: int = 0
    since: float | None = None
    deadline: float | None = None
    looked_at: float = float("-inf")
    final_looks: int = 0
    revealed_at: tuple[float, ...] = ()
    acknowledged_at: tuple[float, ...] = ()
    parts: tuple[Part, ...] = ()
    baseline: tuple[Observation, ...] = ()
    frames: tuple[Observation, ...] = ()
    evidence: tuple[Observation, ...] = ()
    looked: tuple[int, ...] = ()

    @property
    def awaiting(self) -> bool:
        """Whether a reveal is not acknowledged yet."""
        return len(self.acknowledged_at) < len(self.revealed_at)

    def of_part(self, part: Part) -> tuple[Observation, ...]:
        """The evidence of one stretch."""
        return tuple(one for one in self.evidence if part.after < one.reveals <= part.upto)


def wants_look(conductor: Conductor, at: float, reveals: int, chance: float) -> bool:
    """Whether the frame that arrived `at`, acknowledging so many reveals, is to be analysed. chance: uniform in [0, 1)."""
    if reveals == 0 or reveals < len(conductor.revealed_at) or conductor.phase is Phase.DONE:
        return False
    if at - conductor.looked_at >= LOOK_AT_LEAST_EVERY:
        return True
    return chance < (LOOK_CHANCE_AHEAD if conductor.phase is Phase.AHEAD else LOOK_CHANCE)


def observe(conductor: Conductor, seen: Observation, *, analysed: bool) -> tuple[Conductor, tuple[Action, ...]]:
    """Take one frame in. analysed: it was chosen by `wants_look` and analysed."""
    if conductor.phase is Phase.DONE:
        return conductor, ()
    current = _taken_in(conductor, seen, analysed)
    late = tick(
        replace(current, deadline=conductor.deadline), seen.at
    )  # an acknowledgement that comes too late extends nothing
    if late[1]:
        return late
    if current.awaiting:
        return current, (Guide(_asked(current, seen)),)
    match current.phase:
        case Phase.FIT:
            return _fit(current, seen)
        case Phase.STEP:
            return _colours(current, seen) if _step(current).kind is Kind.COLOURS else _move(current, seen)
        case Phase.STRAIGHT:
            return _straight(current, seen)
        case _:
            return _ahead(current, seen)


def tick(conductor: Conductor, now: float) -> tuple[Conductor, tuple[Action, ...]]:
    """What the clock alone brings: the end, when a deadline has passed."""
    if conductor.deadline is None or now <= conductor.deadline or conductor.phase is Phase.DONE:
        return conductor, ()
    return _finished(conductor, passed=False, cause="deadline")


def _taken_in(conductor: Conductor, seen: Observation, analysed: bool) -> Conductor:
    in_flight = seen.reveals < len(conductor.revealed_at)
    acknowledged = conductor.awaiting and not in_flight
    current = replace(
        conductor,
        frames=(*conductor.frames[1 - _MOST_FRAMES :], seen),
        evidence=conductor.evidence if in_flight or seen.reveals == 0 else (*conductor.evidence, seen),
        acknowledged_at=(*conductor.acknowledged_at, seen.at) if acknowledged else conductor.acknowledged_at,
    )
    if acknowledged:
        current = replace(current, deadline=seen.at + _seconds(current))
    if analysed:
        final = current.final_looks + (current.phase is Phase.AHEAD)
        current = replace(current, looked_at=seen.at, final_looks=final, looked=(*current.looked, seen.sequence))
    return current


def _asked(current: Conductor, seen: Observation) -> str:
    """What was revealed last, once more: who is far away hears of it before the first frame that acknowledges it is here."""
    if current.phase is Phase.AHEAD:
        return _looking_ahead(seen)
    step = _step(current)
    return "flash" if step.kind is Kind.COLOURS else follow(step, current.baseline, ()).guidance


def _fit(current: Conductor, seen: Observation) -> tuple[Conductor, tuple[Action, ...]]:
    code = guide(seen)
    if code != "ok":
        return replace(current, since=None), (Guide(code),)
    return _once_at_rest(current, seen, FIT_SECONDS)


def _move(current: Conductor, seen: Observation) -> tuple[Conductor, tuple[Action, ...]]:
    progress = follow(_step(current), current.baseline, current.of_part(current.parts[-1]))
    if progress.state is Doing.FAILED:
        return _finished(current, passed=False, cause=progress.guidance)
    if progress.state is Doing.DONE and not _shown_when_looked_at(current):
        # Else a few frames of another head, between two looks, would turn for whoever is matched. The next one is looked at.
        return replace(current, looked_at=float("-inf")), (Guide(_asked(current, seen)),)
    if progress.state is Doing.DONE:
        return _after_step(current, seen.at)
    return current, (Guide(progress.guidance),)


def _shown_when_looked_at(current: Conductor) -> bool:
    """Whether an analysed frame shows the turn or nod, so that its identity is judged too. Of other kinds none has to."""
    frames, step = current.of_part(current.parts[-1]), _step(current)
    if step.kind not in (*TURNS, *NODS):
        return True
    return any(one.sequence in current.looked and shows(step, current.baseline, one) for one in frames)


def _colours(current: Conductor, seen: Observation) -> tuple[Conductor, tuple[Action, ...]]:
    colours = _step(current).colours
    if all(one.seen is None for one in current.frames[-_GONE_FRAMES:]):
        return _finished(current, passed=False, cause="no_face")
    if current.colours_shown > 0 and seen.at - current.acknowledged_at[-1] < COLOUR_SECONDS:
        return current, (Guide("flash"),)
    if current.colours_shown == len(colours):
        return _after_step(current, seen.at)
    shown = replace(current, colours_shown=current.colours_shown + 1)
    return _reveal(shown, seen.at, colour=colours[current.colours_shown])


def _after_step(current: Conductor, at: float) -> tuple[Conductor, tuple[Action, ...]]:
    if current.index + 1 == len(current.steps):
        return _reveal(replace(current, phase=Phase.AHEAD), at)
    return replace(current, phase=Phase.STRAIGHT, since=None, deadline=at + STRAIGHT_DEADLINE), (Guide("enough"),)


def _straight(current: Conductor, seen: Observation) -> tuple[Conductor, tuple[Action, ...]]:
    code = guide(seen)
    if code == "turned" or (code == "ok" and not _straight_again(current, seen)):
        code = "enough"
    if code != "ok":
        return replace(current, since=None), (Guide(code),)
    return _once_at_rest(current, seen, STRAIGHT_SECONDS)


def _once_at_rest(current: Conductor, seen: Observation, seconds: float) -> tuple[Conductor, tuple[Action, ...]]:
    """The next step, to a face that was well placed for so long, and for as long as its pause says besides, and is at rest."""
    since = seen.at if current.since is None else current.since
    pause = current.steps[current.index + 1].pause
    if seen.at - since < seconds + pause or not at_rest(current.frames):
        return replace(current, since=since), (Guide("ok"),)
    return _next_step(current, seen.at)


def _straight_again(current: Conductor, seen: Observation) -> bool:
    """Whether the head is where it was before the step: what is asked next is measured from here."""
    if seen.seen is None:
        return False
    rest = [one.seen for one in current.baseline if one.seen is not None]
    yaw, pitch = median(one.yaw for one in rest), median(one.pitch for one in rest)
    return max(abs(seen.seen.yaw - yaw), abs(seen.seen.pitch - pitch)) <= STRAIGHT_DEGREES


def _ahead(current: Conductor, seen: Observation) -> tuple[Conductor, tuple[Action, ...]]:
    if current.final_looks >= AHEAD_FRAMES and len(current.frames) >= ENOUGH_FRAMES:
        return _finished(current, passed=True)
    return current, (Guide(_looking_ahead(seen)),)


def _looking_ahead(seen: Observation) -> str:
    code = guide(seen)
    return "enough" if code == "turned" else code


def _next_step(current: Conductor, at: float) -> tuple[Conductor, tuple[Action, ...]]:
    index = current.index + 1
    since = current.since if current.since is not None else at
    rest = tuple(one for one in current.frames if one.at >= since and one.seen is not None)
    moved = replace(current, phase=Phase.STEP, index=index, colours_shown=0, since=None, baseline=rest)
    return _reveal(moved, at)


def _reveal(current: Conductor, at: float, *, colour: str | None = None) -> tuple[Conductor, tuple[Action, ...]]:
    """Reveal a colour of the current step, or else the step, or that there are no more: a new part of the session."""
    count = len(current.revealed_at)
    step = None if current.phase is Phase.AHEAD else _step(current)
    before, last = (current.parts, count) if colour is None else (current.parts[:-1], current.parts[-1].after)
    after = replace(
        current,
        revealed_at=(*current.revealed_at, at),
        deadline=at + (ACKNOWLEDGED_DEADLINE if colour is None else COLOUR_ACKNOWLEDGED_DEADLINE),
        parts=(*before, Part(step, last, count + 1)),
    )
    if colour is not None:
        return after, (Reveal(None, colour, COLOUR_SECONDS),)
    return after, (Reveal(step, None, _seconds(after)),)


def _finished(current: Conductor, *, passed: bool, cause: str = "") -> tuple[Conductor, tuple[Action, ...]]:
    return replace(current, phase=Phase.DONE, deadline=None), (Finish(passed, cause),)


def _step(current: Conductor) -> Step:
    return current.steps[current.index]


def _seconds(current: Conductor) -> float:
    """For what was revealed last, from its acknowledgement on."""
    if current.phase is Phase.AHEAD:
        return AHEAD_DEADLINE
    step = _step(current)
    if step.kind is Kind.BLINK:
        return STEP_DEADLINE + BLINK_DEADLINE * step.amount
    return STEP_DEADLINE


def parts_of(conductor: Conductor, *kinds: Kind) -> Sequence[Part]:
    """The stretches of steps of these kinds."""
    return [part for part in conductor.parts if part.step is not None and part.step.kind in kinds]
