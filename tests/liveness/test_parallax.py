"""Parallax tells a head that turns from a photograph that is turned."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.acquisition import Acquirer
from idverify.decision.profiles import ACTIVE
from idverify.inference.onnx import OnnxEngine
from idverify.liveness import parallax
from idverify.liveness.observation import Seen
from idverify.tracking import Tracker
from idverify.values import Floats

from .streams import FLAT, HEAD, seen, view

angles = st.floats(-35, 35)


def side(points: Floats, yaw: float, pitch: float = 0, *, claims: float | None = None, noise: float = 0.8) -> list[Seen]:
    """Four frames of one pose; with `claims`, the pose that their landmarks are said to have."""
    views = [view(points, yaw, pitch, noise=noise, seed=number + int(1000 * abs(yaw))) for number in range(4)]
    return [seen(one) if claims is None else seen(one, yaw=claims, pitch=0.0) for one in views]


@pytest.mark.parametrize("yaw", [-25, -18, 18, 25])
def test_a_head_that_turns_has_parallax(yaw: float) -> None:
    """As far as a step asks for, to either side."""
    residual = parallax.residual(side(HEAD, 0), side(HEAD, yaw))
    assert residual is not None
    assert residual >= ACTIVE.parallax.passes


@given(angles, angles, st.floats(600, 2000))
def test_a_flat_picture_has_none_however_it_is_held(yaw: float, pitch: float, away: float) -> None:
    """Even if whoever made the stream made its pose read as turned: a homography explains all of it."""
    turned = [seen(view(FLAT, yaw, pitch, away), yaw=20.0, pitch=0.0)] * 3
    residual = parallax.residual([seen(view(FLAT), yaw=0.0, pitch=0.0)] * 3, turned)
    assert residual is not None
    assert residual < ACTIVE.parallax.passes / 5


def test_a_nearer_picture_leaves_no_more_over() -> None:
    """Slips of the landmarks grow with the face, and are no parallax: moving a photograph up to the camera gains nothing."""
    turned = [seen(2.5 * view(FLAT, 20, noise=0.8, seed=number), yaw=20.0, pitch=0.0) for number in range(4)]
    residual = parallax.residual(side(FLAT, 0, claims=0.0), turned)
    assert residual is not None
    assert residual < ACTIVE.parallax.passes / 2


def test_a_turned_photograph_does_not_read_as_turned(samples: Path, engine: OnnxEngine) -> None:
    """The real models on a real photograph held at 30 degrees: too little turn to assess, which is not a pass."""
    photograph = cv2.imread(str(samples / "obama.jpg"))
    scale = 440 / photograph.shape[0]
    photograph = cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = photograph.shape[:2]
    tracker = Tracker(Acquirer(engine, faces="dominant"))
    sides: list[list[Seen]] = []
    for yaw in (0.0, 30.0):
        sides.append([])
        for lean in (-2.0, 0.0, 2.0):
            turn = np.radians(yaw + lean)
            corners = np.array([(x * width / 2, y * height / 2) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
            away = 640 - (-np.sin(turn) * corners[:, 0])
            x, y = 640 * np.cos(turn) * corners[:, 0] / away, 640 * corners[:, 1] / away
            placed = np.stack([x + 320, y + 240], axis=1).astype(np.float32)
            move = cv2.getPerspectiveTransform(
                (corners + (width / 2, height / 2)).astype(np.float32),  # noqa: RUF005
                placed,
            )
            picture = cv2.imencode(".jpg", cv2.warpPerspective(photograph, move, (640, 480)))[1].tobytes()
            face = tracker.track(None, picture, sequence=0, at=0.0, reveals=1).observation.seen
            assert face is not None
            sides[-1].append(face)
    assert parallax.turn(*sides) < parallax.MIN_TURN
    assert parallax.residual(*sides) is None


@pytest.mark.parametrize("kept", [0, 1])
def test_too_few_frames_are_not_assessed(kept: int) -> None:
    """One lucky frame proves nothing; None is not a pass."""
    assert parallax.residual(side(HEAD, 0)[:kept], side(HEAD, 20)) is None
    assert parallax.residual(side(HEAD, 0), side(HEAD, 20)[:kept]) is None


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("broken", [np.nan, np.inf, 0.0])
def test_landmarks_of_no_shape_are_not_assessed(broken: float) -> None:
    """Not finite, or all in one place: no number comes out, least of all a large one."""
    turned = [seen(np.full((68, 2), broken, np.float32), yaw=20.0, pitch=0.0) for _ in range(3)]
    assert parallax.residual(side(HEAD, 0), turned) is None
