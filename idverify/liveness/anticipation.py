"""Movement that begins before its step could have been known.

Frames carry the server's time of arrival, and networks only add to it: what seems to begin at a moment began before. A frame
that acknowledges no reveal was made before that reveal was read, whatever the delay. A person needs more than FASTEST from a
word on the screen to a movement; simple reactions to light are seldom below 150 ms (Jensen, 'Clocking the Mind', 2006).

It says nothing of an attacker who waits for as long as a person does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.liveness.observation import Observation, Seen

Array = NDArray[np.float64]

FASTEST = 0.12
"""Seconds from the sending of a reveal to the arrival of a movement that answers it."""
_BEFORE = 0.6  # seconds that must have been still, up to
_SETTLED = 0.3  # that many before the reveal
_LONGEST = 6.0  # seconds looked at after a reveal
_REST = 0.5  # of a unit: at rest
_MOVED = 1.5  # units: a movement that counts as the answer
_ONSET, _ARRIVED = 0.25, 0.75  # of the whole movement: it has begun; it is nearly done
# One unit: degrees of yaw and of pitch, mouth opening, natural logarithm of the face's size.
_UNITS = np.array([8.0, 5.0, 0.15, 0.12])


def anticipated(observations: Sequence[Observation], reveals: Sequence[float], acks: Sequence[float]) -> float:
    """Share of the answers that began too early, of those that were large and began from rest; one alone counts half.

    Times as in `idverify.liveness.injection.signals`. Steps in which nothing large moves (blinks, colours), and those before
    which the face had not come to rest, as after a turn, are left out.
    """
    known = [(seen.at, seen.reveals, _state(seen.seen)) for seen in observations if seen.seen is not None]
    if not known or not reveals:
        return 0.0
    at = np.array([moment for moment, _, _ in known])
    acknowledged = np.array([count for _, count, _ in known])
    states = np.stack([state for _, _, state in known])
    rest = np.median(states[at <= max(reveals[0], float(at[0]) + 1.0)], axis=0)
    ends = [*reveals[1:], np.inf]
    judged = [
        _early(at, acknowledged > number, states, rest, sent, min(end, sent + _LONGEST))
        for number, (sent, end) in enumerate(zip(reveals, ends, strict=True))
    ]
    answers = [early for early in judged if early is not None]
    early = sum(answers)
    return 0.0 if not early else min(early / len(answers), 0.5 if early == 1 else 1.0)


def _early(at: Array, acknowledged: NDArray[np.bool_], states: Array, rest: Array, sent: float, end: float) -> bool | None:
    """Whether the largest movement of this step began too early; None where there was none, or none from rest."""
    resting = (at >= sent - _BEFORE) & (at <= sent - _SETTLED)
    after = (at > sent) & (at <= end)
    if resting.sum() < 2 or not after.any():
        return None
    base = np.median(states[resting], axis=0)
    settled = (np.ptp(states[resting], axis=0) < _REST * _UNITS) & (np.abs(base - rest) < _UNITS)
    moved = (states - base) / _UNITS
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


def _state(seen: Seen) -> Array:
    eyes = seen.landmarks[36:42].mean(axis=0) - seen.landmarks[42:48].mean(axis=0)
    return np.array([seen.yaw, seen.pitch, seen.mouth, np.log(max(float(np.linalg.norm(eyes)), 1.0))])
