"""Injection: what the server itself sees of a stream that came from no camera.

Each signal is 0 (as a camera's) to 1 (as no camera's). From EVIDENCE up it is something that honest cameras and networks were
never seen to do; a value up to SUSPICION is what an odd but honest phone may do, and no session should end on it alone. The
signals of SUSPICIONS never exceed that. Honest networks delay frames, and deliver them in bursts: neither is held against a
session. Operating points, and on what few people they were set, are in docs/security/live.md.

All of this catches the careless. An attacker who copies noise, compression tables and arrival times from a genuine recording
and answers each step within 150 ms gives none of these signals: against them only attestation stands.
"""

from collections.abc import Sequence

import numpy as np

from idverify.liveness.anticipation import anticipated
from idverify.liveness.challenge import Kind
from idverify.liveness.observation import Observation
from idverify.liveness.repetition import frozen, loop, static_share

EVIDENCE = 0.8
SUSPICION = 0.5
SUSPICIONS = frozenset({"noise_change", "noiseless"})
NAMES = ("jitter", "frozen", "loop", "resolution", "tables", "noise_change", "noiseless", "anticipated")

MIN_FRAMES = 20
ENOUGH_FRAMES = 27
"""From here up every signal can be told (idverify.liveness.repetition.loop needs the most)."""

_SPREAD = (0.0005, 0.0001)  # seconds of robust spread between arrivals: of a network, of a program's timer
_RATE = (40.0, 60.0)  # frames a second over the whole stream; backlogs do not change it
_SAME = 0.0002  # seconds within which two intervals are the same
_REPEATED = 16  # intervals in a row that come again
_STEP = (2.5, 6.0)  # factor of sensor noise from some frames to the next
_GREY = 0.05  # grey levels: the noise of a picture that has none, by quantisation
_SIDE = 8
_QUIET = (0.05, 0.01)  # grey levels of noise
_STATIC = (0.3, 0.7)  # share of the picture that never changes


def signals(
    observations: Sequence[Observation],
    reveals: Sequence[float],
    acks: Sequence[float],
    asked: Sequence[Kind | None] | None = None,
) -> dict[str, float]:
    """Every signal of NAMES, each 0..1; 0 also where there were too few frames to tell.

    observations: the latest frames in order of arrival, those before the first reveal too. reveals: when each reveal was sent;
    acks: when the first frame that acknowledges it arrived; seconds on the clock of `Observation.at`, ascending. Reveals that
    nobody acknowledged are left out of both. asked: what each of them asked for, where that is known (see `anticipated`).
    Raises ValueError where the two differ in number.
    """
    if len(reveals) != len(acks):
        raise ValueError("each reveal has the arrival of its acknowledgement")
    return {
        "jitter": jitter(observations),
        "frozen": frozen(observations),
        "loop": loop(observations),
        "resolution": resolution(observations),
        "tables": tables(observations),
        "noise_change": noise_change(observations),
        "noiseless": noiseless(observations),
        "anticipated": anticipated(observations, reveals, acks, asked),
    }


def jitter(observations: Sequence[Observation]) -> float:
    """Arrivals that are too regular for a network, faster than a camera throughout, or come again interval for interval.

    Too regular: 1.4826 times the median deviation of the intervals from their median, 1 at a tenth of a millisecond and 0 from
    half a millisecond on. A machine that adds noise to its timer, or whose path adds it, does not show.
    """
    if len(observations) < MIN_FRAMES:
        return 0.0
    at = np.array([seen.at for seen in observations])
    intervals = np.diff(at)
    middle = float(np.median(intervals))
    spread = 1.4826 * float(np.median(np.abs(intervals - middle)))
    rate = len(intervals) / max(float(at[-1] - at[0]), 1e-9)
    # Where most frames came in bursts, their spacing is the network's.
    regular = _ramp(spread, *_SPREAD) if middle > 1 / _RATE[0] else 0.0
    return max(regular, _ramp(rate, *_RATE), float(_come_again(intervals)))


def _come_again(intervals: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether _REPEATED intervals in a row, not all alike, come again."""
    for period in range(_REPEATED, len(intervals) - _REPEATED + 1):
        same = np.abs(intervals[period:] - intervals[:-period]) < _SAME
        windows = np.lib.stride_tricks.sliding_window_view(same, _REPEATED).all(axis=1)
        for start in np.flatnonzero(windows):
            if np.ptp(intervals[start : start + _REPEATED]) > 10 * _SAME:
                return True
    return False


def resolution(observations: Sequence[Observation]) -> float:
    """1 where frames differ in size; SUSPICION where they only stand and lie, as a phone that is turned over gives."""
    sizes = {seen.trace.size for seen in observations}
    if len(sizes) < 2:
        return 0.0
    return 1.0 if len({tuple(sorted(size)) for size in sizes}) > 1 else SUSPICION


def tables(observations: Sequence[Observation]) -> float:
    """1 where quantisation tables or chroma sampling changed: a client encodes a whole session with one setting."""
    return float(len({seen.trace.tables for seen in observations}) > 1)


def noise_change(observations: Sequence[Observation]) -> float:
    """Suspicion: the noise level jumps between one frame and the next and stays, by more than light or a flash does.

    The median of _SIDE frames before over that of _SIDE frames after, either way: 0 to a factor of 2.5, SUSPICION at 6.
    """
    noise = np.array([seen.trace.noise for seen in observations]) + _GREY
    if len(noise) < max(MIN_FRAMES, 2 * _SIDE):
        return 0.0
    medians = np.median(np.lib.stride_tricks.sliding_window_view(noise, _SIDE), axis=1)
    factor = float(np.exp(np.abs(np.log(medians[_SIDE:] / medians[:-_SIDE])).max()))
    return SUSPICION * _ramp(factor, *_STEP)


def noiseless(observations: Sequence[Observation]) -> float:
    """Suspicion: frames without noise, most of whose area never changes by one grey level while the rest moves.

    Both are asked for: strong compression takes the noise out of honest frames, and a camera on a stand sees much that is
    still.
    """
    if len(observations) < MIN_FRAMES:
        return 0.0
    quiet = _ramp(float(np.median([seen.trace.noise for seen in observations])), *_QUIET)
    return SUSPICION * min(quiet, _ramp(static_share(observations), *_STATIC))


def _ramp(value: float, nothing: float, all_of_it: float) -> float:
    """0 at `nothing`, 1 at `all_of_it`, straight between them and kept inside; either may be the larger."""
    return min(1.0, max(0.0, (value - nothing) / (all_of_it - nothing)))
