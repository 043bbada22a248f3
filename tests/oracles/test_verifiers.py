"""Verifiers of OpenID4VP that nobody here wrote ask, and the product's wallet answers."""

import json
import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest
from api.conftest import make_parts
from api.test_wallet import City, city, running
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from idverify.credentials.reading import decode_base64url
from idverify.keys.jwk import base64url
from idverify.wallet import requests
from idverify.wallet.folder import Folder
from idverify.wallet.transport import Answer
from oracles.asking import OPENID4VP, OPENVC, ask

__all__ = ["city", "make_parts", "running"]
VCT = "urn:idverify:vct:identity-card:1"
HOST = "127.0.0.1"
POLARIS = (sys.executable, "-m", "polaris_oid4vp.cli")

pytestmark = pytest.mark.xdist_group("oracles")


@pytest.fixture
def held(city: City) -> City:
    """A person with one copy of a card."""
    link, number = city.offer()
    assert city.wallet("accept", link, "--tx-code", number, "--copies", "1")[0] == 0
    return city


@pytest.fixture
def pki(tmp_path):
    """A verifier's certificate as polaris-oid4vp makes it: under a root of its own, by the name of its host, for no purpose."""
    subprocess.run([*POLARIS, "keygen", "--out", tmp_path / "pki", "--host", HOST], check=True, capture_output=True)
    return tmp_path / "pki"


def root_of(city, file):
    """The root of the city's credentials, as a file of a verifier's."""
    certificate = x509.load_der_x509_certificate(city.service.parts.credential_keys.current.root)
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


class Asking:
    """A verifier of polaris-oid4vp that serves one request."""

    def __init__(self, pki, anchor, *more):
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        listens = ["--bind", HOST, "--port", str(port), "--no-local-tls", "--public-base-url", f"http://{HOST}:{port}"]
        asks = ["--vct", VCT, "--issuer-trust-anchor", anchor, *more, "--once"]
        command = [*POLARIS, "serve", "--pki", pki, "--host", HOST, *listens, *asks]
        self.run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.link = self.says("openid4vp://").strip()

    def says(self, word):
        """Its next line with that word; nothing once it has ended."""
        return next((line for line in self.run.stdout if word in line), "")


@pytest.fixture
def asking(held, pki, tmp_path):
    """Makes one, and ends it."""
    made = []

    def make(*more):
        for _ in range(5):  # somebody else may take its port before it does
            made.append(Asking(pki, root_of(held, tmp_path / "root.pem"), *more))
            if made[-1].link:
                break
        return made[-1]

    yield make
    for one in made:
        one.run.kill()
        one.run.wait()


def test_polaris_asks_over_the_network_and_believes_what_the_wallet_shows(held, asking):
    """The name that it asked for, of a credential whose root it was given; it says no name of its own, so its host is named."""
    verifier = asking("--claim", "name")
    code, said = held.wallet("answer", verifier.link, "--yes")
    assert (code, said.get("shown")) == (0, {"identity_card": ["name"]}), said
    (place,) = parse_qs(urlsplit(verifier.link).query)["request_uri"]
    assert place.startswith(f"{said['reader']}/")
    assert said["name"] == said["reader"]
    told = verifier.says("<-")
    assert "200 authentic" in told
    assert "'name'" in told
    assert held.wallet("list")[1]["held"][0]["copies"] == 0


def test_the_wallet_signs_no_transaction_that_it_cannot_read(held, asking, tmp_path):
    """A reader of polaris-oid4vp has one bound into its request; the copy stays."""
    (tmp_path / "payment.json").write_text(json.dumps([{"type": "urn:example:payment", "credential_ids": ["pid"]}]))
    verifier = asking("--claim", "name", "--transaction-data", tmp_path / "payment.json")
    code, said = held.wallet("answer", verifier.link, "--yes")
    assert (code, said["error"]["code"]) == (3, "issuer_refused")
    assert held.wallet("list")[1]["held"][0]["copies"] == 1


@pytest.mark.parametrize("encryptions", [None, ["A256GCM"]])
def test_a_verifier_reads_the_wallets_answer_as_the_standard_has_it(require, held, pki, encryptions):
    """@openid4vc makes the request and opens the answer, dcql holds one against the other, openvc-core verifies what was shown."""
    require(OPENID4VP)
    (leaf,) = x509.load_pem_x509_certificates((pki / "client.pem").read_bytes())
    key = load_pem_private_key((pki / "client-key.pem").read_bytes(), None).private_numbers()
    point = {name: base64url(getattr(key.public_numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
    der = b64encode(leaf.public_bytes(Encoding.DER)).decode()
    query = {"id": "card", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, "claims": [{"path": ["document_number"]}]}
    wish = {
        "kind": "asking",
        "leaf": der,
        "key": {"kty": "EC", "crv": "P-256", **point, "d": base64url(key.private_value.to_bytes(32, "big"))},
        "requestUri": f"https://{HOST}/request",
        "responseUri": f"https://{HOST}/response",
        "query": {"credentials": [query]},
        "metadata": {"encrypted_response_enc_values_supported": encryptions} if encryptions else {},
    }
    (asked,) = ask(OPENID4VP, [wish])
    assert asked["accepted"], asked["reason"]
    posted = []

    def send(method, url, headers, body):
        if method == "GET":
            return Answer(200, {}, asked["object"].encode())
        posted.append((url, parse_qs(body.decode())["response"][0]))
        return Answer(200, {}, b"{}")

    folder, now = Folder(held.folder / "wallet"), time.time()
    request = requests.read_request(asked["link"], send, now=now)
    requests.answer(folder, request, requests.choose(folder, request, now=now), send, now=now)
    ((url, response),) = posted
    assert url == wish["responseUri"]
    (told,) = ask(
        OPENID4VP, [{"kind": "answer", "response": response, **{name: asked[name] for name in ("payload", "encryption")}}]
    )
    assert told["accepted"], told["reason"]
    assert json.loads(decode_base64url(response.split(".")[0]))["enc"] == (encryptions or ["A128GCM"])[0]
    assert told["claims"]["document_number"] == "X1234567"
    assert "name" not in told["claims"]
    shown = {
        "kind": "answer",
        "token": told["presentations"],
        "query": wish["query"],
        "nonce": asked["payload"]["nonce"],
        "reader": asked["payload"]["client_id"],
        "anchors": [b64encode(held.service.parts.credential_keys.current.root).decode()],
        "now": now,
    }
    good, other_nonce, other_reader = ask(OPENVC, [shown, shown | {"nonce": "another"}, shown | {"reader": "x509_hash:x"}])
    assert good["accepted"], good["reason"]
    assert [one["accepted"] for one in (other_nonce, other_reader)] == [False, False]
