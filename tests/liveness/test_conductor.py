"""Leading a person through a challenge, with frames made up: what counts as evidence, and what ends it."""

from dataclasses import replace

import numpy as np
import pytest

from idverify.liveness import conductor as conducting
from idverify.liveness.challenge import COLOUR_SECONDS, Kind, Step
from idverify.liveness.conductor import Conductor, Finish, Guide, Phase, Reveal, observe, tick, wants_look
from idverify.liveness.observation import Light, Observation, Seen, Trace
from idverify.liveness.rest import at_rest
from idverify.values import Face

TRACE = Trace(b"", b"", (480, 640), 1.0, np.zeros((16, 16), np.uint8))
TURN = Step(Kind.TURN_LEFT, 16.0)
COLOURS = Step(Kind.COLOURS, colours=("#ff8a8a", "#7fb3ff", "#5fd35f"))


def seen(yaw=0.0):
    """A face that stands well."""
    points = np.random.default_rng(1).uniform(250, 390, (68, 2)).astype(np.float32)
    light = Light((0.3, 0.2, 0.15), (0.3, 0.3, 0.3))
    return Seen(Face((220.0, 130.0, 420.0, 370.0), 1.0), points, yaw, 0.0, 0.0, (1.0, 1.0), 0.1, 500.0, light)


class Session:
    """Frames ten times a second; every reveal is acknowledged by the next frame unless told otherwise."""

    def __init__(self, *steps):
        self.conductor = Conductor(steps)
        self.at, self.number, self.reveals = 0.0, 0, 0
        self.actions = []

    def frame(self, yaw=0.0, *, face=True, acknowledge=True, analysed=False):
        if acknowledge:
            self.reveals = len(self.conductor.revealed_at)
        trace = replace(TRACE, digest=self.number.to_bytes(4, "big"))
        one = Observation(self.number, self.at, self.reveals, trace, int(face), seen(yaw) if face else None)
        self.conductor, actions = observe(self.conductor, one, analysed=analysed)
        self.at, self.number = self.at + 0.1, self.number + 1
        self.actions += actions
        return actions

    def until(self, kind, limit=100, **frame):
        for _ in range(limit):
            for action in self.frame(**frame):
                if isinstance(action, kind):
                    return action
        raise AssertionError(self.actions[-3:])

    def turn(self, degrees):
        for yaw in np.linspace(0, degrees, 8):
            self.frame(yaw)
        for _ in range(3):
            self.frame(degrees, analysed=True)


@pytest.fixture
def session():
    """A turn, then colours."""
    return Session(TURN, COLOURS)


def test_a_whole_session_ends_passed_and_every_reveal_has_its_part(session):
    """Fit, turn, straight, colours one by one, ahead."""
    assert session.until(Reveal).step == TURN
    session.turn(18.0)
    assert session.until(Reveal).step == COLOURS
    shown = [session.until(Reveal).colour for _ in COLOURS.colours]
    assert shown == list(COLOURS.colours)
    assert session.until(Reveal) == Reveal(None, None, conducting.AHEAD_DEADLINE)
    assert session.until(Finish, analysed=True).passed
    parts = [(part.step and part.step.kind, part.after, part.upto) for part in session.conductor.parts]
    assert parts == [(Kind.TURN_LEFT, 0, 1), (Kind.COLOURS, 1, 5), (None, 5, 6)]
    assert session.frame() == ()


def test_nothing_is_revealed_before_the_face_stood_well_for_a_second(session):
    """And a face that leaves begins anew."""
    for _ in range(9):
        assert session.frame() == (Guide("ok"),)
    assert session.frame(face=False) == (Guide("no_face"),)
    for _ in range(10):
        assert session.frame() == (Guide("ok"),)
    assert isinstance(session.frame()[0], Reveal)


def test_a_step_is_revealed_to_a_face_at_rest_alone(session):
    """Who has begun to move before being asked, within what still counts as straight ahead, is asked when that is over."""
    for number in range(30):
        assert session.frame(yaw=12.0 * (number % 4) / 3) == (Guide("ok"),)
    assert session.until(Reveal, limit=7, yaw=2.0).step == TURN


def test_a_face_that_the_last_frames_did_not_show_is_not_at_rest():
    """However slow the camera: the last three frames have a face, or nothing is revealed."""
    shown = [Observation(number, 0.4 * number, 0, TRACE, 1, seen()) for number in range(4)]
    assert at_rest(shown)
    assert not at_rest([*shown[:-1], replace(shown[-1], seen=None)])
    assert not at_rest(shown[:2])
    assert not at_rest(())


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_reveal_waits_for_its_pause_before_the_first_step_and_before_the_next(pause):
    """Tenths of a second that the seed drew: nobody can begin in time to be right on the spot."""
    session = Session(replace(TURN, pause=pause), replace(COLOURS, pause=pause))
    session.until(Reveal)
    assert session.at == pytest.approx(conducting.FIT_SECONDS + pause + 0.1, abs=0.101)
    session.turn(18.0)
    straight = session.at
    assert session.until(Reveal).step.kind is Kind.COLOURS
    assert session.at - straight == pytest.approx(conducting.STRAIGHT_SECONDS + pause + 0.1, abs=0.101)


def test_frames_before_the_first_reveal_and_on_their_way_are_no_evidence(session):
    """Only what acknowledges every reveal so far."""
    session.until(Reveal)
    for _ in range(3):
        session.frame(acknowledge=False)
    assert session.conductor.evidence == ()
    session.frame()
    assert len(session.conductor.evidence) == 1


def test_nothing_more_is_revealed_while_a_reveal_is_not_acknowledged(session):
    """A client that never acknowledges runs into the deadline."""
    session.until(Reveal)
    actions = [session.frame(acknowledge=False) for _ in range(60)]
    assert not any(isinstance(action, Reveal) for found in actions for action in found)
    assert session.actions[-1] == Finish(passed=False, cause="deadline")


def test_a_step_that_is_not_done_in_time_ends_the_attempt_also_without_frames(session):
    """The clock alone brings it."""
    session.until(Reveal)
    session.frame()
    assert tick(session.conductor, session.at + conducting.STEP_DEADLINE - 1)[1] == ()
    after, actions = tick(session.conductor, session.at + conducting.STEP_DEADLINE)
    assert actions == (Finish(passed=False, cause="deadline"),)
    assert after.phase is Phase.DONE


def test_the_next_step_waits_until_the_head_has_come_back(session):
    """What is asked next is measured from a straight face."""
    session.until(Reveal)
    session.turn(18.0)
    for _ in range(10):
        assert session.frame(18.0, analysed=True) == (Guide("enough"),)
    revealed = session.until(Reveal)
    assert revealed.step == COLOURS
    assert all(abs(one.seen.yaw) < 1 for one in session.conductor.baseline)


def test_a_phone_that_is_far_away_is_told_something_with_every_frame(session):
    """Frames that do not acknowledge a reveal yet are answered with what it asks for: before each step, each colour and the end."""
    answers = []
    while not any(isinstance(action, Finish) for action in session.actions):
        turning = session.conductor.phase is Phase.STEP and session.conductor.index == 0
        told = sum(revealed <= session.at - 0.8 for revealed in session.conductor.revealed_at)
        session.reveals = told
        degrees = min(18.0, 4.0 * sum(one.reveals > 0 for one in session.conductor.frames)) if turning else 0.0
        answers.append(session.frame(degrees, acknowledge=False, analysed=turning or session.conductor.phase is Phase.AHEAD))
        assert len(answers) < 300
    assert session.actions[-1] == Finish(passed=True)
    assert all(answers)
    codes = [action.code for action in session.actions if isinstance(action, Guide)]
    assert {"turn_l", "flash"} <= set(codes)


@pytest.mark.parametrize(("seconds", "ended"), [(1.4, False), (1.6, True)])
def test_a_colour_that_is_acknowledged_late_ends_the_attempt(session, seconds, ended):
    """Who may hold one back for long has time to think of an answer to it."""
    session.until(Reveal)
    session.turn(18.0)
    session.until(Reveal)
    assert session.until(Reveal).colour == COLOURS.colours[0]
    session.at = session.conductor.revealed_at[-1] + seconds
    assert (Finish(passed=False, cause="deadline") in session.frame()) is ended


def test_each_colour_stays_its_time_and_a_face_that_leaves_stops_them(session):
    """Nobody is lit who does not look; one frame without a face is forgiven."""
    session.until(Reveal)
    session.turn(18.0)
    session.until(Reveal)
    session.until(Reveal)
    first = session.at
    session.until(Reveal)
    assert session.at - first >= COLOUR_SECONDS
    session.frame(face=False)
    assert session.conductor.phase is Phase.STEP
    session.frame(face=False)
    assert session.frame(face=False) == (Finish(passed=False, cause="no_face"),)


def test_frames_to_analyse_are_chosen_by_chance_and_at_least_twice_a_second(session):
    """Never before the first reveal, never on their way, and after that none may be missing for long."""
    assert not wants_look(session.conductor, 0.0, 0, 0.0)
    session.until(Reveal)
    assert not wants_look(session.conductor, session.at, 0, 0.0)
    session.frame(analysed=True)
    at = session.conductor.looked_at
    assert wants_look(session.conductor, at + 0.1, 1, conducting.LOOK_CHANCE - 0.01)
    assert not wants_look(session.conductor, at + 0.1, 1, conducting.LOOK_CHANCE)
    assert wants_look(session.conductor, at + conducting.LOOK_AT_LEAST_EVERY + 0.01, 1, 0.99)


def test_what_happens_after_the_end_changes_nothing(session):
    """No frame, no clock."""
    done = replace(session.conductor, phase=Phase.DONE)
    assert observe(done, Observation(0, 0.0, 0, TRACE, 0, None), analysed=False) == (done, ())
    assert tick(replace(done, deadline=0.0), 1e9)[1] == ()
