"""A service that asks for attested wallets and keys, and the product's wallet with a test provider, over real sockets."""

import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from roots import certified_parts

from idverify.api.wallet_file import load_wallets
from idverify.ceremonies import Parts
from idverify.cli import main, wallet
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.keys import authority
from idverify.wallet.folder import Folder

from .support import Running, enrolment, serving

HIGH, BASIC = "iso_18045_high", "iso_18045_basic"
LEVELS = {"high": HIGH, "basic": BASIC}


@dataclass
class City:
    """A running issuer that believes the providers `high` and `basic`, and commands of a person."""

    service: Running
    providers: Path
    folder: Path
    subject_id: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def offer(self) -> tuple[str, ...]:
        """A registrar's offer, as the wallet's command takes it."""
        body = {
            "subject_id": self.subject_id,
            "supervised": {"registrar": "desk-4.r17", "method": "document_inspected"},
            "types": ["identity_card"],
        }
        with self.service.client("credentials:supervise") as client:
            made = client.post("/v1/credentials/offers", json=body).raise_for_status().json()
        return made["offer"], "--tx-code", made["tx_code"]

    def wallet(self, *arguments: str, provider: str | None = None) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON object of a command of the person."""
        held = ["--wallet", str(self.folder / "wallet")]
        attested = ["--wallet-provider", str(self.providers / provider)] if provider else []
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
        self.capsys.readouterr()
        code = main.run(wallet.app, [*arguments, *held, *attested, "--json"])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture(scope="module")
def running(make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A service whose operator has written what `idverify wallet provider` printed into the file; and the providers."""
    folder = tmp_path_factory.mktemp("city")
    printed = []
    for name, level in LEVELS.items():
        url = f"https://{name}.wallet-provider.test"
        assert main.run(wallet.app, ["provider", str(folder / name), "--key-storage", level, "--url", url]) == 0
        printed.append(f'[[provider]]\nname = "{name}"\nroots = "{name}/root.pem"\nissuers = ["{url}"]\nclients = ["{url}"]\n')
    assert main.run(wallet.app, ["provider", str(folder / "foreign"), "--key-storage", HIGH]) == 0
    demand = f'client_attestation = true\n[keys.identity_card]\nkey_storage = ["{HIGH}"]\n'
    (folder / "wallets.toml").write_text(demand + "\n".join(printed))
    sock = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{sock.getsockname()[1]}"
    parts = make_parts(issuer=issuer)
    root = authority.create(folder / "root", name="City of Test", country="XX", now=parts.now())
    certified = certified_parts(folder / "keys", root, issuer, parts.now)
    parts = make_parts(issuer=issuer, wallets=load_wallets(folder / "wallets.toml"), **certified)
    with serving(parts, folder, sock=sock) as service:
        yield service, folder


@pytest.fixture
def city(
    running: tuple[Running, Path],
    samples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> City:
    """With somebody enrolled, and an empty wallet."""
    service, providers = running
    with service.client("subjects:write") as client:
        body = enrolment((samples / "obama.jpg").read_bytes(), f"holder-{os.urandom(4).hex()}")
        subject_id = client.post("/v1/subjects", json=body).raise_for_status().json()["subject_id"]
    made = City(service, providers, tmp_path, subject_id, capsys, monkeypatch)
    assert made.wallet("init")[0] == 0
    return made


def test_a_wallet_with_a_provider_takes_what_a_wallet_without_one_does_not(city: City) -> None:
    """The one without is told before the offer is spent; copies, slips and renewal come to the other, and say hwk."""
    offered = city.offer()
    code, answer = city.wallet("accept", *offered)
    assert (code, answer["error"]["code"]) == (3, "credential_unavailable")
    assert "--wallet-provider" in answer["error"]["message"]
    code, taken = city.wallet("accept", *offered, "--copies", "3", provider="high")
    assert (code, [one["copies"] for one in taken["taken"]]) == (0, [3, 3, 1, 1, 1])
    copies = Folder(city.folder / "wallet").holding("identity_card").copies
    said = [parse_object(decode_base64url(one.credential.split(".")[1])) for one in copies]
    assert [one["amr"] for one in said] == [["hwk"]] * 3
    assert [one["cnf"]["jwk"]["x"] for one in said] == [one.key.signer.public_jwk()["x"] for one in copies]
    code, answer = city.wallet("renew")
    assert (code, answer["error"]["code"]) == (3, "credential_unavailable")
    assert city.wallet("renew", "identity_card", "--copies", "2", provider="high")[0] == 0


def test_a_provider_that_is_not_believed_and_one_that_claims_too_little_get_nothing(city: City) -> None:
    """The first is refused at the token endpoint and the offer stands; the second's keys are not good enough."""
    offered = city.offer()
    code, answer = city.wallet("accept", *offered, provider="foreign")
    assert (code, answer["error"]["code"]) == (3, "issuer_refused")
    assert "invalid_client_attestation" in answer["error"]["message"]
    code, answer = city.wallet("accept", *offered, provider="basic")
    assert (code, answer["error"]["code"]) == (3, "issuer_refused")
    assert "invalid_proof" in answer["error"]["message"]
    assert city.wallet("list")[1] == {"held": []}
    code, answer = city.wallet("renew", provider="high")  # which speaks for the same device key, as of another wallet
    assert "invalid_client_attestation" in answer["error"]["message"]


def test_the_service_says_what_it_asks_for_and_refuses_in_oauths_words(city: City) -> None:
    """A header sent twice, an attestation without the proof of another key's holder, both types of proof at once."""
    with city.service.stranger() as http:
        server = http.get("/.well-known/oauth-authorization-server").raise_for_status().json()
        assert server["token_endpoint_auth_methods_supported"] == ["attest_jwt_client_auth", "attest_jwt_client_auth_dpop"]
        issuer = http.get("/.well-known/openid-credential-issuer").raise_for_status().json()
        asked = issuer["credential_configurations_supported"]["identity_card"]["proof_types_supported"]
        assert asked["jwt"]["key_attestations_required"] == asked["attestation"]["key_attestations_required"]
        twice = [("OAuth-Client-Attestation", "a"), ("OAuth-Client-Attestation", "b"), ("DPoP", "c")]
        answer = http.post("/v1/credentials/token", headers=twice, data={"grant_type": "refresh_token"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_attestation")
        for proofs in ({}, {"jwt": ["a"], "attestation": ["b"]}, {"attestation": ["a", "b"]}, {"attestation": []}):
            body = {"credential_configuration_id": "identity_card", "proofs": proofs}
            answer = http.post("/v1/credentials", headers={"Authorization": "DPoP idva_x", "DPoP": "x"}, json=body)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_credential_request")


def test_an_offer_says_for_which_device_it_is_only_where_a_session_does(city: City) -> None:
    """A registrar has seen no device."""
    body = {
        "subject_id": city.subject_id,
        "supervised": {"registrar": "desk-4.r17", "method": "document_inspected"},
        "types": ["identity_card"],
        "same_device": True,
    }
    with city.service.client("credentials:supervise") as client:
        answer: httpx.Response = client.post("/v1/credentials/offers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
