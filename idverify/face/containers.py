"""The structure of JPEG, PNG and WebP files, walked without decoding a pixel.

Decoders forgive what a verifier must not: a second picture behind the first, a checksum that does not hold, a file that ends
early. The walk finds those, and the declared size, before any decoder or Pillow sees the bytes. Sources: ITU-T T.81 annex B
(JPEG), the PNG specification third edition (chunks, CRC, APNG), RFC 9649 (WebP).

Bytes after the end of the picture are ignored: phones append depth maps and short videos there.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from idverify.errors import ImageRejected

MediaType = Literal["image/jpeg", "image/png", "image/webp"]


@dataclass(frozen=True, slots=True)
class Container:
    """What the file says of itself. exif: the TIFF structure, without the six bytes that may precede it, or None."""

    media_type: MediaType
    width: int
    height: int
    exif: bytes | None


def walk(data: bytes) -> Container:
    """The container of `data`. Raises ImageRejected: unknown type, animated, truncated, or not of the type's structure."""
    if data.startswith(b"\xff\xd8\xff"):
        return _walk_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _walk_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _walk_webp(data)
    raise ImageRejected("send a JPEG, PNG or WebP picture; this is none of them")


_TRUNCATED = "the file ends before the picture does; send it again"
_TOO_MANY_PARTS = "the file is cut into more parts than a camera makes"
_ANIMATED = "animated pictures are not taken; send a still one"

# A camera writes some ten scans and some thousand chunks. A decoder passes over the whole picture once a scan, so a small
# file with many scans would hold a worker for minutes.
_MAX_SCANS = 24
_MAX_PARTS = 20_000

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _walk_jpeg(data: bytes) -> Container:
    markers = _jpeg_markers(data)
    size: tuple[int, int] | None = None
    exif: bytes | None = None
    scans = 0
    at = 2
    for _ in range(_MAX_PARTS):
        # Between segments the next marker follows at once; behind a scan's header it ends the entropy-coded data.
        index = int(np.searchsorted(markers, at))
        if index == len(markers):
            raise ImageRejected(_TRUNCATED)
        if scans == 0 and data[at : int(markers[index])].strip(b"\xff"):
            raise ImageRejected("the JPEG's segments do not follow one another")
        marker, at = data[int(markers[index]) + 1], int(markers[index]) + 2
        if marker == 0xD9:
            break
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if length < 2 or at + length > len(data):
            raise ImageRejected(_TRUNCATED)
        at += length
        if marker in _START_OF_FRAME:
            if size is not None or len(body) < 6:
                raise ImageRejected("the JPEG must hold one frame")
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        elif marker == 0xE1 and exif is None and body.startswith(b"Exif\0\0"):
            exif = body[6:]
        elif marker == 0xDA:
            scans += 1
    else:
        raise ImageRejected(_TOO_MANY_PARTS)
    if scans > _MAX_SCANS:
        raise ImageRejected(_TOO_MANY_PARTS)
    if size is None or scans == 0:
        raise ImageRejected("the JPEG holds no picture")
    return Container("image/jpeg", *size, exif)


def _jpeg_markers(data: bytes) -> NDArray[np.intp]:
    """Where markers may stand: 0xFF not followed by 0x00 (a stuffed byte), a restart marker or another 0xFF (a fill byte)."""
    values = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(values[:-1] == 0xFF)
    after = values[at + 1]
    found: NDArray[np.intp] = at[(after != 0) & (after != 0xFF) & ((after < 0xD0) | (after > 0xD7))]
    return found


def _walk_png(data: bytes) -> Container:
    size: tuple[int, int] | None = None
    exif: bytes | None = None
    inflation = _Inflation(0)
    at = 8
    for _ in range(_MAX_PARTS):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise ImageRejected(_TRUNCATED)
        body = memoryview(data)[at + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end], "big"):
            raise ImageRejected("a checksum of the PNG does not hold")
        if (kind == b"IHDR") != (at == 8) or (kind == b"IHDR" and length != 13):
            raise ImageRejected("the PNG must begin with one header")
        if kind == b"IHDR":
            size = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            inflation = _Inflation(2 * size[1] * (1 + size[0] * _png_bits(body[8], body[9]) // 8))
        elif kind == b"IDAT":
            inflation.feed(body)
        elif kind == b"acTL":
            raise ImageRejected(_ANIMATED)
        elif kind == b"eXIf" and exif is None:
            exif = bytes(body)
        elif kind == b"IEND":
            assert size is not None  # the first chunk is IHDR, or we would not be here
            return Container("image/png", *size, exif)
        at = end
    raise ImageRejected(_TOO_MANY_PARTS)


def _png_bits(depth: int, colour: int) -> int:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour)
    if channels is None or depth > 16:
        raise ImageRejected("the PNG's header names no colour that exists")
    return channels * depth


class _Inflation:
    """Stops a bomb: image data that inflates beyond `limit` bytes, which libpng would read to its end all the same.

    The limit is twice the picture's rows, since an interlaced one has more rows, and shorter ones.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._stream = zlib.decompressobj()

    def feed(self, body: bytes | memoryview) -> None:
        while body and not self._stream.eof:
            try:
                self._left -= len(self._stream.decompress(body, 1 << 16))
            except zlib.error as error:
                raise ImageRejected("the PNG's image data are damaged") from error
            if self._left < 0:
                raise ImageRejected("the PNG's image data are larger than its picture")
            body = self._stream.unconsumed_tail


def _walk_webp(data: bytes) -> Container:
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ImageRejected(_TRUNCATED)
    canvas: tuple[int, int] | None = None
    frame: tuple[int, int] | None = None
    exif: bytes | None = None
    for kind, body in _riff_chunks(data):
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and body[0] & 0x02):
            raise ImageRejected(_ANIMATED)
        if kind == b"VP8X":
            canvas = 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
        elif kind in {b"VP8 ", b"VP8L"}:
            if frame is not None:
                raise ImageRejected("the WebP must hold one frame")
            frame = _vp8_size(body) if kind == b"VP8 " else _vp8l_size(body)
        elif kind == b"EXIF" and exif is None:
            exif = body.removeprefix(b"Exif\0\0")
    if frame is None or canvas not in {None, frame}:
        raise ImageRejected("the WebP holds no picture of its own size")
    return Container("image/webp", *frame, exif)


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    for _ in range(_MAX_PARTS):
        if at + 8 > end:
            return
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end or (length < 10 and kind in {b"VP8X", b"VP8 ", b"VP8L"}):
            raise ImageRejected(_TRUNCATED)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise ImageRejected(_TOO_MANY_PARTS)


def _vp8_size(body: bytes) -> tuple[int, int]:
    if body[0] & 1 or body[3:6] != b"\x9d\x01\x2a":
        raise ImageRejected("the WebP does not begin with a key frame")
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _vp8l_size(body: bytes) -> tuple[int, int]:
    if body[0] != 0x2F:
        raise ImageRejected("the WebP's signature is missing")
    bits = int.from_bytes(body[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
