"""Issuers of OpenID4VCI that nobody here wrote read what the product's wallet sends, and what the product's issuer publishes."""

import json
import os
import time
from urllib.parse import urlsplit

import pytest
from api.conftest import make_parts
from api.test_wallet import City, city, running

from idverify.cli.fetching import send
from idverify.wallet.client import Client
from idverify.wallet.folder import Folder
from idverify.wallet.offers import read_offer
from oracles.asking import ask
from oracles.conftest import answering

__all__ = ["city", "make_parts", "running"]

pytestmark = pytest.mark.xdist_group("oracles")


@pytest.fixture
def sent(city: City):
    """A case: all that the wallet sent and read when it took two copies of a card."""
    passed = []

    def noted(method, url, headers, body):
        answer = send(method, url, headers, body)
        passed.append((url, {"url": url, "headers": dict(headers), "body": (body or b"").decode()}, answer))
        return answer

    link, number = city.offer()
    client = Client(Folder.create(city.folder / "noted"), noted, now=time.time, random_bytes=os.urandom)
    offer = read_offer(link, noted)
    held = next(client.accept(offer, tx_code=number, copies=2))
    at = {urlsplit(url).path.rpartition("/")[2]: (asked, answer) for url, asked, answer in passed}
    return {
        "kind": "requests",
        "issuer": city.service.url,
        "offer": json.loads(passed[0][2].body),
        "documents": {url: json.loads(answer.body) for url, _, answer in passed if "/.well-known/" in url},
        "code": offer.code,
        "txCode": number,
        "now": time.time(),
        "nonce": json.loads(at["nonce"][1].body)["c_nonce"],
        "token": at["token"][0],
        "resources": [at["credentials"][0], at["notification"][0]],
    }, [copy.key.signer.public_jwk()["x"] for copy in held.copies]


@pytest.mark.parametrize("oracle", answering("requests"), indirect=True)
def test_what_the_wallet_sends_is_what_an_issuer_expects(oracle, sent):
    """Token request, DPoP on each, a proof a key over the nonce; and nothing of it over another nonce, or by another wallet's token."""
    case, keys = sent
    elsewhere = case["resources"][0] | {"headers": case["resources"][0]["headers"] | {"Authorization": "DPoP another"}}
    good, other_nonce, other_token = ask(
        oracle, [case, case | {"nonce": "another"}, case | {"resources": [elsewhere, case["resources"][1]]}]
    )
    assert good["accepted"], good["reason"]
    assert (good["configuration"], [one["x"] for one in good["keys"]]) == ("identity_card", keys)
    assert not other_nonce["accepted"]
    assert other_token["accepted"] == (oracle.name == "openvc-core")  # it leaves tokens to its caller
