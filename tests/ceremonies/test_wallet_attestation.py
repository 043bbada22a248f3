"""Wallets and keys that a provider vouches for, up to the credential; roots that are kept apart; offers for one device."""

from dataclasses import replace

import pytest
from credentials.authority import Authority
from credentials.providing import BASIC, CLIENT, HIGH, MODERATE, WalletProvider, attested_proof, client_proof
from roots import root_of

from idverify.audit.events import Event
from idverify.ceremonies import granting, root_signing, wallet_trust
from idverify.ceremonies.issuance import NONCE_USE
from idverify.ceremonies.issuer_metadata import issuer_metadata, server_metadata
from idverify.ceremonies.nonces import new_nonce
from idverify.ceremonies.proven_keys import BATCH
from idverify.ceremonies.trust_publication import NOWHERE, Scheme, publish
from idverify.ceremonies.wallet_authentication import Brought
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ATTESTED
from idverify.credentials.credential_types import credential_types
from idverify.credentials.providers import Demand, WalletTrust
from idverify.credentials.purposes import WALLET_PROVIDER
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.credentials.trust_list_document import Entity
from idverify.errors import AssuranceTooLow, ConfigurationInvalid, InvalidInput, IssuanceRefused, StoreUnavailable
from idverify.keys import certificate_request
from idverify.keys.file import FileSigner
from idverify.store import audit

from .conftest import ISSUER, START
from .issued import Wallet, approved_session, change_session, issuer_client, offer, person

BEGINS = START - 86_400
PROVIDER = WalletProvider(BEGINS)
CARD = Demand(frozenset({HIGH, MODERATE}))


@pytest.fixture
def parts(parts):
    """An installation that believes a provider, and gives identity cards to keys in hardware alone."""
    return believing(parts, demands={"identity_card": CARD})


def believing(parts, *providers, **asked):
    """The same, believing others and asking for something else."""
    return replace(parts, wallets=WalletTrust(providers or (PROVIDER.trusted(),), **asked))


@pytest.fixture
def client(parts):
    """The city's app."""
    return issuer_client(parts)


@pytest.fixture
def offered(parts, client):
    """Makes offers to somebody enrolled, on a live session of that moment."""
    subject_id = person(parts)
    return lambda **options: offer(parts, client, subject_id, **options)


def nonce_of(parts):
    """A fresh one."""
    return new_nonce(parts, NONCE_USE)[0]


def shown(wallet, keys, *, provider=PROVIDER, nonce=None, **changes):
    """One proof, with an attestation of all keys."""
    nonce = nonce or nonce_of(wallet.parts)
    now = wallet.parts.now()
    return [attested_proof(keys[0], provider.keys(keys, nonce, now, **changes), ISSUER, nonce, now)]


def alone(wallet, keys, *, provider=PROVIDER, nonce=None, **changes):
    """The attestation without a proof."""
    return [provider.keys(keys, nonce or nonce_of(wallet.parts), wallet.parts.now(), **changes)]


def payload(copy):
    """What every reader of it sees."""
    return parse_object(decode_base64url(copy.split(".")[1]))


def refused(call):
    """The word, and the code of the check that stands in the description."""
    with pytest.raises(IssuanceRefused) as caught:
        call()
    codes = [part for part in caught.value.message.split(": ") if "_" in part and " " not in part]
    return caught.value.reason, codes[0] if codes else None


def details(parts, kind):
    """Of the newest event of that kind."""
    with parts.store.reading() as tx:
        return [one.details for one in audit.events(tx) if one.event == kind][-1]


def test_attested_keys_get_the_copies_and_nobody_else_does(parts, offered):
    """Exactly one for each, in their order, with one signature of the wallet; the audit says whose word it was."""
    wallet = Wallet(parts).accept(offered())
    keys = wallet.keys(BATCH)
    copies = [payload(one) for one in wallet.get(proofs=shown(wallet, keys))]
    assert [one["cnf"]["jwk"]["x"] for one in copies] == [key.public_jwk()["x"] for key in keys]
    assert {tuple(one["amr"]) for one in copies} == {("face", "hwk")}
    told = details(parts, Event.CREDENTIAL_ISSUED)
    assert (told["wallet_provider"], told["key_storage"], told["possession_shown"]) == ("wallets", [HIGH], True)
    assert len(wallet.get("identity_card.gate", proofs=shown(wallet, wallet.keys()))) == 1


def test_an_attestation_alone_is_enough_but_no_proof_of_possession(parts, offered):
    """Hwk would say that the wallet showed its key (RFC 8176 section 2)."""
    wallet = Wallet(parts).accept(offered())
    keys = wallet.keys(2)
    copies = [payload(one) for one in wallet.get(proofs=[], attestations=alone(wallet, keys))]
    assert [one["cnf"]["jwk"]["x"] for one in copies] == [key.public_jwk()["x"] for key in keys]
    assert [one["amr"] for one in copies] == [["face"], ["face"]]
    assert details(parts, Event.CREDENTIAL_ISSUED)["possession_shown"] is False


def test_who_asks_for_nothing_gets_a_truthful_amr(parts, client, offered):
    """Software storage is no hardware; a plain proof says nothing of where its key is."""
    free = believing(parts)
    wallet = Wallet(free).accept(offered())
    basic = shown(wallet, wallet.keys(), key_storage=[BASIC])
    assert payload(wallet.get(proofs=basic)[0])["amr"] == ["face"]
    assert payload(wallet.get()[0])["amr"] == ["face"]
    assert "wallet_provider" not in details(parts, Event.CREDENTIAL_ISSUED)
    assert payload(wallet.get(proofs=shown(wallet, wallet.keys()))[0])["amr"] == ["face", "hwk"]


def test_each_thing_wrong_with_attested_keys_issues_nothing(parts, offered):
    """And the nonce can still be used."""
    wallet = Wallet(parts).accept(offered())
    nonce, one, other = nonce_of(parts), *wallet.keys(2)
    stranger = WalletProvider(BEGINS, name="others")
    attested = PROVIDER.keys([one], nonce, START)
    wrong = {
        ("invalid_proof", "attestation_missing"): [
            {"proofs": wallet.proofs([one], nonce)},
            {"proofs": wallet.proofs([one, other], nonce)},
        ],
        ("invalid_proof", "certificate_foreign"): [
            {"proofs": shown(wallet, [one], provider=stranger, nonce=nonce)},
            {"proofs": [], "attestations": alone(wallet, [one], provider=stranger, nonce=nonce)},
        ],
        ("invalid_proof", "token_expired"): [{"proofs": [], "attestations": alone(wallet, [one], nonce=nonce, exp=START)}],
        ("invalid_proof", "token_algorithm"): [
            {"proofs": [], "attestations": alone(wallet, [one], nonce=nonce, header={"alg": "none"})}
        ],
        ("invalid_proof", "key_not_attested"): [{"proofs": [attested_proof(other, attested, ISSUER, nonce, START)]}],
        ("invalid_proof", "attestation_not_alone"): [
            {"proofs": [*shown(wallet, [one, other], nonce=nonce), *wallet.proofs([other], nonce)]},
            {"proofs": [*wallet.proofs([other], nonce), *shown(wallet, [one], nonce=nonce)]},
        ],
        ("invalid_proof", "attested_keys"): [{"proofs": shown(wallet, wallet.keys(BATCH + 1), nonce=nonce)}],
        ("invalid_proof", "attestation_level"): [
            {"proofs": shown(wallet, [one], nonce=nonce, key_storage=[BASIC])},
            {"proofs": [], "attestations": alone(wallet, [one], nonce=nonce, key_storage=None)},
        ],
        ("invalid_nonce", "token_nonce"): [
            {"proofs": [attested_proof(one, attested, ISSUER, nonce_of(parts), START)]},
            {"proofs": [], "attestations": [PROVIDER.keys([one], None, START)]},
        ],
        ("invalid_nonce", None): [
            {"proofs": shown(wallet, [one], nonce="made up")},
            {"proofs": [], "attestations": alone(wallet, [one], nonce=new_nonce(parts, "presentation")[0])},
        ],
        ("invalid_credential_request", None): [
            {"proofs": wallet.proofs([one], nonce), "attestations": [attested]},
            {"proofs": [], "attestations": [attested, attested]},
            {"proofs": []},
        ],
    }
    for expected, requests in wrong.items():
        for asked in requests:
            assert refused(lambda asked=asked: wallet.get(**asked)) == expected
    assert len(wallet.get(proofs=[], attestations=[attested])) == 1
    assert refused(lambda: wallet.get(proofs=[], attestations=[attested])) == ("invalid_nonce", None)


def test_a_type_that_asks_for_nothing_is_given_to_plain_keys(parts, client):
    """Demands are of one type, with its slips."""
    wallet = Wallet(parts).accept(offer(parts, client, person(parts), "identity_card", "proof_of_life"))
    assert len(wallet.get("proof_of_life")) == 1
    assert refused(lambda: wallet.get("identity_card.gate")) == ("invalid_proof", "attestation_missing")


def test_nobody_attests_where_nobody_is_believed(parts, offered):
    """What a provider says is refused, not passed over."""
    nobody = replace(parts, wallets=WalletTrust())
    wallet = Wallet(nobody).accept(offered(), wallet=Brought("not read", "nor this", "nor that"))
    assert refused(lambda: wallet.get(proofs=shown(wallet, wallet.keys()))) == ("invalid_proof", "certificate_foreign")
    assert len(wallet.get()) == 1


# Roots


def issuers_provider(parts, **changes):
    """A provider whose root certifies this installation's own keys."""
    root = root_of(ISSUER, parts.now())
    signer = FileSigner.new()
    leaf = root.issue(signer.public_jwk(), usage=WALLET_PROVIDER, issuer=ISSUER, now=START)
    made = WalletProvider(BEGINS)
    made.signer, made.leaf = signer, leaf
    return made, made.trusted(roots=(root.certificate,), **changes)


def test_the_root_that_issues_here_attests_nothing(parts, offered, monkeypatch):
    """Said at the start; and where it comes about later, it is believed in nothing. Without that look it would be."""
    provider, trusted = issuers_provider(parts)
    mixed = believing(parts, trusted, demands={"identity_card": CARD})
    with pytest.raises(ConfigurationInvalid, match="also issues"):
        wallet_trust.require_apart(mixed)
    wallet = Wallet(mixed).accept(offered())
    asked = {"proofs": [], "attestations": alone(wallet, wallet.keys(), provider=provider)}
    assert refused(lambda: wallet.get(**asked)) == ("invalid_proof", "certificate_foreign")
    monkeypatch.setattr(wallet_trust, "issuing_roots", lambda _: ())
    assert len(wallet.get(**asked)) == 1


def test_a_root_on_a_trust_list_attests_nothing_and_a_providers_root_is_on_none(parts, monkeypatch):
    """Another certificate of the same key is the same root."""
    again = Authority("wallets under another name", PROVIDER.authority.key, begins=BEGINS)
    listed = Anchor("other city", again.certificate, frozenset(), ("https://other.example",))

    class Lists:
        def anchors(self, now):
            return (listed,)

    assert wallet_trust.attesters(parts) == (PROVIDER.trusted(),)
    assert wallet_trust.attesters(replace(parts, relying=Lists())) == ()
    with pytest.raises(ConfigurationInvalid, match="wallets"):
        wallet_trust.require_apart(replace(parts, relying=Lists()))
    wallet_trust.require_apart(parts)


def test_the_root_that_issues_here_certifies_no_provider(parts):
    """Whoever carries requests to it, and whatever a person confirms."""
    asked = certificate_request.make(FileSigner.new(), usage=WALLET_PROVIDER, issuer=ISSUER)
    with pytest.raises(InvalidInput, match="no key of an installation"):
        root_signing.examined([asked])


def test_no_list_is_published_that_says_a_providers_root_issues(parts):
    """Others would believe it, whatever this installation does."""
    types, elsewhere = frozenset({"urn:idverify:vct:identity-card:1"}), ("https://other.example",)
    entity = Entity(PROVIDER.authority.anchor(types, elsewhere), NOWHERE)
    scheme = Scheme({"en": "City of Test"}, NOWHERE, (entity,))
    with pytest.raises(ConfigurationInvalid, match="wallets speaks of wallets"):
        publish(parts, scheme, actor="tester")
    assert publish(replace(parts, wallets=WalletTrust()), scheme, actor="tester").text


# Wallets at the token endpoint


def brought(wallet, *, provider=PROVIDER, key=None, proof=..., client_id=None, **changes):
    """What an attested wallet sends along."""
    now, key = wallet.parts.now(), key or wallet.device
    proof = client_proof(key, ISSUER, now) if proof is ... else proof
    return Brought(provider.client(key, now, **changes), proof, client_id)


@pytest.fixture
def strict(parts):
    """An installation that gives tokens to attested wallets alone."""
    clients = frozenset({CLIENT, "https://wallet.example/other"})
    return believing(parts, PROVIDER.trusted(clients=clients), client_attestation=True)


def test_an_attested_wallet_gets_tokens_and_renews_with_the_same_key_alone(strict, offered):
    """With a proof of its own or with the DPoP proof, its key being the device key or another; named or not."""
    for instance in (None, FileSigner.new()):
        wallet = Wallet(strict)
        wallet.accept(offered(), wallet=brought(wallet, key=instance, client_id=CLIENT))
        told = details(strict, Event.OFFER_REDEEMED)
        assert (told["wallet_provider"], told["wallet"]) == ("wallets", CLIENT)
        wallet.renew(wallet=brought(wallet, key=instance))
        assert refused(wallet.renew) == ("invalid_client", "client_attestation_missing")
        other = brought(wallet, key=FileSigner.new())
        assert refused(lambda w=wallet, o=other: w.renew(wallet=o)) == ("invalid_client_attestation", "client_not_bound")
        other = brought(wallet, key=instance, sub="https://wallet.example/other")
        assert refused(lambda w=wallet, o=other: w.renew(wallet=o)) == ("invalid_client_attestation", "client_not_bound")
    combined = Wallet(strict)
    combined.accept(offered(), wallet=brought(combined, proof=None))
    combined.renew(wallet=brought(combined, proof=None))


def test_a_grant_that_an_attested_wallet_has_stays_its_own_when_the_demand_is_gone(strict, parts, offered):
    """Neither a thief with the device key alone renews it, nor a wallet that its provider has let go."""
    wallet = Wallet(strict)
    wallet.accept(offered(), wallet=brought(wallet))
    wallet.parts = replace(strict, wallets=WalletTrust())
    assert refused(wallet.renew) == ("invalid_client", "client_attestation_missing")
    assert refused(lambda: wallet.renew(wallet=brought(wallet))) == ("invalid_client_attestation", "certificate_foreign")


def test_a_grant_from_before_the_demand_is_bound_at_its_first_renewal(parts, strict, offered):
    """From then on as any other."""
    wallet = Wallet(believing(parts)).accept(offered())
    wallet.parts = strict
    assert refused(wallet.renew) == ("invalid_client", "client_attestation_missing")
    key = FileSigner.new()
    wallet.renew(wallet=brought(wallet, key=key))
    assert refused(lambda: wallet.renew(wallet=brought(wallet))) == ("invalid_client_attestation", "client_not_bound")
    wallet.renew(wallet=brought(wallet, key=key))


def test_of_two_wallets_that_are_first_to_renew_an_old_grant_one_is(parts, strict, offered, monkeypatch):
    """Which of them the grant is bound to is not decided by who writes last."""
    wallet = Wallet(believing(parts)).accept(offered())
    wallet.parts = strict
    second, examined = brought(wallet, key=FileSigner.new()), granting.authenticated

    def slower(*arguments, **named):
        found = examined(*arguments, **named)
        monkeypatch.setattr(granting, "authenticated", examined)
        wallet.renew(wallet=brought(wallet))
        return found

    monkeypatch.setattr(granting, "authenticated", slower)
    with pytest.raises(StoreUnavailable):
        wallet.renew(wallet=second)
    wallet.renew(wallet=brought(wallet))


def test_each_thing_wrong_with_a_wallet_gives_no_token_and_costs_no_guess(strict, offered):
    """The offer can still be taken by who it is for."""
    made = offered()
    wallet, now = Wallet(strict), START
    key = wallet.device
    good = brought(wallet)
    wrong = {
        ("invalid_client", "client_attestation_missing"): [Brought(), Brought(None, good.proof)],
        ("invalid_client", "client_unknown"): [
            brought(wallet, sub="https://other.example/app"),
            brought(wallet, client_id="https://other.example/app"),
        ],
        ("use_fresh_attestation", "token_expired"): [brought(wallet, exp=now)],
        ("invalid_client_attestation", "certificate_foreign"): [brought(wallet, provider=WalletProvider(BEGINS, name="x"))],
        ("invalid_client_attestation", "token_audience"): [
            brought(wallet, proof=client_proof(key, "https://evil.example", now))
        ],
        ("invalid_client_attestation", "token_signature"): [brought(wallet, proof=client_proof(FileSigner.new(), ISSUER, now))],
        ("invalid_client_attestation", "proof_stale"): [brought(wallet, proof=client_proof(key, ISSUER, now - 61))],
        ("invalid_client_attestation", "client_not_bound"): [brought(wallet, key=FileSigner.new(), proof=None)],
    }
    for expected, requests in wrong.items():
        for sent in requests:
            assert refused(lambda sent=sent: wallet.accept(made, wallet=sent)) == expected
    assert wallet.accept(made, wallet=good).access
    assert refused(lambda: wallet.renew(wallet=good)) == ("invalid_client_attestation", "proof_replayed")


def test_a_wallet_that_need_not_be_attested_is_still_not_believed_blindly(parts, offered):
    """Nor is one attested without a proof of its key, by whoever read its attestation."""
    free = believing(parts)
    wallet = Wallet(free)
    made = offered()
    broken = brought(wallet, provider=WalletProvider(BEGINS, name="x"))
    assert refused(lambda: wallet.accept(made, wallet=broken)) == ("invalid_client_attestation", "certificate_foreign")
    proof = Brought(None, brought(wallet).proof)
    assert refused(lambda: wallet.accept(made, wallet=proof)) == ("invalid_client", "client_attestation_missing")
    assert wallet.accept(made, wallet=Brought()).access


def test_the_metadata_says_what_is_asked_for(parts, strict):
    """And nothing of attestation where nobody is believed."""
    said = issuer_metadata(parts)["credential_configurations_supported"]
    wanted = {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": {"key_storage": [HIGH, MODERATE]}}
    plain = {"proof_signing_alg_values_supported": ["ES256"]}
    assert said["identity_card"]["proof_types_supported"] == {"jwt": wanted, "attestation": wanted}
    assert said["identity_card.gate"]["proof_types_supported"] == {"jwt": wanted, "attestation": wanted}
    assert said["driving_licence"]["proof_types_supported"] == {"jwt": plain, "attestation": plain}
    methods = ["attest_jwt_client_auth", "attest_jwt_client_auth_dpop"]
    for vault, allowed, anonymous in ((strict, methods, False), (parts, ["none", *methods], True)):
        server = server_metadata(vault)
        assert server["token_endpoint_auth_methods_supported"] == allowed
        assert server["pre-authorized_grant_anonymous_access_supported"] is anonymous
        assert server["client_attestation_pop_signing_alg_values_supported"] == ["ES256"]
    silent = replace(parts, wallets=WalletTrust())
    assert server_metadata(silent)["token_endpoint_auth_methods_supported"] == ["none"]
    assert "client_attestation_signing_alg_values_supported" not in server_metadata(silent)
    for one in issuer_metadata(silent)["credential_configurations_supported"].values():
        assert one["proof_types_supported"] == {"jwt": plain}
    assert len(credential_types()) <= len(said)


# The device whose app signed the live session


def signed_session(parts, client, subject_id, device):
    """A session as it stands after an app's attested key signed its stream."""
    session_id = approved_session(parts, client, subject_id, acr=ATTESTED)
    change_session(parts, session_id, device=device.kid)
    return session_id


def test_an_offer_on_a_signed_session_is_for_the_key_that_signed(parts, client):
    """Who stole link and number has another key; five tries, and the offer is closed."""
    free, subject_id, device, thief = believing(parts), person(parts), FileSigner.new(), FileSigner.new()
    made = offer(free, client, subject_id, on=signed_session(free, client, subject_id, device))
    for _ in range(2):
        assert refused(lambda: Wallet(free, thief).accept(made))[0] == "invalid_grant"
    assert details(free, Event.OFFER_REFUSED)["wrong"] == 2
    wallet = Wallet(free, device).accept(made)
    assert payload(wallet.get()[0])["acr"] == ATTESTED
    wallet.renew().get()
    with pytest.raises(IssuanceRefused):
        wallet.renew(device=thief)
    made = offer(free, client, subject_id, on=signed_session(free, client, subject_id, device), with_number=False)
    for _ in range(5):
        refused(lambda: Wallet(free, thief).accept(made))
    assert refused(lambda: Wallet(free, device).accept(made))[0] == "invalid_grant"


def test_the_wallet_may_be_another_app_where_the_client_says_so(parts, client):
    """And must not be where the client insists, though nothing was signed."""
    free, subject_id, device = believing(parts), person(parts), FileSigner.new()
    session_id = signed_session(free, client, subject_id, device)
    insisted = offer(free, client, subject_id, on=session_id, same_device=True)
    assert refused(lambda: Wallet(free).accept(insisted))[0] == "invalid_grant"
    assert Wallet(free).accept(offer(free, client, subject_id, on=session_id, same_device=False)).access
    with pytest.raises(AssuranceTooLow, match="no app's attested key"):
        offer(free, client, subject_id, same_device=True)
    assert details(free, Event.OFFER_CREATED)["device"] is None


def test_a_copy_is_still_bound_to_a_key_of_its_own(parts, client):
    """The device key would link them."""
    free, subject_id, device = believing(parts), person(parts), FileSigner.new()
    wallet = Wallet(free, device).accept(offer(free, client, subject_id, on=signed_session(free, client, subject_id, device)))
    copy = wallet.get(keys=wallet.keys())[0]
    assert payload(copy)["cnf"]["jwk"]["x"] != device.public_jwk()["x"]
