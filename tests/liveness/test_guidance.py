"""What the person is told: one thing, the worst first."""

from dataclasses import replace

import pytest

from idverify.liveness.guidance import guide
from idverify.liveness.observation import Light
from idverify.values import Face
from tests.liveness.people import frame

LAMP = (0.3, 0.3, 0.3)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "ok"),
        ({"face": Face((290, 200, 350, 290), 0.9)}, "far"),
        ({"face": Face((120, 20, 460, 470), 0.9)}, "near"),
        ({"face": Face((10, 80, 250, 400), 0.9)}, "off"),
        ({"face": Face((200, -60, 440, 260), 0.9)}, "off"),
        ({"light": Light((0.01, 0.01, 0.01), (0.02, 0.02, 0.02))}, "dark"),
        ({"light": Light((0.8, 0.75, 0.7), LAMP)}, "bright"),
        ({"light": Light((0.05, 0.04, 0.04), (0.9, 0.9, 0.9))}, "backlit"),
        ({"light": None}, "ok"),
        ({"pitch": 20.0}, "low"),
        ({"pitch": -25.0}, "turned"),
        ({"yaw": -25.0}, "turned"),
        ({"roll": 30.0}, "turned"),
        ({"sharpness": 30.0}, "blur"),
        ({"sharpness": 30.0, "yaw": 40.0, "face": Face((290, 200, 350, 290), 0.9)}, "far"),
    ],
)
def test_each_trouble_has_its_code(changes: dict, code: str) -> None:
    """As the capture page spells them; where a face stands comes before how it is lit, that before how it looks."""
    assert guide(frame(1, **changes)) == code


@pytest.mark.parametrize(("faces", "code"), [(0, "no_face"), (1, "far"), (2, "many")])
def test_a_frame_without_a_subject_says_why(faces: int, code: str) -> None:
    """One face that could not be taken is too small; a passer-by beside a subject is no trouble."""
    assert guide(replace(frame(1, missing=True), faces=faces)) == code
    assert guide(replace(frame(1), faces=2)) == "ok"


def test_a_near_face_is_never_told_to_come_closer() -> None:
    """Whatever its size, and never is one that is too small told to go away."""
    for side in range(20, 470, 10):
        seen = frame(1, face=Face((320 - side / 2, 240 - side / 2, 320 + side / 2, 240 + side / 2), 0.9))
        assert guide(seen) == ("far" if side < 0.3 * 480 else "near" if side > 0.9 * 480 else "ok")
