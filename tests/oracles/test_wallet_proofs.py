"""What the wallet shows an issuer, before an issuer's library that others wrote (openvc-core)."""

import json
from base64 import b64encode

import pytest

from idverify.keys import authority
from idverify.wallet.device import HeldKey
from idverify.wallet.proofs import attested_key_proof, key_proof
from idverify.wallet.provider import WalletProvider
from oracles import asking

NOW = 1_800_000_000.0
ISSUER, URL, NONCE = "https://id.example", "https://wallet-provider.test", "a nonce of theirs"
HIGH = "iso_18045_high"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The test provider, and its root."""
    folder = tmp_path_factory.mktemp("provider")
    made = WalletProvider.create(folder, url=URL, key_storage=[HIGH], user_authentication=[], now=NOW)
    return made, authority.certificate_in(folder)


def case(provider, proofs, **changes):
    """One request, as the credential endpoint gets it."""
    request = {"credential_configuration_id": "identity_card", "proofs": {"jwt": proofs}}
    facts = {"request": request, "issuer": ISSUER, "nonce": NONCE, "now": NOW, "attested": True}
    return {**facts, "provider": URL, "anchors": [b64encode(provider[1]).decode()], **changes}


def asked(cases):
    """An answer each."""
    return json.loads(asking._asked("ask_openvc_proofs.py", json.dumps(cases)))


def test_the_wallets_proofs_and_attestations_are_accepted_and_what_is_wrong_with_them_is_not(provider):
    """Plain ones and one with an attestation of thirty keys, signed under the provider's root."""
    keys = [HeldKey.new().signer for _ in range(30)]
    plain = [key_proof(one, ISSUER, now=NOW, nonce=NONCE) for one in keys[:3]]
    attestation = provider[0].attest_keys(keys, nonce=NONCE, now=NOW)
    proof = attested_key_proof(keys[4], attestation, ISSUER, now=NOW, nonce=NONCE)
    stranger = attested_key_proof(HeldKey.new().signer, attestation, ISSUER, now=NOW, nonce=NONCE)
    elsewhere = attested_key_proof(keys[0], attestation, "https://evil.example", now=NOW, nonce=NONCE)
    bare, whole, *refused = asked(
        [
            case(provider, plain, attested=False),
            case(provider, [proof]),
            case(provider, plain[:1]),
            case(provider, [stranger]),
            case(provider, [elsewhere]),
            case(provider, [proof], nonce="another"),
            case(provider, [proof], anchors=[]),
            case(provider, [proof], now=NOW + 301 + 60),
        ]
    )
    assert (bare["accepted"], bare.get("keys")) == (True, [one.kid for one in keys[:3]]), bare
    assert (whole["accepted"], whole.get("keys"), whole.get("key_storage")) == (True, [keys[4].kid], [HIGH]), whole
    assert whole["attested"] == [one.public_jwk()["x"] for one in keys]
    assert [one["accepted"] for one in refused] == [False] * 6, refused
