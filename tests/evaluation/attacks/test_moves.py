"""What a clip's person is asked for: only what the clip shows, with something to spare."""

import numpy as np

from idverify.evaluation.attacks.clips import Clip
from idverify.evaluation.attacks.moves import LEAST_BEYOND, Moves
from idverify.evaluation.attacks.parameters import drawn
from idverify.liveness.challenge import Kind, Step

COUNT = 120


def clip(**shown):
    """Four seconds of somebody who looks ahead, but for what is said: rows by name, as Clip has them."""
    rows = {"yaw": 0.0, "pitch": 0.0, "mouth": 0.02, "eyes": 0.99, "other_eyes": 0.99}
    arrays = {name: np.full(COUNT, value, np.float32) for name, value in rows.items()}
    for name, places in shown.items():
        for first, values in places.items():
            arrays[name][first : first + len(values)] = values
    nothing, seen = np.zeros((COUNT, 68, 2), np.float32), np.ones(COUNT, np.bool_)
    pictures = np.zeros((COUNT, 16, 16), np.float32)
    return Clip(
        name="a", person="a", fps=30.0, jpegs=(b"",) * COUNT, found=seen, landmarks=nothing, thumbnails=pictures, **arrays
    )


def turn(most):
    """A turn to the left and back, with a look ahead before it."""
    way = np.linspace(0, most, 12)
    return [*way, most, most, *way[::-1]]


def test_a_turn_is_asked_only_where_the_clip_goes_beyond_it_as_people_do() -> None:
    """To the degree that the clip shows at its most, nobody who was asked would stop."""
    moves = Moves(clip(yaw={60: turn(18.0)}))
    assert moves.able(Step(Kind.TURN_LEFT, 18.0 - LEAST_BEYOND))
    assert not moves.able(Step(Kind.TURN_LEFT, 18.0 - LEAST_BEYOND + 0.1))
    assert not moves.able(Step(Kind.TURN_RIGHT, 14.0))
    lowest = min(drawn("person", np.random.default_rng(seed))["overshoot_degrees"] for seed in range(200))
    assert LEAST_BEYOND <= lowest < LEAST_BEYOND + 0.2  # the least of the committed parameters


def test_a_turn_counts_from_the_rest_that_is_farthest_in_its_direction() -> None:
    """The service measures from the rest that it was shown, and any of them may be."""
    straight = Moves(clip(yaw={60: turn(17.0)}))
    aside = Moves(clip(yaw={0: [2.5] * 40, 60: turn(17.0)}))
    assert straight.able(Step(Kind.TURN_LEFT, 15.0))
    assert not aside.able(Step(Kind.TURN_LEFT, 15.0))


def test_who_keeps_turned_shows_frames_that_are_turned() -> None:
    """Not those of the way there, to and fro, as no head moves."""
    moves = Moves(clip(yaw={60: turn(20.0)}))
    for route in moves.routes(Step(Kind.TURN_LEFT, 15.0)):
        assert route.held[0] == route.frames[-1]
        assert min(moves.clip.yaw[list(route.held)]) >= 15.0 + LEAST_BEYOND - 0.1


def test_one_eye_that_the_model_calls_shut_is_no_blink() -> None:
    """Of a face that winks, or of glasses that shine, no blink is asked; both eyes, shut and open again, are one."""
    shut = {50: [0.02] * 4}
    assert not Moves(clip(eyes=shut)).able(Step(Kind.BLINK, 1.0))
    assert Moves(clip(eyes=shut, other_eyes=shut)).able(Step(Kind.BLINK, 1.0))


def test_lips_that_part_in_speech_are_no_open_mouth() -> None:
    """It is asked only where it opens by more than the service wants to see."""
    assert not Moves(clip(mouth={50: [0.1, 0.2, 0.22, 0.2, 0.1]})).able(Step(Kind.OPEN_MOUTH))
    assert Moves(clip(mouth={50: [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]})).able(Step(Kind.OPEN_MOUTH))
