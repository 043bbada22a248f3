"""What a frame's bytes and pixels say beside the face: its coding, its noise, and the light on the face and around it.

All of it is read from a part of the pixels, so that a frame costs less than half a millisecond.
"""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.face.containers import jpeg_coding
from idverify.values import Floats, Image, Pixels

from .observation import Light, Trace

_THUMBNAIL = 16
_BAND, _BANDS = 16, 4  # rows of a band that the noise is read from, and how many of them
_BLOCK = 16
_FLATTEST = 0.1
_CLIPPED = (8.0, 247.0)  # grey levels: what is black or burnt out has no noise left to show

_JAW_AND_BROWS = list(range(27))
_EYES_AND_MOUTH = (list(range(36, 42)), list(range(42, 48)), list(range(48, 60)))
_ACROSS = 64.0  # pixels over all that is read for light
# In widths and heights of the face, brows to jaw: how far the surroundings reach, and what the head takes of them.
_AROUND, _HAIR, _CROWN = 0.8, 0.2, 0.7
_LEAST_PIXELS = 40

_LEVELS = np.arange(256) / 255
_LINEAR: Floats = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)


def trace(jpeg: bytes, picture: Image) -> Trace:
    """The trace of one frame and its decoded picture. Raises ImageRejected unless the bytes are a JPEG."""
    pixels = picture.pixels
    every = max(1, min(pixels.shape[:2]) // (8 * _THUMBNAIL))
    small = cv2.resize(pixels[::every, ::every], (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return Trace(
        digest=bytes.fromhex(picture.digest),
        tables=hashlib.sha256(jpeg_coding(jpeg)).digest(),
        size=(pixels.shape[0], pixels.shape[1]),
        noise=_noise(pixels),
        thumbnail=cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False),
    )


def _noise(pixels: Pixels) -> float:
    """Standard deviation, in grey levels, of what a median takes away in the flattest tenth of the blocks of a few bands."""
    height, width = pixels.shape[:2]
    width -= width % _BLOCK
    tops = np.linspace(0, height - _BAND, _BANDS + 2)[1:-1].astype(int)
    bands = np.concatenate([cv2.cvtColor(pixels[top : top + _BAND, :width], cv2.COLOR_BGR2GRAY) for top in tops])
    smooth = np.concatenate([cv2.medianBlur(band, 3) for band in np.split(bands, _BANDS)])
    blocks, lost = _blocks(smooth), _blocks(bands) - _blocks(smooth)
    level = blocks.mean(axis=1)
    usable = (level > _CLIPPED[0]) & (level < _CLIPPED[1])
    if not usable.any():
        return 0.0
    spread, lost = blocks[usable].std(axis=1), lost[usable]
    flattest = np.argsort(spread, kind="stable")[: max(1, round(_FLATTEST * len(spread)))]
    return float(lost[flattest].std())


def _blocks(grey: Pixels) -> Floats:
    """(height, width) -> (blocks, 256)."""
    height, width = grey.shape
    cut = grey.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).swapaxes(1, 2)
    return cut.reshape(-1, _BLOCK * _BLOCK).astype(np.float32)


def light(pixels: Pixels, points: Floats) -> Light | None:
    """Mean linear RGB of a face, landmarks (68, 2), brows to jaw without eyes and mouth, and of what surrounds the head.

    The surroundings end at the chin: shoulders are as near to the screen as the face, and no background. None where face or
    surroundings have too few pixels in the picture.
    """
    if not np.isfinite(points).all():
        return None
    height, width = pixels.shape[:2]
    (first, top), (last, chin) = points[_JAW_AND_BROWS].min(axis=0).tolist(), points[_JAW_AND_BROWS].max(axis=0).tolist()
    across, down = max(1.0, last - first), max(1.0, chin - top)
    x, right = _within(first - _AROUND * across, width), _within(last + _AROUND * across, width)
    y, bottom = _within(top - _AROUND * down, height), _within(chin, height)
    every = max(1, round((1 + 2 * _AROUND) * across / _ACROSS))
    seen = pixels[y:bottom:every, x:right:every]
    if seen.size == 0:
        return None
    placed = np.rint((points - (x, y)) / every).astype(np.int32)
    skin = np.zeros(seen.shape[:2], np.uint8)
    cv2.fillConvexPoly(skin, cv2.convexHull(placed[_JAW_AND_BROWS]), (255,))
    for part in _EYES_AND_MOUTH:
        cv2.fillConvexPoly(skin, cv2.convexHull(placed[part]), (0,))
    around = np.full(seen.shape[:2], 255, np.uint8)
    sides, crown = _HAIR * across, _CROWN * down
    head = (slice(_within((top - crown - y) / every, height), None), _span(first - sides - x, last + sides - x, every))
    around[head] = 0
    face, background = _mean(seen, skin), _mean(seen, around)
    return None if face is None or background is None else Light(face, background)


def _within(position: float, length: int) -> int:
    return round(min(max(0.0, position), float(length)))


def _span(first: float, last: float, every: int) -> slice:
    return slice(max(0, round(first / every)), max(0, round(last / every)))


def _mean(bgr: Pixels, mask: NDArray[np.uint8]) -> tuple[float, float, float] | None:
    within = bgr[mask > 0]
    if len(within) < _LEAST_PIXELS:
        return None
    blue, green, red = _LINEAR[within].mean(axis=0).tolist()
    return red, green, blue
