"""Head pose by its own model: for live challenges, where a fraction of a head turn matters (the photo path needs no model)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.face.detection import square
from idverify.values import Face, Floats, Pixels

SIDE = 224
_BINS = 66
_DEGREES = 3.0
_LOWEST = -99.0
_MARGIN = 0.25
# Mean and standard deviation of ImageNet's channels, RGB, in grey levels.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None] * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None] * 255


def prepare(pixels: Pixels, faces: Sequence[Face]) -> Floats:
    """The model's input for faces of one image (height, width, 3) BGR: float32 (n, 3, 224, 224), RGB.

    The crop is the face's square enlarged by a quarter on each side, clipped to the image.
    """
    batch = np.empty((len(faces), 3, SIDE, SIDE), np.float32)
    height, width = pixels.shape[:2]
    for canvas, face in zip(batch, faces, strict=True):
        x, y, side = square(face)
        margin = side * _MARGIN
        left, top = min(max(0, int(x - margin)), width - 1), min(max(0, int(y - margin)), height - 1)
        right, bottom = max(left + 1, min(width, int(x + side + margin))), max(top + 1, min(height, int(y + side + margin)))
        crop = cv2.resize(pixels[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        canvas[:] = crop[:, :, ::-1].transpose(2, 0, 1)
    batch -= _MEAN
    batch /= _DEVIATION
    return batch


def parse(yaw: Floats, pitch: Floats, roll: Floats) -> NDArray[np.float64]:
    """Yaw, pitch and roll in degrees, -99..96, from three times 66 logits (n, 66): (n, 3). Not finite where they are not.

    Yaw is positive when the face turns to the image's right, pitch when it is raised, roll when the head leans clockwise in
    the image (settled on stills of known direction).
    """
    bins = _LOWEST + _DEGREES * np.arange(_BINS)
    logits = np.stack([yaw, pitch, roll], axis=1).astype(np.float64)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    angles = (weights * bins).sum(axis=2) / weights.sum(axis=2)
    signed: NDArray[np.float64] = angles * (-1, 1, 1)  # the model counts a turn to the image's left as positive
    return signed
