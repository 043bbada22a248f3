"""A session's life: whatever happens in whatever order, it ends, and nothing is had twice."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from idverify.api.routes_person import COOKIE_SECONDS
from idverify.errors import RecordTampered, SessionExpired, SessionFinished
from idverify.sessions import state
from idverify.sessions.state import MAX_ATTEMPTS, TERMINAL, State


def _revealed(now=0.0):
    return state.reveal(state.start(state.begin(now), now), now)


def _processing(now=0.0):
    return state.processing(state.submit(_revealed(now), now), now)


def test_the_plain_way_leads_from_a_link_to_an_approval():
    """Every state of it, in order."""
    session = state.begin(0.0)
    assert session.state is State.CREATED
    session = state.start(session, 1.0)
    session = state.reveal(session, 2.0)
    assert session.attempt == 1
    session = state.submit(session, 20.0)
    session = state.decide(state.processing(session, 20.0), State.APPROVED, 21.0)
    assert session.state is State.APPROVED
    assert session.due == math.inf


def test_a_link_that_nobody_opens_expires_and_can_be_extended_once():
    """Ten minutes, and ten more for who asks."""
    session = state.begin(0.0)
    assert state.expire(session, 599.9).state is State.CREATED
    assert state.expire(session, 600.0).state is State.EXPIRED
    longer = state.extend(session, 10.0)
    assert state.expire(longer, 1199.0).state is State.CREATED
    with pytest.raises(SessionFinished):
        state.extend(longer, 11.0)
    with pytest.raises(SessionExpired):
        state.start(session, 601.0)


def test_no_session_outlasts_the_longest_time():
    """A slow person whom a slow reviewer asks again as often as may be: the secret of their browser is good for all of it."""
    early = 1.0
    session = state.extend(state.begin(0.0), 0.0)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        session = state.start(session, session.due - early)
        session = state.reveal(session, session.due - early)
        session = state.processing(state.submit(session, session.due - early), session.seen_at)
        session = state.decide(session, State.REVIEW, session.due - early)
        assert session.attempt == attempt
        reviewed = session.due - early
        if attempt < MAX_ATTEMPTS:
            session = state.decide(session, State.RESUBMISSION_REQUESTED, reviewed)
    assert state.LONGEST_SECONDS - 60 < reviewed <= state.LONGEST_SECONDS <= COOKIE_SECONDS


def test_an_attempt_is_spent_when_its_first_step_is_revealed_whoever_breaks_off():
    """Before that, a lost connection costs nothing; after it, the attempt is taken up once, and then it is over."""
    started = state.start(state.begin(0.0), 0.0)
    assert state.lose(started, 1.0).attempt == 0
    revealed = state.reveal(started, 1.0)
    lost = state.lose(revealed, 2.0)
    assert (lost.state, lost.attempt) == (State.STARTED, 1)
    again = state.resume(lost, 3.0)
    with pytest.raises(SessionFinished):
        state.resume(again, 4.0)
    over = state.lose(again, 5.0)
    assert (over.state, over.attempt, over.revealed_at) == (State.RESUBMISSION_REQUESTED, 1, None)


def test_three_attempts_and_no_more():
    """The third that fails declines the session."""
    session = state.begin(0.0)
    for attempt in (1, 2, 3):
        session = state.spoil(state.reveal(state.start(session, 0.0), 0.0), 0.0)
        assert session.attempt == attempt
    assert session.state is State.DECLINED
    with pytest.raises(SessionFinished):
        state.start(session, 1.0)


def test_an_attempt_has_180_seconds_from_its_first_step():
    """Longer than the link, if it must be: who began in time may end."""
    session = state.reveal(state.start(state.begin(0.0), 590.0), 595.0)
    assert state.expire(session, 700.0).state is State.STARTED
    late = state.expire(session, 595.0 + 180.0)
    assert late.state is State.ABANDONED  # the link is over too
    early = state.expire(_revealed(), 180.0)
    assert (early.state, early.attempt) == (State.RESUBMISSION_REQUESTED, 1)


def test_a_decision_that_never_comes_is_a_fault_and_gives_the_attempt_back():
    """A crash between the last frame and the decision."""
    session = _processing()
    assert state.expire(session, 59.0).state is State.PROCESSING
    assert state.expire(session, 60.0).state is State.FAILED
    credited = state.credit(session, 10.0)
    assert (credited.state, credited.attempt) == (State.RESUBMISSION_REQUESTED, 0)


def test_undecided_by_a_reviewer_means_expired():
    """72 hours, to the second."""
    session = state.decide(_processing(), State.REVIEW, 1.0)
    assert state.expire(session, 72 * 3600.0).state is State.REVIEW
    assert state.expire(session, 72 * 3600.0 + 1).state is State.EXPIRED


def test_who_is_asked_again_by_a_reviewer_has_a_day_to_come_back():
    """However long the link had run out while the case waited; and never for a fourth attempt."""
    session = state.decide(_processing(), State.REVIEW, 1.0)
    again = state.decide(session, State.RESUBMISSION_REQUESTED, 40_000.0)
    assert state.start(again, 40_000.0 + 24 * 3600 - 1).state is State.STARTED
    assert state.expire(again, 40_000.0 + 24 * 3600).state is State.ABANDONED
    for _ in range(2):
        second = state.processing(state.submit(state.reveal(state.start(again, 40_001.0), 40_001.0), 40_001.0), 40_001.0)
        session = state.decide(second, State.REVIEW, 40_002.0)
        if session.attempt < MAX_ATTEMPTS:
            again = state.decide(session, State.RESUBMISSION_REQUESTED, 40_003.0)
    with pytest.raises(ValueError, match="no attempt"):
        state.decide(session, State.RESUBMISSION_REQUESTED, 40_004.0)


def test_a_clock_that_is_set_back_gives_no_time_back():
    """The latest moment ever seen counts."""
    session = state.expire(state.begin(1000.0), 1599.0)
    assert state.expire(session, 0.0).seen_at == 1599.0
    assert state.expire(state.start(session, -5.0), 1600.0).state is State.ABANDONED


@pytest.mark.parametrize("damage", [{"state": "none"}, {"attempt": None, "x": 1}, {}])
def test_a_malformed_record_is_tampering(damage):
    """What was written by us always reads."""
    members = state.to_json(_revealed())
    assert state.from_json(members) == _revealed()
    with pytest.raises(RecordTampered):
        state.from_json({**members, **damage} if damage else [])


class Life(RuleBasedStateMachine):
    """Everything that can be done to a session, at any moment, in any order, with a clock that also runs backwards."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.session = state.begin(0.0)
        self.reveals = 0
        self.credits = 0
        self.approved_after_reveal = True

    def _do(self, change):
        before = self.session
        final = state.expire(before, self.now).state in TERMINAL
        try:
            self.session = change(before)
        except (SessionFinished, SessionExpired, ValueError):
            return False
        if final and change is not self._clock:
            assert self.session.state in TERMINAL
        return True

    def _clock(self, session):
        return state.expire(session, self.now)

    @rule(seconds=st.sampled_from([-500.0, -1.0, 0.5, 30.0, 61.0, 179.0, 181.0, 601.0, 260_000.0]))
    def time_passes(self, seconds):
        self.now += seconds
        self._do(self._clock)

    @rule(name=st.sampled_from(["start", "submit", "processing", "lose", "resume", "spoil", "cancel", "extend"]))
    def event(self, name):
        self._do(lambda session: getattr(state, name)(session, self.now))

    @rule()
    def reveal(self):
        self.reveals += self._do(lambda session: state.reveal(session, self.now))

    @rule()
    def credit(self):
        before = self.session.attempt
        if self._do(lambda session: state.credit(session, self.now)):
            self.credits += before - self.session.attempt

    @precondition(lambda self: self.session.state in {State.PROCESSING, State.REVIEW})
    @rule(outcome=st.sampled_from(sorted(State)))
    def decide(self, outcome):
        self._do(lambda session: state.decide(session, outcome, self.now))

    @invariant()
    def attempts_are_what_was_revealed_less_what_was_given_back(self):
        assert self.session.attempt == self.reveals - self.credits
        assert 0 <= self.session.attempt <= MAX_ATTEMPTS

    @invariant()
    def nothing_is_decided_without_an_attempt(self):
        if self.session.state in {State.SUBMITTED, State.PROCESSING, State.REVIEW, State.APPROVED}:
            assert self.session.attempt >= 1
            assert self.session.revealed_at is not None

    @invariant()
    def it_is_final_or_the_clock_will_end_it(self):
        assert (self.session.state in TERMINAL) == (self.session.due == math.inf)

    @invariant()
    def it_reads_back_as_it_was_written(self):
        assert state.from_json(state.to_json(self.session)) == self.session


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
