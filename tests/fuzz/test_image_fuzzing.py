"""Mutated JPEG, PNG and WebP files: either they decode or they are refused; nothing else ever happens."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from idverify.errors import ImageRejected
from idverify.face.containers import walk
from idverify.face.image import decode
from tests.conftest import SAMPLES
from tests.face.pictures import asymmetric, encoded, exif

KINDS = ("JPEG", "progressive", "PNG", "palette", "WEBP", "lossy")


@cache
def whole(kind: str) -> bytes:
    """A real photograph, small, with EXIF."""
    photograph = Image.open(SAMPLES / "obama.jpg").resize((96, 120))
    match kind:
        case "JPEG":
            return encoded(photograph, "JPEG", exif=exif(6))
        case "progressive":
            return encoded(photograph, "JPEG", exif=exif(3), progressive=True)
        case "PNG":
            return encoded(photograph, "PNG", exif=exif(8))
        case "palette":
            return encoded(photograph.convert("P"), "PNG", exif=exif(2), transparency=3)
        case "WEBP":
            return encoded(photograph.convert("RGBA"), "WEBP", exif=exif(5))
        case _:
            return encoded(photograph, "WEBP", lossless=False, exif=exif(7))


def survives(data: bytes) -> None:
    """Decode, and accept nothing but a sound image or a refusal."""
    try:
        image = decode(data)
    except ImageRejected:
        return
    assert image.pixels.dtype == np.uint8
    assert image.pixels.ndim == 3
    assert image.pixels.shape[2] == 3
    assert min(image.pixels.shape[:2]) >= 64
    assert image.pixels.flags.c_contiguous
    picture = walk(data).picture
    assert walk(picture).picture == picture  # cut down once, nothing is left to cut


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(KINDS), edits=st.lists(st.tuples(st.integers(0, 2**20), st.binary(min_size=1, max_size=8)), max_size=6)
)
def test_overwritten_bytes(kind: str, edits: list[tuple[int, bytes]]) -> None:
    """Bytes anywhere replaced: entropy-coded data, tables, chunk lengths, checksums."""
    data = bytearray(whole(kind))
    for place, new in edits:
        at = place % len(data)
        data[at : at + len(new)] = new
    survives(bytes(data))


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(KINDS), at=st.integers(0, 400), new=st.binary(min_size=1, max_size=6))
def test_overwritten_header_and_exif(kind: str, at: int, new: bytes) -> None:
    """The first 400 bytes hold the header fields and, in JPEG, EXIF: sizes, depths, counts and offsets go wild there."""
    data = bytearray(whole(kind))
    data[at : at + len(new)] = new
    survives(bytes(data))


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), start=st.floats(0, 1), length=st.integers(0, 64), insert=st.binary(max_size=64))
def test_cut_and_inserted_bytes(kind: str, start: float, length: int, insert: bytes) -> None:
    """A stretch removed, another put in its place, so that all that follows is shifted."""
    data = whole(kind)
    at = int(start * len(data))
    survives(data[:at] + insert + data[at + length :])


@settings(max_examples=150, deadline=None)
@given(first=st.sampled_from(KINDS), second=st.sampled_from(KINDS), head=st.floats(0, 1), tail=st.floats(0, 1))
def test_spliced_files(first: str, second: str, head: float, tail: float) -> None:
    """The beginning of one file with the end of another."""
    one, other = whole(first), whole(second)
    survives(one[: int(head * len(one))] + other[int(tail * len(other)) :])


@settings(max_examples=100, deadline=None)
@given(table=st.binary(max_size=200), kind=st.sampled_from(["JPEG", "PNG"]))
def test_any_exif_at_all(table: bytes, kind: str) -> None:
    """EXIF is a file format of its own; whatever is in it, the picture around it is good."""
    data = encoded(asymmetric(64, 80), kind, exif=b"Exif\0\0" + table)
    assert decode(data).pixels.shape in {(64, 80, 3), (80, 64, 3)}


@settings(max_examples=150, deadline=None)
@given(magic=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b""]), rest=st.binary(max_size=400))
def test_any_bytes_behind_a_true_beginning(magic: bytes, rest: bytes) -> None:
    """Noise that claims to be a picture."""
    survives(magic + rest)
