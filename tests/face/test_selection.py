"""Which face is the capture subject's."""

import pytest

from idverify.errors import FailureToAssess, MultipleFaces, NoFace
from idverify.face.selection import select
from idverify.values import Face

SIZE = (480, 640)


def face(x: float, y: float, height: float) -> Face:
    """A face about that middle."""
    return Face((x - 0.4 * height, y - height / 2, x + 0.4 * height, y + height / 2), 0.99)


MIDDLE = face(320, 240, 200)


@pytest.mark.parametrize("policy", ["exactly_one", "dominant"])
def test_no_face_is_said_with_what_to_do(policy) -> None:
    """The code is for machines, the words for the person."""
    with pytest.raises(NoFace) as refusal:
        select((), SIZE, policy)
    assert refusal.value.retake


@pytest.mark.parametrize("policy", ["exactly_one", "dominant"])
def test_someone_far_behind_is_no_second_subject(policy) -> None:
    """A face less than half as high as the largest does not count, wherever it is."""
    assert select((face(330, 200, 90), MIDDLE), SIZE, policy) is MIDDLE


def test_exactly_one_refuses_a_second_face_of_comparable_size() -> None:
    """Even at the side."""
    with pytest.raises(MultipleFaces):
        select((MIDDLE, face(80, 240, 120)), SIZE, "exactly_one")


def test_dominant_takes_the_one_in_the_middle() -> None:
    """A larger face at the side loses to the one that the camera was pointed at."""
    assert select((face(80, 240, 230), MIDDLE), SIZE, "dominant") is MIDDLE


def test_dominant_refuses_two_that_share_the_picture() -> None:
    """Two heads beside each other: neither dominates."""
    with pytest.raises(MultipleFaces):
        select((face(210, 240, 200), face(430, 240, 190)), SIZE, "dominant")


@pytest.mark.parametrize("policy", ["exactly_one", "dominant"])
def test_a_face_of_twenty_pixels_is_not_assessed(policy) -> None:
    """It is there, and nothing measured on it would mean anything."""
    with pytest.raises(FailureToAssess) as refusal:
        select((face(320, 240, 20),), SIZE, policy)
    assert refusal.value.retake == ("Come a little closer.",)
