"""68 landmarks of a face (step 4), in the order of the 300-W mark-up: 36..47 eyes, 30 nose tip, 48 and 54 mouth corners."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from idverify.face.detection import square
from idverify.values import Face, Floats, Pixels

SIDE = 64
COUNT = 68


def mean_rows(groups: Sequence[Sequence[int]]) -> Floats:
    """The matrix (k, 68) whose product with landmarks (68, 2) is the mean point of each of k groups of landmarks, (k, 2)."""
    rows = np.zeros((len(groups), COUNT), np.float32)
    for row, group in zip(rows, groups, strict=True):
        row[list(group)] = 1 / len(group)
    return rows


def region(face: Face, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what the model sees of the face: its square, clipped to an image of (height, width)."""
    left, top, side = square(face)
    height, width = size
    x, y = min(max(0, int(left)), width - 2), min(max(0, int(top)), height - 2)
    return x, y, max(x + 2, min(width, int(left + side))), max(y + 2, min(height, int(top + side)))


def prepare(pixels: Pixels, faces: Sequence[Face]) -> Floats:
    """The model's input for faces of one image (height, width, 3) BGR: float32 (n, 1, 64, 64), grey, 0..1."""
    batch = np.empty((len(faces), 1, SIDE, SIDE), np.float32)
    for canvas, face in zip(batch, faces, strict=True):
        left, top, right, bottom = region(face, pixels.shape[:2])
        crop = cv2.resize(pixels[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        canvas[0] = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    batch /= 256
    return batch


def parse(output: Floats, faces: Sequence[Face], size: tuple[int, int]) -> Floats:
    """The landmarks in the model's output (n, 136) on faces of an image of (height, width): float32 (n, 68, 2), pixels."""
    regions = np.array([region(face, size) for face in faces], np.float32).reshape(-1, 1, 4)
    fractions = output.reshape(-1, COUNT, 2)
    placed: Floats = regions[:, :, :2] + fractions * (regions[:, :, 2:] - regions[:, :, :2])
    return placed


def expected(face: Face) -> Face:
    """The face with its box moved to where its landmarks are likely to have their middle: below the detector's."""
    return _moved(face, 0.0, _BELOW * face.height)


def followed(points: Floats, score: float) -> Face:
    """The face of these landmarks (68, 2), about as the detector would find it: what comes next in a video is looked for here.

    The box is as high as the landmarks are spread, in the detector's measure; score is handed on.
    """
    (low_x, low_y), (high_x, high_y) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    across, down = (low_x + high_x) / 2, (low_y + high_y) / 2
    half = _SPREAD / 2 * float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))
    middle = down - _BELOW * 2 * half
    return Face((across - half * _SLIM, middle - half, across + half * _SLIM, middle + half), score)


def recentred(face: Face, points: Floats) -> Face | None:
    """The face with its box moved so that its landmarks (68, 2) lie in the middle: where the model marks best.

    None where the middle is near enough, or is nowhere. A quarter of 4,992 faces of LFW is marked again, and error rates are
    those of marking every face twice (docs/decisions/0004-fast-path.md).
    """
    left, top, right, bottom = face.box
    (low_x, low_y), (high_x, high_y) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    across, down = (low_x + high_x - left - right) / 2, (low_y + high_y - top - bottom) / 2
    return _moved(face, across, down) if math.hypot(across, down) > _NEAR * face.height else None


# Shares of a face's height: the median way from the middle of its box down to that of its landmarks, and how far off is near.
_BELOW, _NEAR = 0.13, 0.05
# Height of the detector's box over the landmarks' distance from their middle (root mean square), and its width over its
# height: medians of 286 frames of 3 people.
_SPREAD, _SLIM = 3.54, 0.63


def _moved(face: Face, across: float, down: float) -> Face:
    left, top, right, bottom = face.box
    return Face((left + across, top + down, right + across, bottom + down), face.score)
