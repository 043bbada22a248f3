"""Live sessions in process and in virtual time: real models, a real store, a phone that speaks the stream's protocol."""

import os
import random
from dataclasses import replace

import numpy as np
import pytest
from phone import VERIFIER, frame

from idverify.audit.events import Event
from idverify.ceremonies import handover, live, person, session_record, sessions
from idverify.ceremonies.challenge_record import Challenge, replayed
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.session_end import sweep
from idverify.ceremonies.webhooks import set_webhook, show_webhook
from idverify.credentials import verdict
from idverify.errors import (
    AttemptsExhausted,
    AttestationRefused,
    ChallengeReplayed,
    FrameRefused,
    ImageRejected,
    InvalidInput,
    RecordTampered,
    SessionExpired,
    SessionFinished,
    SessionNotFound,
    SessionTaken,
    SigningUnavailable,
)
from idverify.liveness.challenge import SEED_BYTES
from idverify.sessions.envelope import open_frame
from idverify.store import audit, tables
from idverify.store import sessions as store_sessions

from .live import AUDIENCE, PERIOD, Capture, client_of, with_models


@pytest.fixture
def parts(make_parts, acquirer):
    """A fresh installation with real models."""
    return with_models(make_parts(), acquirer)


@pytest.fixture
def capture(parts):
    """A session that has begun and is connected."""
    made = Capture(parts)
    made.begin()
    return made.connect()


def _events(parts):
    with parts.store.reading() as tx:
        return [(entry.event, entry.details) for entry in audit.events(tx)]


def _names(parts):
    return [name for name, _ in _events(parts)]


def test_a_person_before_the_camera_is_approved_and_the_verdict_says_what_was_met(parts, capture):
    """From the link to the token, which names the profile, the checks and the session."""
    capture.until("result")
    assert capture.phone.result["outcome"] == "approved"
    token = sessions.redeem(parts, capture.client, capture.session_id, code=capture.phone.result["code"], verifier=VERIFIER)
    claims = verdict.validate(token, parts.signing.jwks(), audience=AUDIENCE, nonce="n" * 16, allow_dev=True, now=parts.now())
    assert claims.acr == "urn:idverify:acr:live-passive"
    assert claims.transaction_id == capture.session_id
    assert {"challenge", "pad", "continuity", "injection", "comparison"} <= set(claims.checks)
    assert (capture.look().decision, capture.look().redeemed) == ("accepted", True)


def test_the_backend_reads_no_score_and_before_redemption_no_decision(parts, capture):
    """An approval alone proves nothing about who stands before the relying party."""
    capture.until("result")
    told = capture.look()
    assert (told.status, told.decision, told.checks) == ("approved", None, ())
    assert not any(isinstance(getattr(told, name), float) for name in ("status", "decision", "reasons", "checks"))


def test_another_person_is_declined_and_is_told_nothing_more(parts):
    """A stranger's face: no guidance to climb by, and no second attempt."""
    made = Capture(parts)
    made.begin()
    made.connect("biden.jpg").until("result")
    assert made.phone.result == {"type": "result", "outcome": "declined"}
    assert made.look().reasons == ("non_match",)
    with pytest.raises(SessionFinished):
        made.connect()


def test_a_reference_that_was_sent_along_serves_as_well(parts):
    """The token then names no subject, but the photograph's digest."""
    made = Capture(parts, by_reference=True)
    made.begin()
    made.connect().until("result")
    token = sessions.redeem(parts, made.client, made.session_id, code=made.phone.result["code"], verifier=VERIFIER)
    claims = verdict.validate(token, parts.signing.jwks(), audience=AUDIENCE, allow_dev=True, now=parts.now())
    assert (claims.subject, claims.reference_source) == (None, "caller")


def test_frames_before_the_first_step_cost_no_attempt_and_are_no_evidence(parts, capture):
    """Guidance only: nothing of them is analysed."""
    for _ in range(8):
        capture.send()
    assert capture.live.analyses == {}
    assert capture.live.conductor.evidence == ()
    assert capture.look().attempts == 0
    capture.until("step")
    assert capture.look().attempts == 1
    capture.send(capture.phone.message())
    assert all(one.reveals >= 1 for one in capture.live.conductor.evidence)


def test_a_frame_on_its_way_when_a_step_was_revealed_is_no_evidence(parts, capture):
    """It was made before the step was known."""
    while not any(said["type"] == "step" for said in capture.phone.heard):
        chain_before = capture.phone.chain
        capture.send()
    in_flight = replace(capture.phone.chain, outstanding=None)
    assert chain_before.sequence < in_flight.sequence
    capture.phone.chain, kept = in_flight, capture.phone.chain
    message = capture.phone.message()
    capture.phone.chain = replace(capture.phone.chain, outstanding=kept.outstanding)
    capture.send(message)
    assert capture.live.conductor.evidence == ()
    capture.send()
    assert len(capture.live.conductor.evidence) == 1


def test_two_connections_at_one_moment_and_only_one_has_the_challenge(parts, capture):
    """The second is refused and audited; the first goes on."""
    with pytest.raises(ChallengeReplayed):
        live.connect(parts, capture.session_id, capture.bearer, at=capture.at)
    assert Event.SESSION_CONNECTION_REFUSED in _names(parts)
    capture.until("result")
    assert capture.phone.result["outcome"] == "approved"


def test_a_connection_that_was_taken_over_after_its_lease_can_no_longer_decide(parts, capture):
    """A stalled worker wakes up: its session is another's by now."""
    capture.until("step")
    parts.now.now += live.LEASE_SECONDS + 1
    other = Capture.__new__(Capture)
    other.__dict__.update(capture.__dict__)
    other.connect()
    with pytest.raises(ChallengeReplayed):
        capture.until("result")
    other.until("result")
    assert other.phone.result["outcome"] == "approved"


def test_a_lost_connection_is_resumed_once_with_the_same_kinds_of_step(parts, acquirer):
    """In a new order, from a new seed; a second loss has used the attempt up."""
    made = Capture(parts, profile="active")
    made.begin()
    made.connect().until("step")
    kinds = sorted(step.kind for step in made.live.conductor.steps)
    live.dropped(parts, made.live, code=live.LOST)
    first_seed = made.live.seed
    made.connect()
    assert sorted(step.kind for step in made.live.conductor.steps) == kinds
    assert made.live.seed != first_seed
    assert made.look().attempts == 1
    made.until("step")
    assert made.look().attempts == 1
    live.dropped(parts, made.live, code=live.LOST)
    assert made.look().status == "resubmission_requested"


def test_a_last_attempt_that_a_lost_connection_ends_is_an_end_like_any_other(parts, acquirer):
    """Audited once, and told by webhook."""
    made = Capture(parts, profile="active")
    set_webhook(parts, made.client.id, "https://hotel.example/idverify", actor="tester")
    made.begin()
    for _ in range(6):
        made.connect().until("step")
        live.dropped(parts, made.live, code=live.LOST)
    assert made.look().status == "declined"
    assert _names(parts).count(Event.SESSION_ENDED) == 1
    assert show_webhook(parts, made.client.id).deliveries.waiting == 1


def test_a_connection_that_outlives_its_link_leaves_the_end_to_the_clock(parts, capture):
    """The session is abandoned, audited once, however late the connection is given up."""
    parts.now.now += 600
    live.dropped(parts, capture.live, code="session_finished")
    assert sweep(parts) == 1
    assert capture.look().status == "abandoned"
    assert _names(parts).count(Event.SESSION_ENDED) == 1


def test_a_session_survives_a_restart_of_the_service_between_two_calls(make_parts, acquirer, parts):
    """Everything that matters is in the store: another process takes over, and the claim of the dead one lapses."""
    made = Capture(parts)
    made.begin()
    made.connect()
    again = with_models(make_parts(), acquirer)
    made.parts = again
    again.now.now += live.LEASE_SECONDS + 1
    made.connect().until("result")
    assert made.phone.result["outcome"] == "approved"


def test_a_photograph_without_life_is_stopped_by_its_frozen_frames(parts, capture):
    """One picture sent again and again: identical frames are no camera's."""
    still = frame("obama.jpg", 0)
    while capture.phone.result is None:
        capture.send(capture.phone.message(still))
    assert capture.phone.result["outcome"] == "declined"
    assert capture.look().reasons == ("suspected_injection",)


def test_a_challenge_that_is_not_followed_is_not_passed(parts):
    """A still photograph under the profile active: the deadline passes, and another attempt is asked for."""
    made = Capture(parts, profile="active")
    made.begin()
    made.connect().until("result", limit=300)
    assert made.phone.result["outcome"] == "retake"
    assert made.look().reasons[0] in {"challenge_not_passed", "failure_to_assess"}
    assert made.phone.result["attempts_left"] == 2


def test_active_high_is_never_met_without_attestation(parts):
    """Missing evidence is never a pass."""
    profile = replace(parts.profiles["passive"], name="active-high", attestation=frozenset({"device"}))
    made = Capture(replace(parts, profiles={**parts.profiles, "active-high": profile}), profile="active-high")
    made.begin()
    made.connect().until("result")
    assert made.phone.result["outcome"] == "retake"
    assert made.look().reasons == ("not_attested",)


def test_why_an_attestation_was_refused_is_in_the_audit_alone(parts, capture):
    """The caller learns that it was."""
    with pytest.raises(AttestationRefused, match=r"^the attestation was refused$"):
        person.attest(parts, capture.session_id, capture.bearer, "android_key", b"")
    assert (Event.SESSION_ATTESTATION_REFUSED, "chain_length") in [(name, told.get("reason")) for name, told in _events(parts)]


@pytest.mark.parametrize("damage", ["replayed", "skipped", "tampered", "foreign", "text"])
def test_a_message_that_breaks_the_chain_ends_the_connection_and_a_begun_attempt(parts, capture, damage):
    """No honest client sends one: the attempt is used up, an event says so, and no token comes of it."""
    capture.until("step")
    last = capture.phone.message()
    capture.send(last)
    message = {
        "replayed": last,
        "skipped": (capture.phone.message(), capture.phone.message())[1],
        "tampered": capture.phone.message()[:-1] + b"\0",
        "foreign": b"\0" * 4 + last[4:],
        "text": b"hello",
    }[damage]
    with pytest.raises(FrameRefused) as refusal:
        capture.send(message)
    live.dropped(parts, capture.live, code=refusal.value.code)
    assert capture.look().status == "resubmission_requested"
    assert (Event.SESSION_CONNECTION_LOST, "frame_refused") in [(name, details.get("code")) for name, details in _events(parts)]


def test_which_frames_are_analysed_nobody_can_foresee(parts, monkeypatch):
    """Two sessions with the same challenge and the same frames at the same moments, and other random bytes: other frames."""
    analysed = []
    first = Capture(parts)
    for number, made in enumerate((first, Capture(parts, client=first.client, subject_id=first.subject_id))):
        drawn = np.random.default_rng(number)

        def bytes_of(length, drawn=drawn):
            return b"s" * SEED_BYTES if length == SEED_BYTES else drawn.bytes(length) if length == 4 else os.urandom(length)

        monkeypatch.setattr(random, "gauss", np.random.default_rng(7).normal)
        made.begin()
        made.parts = replace(parts, random_bytes=bytes_of)
        made.connect().until("result")
        analysed.append(made.live.conductor.looked)
        assert made.phone.result["outcome"] == "approved"
    assert analysed[0] != analysed[1]


class Distant(Capture):
    """A phone to which, and from which, every message travels for so many seconds."""

    away = 0.4

    def connect(self, **rest):
        """As any other."""
        super().connect(**rest)
        self.coming, self.heard_at, self.hand = [], [], np.random.default_rng(3)
        return self

    def send(self, message=None):
        """A frame is made with all that was heard by then."""
        for due, one in [told for told in self.coming if told[0] <= self.at]:
            self.phone.hear(one)
            self.heard_at.append(due)
        self.coming = [told for told in self.coming if told[0] > self.at]
        sealed, arrives = self.phone.message(), self.at + self.away
        self.live, said = live.receive(self.parts, self.live, sealed, at=arrives)
        self.coming += [(arrives + self.away, one) for one in said]
        waited = PERIOD + self.hand.normal(0, 0.006)
        self.at += waited
        self.parts.now.now += waited


def test_a_phone_that_is_far_away_hears_something_five_times_a_second(parts):
    """0.8 s there and back, of which a reveal is not acknowledged for as long: no gap beyond a fifth of a second."""
    made = Distant(parts)
    made.begin()
    made.connect().until("result")
    assert made.phone.result["outcome"] == "approved"
    gaps = np.diff(sorted(set(made.heard_at)))
    assert len(gaps) > 40
    assert gaps.max() <= 0.2
    assert len(made.heard_at) >= 5 * (made.heard_at[-1] - made.heard_at[0])


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8\xff", b"GIF89a" + b"\0" * 100, b"<svg/>"])
def test_a_frame_that_is_no_picture_ends_the_connection(capture, jpeg):
    """However well it is sealed."""
    with pytest.raises((ImageRejected, FrameRefused)):
        capture.send(capture.phone.message(jpeg))


def test_an_attempt_is_limited_over_all_clients_that_name_the_subject(parts):
    """Four here, ten in a plain installation: another hotel does not give more."""
    first = Capture(parts)
    for number in range(4):
        made = first if number == 0 else Capture(parts, client=client_of(parts), subject_id=first.subject_id)
        made.begin()
        made.connect().until("step")
        live.dropped(parts, made.live, code=live.LOST)
    made = Capture(parts, client=client_of(parts), subject_id=first.subject_id)
    made.begin()
    with pytest.raises(AttemptsExhausted):
        made.connect()


def test_a_subject_erased_meanwhile_gets_no_token(parts, capture):
    """Nor does anything of the session stay."""
    capture.until("ahead")
    erase(parts, capture.subject_id, actor="tester")
    with pytest.raises(SessionNotFound):
        capture.until("result")
    live.dropped(parts, capture.live, code=live.LOST)
    with pytest.raises(SessionNotFound):
        capture.look()


def test_a_decision_that_never_came_fails_and_gives_the_attempt_back(parts, capture):
    """The process died between the last frame and the outcome: the clock says so after a minute."""
    capture.until("ahead")
    capture.parts = replace(parts, signing=None)
    with pytest.raises(AttributeError):
        capture.until("result")
    parts.now.now += 60
    assert sweep(parts) == 1
    assert capture.look().status == "failed"
    assert Event.ATTEMPT_CREDITED in _names(parts)
    assert _names(parts).count(Event.SESSION_ENDED) == 1


def test_a_signing_key_that_fails_gives_no_token_and_gives_the_attempt_back(parts, capture):
    """A fault of ours: audited, credited, and the person may try again elsewhere."""

    class Broken:
        current = property(lambda self: self)
        kid = "k"

        def sign(self, _data):
            raise SigningUnavailable("the key does not answer")

    capture.until("ahead")
    capture.parts = replace(parts, signing=Broken())
    with pytest.raises(SigningUnavailable):
        capture.until("result")
    capture.parts = parts
    live.dropped(parts, capture.live, code="signing_unavailable", ours=True)
    assert capture.look().status == "resubmission_requested"
    assert capture.look().attempts == 0
    assert Event.ATTEMPT_CREDITED in _names(parts)
    capture.connect().until("result")
    assert capture.phone.result["outcome"] == "approved"


def test_a_session_cancelled_by_the_backend_says_no_more(parts, capture):
    """Whatever the person is doing."""
    sessions.cancel(parts, capture.client, capture.session_id)
    with pytest.raises((ChallengeReplayed, SessionFinished)):
        capture.until("step")
    assert capture.look().status == "cancelled"
    with pytest.raises(SessionFinished):
        sessions.cancel(parts, capture.client, capture.session_id)


def test_a_link_expires_and_the_clock_ends_the_session_without_anybody_asking(parts):
    """Ten minutes; the sweep writes it down once."""
    made = Capture(parts)
    parts.now.now += 600
    with pytest.raises(SessionExpired):
        made.begin()
    assert sweep(parts) == 1
    assert sweep(parts) == 0
    assert made.look().status == "expired"
    assert _names(parts).count(Event.SESSION_ENDED) == 1


@pytest.mark.parametrize("flaw", ["altered", "erased"])
def test_one_session_that_cannot_be_ended_holds_up_no_other(parts, monkeypatch, flaw):
    """The clock ends those behind it; an altered record is then raised."""
    made = [Capture(parts)]
    made.append(Capture(parts, client=made[0].client, subject_id=made[0].subject_id))
    parts.now.now += 600
    if flaw == "erased":  # between the search and its turn
        found = store_sessions.due
        monkeypatch.setattr(store_sessions, "due", lambda tx, now: [f"ses_{'0' * 32}", *found(tx, now)])
        sweep(parts)
    else:
        with parts.store.transaction() as tx:
            rows = tables.sessions
            tx.execute(rows.update().where(rows.c.session_id == made[0].session_id).values(sealed=b"x" * 40, due_at=0.0))
        with pytest.raises(RecordTampered):
            sweep(parts)
    assert made[1].look().status == "expired"
    assert _names(parts).count(Event.SESSION_ENDED) == (2 if flaw == "erased" else 1)


def test_a_clock_set_back_gives_no_second_life(parts):
    """Expired stays expired."""
    made = Capture(parts)
    parts.now.now += 600
    sweep(parts)
    parts.now.now -= 3600
    assert made.look().status == "expired"
    with pytest.raises(SessionExpired):
        made.begin()


def test_the_phishing_relay_gets_no_verdict(parts):
    """A stranger begins at the hotel, and sends the link to a victim, who follows it to the end.

    The code goes to the victim's browser, which has no verifier at the hotel; the stranger's, which has, never sees the code.
    """
    lured = Capture(parts)
    victim = lured
    victim.begin()
    victim.connect().until("result")
    assert victim.phone.result["outcome"] == "approved"
    stranger = Bearer(lured.created.client_token, "a" * 43)
    with pytest.raises(SessionTaken):
        person.outcome(parts, lured.session_id, stranger)
    with pytest.raises(SessionTaken):
        person.begin(parts, lured.session_id, Bearer(lured.created.client_token))
    for code, verifier in (("c" * 43, VERIFIER), (victim.phone.result["code"], "w" * 43)):
        with pytest.raises(SessionNotFound):
            sessions.redeem(parts, lured.client, lured.session_id, code=code, verifier=verifier)
    assert lured.look().decision is None
    assert _names(parts).count(Event.SESSION_REDEMPTION_REFUSED) == 2


def test_a_handover_goes_on_only_when_the_code_of_the_second_device_was_typed_on_the_first(parts):
    """The second device says who asks and what for; the code to carry back goes to the first."""
    made = Capture(parts)
    made.begin()
    first = made.bearer
    token = handover.offer(parts, made.session_id, first)
    opened = handover.open_link(parts, made.session_id, Bearer(token))
    assert (opened.client_name, opened.purpose) == ("Hotel Specimen", "hotel check-in")
    made.bearer = Bearer(token, opened.agent)
    with pytest.raises((SessionNotFound, SessionTaken)):
        made.connect()
    handover.confirm(parts, made.session_id, first, opened.code)
    made.connect().until("result")
    assert made.phone.result == {"type": "result", "outcome": "approved"}
    assert person.outcome(parts, made.session_id, first).code is not None
    with pytest.raises((SessionNotFound, SessionTaken)):
        person.outcome(parts, made.session_id, made.bearer)


def test_what_one_device_attested_does_not_count_for_another(parts):
    """Neither there nor, when a new link calls the camera back, here."""
    made = Capture(parts)
    made.begin()
    attested, shown = [], {"attested": "app", "attested_key": {"public_key": "00"}}

    def attest():
        with parts.store.transaction() as tx:
            session_record.save(parts, tx, replace(session_record.load(parts, tx, made.session_id), **shown))

    def look():
        with parts.store.reading() as tx:
            held = session_record.load(parts, tx, made.session_id)
            attested.append((held.attested, held.attested_key))

    token = handover.offer(parts, made.session_id, made.bearer)
    opened = handover.open_link(parts, made.session_id, Bearer(token))
    attest()
    handover.confirm(parts, made.session_id, made.bearer, opened.code)
    look()
    attest()
    handover.offer(parts, made.session_id, made.bearer)
    look()
    assert attested == [(None, None)] * 2


def test_a_relayed_handover_link_fails_for_want_of_the_code(parts):
    """A stranger sends the hand-over link on: the victim's device shows a code that the stranger cannot type."""
    made = Capture(parts)
    made.begin()
    token = handover.offer(parts, made.session_id, made.bearer)
    opened = handover.open_link(parts, made.session_id, Bearer(token))
    with pytest.raises(SessionTaken):
        handover.open_link(parts, made.session_id, Bearer(token))
    wrong = f"{(int(opened.code) + 1) % 10**6:06d}"
    for _ in range(3):
        with pytest.raises(InvalidInput):
            handover.confirm(parts, made.session_id, made.bearer, wrong)
    assert made.look().status == "cancelled"
    with pytest.raises(SessionFinished):
        handover.confirm(parts, made.session_id, made.bearer, opened.code)


def test_another_client_does_not_know_of_the_session(parts, capture):
    """Neither to look, nor to cancel, nor to redeem."""
    other = client_of(parts)
    with pytest.raises(SessionNotFound):
        sessions.look(parts, other, capture.session_id)
    with pytest.raises(SessionNotFound):
        sessions.cancel(parts, other, capture.session_id)


@pytest.mark.parametrize("token", ["", "idvs_" + "A" * 43, "ses"])
def test_a_wrong_token_opens_nothing(parts, capture, token):
    """The id of a session is no secret; its token is."""
    with pytest.raises(SessionNotFound):
        person.begin(parts, capture.session_id, Bearer(token, capture.bearer.agent))


def test_a_record_that_a_writer_to_the_database_changed_does_not_open(parts, capture):
    """Neither another session's, nor an older version under a newer number."""
    other = Capture(parts, client=capture.client, subject_id=capture.subject_id)
    table = tables.sessions
    with parts.store.transaction() as tx:
        sealed = tx.execute(table.select().where(table.c.session_id == other.session_id)).one().sealed
        tx.execute(table.update().where(table.c.session_id == capture.session_id).values(sealed=sealed))
    with pytest.raises(RecordTampered):
        capture.look()


def test_the_audit_replays_the_challenge_and_holds_no_score(parts, capture):
    """Its commitment came first, the seed at the end."""
    capture.until("result")
    with parts.store.reading() as tx:
        (challenge,) = replayed(audit.events(tx), capture.session_id)
    assert challenge == Challenge(1, False, capture.live.conductor.steps)
    decided = dict(_events(parts))[Event.SESSION_DECIDED]
    assert not [value for value in decided.values() if isinstance(value, float)]


def test_no_frame_is_kept_of_a_session_that_needs_no_reviewer(parts, capture):
    """Neither in the store nor in the connection's own value."""
    capture.until("result")
    with parts.store.reading() as tx:
        assert tx.execute(tables.kept_frames.select()).all() == []
    assert (capture.live.analyses, capture.live.kept) == ({}, {})


@pytest.mark.parametrize(
    "flaw",
    [
        {"code_challenge": "short"},
        {"consent_version": ""},
        {"consent_at": 0.0},
        {"audience": "https://other.example"},
        {"purpose": "marketing"},
        {"profile": "photo"},
        {"subject_id": None},
        {"nonce": "short"},
    ],
)
def test_what_a_backend_may_not_ask_for_is_refused(parts, flaw):
    """Unregistered names, stale consent, a profile without liveness."""
    client = client_of(parts)
    facts = {
        "audience": AUDIENCE,
        "purpose": "hotel check-in",
        "profile": "active",
        "consent_version": "1",
        "consent_at": parts.now(),
        "code_challenge": "c" * 43,
        "subject_id": "sub_" + "0" * 32,
    }
    from idverify.errors import AudienceNotAllowed, PolicyUnknown, PurposeNotAllowed

    with pytest.raises((InvalidInput, AudienceNotAllowed, PurposeNotAllowed, PolicyUnknown)):
        sessions.create(parts, client, sessions.Asked(**{**facts, **flaw}))


def test_the_stream_of_one_session_fits_no_other(parts, capture):
    """A recording of a genuine session is refused at its first frame."""
    message = capture.phone.message()
    other = Capture(parts, client=capture.client, subject_id=capture.subject_id)
    other.begin()
    other.connect()
    with pytest.raises(FrameRefused):
        open_frame(other.live.chain, message)
