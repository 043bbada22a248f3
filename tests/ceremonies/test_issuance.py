"""From an offer to credentials: what a first one rests on, who gets it, what is issued again, and what never is."""

import threading
from dataclasses import replace
from datetime import datetime

import cbor2
import pytest
from credentials.city import decoded
from credentials.proofs import dpop, possession
from roots import root_of
from sqlalchemy import select, text

from idverify.ceremonies.audit_head import verify_chain
from idverify.ceremonies.clients import revoke_client
from idverify.ceremonies.documents import put_document
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.granting import token_url
from idverify.ceremonies.issuance import MOST_A_DAY, NONCE_USE, credential_url
from idverify.ceremonies.nonces import new_nonce
from idverify.ceremonies.offering import fetch_offer, offer_on_session
from idverify.ceremonies.proven_keys import BATCH
from idverify.ceremonies.purge import purge
from idverify.ceremonies.status_publishing import published
from idverify.ceremonies.statuses import set_status
from idverify.credentials import (
    key_binding,
    mdoc_presentation,
    mdoc_reading,
    mdoc_response,
    presentation,
    sd_jwt,
    slip,
    status_list,
)
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE, ATTESTED, PASSIVE, PHOTO, SUPERVISED
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import leaf_under
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import decode_base64url
from idverify.errors import (
    AssuranceTooLow,
    AttemptsExhausted,
    DocumentMissing,
    InvalidInput,
    IssuanceRefused,
    NoReference,
    OfferNotFound,
    RecordTampered,
    SessionFinished,
    SessionNotFound,
    SigningUnavailable,
    SubjectNotFound,
    TokenInvalid,
    UnknownCredentialType,
)
from idverify.keys.file import FileSigner
from idverify.store import audit, tables

from .issued import (
    CLAIMS,
    LICENCE,
    Wallet,
    approved_session,
    change_session,
    in_person,
    issuer_client,
    offer,
    person,
)

DAY = 86_400
HOTEL = "https://hotel.example"


@pytest.fixture
def client(parts):
    """The city's own app."""
    return issuer_client(parts)


@pytest.fixture
def subject_id(parts):
    """Somebody enrolled."""
    return person(parts)


@pytest.fixture
def wallet(parts, client, subject_id):
    """A wallet that took an offer of an identity card."""
    return Wallet(parts).accept(offer(parts, client, subject_id))


def believed(parts):
    """What an offline reader holds: the root, and the lists as they are published now."""
    root = root_of(parts.issuer, 1_800_000_000.0).certificate
    anchor = Anchor("city", root, frozenset(one.vct for one in credential_types().values()), (parts.issuer,))
    with parts.store.reading() as tx:
        numbers = [row.number for row in tx.execute(tables.status_lists.select())]
    lists = [status_list.read(published(parts, number).token, (anchor,), parts.now()) for number in numbers]
    chain = parts.credential_keys.current.chain
    leaf = leaf_under(chain, (anchor,), purpose=Purpose.CREDENTIAL, now=parts.now())
    return Believed((anchor,), {one.uri: one for one in lists}, {leaf.fingerprint8: leaf})


def shown(parts, credential, key, *, names=("name",), **options):
    """What a hotel finds when it is shown these claims."""
    selected = sd_jwt.select(credential, names)
    text_ = key_binding.sign(selected, key, audience=HOTEL, nonce="n" * 16, now=parts.now())
    options = {"allow_dev": True} | options
    return presentation.validate(text_, believed(parts), audience=HOTEL, nonce="n" * 16, now=parts.now(), **options)


def last_event(parts):
    """Name and details of the newest event."""
    with parts.store.reading() as tx:
        entry = audit.head(tx)
    return entry.event, entry.details


# What a first credential rests on


@pytest.mark.parametrize("acr", [ACTIVE, ATTESTED])
def test_a_live_session_becomes_a_credential_that_strangers_believe(parts, client, subject_id, acr):
    """Offered, redeemed, issued, shown: acr, amr and the time of the check tell the truth, and the environment is said."""
    wallet = Wallet(parts).accept(offer(parts, client, subject_id, on=approved_session(parts, client, subject_id, acr=acr)))
    (key,) = wallet.keys()
    (credential,) = wallet.get(keys=[key])
    found = shown(parts, credential, key, names=("name", "age_over_18"))
    assert (found.code, found.status, found.accepted) == ("accepted", Status.VALID, True)
    assert (found.claims["name"], found.claims["age_over_18"]) == (CLAIMS.name, True)
    assert "date_of_birth" not in found.claims
    assert (found.claims["acr"], found.claims["amr"]) == (acr, ["face"])
    assert found.claims["auth_time"] == parts.now() // DAY * DAY
    assert shown(parts, credential, key, allow_dev=False).code == "token_environment"


def test_a_registrars_word_founds_a_credential_and_is_recorded_with_its_method(parts, client, subject_id):
    """Nothing that a machine checked is claimed for it."""
    wallet = Wallet(parts).accept(in_person(parts, client, subject_id))
    with parts.store.reading() as tx:
        (made,) = [one for one in audit.events(tx) if one.event == "credential.offered"]
    assert (made.details["registrar"], made.details["method"]) == ("desk-4.r17", "document_inspected")
    (key,) = wallet.keys()
    found = shown(parts, wallet.get(keys=[key])[0], key)
    assert (found.accepted, found.claims["acr"], found.claims["amr"]) == (True, SUPERVISED, [])


@pytest.mark.parametrize("acr", [PHOTO, PASSIVE])
def test_a_photograph_or_a_face_that_was_asked_nothing_founds_no_credential(parts, client, subject_id, acr):
    """Even where our own signature stands under it, in a session's own record."""
    with pytest.raises(AssuranceTooLow):
        offer(parts, client, subject_id, on=approved_session(parts, client, subject_id, acr=acr))


def test_a_verification_of_one_photograph_has_nothing_to_offer_on(parts, client):
    """Its transaction id is no session's."""
    with pytest.raises(SessionNotFound):
        offer(parts, client, None, on="b" * 32)


def test_only_the_redeemed_session_of_that_client_of_a_subject_within_its_verdicts_life_counts(
    parts, client, subject_id, clock
):
    """Each condition by itself."""
    with pytest.raises(SessionFinished):
        offer(parts, client, subject_id, on=approved_session(parts, client, subject_id, redeemed=False))
    with pytest.raises(SessionNotFound):
        offer(parts, issuer_client(parts), subject_id, on=approved_session(parts, client, subject_id))
    with pytest.raises(AssuranceTooLow):
        offer(parts, client, subject_id, on=approved_session(parts, client, None))
    late = approved_session(parts, client, subject_id)
    clock.now += 661
    with pytest.raises(SessionFinished, match="token_expired"):
        offer(parts, client, subject_id, on=late)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"transaction_id": "ses_" + "0" * 32}, AssuranceTooLow),
        ({"client_id": "cli_other"}, AssuranceTooLow),
        ({"subject": "somebody-else"}, AssuranceTooLow),
        ({"environment": "sandbox"}, AssuranceTooLow),
        ({"audience": "https://other.example"}, SessionFinished),
        ({"nonce": "m" * 16}, SessionFinished),
        ({"issuer": "https://other.example"}, SessionFinished),
    ],
    ids=str,
)
def test_a_verdict_that_is_not_this_sessions_founds_nothing(parts, client, subject_id, changes, error):
    """A genuine token of ours, of another session, client, person, installation or audience."""
    with pytest.raises(error):
        offer(parts, client, subject_id, on=approved_session(parts, client, subject_id, **changes))


def test_a_reviewed_session_is_dated_by_its_capture_not_by_its_review(parts, client, subject_id, clock):
    """Nothing that happens afterwards makes the check of the person younger."""
    captured = parts.now() - 2 * DAY
    session_id = approved_session(parts, client, subject_id)
    change_session(parts, session_id, review={"case": {"at": captured}})
    wallet = Wallet(parts).accept(offer(parts, client, subject_id, on=session_id))
    (key,) = wallet.keys()
    assert shown(parts, wallet.get(keys=[key])[0], key).claims["auth_time"] == captured // DAY * DAY


def test_one_session_founds_one_wallet(parts, client, subject_id):
    """A newer offer takes the place of one nobody took; once one was taken, the session has nothing more to give."""
    session_id = approved_session(parts, client, subject_id)
    first = offer(parts, client, subject_id, on=session_id)
    second = offer(parts, client, subject_id, on=session_id)
    with pytest.raises(OfferNotFound):
        Wallet(parts).accept(first)
    Wallet(parts).accept(second)
    with pytest.raises(SessionFinished, match="another live session"):
        offer(parts, client, subject_id, on=session_id)


@pytest.mark.parametrize(
    "wrong", [{"registrar": "Jane Doe"}, {"registrar": ""}, {"method": "Looked At Him"}, {"audience": "https://evil.example"}]
)
def test_a_registrars_word_must_be_well_formed(parts, client, subject_id, wrong):
    """No name of a person reaches the audit, and `sub` is for an audience of the client's own."""
    with pytest.raises((InvalidInput, Exception)) as caught:
        in_person(parts, client, subject_id, **wrong)
    assert caught.value.code in {"invalid_input", "audience_not_allowed"}


# Offers


def test_an_offer_is_fetched_again_and_again_until_it_expires(parts, client, subject_id, clock):
    """A wallet that lost it loses nothing; its link, kept in a log, opens nothing later."""
    offered = offer(parts, client, subject_id)
    offer_id = offered.address.rpartition("/")[2]
    assert fetch_offer(parts, offer_id) == fetch_offer(parts, offer_id)
    assert offer_id not in str(fetch_offer(parts, offer_id))
    assert offered.uri.startswith("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fid.example%2Fv1%2Fcred")
    clock.now += 600
    for unknown in (offer_id, "x" * 43, "short", "../etc"):
        with pytest.raises(OfferNotFound):
            fetch_offer(parts, unknown)


def test_the_fifth_wrong_number_ends_the_offer(parts, client, subject_id):
    """Each is counted, also across proofs and devices; the right one then comes too late."""
    offered = offer(parts, client, subject_id)
    wrong = f"{(int(offered.tx_code) + 1) % 1_000_000:06d}"
    for _ in range(4):
        with pytest.raises(IssuanceRefused, match="wrong"):
            Wallet(parts).accept(offered, tx_code=wrong)
    assert last_event(parts)[1]["wrong"] == 4
    with pytest.raises(IssuanceRefused) as caught:
        Wallet(parts).accept(offered, tx_code=None)
    assert caught.value.reason == "invalid_request"
    with pytest.raises(IssuanceRefused, match="wrong"):
        Wallet(parts).accept(offered, tx_code=wrong)
    with pytest.raises(IssuanceRefused) as caught:
        Wallet(parts).accept(offered)
    assert caught.value.reason == "invalid_grant"


def test_a_code_is_redeemed_once_and_a_number_where_none_is_due_is_refused(parts, client, subject_id):
    """Also for the wallet that redeemed it."""
    offered = offer(parts, client, subject_id, with_number=False)
    assert offered.tx_code is None
    with pytest.raises(IssuanceRefused, match="no number"):
        Wallet(parts).accept(offered, tx_code="123456")
    wallet = Wallet(parts).accept(offered)
    for device in (wallet.device, FileSigner.new()):
        with pytest.raises(IssuanceRefused) as caught:
            Wallet(parts, device).accept(offered)
        assert caught.value.reason == "invalid_grant"


def test_an_offer_of_a_client_that_was_revoked_is_worth_nothing(parts, client, subject_id):
    """Its key may have been stolen."""
    offered = offer(parts, client, subject_id)
    revoke_client(parts, client.id, actor="tester")
    with pytest.raises(IssuanceRefused) as caught:
        Wallet(parts).accept(offered)
    assert caught.value.reason == "invalid_grant"


def test_a_stranger_without_a_code_makes_us_write_nothing(parts, client):
    """Nor wait for the writers' lock: it is held here."""
    with parts.store.transaction():
        for ask in (
            lambda: Wallet(parts).redeem("idvc_" + "x" * 43, "123456"),
            lambda: replace_refresh(Wallet(parts)).renew(),
            lambda: Wallet(parts).get(token="idva_" + "x" * 43, proofs=[]),
        ):
            with pytest.raises(IssuanceRefused):
                ask()


def replace_refresh(wallet):
    """With a refresh token that somebody made up."""
    wallet.refresh = "idvr_" + "x" * 43
    return wallet


def test_what_is_not_on_file_is_told_when_the_offer_is_made(parts, client, subject_id):
    """A driving licence needs its document; then it is issued, and says what the document says."""
    with pytest.raises(UnknownCredentialType, match="driving_licence"):
        offer(parts, client, subject_id, "library_card")
    with pytest.raises(InvalidInput):
        offer_on_session(parts, client, approved_session(parts, client, subject_id), ())
    with pytest.raises(DocumentMissing, match=r"driving_licence: .*licence_number, vehicle_classes, valid_until"):
        offer(parts, client, subject_id, "identity_card", "driving_licence")
    put_document(parts, subject_id, "driving_licence", LICENCE, actor="tester")
    wallet = Wallet(parts).accept(offer(parts, client, subject_id, "driving_licence"))
    (key,) = wallet.keys()
    found = shown(parts, wallet.get("driving_licence", keys=[key])[0], key, names=("name", "vehicle_classes"))
    assert (found.claims["vehicle_classes"], found.claims["name"]) == (["C1"], CLAIMS.name)


def test_a_document_that_ends_soon_ends_the_credential_and_one_that_ended_gives_none(parts, client, subject_id, clock):
    """Its last day is the day that the document names."""
    put_document(parts, subject_id, "driving_licence", LICENCE | {"valid_until": "2027-01-17"}, actor="tester")
    wallet = Wallet(parts).accept(offer(parts, client, subject_id, "driving_licence"))
    (key,) = wallet.keys()
    found = shown(parts, wallet.get("driving_licence", keys=[key])[0], key)
    assert found.claims["exp"] == 1_800_230_400  # 2027-01-18
    clock.now = 1_800_230_400.0
    with pytest.raises(IssuanceRefused, match="ended"):
        wallet.renew().get("driving_licence")


def test_nothing_is_offered_outside_the_validity_of_the_registry_record(parts, client):
    """As a verification is refused."""
    expired = person(parts, "B-2", replace(CLAIMS, valid_until="2026-01-01"))
    with pytest.raises(NoReference):
        in_person(parts, client, expired)


# Issuing


def test_a_batch_has_a_key_a_status_and_salts_of_its_own_for_each_copy(parts, wallet):
    """Thirty of them, in the order of the keys, and nothing that links two but what all credentials of that day share."""
    keys = wallet.keys(BATCH)
    copies = wallet.get(keys=keys)
    assert all(shown(parts, copy, key).accepted for copy, key in list(zip(copies, keys, strict=True))[:3])
    assert shown(parts, copies[0], keys[1]).code == "binding_signature"
    assert len({digest for copy in copies for digest in copy.split("~")[1:-1]}) == BATCH * (len(copies[0].split("~")) - 2)
    event, details = last_event(parts)
    assert (event, details["copies"], details["type"], details["renewed"]) == (
        "credential.issued",
        BATCH,
        "identity_card",
        False,
    )
    with parts.store.reading() as tx:
        assert len(tx.execute(tables.status_entries.select()).all()) == BATCH


def test_each_proof_must_hold_and_be_of_a_key_of_its_own(parts, wallet):
    """Otherwise nothing at all is issued, and the nonce can still be used."""
    nonce, _ = new_nonce(parts, NONCE_USE)
    one, two = wallet.keys(2)
    good = wallet.proofs([one, two], nonce)
    refused = {
        "invalid_proof": [
            [good[0], good[0]],
            wallet.proofs([one, one], nonce),
            [good[0], good[1][:-6] + "AAAAAA"],
            [good[0], dpop(two, credential_url(parts), parts.now())],
            [possession(one, "https://evil.example", nonce, parts.now())],
        ],
        "invalid_nonce": [
            [good[0], *wallet.proofs([two])],
            wallet.proofs([one], "made-up"),
            wallet.proofs([one], new_nonce(parts, "presentation")[0]),
            [possession(one, parts.issuer, None, parts.now())],
        ],
        "invalid_credential_request": [[], wallet.proofs(wallet.keys(BATCH + 1), nonce)],
    }
    for reason, requests in refused.items():
        for proofs in requests:
            with pytest.raises(IssuanceRefused) as caught:
                wallet.get(proofs=proofs)
            assert caught.value.reason == reason
    assert last_event(parts)[0] == "credential.offer_redeemed"
    assert len(wallet.get(proofs=good)) == 2
    with pytest.raises(IssuanceRefused) as caught:
        wallet.get(proofs=good)
    assert caught.value.reason == "invalid_nonce"


def test_a_nonce_ends_after_five_minutes_and_is_used_by_one_of_two_at_once(parts, wallet, clock):
    """Whoever is second by a hair gets another one."""
    nonce, ends = new_nonce(parts, NONCE_USE)
    outcomes = []

    def ask():
        try:
            outcomes.append(len(wallet.get(proofs=wallet.proofs(wallet.keys(), nonce))))
        except IssuanceRefused as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [1, "invalid_nonce"]
    late, ends = new_nonce(parts, NONCE_USE)
    clock.now = ends
    with pytest.raises(IssuanceRefused) as caught:
        wallet.renew().get(proofs=wallet.proofs(wallet.keys(), late))
    assert caught.value.reason == "invalid_nonce"


def test_tokens_serve_the_device_key_that_they_are_bound_to_and_no_other(parts, wallet):
    """A stolen access token or refresh token is worth nothing without the key; a proof is used once."""
    thief = FileSigner.new()
    with pytest.raises(TokenInvalid) as caught:
        wallet.get(device=thief)
    assert caught.value.code == "proof_not_bound"
    with pytest.raises(IssuanceRefused) as refused:
        wallet.renew(device=thief)
    assert refused.value.reason == "invalid_grant"
    proof = dpop(wallet.device, credential_url(parts), parts.now(), token=wallet.access)
    wallet.get(proof=proof)
    with pytest.raises(TokenInvalid) as caught:
        wallet.get(proof=proof)
    assert caught.value.code == "proof_replayed"
    with pytest.raises(TokenInvalid) as caught:
        wallet.get(proof=dpop(wallet.device, token_url(parts), parts.now(), token=wallet.access))
    assert caught.value.code == "proof_target"


@pytest.mark.parametrize("token", ["", "idva_" + "x" * 43, "refresh"])
def test_a_token_that_is_not_an_access_token_opens_nothing(parts, wallet, token):
    """Nor does the refresh token in its place."""
    with pytest.raises(IssuanceRefused) as caught:
        wallet.get(token=wallet.refresh if token == "refresh" else token or "x")
    assert caught.value.reason == "invalid_token"


def test_only_what_was_offered_is_issued(parts, client, subject_id, wallet):
    """Another type of the same person takes another offer."""
    put_document(parts, subject_id, "driving_licence", LICENCE, actor="tester")
    for configuration in ("driving_licence", "identity_card.counter", "identity_card.", "library_card", ""):
        with pytest.raises(IssuanceRefused) as caught:
            wallet.get(configuration)
        assert caught.value.reason == "unknown_credential_configuration"


def test_an_mdoc_says_what_the_credential_says_and_is_revoked_with_it(parts, wallet, subject_id):
    """Of one dataset, for other keys and at other places in the list; the environment is said; nothing hides it."""
    keys, session = wallet.keys(2), Session.plain(HOTEL, "n" * 16)
    made = wallet.get("identity_card.mdoc", keys=keys)
    event, details = last_event(parts)
    assert (event, details["configuration"], details["copies"]) == ("credential.issued", "identity_card.mdoc", 2)
    (key,) = wallet.keys()
    (other,) = wallet.get(keys=[key])
    names = [name for name, _ in map(sd_jwt.read, sd_jwt.parse(other).disclosures)]
    said = shown(parts, other, key, names=names)
    texts = [mdoc_response.present(one, names, by, session) for one, by in zip(made, keys, strict=True)]
    facts = {"session": session, "now": parts.now(), "allow_dev": True}
    found = [mdoc_presentation.validate(one, believed(parts), **facts) for one in texts]
    assert [one.code for one in found] == ["accepted"] * 2
    assert found[0] == found[1] == said
    assert len({mdoc_reading.status_of(one).index for one in texts}) == 2
    assert mdoc_presentation.validate(texts[0], believed(parts), **facts | {"allow_dev": False}).code == "token_environment"
    set_status(parts, actor="t", status=Status.REVOKED, subject_id=subject_id)
    assert mdoc_presentation.validate(texts[0], believed(parts), **facts).status is Status.REVOKED


def test_slips_are_issued_for_a_day_and_purpose_with_a_status_of_their_own(parts, wallet):
    """For a gate with what it needs, with a small picture, and for the police with disclosures."""
    for configuration, disclosures in (
        ("identity_card.gate", 0),
        ("identity_card.gate_portrait", 0),
        ("identity_card.police", 3),
    ):
        (key,) = wallet.keys()
        made = slip.Slip.read(wallet.get(configuration, keys=[key])[0])
        assert len(made.disclosures) == disclosures
        event, details = last_event(parts)
        assert (event, details["purpose"]) == ("credential.issued", configuration.partition(".")[2])
        if configuration.endswith("portrait"):
            assert b"a small picture" in made.slip
    with parts.store.reading() as tx:
        rows = tx.execute(tables.status_entries.select()).all()
    assert [row.expires_at for row in rows] == [parts.now() + DAY] * 3


def test_a_slip_names_its_list_by_number_and_a_gate_finds_it_where_it_is_published(parts, wallet, subject_id):
    """Each type of list has an address of its own; what is revoked there is refused at the door."""
    (key,) = wallet.keys()
    made = slip.Slip.read(wallet.get("identity_card.gate", keys=[key])[0])
    text_ = slip.present(made.slip, (), key, now=parts.now(), counter=1)
    assert b"status-lists" not in made.slip
    assert slip.validate(text_, believed(parts), now=parts.now(), allow_dev=True).code == "accepted"
    set_status(parts, actor="t", status=Status.REVOKED, subject_id=subject_id)
    assert slip.validate(text_, believed(parts), now=parts.now(), allow_dev=True).status is Status.REVOKED


class Broken:
    """Keys without a certificate that may sign."""

    current = property(lambda self: (_ for _ in ()).throw(SigningUnavailable("the key is away")))


@pytest.mark.parametrize("keys", ["credential_keys", "status_keys"])
def test_nothing_is_offered_that_could_not_be_signed(parts, client, subject_id, keys):
    """The wallet would spend its offer in vain; the operator is told at once."""
    session_id = approved_session(parts, client, subject_id)
    with pytest.raises(SigningUnavailable):
        offer(replace(parts, **{keys: Broken()}), client, subject_id, on=session_id)
    assert offer(parts, client, subject_id, on=session_id).tx_code


def test_a_signature_that_fails_leaves_nothing_behind(parts, wallet):
    """No index taken, no event, no copy counted: all or nothing."""
    with parts.store.reading() as tx:
        before = audit.head(tx).seq

    working = wallet.parts
    wallet.parts = replace(parts, credential_keys=Broken())
    with pytest.raises(SigningUnavailable):
        wallet.get()
    with parts.store.reading() as tx:
        assert audit.head(tx).seq == before
        assert tx.execute(tables.status_entries.select()).all() == []
    wallet.parts = working
    assert len(wallet.get()) == 1


def test_a_wallet_that_asks_for_ever_more_is_stopped_until_tomorrow(parts, wallet, clock):
    """It would fill the status lists."""
    with parts.store.transaction() as tx:
        from idverify.ceremonies.grant_record import grant_of_access, save_grant

        grant = grant_of_access(parts, tx, wallet.access)
        save_grant(parts, tx, replace(grant, day=int(parts.now() // DAY), issued=MOST_A_DAY - 1))
    wallet.get()
    with pytest.raises(AttemptsExhausted):
        wallet.get()
    clock.now += DAY
    assert len(wallet.renew().get()) == 1


# Issuing again


def test_copies_are_issued_again_for_ninety_days_and_the_check_grows_no_younger(parts, wallet, clock):
    """Silently, to the same device key; the time of the live session stays in them."""
    checked = parts.now() // DAY * DAY
    clock.now += 89 * DAY
    (key,) = wallet.keys()
    renewed = wallet.renew()
    found = shown(replace(parts), renewed.get(keys=[key])[0], key)
    assert found.claims["auth_time"] == checked
    assert last_event(parts)[1]["renewed"] is True
    clock.now += DAY
    with pytest.raises(IssuanceRefused) as caught:
        wallet.renew()
    assert caught.value.reason == "invalid_grant"
    with pytest.raises(IssuanceRefused):
        wallet.get()


def test_an_access_token_ends_after_five_minutes_and_when_it_is_renewed(parts, wallet, clock):
    """One lives at a time."""
    first = wallet.access
    wallet.renew()
    with pytest.raises(IssuanceRefused) as caught:
        wallet.get(token=first)
    assert caught.value.reason == "invalid_token"
    clock.now += 300
    with pytest.raises(IssuanceRefused):
        wallet.get()


def test_a_proof_of_life_asks_for_a_new_live_session_each_time(parts, client, subject_id):
    """A wallet that holds only that gets no refresh token; one that holds more cannot renew it."""
    alone = Wallet(parts).accept(offer(parts, client, subject_id, "proof_of_life"))
    assert alone.refresh is None
    (key,) = alone.keys()
    found = shown(parts, alone.get("proof_of_life", keys=[key])[0], key, names=())
    assert (found.claims["period"], found.accepted) == ("2027-H1", True)
    both = Wallet(parts).accept(offer(parts, client, subject_id, "proof_of_life", "identity_card"))
    both.get("proof_of_life")
    both.renew().get("identity_card")
    for configuration in ("proof_of_life", "proof_of_life.counter"):
        with pytest.raises(IssuanceRefused, match="new live session") as caught:
            both.get(configuration)
        assert caught.value.reason == "credential_request_denied"


@pytest.mark.parametrize(
    ("day", "period", "ends"),
    [("2027-06-30", "2027-H1", "2027-07-01"), ("2027-07-01", "2027-H2", "2028-01-01")],
)
def test_a_proof_of_life_ends_with_its_period_and_not_before(make_parts, clock, day, period, ends):
    """Seen on the last day of a half-year it is worth that day; on the first, all of it, and the certificate reaches so far."""
    clock.now = datetime.fromisoformat(f"{day}T23:59:00+00:00").timestamp()
    parts = make_parts()
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), person(parts), "proof_of_life"))
    said = decoded(wallet.get("proof_of_life")[0].split("~")[0], 1)
    over = datetime.fromisoformat(f"{ends}T00:00:00+00:00").timestamp()
    assert (said["period"], said["exp"]) == (period, over)
    code = cbor2.loads(decode_base64url(wallet.get("proof_of_life.counter")[0]))
    assert cbor2.loads(code.value[2])[4] == min(over, clock.now + DAY)
    clock.now += 120
    if clock.now < over:
        assert wallet.get("proof_of_life")
        return
    for configuration in ("proof_of_life", "proof_of_life.counter"):
        with pytest.raises(IssuanceRefused, match="has ended") as caught:
            wallet.get(configuration)
        assert caught.value.reason == "credential_request_denied"


def test_a_slip_key_is_used_once_whatever_the_purpose_or_the_wallet_for_two_days(parts, client, subject_id, wallet, clock):
    """A gate, another purpose, tomorrow, another credential: one key in two slips would tell that one person was at both."""
    (key,) = wallet.keys()
    other = Wallet(parts).accept(offer(parts, client, subject_id))
    assert wallet.get("identity_card.gate", keys=[key])

    def refused(asking, configuration):
        with pytest.raises(IssuanceRefused, match="another slip has that key") as caught:
            asking.get(configuration, keys=[FileSigner.new(), key])
        return caught.value.reason

    assert {refused(wallet, one) for one in ("identity_card.gate", "identity_card.police")} == {"invalid_proof"}
    assert refused(other, "identity_card.gate") == "invalid_proof"
    clock.now += DAY + 60
    assert refused(wallet.renew(), "identity_card.gate") == "invalid_proof"
    fresh = wallet.keys(2)
    assert len(wallet.get("identity_card.gate", keys=fresh)) == 2
    clock.now += DAY
    purge(parts, retention_seconds=DAY, actor="tester")
    with parts.store.reading() as tx:
        kept = tx.scalars(select(tables.spent.c.expires_at)).all()
    assert all(parts.now() <= one <= parts.now() + 2 * DAY for one in kept), "what is remembered is bounded"


def test_what_was_revoked_is_not_issued_again_until_the_person_is_checked_anew(parts, client, subject_id, wallet, clock):
    """By subject: on any wallet. A revocation that could be renewed away would be none."""
    (key,) = wallet.keys()
    (old,) = wallet.get(keys=[key])
    clock.now += 60
    assert set_status(parts, actor="tester", status=Status.REVOKED, subject_id=subject_id) == 1
    assert shown(parts, old, key).code == "credential_revoked"
    with pytest.raises(IssuanceRefused, match="revoked") as caught:
        wallet.renew().get()
    assert caught.value.reason == "credential_request_denied"
    clock.now += 60
    (key,) = wallet.keys()
    fresh = Wallet(parts).accept(offer(parts, client, subject_id))
    assert shown(parts, fresh.get(keys=[key])[0], key).accepted


def test_revoking_one_wallets_credential_leaves_the_others(parts, client, subject_id, wallet):
    """A lost phone; the person's other device goes on."""
    other = Wallet(parts).accept(offer(parts, client, subject_id))
    wallet.get()
    lost = last_event(parts)[1]["credential_id"]
    other.get()
    assert set_status(parts, actor="tester", status=Status.REVOKED, credential_id=lost) == 1
    with pytest.raises(IssuanceRefused, match="revoked"):
        wallet.renew().get()
    with pytest.raises(IssuanceRefused, match="revoked"):
        wallet.get("identity_card.gate")
    assert len(other.renew().get()) == 1


def test_a_suspension_outlives_the_copies_and_holds_for_new_sessions_until_it_is_lifted(parts, client, subject_id, clock):
    """A fresh copy of a suspended licence would drive on."""
    put_document(parts, subject_id, "driving_licence", LICENCE, actor="tester")
    wallet = Wallet(parts).accept(offer(parts, client, subject_id, "driving_licence"))
    wallet.get("driving_licence")
    set_status(parts, actor="tester", status=Status.SUSPENDED, subject_id=subject_id, type_name="driving_licence")
    clock.now += 20 * DAY
    for asking in (wallet.renew(), Wallet(parts).accept(offer(parts, client, subject_id, "driving_licence"))):
        with pytest.raises(IssuanceRefused, match="suspended"):
            asking.get("driving_licence")
    set_status(parts, actor="tester", status=Status.VALID, subject_id=subject_id, type_name="driving_licence")
    assert last_event(parts) == (
        "credential.reinstated",
        {"credential_id": None, "type": "driving_licence", "copies": 0},
    )
    assert len(wallet.renew().get("driving_licence")) == 1


def test_revoking_reaches_a_wallet_whose_copies_have_all_expired(parts, subject_id, wallet, clock):
    """It could still renew them."""
    wallet.get()
    clock.now += 30 * DAY
    assert set_status(parts, actor="tester", status=Status.REVOKED, subject_id=subject_id) == 0
    with pytest.raises(IssuanceRefused, match="revoked"):
        wallet.renew().get()


def test_erasing_the_subject_revokes_what_it_has_and_ends_its_grants_and_offers(parts, client, subject_id, wallet):
    """Nothing that names it is left to issue on."""
    (key,) = wallet.keys()
    (credential,) = wallet.get(keys=[key])
    waiting = offer(parts, client, subject_id)
    erase(parts, subject_id, actor="tester")
    assert shown(parts, credential, key).code == "credential_revoked"
    with pytest.raises(OfferNotFound):
        fetch_offer(parts, waiting.address.rpartition("/")[2])
    for ask in (wallet.get, wallet.renew):
        with pytest.raises(IssuanceRefused):
            ask()
    with pytest.raises(SubjectNotFound):
        in_person(parts, client, subject_id)
    assert verify_chain(parts.store, parts.secrets.audit).intact


# A writer to the database


def test_a_row_of_another_or_of_another_time_does_not_open(parts, client, subject_id, wallet):
    """Somebody who can write to the database gives themselves neither a grant nor more guesses."""
    other = Wallet(parts).accept(offer(parts, client, person(parts, "B-2")))
    with parts.store.transaction() as tx:
        victim, thief = tx.execute(text("SELECT grant_id, access_hash FROM grants ORDER BY version, grant_id")).all()
        tx.execute(text("UPDATE grants SET access_hash = 'x' WHERE grant_id = :id"), {"id": thief.grant_id})
        tx.execute(
            text("UPDATE grants SET access_hash = :hash WHERE grant_id = :id"),
            {"hash": thief.access_hash, "id": victim.grant_id},
        )
    opened = []
    for each in (wallet, other):
        try:
            opened.append(each.get())
        except (RecordTampered, IssuanceRefused) as error:
            opened.append(error.code)
    assert sorted(opened) == ["issuance_refused", "record_tampered"]
    offered = offer(parts, client, subject_id)
    with parts.store.transaction() as tx:
        tx.execute(text("UPDATE offers SET version = version + 1, expires_at = expires_at + 1"))
    with pytest.raises(RecordTampered):
        fetch_offer(parts, offered.address.rpartition("/")[2])


def test_neither_codes_nor_tokens_nor_numbers_stand_in_the_database(parts, client, subject_id, tmp_path):
    """A copy of it redeems nothing."""
    offered = offer(parts, client, subject_id)
    wallet = Wallet(parts).accept(offered)
    parts.store.tidy()
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("idverify.db*"))
    offer_id = offered.address.rpartition("/")[2]
    assert wallet.device.kid.encode() in kept  # the audit names the key: what was searched is what is there
    for secret in (wallet.access, wallet.refresh, offer_id, CLAIMS.name):
        assert secret.encode() not in kept


@pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED, Status.VALID])
@pytest.mark.parametrize("tail", ["", ".", ".nothing", ".identity_card.x"])
def test_a_wallets_number_without_a_type_revokes_nothing_and_says_so(parts, wallet, status, tail):
    """An operator who left out the type would else go home, and the thief be issued fresh copies."""
    wallet.get()
    with parts.store.reading() as tx:
        (row,) = tx.execute(tables.grants.select())
    with pytest.raises(InvalidInput, match="no living credential fits"):
        set_status(parts, actor="o", status=status, credential_id=row.grant_id + tail)


def test_a_credential_named_with_the_type_of_another_is_not_touched(parts, wallet):
    """Neither its copies nor what it may be issued."""
    wallet.get()
    with parts.store.reading() as tx:
        (row,) = tx.execute(tables.grants.select())
    card = f"{row.grant_id}.identity_card"
    with pytest.raises(InvalidInput, match="no living credential fits"):
        set_status(parts, actor="o", status=Status.REVOKED, credential_id=card, type_name="driving_licence")
    assert wallet.renew().get()


@pytest.mark.parametrize(("until", "lives"), [("9999-12-31", True), ("2031-05-01", True), ("1969-12-31", False)])
def test_a_document_that_never_ends_or_long_ended_is_no_accident(parts, client, subject_id, until, lives):
    """Permanent documents are filed until 9999-12-31, after which Python knows no day."""
    put_document(parts, subject_id, "driving_licence", LICENCE | {"valid_until": until}, actor="o")
    if not lives:
        with pytest.raises(DocumentMissing, match="has ended"):
            in_person(parts, client, subject_id, "driving_licence")
        return
    wallet = Wallet(parts).accept(in_person(parts, client, subject_id, "driving_licence"))
    (key,) = wallet.keys()
    found = shown(parts, wallet.get("driving_licence", keys=[key])[0], key, names=("valid_until",))
    assert (found.accepted, found.claims["valid_until"]) == (True, until)
