"""Blinks, from two readings of the eyes: their own model, and the shape of the lids among the landmarks.

The model errs now and then, most often on one eye alone or on eyes that look aside; the lids alone fall by a third when a face
frowns or laughs. A frame counts as closed where the readings agree, and the less of the eyes the model calls closed the more
must the lids show it. Set on 10 blinks of 2 people.
"""

from collections.abc import Sequence

import numpy as np

from idverify.values import Floats

from .observation import Seen

# Probability below which the model calls an eye closed, and how far the lids must have closed, as a share of the person's own
# opening: to confirm it of both eyes, of their mean, and whatever the model says; and to be open again.
_MODEL, _BOTH, _MEAN, _CERTAIN, _OPEN = 0.5, 0.08, 0.25, 0.42, 0.30
# The same where the model calls the person's eyes closed in most frames in which the person looks ahead.
_ALONE_CLOSED, _ALONE_OPEN = 0.30, 0.15

OPEN_SECONDS = 0.08
"""Shorter openings are taken for an error within one blink."""
BLINK_SECONDS = 2.0
"""Eyes that stay shut longer did not blink."""

_FIRST, _LAST = [36, 42], [39, 45]
_UPPER, _LOWER = [[37, 38], [43, 44]], [[41, 40], [47, 46]]


def opening(points: Floats) -> Floats:
    """Height of the eyes over their width, mean of both, of landmarks (..., 68, 2): (...) (Soukupova and Cech, 2016)."""
    width = np.maximum(1e-6, np.linalg.norm(points[..., _LAST, :] - points[..., _FIRST, :], axis=-1))
    height = np.linalg.norm(points[..., _UPPER, :] - points[..., _LOWER, :], axis=-1).mean(axis=-1)
    found: Floats = (height / width).mean(axis=-1)
    return found


def blinks(before: Sequence[Seen], times: Sequence[float], during: Sequence[Seen]) -> tuple[int, float]:
    """How many times the eyes closed and opened again, and for how many seconds they are open by now (0: they are closed).

    before: of the person looking ahead, at least one. times: of the frames in `during`, seconds, rising.
    """
    own = float(np.median(opening(np.stack([seen.landmarks for seen in before]))))
    trusted = float(np.median([max(seen.eyes) for seen in before])) >= _MODEL
    count, closed_at, open_at = 0, None, None
    shut = 1 - opening(np.stack([seen.landmarks for seen in during])) / max(own, 1e-6)
    for at, seen, lids in zip(times, during, shut.tolist(), strict=True):
        if closed_at is None:
            if _closed(lids, seen, trusted=trusted):
                closed_at, open_at = at, None
            elif open_at is None:
                open_at = at
        elif _opened(lids, seen, trusted=trusted):
            open_at = at if open_at is None else open_at
            if at - open_at >= OPEN_SECONDS:
                count += open_at - closed_at <= BLINK_SECONDS
                closed_at = None
        elif _closed(lids, seen, trusted=trusted):
            open_at = None
    return count, 0.0 if closed_at is not None or open_at is None else times[-1] - open_at


def _closed(lids: float, seen: Seen, *, trusted: bool) -> bool:
    if not trusted:
        return lids >= _ALONE_CLOSED
    if max(seen.eyes) < _MODEL:
        return lids >= _BOTH
    return lids >= (_MEAN if sum(seen.eyes) / 2 < _MODEL else _CERTAIN)


def _opened(lids: float, seen: Seen, *, trusted: bool) -> bool:
    return lids < _OPEN and max(seen.eyes) >= _MODEL if trusted else lids < _ALONE_OPEN
