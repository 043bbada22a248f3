"""Asking a wallet over the network: one answer, to this request, by this reader's client, and nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from roots import root_of
from sqlalchemy import text as sql

from idverify.ceremonies.online_presentations import MOST_REFUSED, SECONDS, ask_online, read_answer, signed_request, take_answer
from idverify.ceremonies.presentations import TYPE
from idverify.ceremonies.purge import purge
from idverify.ceremonies.statuses import set_status
from idverify.credentials import jwe, jws, key_binding, mdoc_response, request_object, sd_jwt
from idverify.credentials.certificates import key_identifier_of
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.reading import decode_base64url
from idverify.errors import (
    AudienceNotAllowed,
    InvalidInput,
    RecordTampered,
    RequestAnswered,
    RequestNotFound,
    TokenInvalid,
    UnknownCredentialType,
)
from idverify.keys.jwk import thumbprint
from idverify.store import audit

from .issued import CLAIMS, Wallet, issuer_client, offer
from .presented import HOTEL, held, hotel, subject_id

__all__ = ["held", "hotel", "subject_id"]

BANK = "https://bank.example"
CARD = "identity_card"


class Phone:
    """A wallet that reads the link of a request, and answers as it is told."""

    def __init__(self, parts, held, asked):
        self.parts, self.held, self.id = parts, held, asked.id
        self.client_id = parse_qs(urlsplit(asked.link).query)["client_id"][0]
        self.request, self.leaf = request_object.read(signed_request(parts, asked.id), self.client_id, parts.now())

    def shown(self, *names, **changes):
        """A presentation."""
        credential, key = self.held
        bound = {"audience": self.client_id, "nonce": self.request["nonce"], "now": self.parts.now()} | changes
        return key_binding.sign(sd_jwt.select(credential, names), key, **bound)

    def sealed(self, *shown, **changes):
        """An encrypted answer."""
        content = {"vp_token": {CARD: list(shown)}, "state": self.request["state"]} | changes
        return jwe.encrypt(content, self.request["client_metadata"]["jwks"]["keys"][0])

    def answer(self, *shown, **changes):
        """Send it."""
        take_answer(self.parts, self.id, self.sealed(*shown, **changes))


@pytest.fixture
def asked(parts, hotel):
    """A request for the name."""
    return ask_online(parts, hotel, None, {CARD: ["name"]})


@pytest.fixture
def phone(parts, held, asked):
    """Whose wallet reads it."""
    return Phone(parts, held, asked)


def last_event(parts):
    """Of the audit."""
    with parts.store.reading() as tx:
        return audit.head(tx)


def outcome(parts, client, phone):
    """What the client is told."""
    _, answers = read_answer(parts, client, phone.id)
    return answers[CARD]


def test_the_request_says_all_that_a_wallet_must_know(parts, asked, phone):
    """Signed by the reader's key for wallets; the address, the key of the answer and the claims are in it, and whose root will do."""
    said = phone.request
    root = root_of(parts.issuer, parts.now()).certificate
    (key,) = said["client_metadata"]["jwks"]["keys"]
    (query,) = said["dcql_query"]["credentials"]
    told = {name: said[name] for name in ("client_id", "response_type", "response_mode", "aud", "nonce")}
    assert told == {
        "client_id": request_object.client_id_of(parts.reader_keys.current.chain[0]),
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "aud": "https://self-issued.me/v2",
        "nonce": asked.nonce,
    }
    assert said["response_uri"] == asked.uri.removesuffix("object") + "response"
    assert (key["kty"], key["crv"], key["alg"], key["use"], "d" in key) == ("EC", "P-256", "ECDH-ES", "enc", False)
    assert query["meta"]["vct_values"] == ["urn:idverify:vct:identity-card:1"]
    assert (query["format"], query["claims"]) == ("dc+sd-jwt", [{"path": ["name"]}])
    (authority,) = query["trusted_authorities"]
    assert authority["type"] == "aki"
    assert [decode_base64url(one) for one in authority["values"]] == [key_identifier_of(root)]
    assert "wallet_nonce" not in said
    again, _ = request_object.read(signed_request(parts, asked.id, "w" * 9), phone.client_id, parts.now())
    assert again == said | {"wallet_nonce": "w" * 9}


def test_the_answer_is_validated_signed_and_for_the_client_that_asked(parts, hotel, subject_id, asked, phone):
    """What was not asked for is not passed on, though the wallet showed it; evidence holds on its own."""
    assert read_answer(parts, hotel, asked.id) == (asked.expires_at, None)
    phone.answer(phone.shown("name", "document_number", "sub"))
    found = outcome(parts, hotel, phone)
    assert (found.finding.accepted, found.finding.status, found.claims["name"]) == (True, Status.VALID, CLAIMS.name)
    assert not {"document_number", "sub"} & found.claims.keys()
    evidence = jws.validate(found.evidence, parts.signing.jwks()["keys"], TYPE)
    assert (evidence["aud"], evidence["azp"], evidence["nonce"]) == (HOTEL, hotel.id, asked.nonce)
    assert evidence["sub"] == found.subject == pairwise_subject(parts.secrets.pairwise, subject_id, HOTEL)
    assert evidence["claims"] == found.claims
    last = last_event(parts)
    assert (last.event, last.actor, last.details["result"]) == ("presentation.validated", hotel.id, "accepted")
    assert CLAIMS.name not in str(last.details)
    with pytest.raises(RequestNotFound):
        read_answer(parts, issuer_client(parts, "presentations:validate", audiences=(HOTEL,)), asked.id)


def test_a_request_for_an_mdoc_takes_an_mdoc_made_for_it_and_nothing_else(parts, hotel, subject_id, held):
    """Bound to reader, nonce, address and the key of the answer; the other format is not as asked, in either direction."""
    name = f"{CARD}.mdoc"
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject_id))

    def answered(asked_for, **changes):
        (key,) = wallet.keys()
        (made,) = wallet.get(name, keys=[key])
        phone = Phone(parts, held, ask_online(parts, hotel, None, {asked_for: ["name"]}))
        to = phone.request["client_metadata"]["jwks"]["keys"][0]
        session = {
            "client_id": phone.client_id,
            "nonce": phone.request["nonce"],
            "response_uri": phone.request["response_uri"],
            "thumbprint": decode_base64url(thumbprint(to["x"], to["y"])),
        }
        text = mdoc_response.present(made, ["name", "document_number"], key, Session(**session | changes))
        phone.answer(vp_token={asked_for.replace(".", "-"): [text]})
        return read_answer(parts, hotel, phone.id)[1][asked_for]

    found = answered(name)
    assert "document_number" not in found.claims
    assert (found.finding.accepted, found.claims["name"], found.finding.status) == (True, CLAIMS.name, Status.VALID)
    assert found.subject == pairwise_subject(parts.secrets.pairwise, subject_id, HOTEL)
    for changed in ("client_id", "nonce", "response_uri"):
        assert answered(name, **{changed: "another"}).finding.code == "mdoc_device_signature"
    assert answered(name, thumbprint=None).finding.code == "mdoc_device_signature"
    wrong = answered(CARD)
    assert (wrong.finding.code, wrong.claims, wrong.subject) == ("presentation_not_as_asked", {}, None)
    phone = Phone(parts, held, ask_online(parts, hotel, None, {name: ["name"]}))
    phone.answer(vp_token={f"{CARD}-mdoc": [phone.shown("name")]})
    assert read_answer(parts, hotel, phone.id)[1][name].finding.code == "presentation_not_as_asked"
    both = ask_online(parts, hotel, None, {CARD: ["name"], name: ["name"]})
    said = Phone(parts, held, both).request["dcql_query"]["credentials"]
    assert [one["format"] for one in said] == ["dc+sd-jwt", "mso_mdoc"]
    with pytest.raises(InvalidInput, match="no claim"):
        ask_online(parts, hotel, None, {name: ["plate_number"]})
    with pytest.raises(UnknownCredentialType):
        ask_online(parts, hotel, None, {f"{CARD}.gate": ["name"]})


def test_a_request_has_one_answer(parts, hotel, phone):
    """A second one, the same or another, is refused and audited; the first stays what it was."""
    first = phone.sealed(phone.shown("name"))
    take_answer(parts, phone.id, first)
    for again in (first, phone.sealed(phone.shown("name"))):
        with pytest.raises(RequestAnswered):
            take_answer(parts, phone.id, again)
        last = last_event(parts)
        assert (last.event, last.details["reason"]) == ("presentation.refused", "request_answered")
    with pytest.raises(RequestAnswered):
        signed_request(parts, phone.id)
    assert outcome(parts, hotel, phone).finding.accepted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": "n" * 22}, "binding_nonce"),
        ({"audience": HOTEL}, "binding_audience"),
        ({"audience": "x509_hash:" + "A" * 43}, "binding_audience"),
        ({"now": 1_800_000_000 - 61}, "binding_time"),
    ],
)
def test_a_presentation_made_for_something_else_is_an_answer_that_is_not_accepted(parts, hotel, phone, changes, code):
    """Another nonce, another reader, another minute: taken, worth nothing, without a claim; and the request is used up."""
    phone.answer(phone.shown("name", **changes))
    found = outcome(parts, hotel, phone)
    assert (found.finding.code, found.finding.accepted, found.subject, found.claims) == (code, False, None, {})
    with pytest.raises(RequestAnswered):
        phone.answer(phone.shown("name"))


def test_what_was_not_asked_for_is_no_answer(parts, hotel, held):
    """The claim is missing, or it is another type: nothing of it is passed on."""
    for asked in ({CARD: ["name", "document_number"]}, {"proof_of_life": []}):
        phone = Phone(parts, held, ask_online(parts, hotel, HOTEL, asked))
        (name,) = asked
        phone.answer(vp_token={name: [phone.shown("name")]})
        found = read_answer(parts, hotel, phone.id)[1][name]
        assert (found.finding.code, found.subject, found.claims) == ("presentation_not_as_asked", None, {})


def test_a_revoked_credential_is_told_as_such(parts, hotel, subject_id, phone):
    """At once: it is the database that answers."""
    set_status(parts, actor="tester", status=Status.REVOKED, subject_id=subject_id)
    phone.answer(phone.shown("name"))
    assert outcome(parts, hotel, phone).finding.code == "credential_revoked"


def test_what_does_not_open_leaves_the_request_open_five_times(parts, hotel, asked, phone):
    """Another state, plain text, another's key, no such shape: refused and audited; then the request is closed."""
    good = phone.shown("name")
    wrong = [
        lambda one: one.sealed(good, state="s" * 22),
        lambda one: one.sealed(good, state=None),
        lambda _: good,
        lambda one: jwe.encrypt({"state": one.request["state"]}, jwe.public_half(jwe.new_key("x"))),
        lambda one: one.sealed(good, vp_token={"other": [good]}),
        lambda one: one.sealed(good, vp_token={CARD: [good], "other": [good]}),
        lambda one: one.sealed(good, vp_token={CARD: good}),
        lambda one: one.sealed(good, vp_token=[good]),
        lambda one: one.sealed(good, good),
        lambda one: one.sealed(),
        lambda one: one.sealed({"a": 1}),
        lambda _: phone.sealed(good),
        lambda _: "",
    ]
    codes = []
    for number, make in enumerate(wrong):
        each = (
            phone if number < MOST_REFUSED - 1 else Phone(parts, phone.held, ask_online(parts, hotel, HOTEL, {CARD: ["name"]}))
        )
        with pytest.raises((InvalidInput, TokenInvalid)) as caught:
            take_answer(parts, each.id, make(each))
        codes.append(caught.value.code)
        assert (last_event(parts).event, last_event(parts).details["reason"]) == ("presentation.refused", codes[-1])
    assert set(codes[:2]) == {"invalid_input"}
    assert read_answer(parts, hotel, asked.id)[1] is None
    with pytest.raises(TokenInvalid):
        take_answer(parts, phone.id, "")
    before = last_event(parts).seq
    with pytest.raises(RequestNotFound, match="closed"):
        phone.answer(good)
    assert last_event(parts).seq == before


def test_a_request_and_its_answer_end(parts, hotel, clock, phone):
    """Five minutes each; a late answer is refused and audited, and the rows go."""
    late = Phone(parts, phone.held, ask_online(parts, hotel, HOTEL, {CARD: ["name"]}))
    clock.now += SECONDS - 1
    phone.answer(phone.shown("name"))
    clock.now += 1
    with pytest.raises(RequestNotFound):
        late.answer(late.shown("name"))
    assert last_event(parts).details["reason"] == "request_not_found"
    for ask in (lambda: signed_request(parts, late.id), lambda: read_answer(parts, hotel, late.id)):
        with pytest.raises(RequestNotFound):
            ask()
    assert outcome(parts, hotel, phone).finding.accepted
    clock.now += SECONDS
    with pytest.raises(RequestNotFound):
        read_answer(parts, hotel, phone.id)
    purge(parts, retention_seconds=86_400, actor="tester")
    with parts.store.reading() as tx:
        assert tx.execute(sql("SELECT count(*) FROM presentation_requests")).scalar() == 0


def test_only_what_exists_may_be_asked_for_and_only_for_ones_own_audience(parts, hotel):
    """Before a wallet is bothered."""
    for audience, asked, error in (
        (BANK, {CARD: []}, AudienceNotAllowed),
        (HOTEL, {}, InvalidInput),
        (HOTEL, {CARD: ["iban"]}, InvalidInput),
        (HOTEL, {"library_card": []}, UnknownCredentialType),
    ):
        with pytest.raises(error):
            ask_online(parts, hotel, audience, asked)


def test_a_row_in_anothers_place_does_not_open(parts, hotel, phone):
    """Who writes to the database cannot hand one client's answer to another; and the rows name neither nonce nor person."""
    phone.answer(phone.shown("name"))
    other = issuer_client(parts, "presentations:validate", audiences=(HOTEL,))
    with parts.store.transaction() as tx:
        (row,) = tx.execute(sql("SELECT * FROM presentation_requests")).all()
        assert CLAIMS.name.encode() not in row.sealed
        assert phone.id not in str(row)
        tx.execute(sql("UPDATE presentation_requests SET client_id = :id"), {"id": other.id})
    with pytest.raises(RecordTampered):
        read_answer(parts, other, phone.id)


def test_a_request_object_of_another_reader_or_an_altered_one_is_refused(parts, asked, phone):
    """Against the client_id in the link: another certificate, another payload, another kind, an ended one."""
    good = signed_request(parts, asked.id)
    head, payload, signature = good.split(".")
    with pytest.raises(TokenInvalid) as caught:
        request_object.read(good, "x509_hash:" + "A" * 43, parts.now())
    assert caught.value.code == "token_issuer"
    signing, other = parts.reader_keys.current, parts.credential_keys.current
    cases = {
        "token_signature": f"{head}.{payload[:-2]}AA.{signature}",
        "token_issuer": request_object.sign(phone.request, other),
        "token_expired": request_object.sign(phone.request | {"exp": int(parts.now())}, signing),
        "token_time": request_object.sign(phone.request | {"exp": "soon"}, signing),
        "token_type": jws.sign(phone.request, signing.signer, "JWT"),
        "certificate_missing": jws.sign(phone.request, signing.signer, request_object.TYPE),
    }
    for code, text in cases.items():
        with pytest.raises(TokenInvalid) as caught:
            request_object.read(text, phone.client_id, parts.now())
        assert caught.value.code == code
    with pytest.raises(TokenInvalid) as caught:
        request_object.read(request_object.sign(phone.request | {"client_id": "x"}, signing), phone.client_id, parts.now())
    assert caught.value.code == "token_issuer"
