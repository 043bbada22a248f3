"""What a hostile client, a tired person and a clock found out about live sessions."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from attested import AppKey, trust
from phone import SAMPLES, VERIFIER, frame

from idverify.audit.events import Event
from idverify.ceremonies import handover, live, person, review, review_decision, session_end, sessions, webhooks
from idverify.ceremonies.challenge_record import replayed
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.kept_portraits import renew_reference
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.portraits import remove_portrait
from idverify.decision.profile import Band
from idverify.errors import ChallengeReplayed, InvalidInput, NoReference, RecordTampered
from idverify.liveness.challenge import Kind
from idverify.registry.claims import Claims
from idverify.registry.portraits import SOURCES, Portrait, portrait_id
from idverify.store import audit, tables

from .installed import events
from .live import Capture, client_of, enrolled, with_models


@pytest.fixture
def parts(make_parts, acquirer):
    """A fresh installation with real models."""
    return with_models(make_parts(), acquirer)


@pytest.mark.parametrize("still", [False, True])
def test_a_stream_with_too_few_frames_to_tell_is_not_accepted(parts, still):
    """Two frames a second, like clockwork, and even one picture byte for byte: no signal was measured, and none passes."""
    made = Capture(parts)
    made.begin()
    made.connect()
    jpeg = frame("obama.jpg", 0)
    while made.phone.result is None:
        made.at += 0.5
        parts.now.now += 0.5
        made.live, said = live.receive(parts, made.live, made.phone.message(jpeg if still else None), at=made.at)
        for one in said:
            made.phone.hear(one)
    assert made.phone.result["outcome"] == "retake"


def test_what_one_device_attested_does_not_vouch_for_another(parts):
    """An attested app begins, hands over to a computer with a virtual camera, and its own level must stay behind."""
    made, key = believing(parts), AppKey()
    made.begin()
    assert attest(made, made.bearer, key) == "app"
    made.bearer, _ = handed_over(parts, made)
    made.connect().until("result")
    assert made.phone.result["outcome"] == "retake"
    assert made.look().reasons == ("not_attested",)


def test_a_device_that_attests_after_a_handover_does_not_vouch_for_the_stream_under_way(parts):
    """The other way round: a computer streams already while an attested app takes the session over."""
    made, key = believing(parts), AppKey()
    made.begin()
    made.connect().until("step")
    second, _ = handed_over(parts, made)
    attest(made, second, key)
    with pytest.raises(ChallengeReplayed):
        made.until("result")
    assert made.look().status == "started"


def believing(parts):
    """A session of an installation that believes the tests' keys, and demands one for what a photograph meets otherwise."""
    profile = replace(parts.profiles["passive"], name="active-high", attestation=frozenset({"app"}))
    profiles = {**parts.profiles, "active-high": profile}
    return Capture(replace(parts, profiles=profiles, attestation=trust(parts.now())), profile="active-high")


def attest(made, bearer, key):
    """The device of this bearer shows this key."""
    return person.attest(made.parts, made.session_id, bearer, key.kind, key.attestation(bytes.fromhex(made.created.nonce)))


def handed_over(parts, made):
    """The second device's bearer, and the first's."""
    offered = handover.offer(parts, made.session_id, made.bearer)
    opened = handover.open_link(parts, made.session_id, Bearer(offered))
    handover.confirm(parts, made.session_id, made.bearer, opened.code)
    return Bearer(offered, opened.agent), made.bearer


def test_the_last_attempt_of_the_day_may_be_taken_up_again_as_any_other(parts):
    """It was counted when its first step was revealed; coming back counts nothing more."""
    first = Capture(parts)
    for number in range(3):
        made = first if number == 0 else Capture(parts, client=first.client, subject_id=first.subject_id)
        made.begin()
        made.connect().until("step")
    last = Capture(parts, client=first.client, subject_id=first.subject_id)
    last.begin()
    last.connect().until("step")
    live.dropped(parts, last.live, code=live.LOST)
    last.connect().until("result")
    assert last.phone.result["outcome"] == "approved"


@pytest.mark.parametrize("code", [live.LOST, "frame_refused"])
def test_the_last_attempt_lost_ends_the_session_as_any_other_end_does(parts, code):
    """Declined: audited, and told by webhook."""
    made = Capture(parts)
    webhooks.set_webhook(parts, made.client.id, "https://hotel.example/hook", actor="tester")
    made.begin()
    for _ in range(3):
        made.connect().until("step")
        live.dropped(parts, made.live, code=code)
        if code == live.LOST:
            made.connect()
            live.dropped(parts, made.live, code=code)
    assert made.look().status == "declined"
    assert Event.SESSION_ENDED in events(parts)
    assert webhooks.show_webhook(parts, made.client.id).deliveries.waiting == 1


def test_who_asks_for_no_flashing_light_is_shown_none_when_coming_back(parts):
    """The person broke off because of the colours: the attempt is over, and the next one has none."""
    made = Capture(parts, profile="active")
    made.begin()
    made.connect().until("step")
    assert Kind.COLOURS in [step.kind for step in made.live.conductor.steps]
    live.dropped(parts, made.live, code=live.LOST)
    made.begin(flashing=False)
    made.connect()
    assert Kind.COLOURS not in [step.kind for step in made.live.conductor.steps]
    assert made.look().attempts == 1
    made.until("step")
    assert made.look().attempts == 2


def test_a_damaged_session_keeps_no_other_from_being_swept(parts):
    """Nor does one that was erased while others were being swept."""
    damaged, other = Capture(parts), None
    other = Capture(parts, client=damaged.client, subject_id=damaged.subject_id)
    with parts.store.transaction() as tx:
        table = tables.sessions
        tx.execute(table.update().where(table.c.session_id == damaged.session_id).values(sealed=b"x" * 40, due_at=0.0))
    parts.now.now += 600
    with pytest.raises(RecordTampered):
        session_end.sweep(parts)
    with parts.store.reading() as tx:
        assert (
            tx.execute(tables.sessions.select().where(tables.sessions.c.session_id == other.session_id)).one().state
            == "expired"
        )


def test_a_session_erased_while_others_are_swept_stops_nothing(parts, monkeypatch):
    """Its subject went between the look and the sweep."""
    made = Capture(parts)
    parts.now.now += 600
    gone = ["ses_" + "0" * 32, made.session_id]
    monkeypatch.setattr(session_end.sessions, "due", lambda _tx, _now: gone)
    session_end.sweep(parts)
    assert made.look().status == "expired"
    assert Event.SESSION_ENDED in events(parts)


def in_review(parts, **rest):
    """A borderline case."""
    profile = replace(parts.profiles["passive"], pad=Band(1.01, 0.0))
    made = Capture(replace(parts, profiles={**parts.profiles, "passive": profile}), **rest)
    made.begin()
    made.connect().until("result")
    assert made.phone.result["outcome"] == "review"
    return made, client_of(parts, "sessions:review")


def test_nobody_answers_a_case_without_having_viewed_it(parts):
    """The audit would have an approval and no view."""
    made, reviewer = in_review(parts)
    with pytest.raises(InvalidInput):
        review.answer(parts, reviewer, made.session_id, same_person=True)


def test_a_case_without_a_portrait_awaits_nobody(parts):
    """There is nothing that the frames could be compared with: another attempt is asked for instead."""
    parts = replace(parts, profiles={"passive": replace(parts.profiles["passive"], pad=Band(2.0, 0.0))})
    made = Capture(parts, by_reference=True)
    made.begin()
    made.connect().until("result")
    assert made.phone.result["outcome"] == "retake"
    assert review.waiting(parts) == []


def test_the_verdict_of_a_reviewed_session_can_be_had_when_its_person_comes_back(parts):
    """An hour after the approval, which the person could not foresee."""
    made, reviewer = in_review(parts)
    review.view(parts, reviewer, made.session_id)
    review.answer(parts, reviewer, made.session_id, same_person=True)
    review_decision.decide(parts, reviewer, made.session_id, approve=True, reason="the same man")
    parts.now.now += 3600
    code = person.outcome(parts, made.session_id, made.bearer).code
    assert sessions.redeem(parts, made.client, made.session_id, code=code, verifier=VERIFIER)


def test_a_person_who_cannot_get_into_the_picture_for_minutes_does_not_lose_an_attempt_to_that(parts):
    """Four and a half minutes of an empty chair at 12 frames a second, and then an honest attempt."""
    made = Capture(parts)
    made.begin()
    made.connect()
    made.live = replace(made.live, pace=replace(made.live.pace, frames=2975))
    made.until("step")
    made.until("result")
    assert made.phone.result["outcome"] == "approved"


def test_the_audit_replays_a_challenge_whose_person_declined_something_afterwards(parts):
    """A begin between the first step and the end changes nothing of what was asked."""
    made = Capture(parts, profile="active")
    made.begin()
    made.connect().until("step")
    made.begin(movement=False, flashing=False)
    made.until("result", limit=300)
    with parts.store.reading() as tx:
        (challenge,) = replayed(audit.events(tx), made.session_id)
    assert challenge.steps == made.live.conductor.steps


def test_a_portrait_that_is_removed_during_a_session_vouches_for_nobody_at_its_end(parts):
    """It was found to show somebody else: what counts is the reference as it is when the attempt is submitted."""
    subject_id = enrolled(parts, (SAMPLES / "biden.jpg").read_bytes())
    wrong = (SAMPLES / "obama2.jpg").read_bytes()
    with parts.store.transaction() as tx:  # the service itself would refuse it
        added = Portrait(portrait_id(b"1" * 16), parts.now(), SOURCES[0], wrong)
        reference = parts.acquirer.acquire(wrong).template
        renew_reference(parts, tx, subject_id, reference, Event.PORTRAIT_ADDED, actor="tester", added=added)
    outcomes = []
    for remove in (False, True):
        made = Capture(parts, subject_id=subject_id)
        made.begin()
        made.connect().until("ahead")
        if remove:
            remove_portrait(parts, subject_id, added.portrait_id, actor="tester")
        made.until("result")
        outcomes.append((made.phone.result["outcome"], made.look().reasons))
    assert outcomes == [("approved", ()), ("declined", ("non_match",))]


def test_a_record_that_runs_out_during_a_session_ends_the_attempt_with_its_code(parts):
    """At midnight: no token, and no connection for another attempt either."""
    parts.now.now += 86_340 - parts.now.now % 86_400
    today = datetime.fromtimestamp(parts.now(), UTC).date().isoformat()
    portrait = (SAMPLES / "obama2.jpg").read_bytes()
    claims = Claims(name="Jane Specimen", valid_until=today)
    subject = enrol(parts, identifier="A-17", claims=claims, legal_basis="consent", portrait=portrait, actor="tester")
    made = Capture(parts, subject_id=subject.subject_id)
    made.begin()
    made.connect().until("ahead")
    parts.now.now += 60
    with pytest.raises(NoReference) as ended:
        made.until("result")
    live.dropped(parts, made.live, code=ended.value.code)
    assert (made.look().status, made.look().decision) == ("resubmission_requested", None)
    with pytest.raises(NoReference):
        made.connect()
