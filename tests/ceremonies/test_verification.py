"""One photograph against one reference, with the real models, store, keys and signatures."""

import hashlib
import json
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from idverify.acquisition import Acquirer
from idverify.audit.chain import check_chain
from idverify.ceremonies import Parts, verification
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.verification import Request, verify
from idverify.credentials import verdict
from idverify.decision.policy import policies_from
from idverify.errors import (
    AttemptsExhausted,
    AudienceNotAllowed,
    IdverifyError,
    ImageRejected,
    InvalidInput,
    NoFace,
    PolicyUnknown,
    PurposeNotAllowed,
    RecordTampered,
    SigningUnavailable,
    StoreUnavailable,
    SubjectNotFound,
    TemplateOutdated,
)
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.keys import Signer
from idverify.registry.claims import Claims
from idverify.store import audit, subjects
from idverify.store.clients import Client
from idverify.values import Accepted, Rejected

HOTEL = "https://hotel.example"
POLICE = "https://police.example"
CLIENT = Client(
    id="client-1",
    name="An app",
    scopes=frozenset(),
    audiences=frozenset({HOTEL, POLICE}),
    purposes=frozenset({"check-in"}),
    sandbox=False,
    created_at=0.0,
    revoked_at=None,
)


class Photos:
    """The sample photographs by what they are."""

    def __init__(self, folder: Path) -> None:
        self.portrait = (folder / "obama.jpg").read_bytes()
        self.same_man = (folder / "obama2.jpg").read_bytes()
        self.other_man = (folder / "biden.jpg").read_bytes()


@pytest.fixture(scope="module")
def photos(samples: Path) -> Photos:
    """The photographs."""
    return Photos(samples)


@pytest.fixture
def real(make_parts: Callable[..., Parts], acquirer: Acquirer) -> Parts:
    """One installation with the real models and the shipped policies."""
    rows = describe_pack(default_models_folder(), "default").policies
    return replace(make_parts(), acquirer=acquirer, policies=policies_from(rows, acquirer.embedding_digest))


@pytest.fixture
def subject(real: Parts, photos: Photos) -> str:
    """An enrolled subject."""
    claims = Claims(name="Sample Person", document_number="NUMBER-S-1")
    return enrol(
        real,
        identifier="IDENTIFIER-A-1",
        claims=claims,
        legal_basis="published_test_data",
        portrait=photos.portrait,
        actor="test",
    ).subject_id


def _request(probe: bytes, subject: str | None, **changes: object) -> Request:
    return replace(Request(probe=probe, audience=HOTEL, purpose="check-in", subject_id=subject, nonce="nonce-12345"), **changes)


def _payload(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _events(parts: Parts) -> list[str]:
    with parts.store.reading() as tx:
        assert check_chain(parts.secrets.audit, audit.events(tx)).intact
        return [entry.event for entry in audit.events(tx)]


def _failure(parts: Parts) -> object:
    """Code of the failed verification with which the audit ends."""
    with parts.store.reading() as tx:
        last = audit.head(tx)
    assert last is not None
    assert last.event == "verification.failed"
    return last.details["code"]


def test_the_same_man_is_accepted_and_the_token_says_exactly_what_was_checked(real, subject, photos):
    """Subject pairwise, checks that ran, no liveness; and nothing that a thief of tokens could use against the face."""
    outcome = verify(real, CLIENT, _request(photos.same_man, subject))
    assert isinstance(outcome.decision, Accepted)
    claims = verdict.validate(
        outcome.token, real.signing.jwks(), audience=HOTEL, nonce="nonce-12345", allow_dev=True, now=real.now()
    )
    assert claims.client_id == "client-1"
    assert claims.purpose == "check-in"
    assert claims.transaction_id == outcome.transaction_id
    assert claims.checks == ("quality", "pad", "comparison")
    assert claims.amr == ("face",)
    assert claims.meaning == "photo match, no liveness"
    assert claims.liveness_level == "none"
    assert claims.policy == "fmr-1e-4"
    assert claims.fmr_high == real.policies["fmr-1e-4"].fmr_high
    assert claims.model_pack == real.acquirer.engine.pack
    assert not verdict.may_found_credential(claims)
    payload = json.dumps(_payload(outcome.token))
    assert subject not in payload
    assert "score" not in payload
    assert str(outcome.comparison_score)[:8] not in payload
    assert _events(real)[-2:] == ["attempt.counted", "verification.decided"]


def test_two_audiences_cannot_tell_by_the_token_that_they_met_the_same_person(real, subject, photos):
    """The subject's name is pairwise, and stable for one audience."""

    def named(audience: str) -> object:
        return _payload(verify(real, CLIENT, _request(photos.same_man, subject, audience=audience)).token)["sub"]

    assert named(HOTEL) == named(HOTEL) != named(POLICE)


def test_another_man_is_rejected_without_a_token_and_the_reason_stays_in_the_audit(real, subject, photos):
    """A non-match is a value; nothing is raised and nothing is signed."""
    outcome = verify(real, CLIENT, _request(photos.other_man, subject))
    assert isinstance(outcome.decision, Rejected)
    assert outcome.token is None
    with real.store.reading() as tx:
        last = audit.head(tx)
    assert last is not None
    assert last.details["decision"] == "rejected"
    assert last.details["token_issued"] is False
    engine = real.acquirer.engine
    assert (last.details["model_pack"], last.details["provider"]) == (engine.pack, engine.provider)
    assert not {"score", "comparison_score", "margin"} & set(last.details)


def test_a_reference_that_the_caller_sent_names_no_registry_subject(real, photos):
    """Whoever chooses the reference chooses the answer, so the token says which bytes they chose."""
    outcome = verify(real, CLIENT, _request(photos.same_man, None, reference=photos.portrait))
    payload = _payload(outcome.token)
    assert "sub" not in payload
    assert payload["reference_source"] == "caller"
    assert payload["reference_digest"] == hashlib.sha256(photos.portrait).hexdigest()


class _OtherModel:
    """The acquirer of an installation whose embedder was changed after the enrolment."""

    embedding_digest = "7" * 64

    def __init__(self, acquirer: Acquirer) -> None:
        self.acquire = acquirer.acquire


class _Saboteur:
    """A real signer that does something terrible to the database just after signing, between step 9 and step 11."""

    def __init__(self, signer: Signer, database: Path) -> None:
        self._signer, self._database = signer, database
        self.kid = signer.kid
        self.signed = 0

    def sign(self, data: bytes) -> bytes:
        """Sign, then pull the database away."""
        signature = self._signer.sign(data)
        self.signed += 1
        with sqlite3.connect(self._database) as connection:
            connection.execute("DROP TABLE audit_events")
        return signature

    def public_jwk(self) -> dict[str, str]:
        """The real key."""
        return self._signer.public_jwk()


class _Keys:
    """Signing keys whose current one is given."""

    def __init__(self, current: Signer) -> None:
        self.current = current


def test_a_database_that_goes_away_after_the_decision_keeps_the_token_in(real, subject, photos, tmp_path):
    """The token was made, in memory; without its audit event it does not leave."""
    saboteur = _Saboteur(real.signing.current, tmp_path / "data" / "idverify.db")
    with pytest.raises(StoreUnavailable):
        verify(replace(real, signing=_Keys(saboteur)), CLIENT, _request(photos.same_man, subject))
    assert saboteur.signed == 1


def test_a_subject_that_is_erased_during_its_verification_gets_no_token(real, subject, photos):
    """Erasure commits after the reference was read and before the decision is audited: the token does not leave."""

    class Eraser(_Saboteur):
        def sign(self, data: bytes) -> bytes:
            erase(real, subject, actor="test")
            self.signed += 1
            return self._signer.sign(data)

    eraser = Eraser(real.signing.current, Path("unused"))
    with pytest.raises(SubjectNotFound):
        verify(replace(real, signing=_Keys(eraser)), CLIENT, _request(photos.same_man, subject))
    assert eraser.signed == 1
    assert _events(real)[-2:] == ["subject.erased", "verification.failed"]


def test_a_signing_key_that_does_not_sign_yields_no_token(real, subject, photos):
    """A fault of ours is an exception, never a rejection and never an unsigned answer."""

    class Broken(_Saboteur):
        def sign(self, data: bytes) -> bytes:
            raise SigningUnavailable("the key is away")

    broken = Broken(real.signing.current, Path("unused"))
    with pytest.raises(SigningUnavailable):
        verify(replace(real, signing=_Keys(broken)), CLIENT, _request(photos.same_man, subject))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"audience": "https://elsewhere.example"}, AudienceNotAllowed),
        ({"purpose": "marketing"}, PurposeNotAllowed),
        ({"policy": "fmr-1e-99"}, PolicyUnknown),
        ({"nonce": "short"}, InvalidInput),
        ({"subject_id": None}, InvalidInput),
        ({"reference": b"also"}, InvalidInput),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_what_a_client_may_not_ask_costs_no_attempt(real, subject, photos, change, error):
    """Refused before anything is counted, so that a mistake in an app cannot lock a person out."""
    before = _events(real)
    with pytest.raises(error):
        verify(real, CLIENT, _request(photos.same_man, subject, **change))
    assert _events(real) == before


@pytest.mark.parametrize(("probe", "error"), [(b"not a photo", ImageRejected), (b"", ImageRejected)])
def test_an_attempt_with_an_unusable_photo_is_spent_and_leaves_its_trace(real, subject, probe, error):
    """Otherwise whoever crashes the decoder would try for ever."""
    with pytest.raises(error):
        verify(real, CLIENT, _request(probe, subject))
    assert _events(real)[-2:] == ["attempt.counted", "verification.failed"]


def test_a_fault_on_our_side_leaves_its_trace_too(real, subject, photos):
    """A reference that was altered, or belongs to another model: the operator finds the verification that met it."""
    newer = replace(real, acquirer=_OtherModel(real.acquirer))
    with pytest.raises(TemplateOutdated):
        verify(newer, CLIENT, _request(photos.same_man, subject))
    assert _failure(real) == "template_outdated"
    with real.store.transaction() as tx:
        template = subjects.records_of(tx, subject)["template"]
        subjects.put(tx, replace(template, row_version=template.row_version + 1))
    with pytest.raises(RecordTampered):
        verify(real, CLIENT, _request(photos.same_man, subject))
    assert _failure(real) == "record_tampered"


def test_a_fault_is_told_as_it_was_where_the_audit_cannot_take_it(real, subject, photos, monkeypatch, tmp_path):
    """The store that went away meanwhile hides neither that the record was altered nor that there is no token."""

    def damaged(*_: object) -> None:
        with sqlite3.connect(tmp_path / "data" / "idverify.db") as connection:
            connection.execute("DROP TABLE audit_events")
        raise RecordTampered("altered")

    monkeypatch.setattr(verification, "reference_of", damaged)
    with pytest.raises(RecordTampered):
        verify(real, CLIENT, _request(photos.same_man, subject))


def test_attempts_run_out_for_one_client_and_not_for_the_person(real, subject, photos):
    """Three in the window here; the fourth is refused before any photo is looked at, and another client still may."""
    for _ in range(3):
        with pytest.raises(ImageRejected):
            verify(real, CLIENT, _request(b"hill climbing", subject))
    with pytest.raises(AttemptsExhausted) as refused:
        verify(real, CLIENT, _request(photos.same_man, subject))
    assert 0 < refused.value.retry_after <= 3600
    assert _events(real)[-1] == "attempt.refused"
    other = replace(CLIENT, id="client-2")
    assert verify(real, other, _request(photos.same_man, subject)).token is not None


def test_an_unknown_subject_is_not_found_whatever_its_id_looks_like(real, photos):
    """An id that was never made, and one that could not be."""
    for subject_id in ("sub_" + "0" * 32, "../../etc/passwd", "x" * 5000):
        with pytest.raises(SubjectNotFound):
            verify(real, CLIENT, _request(photos.same_man, subject_id))


def test_no_probe_image_and_no_template_is_kept_in_the_clear(real, subject, photos, tmp_path):
    """The data folder is searched for the photographs' bytes and for the vectors, after enrolment and verification."""
    outcome = verify(real, CLIENT, _request(photos.same_man, subject))
    assert outcome.token is not None
    both = (photos.portrait, photos.same_man)
    secret = [photo[1000:1064] for photo in both] + [b"Sample Person", b"IDENTIFIER-A-1", b"NUMBER-S-1"]
    secret += [real.acquirer.acquire(photo).template.vector.tobytes()[:64] for photo in both]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [needle for needle in secret if needle in content], path


def test_every_refusal_is_one_of_the_tree(real, subject):
    """An app that handles IdverifyError handles everything; here with a picture that holds no face."""
    import cv2
    import numpy as np

    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    picture = cv2.imencode(".png", noise)[1].tobytes()
    with pytest.raises(NoFace) as refused:
        verify(real, CLIENT, _request(picture, subject))
    assert isinstance(refused.value, IdverifyError)
    assert refused.value.retake
