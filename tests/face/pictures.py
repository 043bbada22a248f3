"""Picture files made at test time: good ones, and the ones a verifier must refuse."""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def asymmetric(height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """RGB, smooth (JPEG keeps it), equal to none of its own rotations and reflections."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = (255 * x / width, 255 * y / height, 120 * (x / width) ** 2 + 100 * (y / height) ** 3)
    return np.stack(planes, axis=2).astype(np.uint8)


def encoded(picture: NDArray[np.uint8] | Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file; WebP without loss unless asked otherwise."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if kind == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    if kind == "JPEG":
        options = {"quality": 95, **options}
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    """EXIF that names this orientation and nothing else."""
    table = Image.Exif()
    table[0x0112] = orientation
    return table.tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def png(width: int, height: int, *chunks: bytes, data: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of this header, these chunks and this compressed data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros_deflated(size: int) -> bytes:
    """`size` zero bytes (whole mebibytes), compressed a thousandfold: one compressed mebibyte, repeated."""
    squeeze = zlib.compressobj(9, wbits=-15)
    block = squeeze.compress(bytes(1 << 20)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">I", size % 65521 << 16 | 1)
    return b"\x78\xda" + block * (size >> 20) + b"\x03\0" + checksum
