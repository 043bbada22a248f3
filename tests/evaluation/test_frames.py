"""Frames are what they say: different, reproducible, with the face as large and as tilted as drawn."""

import cv2
import numpy as np
import pytest

from idverify.errors import InvalidInput, NoFace
from idverify.evaluation.frames import FACE_HEIGHTS, HEIGHT, TILT, WIDTH, frames_of, read_photograph, upright_frame
from idverify.face.image import decode


@pytest.fixture(scope="module")
def locate(acquirer):
    """The face that the acquirer takes."""
    return lambda data: acquirer.acquire(data).face


@pytest.fixture(scope="module")
def photographs(samples):
    """Two men."""
    return [(samples / f"{name}.jpg").read_bytes() for name in ("biden", "obama")]


def test_frames_are_different_shared_out_evenly_and_the_same_for_the_same_seed(photographs, locate):
    """Nine of two photographs: four and five, no two alike, again from the same seed, others from another."""
    frames = frames_of(photographs, 9, locate, np.random.default_rng(3))
    assert len({frame.jpeg for frame in frames}) == 9
    assert sorted(np.bincount([frame.photo for frame in frames])) == [4, 5]
    assert frames == frames_of(photographs, 9, locate, np.random.default_rng(3))
    assert frames != frames_of(photographs, 9, locate, np.random.default_rng(4))


def test_every_frame_is_upright_after_its_orientation_is_applied(photographs, locate):
    """640 x 480 as the product decodes it and as OpenCV does, whichever way it was stored; the drawn values keep their range."""
    frames = frames_of(photographs, 40, locate, np.random.default_rng(0))
    assert {frame.orientation for frame in frames} == {1, 3, 6, 8}
    for frame in frames:
        ours = decode(frame.jpeg).pixels
        assert ours.shape == (HEIGHT, WIDTH, 3)
        assert np.array_equal(ours, cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR))
        assert FACE_HEIGHTS[0] <= frame.face_height <= FACE_HEIGHTS[1]
        assert abs(frame.tilt) <= TILT


def test_the_face_is_as_high_as_drawn(photographs, locate):
    """Found again in the frame, its box is as high as was asked for, within a quarter: a tilted box is another box."""
    for frame in frames_of(photographs, 12, locate, np.random.default_rng(1)):
        assert locate(frame.jpeg).height == pytest.approx(frame.face_height, rel=0.25)
    assert locate(upright_frame(photographs[0], locate)).height == pytest.approx(200, rel=0.1)


def test_a_photograph_without_a_found_face_is_not_left_out(photographs):
    """Leaving difficult photographs out would flatter the path that failed on them."""

    def blind(_data: bytes):
        raise NoFace("no face was found", ())

    assert len(frames_of(photographs, 4, blind, np.random.default_rng(0))) == 4


def test_a_photograph_that_cannot_be_made_into_frames_is_named(tmp_path):
    """Among five thousand, which one is it? A text, one that is too large, one that is gone."""
    for name, content in (("text", b"a text"), ("large", b"\xff\xd8\xff" + bytes(11 * 1024 * 1024)), ("gone", None)):
        path = tmp_path / f"{name}.jpg"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InvalidInput, match=rf"{name}\.jpg"):
            read_photograph(path)
