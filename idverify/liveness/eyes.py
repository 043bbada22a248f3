"""Whether each eye is open, by its own model: for blinks in live sessions."""

import cv2
import numpy as np

from idverify.values import Floats, Pixels

SIDE = 24
_SCALE = 1.6
_OPEN = 1
# Lids and corners of the eye at the image's left, then of the one at its right.
_EYES = (((37, 38, 40, 41), 36, 39), ((43, 44, 46, 47), 42, 45))


def prepare(pixels: Pixels, landmarks: Floats) -> Floats:
    """The model's input for faces of one image, landmarks (n, 68, 2): float32 (2 n, 1, 24, 24), grey, 0..1.

    Each face gives two rows: the eye at the image's left, then the one at its right. The crop is 1.6 times the eye's width.
    """
    batch = np.empty((2 * len(landmarks), 1, SIDE, SIDE), np.float32)
    for index, points in enumerate(landmarks):
        for offset, (lids, first, last) in enumerate(_EYES):
            side = max(2.0, float(np.linalg.norm(points[last] - points[first])) * _SCALE)
            centre = points[list(lids)].mean(axis=0)
            crop = cv2.getRectSubPix(pixels, (round(side), round(side)), (float(centre[0]), float(centre[1])))
            grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
            batch[2 * index + offset, 0] = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    batch /= 255
    return batch


def parse(output: Floats) -> Floats:
    """Probability that each eye is open, 0..1, from logits (2 n, 2): (n, 2), left and right as the image shows them.

    Of the two logits the second is 'open' (settled on 145 open and 145 closed eyes). NaN where it could not be assessed.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        probability = 1 / (1 + np.exp(output[:, 1 - _OPEN] - output[:, _OPEN]))
    pairs: Floats = probability.astype(np.float32).reshape(-1, 2)
    return pairs
