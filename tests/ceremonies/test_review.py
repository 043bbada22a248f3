"""Borderline sessions: a person decides, blind first, and what was kept for that is destroyed."""

import json
from dataclasses import replace

import pytest
from phone import VERIFIER

from idverify.audit.events import Event
from idverify.ceremonies import person, review, review_decision, session_end, sessions, webhooks
from idverify.ceremonies.erasure import erase
from idverify.credentials import verdict
from idverify.decision.profile import Band
from idverify.errors import InvalidInput, RecordTampered, SessionFinished, SessionNotFound
from idverify.store import audit, tables

from .installed import events
from .live import AUDIENCE, Capture, client_of, with_models


@pytest.fixture
def parts(make_parts, acquirer):
    """An installation in which every presentation is borderline."""
    made = with_models(make_parts(), acquirer)
    return replace(made, profiles={"passive": replace(made.profiles["passive"], pad=Band(2.0, 0.0))})


@pytest.fixture
def case(parts):
    """A session that awaits a reviewer."""
    made = Capture(parts)
    made.begin()
    made.connect().until("result")
    return made


@pytest.fixture
def reviewer(parts):
    """A client that may review."""
    return client_of(parts, "sessions:review")


def _kept(parts):
    with parts.store.reading() as tx:
        return tx.execute(tables.kept_frames.select()).all()


def test_a_borderline_session_waits_with_four_sealed_frames_and_no_token(parts, case):
    """The person is told `review`, and nothing of it can be redeemed."""
    assert case.phone.result == {"type": "result", "outcome": "review"}
    assert review.waiting(parts) == [case.session_id]
    kept = _kept(parts)
    assert 1 <= len(kept) <= 4
    frames = review.view(parts, client_of(parts, "sessions:review"), case.session_id).frames
    assert len(frames) == len(kept)
    assert not any(frame[:16] in row.sealed for row in kept for frame in frames)
    with pytest.raises(SessionFinished):
        sessions.redeem(parts, case.client, case.session_id, code="c" * 43, verifier=VERIFIER)


def test_of_nine_frames_four_are_kept_for_a_reviewer(parts, case, reviewer):
    """What nobody needs for a decision is not kept for one."""
    with parts.store.transaction() as tx:
        tx.execute(tables.kept_frames.delete())
        review.keep(parts, tx, case.session_id, {number: b"frame %d" % number for number in range(9)})
    assert review.view(parts, reviewer, case.session_id).frames == (b"frame 0", b"frame 1", b"frame 2", b"frame 3")


def test_a_reviewer_answers_blind_and_only_then_decides(parts, case, reviewer):
    """Portrait and frames side by side, without a score; then the reasons; then the verdict, which says it was reviewed."""
    seen = review.view(parts, reviewer, case.session_id)
    assert seen.portrait is not None
    assert all(frame.startswith(b"\xff\xd8") for frame in seen.frames)
    with pytest.raises(InvalidInput, match="answer first"):
        review_decision.decide(parts, reviewer, case.session_id, approve=True, reason="looks right")
    assert "borderline" in review.answer(parts, reviewer, case.session_id, same_person=True)
    result = review_decision.decide(parts, reviewer, case.session_id, approve=True, reason="same scar")
    assert _kept(parts) == []
    token = sessions.redeem(parts, case.client, case.session_id, code=result["code"], verifier=VERIFIER)
    claims = verdict.validate(token, parts.signing.jwks(), audience=AUDIENCE, allow_dev=True, now=parts.now())
    assert "review" in claims.checks
    happened = events(parts)
    assert [happened.count(name) for name in (Event.REVIEW_VIEWED, Event.REVIEW_ANSWERED, Event.REVIEW_DECIDED)] == [1, 1, 1]


@pytest.mark.parametrize(("same_person", "approve"), [(False, True), (True, False), (False, False)])
def test_nothing_is_approved_against_the_blind_answer(parts, case, reviewer, same_person, approve):
    """Scores that were seen afterwards turn no answer round."""
    review.view(parts, reviewer, case.session_id)
    review.answer(parts, reviewer, case.session_id, same_person=same_person)
    assert review_decision.decide(parts, reviewer, case.session_id, approve=approve, reason="no")["outcome"] == "declined"
    assert (case.look().status, case.look().reasons) == ("declined", ("reviewed",))
    assert _kept(parts) == []


def answered(parts, reviewer, case, *, same_person=True):
    """The case, viewed and answered by this reviewer."""
    review.view(parts, reviewer, case.session_id)
    review.answer(parts, reviewer, case.session_id, same_person=same_person)


def test_a_reviewer_whom_the_pictures_leave_in_doubt_has_the_person_try_again(parts, case, reviewer):
    """The pictures go, the relying party is told, and what comes next is a new case, blind again and for anybody."""
    webhooks.set_webhook(parts, case.client.id, "https://hotel.example/hook", actor="tester")
    answered(parts, reviewer, case, same_person=False)
    parts.now.now += 7200  # the link ran out long ago
    told = review_decision.ask_again(parts, reviewer, case.session_id, reason="too dark to tell")
    assert (told["outcome"], told["attempts_left"], told["guidance"]) == ("retake", 2, ["asked_again"])
    assert (case.look().status, case.look().reasons, _kept(parts)) == ("resubmission_requested", ("reviewed",), [])
    assert person.outcome(parts, case.session_id, case.bearer) == person.Result("retake", ("asked_again",))
    body = json.loads(webhooks.take(parts).delivery.body)
    assert (body["type"], body["status"]) == ("session.asked_again", "resubmission_requested")
    parts.now.now += 23 * 3600
    case.phone.heard.clear()
    case.connect().until("result")
    assert (case.phone.result["outcome"], case.look().attempts) == ("review", 2)
    other = client_of(parts, "sessions:review")
    answered(parts, other, case)
    assert review_decision.decide(parts, other, case.session_id, approve=True, reason="now it is")["outcome"] == "approved"
    with parts.store.reading() as tx:
        decided = [entry.details for entry in audit.events(tx) if entry.event == Event.REVIEW_DECIDED]
    assert [one.get("ask_again", False) for one in decided] == [True, False]


def test_nobody_is_asked_again_without_an_attempt_an_answer_or_a_reason(parts, case, reviewer):
    """Three attempts a session hold for reviewers too."""
    with pytest.raises(InvalidInput, match="answer first"):
        review_decision.ask_again(parts, reviewer, case.session_id, reason="dark")
    for number in range(3):
        answered(parts, reviewer, case)
        with pytest.raises(InvalidInput, match="reason"):
            review_decision.ask_again(parts, reviewer, case.session_id, reason="")
        if number < 2:
            review_decision.ask_again(parts, reviewer, case.session_id, reason="dark")
            case.connect().until("result")
    with pytest.raises(InvalidInput, match="no attempt is left"):
        review_decision.ask_again(parts, reviewer, case.session_id, reason="dark")
    assert case.look().status == "review"


def test_two_reviewers_cannot_decide_once_each(parts, case, reviewer):
    """Who answered first decides, once."""
    other = client_of(parts, "sessions:review")
    for one in (reviewer, other):
        review.view(parts, one, case.session_id)
    review.answer(parts, reviewer, case.session_id, same_person=True)
    with pytest.raises(InvalidInput):
        review.answer(parts, other, case.session_id, same_person=True)
    with pytest.raises(InvalidInput):
        review_decision.decide(parts, other, case.session_id, approve=True, reason="mine")
    review_decision.decide(parts, reviewer, case.session_id, approve=True, reason="first")
    with pytest.raises(SessionFinished):
        review_decision.decide(parts, reviewer, case.session_id, approve=False, reason="again")


def test_no_verdict_names_models_that_did_not_judge(parts, case, reviewer, monkeypatch):
    """Another pack at the next start, or a profile that went out of service with it: asked again, or rejected; never approved."""
    answered(parts, reviewer, case)
    out_of_service = replace(parts, profiles={})
    with monkeypatch.context() as restarted:
        restarted.setattr(type(parts.acquirer.engine), "pack", "other@" + "0" * 64)
        for changed in (parts, out_of_service):
            with pytest.raises(InvalidInput, match="other models"):
                review_decision.decide(changed, reviewer, case.session_id, approve=True, reason="same scar")
    result = review_decision.decide(parts, reviewer, case.session_id, approve=True, reason="same scar")
    halves = {"code": result["code"], "verifier": VERIFIER}
    with pytest.raises(SessionFinished):
        sessions.redeem(out_of_service, case.client, case.session_id, **halves)
    with monkeypatch.context() as restarted:
        restarted.setattr(type(parts.acquirer.engine), "pack", "other@" + "0" * 64)
        with pytest.raises(SessionFinished):
            sessions.redeem(parts, case.client, case.session_id, **halves)
    assert sessions.redeem(parts, case.client, case.session_id, **halves)


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 201])
def test_a_decision_needs_a_reason(parts, case, reviewer, reason):
    """For the audit, on one line."""
    review.view(parts, reviewer, case.session_id)
    review.answer(parts, reviewer, case.session_id, same_person=True)
    with pytest.raises(InvalidInput):
        review_decision.decide(parts, reviewer, case.session_id, approve=True, reason=reason)


def test_undecided_means_expired_and_destroyed(parts, case, reviewer):
    """After 72 hours, by the clock alone."""
    parts.now.now += 72 * 3600
    assert session_end.sweep(parts) == 1
    assert case.look().status == "expired"
    assert _kept(parts) == []
    with pytest.raises(SessionFinished):
        review.view(parts, reviewer, case.session_id)


def test_erasing_the_subject_destroys_the_case(parts, case, reviewer):
    """Nothing is left to view."""
    erase(parts, case.subject_id, actor="tester")
    assert _kept(parts) == []
    with pytest.raises(SessionNotFound):
        review.view(parts, reviewer, case.session_id)


def test_a_frame_moved_to_another_case_does_not_open(parts, case, reviewer):
    """Each is sealed for its session and number."""
    with parts.store.transaction() as tx:
        rows = tx.execute(tables.kept_frames.select().order_by(tables.kept_frames.c.number)).all()
        where = tables.kept_frames.c.number == rows[0].number
        tx.execute(tables.kept_frames.update().where(where).values(sealed=rows[1].sealed))
    with pytest.raises(RecordTampered):
        review.view(parts, reviewer, case.session_id)
