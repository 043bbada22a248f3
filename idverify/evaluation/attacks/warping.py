"""Drawing a picture through a map: where each part of the target comes from."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.attacks.clips import SIDE
from idverify.values import Floats, Pixels

GRID = 61
_ROUNDS = 7
Points = NDArray[np.float32]

_STEP = (SIDE - 1) / (GRID - 1)
_AXIS = np.arange(GRID, dtype=np.float32) * np.float32(_STEP)
PLACES: Points = np.stack(np.meshgrid(_AXIS, _AXIS), axis=-1)
"""Pixels (x, y) of a grid over the picture, (61, 61, 2)."""


def inverse(forward: Callable[[Points], Points]) -> Points:
    """Where the grid's points come from under a map of the picture's points (..., 2) that is not far from the identity.

    By fixed-point iteration; where the map folds, one of the sources.
    """
    source = PLACES.copy()
    for _ in range(_ROUNDS):
        source += 0.8 * (PLACES - forward(source))
    return source


def drawn(pixels: Pixels, source: Points, border: int = cv2.BORDER_REFLECT_101) -> Pixels:
    """The picture (480, 480, 3) with its grid's points taken from `source` (61, 61, 2), pixels."""
    x, y = cv2.split(dense(source))
    return np.asarray(cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=border), np.uint8)


def dense(grid: Floats) -> Floats:
    """A grid (61, 61, k) over the picture as one value a pixel, (480, 480, k)."""
    step = np.float32(1 / _STEP)
    matrix = np.array([[step, 0, 0], [0, step, 0]], np.float32)
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(grid, matrix, (SIDE, SIDE), flags=way, borderMode=cv2.BORDER_REPLICATE), np.float32)


def before(pixels: Pixels, front: Pixels, source: Points) -> tuple[Pixels, Floats]:
    """A sheet or screen in front of a picture, and where it is, 0..1 (60, 60). source: of the grid's points on the sheet."""
    inside = np.clip((SIDE / 2 - np.abs(source - (SIDE - 1) / 2)).min(axis=-1, keepdims=True), -40, 40).astype(np.float32)
    mask = np.clip(dense(inside) + np.float32(0.5), 0, 1)
    found = cv2.blendLinear(front, pixels, mask, 1 - mask)
    return np.asarray(found, np.uint8), np.clip(inside[:60, :60, 0] + np.float32(0.5), 0, 1)
