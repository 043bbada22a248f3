"""A camera for Chromium: a file of JPEGs, one after another, which it plays as what the camera sees, again and again.

The pictures are tests/phone.py's: a sample photograph that trembles in a hand, with a sensor's noise. Long enough that no
session sees one of them twice.
"""

from pathlib import Path

import cv2
import numpy as np
from phone import trembling

FRAMES_PER_SECOND = 30
"""At which Chromium plays such a file."""

_SIDE = 900


def write_clip(file: Path, name: str, seconds: float) -> Path:
    """`seconds` of the sample photograph of that name. JPEGs with halved chroma (yuvj420p): anything else is played as green."""
    random = np.random.default_rng(7)
    noise = np.clip(random.normal(128, 3.0, (_SIDE, _SIDE, 3)), 0, 255).astype(np.uint8)
    with file.open("wb") as out:
        for number in range(round(seconds * FRAMES_PER_SECOND)):
            out.write(_frame(trembling(name, number / 3), noise, random))
    return file


def _frame(picture: np.ndarray, noise: np.ndarray, random: np.random.Generator) -> bytes:
    row, column = random.integers(0, _SIDE - 480), random.integers(0, _SIDE - 640)
    noisy = cv2.addWeighted(picture, 1, noise[row : row + 480, column : column + 640], 1, -128)
    settings = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    return bytes(cv2.imencode(".jpg", noisy, settings)[1])
