"""Finding faces: geometry as pure functions, then the real detector on real photographs."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.face.detection import (
    COARSE,
    FINE,
    SURE,
    View,
    candidates,
    closer_looks,
    fills_frame,
    padded,
    parse,
    prepare,
    square,
    suppress,
    whole,
)
from idverify.values import Face

SIZES = st.tuples(st.integers(64, 5000), st.integers(64, 5000))
CANVASES = st.sampled_from([FINE, COARSE])


def answer(
    image_boxes: list[tuple[float, float, float, float]], scores: list[float], view: View
) -> tuple[np.ndarray, np.ndarray]:
    """What the model would say of boxes that lie there in the image: the first candidates, moved there, and all others sure of none."""
    table = candidates(view.canvas)
    logits = np.tile(np.array([9, -9], np.float32), (1, len(table), 1))
    deltas = np.zeros((1, len(table), 4), np.float32)
    for index, (box, score) in enumerate(zip(image_boxes, scores, strict=True)):
        logits[0, index] = 0, np.log(score) - np.log1p(-score)
        left, top, right, bottom = (
            (value - start) / length
            for value, start, length in zip(box, (view.left, view.top) * 2, (view.width, view.height) * 2, strict=True)
        )
        x, y, across, down = table[index]
        deltas[0, index, :2] = ((left + right) / 2 - x) / (0.1 * across), ((top + bottom) / 2 - y) / (0.1 * down)
        with np.errstate(invalid="ignore"):
            deltas[0, index, 2:] = np.log((right - left) / across) / 0.2, np.log((bottom - top) / down) / 0.2
    return logits, deltas


@settings(max_examples=60, deadline=None)
@given(size=SIZES, look=st.sampled_from([whole, padded]), canvas=CANVASES)
def test_a_view_holds_the_whole_image_in_its_proportions(size: tuple[int, int], look, canvas) -> None:
    """Those of the canvas, the image inside, its middle in the middle."""
    view, (height, width) = look(size, canvas), size
    assert view.width / view.height == pytest.approx(canvas.width / canvas.height)
    assert view.scale * view.height == pytest.approx(canvas.height)
    assert view.left <= 1e-6
    assert view.top <= 1e-6
    assert view.left + view.width / 2 == pytest.approx(width / 2)
    assert view.top + view.height / 2 == pytest.approx(height / 2)


@settings(max_examples=60, deadline=None)
@given(size=SIZES)
def test_the_parts_looked_at_leave_nothing_out(size: tuple[int, int]) -> None:
    """Every point of the image lies in one of the parts, and the drawing of each is the model's size."""
    height, width = size
    parts = closer_looks(size)[1:]
    for x in np.linspace(0, width, 9):
        for y in np.linspace(0, height, 9):
            assert any(
                p.left - 1e-6 <= x <= p.left + p.width + 1e-6 and p.top - 1e-6 <= y <= p.top + p.height + 1e-6 for p in parts
            )


@pytest.mark.parametrize("size", [(64, 64), (64, 16384), (16384, 64), (141, 140), (480, 640), (2204, 970)])
def test_any_shape_of_image_can_be_drawn(size: tuple[int, int]) -> None:
    """No proportion makes an empty or overflowing crop; grey surroundings are zeros, white is one."""
    white = np.full((*size, 3), 255, np.uint8)
    for views in ([whole(size), *closer_looks(size)], [whole(size, COARSE), padded(size, COARSE)]):
        batch = prepare(white, views)
        assert batch.shape[1:] == (3, views[0].canvas.height, views[0].canvas.width)
        assert batch.dtype == np.float32
        assert set(np.unique(batch)) <= {np.float32(0), np.float32(1)}
        assert (batch == 1).any(axis=(1, 2, 3)).all()


def test_the_model_gets_red_first() -> None:
    """The manifest's contract: planes in the order red, green, blue, (pixel - 127) / 128."""
    blue = np.zeros((240, 320, 3), np.uint8)
    blue[:, :, 0] = 255
    planes = prepare(blue, [whole((240, 320))])[0].mean(axis=(1, 2))
    assert planes == pytest.approx([-127 / 128, -127 / 128, 1.0])


@settings(max_examples=100, deadline=None)
@given(size=SIZES, where=st.tuples(*[st.floats(0.05, 0.95)] * 4), look=st.sampled_from([whole, padded]), canvas=CANVASES)
def test_boxes_come_back_to_where_they_are_in_the_image(size: tuple[int, int], where: tuple[float, ...], look, canvas) -> None:
    """From image to view and back, in every proportion, on either canvas."""
    height, width = size
    left, right = sorted((where[0] * width, where[1] * width + 1))
    top, bottom = sorted((where[2] * height, where[3] * height + 1))
    view = look(size, canvas)
    (face,) = parse(*answer([(left, top, right + 1, bottom + 1)], [0.9], view), [view])
    assert face.box == pytest.approx((left, top, right + 1, bottom + 1), abs=max(size) * 1e-5)
    assert face.score == pytest.approx(0.9)


def test_doubtful_impossible_and_nonsensical_boxes_are_no_faces() -> None:
    """Below the least score, inside out, or not a number."""
    view = whole((240, 320))
    nan = float("nan")
    boxes = [(10, 10, 60, 60), (60, 10, 10, 60), (nan, 10, 60, 60), (10, 10, float("inf"), 60), (100, 100, 150, 150)]
    assert parse(*answer(boxes, [0.6, 0.9, 0.9, 0.9, nan], view), [view]) == ()


def test_a_face_seen_in_two_views_is_one_face() -> None:
    """Overlapping parts report it twice; the better sighting stays."""
    size = (480, 640)
    views = closer_looks(size)[1:3]
    box = (300.0, 100.0, 340.0, 150.0)
    answers = [answer([box], [score], view) for score, view in zip((0.8, 0.95), views, strict=True)]
    logits, deltas = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    (face,) = parse(logits, deltas, views)
    assert face.score == pytest.approx(0.95)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@settings(max_examples=100, deadline=None)
@given(corners=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(5, 30), st.integers(5, 30)), max_size=12))
def test_suppression_equals_the_textbook_loop(corners: list[tuple[int, int, int, int]]) -> None:
    """Greedy, best first, dropping what overlaps a kept box by more than 0.4."""
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners], np.float64).reshape(-1, 4)
    scores = np.linspace(0.7, 0.99, len(boxes), dtype=np.float32)
    kept: list[int] = []
    for index in np.argsort(-scores):
        if all(_overlap(boxes[index], boxes[other]) <= 0.4 for other in kept):
            kept.append(int(index))
    assert suppress(boxes, scores).tolist() == kept


def test_the_square_is_as_high_as_the_box_about_the_same_middle() -> None:
    """The other models were trained on squares."""
    assert square(Face((100, 50, 140, 110), 1.0)) == (90, 50, 60)


def test_a_face_that_fills_the_frame_is_told_from_one_that_does_not() -> None:
    """By its height, or by how far it reaches beyond the image."""
    size = (400, 300)
    assert fills_frame(Face((20, 20, 280, 360), 1.0), size)
    assert fills_frame(Face((-40, 100, 140, 300), 1.0), size)
    assert not fills_frame(Face((60, 60, 220, 300), 1.0), size)


def faces_in(engine, pixels: np.ndarray, views) -> tuple[Face, ...]:
    """What the real detector finds."""
    return parse(*engine.run(views[0].canvas.role, prepare(pixels, views)), views)


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"])
def test_each_sample_shows_one_face_on_either_canvas(engine, samples, name: str) -> None:
    """Full-length portraits: the face is a tenth of the picture. The two boxes differ by less than a fifth of the face."""
    pixels = cv2.imread(str(samples / name))
    (fine,) = faces_in(engine, pixels, [whole(pixels.shape[:2])])
    (coarse,) = faces_in(engine, pixels, [whole(pixels.shape[:2], COARSE)])
    assert fine.score > 0.99
    assert np.abs(np.subtract(fine.box, coarse.box)).max() < 0.2 * fine.height


def test_a_face_as_small_as_sure_is_found_on_the_coarse_canvas(engine, samples) -> None:
    """Where the acquisition relies on it, in nine places of the picture; at half that height it may be missed."""
    portrait = cv2.imread(str(samples / "obama.jpg"))[:700]
    shrink = SURE * 640 / COARSE.width / 330  # the face is 330 pixels high
    small = cv2.resize(portrait, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    for x in (0, 200, 640 - small.shape[1]):
        for y in (0, 100, 480 - small.shape[0]):
            scene = np.full((480, 640, 3), 110, np.uint8)
            scene[y : y + small.shape[0], x : x + small.shape[1]] = small
            assert len(faces_in(engine, scene, [whole((480, 640), COARSE)])) == 1


def test_a_face_cut_by_the_frame_is_found_from_further_away(engine, samples) -> None:
    """A selfie held too close: brows to chin, ear to ear, and nothing else."""
    close = cv2.imread(str(samples / "obama.jpg"))[190:380, 400:590]
    found = faces_in(engine, close, [padded(close.shape[:2])])
    assert found
    assert found[0].height > 0.8 * len(close)


def test_a_small_face_is_found_in_a_part(engine, samples) -> None:
    """60 pixels of face in 1280 x 960: too small for the whole view, large enough for a quarter."""
    portrait = cv2.imread(str(samples / "obama.jpg"))
    small = cv2.resize(portrait, None, fx=60 / 330, fy=60 / 330, interpolation=cv2.INTER_AREA)
    scene = np.full((960, 1280, 3), 110, np.uint8)
    scene[150 : 150 + len(small), 200 : 200 + small.shape[1]] = small
    assert not faces_in(engine, scene, [whole((960, 1280))])
    (face,) = faces_in(engine, scene, closer_looks((960, 1280)))
    assert 200 < face.box[0] < face.box[2] < 200 + small.shape[1]
