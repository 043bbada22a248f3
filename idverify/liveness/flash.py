"""Flash: the colours that the screen shows must come back from the face, in chroma, in time, and less from what is behind it.

What comes back is, in linear RGB, the skin's reflectance times the sum of room light and screen light. In the logarithms of red
over green and of blue over green their brightness falls out, and with it most of what an automatic exposure does; what is left
follows the screen's chroma. Room light, skin and camera stay unknown: they set the gain of the answer and not its course.

It counts against a held-up photograph or screen, whose picture of a background answers as much as its picture of a face. It is
no evidence against an injected stream: who draws the frames can tint them, and 150 ms are enough to see the colour and do it.
A camera whose white balance runs after the screen, or a bright room, weakens an honest answer: a weak one is no attack.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idverify.liveness.observation import Light, Observation

Array = NDArray[np.float64]

LAGS = np.arange(0, 351, 10) / 1000
"""Seconds by which the answer may follow the colour's acknowledgement."""
MIN_COLOURS = 3
MIN_FRAMES = 3
"""Of each colour but one, in which both lights could be read: with gaps, one sequence passes for another."""
_FLOOR = 1e-4  # linear; below it, a channel is dark and its logarithm is noise
_DAMPING = 0.15  # of the screen's own chroma, so that a colour without blue does not count without end


@dataclass(frozen=True, slots=True)
class Flash:
    """How the face answered.

    share: correlation of the face's chroma with the screen's, over the frames and both axes, -1..1: 1 follows it wholly.
    lag_ms: delay at which that is highest, 0..350. over_background: gain of the face's answer less that of the background's,
    over the larger of the two, -1..1: 1 is an answer of the face alone, 0 one of the whole picture.
    """

    share: float
    lag_ms: float
    over_background: float


def response(shown: Sequence[tuple[float, str]], observations: Sequence[Observation]) -> Flash | None:
    """The face's answer to the colours.

    shown: when each colour was acknowledged, in seconds on the clock of `Observation.at`, ascending, and the colour as
    `#rrggbb`. observations: in order of time; those from the first colour's acknowledgement on count, up to 350 ms and one
    colour's time after the last. None for fewer than MIN_COLOURS colours, where more than one of them has fewer than MIN_FRAMES
    frames, or where nothing varies: not assessed, which is not a pass. Raises ValueError for colours that are none.
    """
    colours = [(at, _chroma(_linear(colour), _DAMPING)) for at, colour in shown]
    if len(colours) < MIN_COLOURS:
        return None
    times = np.array([at for at, _ in colours])
    last = times[-1] + float(np.median(np.diff(times))) + float(LAGS[-1])
    lit = [(seen.at, seen.seen.light) for seen in observations if seen.seen and seen.seen.light and times[0] <= seen.at <= last]
    at = np.array([moment for moment, _ in lit])
    frames = np.bincount(np.searchsorted(times, at, side="right") - 1, minlength=len(times)) if lit else np.zeros(len(times))
    if (frames < MIN_FRAMES).sum() > 1:
        return None
    face, background = _levels(lit, "face"), _levels(lit, "background")
    screen = np.stack([chroma for _, chroma in colours])
    return _best(at, face, background, times, screen)


def _best(at: Array, face: Array, background: Array, times: Array, screen: Array) -> Flash | None:
    found: Flash | None = None
    for lag in LAGS:
        index = np.searchsorted(times, at - lag, side="right") - 1
        known = index >= 0
        expected = _steadied(screen[index[known]], at[known])
        answer, behind = _steadied(face[known], at[known]), _steadied(background[known], at[known])
        power = float((expected**2).sum())
        scale = float(np.sqrt(power * (answer**2).sum()))
        if not np.isfinite(scale) or scale < 1e-12:
            continue
        share = float((expected * answer).sum()) / scale
        if found is None or share > found.share:
            gain, other = float((expected * answer).sum()) / power, float((expected * behind).sum()) / power
            larger = max(abs(gain), abs(other), 1e-12)
            over = min(1.0, max(-1.0, (gain - other) / larger))
            found = Flash(min(1.0, max(-1.0, share)), round(float(lag) * 1000), over)
    return found


def _levels(lit: Sequence[tuple[float, Light]], part: str) -> Array:
    return np.stack([_chroma(np.array(getattr(light, part), np.float64), _FLOOR) for _, light in lit])


def _chroma(rgb: Array, floor: float) -> Array:
    """Logarithms of red over green and of blue over green."""
    red, green, blue = np.log(np.maximum(rgb, 0) + floor)
    return np.array([red - green, blue - green])


def _steadied(values: Array, at: Array) -> Array:
    """Less mean and straight drift: what room light and white balance do slowly."""
    design = np.column_stack([np.ones(len(at)), at - at.mean()])
    steady: Array = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return steady


def _linear(colour: str) -> Array:
    """`#rrggbb` to linear RGB, 0..1 (IEC 61966-2-1)."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"{colour!r} is not #rrggbb")
    encoded = np.array(list(bytes.fromhex(colour[1:])), np.float64) / 255
    linear: Array = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear
