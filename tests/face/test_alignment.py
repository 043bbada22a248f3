"""The similarity transform: recovers what was done to the template, and agrees with insightface."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.errors import FailureToAssess
from idverify.face.alignment import TEMPLATE, align, five_points, similarity

SIMILARITIES = st.tuples(st.floats(-np.pi, np.pi), st.floats(0.2, 30), st.floats(-3000, 3000), st.floats(-3000, 3000))


def moved(points: np.ndarray, angle: float, scale: float, x: float, y: float) -> np.ndarray:
    """The points turned, scaled and shifted."""
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T + [x, y]).astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(known=st.lists(SIMILARITIES, min_size=1, max_size=5))
def test_a_known_similarity_is_undone_for_many_faces_at_once(known: list[tuple[float, float, float, float]]) -> None:
    """Points moved from the template come back to it, each face by its own transform."""
    points = np.stack([moved(TEMPLATE, *one) for one in known])
    found = similarity(points).astype(np.float64)
    back = np.einsum("nij,nkj->nki", found[:, :, :2], points) + found[:, None, :, 2]
    assert np.abs(back - TEMPLATE).max() < 0.05


@settings(max_examples=60, deadline=None)
@given(known=SIMILARITIES, seed=st.integers(0, 2**31))
def test_noisy_points_give_the_least_squares_similarity(known: tuple[float, float, float, float], seed: int) -> None:
    """No rotation, scale or shift nearby does better."""
    noise = np.random.default_rng(seed).normal(0, 2.0, TEMPLATE.shape)
    points = moved(TEMPLATE + noise, *known)[None].astype(np.float64)

    def error(transform: np.ndarray) -> float:
        return float((np.abs(points[0] @ transform[:, :2].T + transform[:, 2] - TEMPLATE) ** 2).sum())

    found = similarity(points.astype(np.float32))[0].astype(np.float64)
    best = error(found)
    middle = points[0].mean(axis=0)
    for angle, scale in ((0.01, 1.0), (-0.01, 1.0), (0.0, 1.01), (0.0, 0.99)):
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear = turn @ found[:, :2]
        shift = found[:, :2] @ middle + found[:, 2] - linear @ middle
        assert error(np.column_stack([linear, shift])) > best - 1e-3


def test_insightface_computes_the_same_transform() -> None:
    """The oracle, on noisy points in every direction."""
    pytest.importorskip("insightface", reason="insightface is not installed")
    from idverify.inference.insightface_packs import estimate_norm

    random = np.random.default_rng(7)
    for _ in range(50):
        points = moved(
            TEMPLATE + random.normal(0, 3, TEMPLATE.shape),
            random.uniform(-1, 1),
            random.uniform(0.5, 8),
            *random.uniform(0, 900, 2),
        )
        assert np.abs(similarity(points[None])[0] - estimate_norm(points)).max() < 2e-3


def test_each_of_the_five_points_is_the_mean_of_its_landmarks() -> None:
    """Lids for the eyes, nose tip, outer and inner mouth corners."""
    landmarks = np.arange(136, dtype=np.float32).reshape(1, 68, 2)
    expected = [[78, 79], [90, 91], [60, 61], [108, 109], [118, 119]]
    assert five_points(landmarks)[0].tolist() == expected


def _landmarks(five: np.ndarray) -> np.ndarray:
    """68 landmarks whose five points are these."""
    points = np.zeros((1, 68, 2), np.float32)
    for numbers, point in zip(((37, 38, 40, 41), (43, 44, 46, 47), (30,), (48, 60), (54, 64)), five, strict=True):
        points[0, list(numbers)] = point
    return points


def test_a_picture_of_the_template_is_brought_onto_itself() -> None:
    """A mark painted at each point of a turned and enlarged template is found at the template's point."""
    picture = np.zeros((600, 600, 3), np.uint8)
    five = moved(TEMPLATE, 0.4, 3.0, 150, 60)
    for x, y in five.round().astype(int):
        picture[y - 3 : y + 4, x - 3 : x + 4] = 255
    aligned = align(picture, _landmarks(five))
    assert (aligned.shape, aligned.dtype) == ((1, 112, 112, 3), np.uint8)
    for x, y in TEMPLATE.round().astype(int):
        assert aligned[0, y, x].min() > 150


@pytest.mark.parametrize("value", [0.0, 5.0, float("nan"), float("inf")])
def test_points_in_one_place_or_nowhere_are_a_failure_to_assess(value: float) -> None:
    """Never a transform made of nothing."""
    with pytest.raises(FailureToAssess):
        align(np.zeros((100, 100, 3), np.uint8), np.full((1, 68, 2), value, np.float32))
