"""What the walk of a file hands on: the parts that make pixels, and what decoding them will take."""

import struct
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from idverify.errors import ImageRejected
from idverify.face.containers import check_inflation, tiff_number, walk
from tests.face.pictures import asymmetric, chunk, encoded, exif, jpeg_segment, png

ROWS = zlib.compress(bytes(96 * (3 * 96 + 1)))
PLAIN_PNG = png(96, 96, chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(6)), data=ROWS)
PLAIN_JPEG = encoded(asymmetric(), "JPEG")
CARGO = (
    chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(1000))),
    chunk(b"iTXt", b"comment\0\0\0\0\0 "),
    chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(1000))),
    chunk(b"eXIf", exif(6)[6:]),
    chunk(b"npDD", b"of no known kind, and not critical"),
)


def test_no_text_profile_or_exif_of_a_png_reaches_a_decoder() -> None:
    """Wherever they stand, since libpng inflates them in each place."""
    behind_the_header, before_the_end = 33, len(PLAIN_PNG) - 12
    for extra in CARGO:
        for at in (behind_the_header, before_the_end):
            walked = walk(PLAIN_PNG[:at] + extra + PLAIN_PNG[at:])
            assert walked.picture == PLAIN_PNG
            assert walked.exif == (exif(6)[6:] if extra[4:8] == b"eXIf" else None)


def test_no_comment_and_no_application_data_of_a_jpeg_reach_a_decoder() -> None:
    """But for the two that say which colours its components are. Pillow joins EXIF segments in quadratic time."""
    kept = PLAIN_JPEG[:2] + jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1") + PLAIN_JPEG[2:]
    for marker in (*range(0xE1, 0xEE), 0xEF, 0xFE):
        for extra in (b"", b"Exif\0\0MM\0*", b"ICC_PROFILE\0\1\1", b"Photoshop 3.0\0", b"MPF\0"):
            segment = jpeg_segment(marker, extra)
            assert walk(kept[:2] + segment + segment + kept[2:-2] + segment + kept[-2:] + b"a film").picture == kept


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (png(96, 96, chunk(b"IDAT", ROWS[:9]), CARGO[0], data=ROWS[9:]), "order"),
        (png(96, 96, chunk(b"PLTE", bytes(6)) * 2, data=ROWS), "order"),
        (png(96, 96, chunk(b"IDAT", ROWS[:9]), chunk(b"tRNS", bytes(6)), data=ROWS[9:]), "order"),
        (png(96, 96, chunk(b"NPDD", b""), data=ROWS), "no decoder knows"),
        (PLAIN_JPEG[:-2] + jpeg_segment(0xFE, b"") + b"pixels?" + PLAIN_JPEG[-2:], "follow one another"),
    ],
)
def test_what_leaving_parts_out_would_mend_or_change_is_refused(file: bytes, words: str) -> None:
    """A file that decoders read differently must not become one that they agree on."""
    with pytest.raises(ImageRejected, match=words):
        walk(file)


def test_the_gain_map_of_an_ultra_hdr_photograph_does_not_make_it_two_pictures() -> None:
    """Phones of 2023 and later write it by default; without the map's mark, two pictures are two pictures."""
    table = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0xB001, 4, 1, 2, 0)
    two = jpeg_segment(0xE2, b"MPF\0" + table)
    mark = jpeg_segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>')
    assert walk(PLAIN_JPEG[:2] + mark + two + PLAIN_JPEG[2:]).picture == PLAIN_JPEG
    with pytest.raises(ImageRejected, match="more than one picture"):
        walk(PLAIN_JPEG[:2] + two + PLAIN_JPEG[2:])


def _jpeg(**options: object) -> Callable[[], bytes]:
    return lambda: encoded(asymmetric(), "JPEG", **options)


def _webp(mode: str, **options: object) -> Callable[[], bytes]:
    cover = Image.fromarray(asymmetric()[:, :, 0])
    picture = Image.fromarray(asymmetric()).convert(mode)
    if mode == "RGBA":
        picture.putalpha(cover)
    return lambda: encoded(picture, "WEBP", **options)


@pytest.mark.parametrize(
    ("make", "alpha", "bytes_per_pixel"),
    [
        (_jpeg(), False, 3),
        (_jpeg(progressive=True, subsampling=2), False, 3),
        (_jpeg(progressive=True, subsampling=1), False, 3.5),
        (_jpeg(progressive=True, subsampling=0), False, 4.5),
        (_webp("RGB"), False, 3),
        (_webp("RGBA"), True, 4),
        (_webp("RGB", lossless=False), False, 3),
        (_webp("RGBA", lossless=False), True, 4),
        (lambda: png(96, 96), False, 3),
        (lambda: png(96, 96, depth=16), False, 3),
        (lambda: png(96, 96, depth=16, colour=0), False, 3),
        (lambda: png(96, 96, colour=4), True, 4),
        (lambda: png(96, 96, chunk(b"tRNS", bytes(6))), True, 4),
        (lambda: png(96, 96, depth=16, colour=6), True, 8),
    ],
)
def test_the_memory_of_a_decoding_is_known_before_it(make: Callable[[], bytes], alpha: bool, bytes_per_pixel: float) -> None:
    """Half the peak, for each pixel: measured with OpenCV 5 at 40 megapixels."""
    walked = walk(make())
    assert (walked.alpha, walked.bytes_per_pixel) == (alpha, bytes_per_pixel)


def test_inflating_takes_time_in_proportion_to_the_data() -> None:
    """Ten mebibytes of data of which the first inflate far: what is left over must not be copied each round."""
    squeeze = zlib.compressobj(9, wbits=-15)
    mebibyte = squeeze.compress(bytes(1 << 20)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    stored = (b"\0\xff\xff\0\0" + bytes(65_535)) * 150
    walked = walk(png(3_000, 5_000, data=b"\x78\xda" + mebibyte * 210 + stored, depth=16, colour=6))
    began = time.process_time()
    check_inflation(walked)
    assert time.process_time() - began < 1.5


@given(st.binary(max_size=60), st.sampled_from([b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0", b""]))
def test_any_bytes_are_searched_for_a_number_without_an_error(table: bytes, start: bytes) -> None:
    """EXIF is what strangers write."""
    found = tiff_number(start + table, 0x0112)
    assert found is None or 0 <= found < 1 << 32


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize(("kind", "values", "expected"), [(3, 1, 6), (4, 1, 6), (3, 2, None), (1, 1, None), (5, 1, None)])
def test_a_number_is_one_short_or_one_long_in_either_byte_order(
    order: str, kind: int, values: int, expected: int | None
) -> None:
    """TIFF 6.0 section 2; the tag searched for is the second of two."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((6, 0) if kind == 3 else (6,)))
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "IH", 8, 2)
    entries = struct.pack(order + "HHII", 0x010F, 2, 1, 0) + struct.pack(order + "HHI", 0x0112, kind, values) + value
    assert tiff_number(head + entries, 0x0112) == expected
    assert tiff_number(head + entries, 0x0113) is None
