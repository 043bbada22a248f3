"""Bytes to pixels: everything that a phone sends is read rightly, everything else is refused with a reason."""

import contextlib
import hashlib
import io
import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from idverify.errors import ImageRejected, TooLarge
from idverify.face import image as module
from idverify.face.image import MAX_BYTES, decode
from tests.face.pictures import asymmetric, chunk, encoded, exif, jpeg_segment, png, zeros_deflated

UPRIGHT = asymmetric()
HONEST = zlib.compress(bytes(96 * (3 * 96 + 1)))  # the data of a black PNG of 96 x 96

# How a picture is stored when EXIF says that orientation (EXIF 2.32, tag 0x0112): where its row 0 and column 0 belong.
STORED = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: np.rot90(x, 1),
    7: lambda x: x[::-1, ::-1].transpose(1, 0, 2),
    8: lambda x: np.rot90(x, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_applied_exactly_once(kind: str, orientation: int) -> None:
    """Eight orientations, three formats: upright once, not twice."""
    stored = np.ascontiguousarray(STORED[orientation](UPRIGHT))
    found = decode(encoded(stored, kind, exif=exif(orientation))).pixels
    assert found.shape == UPRIGHT.shape
    assert np.abs(found[:, :, ::-1].astype(int) - UPRIGHT).max() <= (6 if kind == "JPEG" else 0)


@pytest.mark.parametrize("bad", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_leaves_the_picture_as_it_is(bad: int) -> None:
    """EXIF knows 1 to 8; anything else is not obeyed."""
    found = decode(encoded(UPRIGHT, "PNG", exif=exif(bad))).pixels
    assert np.array_equal(found[:, :, ::-1], UPRIGHT)


def test_unreadable_exif_does_not_refuse_the_picture() -> None:
    """EXIF is advice: bad advice does not spoil a good picture."""
    found = decode(encoded(UPRIGHT, "PNG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff garbage")).pixels
    assert np.array_equal(found[:, :, ::-1], UPRIGHT)


def test_an_image_carries_the_digest_of_its_file_and_its_type(samples: Path) -> None:
    """The digest is of the bytes as they came, since the audit names it."""
    data = (samples / "obama.jpg").read_bytes()
    image = decode(data)
    assert (image.digest, image.media_type) == (hashlib.sha256(data).hexdigest(), "image/jpeg")
    assert (image.pixels.shape, image.pixels.dtype) == ((1137, 910, 3), np.uint8)
    assert image.pixels.flags.c_contiguous


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "1"), ("JPEG", "L"), *((kind, mode) for kind in ("PNG", "WEBP") for mode in ("1", "L", "P", "LA", "RGBA"))],
)
def test_grey_palette_and_opaque_alpha_become_colour(kind: str, mode: str) -> None:
    """Modes that carry a photograph all become three channels."""
    picture = Image.fromarray(UPRIGHT).convert(mode)
    found = decode(encoded(picture, kind)).pixels
    expected = np.asarray(picture.convert("RGB"))[:, :, ::-1].astype(int)
    assert np.abs(found - expected).mean() <= (3 if kind == "JPEG" else 0.6)


@pytest.mark.parametrize("shape", [(96, 128), (96, 128, 3), (96, 128, 4)])
def test_sixteen_bits_a_channel_are_cut_to_eight(shape: tuple[int, ...]) -> None:
    """Grey, colour, and colour with opaque alpha."""
    eight = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    eight[..., 3:] = 255
    file = cv2.imencode(".png", eight.astype(np.uint16) * 257)[1].tobytes()
    expected = eight[..., None].repeat(3, axis=2) if eight.ndim == 2 else eight[..., :3]
    assert np.array_equal(decode(file).pixels, expected)


def test_a_transparent_picture_is_laid_on_white() -> None:
    """Hidden pixels under full transparency must not be what is compared."""
    picture = np.dstack([UPRIGHT, np.full(UPRIGHT.shape[:2], 255, np.uint8)])
    picture[:40, :, 3] = 0
    picture[40:60, :, 3] = 128
    found = decode(encoded(picture, "PNG")).pixels[:, :, ::-1].astype(int)
    assert (found[:40] == 255).all()
    assert np.abs(found[40:60] - (UPRIGHT[40:60] * (128 / 255) + 127)).max() <= 1
    assert np.array_equal(found[60:], UPRIGHT[60:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_a_phone_appends_to_a_picture_is_ignored(kind: str) -> None:
    """Depth maps and motion pictures follow the end marker of many phone pictures."""
    plain = encoded(UPRIGHT, kind)
    assert np.array_equal(decode(plain + b"\xff\xd9 depth map, motion video").pixels, decode(plain).pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused_wherever_it_was_cut(kind: str) -> None:
    """No prefix of a file is a picture, not even one byte short."""
    whole = encoded(UPRIGHT, kind, exif=exif(6))
    for length in {*range(0, len(whole), max(1, len(whole) // 150)), *range(len(whole) - 8, len(whole) - 1)}:
        with pytest.raises(ImageRejected):
            decode(whole[:length])


def _jpeg_of_many_scans() -> bytes:
    whole = encoded(UPRIGHT, "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + scan * 100 + whole[-2:]


def _spoiled_checksum() -> bytes:
    whole = bytearray(encoded(UPRIGHT, "PNG"))
    whole[-20] ^= 1
    return bytes(whole)


def _file(kind: str, **options: object) -> bytes:
    return encoded(UPRIGHT, kind, **options)


def _several(kind: str) -> bytes:
    return _file(kind, save_all=True, append_images=[Image.fromarray(UPRIGHT[::-1].copy())])


def _webp_with_a_lying_canvas() -> bytes:
    whole = bytearray(_file("WEBP", exif=exif(1)))
    whole[whole.index(b"VP8X") + 12] += 1
    return bytes(whole)


REFUSED = {
    "no bytes": lambda: b"",
    "text named .jpg": lambda: b"This is a text, whatever its name says.\n" * 40,
    "a GIF": lambda: _file("GIF"),
    "a BMP": lambda: _file("BMP"),
    "a TIFF": lambda: _file("TIFF"),
    "only a JPEG's first bytes": lambda: b"\xff\xd8\xff",
    "a JPEG without a scan": lambda: b"\xff\xd8\xff\xd9",
    "a JPEG of a hundred scans": _jpeg_of_many_scans,
    "a JPEG of two frames": lambda: _file("JPEG")[:-2] + _file("JPEG")[2:],
    "a CMYK JPEG": lambda: encoded(Image.fromarray(UPRIGHT).convert("CMYK"), "JPEG"),
    "two pictures in one JPEG (MPO)": lambda: _several("MPO"),
    "an animated PNG": lambda: _several("PNG"),
    "an animated WebP": lambda: _several("WEBP"),
    "a PNG with a wrong checksum": _spoiled_checksum,
    "a PNG whose header is not first": lambda: png(96, 96)[:8] + chunk(b"tEXt", b"a\0b") + png(96, 96)[8:],
    "a PNG of twenty thousand chunks": lambda: png(96, 96, chunk(b"tEXt", b"") * 20_000, data=HONEST),
    "a PNG without data": lambda: png(96, 96),
    "a PNG of 50 megapixels": lambda: png(10_000, 5_000, data=zeros_deflated(1 << 20)),
    "a PNG of four thousand megapixels": lambda: png(65_535, 65_535, data=zeros_deflated(1 << 20)),
    "a PNG of no width": lambda: png(0, 96),
    "a WebP whose canvas is not its picture": _webp_with_a_lying_canvas,
    "a picture 63 pixels high": lambda: encoded(asymmetric(63, 128), "PNG"),
    "a picture 20,000 pixels wide": lambda: png(20_000, 100, data=zlib.compress(bytes(100 * 60_001))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_with_a_reason(name: str) -> None:
    """Each refusal has the one code and words that a person can act on."""
    with pytest.raises(ImageRejected) as refusal:
        decode(REFUSED[name]())
    assert refusal.value.code == "image_rejected"
    assert len(refusal.value.message.split()) >= 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a JPEG of a hundred scans", "parts"),
        ("a PNG of twenty thousand chunks", "parts"),
        ("a JPEG of two frames", "one frame"),
        ("a CMYK JPEG", "CMYK"),
        ("two pictures in one JPEG (MPO)", "more than one picture"),
        ("an animated PNG", "animated"),
        ("an animated WebP", "animated"),
        ("a PNG with a wrong checksum", "checksum"),
        ("a WebP whose canvas is not its picture", "its own size"),
        ("a picture 63 pixels high", "at least 64"),
        ("a picture 20,000 pixels wide", "16384"),
    ],
)
def test_a_refusal_names_the_defence_that_made_it(name: str, words: str) -> None:
    """So that none of these leans on a decoder's mood."""
    with pytest.raises(ImageRejected, match=words):
        decode(REFUSED[name]())


def test_more_than_ten_mebibytes_are_too_large() -> None:
    """The limit is on bytes, before anything is parsed."""
    with pytest.raises(TooLarge):
        decode(encoded(UPRIGHT, "JPEG") + bytes(MAX_BYTES))


def _jpeg_header(width: int, height: int) -> bytes:
    whole = bytearray(encoded(UPRIGHT, "JPEG"))
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


def _webp_header(width: int, height: int) -> bytes:
    whole = bytearray(encoded(UPRIGHT, "WEBP", lossless=False))
    at = whole.index(b"\x9d\x01\x2a") + 3
    whole[at : at + 4] = struct.pack("<HH", width, height)
    return bytes(whole)


@pytest.mark.parametrize("make", [png, _jpeg_header, _webp_header])
def test_fifty_megapixels_reach_no_decoder(make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header alone decides, so a huge picture costs nothing."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the size was to be judged from the header")

    monkeypatch.setattr(module.cv2, "imdecode", forbidden)
    monkeypatch.setattr(module.Pillow, "open", forbidden)
    with pytest.raises(ImageRejected, match="megapixels"):
        decode(make(10_000, 5_000))


def _compressed_text(body: bytes) -> bytes:
    return chunk(b"zTXt", b"comment\0\0" + body)


@pytest.mark.parametrize("place", ["data", "text", "profile"])
def test_a_png_that_inflates_without_end_is_settled_at_once(place: str) -> None:
    """A megabyte that inflates to four gigabytes, as pixels, as a text, as a colour profile."""
    bomb = zeros_deflated(4 << 30)
    file = {
        "data": png(96, 96, data=bomb),
        "text": png(96, 96, _compressed_text(bomb), data=HONEST),
        "profile": png(96, 96, chunk(b"iCCP", b"p\0\0" + bomb), data=HONEST),
    }[place]
    assert len(file) < 5 << 20
    began = time.process_time()
    with contextlib.suppress(ImageRejected):
        assert decode(file).pixels.shape == (96, 96, 3)
    assert time.process_time() - began < 1.0


def _png_then(part: bytes) -> bytes:
    whole = png(96, 96, data=HONEST)
    return whole[:-12] + part + whole[-12:]


def _jpeg_with(part: bytes) -> bytes:
    whole = encoded(UPRIGHT, "JPEG")
    return whole[:2] + part + whole[2:]


@pytest.mark.parametrize(
    "make",
    [
        lambda: _png_then(_compressed_text(zlib.compress(bytes(7_900_000), 9)) * 300),
        lambda: _png_then(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(7_900_000), 9)) * 300),
        lambda: _jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + bytes(500)) * 19_000),
    ],
    ids=["texts behind the data", "profiles behind the data", "EXIF in pieces"],
)
def test_what_surrounds_the_pixels_costs_next_to_nothing(make, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither seconds of CPU nor, for each part, a line on the error stream, where libraries write their warnings."""
    file = make()
    began = time.process_time()
    decode(file)
    assert time.process_time() - began < 1.5
    assert capfd.readouterr().err == ""


def _progressive(width: int, height: int) -> bytes:
    whole = bytearray(encoded(UPRIGHT, "JPEG", progressive=True, subsampling=0))
    at = whole.index(b"\xff\xc2") + 5
    whole[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


@pytest.mark.parametrize(
    ("make", "fits", "too_large"),
    [
        (png, 8_000, 8_001),
        (lambda width, height: png(width, height, depth=16), 8_000, 8_001),
        (lambda width, height: png(width, height, colour=6), 6_000, 6_001),
        (lambda width, height: png(width, height, depth=16, colour=6), 3_000, 3_001),
        (_jpeg_header, 8_000, 8_001),
        (_progressive, 5_333, 5_334),
    ],
    ids=["8 bits", "16 bits", "alpha", "16 bits and alpha", "JPEG", "progressive JPEG"],
)
def test_the_memory_of_one_decoding_is_bounded(make, fits: int, too_large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """40 megapixels of colour pass; what takes more bytes a pixel must be smaller, and is refused undecoded."""

    def reached(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module.cv2, "imdecode", reached)
    with pytest.raises(ImageRejected, match="cannot be decoded"):
        decode(make(fits, 5_000))
    with pytest.raises(ImageRejected, match="megapixels"):
        decode(make(too_large, 5_000))


def test_size_is_judged_before_a_png_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a header of four thousand megapixels would allow a bomb of twelve gigabytes."""
    monkeypatch.setattr(module, "check_inflation", lambda *_: pytest.fail("inflated"))
    with pytest.raises(ImageRejected, match="megapixels"):
        decode(png(65_535, 65_535, data=zeros_deflated(1 << 20)))


def test_sixteen_bits_without_alpha_are_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder is asked for eight bits: a picture of sixteen takes no more memory than one of eight."""
    held: list[np.ndarray] = []
    original = cv2.imdecode
    monkeypatch.setattr(module.cv2, "imdecode", lambda *wanted: held.append(original(*wanted)) or held[-1])
    file = cv2.imencode(".png", UPRIGHT.astype(np.uint16) * 257)[1].tobytes()
    assert np.array_equal(decode(file).pixels, UPRIGHT)
    assert [(picture.dtype, picture.shape) for picture in held] == [(np.uint8, UPRIGHT.shape)]


def test_parsers_that_disagree_on_the_size_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two readings of one header must agree."""
    other = Image.open(io.BytesIO(encoded(asymmetric(100, 128), "PNG")))
    monkeypatch.setattr(module.Pillow, "open", lambda *_, **__: other)
    with pytest.raises(ImageRejected, match="contradicts"):
        decode(encoded(UPRIGHT, "PNG"))


def test_a_decoder_that_returns_another_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decoded must be what the header promised."""
    monkeypatch.setattr(module.cv2, "imdecode", lambda *_: np.zeros((95, 128, 3), np.uint8))
    with pytest.raises(ImageRejected, match="whole"):
        decode(encoded(UPRIGHT, "JPEG"))
