"""QR codes drawn by one library and read by another, as a camera sees them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify import qr
from idverify.errors import InvalidInput
from idverify.face.image import decode

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TEXT = "EID1:" + ALPHABET * 20


@settings(max_examples=15, deadline=None)
@given(st.text(ALPHABET, min_size=1, max_size=1500))
def test_what_is_drawn_is_read(text):
    """Blanks at the end too, which base45 may have."""
    assert qr.read(decode(qr.Drawn(text).png(3)).pixels) == (text,)


@pytest.mark.parametrize("degrees", [0, 17, 90, 180])
def test_a_code_is_read_at_an_angle_blurred_and_dim(degrees):
    """As a hand holds a phone before a camera."""
    picture = decode(qr.Drawn(TEXT).png(6)).pixels
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.7)
    seen = cv2.warpAffine(picture, turn, (width, height), borderValue=(255, 255, 255))
    seen = (cv2.GaussianBlur(seen, (3, 3), 0) * 0.5).astype(np.uint8)
    assert qr.read(seen) == (TEXT,)


def test_two_codes_in_one_picture_are_both_read_and_none_is_none():
    """Two people at one door."""
    first, second = (decode(qr.Drawn(text).png(4)).pixels for text in ("EID1:A", "EID1:B"))
    assert set(qr.read(np.hstack([first, second]))) == {"EID1:A", "EID1:B"}
    assert qr.read(np.full((200, 200, 3), 255, np.uint8)) == ()
    assert qr.read(np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)) == ()


def test_a_text_beyond_version_40_is_refused():
    """3,391 letters fit at level M."""
    assert qr.Drawn("A" * 3391).version == 40
    with pytest.raises(InvalidInput):
        qr.Drawn("A" * 3392)


def test_a_code_for_a_terminal_is_read_as_the_same_text():
    """Two modules a letter."""
    drawn = qr.Drawn("EID1:A")
    side = 17 + 4 * drawn.version + 2 * qr.QUIET
    lines = drawn.letters().splitlines()
    assert {len(line) for line in lines} == {side}
    assert len(lines) == (side + 1) // 2
    grid = np.array([[one for half in (" ▀█", " ▄█") for one in [[letter in half[1:] for letter in line]]] for line in lines])
    pixels = np.repeat(np.repeat(grid.reshape(-1, side)[:side], 6, 0), 6, 1)
    assert qr.read(np.repeat(np.where(pixels, 255, 0).astype(np.uint8)[:, :, None], 3, 2)) == ("EID1:A",)
