"""Live sessions on each kind of database: what a claim, a lost connection, a clock and an erasure leave in its rows."""

import threading
from dataclasses import replace

import pytest
from phone import VERIFIER

from idverify.audit.events import Event
from idverify.ceremonies import live, review, sessions
from idverify.ceremonies.challenge_record import replayed
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.session_end import sweep
from idverify.decision.profile import Band
from idverify.errors import AttemptsExhausted, ChallengeReplayed, SessionNotFound
from idverify.store import audit, tables

from .installed import events
from .live import Capture, client_of, with_models


@pytest.fixture
def parts(make_parts, acquirer, database_url):
    """A fresh installation on each kind of database."""
    return with_models(make_parts(database_url), acquirer)


def test_of_connections_at_one_moment_one_has_the_challenge(parts):
    """Eight threads, five times over: one is told hello, seven are refused and audited."""
    made = Capture(parts)
    made.begin()
    for time in range(1, 6):
        claimed, refused, barrier = [], [], threading.Barrier(8)

        def connect(claimed=claimed, refused=refused, barrier=barrier):
            barrier.wait()
            try:
                claimed.append(live.connect(parts, made.session_id, made.bearer, at=0.0)[0])
            except ChallengeReplayed:
                refused.append(1)

        threads = [threading.Thread(target=connect) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(claimed), len(refused)) == (1, 7)
        assert events(parts).count(Event.SESSION_CONNECTION_REFUSED) == 7 * time
        live.dropped(parts, claimed[0], code=live.LOST)


def test_a_session_is_lost_taken_up_again_approved_and_redeemed(parts):
    """Its attempt counts once, the limit of the day holds, and the audit replays both of its challenges."""
    parts = replace(parts, limits=replace(parts.limits, live_subject=1))
    made = Capture(parts)
    made.begin()
    made.connect().until("step")
    first = made.live.conductor.steps
    live.dropped(parts, made.live, code=live.LOST)
    made.connect().until("result")
    with parts.store.reading() as tx:
        assert [one.steps for one in replayed(audit.events(tx), made.session_id)] == [first, made.live.conductor.steps]
    halves = {"code": made.phone.result["code"], "verifier": VERIFIER}
    token = sessions.redeem(parts, made.client, made.session_id, **halves)
    assert token == sessions.redeem(parts, made.client, made.session_id, **halves)
    assert (made.look().status, made.look().attempts, made.look().redeemed) == ("approved", 1, True)
    other = Capture(parts, client=made.client, subject_id=made.subject_id)
    other.begin()
    with pytest.raises(AttemptsExhausted):
        other.connect()


def test_a_case_waits_with_its_frames_and_the_clock_destroys_them(parts):
    """As does the erasure of its subject: every row of the session goes."""
    borderline = replace(parts.profiles["passive"], pad=Band(2.0, 0.0))
    parts = replace(parts, profiles={"passive": borderline})
    reviewer = client_of(parts, "sessions:review")
    made = Capture(parts)
    made.begin()
    made.connect().until("result")
    assert len(review.view(parts, reviewer, made.session_id).frames) == review.FRAMES
    parts.now.now += 72 * 3600
    assert (sweep(parts), made.look().status) == (1, "expired")
    with parts.store.reading() as tx:
        assert tx.execute(tables.kept_frames.select()).all() == []
    erase(parts, made.subject_id, actor="tester")
    with pytest.raises(SessionNotFound):
        made.look()
