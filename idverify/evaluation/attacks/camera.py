"""The simulated camera: from what is before it to JPEG, with the noise and the flicker of a sensor."""

import cv2
import numpy as np

from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.parameters import Group
from idverify.values import Floats, Pixels

_FIELDS = 6
_MARGIN = 64


def encoded(pixels: Pixels, quality: int, *, restart: int = 0) -> bytes:
    """A JPEG with the standard's tables at this quality and halved chroma, as browsers make them."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_RST_INTERVAL, restart]
    return bytes(cv2.imencode(".jpg", pixels, settings)[1])


class Sensor:
    """Noise of one sensor: read noise, shot noise that grows with the light, a flickering exposure.

    Fields of noise are made once and cut at random offsets, so that a frame costs no drawing of a million numbers.
    """

    def __init__(self, group: Group, generator: np.random.Generator) -> None:
        self._generator = generator
        self._flicker = group["flicker"]
        side = SIDE + _MARGIN
        fields = generator.standard_normal((_FIELDS, side, side, 3), np.float32)
        for field in fields:
            cv2.GaussianBlur(field, (0, 0), group["noise_blur"], dst=field)
        self._fields: Floats = fields / fields.std()
        levels = np.arange(256, dtype=np.float32)
        self._deviation: Floats = (group["read_noise"] + group["shot_noise"] * np.sqrt(levels)).astype(np.float32)

    def expose(self, pixels: Pixels) -> Pixels:
        """The picture (480, 480, 3) as the sensor reads it."""
        x, y = self._generator.integers(0, _MARGIN, 2)
        field = self._fields[self._generator.integers(_FIELDS)][y : y + SIDE, x : x + SIDE]
        noise = cv2.multiply(field, cv2.LUT(pixels, self._deviation))
        gain = 1 + self._flicker * float(self._generator.standard_normal())
        found = cv2.addWeighted(pixels, gain, noise, float(self._generator.choice((-1, 1))), 0, dtype=cv2.CV_8U)
        return np.asarray(found, np.uint8)


class Tremor:
    """The slow wander of a hand that holds something: sums of a few sines, pixels."""

    def __init__(self, pixels: float, generator: np.random.Generator) -> None:
        self._rates = generator.uniform(0.15, 1.5, (3, 2))
        self._phases = generator.uniform(0, 2 * np.pi, (3, 2))
        self._pixels = pixels

    def at(self, time: float) -> tuple[float, float]:
        """Right and down, pixels."""
        across, down = self._pixels * np.sin(2 * np.pi * self._rates * time + self._phases).mean(axis=0)
        return float(across), float(down)
