"""A hotel asks a wallet over the network: the real service, the product's wallet as a command, real sockets."""

import io
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from idverify.ceremonies import Parts
from idverify.cli import main, wallet
from idverify.credentials import jwe, jws, request_object
from idverify.credentials.jwe import LARGEST
from idverify.store import audit

from .support import AUDIENCE, PURPOSE, Running, code_of
from .test_wallet import City, city, running

__all__ = ["city", "running"]

REQUESTS = "/v1/presentations/requests"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hotel(city: City) -> Any:
    """The relying party's client."""
    with city.service.client("presentations:validate") as client:
        yield client


def ask(client: httpx.Client, *claims: str, **rest: Any) -> dict[str, Any]:
    """A request for an identity card."""
    body = {"audience": AUDIENCE, "credentials": [{"type": "identity_card", "claims": list(claims)}], **rest}
    return dict(client.post(REQUESTS, json=body).raise_for_status().json())


def result(client: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """What came of it."""
    return dict(client.get(f"{REQUESTS}/{asked['request_id']}").raise_for_status().json())


def last_event(parts: Parts) -> Any:
    """Of the audit."""
    with parts.store.reading() as tx:
        return audit.head(tx)


def read(service: Running, asked: dict[str, Any]) -> dict[str, Any]:
    """The request object, as any wallet reads it."""
    client_id = parse_qs(urlsplit(asked["wallet_link"]).query)["client_id"][0]
    with service.stranger() as wallet_app:
        answer = wallet_app.get(asked["request_uri"])
    assert answer.headers["content-type"] == "application/oauth-authz-req+jwt"
    return request_object.read(answer.text, client_id, service.parts.now())[0]


def test_a_hotel_learns_the_name_and_holds_signed_evidence(city: City, hotel: httpx.Client) -> None:
    """The wallet says who asks and for what; it shows one fresh copy; the hotel fetches the result, which others cannot."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "2")
    asked = ask(hotel, "name")
    assert result(hotel, asked) == {"state": "pending", "expires_at": asked["expires_at"], "presentations": []}
    code, said = city.wallet("answer", asked["wallet_link"], "--yes")
    assert code == 0
    assert (said["name"], said["reader"], said["shown"]) == (AUDIENCE, city.service.url, {"identity_card": ["name"]})
    assert said["purpose"] == PURPOSE
    assert "City of Test" in said["certified_by"]
    (found,) = result(hotel, asked)["presentations"]
    assert (found["asked"], found["accepted"], found["code"], found["status"]) == ("identity_card", True, "accepted", "VALID")
    assert found["claims"]["name"] == "Jane Specimen"
    assert "document_number" not in found["claims"]
    evidence = jws.validate(found["evidence"], city.service.parts.signing.jwks()["keys"], "presentation-result+jwt")
    assert (evidence["nonce"], evidence["aud"], evidence["claims"]) == (asked["nonce"], AUDIENCE, found["claims"])
    assert city.wallet("list")[1]["held"][0]["copies"] == 1
    code, refused = city.wallet("answer", asked["wallet_link"], "--yes")
    assert (code, refused["error"]["code"]) == (3, "issuer_refused")
    assert city.wallet("list")[1]["held"][0]["copies"] == 1
    with city.service.client("presentations:validate") as other:
        assert code_of(other.get(f"{REQUESTS}/{asked['request_id']}")) == (404, "request_not_found")
    assert code_of(httpx.get(f"{city.service.url}{REQUESTS}/{asked['request_id']}", trust_env=False))[0] == 401


def test_a_hotel_may_ask_for_an_mdoc(city: City, hotel: httpx.Client) -> None:
    """The same card in the other format: the request names doctype, namespace and element, the answer is bound to the request."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    asked = dict(
        hotel.post(REQUESTS, json={"audience": AUDIENCE, "credentials": [{"type": "identity_card.mdoc", "claims": ["name"]}]})
        .raise_for_status()
        .json()
    )
    (query,) = read(city.service, asked)["dcql_query"]["credentials"]
    assert (query["id"], query["format"]) == ("identity_card-mdoc", "mso_mdoc")
    assert query["meta"] == {"doctype_value": "urn:idverify:doctype:identity-card:1"}
    assert query["claims"] == [{"path": ["urn:idverify:namespace:identity-card:1", "name"]}]
    code, said = city.wallet("answer", asked["wallet_link"], "--yes")
    assert (code, said["shown"]) == (0, {"identity_card.mdoc": ["name"]})
    (found,) = result(hotel, asked)["presentations"]
    assert (found["asked"], found["accepted"], found["status"]) == ("identity_card.mdoc", True, "VALID")
    assert found["claims"]["name"] == "Jane Specimen"
    assert found["subject"] is not None
    wrong = {"audience": AUDIENCE, "credentials": [{"type": "identity_card.gate", "claims": ["name"]}]}
    assert code_of(hotel.post(REQUESTS, json=wrong))[1] == "unknown_credential_type"


def test_nothing_is_shown_without_a_yes(city: City, hotel: httpx.Client) -> None:
    """A no sends nothing and keeps the copy; without a person to ask the wallet does not guess; what it cannot show it says."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    asked = ask(hotel, "name")
    held = ["--wallet", str(city.folder / "wallet")]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    city.monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    city.capsys.readouterr()
    assert main.run(wallet.app, ["answer", asked["wallet_link"], *held]) == 1
    seen = "".join(city.capsys.readouterr().err.split())
    assert f"{AUDIENCE}asks,forhotelcheck-in,through{city.service.url}" in seen
    assert "identity_card:name" in seen
    assert city.wallet("answer", asked["wallet_link"])[0] == 2
    assert result(hotel, asked)["state"] == "pending"
    more = ask(hotel, "date_of_birth")  # enrolled without
    code, refused = city.wallet("answer", more["wallet_link"], "--yes")
    assert (code, refused["error"]["code"]) == (3, "credential_unavailable")
    assert city.wallet("list")[1]["held"][0]["copies"] == 1
    city.monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main.run(wallet.app, ["answer", asked["wallet_link"], *held]) == 0
    assert result(hotel, asked)["presentations"][0]["accepted"]


def test_the_wallet_refuses_a_link_that_names_another_reader(city: City, hotel: httpx.Client) -> None:
    """Another certificate's digest, another scheme, another place, no such request: nothing is shown."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    asked = ask(hotel, "name")
    (uri,) = parse_qs(urlsplit(asked["wallet_link"]).query)["request_uri"]
    client_id = request_object.client_id_of(city.service.parts.reader_keys.current.chain[0])
    for changed in (
        {"client_id": "x509_hash:" + "A" * 43, "request_uri": uri},
        {"client_id": "https://hotel.example", "request_uri": uri},
        {"client_id": client_id, "request_uri": uri.replace("127.0.0.1", "localhost")},
        {"client_id": client_id, "request_uri": uri.replace(asked["request_id"], "idvp_" + "A" * 43)},
        {"client_id": client_id},
    ):
        code, _ = city.wallet("answer", f"openid4vp://?{urlencode(changed)}", "--yes")
        assert code == 3, changed
    assert city.wallet("answer", asked["wallet_link"].replace("openid4vp", "https"), "--yes")[0] == 3
    assert city.wallet("list")[1]["held"][0]["copies"] == 1


def test_what_is_not_an_encrypted_answer_is_refused(city: City, hotel: httpx.Client) -> None:
    """In the clear, too large, not a form, with another state, for another request; audited where a request is named."""
    asked, other = ask(hotel), ask(hotel)
    said, theirs = read(city.service, asked), read(city.service, other)
    where, key = urlsplit(said["response_uri"]).path, said["client_metadata"]["jwks"]["keys"][0]
    token = {"identity_card": ["a~b"]}
    plain = urlencode({"vp_token": '{"identity_card": ["a~b"]}', "state": said["state"]})
    foreign = jwe.encrypt({"vp_token": token, "state": theirs["state"]}, theirs["client_metadata"]["jwks"]["keys"][0])
    stateless = jwe.encrypt({"vp_token": token, "state": theirs["state"]}, key)
    with city.service.stranger(headers=FORM) as anyone:
        for body, expected in (
            (plain, (400, "answer_unreadable")),
            (urlencode({"response": foreign}), (400, "answer_unreadable")),
            (urlencode({"response": stateless}), (400, "invalid_input")),
        ):
            assert code_of(anyone.post(where, content=body)) == expected
            last = last_event(city.service.parts)
            assert (last.event, last.details["reason"]) == ("presentation.refused", expected[1])
        assert code_of(anyone.post(where, content="response=" + "A" * (LARGEST + 2048))) == (413, "too_large")
        assert code_of(anyone.post(where, content="response=a&response=b")) == (400, "invalid_input")
        assert code_of(anyone.post(where, json={}, headers={"Content-Type": "application/json"}))[0] == 415
        assert code_of(anyone.post(where.replace("idvp_", "idvo_"), content=plain)) == (404, "request_not_found")
        taken = anyone.post(
            where, content=urlencode({"response": jwe.encrypt({"vp_token": token, "state": said["state"]}, key)})
        )
        assert (taken.status_code, taken.json()) == (200, {})
        assert code_of(anyone.post(where, content=plain)) == (409, "request_answered")
    (found,) = result(hotel, asked)["presentations"]
    assert (found["accepted"], found["authentic"], found["claims"]) == (False, False, {})


def test_a_wallet_may_put_a_nonce_into_the_request(city: City, hotel: httpx.Client) -> None:
    """Or fetch it with an empty form; a nonce without end is refused."""
    asked = ask(hotel, "name")
    client_id = parse_qs(urlsplit(asked["wallet_link"]).query)["client_id"][0]
    with city.service.stranger(headers=FORM) as phone:
        for body, nonce in (("wallet_nonce=abc123", "abc123"), ("", None)):
            text = phone.post(asked["request_uri"], content=body).raise_for_status().text
            assert request_object.read(text, client_id, city.service.parts.now())[0].get("wallet_nonce") == nonce
        assert code_of(phone.post(asked["request_uri"], content="wallet_nonce=" + "n" * 257)) == (400, "invalid_input")


def test_a_sandbox_client_asks_in_the_sandbox(city: City) -> None:
    """The wallet reaches it by the id alone, and it is marked."""
    with city.service.client(sandbox=True) as client:
        asked = ask(client, "name")
        assert read(city.service, asked)["nonce"] == asked["nonce"]
        assert result(client, asked)["state"] == "pending"
    assert asked["request_id"].startswith("idvp_sandbox_")
