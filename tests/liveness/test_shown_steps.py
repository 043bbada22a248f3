"""What counts as done was looked at: a turn that no analysed frame shows is nobody's."""

from dataclasses import replace

import pytest

from idverify.liveness.challenge import Kind, Step
from idverify.liveness.conductor import Conductor, Phase, observe, wants_look

from .people import PERSON, frame

ON_THE_WAY = (6.0, 10.0, 14.0, 18.5, 19.5)


class Stream:
    """Frames to a conductor that never looks but when it must."""

    def __init__(self, kind):
        self.conductor, self.at, self.number = Conductor((Step(kind, 18.0),)), 100.0, 0
        self.looked = []
        self.turns = {Kind.TURN_LEFT: ("yaw", 1), Kind.LOOK_UP: ("pitch", 1)}[kind]

    def send(self, turned, after, *, measurable=True):
        """One frame, turned so far, so many seconds after the one before."""
        self.at += after
        name, sign = self.turns
        reveals = len(self.conductor.revealed_at)
        look = wants_look(self.conductor, self.at, reveals, 0.999) and measurable
        one = frame(self.number, reveals=reveals, **{name: getattr(PERSON, name) + sign * turned})
        self.number += 1
        if look:
            self.looked.append(turned)
        self.conductor, _ = observe(self.conductor, replace(one, at=self.at), analysed=look)

    def until_the_step(self):
        """A good fit, the step, and three frames straight ahead after it."""
        while self.conductor.phase is not Phase.STEP:
            self.send(0, 0.1)
        for _ in range(3):
            self.send(0, 0.1)


@pytest.mark.parametrize("kind", [Kind.TURN_LEFT, Kind.LOOK_UP])
def test_a_turn_that_no_analysed_frame_shows_is_not_done(kind):
    """Five frames of another head within ten milliseconds, between two looks, do not turn for the person who is matched."""
    stream = Stream(kind)
    stream.until_the_step()
    for turned in ON_THE_WAY:
        stream.send(turned, 0.002)
    for _ in range(30):
        stream.send(0, 0.1)
    assert max(stream.looked) == 0
    assert stream.conductor.phase is Phase.STEP


@pytest.mark.parametrize("kind", [Kind.TURN_LEFT, Kind.LOOK_UP])
def test_who_turns_and_stays_for_one_more_frame_is_done(kind):
    """The frame after the one that reached it is looked at."""
    stream = Stream(kind)
    stream.until_the_step()
    for turned in (*ON_THE_WAY, 19.5):
        stream.send(turned, 0.002)
    assert stream.conductor.phase is Phase.AHEAD
    assert max(stream.looked) == 19.5


def test_a_frame_that_cannot_be_analysed_does_not_count_as_looked_at():
    """Whoever shows two faces whenever it is looked at has shown nothing."""
    stream = Stream(Kind.TURN_LEFT)
    stream.until_the_step()
    for turned in (*ON_THE_WAY, 19.5, 19.5):
        stream.send(turned, 0.002, measurable=False)
    assert stream.conductor.phase is Phase.STEP
