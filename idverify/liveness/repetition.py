"""Frames that come again: byte for byte, or as a picture that noise or a tint was laid over.

Pictures are compared by their thumbnails, mean and contrast taken out, so that noise (averaged away), a tint and a gain do not
hide that they are the same. Distances are in grey levels at a contrast of 50.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.liveness.observation import Observation

Array = NDArray[np.float32]

MIN_FRAMES = 20
_MOST = 1200
"""Frames looked at, the latest: two minutes at 10 a second, and bounded work for what a hostile client sends."""
_CONTRAST = 50.0
_RUN = 12  # frames in a row
_APART = 15  # frames between a picture and its return
_MOVING = 4.0  # the run itself must move by that much: what stands still resembles itself
_LOOP = (1.8, 0.9)  # largest distance within the run: from honest to certain
_STILL = (0.7, 0.4)  # median distance of frames half a second apart: from honest to certain
_HALF_SECOND = 0.5
_DARK, _LIGHT = 4, 251


def frozen(observations: Sequence[Observation]) -> float:
    """The share of frames that are, byte for byte, the one before; or up to 0.5 for a picture in which nothing moves.

    A capture page that is faster than its camera repeats a frame now and then, at worst every other one (0.5). Nobody holds so
    still that the picture does not change, but only six people were looked at: that alone stays suspicion.
    """
    digests = [seen.trace.digest for seen in observations]
    if len(digests) < MIN_FRAMES:
        return 0.0
    same = sum(first == second for first, second in itertools.pairwise(digests))
    return max(same / len(digests), 0.5 * _still(observations[-_MOST:]))


def loop(observations: Sequence[Observation]) -> float:
    """1 for a frame that comes back byte for byte after others, or for a run of moving frames that comes again.

    Forwards or backwards; 1 where all frames of the run are within 0.9 of their like, 0 from 1.8 on. The nearest that a run of
    honest frames came to another was 1.9.
    """
    # With a face only: frames of a covered lens may well be alike.
    if _came_back([seen.trace.digest for seen in observations if seen.seen is not None]):
        return 1.0
    if len(observations) < _RUN + _APART:
        return 0.0
    distances = _distances(_shapes(observations[-_MOST:]))
    moving = np.array([distances[at : at + _RUN, at : at + _RUN].max() for at in range(len(distances) - _RUN + 1)])
    # The source plays at its own rate: the neighbours of a frame count as the frame.
    nearest = distances.copy()
    np.minimum(nearest[:, 1:], distances[:, :-1], out=nearest[:, 1:])
    np.minimum(nearest[:, :-1], distances[:, 1:], out=nearest[:, :-1])
    closest = min(_forwards(nearest, moving), _backwards(nearest, moving))
    return float(np.clip((closest - _LOOP[0]) / (_LOOP[1] - _LOOP[0]), 0, 1))


def static_share(observations: Sequence[Observation]) -> float:
    """Share of the picture, neither black nor white, that does not change by one grey level over all frames, 0..1."""
    pictures = np.stack([seen.trace.thumbnail for seen in observations])
    low, high = pictures.min(axis=0), pictures.max(axis=0)
    exposed = (high > _DARK) & (low < _LIGHT)
    if 4 * exposed.sum() < exposed.size:
        return 0.0
    return float((low == high)[exposed].mean())


def _came_back(digests: Sequence[bytes]) -> bool:
    last: dict[bytes, int] = {}
    for index, digest in enumerate(digests):
        if index - last.get(digest, index) > 1:
            return True
        last[digest] = index
    return False


def _still(observations: Sequence[Observation]) -> float:
    at = np.array([seen.at for seen in observations])
    later = np.searchsorted(at, at + _HALF_SECOND)
    first = np.flatnonzero(later < len(at))
    if len(first) < MIN_FRAMES // 2:
        return 0.0
    shapes = _shapes(observations)
    distance = float(np.median(np.sqrt(((shapes[later[first]] - shapes[first]) ** 2).mean(axis=1))))
    return float(np.clip((distance - _STILL[0]) / (_STILL[1] - _STILL[0]), 0, 1))


def _shapes(observations: Sequence[Observation]) -> Array:
    pictures = np.stack([seen.trace.thumbnail.ravel() for seen in observations]).astype(np.float32)
    pictures -= pictures.mean(axis=1, keepdims=True)
    pictures *= _CONTRAST / np.maximum(pictures.std(axis=1, keepdims=True), 1)
    return pictures


def _distances(shapes: Array) -> Array:
    power = (shapes**2).sum(axis=1)
    squares = power[:, None] + power[None] - 2 * shapes @ shapes.T
    distances: Array = np.sqrt(np.maximum(squares, 0) / shapes.shape[1])
    return distances


def _forwards(distances: Array, moving: Array) -> float:
    """The largest distance in the run that came nearest to a later one."""
    closest = np.inf
    for apart in range(_APART, len(distances) - _RUN + 1):
        closest = min(closest, _nearest_run(np.diagonal(distances, apart), moving))
    return closest


def _backwards(distances: Array, moving: Array) -> float:
    """The same for a run that comes again in reverse, as a video played to and fro does."""
    closest, mirrored, count = np.inf, distances[:, ::-1], len(distances)
    for offset in range(-count + _RUN, count - _RUN + 1):
        # Row `first + k` is compared with column `count - 1 - (first + k) - offset`, as long as that is later.
        first = max(0, -offset)
        pairs = np.diagonal(mirrored, offset)
        later = count - 1 - offset - 2 * (first + np.arange(len(pairs))) > 2
        closest = min(closest, _nearest_run(pairs[later], moving[first:]))
    return closest


def _nearest_run(pairs: Array, moving: Array) -> float:
    if len(pairs) < _RUN:
        return np.inf
    runs = np.lib.stride_tricks.sliding_window_view(pairs, _RUN).max(axis=1)
    return float(np.min(runs, where=moving[: len(runs)] > _MOVING, initial=np.inf))
