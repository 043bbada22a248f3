"""Movement that begins before its step could have been known.

Frames carry the server's time of arrival, and networks only add to it: what seems to begin at a moment began before. A frame
that acknowledges no reveal was made before that reveal was read, whatever the delay. A person needs more than FASTEST from a
word on the screen to a movement; simple reactions to light are seldom below 150 ms (Jensen, 'Clocking the Mind', 2006).

It says nothing of an attacker who waits for as long as a person does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.liveness.challenge import Kind
from idverify.liveness.observation import Observation
from idverify.liveness.rest import REST, UNITS, Array, state

FASTEST = 0.12
"""Seconds from the sending of a reveal to the arrival of a movement that answers it."""
_BEFORE = 0.6  # seconds that must have been still, up to
_SETTLED = 0.3  # that many before the reveal
_LONGEST = 6.0  # seconds looked at after a reveal
_WAITING = 1.5  # and before it, for what was done unasked
_MOVED = 1.5  # units: a movement that counts as the answer
_ONSET, _ARRIVED = 0.25, 0.75  # of the whole movement: it has begun; it is nearly done
# What is asked, in the channels below and their direction.
_WAYS = {
    Kind.TURN_LEFT: (0, 1), Kind.TURN_RIGHT: (0, -1), Kind.LOOK_UP: (1, 1), Kind.LOOK_DOWN: (1, -1),
    Kind.OPEN_MOUTH: (2, 1), Kind.MOVE_CLOSER: (3, 1),
}  # fmt: skip


def anticipated(
    observations: Sequence[Observation],
    reveals: Sequence[float],
    acks: Sequence[float],
    asked: Sequence[Kind | None] | None = None,
) -> float:
    """Share of the answers that began too early, of those that were large and began from rest; one alone counts half.

    An answer that was under way when it was asked for is early too, and one that was made before and is made again: a guess
    that came true. asked: what each reveal asked for, None for those that asked for nothing (a colour, the end). With it
    guesses are found, and a movement that nobody asked for does not count as an answer in time. Times as in
    `idverify.liveness.injection.signals`. Steps in which nothing large moves (blinks, colours), and those before which the face
    had not come to rest, as after a turn, are left out.
    """
    known = [(seen.at, seen.reveals, state(seen.seen)) for seen in observations if seen.seen is not None]
    if not known or not reveals:
        return 0.0
    at = np.array([moment for moment, _, _ in known])
    acknowledged = np.array([count for _, count, _ in known])
    states = np.stack([state for _, _, state in known])
    rest = np.median(states[at <= max(reveals[0], float(at[0]) + 1.0)], axis=0)
    ends = [*reveals[1:], np.inf]
    answers: list[bool] = []
    for number, (sent, end) in enumerate(zip(reveals, ends, strict=True)):
        until = min(end, sent + _LONGEST)
        kind = None if asked is None else asked[number]
        early = _early(at, acknowledged > number, states, rest, sent, until)
        if kind in _WAYS and _guessed(_WAYS[kind], at, (states - rest) / UNITS, sent, until):
            early = True
        if early or (early is not None and (asked is None or kind in _WAYS)):
            answers.append(early)
    count = sum(answers)
    return 0.0 if not count else min(count / len(answers), 0.5 if count == 1 else 1.0)


def _guessed(way: tuple[int, int], at: Array, moved: Array, sent: float, end: float) -> bool:
    """Whether what was asked for and done had been begun, or done, unasked before the reveal. moved: from rest, units."""
    channel, sign = way
    before, after = ((at > sent - _WAITING) & (at <= sent)), ((at > sent) & (at <= end))
    earlier, later = sign * moved[before, channel], sign * moved[after, channel]
    rested, back = np.flatnonzero(earlier < REST), np.flatnonzero(later < REST)
    if not len(rested) or not len(later):
        return False
    farthest = earlier[rested[0] :].max()  # the way back from the step before is no guess
    again = farthest >= _MOVED and len(back) > 0 and later[back[0] :].max() >= _MOVED
    under_way = earlier[-1] >= 1 and later.max() >= max(_MOVED, earlier[-1] + 1)
    return bool(again or under_way)


def _early(at: Array, acknowledged: NDArray[np.bool_], states: Array, rest: Array, sent: float, end: float) -> bool | None:
    """Whether the largest movement of this step began too early; None where there was none, or none from rest."""
    resting = (at >= sent - _BEFORE) & (at <= sent - _SETTLED)
    after = (at > sent) & (at <= end)
    if resting.sum() < 2 or not after.any():
        return None
    base = np.median(states[resting], axis=0)
    settled = (np.ptp(states[resting], axis=0) < REST * UNITS) & (np.abs(base - rest) < UNITS)
    moved = (states - base) / UNITS
    reach = np.where(settled, np.abs(moved[after]).max(axis=0), 0)
    channel = int(np.argmax(reach))
    if reach[channel] < _MOVED:
        return None
    course = moved[:, channel] * np.sign(moved[after, channel][np.argmax(np.abs(moved[after, channel]))])
    # Back from where most of the way is done to the last frame that had not begun: a slip of the landmarks is no onset.
    arrived = int(np.flatnonzero((course >= _ARRIVED * reach[channel]) & (at > sent - _SETTLED))[0])
    resting_until = np.flatnonzero((course < _ONSET * reach[channel]) & (np.arange(len(at)) < arrived))
    onset = int(resting_until[-1]) + 1 if len(resting_until) else 0
    return bool(at[onset] < sent + FASTEST or not acknowledged[onset])
