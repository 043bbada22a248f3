"""Camera frames made of photographs, before anything is timed: faces of every size and tilt, as a phone might send them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from idverify.errors import FailureToAcquire, ImageRejected, InvalidInput, TooLarge
from idverify.face.image import decode
from idverify.values import Face, Pixels

WIDTH, HEIGHT = 640, 480
FACE_HEIGHTS: Final = (60.0, 440.0)  # pixels, drawn evenly: from a face across a counter to one that fills the frame
TILT: Final = 25.0  # degrees, drawn evenly to either side
QUALITY: Final = 90
_ORIENTATIONS: Final = (1, 1, 1, 1, 1, 3, 6, 8)  # EXIF: three frames in eight lie on a side or on their head in the file
_TURNS: Final = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}
_BACKDROP: Final = 24.0  # standard deviation of the blur, in pixels: no face is left in it
_NOISE: Final = 3.0  # standard deviation, in grey levels, of a sensor's noise

Locate = Callable[[bytes], Face]


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG and what is shown. photo: position in the list it was made from; tilt in degrees; orientation: EXIF's number."""

    jpeg: bytes
    photo: int
    face_height: float
    tilt: float
    orientation: int


def read_photograph(path: Path) -> bytes:
    """The bytes of a photograph that can be made into frames. Raises InvalidInput naming the file that cannot."""
    try:
        data = path.read_bytes()
        decode(data)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    except (ImageRejected, TooLarge) as error:
        raise InvalidInput(f"{path} cannot be made into frames: {error.message}") from error
    return data


def frames_of(photographs: Sequence[bytes], n: int, locate: Locate, generator: np.random.Generator) -> list[Frame]:
    """`n` different frames in random order, each photograph in as many of them as any other (give or take one).

    photographs: as read_photograph gives them. locate: the capture subject's face in a photograph; where it finds none, the
    photograph's middle half is taken for it, so that no frame is left out for being difficult.
    """
    order = [int(index) for index in generator.permutation(np.arange(n) % len(photographs))]
    return [_drawn(photographs[index], index, locate, generator) for index in order]


def upright_frame(photograph: bytes, locate: Locate) -> bytes:
    """The photograph as a calm frame: the face upright in the middle, 200 pixels high. For references."""
    pixels = decode(photograph).pixels
    face = _located(photograph, pixels, locate)
    return _jpeg(_placed(pixels, face, 200.0, 0.0, (WIDTH / 2, HEIGHT / 2)))


def _drawn(photograph: bytes, index: int, locate: Locate, generator: np.random.Generator) -> Frame:
    pixels = decode(photograph).pixels
    face = _located(photograph, pixels, locate)
    height, tilt = float(generator.uniform(*FACE_HEIGHTS)), float(generator.uniform(-TILT, TILT))
    margins = (max(0.0, WIDTH / 2 - 0.5 * height), max(0.0, HEIGHT / 2 - 0.6 * height))
    shift = generator.uniform(-1, 1, 2) * margins
    picture = _placed(pixels, face, height, tilt, (WIDTH / 2 + float(shift[0]), HEIGHT / 2 + float(shift[1])))
    noise = generator.normal(0, _NOISE, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    orientation = int(generator.choice(_ORIENTATIONS))
    stored = cv2.rotate(picture, _TURNS[orientation]) if orientation in _TURNS else picture
    return Frame(_oriented(_jpeg(np.asarray(stored, np.uint8)), orientation), index, height, tilt, orientation)


def _placed(pixels: Pixels, face: Face, height: float, tilt: float, centre: tuple[float, float]) -> Pixels:
    """The photograph turned and scaled so that its face has that height there, over a blurred copy of itself."""
    left, top, right, bottom = face.box
    middle = ((left + right) / 2, (top + bottom) / 2)
    matrix = cv2.getRotationMatrix2D(middle, tilt, height / face.height)
    matrix[:, 2] += np.array(centre) - np.array(middle)
    backdrop = cv2.GaussianBlur(cv2.resize(pixels, (WIDTH, HEIGHT)), (0, 0), _BACKDROP)
    # Shrinking by a warp alone would alias: the photograph is brought near its final size first.
    frame = cv2.warpAffine(
        pixels if height >= face.height else cv2.GaussianBlur(pixels, (0, 0), 0.4 * face.height / height),
        matrix, (WIDTH, HEIGHT), dst=backdrop, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT,
    )  # fmt: skip
    return np.asarray(frame, np.uint8)


def _located(photograph: bytes, pixels: Pixels, locate: Locate) -> Face:
    try:
        return locate(photograph)
    except FailureToAcquire:
        height, width = pixels.shape[:2]
        return Face((width / 4, height / 4, 3 * width / 4, 3 * height / 4), 0.0)


def _jpeg(pixels: Pixels) -> bytes:
    encoded, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not encoded:
        raise InvalidInput("a photograph could not be made into a JPEG frame")
    return jpeg.tobytes()


def _oriented(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with EXIF's orientation tag: one SHORT entry in a big-endian TIFF header (Exif 2.32, 4.5.4 and 4.6.4)."""
    if orientation == 1:
        return jpeg
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\x00\x00"
    exif = b"Exif\x00\x00" + b"MM\x00\x2a\x00\x00\x00\x08" + b"\x00\x01" + entry + b"\x00\x00\x00\x00"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
