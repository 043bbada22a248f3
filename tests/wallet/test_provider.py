"""The test provider: what it attests, to whom the wallet shows that, and that it is made once."""

import os

import pytest

from idverify.credentials import client_attestation, key_attestation
from idverify.credentials.providers import Provider
from idverify.errors import KeyUnavailable
from idverify.keys import authority
from idverify.wallet.client import Client
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.offers import read_offer
from idverify.wallet.provider import FILE, NAME, WalletProvider

from .issuer import NOW
from .test_client import LINK

PROVIDER_URL = "https://wallet-provider.test"


@pytest.fixture
def made(tmp_path):
    """One that claims something, and where it is."""
    folder = tmp_path / "provider"
    levels = {"key_storage": ["iso_18045_high"], "user_authentication": []}
    return WalletProvider.create(folder, url=PROVIDER_URL, now=NOW, **levels), folder


def test_what_it_says_is_believed_under_its_root_and_it_says_that_it_is_a_test(made):
    """Opened again it is the same one."""
    provider, folder = made
    assert WalletProvider.open(folder) == provider
    root = authority.certificate_in(folder)
    assert authority.common_name(root) == NAME
    assert "Test" in NAME
    trusted = (Provider("x", (root,), frozenset({PROVIDER_URL}), frozenset({PROVIDER_URL})),)
    keys = [HeldKey.new().signer for _ in range(2)]
    found = key_attestation.validate(provider.attest_keys(keys, nonce="nonce", now=NOW), trusted, now=NOW, ends=True)
    assert ([one.thumbprint for one in found.keys], found.key_storage) == ([one.kid for one in keys], {"iso_18045_high"})
    assert found.user_authentication == frozenset()
    wallet = client_attestation.validate(provider.attest_wallet(keys[0], now=NOW), trusted, now=NOW)
    assert (wallet.client_id, wallet.thumbprint) == (PROVIDER_URL, keys[0].kid)


def test_it_is_made_once_and_opened_whole(made, tmp_path):
    """Nothing is written over; a folder that is none, or damaged, is said to be."""
    _, folder = made
    for where, url in ((folder, PROVIDER_URL), (tmp_path / "other", "no URL")):
        with pytest.raises(KeyUnavailable):
            WalletProvider.create(where, url=url, key_storage=(), user_authentication=(), now=NOW)
    assert not (tmp_path / "other").exists()
    for content in ("{", "{}", "[]", '{"key_storage": 3}'):
        (folder / FILE).write_text(content)
        with pytest.raises(KeyUnavailable, match="damaged"):
            WalletProvider.open(folder)
    with pytest.raises(KeyUnavailable):
        WalletProvider.open(tmp_path)


def test_an_issuer_that_does_not_ask_learns_nothing_of_the_provider(folder, issuer, made):
    """An attestation is a name that follows the device; the issuer of this test refuses a header that it does not know."""
    seen = []

    def send(method, url, headers, body):
        seen.extend(name.lower() for name in headers)
        return issuer.send(method, url, headers, body)

    client = Client(folder, send, now=lambda: NOW, random_bytes=os.urandom, provider=made[0])
    assert len(list(client.accept(read_offer(LINK, send), tx_code="123456"))) == 1
    assert not [name for name in seen if "attestation" in name]


@pytest.mark.parametrize("asked", ["wallet", "keys"])
def test_an_offer_is_not_spent_where_nobody_attests_and_somebody_must(folder, issuer, asked):
    """Nothing is sent to the token endpoint."""
    if asked == "wallet":
        issuer.server["token_endpoint_auth_methods_supported"] = ["attest_jwt_client_auth"]
    else:
        types = {"jwt": {"key_attestations_required": {}}}
        issuer.metadata["credential_configurations_supported"]["identity_card"]["proof_types_supported"] = types
    client = Client(folder, issuer.send, now=lambda: NOW, random_bytes=os.urandom)
    with pytest.raises(CredentialUnavailable, match="--wallet-provider"):
        list(client.accept(read_offer(LINK, issuer.send), tx_code="123456"))
    assert ("POST", "/v1/credentials/token") not in issuer.asked
