"""Bytes to pixels: step 2 of a verification. The only module that uses Pillow, and only for what a header holds.

What is taken: JPEG, PNG and WebP, told apart by content. Greyscale and palette pictures become BGR; 16 bits a channel are cut
to 8; a transparent picture is laid on white, so that what is compared is what a person would see. What is refused, with a
reason: more than 10 MiB, 40 megapixels or 16,384 pixels a side, less than 64 pixels a side, CMYK (made for print, its colours
depend on a profile), more than one frame, anything truncated or inconsistent. Embedded colour profiles are ignored.

One decoding may hold some 270 MB beside its file, so what takes more than three bytes a pixel must be smaller: 30 megapixels
with transparency, 15 with transparency in 16 bits a channel, 26 as a progressive JPEG whose chroma is not subsampled.

One gap is known: a JPEG whose entropy-coded data was cut and then given an end marker decodes to a picture with a flat lower
part, in every decoder built on libjpeg. Only its face, if any is left, can then be found.
"""

import hashlib
import warnings
from io import BytesIO

import cv2
import numpy as np
from PIL import Image as Pillow

from idverify.errors import ImageRejected, TooLarge
from idverify.face.containers import Container, check_inflation, tiff_number, walk
from idverify.values import Image, Pixels

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_384  # OpenCV's geometric transforms stop at 32,767
MIN_SIDE = 64
MAX_DECODED = 3 * MAX_PIXELS  # bytes of one decoded picture; two such buffers exist for a moment

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "P", "PA", "RGB", "RGBA", "RGBX"})
_ORIENTATION_TAG = 0x0112
_STRIP_PIXELS = 1 << 18

# Pillow warns of every malformed tag, in words that differ with the file: a log that strangers could fill.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# EXIF orientation -> (transpose first, then flip: 0 = upside down, 1 = left to right, -1 = both, None = neither).
_UPRIGHT: dict[int, tuple[bool, int | None]] = {
    1: (False, None),
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}


def decode(data: bytes, most_pixels: int = MAX_PIXELS) -> Image:
    """The photograph in `data`, upright, as BGR. most_pixels: a closer limit than that of every picture.

    Raises TooLarge above 10 MiB, and ImageRejected, with a reason for a person, for all else that cannot be used. On no bytes
    whatever does another exception leave. Sizes are judged from the header, before anything is decoded.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"a picture may have at most {MAX_BYTES // 1024 // 1024} MiB")
    container = walk(data)
    _check_size(container, min(most_pixels, MAX_PIXELS))
    check_inflation(container)
    _check_header(container)
    pixels = _upright(_decoded(container), _orientation(container.exif))
    return Image(pixels=pixels, digest=hashlib.sha256(data).hexdigest(), media_type=container.media_type)


def _check_size(container: Container, most_pixels: int) -> None:
    width, height = container.width, container.height
    if width * height > most_pixels or max(width, height) > MAX_SIDE:
        raise ImageRejected(f"a picture may have at most {most_pixels // 1_000_000} megapixels and {MAX_SIDE} pixels a side")
    if min(width, height) < MIN_SIDE:
        raise ImageRejected(f"a picture must have at least {MIN_SIDE} pixels a side")
    if width * height * container.bytes_per_pixel > MAX_DECODED:
        most = int(MAX_DECODED / container.bytes_per_pixel) // 1_000_000
        raise ImageRejected(
            f"a picture stored like this may have at most {most} megapixels; send it smaller, or as a plain JPEG"
        )


def _check_header(container: Container) -> None:
    """A second, independent reading of the header must agree with the walk: parsers that differ are what attackers look for."""
    try:
        with Pillow.open(BytesIO(container.picture), formats=[_FORMATS[container.media_type]]) as header:
            kind, size, mode, frames = header.format, header.size, header.mode, getattr(header, "n_frames", 1)
    except Exception as error:  # Pillow documents no closed list of what its parsers raise on hostile bytes
        raise ImageRejected("the picture's header cannot be read") from error
    if frames != 1:
        raise ImageRejected("the file holds more than one picture; send a single still one")
    if mode == "CMYK":
        raise ImageRejected("CMYK pictures are made for print; send one in RGB")
    if mode not in _MODES or kind != _FORMATS[container.media_type] or size != (container.width, container.height):
        raise ImageRejected("the picture's header contradicts itself")


def _decoded(container: Container) -> Pixels:
    # UNCHANGED is the way to alpha, and like IGNORE_ORIENTATION leaves the turning to us. It keeps 16 bits too.
    flags = cv2.IMREAD_UNCHANGED if container.alpha else cv2.IMREAD_COLOR_BGR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        decoded = cv2.imdecode(np.frombuffer(container.picture, np.uint8), flags)
    except (cv2.error, MemoryError) as error:
        raise ImageRejected("the picture cannot be decoded") from error
    if decoded is None or decoded.shape[:2] != (container.height, container.width):
        raise ImageRejected("the picture cannot be decoded whole")
    if decoded.dtype == np.uint16:
        return _as_bgr(cv2.convertScaleAbs(decoded, alpha=1 / 257).astype(np.uint8, copy=False))
    if decoded.dtype != np.uint8:
        raise ImageRejected("only 8 and 16 bits a channel are taken")
    return _as_bgr(decoded.astype(np.uint8, copy=False))


def _as_bgr(decoded: Pixels) -> Pixels:
    channels = 1 if decoded.ndim == 2 else decoded.shape[2]
    if channels == 1:
        return cv2.cvtColor(decoded, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    if channels == 3:
        return decoded
    if channels == 4:
        return _on_white(decoded)
    raise ImageRejected("the picture's channels are not those of a photograph")


def _on_white(bgra: Pixels) -> Pixels:
    bgr = np.ascontiguousarray(bgra[:, :, :3])
    if bgra[:, :, 3].min() == 255:
        return bgr
    rows = max(1, _STRIP_PIXELS // bgr.shape[1])
    for top in range(0, len(bgr), rows):  # in strips: the whole in 16 bits would take several times its memory
        strip, cover = bgr[top : top + rows], bgra[top : top + rows, :, 3:].astype(np.uint16)
        strip[:] = (strip * cover + 255 * (255 - cover)) // 255
    return bgr


def _orientation(exif: bytes | None) -> int:
    """1..8; 1 (upright) where EXIF is absent, unreadable or names another number, as browsers do."""
    found = tiff_number(exif or b"", _ORIENTATION_TAG)
    return found if found in _UPRIGHT else 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    transpose, flip = _UPRIGHT[orientation]
    if transpose:
        pixels = cv2.transpose(pixels).astype(np.uint8, copy=False)
    if flip is not None:
        pixels = cv2.flip(pixels, flip).astype(np.uint8, copy=False)
    return pixels
