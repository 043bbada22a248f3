"""Refreshing: everything that can be had comes, each failure is told, nothing that was held is lost, nobody else is asked."""

import json
from base64 import b64encode

import pytest
from credentials.slips import City

from idverify.credentials.findings import Status
from idverify.errors import InvalidInput
from idverify.relying.refresh import refresh

from .deployments import network, shown
from .doors import stocked

SOURCE = "https://city-a.example/v1/trust-list"


@pytest.fixture
def city(deploy, clock):
    """A city whose hotel holds its list and knows where newer ones are."""
    made = deploy("city-a")
    made.hotel.accept_list(made.publish(), made.pin, source=SOURCE, now=clock())
    return made


def test_everything_comes_in_one_go(city, clock):
    """The list itself, the keys, each status list."""
    card = city.credential()
    clock.now += 60
    newer = {SOURCE: city.publish().encode() + b"\n"}
    attempts = refresh(city.hotel, network(city.answers(), newer), clock)
    assert [(one.what, one.error) for one in attempts] == [
        ("trust_list", None),
        ("issuer_keys", None),
        ("status_lists", None),
        ("status_list", None),
    ]
    assert city.hotel.lists()[0].sequence == int(clock() // 60)
    assert shown(city.hotel, card, clock() + 1).accepted


def test_what_does_not_come_is_told_and_what_was_held_stays(city, clock):
    """A network that is down altogether; then one that brings rubbish."""
    card = city.credential()
    refresh(city.hotel, network(city.answers()), clock)
    clock.now += 60
    down = refresh(city.hotel, network(), clock)
    assert [one.error.code for one in down] == ["invalid_input"] * 3
    rubbish = dict.fromkeys(city.answers(), b"<html>Log in to the hotel's network</html>") | {SOURCE: b"a.b.c"}
    told = refresh(city.hotel, network(rubbish), clock)
    assert all(one.error is not None for one in told)
    assert told[0].error.code.startswith("token_")
    assert shown(city.hotel, card, clock() + 1).status is Status.VALID


def test_one_list_that_fails_does_not_keep_the_others_away(city, clock):
    """A status list of another address under a listed address is refused, its neighbour is kept."""
    one, two = city.place("identity_card").uri, city.place("driving_licence").uri
    answers = city.answers()
    answers[two] = answers[one]
    attempts = {one.url: one.error for one in refresh(city.hotel, network(answers), clock)}
    assert attempts[one] is None
    assert attempts[two].code == "status_list_subject"
    assert set(city.hotel.believed(clock()).statuses) == {one}


@pytest.mark.parametrize(
    "named",
    [
        ["http://169.254.169.254/latest"],
        ["https://city-a.example.evil.example/1"],
        [1],
        "https://city-a.example/1",
        ["x"] * 2000,
    ],
)
def test_an_issuer_cannot_send_its_readers_elsewhere(city, clock, named):
    """Only addresses below its own are asked, and not without end."""
    asked = []
    answers = city.answers() | {f"{city.issuer}/v1/status-lists": json.dumps({"status_lists": named}).encode()}

    def fetch(url: str, limit: int) -> bytes:
        asked.append(url)
        return network(answers)(url, limit)

    attempts = refresh(city.hotel, fetch, clock)
    assert isinstance(next(one.error for one in attempts if one.what == "status_lists"), InvalidInput)
    assert all(url.startswith(city.issuer + "/") for url in asked)


def test_a_list_whose_time_is_over_is_fetched_anew_and_then_believed_again(city, clock):
    """The hotel was closed for the season."""
    clock.now += 60 * 86_400
    assert [one.what for one in refresh(city.hotel, network(), clock)] == ["trust_list"]
    attempts = refresh(city.hotel, network(city.answers(), {SOURCE: city.publish().encode()}), clock)
    assert all(one.error is None for one in attempts)
    assert city.hotel.believed(clock()).anchors


def test_what_an_issuer_signs_while_another_is_slow_is_not_from_the_future(city, clock):
    """A refresh takes as long as the slowest of them; each thing is held against the time at which it came."""
    city.credential()
    slow = network(city.answers())

    def fetch(url: str, limit: int) -> bytes:
        if url.endswith("jwt-vc-issuer"):
            clock.now += 240
            return slow(url, limit)
        return network(city.answers())(url, limit)

    attempts = refresh(city.hotel, fetch, clock)
    assert [one.error for one in attempts if one.what == "status_list"] == [None]


def test_an_issuers_address_may_end_with_a_slash_and_is_the_name_in_its_certificates_all_the_same(tmp_path):
    """What lies below it is asked with one slash; whose keys came is compared letter by letter."""
    city = City("city", "https://id.city.example/")
    hotel = stocked(tmp_path, city, statuses=False)
    for path in (tmp_path / "issuers").iterdir():
        path.unlink()
    document = {"issuer": city.issuer, "jwks": {"keys": [{"x5c": [b64encode(city.leaf).decode()]}]}}
    served = {
        "https://id.city.example/.well-known/jwt-vc-issuer": json.dumps(document).encode(),
        "https://id.city.example/v1/status-lists": b'{"status_lists": []}',
    }
    attempts = refresh(hotel, lambda url, limit: served[url], lambda: city.at)
    assert [one.error for one in attempts] == [None, None]
    assert [one.certificate for one in hotel.believed(city.at).issuer_leaves.values()] == [city.leaf]
