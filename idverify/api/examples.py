"""Photographs small enough to be pasted: the samples, downscaled when they are first asked for."""

import base64
from functools import cache
from importlib.resources import files

import cv2
import numpy as np

PORTRAIT, SAME_MAN, SAME_MAN_AGAIN, OTHER_MAN = "obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"
"""One man in 2012, in 2009 and in 2010, and another man."""


def sample(name: str) -> bytes:
    """The bytes of a photograph that travels with the package."""
    return (files("idverify") / "samples" / name).read_bytes()


@cache
def small_photo(name: str, height: int = 480) -> bytes:
    """A sample as a JPEG of that height, about 20 kB: big enough for the chain, small enough for a page."""
    pixels = cv2.imdecode(np.frombuffer(sample(name), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    width = round(pixels.shape[1] * height / pixels.shape[0])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


def in_base64(photo: bytes) -> str:
    """As a request carries it."""
    return base64.b64encode(photo).decode()
