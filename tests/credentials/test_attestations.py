"""What a wallet provider says of keys and of wallets, each time wrong in one way; and roots that do what is not theirs."""

from base64 import b64encode

import pytest

from idverify.credentials import (
    attested_possession,
    certificates,
    certified_jws,
    client_attestation,
    key_attestation,
    possession,
    providers,
)
from idverify.credentials.attestation_errors import REFUSALS
from idverify.credentials.key_attestation import KeyAttestation
from idverify.credentials.providers import Demand, Provider
from idverify.credentials.purposes import ISSUING, WALLET_PROVIDER, Purpose
from idverify.credentials.reading import decode_base64url
from idverify.errors import TokenInvalid
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url

from .authority import Authority
from .proofs import bare_jwk
from .proofs import possession as plain_proof
from .providing import BASIC, CLIENT, HIGH, MODERATE, URL, WalletProvider, attested_proof, client_proof

NOW = 1_800_000_000.0
BEGINS = NOW - 86_400
ISSUER = "https://id.example"
NONCE = "a nonce of ours"
PROVIDER = WalletProvider(BEGINS)
OTHER = WalletProvider(BEGINS, name="others")
CITY = Authority("City", begins=BEGINS)
TRUSTED = (PROVIDER.trusted(),)
KEYS = [FileSigner.new() for _ in range(3)]
STRANGER = FileSigner.new()
MANY = [FileSigner.new() for _ in range(31)]
JWK = bare_jwk(KEYS[0])


def code_of(call):
    """The code that it is refused with; None where it is not."""
    try:
        call()
    except TokenInvalid as error:
        return error.code
    return None


def keys_of(text, **options):
    """As the credential endpoint reads it."""
    return key_attestation.validate(text, TRUSTED, now=NOW, **options)


def attested(provider=PROVIDER, keys=KEYS, nonce=NONCE, now=NOW, **changes):
    """A key attestation with something changed."""
    return provider.keys(keys, nonce, now, **changes)


def test_an_attestation_that_holds_names_the_keys_and_their_levels():
    """Beside a proof and alone; of a certificate under another usage, where the operator said so."""
    found = keys_of(attested(), ends=True)
    assert [one.thumbprint for one in found.keys] == [one.kid for one in KEYS]
    assert {frozenset(one.jwk) for one in found.keys} == {frozenset({"kty", "crv", "x", "y"})}
    assert (found.nonce, found.provider, found.key_storage) == (NONCE, "wallets", {HIGH})
    assert keys_of(attested(exp=None)) == found
    assert keys_of(attested(header={"kid": PROVIDER.signer.kid}, iss=None, status={"status_list": {}})) == found
    elsewhere = WalletProvider(BEGINS, purpose="1.3.6.1.4.1.99999.7")
    trusted = (elsewhere.trusted(usage="1.3.6.1.4.1.99999.7"),)
    assert key_attestation.validate(attested(elsewhere), trusted, now=NOW).keys == found.keys


def mirrored():
    """A key and its mirror image: one secret, two keys, which would link two copies."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    y = prime - int.from_bytes(decode_base64url(JWK["y"]), "big")
    return [JWK, JWK | {"y": base64url(y.to_bytes(32, "big"))}]


def x5c(*certificates):
    """As a header spells them."""
    return {"x5c": [b64encode(one).decode() for one in certificates]}


BROKEN_KEYS = {
    "of a foreign provider": (attested(OTHER), "certificate_foreign"),
    "under the issuer's root": (attested(WalletProvider(BEGINS, authority=CITY)), "certificate_foreign"),
    "under a certificate that issues": (
        attested(WalletProvider(BEGINS, authority=PROVIDER.authority, purpose=Purpose.CREDENTIAL)),
        "certificate_purpose",
    ),
    "under a certificate for two things": (
        attested(WalletProvider(BEGINS, authority=PROVIDER.authority, purpose=[Purpose.CREDENTIAL, WALLET_PROVIDER])),
        "certificate_purpose",
    ),
    "under a certificate that ended": (
        attested(WalletProvider(BEGINS - 300 * 86_400, authority=Authority("wallets", PROVIDER.authority.key, begins=BEGINS))),
        "certificate_expired",
    ),
    "with the root in the chain": (
        attested(header=x5c(PROVIDER.leaf, PROVIDER.authority.certificate)),
        "certificate_missing",
    ),
    "without a certificate": (attested(header={"x5c": None}), "certificate_missing"),
    "with another's certificate": (attested(header=x5c(OTHER.leaf)), "certificate_foreign"),
    "with a kid of another key": (attested(header={"kid": "0"}), "token_key_unknown"),
    "signed by nobody": (attested(header={"alg": "none"}), "token_algorithm"),
    "of another kind": (attested(header={"typ": "oauth-client-attestation+jwt"}), "token_type"),
    "with something critical": (attested(header={"crit": ["exp"]}), "token_critical"),
    "with a key of its own": (attested(header={"jwk": JWK}), "token_header_forbidden"),
    "in another provider's name": (attested(iss="https://other.example"), "token_issuer"),
    "in the name of a list": (attested(iss=[URL]), "token_issuer"),
    "altered": (attested()[:-6] + "AAAAAA", "token_signature"),
    "old": (attested(iat=NOW - 301), "proof_stale"),
    "from the future": (attested(iat=NOW + 61), "proof_stale"),
    "without a beginning": (attested(iat=None), "proof_stale"),
    "expired": (attested(exp=NOW), "token_expired"),
    "ending at a text": (attested(exp="tomorrow"), "token_time"),
    "without a nonce": (attested(nonce=None), "token_nonce"),
    "with a nonce that is no text": (attested(nonce=7), "token_nonce"),
    "of no key": (attested(keys=[]), "attested_keys"),
    "of keys that are no list": (attested(attested_keys=JWK), "attested_keys"),
    "of 31 keys": (attested(keys=MANY), "attested_keys"),
    "of one key twice": (attested(keys=[KEYS[0], KEYS[1], KEYS[0]]), "attested_keys"),
    "of a key and its mirror image": (attested(attested_keys=mirrored()), "attested_keys"),
    "of a private key": (attested(attested_keys=[{**JWK, "d": "AAAA"}]), "attested_keys"),
    "of a key off the curve": (attested(attested_keys=[{**JWK, "y": JWK["x"]}]), "attested_keys"),
    "of a key on another curve": (attested(attested_keys=[{**JWK, "crv": "P-384"}]), "attested_keys"),
    "of text": (attested(attested_keys=["key"]), "attested_keys"),
    "at no level in particular": (attested(key_storage=[]), "token_claim"),
    "at a level that is no list": (attested(user_authentication=HIGH), "token_claim"),
    "at levels that are no words": (attested(key_storage=[18_045]), "token_claim"),
    "with a status that is no object": (attested(status="VALID"), "token_claim"),
}


@pytest.mark.parametrize(("text", "code"), BROKEN_KEYS.values(), ids=BROKEN_KEYS)
def test_a_key_attestation_with_one_thing_wrong_is_refused(text, code):
    """Each with its own code."""
    assert code_of(lambda: keys_of(text)) == code


def test_beside_a_proof_an_attestation_says_when_its_keys_end():
    """OpenID4VCI 1.0 appendix D.1."""
    assert code_of(lambda: keys_of(attested(exp=None), ends=True)) == "token_time"


@pytest.mark.parametrize("number", range(len(key_attestation.CHECKS)), ids=[one.__name__ for one in key_attestation.CHECKS])
def test_each_check_of_a_key_attestation_is_needed(monkeypatch, number):
    """With it taken out, some attestation above gets through, or ends as something that is no refusal."""
    monkeypatch.setattr(key_attestation, "CHECKS", key_attestation.CHECKS[:number] + key_attestation.CHECKS[number + 1 :])
    assert any(_noticed(lambda text=text: keys_of(text), code) for text, code in BROKEN_KEYS.values())


def _noticed(call, code):
    try:
        return code_of(call) != code
    except Exception:
        return True


def test_who_is_believed_is_a_root_with_its_own_usage_and_nothing_else(monkeypatch):
    """Without the purpose a certificate that issues would attest; without the roots anybody would."""
    issuing = BROKEN_KEYS["under a certificate that issues"][0]
    without = tuple(one for one in certificates.CHECKS if one is not certificates.purpose_is_the_one)
    monkeypatch.setattr(certificates, "CHECKS", without)
    certificates.examined.cache_clear()
    assert code_of(lambda: keys_of(issuing)) is None
    certificates.examined.cache_clear()
    assert code_of(lambda: key_attestation.validate(attested(), (), now=NOW)) == "certificate_foreign"
    assert code_of(lambda: key_attestation.validate(attested(OTHER), (OTHER.trusted(),), now=NOW)) is None


def test_a_usage_that_issues_is_no_providers():
    """However an operator spells it."""
    for usage in ISSUING:
        with pytest.raises(ValueError, match="does not attest"):
            Provider("x", (), frozenset(), usage=str(usage))


def test_a_providers_key_signs_no_credential_and_an_issuers_no_attestation():
    """Each kind of token asks for its own usage, though one root stood behind both; of seals the key usage is another one too."""
    credential = PROVIDER.keys(KEYS, NONCE, NOW, header={"typ": "dc+sd-jwt", "kid": PROVIDER.signer.kid})
    anchors = (PROVIDER.authority.anchor(),)
    for purpose in ISSUING:
        text = attested(WalletProvider(BEGINS, authority=PROVIDER.authority, purpose=purpose))
        assert code_of(lambda text=text: keys_of(text)) == "certificate_purpose"
        refused = "certificate_unsuitable" if purpose is Purpose.SEAL else "certificate_purpose"
        found = code_of(lambda p=purpose: certified_jws.validate(credential, "dc+sd-jwt", anchors, p, NOW))
        assert found == refused


@pytest.mark.parametrize(
    ("demand", "holds"),
    [
        (Demand(), True),
        (Demand(frozenset({HIGH})), True),
        (Demand(frozenset({HIGH, MODERATE}), frozenset({MODERATE})), True),
        (Demand(frozenset({BASIC})), False),
        (Demand(frozenset(), frozenset({HIGH})), False),
        (Demand(frozenset({"HIGH"})), False),
    ],
)
def test_a_level_that_is_not_taken_is_too_low(demand, holds):
    """The operator lists every level that is taken: of levels that are no numbers none is known to be above another."""
    found = keys_of(attested())
    assert code_of(lambda: found.require(demand)) == (None if holds else "attestation_level")
    bare = keys_of(attested(key_storage=None, user_authentication=None))
    assert (code_of(lambda: bare.require(demand)) is None) == (demand == Demand())


def test_only_storage_that_withstands_more_than_software_can_is_hardware():
    """Hwk (RFC 8176) is said of nothing else."""
    assert [keys_of(attested(key_storage=[one])).in_hardware for one in (HIGH, MODERATE, BASIC)] == [True, True, False]
    assert not keys_of(attested(key_storage=None, user_authentication=[HIGH])).in_hardware


def shown(text):
    """As the credential endpoint does."""
    return attested_possession.validate(text, TRUSTED, issuer=ISSUER, now=NOW)


def proof(key=KEYS[1], text=None, nonce=NONCE, **changes):
    """A proof with an attestation, something changed."""
    return attested_proof(key, text or attested(), ISSUER, nonce, NOW, **changes)


PLACE = {"jwk": None, "kid": "1"}
BROKEN_PROOFS = {
    "by a key that is not attested": (proof(STRANGER), "key_not_attested"),
    "by another key than it names": (proof(STRANGER, header={"jwk": JWK}), "token_signature"),
    "by another key than the place it names": (proof(KEYS[0], header=PLACE), "token_signature"),
    "by a place that is not there": (proof(header=PLACE | {"kid": "3"}), "key_not_attested"),
    "by a place spelled otherwise": (proof(header=PLACE | {"kid": "01"}), "key_not_attested"),
    "by a thumbprint": (proof(header=PLACE | {"kid": KEYS[1].kid}), "key_not_attested"),
    "by a place that is a number": (proof(header=PLACE | {"kid": 1}), "key_not_attested"),
    "by key and place": (proof(header={"kid": "1"}), "proof_header"),
    "by neither": (proof(header={"jwk": None}), "proof_header"),
    "with a private key": (proof(header={"jwk": bare_jwk(KEYS[1]) | {"d": "AAAA"}}), "proof_key"),
    "with text for a key": (proof(header={"jwk": "key"}), "proof_key"),
    "with an attestation that is no text": (proof(header={"key_attestation": 1}), "token_malformed"),
    "with a foreign attestation": (proof(text=attested(OTHER)), "certificate_foreign"),
    "with an attestation that does not end": (proof(text=attested(exp=None)), "token_time"),
    "with an expired attestation": (proof(text=attested(exp=NOW)), "token_expired"),
    "with an attestation for another nonce": (proof(text=attested(nonce="another nonce")), "token_nonce"),
    "for another nonce than the attestation": (proof(nonce="another nonce"), "token_nonce"),
    "for another issuer": (proof(aud="https://evil.example"), "token_audience"),
    "old": (proof(iat=NOW - 301), "proof_stale"),
    "signed by nobody": (proof(header={"alg": "none"}), "token_algorithm"),
    "of another kind": (proof(header={"typ": "dpop+jwt"}), "token_type"),
    "with a certificate beside the key": (proof(header={"x5c": []}), "token_header_forbidden"),
}


@pytest.mark.parametrize("header", [None, PLACE], ids=["key", "place"])
def test_a_proof_by_one_attested_key_speaks_for_all(header):
    """Named by itself, or by its place in the attestation."""
    found = shown(proof(header=header))
    assert isinstance(found, KeyAttestation)
    assert [one.thumbprint for one in found.keys] == [one.kid for one in KEYS]


@pytest.mark.parametrize(("text", "code"), BROKEN_PROOFS.values(), ids=BROKEN_PROOFS)
def test_an_attested_proof_with_one_thing_wrong_is_refused(text, code):
    """Each with its own code."""
    assert code_of(lambda: shown(text)) == code


@pytest.mark.parametrize("check", attested_possession.CHECKS, ids=lambda one: one.__name__)
def test_each_check_of_an_attested_proof_is_needed(monkeypatch, check):
    """With it taken out, some proof above gets through, or is refused for something else."""
    monkeypatch.setattr(attested_possession, "CHECKS", tuple(one for one in attested_possession.CHECKS if one is not check))
    assert any(_noticed(lambda text=text: shown(text), code) for text, code in BROKEN_PROOFS.values())


def test_a_proof_is_known_to_bring_an_attestation_before_it_is_believed():
    """What cannot be read brings none, and is refused as a plain proof."""
    assert attested_possession.carries_attestation(proof())
    assert not any(
        map(attested_possession.carries_attestation, (plain_proof(KEYS[0], ISSUER, NONCE, NOW), "", "a.b.c", "é", "...."))
    )
    assert code_of(lambda: possession.validate(proof(), issuer=ISSUER, now=NOW)) in {"token_too_large", "proof_header"}


def client_of(text, trusted=TRUSTED):
    """As the token endpoint reads it."""
    return client_attestation.validate(text, trusted, now=NOW)


def vouched(provider=PROVIDER, **changes):
    """A client attestation with something changed."""
    return provider.client(KEYS[0], NOW, **changes)


BROKEN_CLIENTS = {
    "of a foreign provider": (vouched(OTHER), "certificate_foreign"),
    "under the issuer's root": (vouched(WalletProvider(BEGINS, authority=CITY)), "certificate_foreign"),
    "in another provider's name": (vouched(iss="https://other.example"), "token_issuer"),
    "for a wallet of somebody else": (vouched(sub="https://other.example/app"), "client_unknown"),
    "for no wallet": (vouched(sub=None), "client_unknown"),
    "for a list of wallets": (vouched(sub=[CLIENT]), "client_unknown"),
    "expired": (vouched(exp=NOW), "token_expired"),
    "without an end": (vouched(exp=None), "token_time"),
    "without a beginning": (vouched(iat=None), "token_time"),
    "not begun": (vouched(nbf=NOW + 61), "token_not_yet_valid"),
    "from the future": (vouched(iat=NOW + 61), "token_from_the_future"),
    "for a year": (vouched(exp=NOW + 365 * 86_400), "token_lifetime"),
    "for no key": (vouched(cnf=None), "client_key"),
    "for a key and something else": (vouched(cnf={"jwk": JWK, "kid": "x"}), "client_key"),
    "for a private key": (vouched(cnf={"jwk": {**JWK, "d": "AAAA"}}), "client_key"),
    "for a key off the curve": (vouched(cnf={"jwk": {**JWK, "y": JWK["x"]}}), "client_key"),
    "signed by nobody": (vouched(header={"alg": "none"}), "token_algorithm"),
    "of another kind": (vouched(header={"typ": "key-attestation+jwt"}), "token_type"),
    "a key attestation": (attested(), "token_type"),
}


def test_a_wallet_that_a_provider_vouches_for_is_known_by_its_key():
    """A described key is as good as a bare one; a day that was rounded is still a day."""
    found = client_of(vouched())
    assert (found.provider, found.client_id, found.thumbprint) == ("wallets", CLIENT, KEYS[0].kid)
    assert client_of(vouched(cnf={"jwk": KEYS[0].public_jwk()}, iat=NOW - 86_400, exp=NOW + 86_400)) == found
    assert code_of(lambda: client_of(vouched(), (PROVIDER.trusted(clients=frozenset()),))) == "client_unknown"


@pytest.mark.parametrize(("text", "code"), BROKEN_CLIENTS.values(), ids=BROKEN_CLIENTS)
def test_a_client_attestation_with_one_thing_wrong_is_refused(text, code):
    """Each with its own code."""
    assert code_of(lambda: client_of(text)) == code


@pytest.mark.parametrize(
    "number", range(len(client_attestation.CHECKS)), ids=[one.__name__ for one in client_attestation.CHECKS]
)
def test_each_check_of_a_client_attestation_is_needed(monkeypatch, number):
    """With it taken out, some attestation above gets through, or ends as something that is no refusal."""
    monkeypatch.setattr(
        client_attestation, "CHECKS", client_attestation.CHECKS[:number] + client_attestation.CHECKS[number + 1 :]
    )
    assert any(_noticed(lambda text=text: client_of(text), code) for text, code in BROKEN_CLIENTS.values())


def proven(text):
    """As the token endpoint does."""
    return client_attestation.validate_proof(text, client_of(vouched()), audience=ISSUER, now=NOW)


def made(key=KEYS[0], **changes):
    """A wallet's proof with something changed."""
    return client_proof(key, ISSUER, NOW, **changes)


BROKEN_CLIENT_PROOFS = {
    "for another audience": (made(aud="https://evil.example"), "token_audience"),
    "for two": (made(aud=[ISSUER, "https://evil.example"]), "token_audience"),
    "for the token endpoint": (made(aud=f"{ISSUER}/v1/credentials/token"), "token_audience"),
    "old": (made(iat=NOW - 61), "proof_stale"),
    "from the future": (made(iat=NOW + 61), "proof_stale"),
    "without an identifier": (made(jti=None), "proof_identifier"),
    "with a short one": (made(jti="1"), "proof_identifier"),
    "by another key": (made(STRANGER), "token_signature"),
    "with a key in its header": (made(STRANGER, header={"jwk": bare_jwk(STRANGER)}), "token_header_forbidden"),
    "signed by nobody": (made(header={"alg": "none"}), "token_algorithm"),
    "of another kind": (made(header={"typ": "dpop+jwt"}), "token_type"),
}


def test_a_wallets_proof_names_itself():
    """So that it is used once."""
    text = made()
    assert proven(text) == proven(text)
    assert proven(text).digest != proven(made()).digest
    assert proven(text).expires_at == NOW + 60


@pytest.mark.parametrize(("text", "code"), BROKEN_CLIENT_PROOFS.values(), ids=BROKEN_CLIENT_PROOFS)
def test_a_wallets_proof_with_one_thing_wrong_is_refused(text, code):
    """Each with its own code."""
    assert code_of(lambda: proven(text)) == code


@pytest.mark.parametrize(
    "number", range(len(client_attestation.PROOF_CHECKS)), ids=[one.__name__ for one in client_attestation.PROOF_CHECKS]
)
def test_each_check_of_a_wallets_proof_is_needed(monkeypatch, number):
    """With it taken out, some proof above gets through, or ends as something that is no refusal."""
    checks = client_attestation.PROOF_CHECKS
    monkeypatch.setattr(client_attestation, "PROOF_CHECKS", checks[:number] + checks[number + 1 :])
    assert any(_noticed(lambda text=text: proven(text), code) for text, code in BROKEN_CLIENT_PROOFS.values())


HOSTILE = (
    True, 0, -1, 1.5, 2**53, 10**30, "", "x", "\x00", "é", [], [[]], [None], {}, {"": {}}, {"jwk": []}, [HIGH] * 9, [JWK] * 31, [{}],
    [{**JWK, "x": 1}], [{**JWK, "x": "é"}], {"jwk": {**JWK, "kty": []}}, "9" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_stands_where_it_should_not_is_refused_or_passed_over_and_nothing_else(value):
    """In every claim and every header member of each of the four tokens, one at a time."""
    claims = ("iss", "sub", "aud", "iat", "exp", "nbf", "jti", "nonce", "cnf", "attested_keys", "key_storage", "status", "new")
    header = ("alg", "typ", "kid", "x5c", "jwk", "crit", "key_attestation")
    for change in [{name: value} for name in claims] + [{"header": {name: value}} for name in header]:
        for call in (
            lambda c=change: keys_of(attested(**c)),
            lambda c=change: client_of(vouched(**c)),
            lambda c=change: proven(made(**c)),
            lambda c=change: shown(proof(**c)),
            lambda c=change: attested_possession.carries_attestation(proof(**c)),
        ):
            code_of(call)  # raises what is no refusal


def test_without_the_providers_names_one_speaks_as_another(monkeypatch):
    """The wrapper's last look is needed too."""
    text = BROKEN_KEYS["in another provider's name"][0]
    monkeypatch.setattr(providers, "iss_is_the_providers", lambda *_: None)
    assert code_of(lambda: keys_of(text)) is None


def test_every_refusal_speaks_and_has_a_code_of_its_own():
    """The message is the docstring, and no two share a code."""
    assert len({one.code for one in REFUSALS}) == len(REFUSALS)
    assert all(one().message.endswith(".") for one in REFUSALS)
