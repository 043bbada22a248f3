"""What a trusted operator or city, or an unlucky moment, can do to all the others that a relying party holds."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from credentials.authority import Authority, public, signer
from credentials.city import CLAIMS

from idverify.credentials import certificates, credential, status_list, trust_list
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import encode
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Document
from idverify.errors import KeyUnavailable
from idverify.keys.certified import Certified
from idverify.relying import folder
from idverify.relying.folder import Holdings
from idverify.relying.refresh import refresh

from .deployments import HOLDER, IDENTITY, Deployment, network, shown

DAY = 86_400


def pin(root: Authority) -> str:
    """SHA-256 of its certificate."""
    return hashlib.sha256(root.certificate).hexdigest()


def listed(root: Authority, city: Deployment, now: float, *, days: float = 270, name: str = "x", number: int = 1) -> str:
    """A list of another operator, who names the city. days: of the certificate of the list's key, from a day before now."""
    key = signer()
    leaf = root.certify(public(key), "https://other.example", begins=now - DAY, days=days, purpose=Purpose.TRUST_LIST)
    document = Document(number, {"en": name}, None, now, now + 7 * DAY, (city.entity(IDENTITY),))
    return trust_list.sign(document, Certified(key, (leaf,), root.certificate, now + DAY))


@pytest.fixture
def city(deploy: Callable[..., Deployment], clock: Callable[[], float]) -> Deployment:
    """A city whose hotel holds its list, keys and statuses."""
    made = deploy("city-a")
    made.hotel.accept_list(made.publish(), made.pin, source="https://city-a.example/v1/trust-list", now=clock())
    made.credential()
    refresh(made.hotel, network(made.answers()), clock)
    return made


def test_a_list_whose_certificate_ends_before_it_stands_in_no_other_lists_way(city: Deployment, clock: Any) -> None:
    """It vouches for nobody from then on, in a gate that runs as in one that starts; the others go on."""
    card, root = city.credential(), Authority("Other", begins=clock() - DAY)
    desk = Holdings(city.hotel.folder)
    assert desk.accept_list(listed(root, city, clock(), days=1.5), pin(root), now=clock()).ends == clock() + DAY / 2
    assert len(desk.believed(clock()).anchors) == 2
    clock.now += DAY / 2 + 1
    for holdings in (desk, Holdings(city.hotel.folder)):
        assert len(holdings.believed(clock()).anchors) == 1
        assert shown(holdings, card, clock()).authentic
    assert not [one for one in refresh(desk, network(city.answers()), clock) if one.error and one.what != "trust_list"]


def test_the_longest_list_that_is_accepted_can_be_read_again(city: Deployment, clock: Any) -> None:
    """It would otherwise end every command over that folder, for whoever else is listed there."""
    card, root = city.credential(), Authority("Other", begins=clock() - DAY)
    spare = (trust_list.LARGEST - len(listed(root, city, clock()))) * 3 // 4
    text = listed(root, city, clock(), name="x" * spare)
    assert trust_list.LARGEST - 16 < len(text) <= trust_list.LARGEST
    city.hotel.accept_list(text, pin(root), source="https://other.example/" + "x" * 200, now=clock())
    assert shown(Holdings(city.hotel.folder), card, clock()).authentic
    city.hotel.accept_list(listed(root, city, clock() + 60, number=2), pin(root), now=clock() + 60)


def test_a_list_that_comes_while_the_old_one_is_read_is_believed_from_then_on(
    city: Deployment, deploy: Callable[..., Deployment], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate looks, the refresh beside it replaces, the gate reads on: the root that was taken off is not kept."""
    other = deploy("city-b")
    clock.now += 60
    city.hotel.accept_list(city.publish(other.entity(IDENTITY)), city.pin, now=clock())
    clock.now += 60
    coming, gate = [city.publish()], Holdings(city.hotel.folder)
    unhooked = folder.fingerprint

    def replaced_first(path: Any) -> Any:
        if coming:
            Holdings(city.hotel.folder).accept_list(coming.pop(), city.pin, now=clock())
        return unhooked(path)

    monkeypatch.setattr(folder, "fingerprint", replaced_first)
    gate.believed(clock())
    assert not coming
    assert len(gate.believed(clock()).anchors) == 1


def test_a_status_list_of_one_issuer_ends_the_refresh_of_no_other(
    city: Deployment, deploy: Callable[..., Deployment], clock: Any
) -> None:
    """Whatever it holds, it is one thing that did not come."""
    other, key = deploy("city-b"), signer()
    clock.now += 60
    city.hotel.accept_list(city.publish(other.entity(IDENTITY)), city.pin, now=clock())
    leaf = other.root.issue(key.public_jwk(), usage=Purpose.STATUS, issuer=other.issuer, now=clock())
    claims: dict[str, Any] = {"iss": other.issuer, "sub": f"{other.issuer}/v1/status-lists/1", "ttl": 60}
    claims |= {"iat": int(clock()), "exp": int(clock()) + 60, "status_list": {"bits": 1.0, "lst": encode(bytes(8))}}
    token = status_list.certified_jws.sign(claims, key, (leaf,), status_list.TYPE)
    hostile = {
        f"{other.issuer}/v1/status-lists": json.dumps({"status_lists": [claims["sub"]]}).encode(),
        claims["sub"]: token.encode(),
    }
    attempts = refresh(city.hotel, network(city.answers(), hostile), clock)
    assert [one.error.code for one in attempts if one.url == claims["sub"] and one.error] == ["status_list_bits"]


def test_certificates_are_chained_once_and_not_at_every_code(city: Deployment, clock: Any) -> None:
    """Under as many roots as a list can name, a gate would take seconds for a code."""
    city.hotel.believed(clock())
    before = certificates.examined.cache_info()
    assert city.hotel.believed(clock()).issuer_leaves
    assert certificates.examined.cache_info() == before


def test_a_number_in_the_folder_that_is_none_is_damage(city: Deployment, clock: Any) -> None:
    """And no accident at the next refresh."""
    path = next((city.hotel.folder / "lists").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sequence": "1"}))
    with pytest.raises(KeyUnavailable, match="damaged"):
        city.hotel.accept_list(city.publish(), city.pin, now=clock())


def test_a_listed_root_that_speaks_in_anothers_name_is_never_accepted(
    city: Deployment, deploy: Callable[..., Deployment], clock: Any
) -> None:
    """Its certificate may name whom it likes: the list has the root without that name, for credentials and for status lists."""
    other, key, status_key = deploy("city-b"), signer(), signer()
    clock.now += 60
    city.hotel.accept_list(city.publish(other.entity(IDENTITY)), city.pin, now=clock())
    leaf = other.root.issue(key.public_jwk(), usage=Purpose.CREDENTIAL, issuer=city.issuer, now=clock())
    status_leaf = other.root.issue(status_key.public_jwk(), usage=Purpose.STATUS, issuer=city.issuer, now=clock())
    mine = f"{other.issuer}/v1/status-lists/1"
    facts = {"aggregation_uri": other.issuer, "signer": status_key, "chain": (status_leaf,), "now": clock()}
    served = {
        f"{other.issuer}/v1/status-lists": json.dumps({"status_lists": [mine]}).encode(),
        mine: status_list.sign(bytes(64), 1, uri=mine, issuer=city.issuer, **facts).encode(),
    }
    attempts = refresh(city.hotel, network(city.answers(), served), clock)
    assert [one.error.code for one in attempts if one.url == mine and one.error] == ["status_list_issuer_not_trusted"]
    for place in (city.place(), other.place(), StatusReference(mine, 1)):
        card = credential.issue(
            credential_types()["identity_card"],
            CLAIMS["identity_card"],
            credential.CredentialFacts(city.issuer, ACTIVE, ("face",), clock(), "production"),
            holder_jwk=HOLDER.public_jwk(),
            status=place,
            signer=key,
            chain=(leaf,),
            now=clock(),
            random_bytes=other.vault.random_bytes,
        )
        found = shown(city.hotel, card, clock())
        assert (found.authentic, found.status, found.code) == (False, Status.UNKNOWN, "credential_issuer_not_trusted")
