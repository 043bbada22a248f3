"""`/v1/me/history` over a real socket: the person's wallet reads it, nobody else does, and no answer says more than it should."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from credentials.proofs import dpop

from idverify.api.history_schemas import HistoryOut
from idverify.credentials import key_binding, sd_jwt
from idverify.keys.file import FileSigner

from .support import AUDIENCE, PURPOSE, Running, code_of, enrolment
from .test_issuance import SUPERVISED, Wallet

PATH = "/v1/me/history"
NONCE = "n" * 16


@pytest.fixture
def wallet(service: Running, subject: str) -> Iterator[Wallet]:
    """Of an enrolled person, with a grant."""
    made = Wallet(service)
    take(made, service, subject)
    yield made
    made.http.close()


def take(wallet: Wallet, service: Running, subject: str, *, sandbox: bool = False) -> None:
    """Have an identity card offered, and redeem the offer."""
    with service.client(sandbox=sandbox) as client:
        body = {"types": ["identity_card"], "subject_id": subject, "supervised": SUPERVISED}
        assert wallet.redeem(client.post("/v1/credentials/offers", json=body).raise_for_status().json()).status_code == 200


def history(wallet: Wallet, *, device: FileSigner | None = None, token: str | None = None, **params: Any) -> httpx.Response:
    """Asked for with a device key and a token."""
    token = wallet.access if token is None else token
    url = wallet.issuer["history_endpoint"]
    proof = dpop(device or wallet.device, url, wallet.now, htm="GET", token=token)
    return wallet.http.get(PATH, headers={"Authorization": f"DPoP {token}", "DPoP": proof}, params=params)


def show(wallet: Wallet, client: httpx.Client, *names: str) -> None:
    """A fresh copy, validated by the client."""
    key = FileSigner.new()
    (credential,) = wallet.credentials("identity_card", [key])
    text = key_binding.sign(sd_jwt.select(credential, names), key, audience=AUDIENCE, nonce=NONCE, now=wallet.now)
    assert client.post("/v1/presentations", json={"presentation": text, "nonce": NONCE}).json()["authentic"]


def test_a_person_reads_what_a_hotel_was_shown(service: Running, wallet: Wallet) -> None:
    """The hotel's registered name, its purpose, the path and not the name; in two languages; to be kept by no cache."""
    with service.client("presentations:validate") as hotel:
        show(wallet, hotel, "name")
    answer = history(wallet)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    HistoryOut.model_validate(answer.json(), strict=True, extra="forbid")
    newest = answer.json()["entries"][0]
    assert (newest["kind"], newest["requester"], newest["purpose"]) == ("presentation", "test", PURPOSE)
    assert (newest["types"], newest["asked"], newest["disclosed"]) == (["identity_card"], None, [["name"]])
    assert newest["outcome"] == "accepted"
    assert newest["said"]["en"].startswith("You showed your Identity card to test.")
    assert "姓名" in newest["said"]["zh-CN"]
    assert "Jane" not in answer.text
    pages = [history(wallet, limit=1).json()]
    while pages[-1]["older"] is not None:
        pages.append(history(wallet, limit=1, before=pages[-1]["older"]).json())
    numbers = [one["number"] for page in pages for one in page["entries"]]
    assert numbers == [*range(len(numbers), 0, -1)]


def test_no_client_reads_it_and_a_caught_token_is_worth_nothing(service: Running, wallet: Wallet) -> None:
    """A key of every scope, the token as a bearer, the token without or with another's proof, two proofs: 401 and a challenge."""
    good = dpop(wallet.device, wallet.issuer["history_endpoint"], wallet.now, htm="GET", token=wallet.access)
    _, key = service.new_key()
    bound = ("Authorization", f"DPoP {wallet.access}")
    for headers in (
        [],
        [("Authorization", f"Bearer {key}")],
        [("Authorization", f"DPoP {key}"), ("DPoP", good)],
        [("Authorization", f"Bearer {wallet.access}"), ("DPoP", good)],
        [("Authorization", f"DPoP {wallet.refresh}"), ("DPoP", good)],
        [bound],
        [bound, ("DPoP", good), ("DPoP", good)],
        [bound, ("DPoP", "x")],
    ):
        answer = wallet.http.get(PATH, headers=headers)
        assert code_of(answer) == (401, "device_unproven")
        assert answer.headers["www-authenticate"].startswith('DPoP error="')
    refused = history(wallet, device=FileSigner.new())
    assert code_of(refused) == (401, "device_unproven")
    assert refused.json()["detail"].startswith("proof_not_bound")
    assert wallet.http.get(PATH, headers=[bound, ("DPoP", good)]).status_code == 200
    again = wallet.http.get(PATH, headers=[bound, ("DPoP", good)])
    assert (code_of(again)[0], again.json()["detail"].split(":")[0]) == (401, "proof_replayed")


def test_pages_are_asked_for_by_whole_numbers_and_have_a_largest_size(wallet: Wallet) -> None:
    """Anything else is the caller's mistake, and costs no proof."""
    for name in ("before", "limit"):
        for value in ("0", "-1", "1.5", "x", "", "١", "9" * 13, "1e3"):
            assert code_of(history(wallet, **{name: value})) == (400, "invalid_input"), (name, value)
    assert code_of(history(wallet, limit=51)) == (400, "invalid_input")
    assert history(wallet, limit=50).status_code == 200


def test_a_purpose_is_a_registered_one_and_is_told(service: Running, wallet: Wallet) -> None:
    """Whatever a client would like to write into a person's history; a nonce alone has none yet."""
    online = {"credentials": [{"type": "identity_card"}]}
    with service.client("presentations:validate") as hotel:
        for path, body in (("", {"presentation": "x", "nonce": NONCE}), ("/requests", online)):
            for purpose, refusal in (
                ("You owe us money", (403, "purpose_not_allowed")),
                ("p" * 257, (400, "invalid_input")),
                ("", (400, "invalid_input")),
            ):
                assert code_of(hotel.post(f"/v1/presentations{path}", json={**body, "purpose": purpose})) == refusal
        assert code_of(hotel.post("/v1/presentations/requests", json={"purpose": PURPOSE})) == (400, "invalid_input")
        assert hotel.post("/v1/presentations/requests", json={**online, "purpose": PURPOSE}).status_code == 201
    assert history(wallet).json()["entries"][0]["kind"] != "presentation"


def test_in_the_sandbox_clients_have_their_names_too(service: Running) -> None:
    """Its database knows no clients; the real one does, and nothing else of it is shown."""
    wallet = Wallet(service)
    with service.client(sandbox=True) as hotel:
        take(wallet, service, "sandbox", sandbox=True)
        show(wallet, hotel, "name")
    entries = history(wallet).json()["entries"]
    assert [(one["kind"], one["requester"]) for one in entries[:2]] == [("presentation", "test"), ("device_added", "test")]
    wallet.http.close()


def test_who_is_erased_reads_nothing_any_more(service: Running, samples: Any) -> None:
    """The token ends with the person."""
    wallet = Wallet(service)
    with service.client() as city:
        body = enrolment((samples / "obama2.jpg").read_bytes(), "to be erased")
        subject_id = city.post("/v1/subjects", json=body).raise_for_status().json()["subject_id"]
        take(wallet, service, subject_id)
        assert history(wallet).status_code == 200
        assert city.delete(f"/v1/subjects/{subject_id}").status_code == 204
    assert code_of(history(wallet)) == (401, "device_unproven")
    wallet.http.close()


def test_a_broken_audit_is_not_read_from(service: Running, wallet: Wallet) -> None:
    """A fault, without a word of what was found."""
    with service.parts.store.transaction() as tx:
        tx.exec_driver_sql(
            "UPDATE audit_events SET details = '{}' WHERE seq = (SELECT max(seq) FROM audit_events WHERE event = 'credential.offer_redeemed')"
        )
    answer = history(wallet)
    assert code_of(answer) == (500, "internal")
    assert "detail" not in json.loads(answer.text)
