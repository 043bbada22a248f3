"""From a live session to a credential that a hotel believes, over a real socket, by a minimal wallet of the test's own."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from ceremonies.live import Capture
from credentials.proofs import dpop, possession
from phone import VERIFIER

from idverify.api.oauth import FORM
from idverify.ceremonies import Parts
from idverify.credentials import jws, key_binding, sd_jwt
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.slip import Slip
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url
from idverify.store import audit, clients

from .conftest import ISSUER
from .support import AUDIENCE, Running, code_of, enrolment, serving

PRE_AUTHORISED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
SUPERVISED = {"registrar": "desk-4.r17", "method": "document_inspected"}


@pytest.fixture(scope="module")
def service(make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose profile `active` asks for no more than `passive` does: a photograph before a camera cannot turn its head."""
    parts = make_parts()
    eased = replace(parts.profiles["passive"], name="active", acr=ACTIVE)
    parts = replace(parts, profiles={**parts.profiles, "active": eased})
    with serving(parts, tmp_path_factory.mktemp("head"), concurrency=8) as running:
        yield running


@dataclass
class City:
    """The city's backend: a client with every scope, and what it knows."""

    service: Running
    client_id: str
    http: httpx.Client

    def session(self, subject_id: str, profile: str = "active") -> str:
        """A live session of the subject, approved and redeemed."""
        with self.service.parts.store.reading() as tx:
            client = clients.by_id(tx, self.client_id)
        made = Capture(self.service.parts, client=client, subject_id=subject_id, profile=profile)
        made.begin()
        made.connect().until("result")
        halves = {"code": made.phone.result["code"], "verifier": VERIFIER}
        self.http.post(f"/v1/sessions/{made.session_id}/redeem", json=halves).raise_for_status()
        return made.session_id

    def offer(self, **asked: Any) -> dict[str, Any]:
        """An offer."""
        answer = self.http.post("/v1/credentials/offers", json={"types": ["identity_card"], **asked})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
def city(service: Running) -> Iterator[City]:
    """One."""
    client_id, key = service.new_key()
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as http:
        yield City(service, client_id, http)


@pytest.fixture(scope="module")
def subject_id(city: City, samples: Path) -> str:
    """The man of obama.jpg."""
    body = enrolment((samples / "obama2.jpg").read_bytes(), f"e-ID {os.urandom(4).hex()}")
    body["claims"] = {"name": "Jane Specimen", "document_number": "X1234567", "date_of_birth": "1990-02-28"}
    return str(city.http.post("/v1/subjects", json=body).raise_for_status().json()["subject_id"])


class Wallet:
    """What OpenID4VCI 1.0 asks of a wallet, and nothing else."""

    def __init__(self, service: Running) -> None:
        self.http = service.stranger()
        self.device = FileSigner.new()
        self.issuer = self.get("/.well-known/openid-credential-issuer")
        self.server = self.get("/.well-known/oauth-authorization-server")
        self.access = self.refresh = ""

    def get(self, path: str) -> dict[str, Any]:
        """A document."""
        return dict(self.http.get(path).raise_for_status().json())

    def post(self, url: str, **rest: Any) -> httpx.Response:
        """To an address of the metadata, with a proof for it."""
        headers = {"DPoP": dpop(self.device, url, self.now, token=rest.pop("token", None))} | rest.pop("headers", {})
        return self.http.post(urlsplit(url).path, headers=headers, **rest)

    @property
    def now(self) -> float:
        """The time."""
        import time

        return time.time()

    def redeem(self, offered: dict[str, Any], **changes: str) -> httpx.Response:
        """Fetch the offer behind the link and redeem its code."""
        (address,) = parse_qs(urlsplit(offered["offer"]).query)["credential_offer_uri"]
        offer = self.get(urlsplit(address).path)
        assert offer["credential_issuer"] == self.issuer["credential_issuer"]
        grant = offer["grants"][PRE_AUTHORISED]
        form = {"grant_type": PRE_AUTHORISED, "pre-authorized_code": grant["pre-authorized_code"]}
        if "tx_code" in grant:
            form["tx_code"] = offered["tx_code"]
        return self.tokens(self.post(self.server["token_endpoint"], data=form | changes))

    def renew(self) -> httpx.Response:
        """With the refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        return self.tokens(self.post(self.server["token_endpoint"], data=form))

    def tokens(self, answer: httpx.Response) -> httpx.Response:
        """Keep them."""
        if answer.status_code == 200:
            self.access = answer.json()["access_token"]
            self.refresh = answer.json().get("refresh_token", self.refresh)
        return answer

    def ask(self, configuration: str, keys: list[FileSigner]) -> httpx.Response:
        """For a copy a key."""
        nonce = self.http.post(urlsplit(self.issuer["nonce_endpoint"]).path).raise_for_status().json()["c_nonce"]
        proofs = [possession(key, self.issuer["credential_issuer"], nonce, self.now) for key in keys]
        return self.post(
            self.issuer["credential_endpoint"],
            token=self.access,
            headers={"Authorization": f"DPoP {self.access}"},
            json={"credential_configuration_id": configuration, "proofs": {"jwt": proofs}},
        )

    def credentials(self, configuration: str, keys: list[FileSigner]) -> list[str]:
        """The copies."""
        answer = self.ask(configuration, keys)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return [one["credential"] for one in answer.json()["credentials"]]


@pytest.fixture
def wallet(service: Running) -> Iterator[Wallet]:
    """An empty one."""
    made = Wallet(service)
    yield made
    made.http.close()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and word of a refusal in OAuth's form."""
    assert answer.headers["content-type"] == "application/json", answer.text
    assert answer.json().keys() == {"error", "error_description"}
    return answer.status_code, answer.json()["error"]


def test_a_live_session_becomes_an_e_id_that_a_hotel_has_validated(
    service: Running, city: City, subject_id: str, wallet: Wallet
) -> None:
    """Camera, verdict, offer, tokens, a batch of thirty, a slip, a presentation, and signed evidence of it."""
    offered = city.offer(session_id=city.session(subject_id))
    assert wallet.redeem(offered).json()["token_type"] == "DPoP"
    keys = [FileSigner.new() for _ in range(wallet.issuer["batch_credential_issuance"]["batch_size"])]
    copies = wallet.credentials("identity_card", keys)
    assert len(set(copies)) == 30
    (slip,) = wallet.credentials("identity_card.gate_portrait", [FileSigner.new()])
    assert b"WEBP" in Slip.read(slip).slip

    asked = city.http.post("/v1/presentations/requests", json={}).raise_for_status().json()
    assert asked["audience"] == AUDIENCE
    selected = sd_jwt.select(copies[7], ["name", "age_over_18"])
    text = key_binding.sign(selected, keys[7], audience=AUDIENCE, nonce=asked["nonce"], now=wallet.now)
    body = {"presentation": text, "request_nonce": asked["nonce"]}
    found = city.http.post("/v1/presentations", json=body).raise_for_status().json()
    assert (found["accepted"], found["status"], found["type"]) == (True, "VALID", "urn:idverify:vct:identity-card:1")
    assert (found["claims"]["name"], found["claims"]["age_over_18"], found["claims"]["acr"]) == ("Jane Specimen", True, ACTIVE)
    keyset = wallet.get("/.well-known/jwks.json")["keys"]
    assert jws.validate(found["evidence"], keyset, "presentation-result+jwt")["claims"] == found["claims"]
    again = city.http.post("/v1/presentations", json=body)
    assert code_of(again) == (400, "invalid_input")

    assert wallet.renew().status_code == 200
    assert len(wallet.credentials("identity_card", [FileSigner.new()])) == 1


def test_a_session_that_asked_nothing_founds_no_credential(city: City, subject_id: str) -> None:
    """Nor does one that was not redeemed, or is not there."""
    answer = city.http.post(
        "/v1/credentials/offers", json={"types": ["identity_card"], "session_id": city.session(subject_id, "passive")}
    )
    assert code_of(answer) == (403, "assurance_too_low")
    answer = city.http.post("/v1/credentials/offers", json={"types": ["identity_card"], "session_id": "ses_" + "0" * 32})
    assert code_of(answer) == (404, "session_not_found")


def test_each_way_to_an_offer_has_a_scope_of_its_own(service: Running, subject_id: str) -> None:
    """A hotel that may offer on live sessions has no registrars."""
    in_person = {"types": ["identity_card"], "subject_id": subject_id, "supervised": SUPERVISED}
    on_session = {"types": ["identity_card"], "session_id": "ses_" + "0" * 32}
    for scope, body, expected in (
        ("credentials:offer", in_person, (403, "scope_missing")),
        ("credentials:supervise", on_session, (403, "scope_missing")),
        ("credentials:offer", on_session, (404, "session_not_found")),
        ("verifications:create", on_session, (403, "scope_missing")),
    ):
        with service.client(scope) as client:
            assert code_of(client.post("/v1/credentials/offers", json=body)) == expected
    with service.client("credentials:supervise") as client:
        assert client.post("/v1/credentials/offers", json=in_person).status_code == 201
        for wrong in ({"supervised": None}, {"session_id": "ses_"}, {"types": []}, {"registrar": "x"}):
            assert code_of(client.post("/v1/credentials/offers", json=in_person | wrong)) == (400, "invalid_input")


def test_the_metadata_names_every_type_and_purpose_and_only_our_own_addresses(wallet: Wallet) -> None:
    """A wallet can show what it is about to get, in Chinese and in English."""
    offered = wallet.issuer["credential_configurations_supported"]
    assert offered["identity_card"]["format"] == "dc+sd-jwt"
    assert (offered["identity_card.gate"]["format"], offered["identity_card.gate"]["purpose"]) == ("idverify-slip+cwt", "gate")
    licence = offered["driving_licence.mdoc"]
    assert (licence["format"], licence["doctype"], "vct" in licence) == ("mso_mdoc", "org.iso.18013.5.1.mDL", False)
    assert licence["credential_signing_alg_values_supported"] == [-7]
    assert licence["cryptographic_binding_methods_supported"] == ["cose_key"]
    paths = [one["path"] for one in licence["credential_metadata"]["claims"]]
    assert ["org.iso.18013.5.1", "document_number"] in paths
    assert ["urn:idverify:namespace:driving-licence:1", "vehicle_classes"] in paths
    locales = {one["locale"] for one in offered["proof_of_life"]["credential_metadata"]["display"]}
    assert locales == {"zh-CN", "en"}
    named = [one for document in (wallet.issuer, wallet.server) for one in document.values() if isinstance(one, str)]
    assert all(one.startswith(ISSUER) for one in named)


def test_a_wrong_request_for_a_token_is_refused_in_oauths_words(city: City, subject_id: str, wallet: Wallet) -> None:
    """Each by its word; a proof comes in exactly one header."""
    offered = city.offer(subject_id=subject_id, supervised=SUPERVISED)
    endpoint = wallet.server["token_endpoint"]
    path = urlsplit(endpoint).path
    form = {"grant_type": PRE_AUTHORISED, "pre-authorized_code": "idvc_" + "x" * 43, "tx_code": "123456"}
    assert refusal(wallet.post(endpoint, data=form)) == (400, "invalid_grant")
    assert refusal(wallet.post(endpoint, data={"grant_type": "password"})) == (400, "unsupported_grant_type")
    assert refusal(wallet.post(endpoint, data={"grant_type": PRE_AUTHORISED})) == (400, "invalid_request")
    assert refusal(wallet.post(endpoint, json=form)) == (400, "invalid_request")
    twice = b"grant_type=refresh_token&refresh_token=a&refresh_token=b"
    assert refusal(wallet.post(endpoint, content=twice, headers={"Content-Type": FORM})) == (400, "invalid_request")
    assert refusal(wallet.http.post(path, data=form)) == (400, "invalid_dpop_proof")
    proofs = [("DPoP", dpop(wallet.device, endpoint, wallet.now)) for _ in range(2)]
    assert refusal(wallet.http.post(path, data=form, headers=proofs)) == (400, "invalid_dpop_proof")
    foreign = {"DPoP": dpop(wallet.device, "https://evil.example/v1/credentials/token", wallet.now)}
    answer = wallet.post(endpoint, data=form, headers=foreign)
    assert refusal(answer) == (400, "invalid_dpop_proof")
    assert answer.json()["error_description"].startswith("proof_target: ")
    assert refusal(wallet.redeem(offered, tx_code="000000" if offered["tx_code"] != "000000" else "1")) == (
        400,
        "invalid_grant",
    )
    assert wallet.redeem(offered).status_code == 200
    assert refusal(wallet.redeem(offered)) == (400, "invalid_grant")


def test_a_wrong_request_for_a_credential_is_refused_in_oauths_words(city: City, subject_id: str, wallet: Wallet) -> None:
    """A bad token or proof is 401 and says how to come back; the rest is 400."""
    wallet.redeem(city.offer(subject_id=subject_id, supervised=SUPERVISED))
    endpoint = wallet.issuer["credential_endpoint"]
    body = {"credential_configuration_id": "identity_card", "proofs": {"jwt": ["x.y.z"]}}

    def ask(json: Any = body, token: str = wallet.access, **headers: str) -> httpx.Response:
        return wallet.post(endpoint, token=token, headers={"Authorization": f"DPoP {token}", **headers}, json=json)

    assert refusal(ask()) == (400, "invalid_proof")
    assert refusal(ask({**body, "credential_configuration_id": "driving_licence"})) == (400, "unknown_credential_configuration")
    assert refusal(ask({**body, "proofs": {"jwt": []}})) == (400, "invalid_credential_request")
    assert refusal(ask({**body, "credential_response_encryption": {}})) == (400, "invalid_encryption_parameters")
    assert refusal(ask({**body, "another_profile": {"asks": 1}})) == (400, "invalid_proof")  # passed over: section 8.2
    for answer in (
        ask(token="idva_" + "x" * 43),
        ask(Authorization=f"Bearer {wallet.access}"),
        ask(Authorization=""),
        ask(DPoP=dpop(FileSigner.new(), endpoint, wallet.now, token=wallet.access)),
        ask(DPoP=dpop(wallet.device, endpoint, wallet.now)),
    ):
        status, word = refusal(answer)
        assert (status, answer.headers["www-authenticate"]) == (401, f'DPoP error="{word}", algs="ES256"')


def test_what_a_wallet_says_of_its_credentials_is_taken_without_an_answer(city: City, subject_id: str, wallet: Wallet) -> None:
    """Its own words are read and not kept; what is no notification, or of no answer of ours, is refused in the standard's words."""
    wallet.redeem(city.offer(subject_id=subject_id, supervised=SUPERVISED))
    given = wallet.ask("identity_card", [FileSigner.new()]).raise_for_status().json()
    endpoint = wallet.issuer["notification_endpoint"]

    def tell(token: str = wallet.access, **said: Any) -> httpx.Response:
        body = {"notification_id": given["notification_id"], "event": "credential_accepted", **said}
        return wallet.post(endpoint, token=token, headers={"Authorization": f"DPoP {token}"}, json=body)

    for _ in range(2):
        answer = tell(event_description="Jane's phone", another_profile=1)
        assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (204, b"", "no-store")
    with city.service.parts.store.reading() as tx:
        last = audit.head(tx)
    assert last is not None
    assert (last.event, last.details["notification"]) == ("credential.notified", given["notification_id"])
    assert "Jane" not in str(last.details)
    assert refusal(tell(notification_id="A" * 43)) == (400, "invalid_notification_id")
    for wrong in ({"event": "credential_lost"}, {"notification_id": 7}, {"event_description": 'a "word"'}):
        assert refusal(tell(**wrong)) == (400, "invalid_notification_request")
    assert refusal(tell(token="idva_" + "x" * 43)) == (401, "invalid_token")
    assert refusal(wallet.http.post(urlsplit(endpoint).path, json={})) == (401, "invalid_token")


def test_a_fault_of_ours_is_a_problem_document_and_issues_nothing(city: City, subject_id: str, wallet: Wallet) -> None:
    """A wallet is not told that it did something wrong."""
    wallet.redeem(city.offer(subject_id=subject_id, supervised=SUPERVISED))
    with city.service.parts.store.transaction() as tx:
        tx.exec_driver_sql("UPDATE grants SET sealed = x'00'")
    assert code_of(wallet.ask("identity_card", [FileSigner.new()])) == (500, "internal")


def test_the_sandbox_issues_too_and_says_so(service: Running, wallet: Wallet) -> None:
    """Its credentials are refused outside it; its tokens open nothing of the real installation."""
    with service.client(sandbox=True) as client:
        body = {"types": ["identity_card"], "subject_id": "sandbox", "supervised": SUPERVISED}
        offered = client.post("/v1/credentials/offers", json=body).raise_for_status().json()
        assert wallet.redeem(offered).status_code == 200
        key = FileSigner.new()
        (credential,) = wallet.credentials("identity_card", [key])
        text = key_binding.sign(sd_jwt.select(credential, ["name"]), key, audience=AUDIENCE, nonce="n" * 16, now=wallet.now)
        asked = {"presentation": text, "nonce": "n" * 16}
        assert client.post("/v1/presentations", json=asked).raise_for_status().json()["accepted"]
    with service.client() as real:
        assert real.post("/v1/presentations", json=asked).json()["code"] == "token_environment"


def test_documents_are_filed_and_read_over_http(city: City, subject_id: str) -> None:
    """And refused where they do not fit."""
    path = f"/v1/subjects/{subject_id}/documents/vehicle_licence"
    assert code_of(city.http.get(path)) == (404, "document_missing")
    offered = {"types": ["vehicle_licence"], "subject_id": subject_id, "supervised": SUPERVISED}
    assert code_of(city.http.post("/v1/credentials/offers", json=offered)) == (404, "document_missing")
    claims = {"plate_number": "B-123", "vehicle_identification_number": "LSVAA49J132047371"}
    assert city.http.put(path, json={"claims": claims}).status_code == 204
    assert city.http.get(path).json() == {"type": "vehicle_licence", "claims": claims}
    assert code_of(city.http.put(path, json={"claims": {"plate_number": base64url(os.urandom(30))}})) == (400, "invalid_input")
    unknown = f"/v1/subjects/{subject_id}/documents/library_card"
    assert code_of(city.http.put(unknown, json={"claims": claims})) == (422, "unknown_credential_type")
    assert city.http.post("/v1/credentials/offers", json=offered).status_code == 201
