"""Having a presentation validated by the service: what it believes, what it tells whom, and what it signs."""

from dataclasses import replace

import pytest
from roots import certified_parts, root_of

from idverify.ceremonies.presentations import TYPE, new_request, validate_presentation
from idverify.ceremonies.statuses import set_status
from idverify.ceremonies.trust_publication import NOWHERE, Scheme, publish
from idverify.credentials import credential, jws, key_binding, mdoc_response, sd_jwt
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Entity
from idverify.errors import AudienceNotAllowed, InvalidInput, StoreUnavailable
from idverify.keys import authority
from idverify.relying.folder import Holdings
from idverify.store import audit

from .installed import events
from .issued import AUDIENCE, CLAIMS, PURPOSE, Wallet, issuer_client, offer
from .presented import HOTEL, held, hotel, subject_id

__all__ = ["held", "hotel", "subject_id"]

BANK = "https://bank.example"
NONCE = "n" * 16


def shown(parts, held, *names, audience=HOTEL, nonce=NONCE):
    """A presentation of these claims."""
    credential, key = held
    return key_binding.sign(sd_jwt.select(credential, names or ("name",)), key, audience=audience, nonce=nonce, now=parts.now())


def ask(parts, client, text, *, audience=None, nonce=NONCE, made_here=False):
    """With a nonce of the client's own unless said otherwise."""
    return validate_presentation(parts, client, text, audience=audience, nonce=nonce, made_here=made_here)


def test_an_mdoc_is_answered_as_any_other_format(parts, hotel, subject_id):
    """On the same audience and nonce, with the same words and the same name of the person."""
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject_id))
    (key,) = wallet.keys()
    (made,) = wallet.get("identity_card.mdoc", keys=[key])
    text = mdoc_response.present(made, ["name", "sub"], key, Session.plain(HOTEL, NONCE))
    answer = ask(parts, hotel, text)
    assert (answer.finding.accepted, answer.finding.status, answer.claims["name"]) == (True, Status.VALID, CLAIMS.name)
    assert answer.subject == pairwise_subject(parts.secrets.pairwise, subject_id, HOTEL)
    assert "sub" not in answer.claims
    assert ask(parts, hotel, text, nonce="m" * 16).finding.code == "mdoc_device_signature"
    assert ask(parts, hotel, text[: len(text) // 8 * 4]).finding.code == "mdoc_malformed"


def test_the_answer_is_signed_and_names_the_person_to_the_asking_audience_alone(parts, hotel, subject_id, held):
    """The hotel learns what was disclosed; the name that the city's app knows the person by is not passed on."""
    answer = ask(parts, hotel, shown(parts, held, "name", "sub"))
    assert (answer.finding.accepted, answer.finding.status) == (True, Status.VALID)
    assert answer.claims["name"] == CLAIMS.name
    assert "sub" not in answer.claims
    evidence = jws.validate(answer.evidence, parts.signing.jwks()["keys"], TYPE)
    told = {name: evidence[name] for name in ("iss", "aud", "azp", "nonce", "code", "status", "sub", "env", "iat")}
    assert told == {
        "iss": parts.issuer,
        "aud": HOTEL,
        "azp": hotel.id,
        "nonce": NONCE,
        "code": "accepted",
        "status": "VALID",
        "sub": pairwise_subject(parts.secrets.pairwise, subject_id, HOTEL),
        "env": "dev",
        "iat": int(parts.now()),
    }
    assert evidence["claims"] == dict(answer.claims)
    assert evidence["sub"] == answer.subject != pairwise_subject(parts.secrets.pairwise, subject_id, AUDIENCE)
    with parts.store.reading() as tx:
        last = audit.head(tx)
    assert last.event == "presentation.validated"
    assert (last.details["result"], last.details["asked"], last.details["disclosed"]) == ("accepted", None, [["name"]])
    assert (last.actor, last.subject_id, last.details["purpose"]) == (hotel.id, subject_id, PURPOSE)
    assert last.details["evidence_id"] == evidence["jti"]
    assert CLAIMS.name not in str(last.details)


def test_a_refusal_is_an_answer_and_is_signed_too(parts, hotel, held):
    """With its code, and without a claim."""
    for text, code in (
        (shown(parts, held, audience=BANK), "binding_audience"),
        (shown(parts, held, nonce="m" * 16), "binding_nonce"),
        ("not a presentation", "presentation_malformed"),
        (held[0], "binding_missing"),
    ):
        answer = ask(parts, hotel, text)
        assert (answer.finding.code, answer.subject, dict(answer.claims)) == (code, None, {})
        assert jws.validate(answer.evidence, parts.signing.jwks()["keys"], TYPE)["code"] == code


def test_a_revocation_counts_at_once(parts, hotel, subject_id, held):
    """No list is fetched: it is the database that answers."""
    set_status(parts, actor="tester", status=Status.REVOKED, subject_id=subject_id)
    found = ask(parts, hotel, shown(parts, held)).finding
    assert (found.code, found.status, found.status_age) == ("credential_revoked", Status.REVOKED, 0.0)


def test_a_nonce_that_was_asked_for_is_used_once_by_that_client_for_that_audience(parts, hotel, held, clock):
    """Whatever came of it: the second asking is refused, and so is another client's, another audience's, and a late one's."""
    both = issuer_client(parts, "presentations:validate", audiences=(HOTEL, BANK))
    audience, nonce, ends = new_request(parts, hotel, None)
    assert audience == HOTEL
    text = shown(parts, held, nonce=nonce)
    for client, named in ((both, HOTEL), (both, BANK)):
        with pytest.raises(InvalidInput, match="request_nonce"):
            ask(parts, client, text, audience=named, nonce=nonce, made_here=True)
    assert ask(parts, hotel, text, nonce=nonce, made_here=True).finding.accepted
    with pytest.raises(InvalidInput, match="request_nonce"):
        ask(parts, hotel, text, nonce=nonce, made_here=True)
    _, wasted, _ = new_request(parts, hotel, HOTEL)
    assert not ask(parts, hotel, "nothing", nonce=wasted, made_here=True).finding.accepted
    with pytest.raises(InvalidInput):
        ask(parts, hotel, shown(parts, held, nonce=wasted), nonce=wasted, made_here=True)
    _, late, ends = new_request(parts, hotel, HOTEL)
    clock.now = ends
    for nonce in (late, "made up here", NONCE):
        with pytest.raises(InvalidInput):
            ask(parts, hotel, shown(parts, held, nonce=nonce), nonce=nonce, made_here=True)


def test_a_client_asks_for_its_own_audiences_only(parts, hotel, held):
    """And names one where it has several."""
    with pytest.raises(AudienceNotAllowed):
        ask(parts, hotel, shown(parts, held), audience=BANK)
    with pytest.raises(AudienceNotAllowed):
        new_request(parts, hotel, BANK)
    both = issuer_client(parts, "presentations:validate", audiences=(HOTEL, BANK))
    with pytest.raises(InvalidInput, match="name one"):
        ask(parts, both, shown(parts, held))


def test_a_development_credential_is_refused_by_a_production_installation(parts, hotel, held):
    """Of the same keys, even."""
    assert ask(replace(parts, environment="production"), hotel, shown(parts, held)).finding.code == "token_environment"


def test_a_stranger_with_a_root_of_his_own_is_refused(parts, hotel, held, tmp_path):
    """His certificates name us as well as he likes."""
    root = authority.create(tmp_path / "root", name="City of Test", country="XX", now=parts.now())
    foreign = replace(parts, **certified_parts(tmp_path / "foreign", root, parts.issuer, parts.now))
    assert ask(foreign, hotel, shown(parts, held)).finding.code == "certificate_foreign"
    assert root_of(parts.issuer, parts.now()).certificate != root.certificate


@pytest.mark.parametrize("number", ["0" * 5 + "7", "9" * 10, "9" * 30, "9" * 5000, "-1", "٧", ""])
def test_an_address_of_ours_that_no_list_has_is_of_unknown_status(parts, hotel, held, number):
    """A listed city can sign any: its credential is refused, and the answer is given all the same."""
    key = held[1]
    city = parts.credential_keys.current
    said = credential.CredentialFacts(parts.issuer, ACTIVE, ("face",), parts.now(), "dev")
    text = credential.issue(
        credential_types()["identity_card"],
        {"name": "n", "document_number": "1"},
        said,
        holder_jwk=key.public_jwk(),
        status=StatusReference(f"{parts.issuer}/v1/status-lists/{number}", 1),
        signer=city.signer,
        chain=city.chain,
        now=parts.now(),
        random_bytes=parts.random_bytes,
    )
    answer = ask(parts, hotel, shown(parts, (text, key)))
    assert (answer.finding.code, answer.subject) == ("status_unknown", None)


def test_an_issuer_under_our_root_that_points_at_our_lists_learns_nobodys_name(parts, hotel, subject_id, held, tmp_path):
    """Whose credential stands at an index is told of our own credentials alone, also where a list has that issuer under our root."""
    credential_, key = held
    entry = parse_object(decode_base64url(credential_.split(".")[1]))["status"]["status_list"]
    root = root_of(parts.issuer, parts.now())
    leaf = root.issue(key.public_jwk(), usage=Purpose.CREDENTIAL, issuer="https://insurer.example", now=parts.now())
    text = credential.issue(
        credential_types()["identity_card"],
        {"name": "n", "document_number": "1"},
        credential.CredentialFacts("https://insurer.example", ACTIVE, ("face",), parts.now(), "dev"),
        holder_jwk=key.public_jwk(),
        status=StatusReference(entry["uri"], entry["idx"]),
        signer=key,
        chain=(leaf,),
        now=parts.now(),
        random_bytes=parts.random_bytes,
    )
    answer = ask(parts, hotel, shown(parts, (text, key)))
    assert (answer.finding.code, answer.subject) == ("credential_issuer_not_trusted", None)
    card = frozenset({credential_types()["identity_card"].vct})
    listed = Entity(Anchor("Insurer", root.certificate, card, ("https://insurer.example",)))
    done = publish(parts, Scheme({"en": root.name}, NOWHERE, (listed,)), actor="operator")
    recognising = replace(parts, relying=Holdings(tmp_path / "trust"))
    recognising.relying.accept_list(done.text, done.content.pin, now=parts.now())
    answer = ask(recognising, hotel, shown(parts, (text, key)))
    assert (answer.finding.code, answer.subject) == ("status_foreign", None)
    assert ask(parts, hotel, shown(parts, held)).subject is not None


def test_without_a_commit_there_is_no_answer(parts, hotel, held, monkeypatch):
    """Evidence that the audit knows nothing of would be none."""
    before = events(parts)

    class Failing:
        def __getattr__(self, name):
            return getattr(parts.store, name)

        def transaction(self):
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        ask(replace(parts, store=Failing()), hotel, shown(parts, held))
    assert events(parts) == before
