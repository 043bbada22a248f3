"""A person's own history: complete, theirs alone, without a value, and not to be had without their device's key."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
from credentials.proofs import dpop
from sqlalchemy import text as sql

from idverify.audit.chain import check_chain
from idverify.audit.events import Event
from idverify.ceremonies import history, sessions
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.clients import add_client
from idverify.ceremonies.documents import put_document, read_document
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.granting import token_url
from idverify.ceremonies.history import DAYS, KINDS, MOST, Happened, history_url, read_history
from idverify.ceremonies.history_words import _OUTCOMES, _SENTENCES, LANGUAGES, said
from idverify.ceremonies.issuance import credential_url
from idverify.ceremonies.online_presentations import ask_online
from idverify.ceremonies.presentations import validate_presentation
from idverify.ceremonies.reference import described
from idverify.ceremonies.statuses import set_status
from idverify.ceremonies.verification import Request, verify
from idverify.ceremonies.wallet_secrets import secret_hash
from idverify.credentials import key_binding, sd_jwt
from idverify.credentials.findings import Status
from idverify.credentials.pairwise import pairwise_subject
from idverify.decision.policy import Policy
from idverify.errors import (
    AuditBroken,
    InvalidInput,
    IssuanceRefused,
    NoFace,
    PurposeNotAllowed,
    TokenInvalid,
)
from idverify.keys.file import FileSigner
from idverify.store import audit
from idverify.store.tables import grants

from .conftest import MODEL
from .installed import PORTRAIT
from .issued import CLAIMS, LICENCE, Wallet, in_person, issuer_client, person
from .test_online_presentations import Phone

HOTEL = "https://hotel.example"
NONCE = "n" * 16
CARD = "identity_card"


@pytest.fixture
def parts(make_parts):
    """An installation with operating points for its simulated models."""
    rates = {"target_fmr": 1e-4, "fmr": 1e-4, "fmr_high": 2e-4, "fnmr": 0.01, "fnmr_high": 0.02}
    counts = {"n_mated": 1, "n_non_mated": 1, "people": 1, "calibrated_on": "x", "calibration_digest": "x", "reason": "x"}
    made = make_parts()
    made.acquirer.engine = SimpleNamespace(pack="default@0123456789abcdef", provider="cpu")
    names = {
        "fmr-1e-4",
        *(one.policy for one in made.profiles.values()),
        *(one.lenient_policy for one in made.profiles.values()),
    }
    return replace(made, policies={name: Policy(name, 0.5, model_digest=MODEL, **rates, **counts) for name in names})


@pytest.fixture
def city(parts):
    """Who issues."""
    return issuer_client(parts)


@pytest.fixture
def hotel(parts):
    """A relying party with a name of its own."""
    scopes = ("presentations:validate", "verifications:create", "sessions:create", "subjects:read")
    return add_client(
        parts, actor="tester", name="Grand Hotel", scopes=scopes, audiences=(HOTEL,), purposes=("check-in", "late check-in")
    )[0]


class Person:
    """Somebody enrolled, their wallet, a card in it."""

    def __init__(self, parts, city, identifier, device=None):
        self.parts = parts
        self.subject_id = person(parts, identifier)
        self.wallet = Wallet(parts, device).accept(in_person(parts, city, self.subject_id))
        (self.key,) = self.wallet.keys()
        (self.card,) = self.wallet.get(keys=[self.key])

    def show(self, client, *names, purpose="check-in", **changes):
        """Show the card to a client that validates it here."""
        selected = sd_jwt.select(self.card, names)
        text = key_binding.sign(selected, self.key, audience=HOTEL, nonce=NONCE, now=self.parts.now())
        given = {"audience": HOTEL, "nonce": NONCE, "made_here": False, "purpose": purpose} | changes
        return validate_presentation(self.parts, client, text, **given)

    def read(self, *, device=None, token=None, url=None, proof=None, before=None, limit=MOST, **claims):
        """What the person's device is told."""
        token = token or self.wallet.access
        made = {"htm": "GET", "token": token} | claims
        proof = proof or dpop(device or self.wallet.device, url or history_url(self.parts), self.parts.now(), **made)
        registered = self.parts.store
        return read_history(self.parts, access_token=token, proof=proof, before=before, limit=limit, registered=registered)


def grants_of(parts):
    """Every grant, as a row."""
    with parts.store.reading() as tx:
        return tx.execute(grants.select()).all()


@pytest.fixture
def jane(parts, city):
    """A person."""
    return Person(parts, city, "A-17")


@pytest.fixture
def john(parts, city):
    """Another."""
    return Person(parts, city, "B-18")


def test_a_person_sees_who_asked_for_what_what_for_and_how_it_went(parts, hotel, jane, john, clock):
    """Newest first; the requester by its registered name alone; paths and never a value, a score or a reason."""
    jane.show(hotel, "name", "document_number")
    phone = Phone(parts, (jane.card, jane.key), ask_online(parts, hotel, None, {CARD: ["name"]}, "late check-in"))
    phone.answer(phone.shown("name", "date_of_birth"))
    asked = Request(PORTRAIT, HOTEL, "check-in", subject_id=jane.subject_id)
    verified = verify(parts, hotel, asked)
    verify(parts, hotel, replace(asked, probe=b"somebody else"))
    with pytest.raises(NoFace):
        verify(parts, hotel, replace(asked, probe=b"no face"))
    started = sessions.create(
        parts, hotel, sessions.Asked(HOTEL, "check-in", "passive", "1", parts.now(), "c" * 43, subject_id=jane.subject_id)
    )
    sessions.cancel(parts, hotel, started.session_id)
    described(parts, jane.subject_id, actor=hotel.id)
    put_document(parts, jane.subject_id, "driving_licence", LICENCE, actor="tester")
    read_document(parts, jane.subject_id, "driving_licence", actor="operator")
    john.show(hotel, "name")
    entries = jane.read().entries
    told = [(one.kind, one.requester, one.purpose, one.outcome, one.types, one.asked, one.disclosed) for one in entries]
    who = "Grand Hotel"
    assert told == [
        ("record_read", None, None, None, ("driving_licence",), None, None),
        ("record_read", who, None, None, (), None, None),
        ("session_ended", who, "check-in", "cancelled", (), None, None),
        ("session_started", who, "check-in", None, (), None, None),
        ("verification", who, "check-in", "failed", (), None, None),
        ("verification", who, "check-in", "rejected", (), None, None),
        ("verification", who, "check-in", "accepted", (), None, None),
        ("presentation", who, "late check-in", "accepted", (CARD,), (("name",),), (("name",),)),
        ("presentation", who, "check-in", "accepted", (CARD,), None, (("document_number",), ("name",))),
        ("device_added", "City", None, None, (CARD,), None, None),
    ]
    assert [one.number for one in entries] == [*range(10, 0, -1)]
    assert (entries[6].reference, entries[3].reference) == (verified.transaction_id, started.session_id)
    everything = str(entries) + str([said(one) for one in entries])
    secrets = [
        CLAIMS.name,
        CLAIMS.document_number,
        CLAIMS.date_of_birth,
        hotel.id,
        HOTEL,
        jane.subject_id,
        "score",
        "threshold",
    ]
    secrets.append(pairwise_subject(parts.secrets.pairwise, jane.subject_id, HOTEL))
    assert [one for one in secrets if one in everything.replace(LICENCE["licence_number"], "")] == []


def test_nobody_reads_anothers_history(parts, hotel, jane, john):
    """Another person's key with this token, another's token with this key, a client's key, a presentation: refused alike."""
    jane.show(hotel, "name")
    attempts = {
        "proof_not_bound": lambda: jane.read(device=john.wallet.device),
        "proof_not_bound ": lambda: john.read(token=jane.wallet.access),
        "proof_token_hash": lambda: jane.read(
            token=jane.wallet.access,
            proof=dpop(jane.wallet.device, history_url(parts), parts.now(), htm="GET", token=john.wallet.access),
        ),
    }
    for code, attempt in attempts.items():
        with pytest.raises(TokenInvalid) as caught:
            attempt()
        assert caught.value.code == code.strip()
    _, key = add_client(parts, actor="tester", name="x", scopes=("subjects:read",))
    for token in (key, jane.wallet.refresh, jane.card, "idva_" + "A" * 43, "x"):
        with pytest.raises(IssuanceRefused) as refused:
            jane.read(token=token)
        assert refused.value.reason == "invalid_token"
    assert [one.kind for one in john.read().entries] == ["device_added"]


WRONG_PROOFS = [
    ({"htm": "POST"}, "proof_method"),
    ({"url": "https://other.example/v1/me/history"}, "proof_target"),
    ({"url": "https://id.example/v1/me/history?before=3"}, "proof_target"),
    ({"url": "https://id.example/v1/credentials"}, "proof_target"),
    ({"ath": None}, "proof_token_hash"),
    ({"ath": "x" * 43}, "proof_token_hash"),
    ({"iat": 1_800_000_000 - 61}, "proof_stale"),
    ({"jti": "short"}, "proof_identifier"),
    ({"header": {"alg": "none"}}, "token_algorithm"),
    ({"header": {"jwk": None}}, "proof_key"),
]


def test_a_proof_for_anything_else_is_refused(jane):
    """Another method, address, token or minute: a proof that was caught elsewhere is worth nothing here."""
    for claims, code in WRONG_PROOFS:
        with pytest.raises(TokenInvalid) as caught:
            jane.read(**claims)
        assert caught.value.code == code, claims


def test_a_proof_is_used_once_and_one_for_here_gets_no_credential(parts, jane):
    """Whoever caught it with its token has neither the history nor a copy."""
    caught = dpop(jane.wallet.device, history_url(parts), parts.now(), htm="GET", token=jane.wallet.access)
    jane.read(proof=caught)
    with pytest.raises(TokenInvalid) as again:
        jane.read(proof=caught)
    assert again.value.code == "proof_replayed"
    with pytest.raises(TokenInvalid) as elsewhere:
        jane.wallet.get(proof=caught)
    assert elsewhere.value.code == "proof_method"
    for url in (credential_url(parts), token_url(parts)):
        with pytest.raises(TokenInvalid):
            jane.read(url=url, htm="POST")


def test_a_stranger_makes_us_write_nothing(parts, jane):
    """No event and no row, whatever is sent; and waits for no writer."""

    def written():
        with parts.store.reading() as tx:
            return audit.head(tx).seq, tx.execute(sql("SELECT count(*) FROM spent")).scalar()

    before = written()
    for attempt in ({"device": FileSigner.new()}, {"token": "idva_" + "A" * 43}, {"htm": "POST"}, {"proof": "x"}):
        with parts.store.transaction(), pytest.raises((TokenInvalid, IssuanceRefused)):
            jane.read(**attempt)
    assert written() == before


def test_an_access_token_ends_and_another_is_had_with_the_key(jane, clock):
    """After five minutes."""
    clock.now += 300
    with pytest.raises(IssuanceRefused):
        jane.read()
    jane.wallet.renew()
    assert jane.read().entries


def test_who_was_erased_has_no_history_and_who_comes_back_begins_anew(parts, city, hotel, jane):
    """The same person under the same identifier is another subject; a grant that was put back opens nothing."""
    jane.show(hotel, "name")
    with parts.store.reading() as tx:
        (row,) = tx.execute(grants.select()).all()
    erase(parts, jane.subject_id, actor="tester")
    with pytest.raises(IssuanceRefused):
        jane.read()
    with parts.store.transaction() as tx:
        tx.execute(grants.insert().values(**row._mapping))
    with pytest.raises(IssuanceRefused, match="no longer enrolled"):
        jane.read()
    again = Person(parts, city, "A-17", jane.wallet.device)
    assert [one.kind for one in again.read().entries] == ["device_added"]


def test_pages_go_back_without_a_gap_while_new_things_happen(parts, hotel, jane):
    """Numbers stay what they are; a page is bounded; nothing lies before the first."""
    for _ in range(6):
        jane.show(hotel)
    newest = jane.read(limit=3)
    assert [one.number for one in newest.entries] == [7, 6, 5]
    jane.show(hotel)
    older = jane.read(limit=3, before=newest.older)
    assert [one.number for one in older.entries] == [4, 3, 2]
    last = jane.read(limit=3, before=older.older)
    assert ([one.number for one in last.entries], last.older) == ([1], None)
    assert jane.read(before=1).entries == ()
    assert [one.number for one in jane.read(before=10**11, limit=2).entries] == [9, 8]
    for limit in (0, -1, MOST + 1):
        with pytest.raises(InvalidInput):
            jane.read(limit=limit)


def test_it_goes_back_so_far_and_no_further(hotel, jane, clock, monkeypatch):
    """A year; and it counts on: what is older is not told, and the numbers show that it was."""
    assert DAYS == 365
    monkeypatch.setattr(history, "DAYS", 30)
    jane.show(hotel)
    clock.now += 1
    jane.show(hotel)
    clock.now += 30 * 86_400 - 1
    jane.wallet.renew()
    page = jane.read(limit=1)
    assert ([one.number for one in page.entries], page.older) == ([3], 3)
    assert ([one.number for one in jane.read(before=3).entries]) == [2, 1]
    clock.now += 1
    assert [one.number for one in jane.read().entries] == [4, 3]
    assert jane.read(before=3).entries == ()


def test_another_device_that_reads_is_seen(parts, city, jane):
    """Whoever took an offer in the person's name cannot read unseen: once a day each device's reading is an entry."""
    thief = Wallet(parts).accept(in_person(parts, city, jane.subject_id))
    for _ in range(3):
        assert jane.read(device=thief.device, token=thief.access).entries
    first, second = jane.read().entries[:2]
    assert (first.kind, first.own, first.device) == ("history_read", False, thief.device.kid)
    assert (second.kind, second.own, second.device) == ("device_added", False, thief.device.kid)
    assert "another device" in said(first)["en"]
    newest = jane.read().entries[0]
    assert (newest.kind, newest.own) == ("history_read", True)


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED])
def test_a_wallet_that_was_lost_reads_nothing_and_the_persons_other_wallet_does(parts, city, jane, status):
    """All that it was given was revoked by name; what is revoked of the person leaves them the right to know who looked."""
    put_document(parts, jane.subject_id, "driving_licence", LICENCE, actor="tester")
    lost = Wallet(parts).accept(in_person(parts, city, jane.subject_id, "driving_licence"))
    lost.get("driving_licence")
    (row,) = (one for one in grants_of(parts) if one.access_hash == secret_hash(lost.access))
    assert jane.read(device=lost.device, token=lost.access).entries
    set_status(parts, actor="tester", status=status, credential_id=f"{row.grant_id}.driving_licence")
    for _ in range(2):
        with pytest.raises(IssuanceRefused, match="every credential of this wallet"):
            jane.read(device=lost.device, token=lost.access)
        lost.renew()
    assert jane.read().entries
    set_status(parts, actor="tester", status=Status.REVOKED, subject_id=jane.subject_id)
    assert jane.read().entries


def test_what_was_not_passed_on_is_told_to_the_person_alone(parts, hotel, jane):
    """A showing of less than was asked for; the hotel gets no name of the person from it."""
    phone = Phone(parts, (jane.card, jane.key), ask_online(parts, hotel, None, {CARD: ["name", "document_number"]}, "check-in"))
    phone.answer(phone.shown("name"))
    newest = jane.read().entries[0]
    assert (newest.kind, newest.outcome, newest.disclosed) == ("presentation", "not_as_asked", ())
    assert newest.asked == (("document_number",), ("name",))


def test_a_presentation_that_is_not_the_holders_is_in_nobodys_history(hotel, jane, john):
    """Who caught one and sends it elsewhere cannot write into the history of the person; one that was revoked is told as refused."""
    jane.show(hotel, nonce="m" * 16)
    assert [one.kind for one in jane.read().entries] == ["device_added"]
    set_status(jane.parts, actor="tester", status=Status.REVOKED, subject_id=jane.subject_id)
    jane.show(hotel, "name")
    newest = jane.read().entries[0]
    assert (newest.outcome, newest.disclosed) == ("refused", (("name",),))


def test_no_value_can_be_smuggled_in_as_a_path_or_a_purpose(parts, hotel, jane):
    """Only names that the type declares, only purposes that are registered, and those are bounded."""
    for claims in (["Jane Specimen, born 1990"], ["name\n"], ["x" * 10_000], ["name", "iban"]):
        with pytest.raises(InvalidInput):
            ask_online(parts, hotel, None, {CARD: claims}, "check-in")
    for purpose in ("Jane owes us 5", "p" * 100_000, ""):
        with pytest.raises(PurposeNotAllowed):
            ask_online(parts, hotel, None, {CARD: []}, purpose)
        with pytest.raises(PurposeNotAllowed):
            jane.show(hotel, purpose=purpose)
    with pytest.raises(InvalidInput, match="name one"):
        jane.show(hotel, purpose=None)
    with pytest.raises(InvalidInput):
        issuer_client_without_purpose(parts)


def issuer_client_without_purpose(parts):
    """A client that would validate for no purpose at all."""
    return add_client(parts, actor="tester", name="x", scopes=("presentations:validate",), audiences=(HOTEL,))


@pytest.mark.parametrize("column", ["actor", "details", "subject_id", "event", "at"])
def test_who_writes_to_the_database_cannot_write_into_a_history(parts, hotel, jane, john, column):
    """An event that was altered, or moved to another person, is not told: nothing is."""
    john.show(hotel, "name")
    jane.show(hotel, "name")
    jane.show(hotel, "name")
    values = {
        "actor": "cli_forged",
        "details": '{"purpose":"forged"}',
        "subject_id": jane.subject_id,
        "event": "subject.read",
        "at": 1_800_000_000.5,
    }
    with parts.store.transaction() as tx:
        about = john.subject_id if column == "subject_id" else jane.subject_id
        tx.execute(
            sql(
                f"UPDATE audit_events SET {column} = :value WHERE seq = "
                "(SELECT min(seq) FROM audit_events WHERE subject_id = :about AND event = 'presentation.validated')"
            ),
            {"value": values[column], "about": about},
        )
    with pytest.raises(AuditBroken):
        jane.read()


def test_showings_at_one_time_are_all_there(parts, hotel, jane):
    """Eight threads: the chain holds, and the person sees each."""
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: jane.show(hotel, "name"), range(24))]
    assert all(one.finding.accepted for one in answers)
    with parts.store.reading() as tx:
        assert check_chain(parts.secrets.audit, audit.events(tx)).intact
    entries = jane.read().entries
    assert [one.kind for one in entries] == ["presentation"] * 24 + ["device_added"]
    assert len({one.reference for one in entries[:24]}) == 24


def test_events_of_earlier_versions_are_told_as_far_as_they_go(parts, hotel, jane):
    """Without purpose or asked, and with claims by name."""
    with parts.store.transaction() as tx:
        facts = {"type": "urn:idverify:vct:identity-card:1", "result": "credential_revoked", "disclosed": ["name"]}
        record_event(parts, tx, Event.PRESENTATION_VALIDATED, actor=hotel.id, subject_id=jane.subject_id, **facts)
        facts = {"session_id": "ses_1", "state": "expired", "attempts": 0}
        record_event(parts, tx, Event.SESSION_ENDED, actor="clock", subject_id=jane.subject_id, **facts)
    ended, shown = jane.read().entries[:2]
    assert (ended.requester, ended.outcome) == (None, "expired")
    assert (shown.purpose, shown.asked, shown.disclosed, shown.outcome) == (None, None, (("name",),), "refused")
    assert said(ended)["en"]


def test_everything_can_be_said_in_both_languages(jane):
    """Every kind and outcome; a registered name is text, whatever is in it."""
    assert LANGUAGES == tuple(_SENTENCES) == tuple(_OUTCOMES)
    assert _OUTCOMES["en"].keys() == _OUTCOMES["zh-CN"].keys()
    odd = "{purpose} {who} {claims} <b>"
    for kind in {*KINDS.values()}:
        for outcome in (None, *_OUTCOMES["en"]):
            entry = Happened(1, 0.0, kind, odd, odd, outcome, (CARD,), (("name",),), (("name",),), None, "k", False)
            words = said(entry)
            assert words.keys() == {*LANGUAGES}
            assert words["en"].count(odd) == (1 if kind == "history_read" else 2)
            assert ("Name" in words["en"], "姓名" in words["zh-CN"]) == (True, True)
