"""A picture of a face small enough for a QR code: for a checker to look at, never to compare with."""

import cv2
import numpy as np

from idverify.errors import ImageRejected
from idverify.values import Face, Pixels

WIDTH, HEIGHT = 56, 70
LARGEST = 450
"""Bytes: with them a code is of version 23 at most (benchmarks/qr_codes.py)."""

_QUALITIES = (60, 50, 40, 30, 20, 10, 5, 1)
_WIDER = 1.4


def small_picture(pixels: Pixels, face: Face) -> bytes:
    """A WebP of 56 x 70 pixels, the head filling it, in the best quality that fits into LARGEST bytes.

    pixels: uint8 (height, width, 3), BGR. Raises ImageRejected where none fits.
    """
    small = cv2.resize(_head(pixels, face), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    for quality in _QUALITIES:
        _, encoded = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if len(encoded) <= LARGEST:
            return bytes(encoded)
    raise ImageRejected("the portrait does not become a picture small enough for a QR code")


def _head(pixels: Pixels, face: Face) -> Pixels:
    """The head, its edges repeated where the photograph ends."""
    width = _WIDER * max(face.width, face.height * WIDTH / HEIGHT)
    height = width * HEIGHT / WIDTH
    left = (face.box[0] + face.box[2] - width) / 2
    top = (face.box[1] + face.box[3]) / 2 - 0.52 * height
    columns = np.clip(np.arange(round(left), round(left + width)), 0, pixels.shape[1] - 1)
    rows = np.clip(np.arange(round(top), round(top + height)), 0, pixels.shape[0] - 1)
    cropped: Pixels = pixels[rows[:, None], columns[None, :]]
    return cropped
