"""An attested key counts for the frames that it signed, and for no others."""

from dataclasses import replace

import pytest
from attestation import forge
from attested import AppKey, Passkey, trust
from phone import VERIFIER, Phone

from idverify.audit.events import Event
from idverify.ceremonies import live, person, session_record, sessions
from idverify.ceremonies.stream_signature import SIGN_SECONDS, Answer, judged
from idverify.credentials import verdict
from idverify.errors import ChallengeReplayed, FrameRefused, ImageRejected
from idverify.keys.jwk import public_jwk, thumbprint
from idverify.keys.p256 import point_of
from idverify.sessions.envelope import closing_statement
from idverify.store import audit, tables

from .live import AUDIENCE, Capture, with_models


@pytest.fixture
def parts(make_parts, acquirer):
    """An installation that believes the tests' keys. `active-high` is eased, so that a photograph with noise meets the rest."""
    made = with_models(make_parts(), acquirer)
    high = made.profiles["active-high"]
    app = replace(made.profiles["passive"], name="active-high", acr=high.acr, attestation=high.attestation)
    device = replace(app, name="device", attestation=frozenset({"device"}))
    return replace(made, profiles={**made.profiles, "active-high": app, "device": device}, attestation=trust(made.now()))


def attested(parts, key, profile="active-high"):
    """A session that has begun, and whose device has attested this key."""
    made = Capture(parts, profile=profile)
    made.begin()
    attest(made, key)
    return made


def attest(made, key):
    """The device shows this key."""
    person.attest(made.parts, made.session_id, made.bearer, key.kind, key.attestation(bytes.fromhex(made.created.nonce)))


class Asked:
    """The moment at which the signature was asked for, to which a session can be put back as if nothing had come yet."""

    def __init__(self, made):
        self.made, self.live = made, made.live
        self.chain, self.heard, self.at = made.phone.chain, list(made.phone.heard), made.at
        with made.parts.store.reading() as tx:
            self.row = tx.execute(self.table.select().where(self.here)).one()._asdict()

    @property
    def table(self):
        return tables.sessions

    @property
    def here(self):
        return self.table.c.session_id == self.made.session_id

    def again(self):
        """Back to it; the audit keeps what has happened since."""
        with self.made.parts.store.transaction() as tx:
            tx.execute(self.table.update().where(self.here).values(**self.row))
        self.made.live, self.made.at = self.live, self.at
        self.made.phone.chain, self.made.phone.heard = self.chain, list(self.heard)
        return self.made


def asked(made, sign=None, scene="obama.jpg"):
    """A stream up to the moment at which it is to be signed."""
    made.connect(scene, sign=sign).until("sign")
    return Asked(made)


def events(parts, *kinds):
    """The details of the events of these kinds."""
    with parts.store.reading() as tx:
        return [one.details for one in audit.events(tx) if one.event in kinds]


def refusals(parts):
    """Why signatures were refused."""
    return [details["reason"] for details in events(parts, Event.SESSION_SIGNATURE_REFUSED)]


def refused(made):
    """Whether it was not passed, with a reason of its own, and the person told nothing and given nothing."""
    with made.parts.store.reading() as tx:
        held = session_record.load(made.parts, tx, made.session_id)
    assert (held.verdict, held.code, made.look().reasons) == (None, None, ("stream_not_signed",))
    assert "attestation" not in made.look().checks
    return made.phone.result == {"type": "result", "outcome": "retake", "guidance": [], "attempts_left": 2}


@pytest.mark.parametrize(("key", "profile"), [(AppKey(), "active-high"), (Passkey(), "device")], ids=["app", "device"])
def test_a_stream_that_its_attested_key_signed_is_approved(parts, key, profile):
    """One round trip after the last frame; the verdict says that the device was attested, and the audit that it signed."""
    made = attested(parts, key, profile)
    asked(made, key.sign)
    assert made.phone.result is None
    made.send(made.phone.signature())
    token = sessions.redeem(parts, made.client, made.session_id, code=made.phone.result["code"], verifier=VERIFIER)
    claims = verdict.validate(token, parts.signing.jwks(), audience=AUDIENCE, allow_dev=True, now=parts.now())
    assert (claims.acr, "attestation" in claims.checks) == ("urn:idverify:acr:live-active-attested", True)
    with parts.store.reading() as tx:
        held = session_record.load(parts, tx, made.session_id)
    jwk = public_jwk(point_of(key.key.public_key()))
    assert held.device == (thumbprint(jwk["x"], jwk["y"]) if isinstance(key, AppKey) else None)
    assert held.attested_key is None
    assert len(events(parts, Event.SESSION_STREAM_SIGNED)) == 1
    assert refusals(parts) == []


@pytest.mark.parametrize("answer", [None, Answer(), Answer(b"x" * 32, b"no signature")], ids=["nobody", "nothing", "wrong"])
def test_the_device_of_an_earlier_attempt_is_forgotten_when_a_later_one_is_not_signed(parts, answer):
    """What would be offered is for the device whose frames were decided on, and for no other."""
    made = attested(parts, AppKey())
    with parts.store.transaction() as tx:
        held = replace(session_record.load(parts, tx, made.session_id), device="of the attempt before")
        assert judged(parts, tx, held, answer)[0].device is None


def over(**changes):
    """A signature by the right key over a statement that differs in these parts."""

    def sign(phone, key):
        names = ("session_id", "attempt", "nonce", "link")
        right = dict(zip(names, (*phone.about, phone.chain.next_link), strict=True))
        return key.sign(closing_statement(**(right | {name: made(phone) for name, made in changes.items()})))

    return sign


WRONG = {
    "session": over(session_id=lambda _: "ses_" + "1" * 32),
    "attempt": over(attempt=lambda _: 2),
    "nonce": over(nonce=lambda _: b"another nonce of thirty-two bytes"),
    "link before it was asked for": over(link=lambda phone: phone.chain.link),
    "earlier link": over(link=lambda phone: phone.chain.previous[4:36]),
    "key": lambda phone, _: AppKey().sign(closing_statement(*phone.about, phone.chain.next_link)),
    "kind": lambda phone, _: Passkey().sign(closing_statement(*phone.about, phone.chain.next_link)),
    "nothing": lambda _, key: key.sign(b""),
    "a frame": lambda _, _key: b"\xff\xd8 another frame",
}


def test_a_signature_over_something_else_or_by_another_key_is_refused(parts):
    """Each of WRONG, in a message whose place in the chain and whose MAC are right; then the right one is taken."""
    key = AppKey()
    moment = asked(attested(parts, key), key.sign)
    for signature in WRONG.values():
        made = moment.again()
        made.send(made.phone.message(signature(made.phone, key)))
        assert refused(made)
    assert refusals(parts) == ["signature_wrong"] * len(WRONG)
    made = moment.again()
    made.send(made.phone.signature())
    assert made.phone.result["outcome"] == "approved"


ASSERTIONS = {
    "user_unverified": {"data": {"flags": 0x01}},
    "origin_wrong": {"said": {"origin": "https://evil.example"}},
    "rp_id_wrong": {"data": {"rp_id": "evil.example"}},
    "nonce_wrong": {"said": {"challenge": forge.b64(b"another statement's digest, in full")}},
    "counter_went_back": {"data": {"counter": 1}},
    "credential_unknown": {"identifier": b"another credential"},
    "signature_wrong": {"key": forge.new_key()},
}


def test_an_assertion_that_is_wrong_in_anything_is_refused(parts):
    """A browser signs by WebAuthn alone, so all of that is looked at."""
    key = Passkey()
    moment = asked(attested(parts, key, "device"))
    for wrong in ASSERTIONS.values():
        made = moment.again()
        made.phone.sign = replace(key, **wrong).sign
        made.send(made.phone.signature())
        assert refused(made)
    assert refusals(parts) == list(ASSERTIONS)


def test_a_signature_that_comes_too_late_is_none_and_one_that_never_comes_ends_the_wait(parts):
    """The person is told what to do, and has another attempt."""
    key = AppKey()
    moment = asked(attested(parts, key), key.sign)
    made = moment.again()
    waiting, said = live.passed_time(parts, made.live, at=made.at + SIGN_SECONDS - 1)
    assert (waiting.over, said) == (False, [])
    made.at += SIGN_SECONDS + 1
    made.send(made.phone.signature())
    assert not refused(made)
    assert made.phone.result["guidance"] == ["unsigned"]
    made = moment.again()
    made.live, said = live.passed_time(parts, made.live, at=made.at + SIGN_SECONDS + 1)
    assert said[-1]["outcome"] == "retake"
    assert refusals(parts) == ["signature_missing", "signature_missing"]


def test_frames_on_their_way_when_it_was_asked_for_are_signed_too_and_are_no_evidence(parts):
    """A camera does not stop at once: the signature is over all that the service received before it."""
    key = AppKey()
    made = asked(attested(parts, key), key.sign).again()
    analysed, reveal = dict(made.live.analyses), made.phone.chain.outstanding
    made.phone.chain = replace(made.phone.chain, outstanding=None)
    for _ in range(3):
        made.send()
    assert (made.phone.result, made.live.analyses) == (None, analysed)
    made.phone.chain = made.phone.chain.revealed(reveal)
    made.send(made.phone.signature())
    assert made.phone.result["outcome"] == "approved"


def test_a_signature_counts_once(parts):
    """Sent again it changes nothing; in the next attempt, over another chain, it is refused."""
    key = AppKey()
    made = attested(parts, key)
    asked(made)
    first = key.sign(closing_statement(*made.phone.about, made.phone.chain.next_link))
    made.send(made.phone.message(first + b"."))
    made.send(made.phone.message(first))
    assert refused(made)
    assert (refusals(parts), made.look().attempts) == (["signature_wrong"], 1)
    asked(made)
    made.send(made.phone.message(first))
    assert (made.phone.result["outcome"], refusals(parts)) == ("retake", ["signature_wrong"] * 2)


def test_an_attempt_that_was_taken_up_again_is_signed_as_it_ended(parts):
    """A connection lost while the signature was asked for: the chain of the new one is what counts."""
    key = AppKey()
    made = attested(parts, key)
    asked(made)
    old = key.sign(closing_statement(*made.phone.about, made.phone.chain.next_link))
    live.dropped(parts, made.live, code=live.LOST)
    moment = asked(made, key.sign)
    assert made.phone.about[1] == 1
    made.send(made.phone.message(old))
    assert refusals(parts) == ["signature_wrong"]
    moment.again().send(made.phone.signature())
    assert made.phone.result["outcome"] == "approved"


def test_frames_from_elsewhere_under_a_telephones_attestation_are_not_approved(parts):
    """The attack that an attestation alone did not stop: our app attests on a genuine telephone, for whoever holds the token,
    and a program streams to the service. The app signs the frames that it made itself, and no others.
    """
    key = AppKey()
    made = attested(parts, key)
    moment = asked(made)
    assert made.live.conductor.phase == "done"  # an injected photograph has met everything else
    hello, asking = made.phone.first, made.phone.heard[-1]
    app = Phone(made.session_id, made.created.nonce, hello, sign=key.sign)
    for _ in range(3):  # it films the same scene, and is told all that the program was told
        app.message()
    app.hear(asking)
    made.send(made.phone.message(app.sign(closing_statement(*app.about, app.chain.next_link))))
    assert refused(made)
    moment.again()
    made.live, said = live.passed_time(parts, made.live, at=made.at + SIGN_SECONDS + 1)
    assert said[-1]["outcome"] == "retake"
    assert refusals(parts) == ["signature_wrong", "signature_missing"]


def test_what_is_signed_before_it_was_asked_for_is_no_frame(parts):
    """It ends the connection like any other message that may not come now."""
    key = AppKey()
    made = attested(parts, key)
    made.connect(sign=key.sign).until("step")
    with pytest.raises((FrameRefused, ImageRejected)):
        made.send(made.phone.signature())


def test_where_no_attestation_is_needed_a_signature_raises_nothing_and_a_wrong_one_stands_in_the_way(parts):
    """A claim can lower trust alone: unsigned, the attestation is as if it had not been."""
    key = AppKey()
    moment = asked(attested(parts, key, "passive"), key.sign)
    outcomes = []
    for sign in (key.sign, AppKey().sign, None):
        made = moment.again()
        made.phone.sign = sign
        if sign is None:
            made.live, said = live.passed_time(parts, made.live, at=made.at + SIGN_SECONDS + 1)
            made.phone.heard += said
        else:
            made.send(made.phone.signature())
        checks = events(parts, Event.SESSION_DECIDED)[-1]["checks"]
        outcomes.append((made.phone.result["outcome"], "attestation" in checks))
    assert outcomes == [("approved", True), ("retake", False), ("approved", False)]


def test_what_happens_to_a_session_while_its_signature_is_awaited_is_heeded(parts):
    """Another key attested meanwhile has to sign itself; a session that was cancelled takes no signature."""
    key, other = AppKey(), AppKey()
    moment = asked(attested(parts, key), key.sign)
    made = moment.again()
    attest(made, other)
    made.send(made.phone.signature())
    assert refused(made)
    made = moment.again()
    sessions.cancel(parts, made.client, made.session_id)
    with pytest.raises(ChallengeReplayed):
        made.send(made.phone.signature())
    assert made.look().status == "cancelled"
