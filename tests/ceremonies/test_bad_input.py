"""Whoever breaks off, comes twice, comes back or turns a clock: a defined state, a code, an audit event, and no token."""

from dataclasses import replace

import pytest
from phone import VERIFIER

from idverify.audit.events import Event
from idverify.ceremonies import live, person, sessions
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.session_end import sweep
from idverify.decision.profile import Band
from idverify.errors import ChallengeReplayed, SessionExpired, SessionFinished, SessionNotFound, SessionTaken
from idverify.store import audit

from .installed import events
from .live import Capture, with_models

DAY = 86_400.0


@pytest.fixture
def parts(make_parts, acquirer):
    """A fresh installation with real models."""
    return with_models(make_parts(), acquirer)


def created(made):
    """The link was never opened."""


def fitting(made):
    """The person looked into the camera, and nothing was asked yet."""
    made.begin()
    made.connect()
    made.send()


def challenged(made):
    """A step was asked."""
    made.begin()
    made.connect().until("step")


def again(made):
    """An attempt was spent, and another one is asked for."""
    challenged(made)
    live.dropped(made.parts, made.live, code="frame_refused")


def processing(made):
    """The last frame is in, and the process that was to judge it is gone."""
    made.begin()
    made.connect().until("ahead")
    with pytest.raises(AttributeError):
        Capture.until(_with(made, signing=None), "result")


def in_review(made):
    """A reviewer is to decide."""
    profile = replace(made.parts.profiles["passive"], pad=Band(2.0, 0.0))
    made.begin()
    Capture.until(_with(made.connect(), profiles={"passive": profile}), "result")


def _with(made, **rest):
    other = Capture.__new__(Capture)
    other.__dict__.update(made.__dict__, parts=replace(made.parts, **rest))
    return other


def ended_without_token(parts, made, status):
    """The state, one event that says so, and nothing to be had."""
    assert made.look().status == status
    assert events(parts).count(Event.SESSION_ENDED) == 1
    with pytest.raises(SessionFinished):
        sessions.redeem(parts, made.client, made.session_id, code="c" * 43, verifier=VERIFIER)


@pytest.mark.parametrize(
    ("where", "while_there", "status", "code"),
    [
        (created, "created", "expired", SessionExpired),
        (fitting, "started", "abandoned", SessionFinished),
        (challenged, "started", "abandoned", SessionFinished),
        (again, "resubmission_requested", "abandoned", SessionFinished),
        (processing, "processing", "failed", SessionFinished),
        (in_review, "review", "expired", SessionExpired),
    ],
)
def test_a_client_that_vanishes_in_any_state_leaves_its_end_to_the_clock(parts, where, while_there, status, code):
    """Ten minutes, or the three days of a reviewer; who comes back after that is told so."""
    made = Capture(parts)
    where(made)
    assert made.look().status == while_there
    parts.now.now += 4 * DAY
    sweep(parts)
    assert sweep(parts) == 0
    ended_without_token(parts, made, status)
    with pytest.raises(code):
        made.begin()


def test_two_clients_with_one_token_and_the_second_is_refused_and_audited(parts):
    """As another user agent, and with everything that the first one knows; the first goes on."""
    made = Capture(parts)
    made.begin()
    with pytest.raises(SessionTaken):
        person.begin(parts, made.session_id, Bearer(made.created.client_token))
    made.connect()
    with pytest.raises(ChallengeReplayed):
        live.connect(parts, made.session_id, made.bearer, at=made.at)
    assert _refused(parts) == ["session_taken", "challenge_replayed"]
    made.send()
    assert made.look().status == "started"


def test_the_link_of_a_session_that_is_over_writes_nothing_into_the_audit(parts):
    """Whoever finds one in an old message could fill it with a loop, for as long as the session is known."""
    made = Capture(parts)
    made.begin()
    sessions.cancel(parts, made.client, made.session_id)
    with pytest.raises(SessionTaken):
        person.begin(parts, made.session_id, Bearer(made.created.client_token))
    assert _refused(parts) == []


def _refused(parts):
    with parts.store.reading() as tx:
        return [entry.details["code"] for entry in audit.events(tx) if entry.event == Event.SESSION_CONNECTION_REFUSED]


def test_a_clock_set_back_in_the_middle_of_an_attempt_gives_it_no_more_time(parts):
    """An hour back and the hour again: the attempt's three minutes count from the latest moment that was seen."""
    made = Capture(parts)
    challenged(made)
    due = parts.now.now + 180
    parts.now.now -= 3600
    assert sweep(parts) == 0
    live.dropped(parts, made.live, code=live.LOST)
    parts.now.now = due + 1
    assert sweep(parts) == 1
    assert made.look().status == "resubmission_requested"
    parts.now.now -= 3600
    assert made.look().status == "resubmission_requested"
    parts.now.now += DAY
    sweep(parts)
    ended_without_token(parts, made, "abandoned")


def test_an_attempt_resumed_after_a_restart_is_resumed_once(make_parts, acquirer, parts):
    """The dead process's claim holds for half a minute; a second restart has used the attempt up."""
    made = Capture(parts)
    challenged(made)
    for status in ("started", "resubmission_requested"):
        restarted = with_models(make_parts(), acquirer)
        restarted.now.now = made.parts.now.now
        made.parts = restarted
        with pytest.raises(ChallengeReplayed):
            made.connect()
        restarted.now.now += live.LEASE_SECONDS + 1
        made.connect()
        assert made.look().attempts == 1
        made.parts = restarted
        if status == "started":
            made.until("step")
    made.until("step")
    assert made.look().attempts == 2
    assert Event.SESSION_DECIDED not in events(made.parts)
    with pytest.raises(SessionFinished):
        sessions.redeem(made.parts, made.client, made.session_id, code="c" * 43, verifier=VERIFIER)


@pytest.mark.parametrize("where", [created, fitting, challenged, again, in_review])
def test_a_reference_deleted_meanwhile_leaves_no_session(parts, where):
    """Whatever was going on: the audit tells of the erasure, no decision was made after it, and no call finds a session."""
    made = Capture(parts)
    where(made)
    decided = events(parts).count(Event.SESSION_DECIDED)
    erase(parts, made.subject_id, actor="tester")
    if where in (fitting, challenged):
        with pytest.raises(SessionNotFound):
            made.until("result")
        live.dropped(parts, made.live, code="session_not_found")
    assert (events(parts).count(Event.SESSION_DECIDED), events(parts).count(Event.SUBJECT_ERASED)) == (decided, 1)
    for call in (made.look, made.begin, made.connect, lambda: sessions.cancel(parts, made.client, made.session_id)):
        with pytest.raises(SessionNotFound):
            call()
