"""Head pose from landmarks: signs, symmetry, and agreement with faces of known direction."""

import cv2
import numpy as np
import pytest

from idverify.face import detection, landmarks
from idverify.face.pose import head_pose
from idverify.values import Floats

# A symmetric face, roughly: enough points in their places for the three ratios.
FRONTAL = np.zeros((68, 2), np.float32)
FRONTAL[0:4], FRONTAL[13:17] = (-75, 30), (75, 30)
FRONTAL[4:13] = (0, 115)
FRONTAL[36:42], FRONTAL[42:48] = (-31, 0), (31, 0)
FRONTAL[30] = (0, 0.45 * 72)
FRONTAL[48:68] = (0, 72)


def turned(points: Floats, degrees: float) -> Floats:
    """The points turned clockwise in the image."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return points @ matrix.T


def test_a_frontal_face_has_no_angles() -> None:
    """Three zeros, and for several faces at once."""
    assert np.abs(head_pose(np.stack([FRONTAL, FRONTAL * 3 + 400]))).max() < 1e-3


@pytest.mark.parametrize("roll", [-60, -10, 25, 80])
def test_roll_is_the_clockwise_angle_and_leaves_the_others_alone(roll: float) -> None:
    """A leaning head is neither turned nor raised."""
    yaw, pitch, found = head_pose(turned(FRONTAL, roll)[None])[0]
    assert found == pytest.approx(roll, abs=1e-3)
    assert abs(yaw) < 1e-2
    assert abs(pitch) < 1e-2


def test_a_nose_to_the_right_is_positive_yaw_and_a_high_nose_positive_pitch() -> None:
    """The signs that the docstring promises."""
    right, raised = FRONTAL.copy(), FRONTAL.copy()
    right[30, 0] += 20
    raised[30, 1] -= 10
    assert head_pose(right[None])[0, 0] > 5
    assert head_pose(raised[None])[0, 1] > 5


def test_landmarks_in_one_place_have_no_pose() -> None:
    """Not a number, which quality reads as not assessed."""
    assert np.isnan(head_pose(np.zeros((1, 68, 2), np.float32))[0, :2]).all()


@pytest.mark.parametrize(
    ("name", "axis", "low", "high"),
    [
        ("left_face.jpeg", 0, -90, -25),
        ("right_face.png", 0, 25, 90),
        ("rise_face.jpeg", 1, 8, 90),
        ("lower_face.jpeg", 1, -90, -8),
        ("left_wryneck.png", 2, -90, -15),
        ("right_wryneck.png", 2, 15, 90),
    ],
)
def test_people_who_turn_their_heads(engine, evaluation_data, name: str, axis: int, low: float, high: float) -> None:
    """The name of the photograph says where the head went."""
    pixels = cv2.imread(str(evaluation_data / "stills" / "pose" / name))
    view = detection.whole(pixels.shape[:2])
    face = detection.parse(*engine.run("detection", detection.prepare(pixels, [view])), [view])[:1]
    points = landmarks.parse(engine.run("landmarks", landmarks.prepare(pixels, face))[0], face, pixels.shape[:2])
    assert low < head_pose(points)[0, axis] < high
