"""Streams that change in the middle: another encoder's frames, passed on as they are or dressed up as the first one's; and
those whose pictures are sent more than once.
"""

from collections.abc import Callable

import cv2
import numpy as np

from idverify.evaluation.attacks.camera import encoded
from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.device import Source
from idverify.evaluation.attacks.shots import Said
from idverify.values import Pixels

Encode = Callable[[Pixels], bytes]


class Switched:
    """A source whose pictures come from another encoder from some seconds after the first step was read.

    before, after: what is made of a picture (480, 480, 3); None leaves the source's own JPEG as it is.
    """

    def __init__(self, source: Source, seconds: float, *, before: Encode | None, after: Encode) -> None:
        self._source, self._seconds, self._before, self._after = source, seconds, before, after
        self._first: float | None = None

    def hear(self, said: Said, at: float) -> None:
        """The first reveal starts the clock of the change; the source hears everything."""
        if self._first is None and said["type"] in {"step", "colour"}:
            self._first = at
        self._source.hear(said, at)

    def jpeg(self, at: float) -> bytes:
        """The frame of this moment, by the encoder of this moment."""
        jpeg = self._source.jpeg(at)
        switched = self._first is not None and at >= self._first + self._seconds
        encode = self._after if switched else self._before
        if encode is None:
            return jpeg
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        return encode(np.asarray(pixels, np.uint8))


class Freezing:
    """A source whose picture stands still, byte for byte, once the first step was read."""

    def __init__(self, source: Source) -> None:
        self._source, self._frozen = source, False
        self._last = b""

    def hear(self, said: Said, at: float) -> None:
        """The first reveal is the end of it."""
        self._frozen = self._frozen or said["type"] in {"step", "colour"}
        self._source.hear(said, at)

    def jpeg(self, at: float) -> bytes:
        """The frame of this moment, or the last one before the picture froze."""
        if not self._frozen or not self._last:
            self._last = self._source.jpeg(at)
        return self._last


class Repeating:
    """A source each of whose pictures is sent so many times, byte for byte."""

    def __init__(self, source: Source, times: int) -> None:
        self._source, self._times, self._sent = source, times, 0
        self._last = b""

    def hear(self, said: Said, at: float) -> None:
        """The source hears."""
        self._source.hear(said, at)

    def jpeg(self, at: float) -> bytes:
        """A new picture when the last one was sent often enough."""
        if self._sent % self._times == 0:
            self._last = self._source.jpeg(at)
        self._sent += 1
        return self._last


def grainy(then: Encode, deviation: float, generator: np.random.Generator) -> Encode:
    """A picture with the noise of another sensor on it. deviation: grey levels."""

    def encode(pixels: Pixels) -> bytes:
        noise = deviation * generator.standard_normal(pixels.shape, np.float32)
        return then(np.asarray(cv2.add(pixels, noise, dtype=cv2.CV_8U), np.uint8))

    return encode


def scaled(scale: float, quality: int) -> Encode:
    """A picture of another size, by the same encoder."""
    side = round(SIDE * scale / 8) * 8
    return lambda pixels: encoded(np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8), quality)


def cut(share: float, quality: int, *, upright: bool) -> Encode:
    """The middle of the picture, as of a telephone held upright or on its side. share: shorter side over longer."""
    left_out = (SIDE - round(SIDE * share / 8) * 8) // 2
    middle = slice(left_out, SIDE - left_out)
    return lambda pixels: encoded(np.ascontiguousarray(pixels[:, middle] if upright else pixels[middle]), quality)


def requantised(*qualities: int) -> Encode:
    """The picture compressed once more with these settings, one after another: what is left are the tables of the last."""

    def encode(pixels: Pixels) -> bytes:
        for quality in qualities[:-1]:
            again = cv2.imdecode(np.frombuffer(encoded(pixels, quality), np.uint8), cv2.IMREAD_COLOR)
            assert again is not None
            pixels = np.asarray(again, np.uint8)
        return encoded(pixels, qualities[-1])

    return encode
