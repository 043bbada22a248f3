"""Presentation attack, head pose and eye state: what the models get, what their answers mean, and signs on real photographs."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.face import detection, landmarks
from idverify.liveness import eyes, pad, pose
from idverify.values import Face, Floats, Pixels

SPAN = st.floats(-3000, 6000)


@settings(max_examples=200, deadline=None)
@given(size=st.tuples(st.integers(64, 4000), st.integers(64, 4000)), x=SPAN, y=SPAN, side=st.floats(1, 5000))
def test_every_crop_lies_in_the_image_whatever_the_box(size: tuple[int, int], x: float, y: float, side: float) -> None:
    """A detector may invent any box."""
    left, top, right, bottom = pad.region(Face((x, y, x + side, y + side), 1.0), size)
    assert 0 <= left < right <= size[1]
    assert 0 <= top < bottom <= size[0]


@pytest.mark.parametrize(
    "box", [(-500.0, -500.0, -400.0, -400.0), (0.0, 0.0, 64.0, 64.0), (60.0, 60.0, 61.0, 61.0), (900, 900, 999, 999)]
)
def test_a_box_at_or_beyond_the_border_still_gives_inputs_of_the_right_shape(box: tuple[float, float, float, float]) -> None:
    """The smallest image that is taken."""
    pixels = np.full((64, 64, 3), 90, np.uint8)
    face = Face(box, 1.0)
    assert pad.prepare(pixels, [face, face]).shape == (2, 3, 128, 128)
    assert pose.prepare(pixels, [face, face]).shape == (2, 3, 224, 224)
    points = np.tile(np.array([[box[0], box[1]]], np.float32), (2, 68, 1))
    assert eyes.prepare(pixels, points).shape == (4, 1, 24, 24)


def test_the_crop_does_not_hang_on_the_last_bit_of_a_float():
    """Two engines find boxes a millionth of a pixel apart: a crop as wide as the image holds the same pixels in both."""
    for side in np.linspace(110, 120, 50):
        boxes = [Face((60.0, 60.0, 60.0 + side + shift, 60.0 + side + shift), 1.0) for shift in (-1e-6, 0.0, 1e-6)]
        assert len({pad.region(box, (250, 250)) for box in boxes}) == 1


def test_the_pad_crop_is_two_point_seven_boxes_about_the_face() -> None:
    """In the middle of a large image nothing is moved."""
    left, top, right, bottom = pad.region(Face((500, 500, 600, 600), 1.0), (2000, 2000))
    assert (right - left, bottom - top) == (270, 270)
    assert abs(left + right - 1100) <= 2
    assert abs(top + bottom - 1100) <= 2


def test_channels_and_ranges_are_those_of_the_manifest() -> None:
    """PAD: blue first, 0..255. Pose: red first, ImageNet's mean and deviation. Eyes: grey, 0..1."""
    blue = np.zeros((200, 200, 3), np.uint8)
    blue[:, :, 0] = 255
    face = [Face((60, 60, 120, 120), 1.0)]
    assert pad.prepare(blue, face)[0].mean(axis=(1, 2)).tolist() == [255, 0, 0]
    assert pose.prepare(blue, face)[0].mean(axis=(1, 2)) == pytest.approx([-2.1179, -2.0357, 2.64], abs=1e-3)
    grey = eyes.prepare(blue, np.random.default_rng(0).uniform(50, 150, (1, 68, 2)).astype(np.float32))
    assert np.unique(grey) == pytest.approx([round(0.114 * 255) / 255])


def test_logits_become_probabilities_and_nonsense_is_not_assessed() -> None:
    """Index 0 is bona fide, index 1 is open; huge logits do not overflow, NaN never becomes a pass."""
    nan, inf = float("nan"), float("inf")
    logits = np.array([[2, 0, 0], [1000, -1000, 0], [-1000, 1000, 0], [nan, 0, 0], [inf, 0, 0]], np.float32)
    assert pad.parse(logits) == pytest.approx([0.787, 1, 0, nan, nan], abs=1e-3, nan_ok=True)
    found = eyes.parse(np.array([[0, 2], [1000, -1000], [nan, 1], [0, 0]], np.float32))
    assert found.shape == (2, 2)
    assert found.ravel() == pytest.approx([0.881, 0, nan, 0.5], abs=1e-3, nan_ok=True)


def test_bins_become_degrees() -> None:
    """One bin alone is its own angle; two alike, the middle between them."""
    sharp = np.full((1, 66), -100, np.float32)
    sharp[0, 40] = 100
    flat = np.full((1, 66), -100, np.float32)
    flat[0, [32, 34]] = 100
    yaw, pitch, roll = pose.parse(sharp, sharp, flat)[0]
    assert (yaw, pitch, roll) == pytest.approx((-21, 21, 0))


def faces_of(engine, pixels: Pixels) -> tuple[list[Face], Floats]:
    """The largest face and its landmarks."""
    view = detection.whole(pixels.shape[:2])
    found = detection.parse(*engine.run("detection", detection.prepare(pixels, [view])), [view])[:1]
    return list(found), landmarks.parse(engine.run("landmarks", landmarks.prepare(pixels, found))[0], found, pixels.shape[:2])


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"])
def test_a_photograph_of_a_person_is_bona_fide_and_eyes_are_open(engine, samples, name: str) -> None:
    """Taken by a camera in front of a living man who looks into it."""
    pixels = cv2.imread(str(samples / name))
    faces, points = faces_of(engine, pixels)
    assert pad.parse(engine.run("pad", pad.prepare(pixels, faces))[0])[0] > 0.99
    assert eyes.parse(engine.run("eyes", eyes.prepare(pixels, points))[0]).min() > 0.9


def test_a_photograph_of_a_screen_is_an_attack(engine, evaluation_data) -> None:
    """A portrait on a monitor, frame and task bar in view."""
    pixels = cv2.imread(str(evaluation_data / "stills" / "degraded" / "rgb_fake.jpg"))
    faces, _ = faces_of(engine, pixels)
    assert pad.parse(engine.run("pad", pad.prepare(pixels, faces))[0])[0] < 0.01


def test_printed_photographs_are_told_from_living_faces(engine, evaluation_data) -> None:
    """NUAA, 40 of each: at 0.5 no print passes and no living face is refused."""
    scores = {}
    for kind in ("live", "print"):
        files = sorted((evaluation_data / "nuaa" / kind).glob("*.jpg"))[::11][:40]
        scores[kind] = []
        for file in files:
            pixels = cv2.imread(str(file))
            faces, _ = faces_of(engine, pixels)
            scores[kind].append(float(pad.parse(engine.run("pad", pad.prepare(pixels, faces))[0])[0]))
    assert len(scores["live"]) == len(scores["print"]) >= 39
    assert max(scores["print"]) < 0.5 < min(scores["live"])


@pytest.mark.parametrize(
    ("name", "axis", "low", "high"),
    [
        ("left_face.jpeg", 0, -99, -35),
        ("right_face.png", 0, 35, 99),
        ("rise_face.jpeg", 1, 15, 99),
        ("lower_face.jpeg", 1, -99, -15),
        ("left_wryneck.png", 2, -99, -15),
        ("right_wryneck.png", 2, 15, 99),
    ],
)
def test_the_pose_model_has_the_signs_of_the_landmarks(
    engine, evaluation_data, name: str, axis: int, low: float, high: float
) -> None:
    """Yaw to the image's right, pitch up, roll clockwise."""
    pixels = cv2.imread(str(evaluation_data / "stills" / "pose" / name))
    faces, _ = faces_of(engine, pixels)
    assert low < pose.parse(*engine.run("pose", pose.prepare(pixels, faces)))[0, axis] < high


def test_closed_eyes_are_told_from_open_ones(engine, evaluation_data) -> None:
    """Crops of single eyes: three quarters right of each kind is what this model does, and the sign is beyond doubt."""
    right = {}
    for kind in ("open", "closed"):
        files = sorted((evaluation_data / "eyes" / kind).glob("*.jpg"))
        crops = [cv2.resize(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), (24, 24)) for file in files]
        batch = np.stack(crops)[:, None].astype(np.float32) / 255
        said_open = eyes.parse(engine.run("eyes", batch[: len(batch) // 2 * 2])[0]).ravel() > 0.5
        right[kind] = float((said_open == (kind == "open")).mean())
    assert right["open"] > 0.75
    assert right["closed"] > 0.7


def test_eyes_are_cut_out_of_faces_where_the_landmarks_are(engine, evaluation_data) -> None:
    """A face with closed eyes, one with open eyes."""
    found = {}
    for name in ("close_eyes.jpeg", "open_eyes.png"):
        pixels = cv2.imread(str(evaluation_data / "stills" / "reaction" / name))
        _, points = faces_of(engine, pixels)
        found[name] = eyes.parse(engine.run("eyes", eyes.prepare(pixels, points))[0])[0]
    assert found["close_eyes.jpeg"].max() < 0.05
    assert found["open_eyes.png"].min() > 0.95
