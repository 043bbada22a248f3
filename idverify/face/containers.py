"""The structure of JPEG, PNG and WebP files, walked without decoding a pixel.

Decoders forgive what a verifier must not: a second picture behind the first, a checksum that does not hold, a file that ends
early. The walk finds those, and the declared size, before any decoder or Pillow sees the bytes. Sources: ITU-T T.81 annex B
(JPEG), the PNG specification third edition (chunks, CRC, APNG), RFC 9649 (WebP).

Bytes after the end of the picture are ignored: phones append depth maps and short videos there.

Decoders and Pillow get `Container.picture`, a file rebuilt from the parts that make pixels. What else a file may carry (texts,
colour profiles, EXIF, thumbnails) is inflated, parsed or copied by those who read it, some of it in time that grows with the
square of its size, or in a thousand times its memory.
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
    """What the file says of itself.

    exif: the TIFF structure, without the six bytes that may precede it, or None.
    alpha: whether the picture may have transparent pixels.
    bytes_per_pixel: half of what a decoder in Python holds at its peak, for each pixel. OpenCV fills one buffer and copies it
        into another, so this is the size of a decoded pixel; libjpeg's coefficients, where it keeps them, count besides.
    picture: the file, cut down to what makes its pixels.
    deflated, rows: of a PNG, the compressed image data and the bytes that its rows have when inflated.
    """

    media_type: MediaType
    width: int
    height: int
    exif: bytes | None
    alpha: bool
    bytes_per_pixel: float
    picture: bytes
    deflated: tuple[memoryview, ...] = ()
    rows: int = 0


def walk(data: bytes) -> Container:
    """The container of `data`. Raises ImageRejected: unknown type, animated, truncated, or not of the type's structure."""
    if data.startswith(b"\xff\xd8\xff"):
        return _walk_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _walk_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _walk_webp(data)
    raise ImageRejected("send a JPEG, PNG or WebP picture; this is none of them")


def tiff_number(table: bytes, tag: int) -> int | None:
    """The value of `tag` in the first directory of a TIFF structure (TIFF 6.0 section 2), if it is one SHORT or LONG.

    None for all else, unreadable structures included. Nothing but twelve bytes an entry is looked at: Pillow reads whatever the
    entries point to, and a thousand entries may point to one megabyte.
    """
    order: Literal["big", "little"] = "big" if table.startswith(b"MM") else "little"
    if table[:4] not in {b"MM\0*", b"II*\0"}:
        return None
    at = int.from_bytes(table[4:8], order)
    count = int.from_bytes(table[at : at + 2], order)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(table) - 11), 12):
        if int.from_bytes(table[entry : entry + 2], order) == tag:
            kind, values = (
                int.from_bytes(table[entry + 2 : entry + 4], order),
                int.from_bytes(table[entry + 4 : entry + 8], order),
            )
            width = {3: 2, 4: 4}.get(kind, 0)
            return int.from_bytes(table[entry + 8 : entry + 8 + width], order) if width and values == 1 else None
    return None


_EXIF = b"Exif\0\0"
_PIECE = 1 << 16
_TRUNCATED = "the file ends before the picture does; send it again"
_TOO_MANY_PARTS = "the file is cut into more parts than a camera makes"
_ANIMATED = "animated pictures are not taken; send a still one"

# A camera writes some ten scans and some thousand chunks. A decoder passes over the whole picture once a scan, so a small
# file with many scans would hold a worker for minutes.
_MAX_SCANS = 24
_MAX_PARTS = 20_000

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = 0xDB
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
# Comments and application data. APP0 (JFIF) and APP14 (Adobe) stay: they say which colours the components are.
_NO_PIXELS = frozenset({*range(0xE1, 0xF0), 0xFE}) - {0xEE}
_GAIN_MAP = b' hdrgm:Version="'  # Ultra HDR: one picture, and behind it a map that only brightens it
_NUMBER_OF_IMAGES = 0xB001  # CIPA DC-007 (multi-picture format)


def _walk_jpeg(data: bytes) -> Container:
    view, kept, end = memoryview(data), 0, 2
    parts: list[memoryview] = []
    frame = first_scan = exif = None
    scans = pictures = 0
    progressive = gain_map = False
    for marker, start, end in _jpeg_segments(data):
        body = data[start + 4 : end]
        if marker in _START_OF_FRAME:
            if frame is not None or len(body) < 6 or len(body) < 6 + 3 * body[5]:
                raise ImageRejected("the JPEG must hold one frame")
            frame, progressive = body, marker in _PROGRESSIVE
        elif marker == 0xDA:
            first_scan, scans = first_scan or body, scans + 1
        elif marker == 0xE1:
            gain_map = gain_map or _GAIN_MAP in body
            if exif is None and body.startswith(_EXIF):
                exif = body[6:]
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            pictures = max(pictures, tiff_number(body[4:], _NUMBER_OF_IMAGES) or 0)
        if marker in _NO_PIXELS:
            parts.append(view[kept:start])
            kept = end
    if scans > _MAX_SCANS:
        raise ImageRejected(_TOO_MANY_PARTS)
    if frame is None or first_scan is None:
        raise ImageRejected("the JPEG holds no picture")
    if pictures > 1 and not gain_map:
        raise ImageRejected("the file holds more than one picture; send a single still one")
    width, height = int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
    in_passes = progressive or first_scan[0] < frame[5]  # components that the first scan holds, and the frame
    size = max(3.0, (3 + 2 * _samples_per_pixel(frame)) / 2) if in_passes else 3.0
    picture = b"".join([*parts, view[kept:end], b"\xff\xd9"])
    return Container("image/jpeg", width, height, exif, False, size, picture)


def jpeg_coding(data: bytes) -> bytes:
    """What a JPEG's encoder chose: its quantisation tables and its components with their sampling, as stored in `data`.

    Raises ImageRejected where the file is no JPEG, or not of its structure as far as the first scan.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        raise ImageRejected("send a JPEG picture; this is none")
    kept = []
    for marker, start, end in _jpeg_segments(data):
        if marker == _TABLES:
            kept.append(data[start:end])
        elif marker in _START_OF_FRAME:
            kept.append(data[start : start + 5] + data[start + 9 : end])  # without height and width
        elif marker == 0xDA:
            break
    return b"".join(kept)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each segment's marker, where it starts, and where it ends; of a scan, its entropy-coded data included."""
    markers = _jpeg_markers(data)
    index, at = 1, 2  # behind the marker that starts the file
    for _ in range(_MAX_PARTS):
        if index == len(markers):
            raise ImageRejected(_TRUNCATED)
        start = int(markers[index])
        if data[at:start].strip(b"\xff"):
            raise ImageRejected("the JPEG's segments do not follow one another")
        marker = data[start + 1]
        if marker == 0xD9:
            return
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        at = start + 2 + length
        if length < 2 or at > len(data):
            raise ImageRejected(_TRUNCATED)
        index = int(np.searchsorted(markers, at))
        if marker == 0xDA:
            if length == 2 or index == len(markers):
                raise ImageRejected(_TRUNCATED)
            at = int(markers[index])
        yield marker, start, at
    raise ImageRejected(_TOO_MANY_PARTS)


def _samples_per_pixel(frame: bytes) -> float:
    """3 without chroma subsampling, 1.5 for 4:2:0. libjpeg keeps a coefficient of two bytes for each while scans remain."""
    factors = [(frame[at] >> 4, frame[at] & 15) for at in range(7, 6 + 3 * frame[5], 3)]
    if not all(1 <= across <= 4 and 1 <= down <= 4 for across, down in factors):
        raise ImageRejected("the JPEG's sampling factors do not exist")
    most = max((across for across, _ in factors), default=1) * max((down for _, down in factors), default=1)
    return sum(across * down for across, down in factors) / most


def _jpeg_markers(data: bytes) -> NDArray[np.intp]:
    """Where markers may stand: 0xFF not followed by 0x00 (a stuffed byte), a restart marker or another 0xFF (a fill byte)."""
    values = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(values[:-1] == 0xFF)
    after = values[at + 1]
    found: NDArray[np.intp] = at[(after != 0) & (after != 0xFF) & ((after < 0xD0) | (after > 0xD7))]
    return found


def _walk_png(data: bytes) -> Container:
    parts = [memoryview(data)[:8]]
    header = b""
    exif: bytes | None = None
    deflated: list[memoryview] = []
    last, seen = b"", set[bytes]()
    for kind, chunk in _png_chunks(data):
        body = chunk[8:-4]
        if (kind == b"IHDR") != (last == b"") or (kind == b"IHDR" and len(body) != 13):
            raise ImageRejected("the PNG must begin with one header")
        if kind == b"IHDR":
            header = bytes(body)
        elif kind == b"IDAT":
            deflated.append(body)
        elif kind == b"acTL":
            raise ImageRejected(_ANIMATED)
        elif kind == b"eXIf" and exif is None:
            exif = bytes(body).removeprefix(_EXIF)
        if (kind == b"IDAT" and kind in seen and last != kind) or (kind in {b"PLTE", b"tRNS"} and seen & {kind, b"IDAT"}):
            raise ImageRejected("the PNG's parts are not in their order")
        if kind in _PNG_PIXELS:
            parts.append(chunk)
        elif not kind[0] & 0x20:  # a capital letter: "critical", the picture cannot be shown without it
            raise ImageRejected("the PNG has a part that no decoder knows")
        last = kind
        seen.add(kind)
    return _png(header, exif, b"tRNS" in seen, b"".join(parts), tuple(deflated))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Each chunk's type, and the whole of it, up to the one that ends the picture."""
    at = 8
    for _ in range(_MAX_PARTS):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise ImageRejected(_TRUNCATED)
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise ImageRejected("a checksum of the PNG does not hold")
        yield kind, memoryview(data)[at:end]
        if kind == b"IEND":
            return
        at = end
    raise ImageRejected(_TOO_MANY_PARTS)


_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def _png(header: bytes, exif: bytes | None, transparent: bool, picture: bytes, deflated: tuple[memoryview, ...]) -> Container:
    width, height, depth, colour = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big"), header[8], header[9]
    alpha = transparent or colour in {4, 6}
    # Without alpha, OpenCV is asked for 8-bit BGR whatever the file holds; alpha only comes with all the bits there are.
    size = (8.0 if depth == 16 else 4.0) if alpha else 3.0
    rows = height * (1 + width * _png_bits(depth, colour) // 8)
    return Container("image/png", width, height, exif, alpha, size, picture, deflated, rows)


def _png_bits(depth: int, colour: int) -> int:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour)
    if channels is None or depth > 16:
        raise ImageRejected("the PNG's header names no colour that exists")
    return channels * depth


def check_inflation(container: Container) -> None:
    """Stop a bomb: a PNG's data that inflate beyond its picture, which libpng would read to their end all the same.

    To be called once the size is known to be allowed, since that bounds the work. The limit is twice the picture's rows: an
    interlaced one has more rows, and shorter ones. Raises ImageRejected.
    """
    left, stream = 2 * container.rows, zlib.decompressobj()
    for body in container.deflated:
        # In pieces: what is not consumed in a round is copied for the next, and a whole body would be, ten thousand times.
        for start in range(0, len(body), _PIECE):
            piece: bytes | memoryview = body[start : start + _PIECE]
            while piece and not stream.eof:
                try:
                    left -= len(stream.decompress(piece, _PIECE))
                except zlib.error as error:
                    raise ImageRejected("the PNG's image data are damaged") from error
                if left < 0:
                    raise ImageRejected("the PNG's image data are larger than its picture")
                piece = stream.unconsumed_tail


def _walk_webp(data: bytes) -> Container:
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ImageRejected(_TRUNCATED)
    canvas: tuple[int, int] | None = None
    frame: tuple[int, int] | None = None
    exif: bytes | None = None
    alpha = False
    for kind, body in _riff_chunks(data):
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and body[0] & 0x02):
            raise ImageRejected(_ANIMATED)
        if kind == b"VP8X":
            alpha = alpha or bool(body[0] & 0x10)
            canvas = 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
        elif kind in {b"VP8 ", b"VP8L"}:
            if frame is not None:
                raise ImageRejected("the WebP must hold one frame")
            frame = _vp8_size(body) if kind == b"VP8 " else _vp8l_size(body)
            alpha = alpha or (kind == b"VP8L" and bool(body[4] & 0x10))
        elif kind == b"ALPH":
            alpha = True
        elif kind == b"EXIF" and exif is None:
            exif = body.removeprefix(_EXIF)
    if frame is None or canvas not in {None, frame}:
        raise ImageRejected("the WebP holds no picture of its own size")
    # The file as it is: libwebp and Pillow step over the chunks that they do not need.
    return Container("image/webp", *frame, exif, alpha, 4.0 if alpha else 3.0, data)


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
