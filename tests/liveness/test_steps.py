"""Whether a step was done: what passes, what an impostor would send instead, and what a tired person is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.liveness.challenge import Kind, Step
from idverify.liveness.steps import Doing, Progress, follow
from tests.liveness.people import PERSON, frame, rest

YAW, PITCH = PERSON.yaw, PERSON.pitch


def turned(*degrees: float, first: int = 10, rate: float = 10.0, axis: str = "yaw"):
    """Frames of a head so many degrees from its rest."""
    own = {"yaw": YAW, "pitch": PITCH}[axis]
    return [frame(first + index, rate=rate, **{axis: own + angle}) for index, angle in enumerate(degrees)]


def first_word(step: Step, during) -> Progress:
    """What was said when it was decided, frame by frame as the service asks."""
    said = Progress(Doing.PENDING, "")
    for count in range(1, len(during) + 1):
        said = follow(step, rest(), during[:count])
        if said.state is not Doing.PENDING:
            return said
    return said


LEFT = Step(Kind.TURN_LEFT, 16.0)


@pytest.mark.parametrize(
    ("kind", "axis", "sign"),
    [(Kind.TURN_LEFT, "yaw", 1), (Kind.TURN_RIGHT, "yaw", -1), (Kind.LOOK_UP, "pitch", 1), (Kind.LOOK_DOWN, "pitch", -1)],
)
def test_a_movement_from_the_persons_own_rest_is_done_and_the_other_direction_is_not(kind: Kind, axis: str, sign: int) -> None:
    """The person's own left is the image's right; each direction passes for itself alone."""
    way = [0, 3, 6, 9, 12, 15, 17, 18]
    step = Step(kind, 16.0)
    assert first_word(step, turned(*(sign * angle for angle in way), axis=axis)) == Progress(Doing.DONE, "enough")
    assert first_word(step, turned(*(-sign * angle for angle in way), axis=axis)) == Progress(Doing.PENDING, "wrong")


@given(st.floats(-20, 20))
def test_a_face_held_aside_from_the_start_has_not_turned(aside: float) -> None:
    """Rest is where the person was, not where a frontal face would be."""
    before = [frame(index, reveals=0, yaw=aside) for index in range(8)]
    assert follow(LEFT, before, [frame(10 + index, yaw=aside) for index in range(20)]).state is Doing.PENDING


def test_a_cut_to_a_turned_face_is_no_turn() -> None:
    """A spliced clip jumps; the person is asked to do it slower, and a true turn afterwards passes."""
    jump = turned(0, 0, 0, *[18] * 20)
    assert first_word(LEFT, jump) == Progress(Doing.PENDING, "fast")
    assert first_word(LEFT, [*jump, *turned(0, 5, 9, 13, 17, 18, first=40)]).state is Doing.DONE


def test_one_picture_sent_many_times_is_no_way_there() -> None:
    """Frames on the way must be different ones."""
    still = frame(11, yaw=YAW + 8)
    repeated = [frame(10), *(type(still)(12 + n, 101.2 + n / 10, 1, still.trace, 1, still.seen) for n in range(6))]
    assert first_word(LEFT, [*repeated, *turned(17, 18, 18, first=18)]) == Progress(Doing.PENDING, "fast")


def test_a_face_that_was_away_begins_anew() -> None:
    """The way there does not count when the picture was covered, or no frame came, in between."""
    covered = [*turned(4, 8, 12), frame(13, missing=True), *turned(17, 17, 17, first=14)]
    late = [*turned(4, 8, 12), *turned(17, 17, 17, first=25)]
    assert first_word(LEFT, covered).state is Doing.PENDING
    assert first_word(LEFT, late).state is Doing.PENDING


def test_a_turn_as_heads_turn_is_slow_enough_and_a_cut_that_wavers_is_not() -> None:
    """Two frames on the way at ten a second; frames after the arrival are none of the way, until the face has come back."""
    assert first_word(LEFT, turned(0, 0, 6, 12, 17, 18)).state is Doing.DONE
    assert first_word(LEFT, turned(0, 0, 9, 17, 18)) == Progress(Doing.PENDING, "fast")
    assert first_word(LEFT, turned(0, 0, 17, 17, 14, 15, 14, 13, 17, 18, 9, 12, 17, 18)) == Progress(Doing.PENDING, "fast")
    assert first_word(LEFT, turned(0, 0, 6, 12, 17, 18, rate=30.0)) == Progress(Doing.PENDING, "fast")


def test_a_single_outlier_is_not_reaching() -> None:
    """Landmarks err in single frames."""
    assert first_word(LEFT, turned(5, 8, 11, 17, 12, 11, 11)).state is Doing.PENDING


def test_a_face_that_wavers_about_what_was_asked_has_done_it_and_one_that_came_back_between_has_not() -> None:
    """Landmarks of a turned head move by some degrees from frame to frame; two outliers of a lesser turn are no turn."""
    assert first_word(LEFT, turned(0, 5, 9, 13, 16.5, 13.5, 15, 16.2, 14)).state is Doing.DONE
    assert first_word(LEFT, turned(0, 5, 9, 10, 16.5, 11, 10, 16.5, 11)).state is Doing.PENDING
    one = frame(14, yaw=YAW + 17)
    twice = [*turned(0, 5, 9, 13), one, type(one)(15, 101.5, 1, one.trace, 1, one.seen)]
    assert first_word(LEFT, twice).state is Doing.PENDING


def test_the_other_side_for_longer_than_a_second_fails() -> None:
    """A clip that turns the wrong way is not waited for; a person who errs for a moment may correct it."""
    wrong = turned(0, -5, -10, *[-17] * 13)
    assert first_word(LEFT, wrong) == Progress(Doing.FAILED, "wrong")
    corrected = [*turned(0, -5, -10, -17, -17, -10, -5), *turned(0, 5, 9, 13, 17, 17, first=17)]
    assert first_word(LEFT, corrected).state is Doing.DONE


def test_far_beyond_what_was_asked_is_too_much() -> None:
    """A clip of the largest turn would otherwise answer every request."""
    assert first_word(LEFT, turned(5, 9, 13, 38, 40, 40)) == Progress(Doing.PENDING, "enough")


def lids(pattern: str, rate: float = 10.0):
    """o: open, x: closed by both readings, m: the model alone errs, l: the lids alone fall by a third, as in a laugh, w: a wink."""
    looks = {
        "o": {},
        "x": {"lids": 0.6, "eyes": (0.02, 0.01)},
        "m": {"eyes": (0.1, 0.2)},
        "l": {"lids": 0.67},
        "w": {"lids": 0.85, "eyes": (0.01, 0.99)},
    }
    return [frame(10 + index, rate=rate, **looks[look]) for index, look in enumerate(pattern)]


@pytest.mark.parametrize(
    ("asked", "pattern", "state"),
    [
        (1, "ooxxoooooooo", Doing.DONE),
        (2, "oxxooooxooooooooo", Doing.DONE),
        (1, "oooooooooooooooo", Doing.PENDING),
        (2, "oxxoooooooooooo", Doing.PENDING),
        (1, "oxxxxxxxxxxxxxx", Doing.PENDING),
        (1, "oxoooxoooxoooooooo", Doing.FAILED),
        (1, "oommoollooowwoooooooo", Doing.PENDING),
        (1, "o" + "x" * 25 + "oooooooooo", Doing.PENDING),
        (1, "oxxoxxoxxoxxooooooo", Doing.DONE),
    ],
    ids=["once", "twice", "never", "too few", "shut", "too many", "errors of one reading", "asleep", "flicker"],
)
def test_blinks_are_counted(asked: int, pattern: str, state: Doing) -> None:
    """Closed and open again, by both readings; one more than asked is forgiven, a flicker of one frame is none."""
    assert first_word(Step(Kind.BLINK, asked), lids(pattern)).state is state


def test_eyes_that_the_model_never_sees_open_blink_by_their_lids() -> None:
    """Narrow eyes or strong glasses: what the model says of the person at rest tells whether to trust it."""
    before = [frame(index, reveals=0, eyes=(0.1, 0.2)) for index in range(8)]
    during = [frame(10 + n, eyes=(0.05, 0.1), lids=0.5 if n in {2, 3} else 1.0) for n in range(12)]
    assert follow(Step(Kind.BLINK, 1), before, during).state is Doing.DONE
    assert follow(Step(Kind.BLINK, 1), before, during[4:]).state is Doing.PENDING


def test_the_mouth_opens_and_closes_again() -> None:
    """Open alone is half of it; a mouth that was open all the time has not opened."""
    step = Step(Kind.OPEN_MOUTH)
    opened = [frame(10 + n, mouth=0.3 if n in {3, 4, 5} else 0.03) for n in range(8)]
    assert first_word(step, opened).state is Doing.DONE
    assert first_word(step, opened[:6]) == Progress(Doing.PENDING, "close_mouth")
    agape = [frame(n, reveals=0, mouth=0.35) for n in range(8)]
    assert follow(step, agape, [frame(10 + n, mouth=0.35) for n in range(9)]).state is Doing.PENDING


def test_moving_closer_grows_the_face_step_by_step() -> None:
    """A zoom in one frame is none, and a turned head, whose eyes are nearer to one another, has not moved away."""
    step = Step(Kind.MOVE_CLOSER, 1.3)
    assert first_word(step, [frame(10 + n, closer=1 + 0.05 * n) for n in range(9)]).state is Doing.DONE
    assert first_word(step, [frame(10 + n, closer=1 if n < 3 else 1.35) for n in range(9)]).state is Doing.PENDING


def test_holding_still_lasts() -> None:
    """Seconds without a break, in frames that follow one another."""
    step = Step(Kind.HOLD, 2.0)
    assert first_word(step, turned(*[3] * 22)).state is Doing.DONE
    assert first_word(step, turned(*[0] * 12, 14, *[0] * 12)).state is Doing.PENDING
    assert first_word(step, [*turned(0), *turned(0, first=40)]).state is Doing.PENDING


def test_without_a_face_nothing_is_done() -> None:
    """Neither with no rest to measure from, nor with an empty picture."""
    gone = [frame(10 + n, missing=True) for n in range(30)]
    for kind in set(Kind) - {Kind.COLOURS}:
        step = Step(kind, 1.0)
        assert follow(step, [], turned(0, 5, 9, 13, 17, 18)) == Progress(Doing.PENDING, "no_face")
        assert follow(step, rest(), gone) == Progress(Doing.PENDING, "no_face")
        assert follow(step, rest(), []).state is Doing.PENDING
