"""68 landmarks of a face (step 4), in the order of the 300-W mark-up: 36..47 eyes, 30 nose tip, 48 and 54 mouth corners."""

from collections.abc import Sequence

import cv2
import numpy as np

from idverify.face.detection import square
from idverify.values import Face, Floats, Pixels

SIDE = 64
COUNT = 68


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


def recentred(face: Face, points: Floats) -> Face:
    """The face with its box moved so that its landmarks (68, 2) lie in the middle: where the model marks best.

    A detector's box wanders over the face; marked again in the moved one, 3,087 mated pairs of LFW have a false non-match
    rate of 2.2 % instead of 2.5 % at a false match rate of 1e-4.
    """
    if not np.isfinite(points).all():
        return face
    x, y = (float(middle) for middle in (points.min(axis=0) + points.max(axis=0)) / 2)
    half = face.height / 2
    return Face((x - half, y - half, x + half, y + half), face.score)
