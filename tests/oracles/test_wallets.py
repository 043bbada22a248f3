"""A wallet of OpenID4VCI and OpenID4VP that nobody here wrote, against the service as it runs: it takes, reads and shows a card."""

from base64 import b64encode

import pytest
from api.conftest import make_parts
from api.test_wallet import City, city, running
from credentials.authority import Authority, public, signer

from idverify.credentials.certificates import key_identifier_of
from idverify.keys.jwk import base64url
from idverify.store import audit
from oracles.asking import OPENID4VCI, OPENID4VP, ask

__all__ = ["city", "make_parts", "running"]
CARD = "identity_card"
REQUESTS = "/v1/presentations/requests"
ENCRYPTIONS = ("A128GCM", "A256GCM")

pytestmark = pytest.mark.xdist_group("oracles")


def roots(city: City) -> list[str]:
    """What the wallet was told to believe: this city's root."""
    return [b64encode(city.service.parts.credential_keys.current.root).decode()]


def taken(city: City, *told, copies=1):
    """What it has once it took an offer of a card. told: what it says of it afterwards."""
    link, number = city.offer()
    case = {"kind": "offer", "offer": link, "txCode": number, "configuration": CARD, "copies": copies, "anchors": roots(city)}
    (answer,) = ask(OPENID4VCI, [case | {"told": told}])
    assert answer["accepted"], answer["reason"]
    return answer


@pytest.fixture(autouse=True)
def _there(require):
    """The wallet's two halves."""
    require(OPENID4VCI, OPENID4VP)


@pytest.fixture
def hotel(city: City):
    """A relying party's client."""
    with city.service.client("presentations:validate") as client:
        yield client


@pytest.fixture
def held(city: City):
    """A card in the wallet, with what an issuer's root is called by (OpenID4VP 1.0 section 6.1.1.1)."""
    name = base64url(key_identifier_of(city.service.parts.credential_keys.current.root))
    return taken(city)["held"][0] | {"authority": {"type": "aki", "values": [name]}}


def asked(hotel, *claims):
    """A request for a card: its id and its link."""
    body = {"audience": "https://hotel.example", "credentials": [{"type": CARD, "claims": list(claims)}]}
    made = hotel.post(REQUESTS, json=body).raise_for_status().json()
    return made["request_id"], made["wallet_link"]


def found(hotel, request_id):
    """What came of it."""
    return hotel.get(f"{REQUESTS}/{request_id}").raise_for_status().json()


def test_it_takes_an_offer_reads_what_it_was_given_and_says_so(city):
    """Offer by reference, both documents, DPoP, a nonce, a proof a key, a batch; then signature, digests, times and status list."""
    answer = taken(city, {"event": "credential_accepted"}, {"event": "credential_accepted", "notificationId": "x"}, copies=3)
    assert (answer["version"], len(answer["held"]), answer["said"]) == ("V1", 3, [204, 400])
    types = {name for name in answer["known"] if "." not in name}
    assert {CARD, "driving_licence", "vehicle_licence", "insurance_status", "proof_of_life"} <= types
    for one, claims in zip(answer["held"], answer["claims"], strict=True):
        assert (claims["name"], claims["document_number"]) == ("Jane Specimen", "X1234567")
        assert claims["cnf"]["jwk"]["x"] == one["key"]["x"]
    with city.service.parts.store.reading() as tx:
        last = audit.head(tx)
    said = last.details["word"], last.details["configuration"]
    assert (last.event, *said) == ("credential.notified", "credential_accepted", CARD)


def test_it_takes_nothing_with_a_wrong_number(city):
    """The refusal is one that it can read."""
    link, number = city.offer()
    case = {"kind": "offer", "offer": link, "configuration": CARD, "copies": 1, "anchors": roots(city)}
    (answer,) = ask(OPENID4VCI, [case | {"txCode": f"{(int(number) + 1) % 1_000_000:06d}"}])
    assert not answer["accepted"]
    assert "invalid_grant" in answer["reason"]


def test_it_answers_a_hotel_over_the_network_and_the_verdict_is_valid(city, hotel, held):
    """Request object, x509_hash, DCQL, direct_post.jwt by ECDH-ES, whichever encryption it knows; the hotel has what it asked for."""
    requests = [asked(hotel, "name") for _ in ENCRYPTIONS]
    case = {"kind": "wallet", "held": held, "readers": roots(city)}
    cases = [case | {"link": link, "encryption": [one]} for (_, link), one in zip(requests, ENCRYPTIONS, strict=True)]
    for (request_id, link), answer in zip(requests, ask(OPENID4VP, cases), strict=True):
        assert answer["accepted"], answer["reason"]
        assert (answer["status"], answer["said"], answer["version"]) == (200, {}, 100)  # its number for 1.0, as published
        assert link.startswith(f"openid4vp://?client_id={answer['client'].replace(':', '%3A')}&")
        (shown,) = found(hotel, request_id)["presentations"]
        assert (shown["accepted"], shown["code"], shown["status"]) == (True, "accepted", "VALID")
        assert shown["claims"]["name"] == "Jane Specimen"
        assert "document_number" not in shown["claims"]


def test_it_shows_nothing_to_whom_it_should_not(city, hotel, held):
    """Altered on the way, signed by a stranger (whom it may even believe, for other requests), another reader's link, no such claim."""
    own, key = Authority("City of Strangers", begins=city.service.parts.now() - 60), signer()
    leaf = own.certify(public(key), city.service.url, begins=city.service.parts.now() - 60)
    stranger = {"leaf": b64encode(leaf).decode(), "key": private(key)}
    known = [*roots(city), b64encode(own.certificate).decode()]
    refused = [
        {"altered": name, "says": says}
        for name, says in {
            "signature": "verification of jwt",
            "place": "verification of jwt",
            "key": "verification of jwt",
            "type": "verification of jwt",
            "none": "not a valid JWT",
        }.items()
    ]
    refused += [
        {"stranger": stranger, "says": "verification of jwt"},
        {"stranger": stranger, "readers": known, "says": "Expected the base64url encoded sha-256 hash"},
        {"client": "x509_hash:" + "A" * 43, "says": "client_id does not match"},
        {"claims": ["date_of_birth"], "says": "not held"},  # enrolled without one
    ]
    requests = [asked(hotel, *one.get("claims", ["name"])) for one in refused]
    cases = []
    for (_, link), one in zip(requests, refused, strict=True):
        named = f"openid4vp://?client_id={one['client']}&{link.partition('&')[2]}" if "client" in one else link
        cases.append({"kind": "wallet", "link": named, "held": held, "readers": roots(city)} | one)
    for (request_id, _), one, answer in zip(requests, refused, ask(OPENID4VP, cases), strict=True):
        assert not answer["accepted"], one
        assert one["says"] in answer["reason"], answer["reason"]
        assert found(hotel, request_id)["state"] == "pending"


def private(key):
    """As a JWK."""
    number = key._key.private_numbers().private_value
    return {**key.public_jwk(), "d": base64url(number.to_bytes(32, "big"))}
