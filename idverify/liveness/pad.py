"""Presentation attack detection on one picture (step 6): does it show a face, or a picture of a face?

The model (MiniFASNet kind) looks at the surroundings too: the crop is 2.7 times the face's box, kept inside the image. As BGR
and at that scale it separates best on NUAA (printed photographs, the only species it was measured on here).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from idverify.face.detection import square
from idverify.values import Face, Floats, Pixels

SIDE = 128
_SCALE = 2.7
_BONA_FIDE = 0


def region(face: Face, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what the model sees: the scaled box, kept inside an image of (height, width)."""
    height, width = size
    x, y, side = square(face)
    left, top, right, bottom = max(0.0, x), max(0.0, y), min(width - 1.0, x + side), min(height - 1.0, y + side)
    across, down = max(1.0, right - left), max(1.0, bottom - top)
    scale = min(_SCALE, (width - 1) / across, (height - 1) / down)
    across, down = across * scale, down * scale
    new_left = min(max(0.0, (left + right - across) / 2), width - 1 - across)
    new_top = min(max(0.0, (top + bottom - down) / 2), height - 1 - down)
    # Rounded, where the published code cuts off: whether a crop as wide as the image loses a pixel would hang on the last bit
    # of a float, and the model notices.
    first_x, first_y = max(0, round(new_left)), max(0, round(new_top))
    return first_x, first_y, first_x + max(1, round(across)), first_y + max(1, round(down))


def prepare(pixels: Pixels, faces: Sequence[Face]) -> Floats:
    """The model's input for faces of one image (height, width, 3): float32 (n, 3, 128, 128), BGR, 0..255."""
    batch = np.empty((len(faces), 3, SIDE, SIDE), np.float32)
    for canvas, face in zip(batch, faces, strict=True):
        left, top, right, bottom = region(face, pixels.shape[:2])
        crop = cv2.resize(pixels[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        canvas[:] = crop.transpose(2, 0, 1)
    return batch


def parse(output: Floats) -> Floats:
    """Probability of a bona fide presentation, 0..1, from logits (n, 3): (n,). NaN where it could not be assessed."""
    with np.errstate(invalid="ignore", over="ignore"):
        shifted = np.exp(output - output.max(axis=1, keepdims=True))
        probability: Floats = shifted[:, _BONA_FIDE] / shifted.sum(axis=1)
    return np.where(np.isfinite(output).all(axis=1), probability, np.float32(np.nan)).astype(np.float32)
