"""What every attempt was asked can be told from the audit alone, however it ended, and not a moment before it has."""

import pytest

from idverify.audit.events import Event
from idverify.ceremonies import handover, live, sessions
from idverify.ceremonies.challenge_record import Challenge, replayed
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.session_end import sweep
from idverify.liveness.challenge import COLOURS_SHOWN, Kind
from idverify.store import audit

from .live import Capture, with_models


@pytest.fixture
def parts(make_parts, acquirer):
    """A fresh installation with real models."""
    return with_models(make_parts(), acquirer)


@pytest.fixture
def made(parts):
    """A session of the profile active that has begun: three steps, a turn and the colours among them."""
    capture = Capture(parts, profile="active")
    capture.begin()
    return capture


def entries_of(parts):
    """The audit."""
    with parts.store.reading() as tx:
        return list(audit.events(tx))


def asked(parts, made):
    """The steps of each of the session's challenges, as the audit gives them."""
    return [challenge.steps for challenge in replayed(entries_of(parts), made.session_id)]


def challenged(made):
    """A connection to which a step was revealed: all that it was to be asked, with amounts, pauses and colours."""
    made.connect().until("step")
    return made.live.conductor.steps


def test_lost_taken_up_again_lost_twice_spoiled_and_cancelled_attempts_are_replayed_to_the_letter(parts, made):
    """Each under the commitment that its client was told first; amounts, pauses and colours as they were shown."""
    first = challenged(made)
    hello = made.phone.first
    live.dropped(parts, made.live, code=live.LOST)
    assert asked(parts, made) == [first]

    again = challenged(made)
    assert sorted(step.kind for step in again) == sorted(step.kind for step in first)
    assert again != first
    live.dropped(parts, made.live, code=live.LOST)

    spoiled = challenged(made)
    live.dropped(parts, made.live, code="frame_refused")

    died = challenged(made)
    parts.now.now += live.LEASE_SECONDS + 1  # its process is gone, and never said so
    made.connect()
    cancelled = made.live.conductor.steps
    sessions.cancel(parts, made.client, made.session_id)

    found = replayed(entries_of(parts), made.session_id)
    assert found == (
        Challenge(1, False, first),
        Challenge(1, True, again),
        Challenge(2, False, spoiled),
        Challenge(3, False, died),
        Challenge(3, True, cancelled),
    )
    assert all(len(step.colours) == COLOURS_SHOWN for step in first if step.kind is Kind.COLOURS)
    committed = [one.details["commitment"] for one in entries_of(parts) if one.event == Event.SESSION_CHALLENGED]
    assert committed[0] == hello["commitment"]


def test_the_seed_of_a_challenge_that_somebody_may_still_answer_stands_nowhere_in_the_audit(parts, made):
    """Not of the first connection, and not of the one that takes it up again."""
    for lost in (0, 1):
        shown = challenged(made)
        assert made.live.seed.hex() not in str(entries_of(parts))
        assert asked(parts, made)[lost:] == [None]
        live.dropped(parts, made.live, code=live.LOST)
        assert asked(parts, made)[lost:] == [shown]


@pytest.mark.parametrize("end", ["clock", "handover"])
def test_an_attempt_that_the_clock_or_another_device_ended_is_replayed_as_well(parts, made, end):
    """Nobody was left to say that the connection was lost."""
    shown = challenged(made)
    if end == "clock":
        parts.now.now += 180
        sweep(parts)
    else:
        token = handover.offer(parts, made.session_id, made.bearer)
        opened = handover.open_link(parts, made.session_id, Bearer(token))
        handover.confirm(parts, made.session_id, made.bearer, opened.code)
        made.bearer = Bearer(token, opened.agent)
        made.connect()
    assert made.look().attempts == 1
    assert asked(parts, made)[0] == shown


def test_a_seed_that_was_never_committed_to_gives_no_steps(parts, made):
    """An event that somebody made up proves nothing about what was asked."""
    challenged(made)
    live.dropped(parts, made.live, code=live.LOST)
    foreign = [one for one in entries_of(parts) if one.event != Event.SESSION_CHALLENGE_DISCLOSED]
    assert [one.steps for one in replayed(foreign, made.session_id)] == [None]
    assert replayed(entries_of(parts), "ses_" + "0" * 32) == ()
