"""68 landmarks: where the model looks, and where its answer lies in the image."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.face import detection
from idverify.face.landmarks import expected, parse, prepare, recentred, region
from idverify.values import Face

SPAN = st.floats(-3000, 6000)


@settings(max_examples=200, deadline=None)
@given(size=st.tuples(st.integers(64, 4000), st.integers(64, 4000)), x=SPAN, y=SPAN, side=st.floats(1, 5000))
def test_the_region_lies_in_the_image_and_is_never_empty(size: tuple[int, int], x: float, y: float, side: float) -> None:
    """Whatever box a detector invents."""
    left, top, right, bottom = region(Face((x, y, x + side, y + side), 1.0), size)
    assert 0 <= left < right <= size[1]
    assert 0 <= top < bottom <= size[0]


def test_fractions_of_the_region_become_pixels_of_the_image() -> None:
    """For several faces at once, a clipped one among them."""
    faces = [Face((100, 100, 200, 200), 1.0), Face((-50, 50, 50, 150), 1.0)]
    output = np.tile(np.array([[0.5, 0.25]], np.float32), (2, 68)).reshape(2, 136)
    found = parse(output, faces, (480, 640))
    assert found.shape == (2, 68, 2)
    assert found[:, 0].tolist() == [[150, 125], [25, 75]]


def test_a_box_is_moved_to_have_its_landmarks_in_the_middle_and_keeps_its_size() -> None:
    """Not where they are near it already, and not where they are not numbers."""
    face = Face((100, 100, 180, 200), 0.9)
    points = np.array([[120, 140], [200, 220]], np.float32)
    moved = recentred(face, points)
    assert moved == Face((120, 130, 200, 230), 0.9)
    assert recentred(moved, points + 3) is None
    assert recentred(face, points * np.float32("nan")) is None
    assert expected(face) == Face((100, 113, 180, 213), 0.9)


def test_the_model_gets_grey_between_zero_and_one() -> None:
    """Luma weights: green counts most."""
    green = np.zeros((100, 100, 3), np.uint8)
    green[:, :, 1] = 255
    batch = prepare(green, [Face((10, 10, 60, 60), 1.0)])
    assert (batch.shape, batch.dtype) == ((1, 1, 64, 64), np.float32)
    assert np.allclose(batch, round(0.587 * 255) / 256)


def test_eyes_nose_and_mouth_stand_where_they_should(engine, samples) -> None:
    """On a real face, the order of the 300-W mark-up."""
    pixels = cv2.imread(str(samples / "obama.jpg"))
    view = detection.whole(pixels.shape[:2])
    faces = detection.parse(*engine.run("detection", detection.prepare(pixels, [view])), [view])
    points = parse(engine.run("landmarks", prepare(pixels, faces))[0], faces, pixels.shape[:2])[0]
    left_eye, right_eye, nose, mouth = points[36:42].mean(0), points[42:48].mean(0), points[30], points[48:68].mean(0)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < mouth[1] < points[8, 1]
