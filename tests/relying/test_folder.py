"""The folder of a relying party: what gets in, what is believed of it, what an attacker on the network or the disk achieves."""

import json
import os
import stat
from base64 import b64encode

import pytest

from idverify.ceremonies.status_publishing import published
from idverify.ceremonies.statuses import set_status
from idverify.credentials.findings import Status
from idverify.errors import InvalidInput, KeyUnavailable, TokenInvalid
from idverify.relying.folder import MOST_KEYS, Holdings
from idverify.relying.refresh import refresh

from .deployments import IDENTITY, network, shown

DAY = 86_400


@pytest.fixture
def city(deploy, clock):
    """A city whose hotel holds its list, keys and statuses."""
    made = deploy("city-a")
    made.hotel.accept_list(made.publish(), made.pin, source="https://city-a.example/v1/trust-list", now=clock())
    return made


def test_a_list_is_first_accepted_with_its_pin_alone(city, deploy, clock, tmp_path):
    """Another root's pin, a near miss, no pin at all: nothing is kept."""
    text, other = city.publish(), deploy("city-b")
    hotel = Holdings(tmp_path / "new")
    for pin in (other.pin, city.pin[:-1] + ("0" if city.pin[-1] != "0" else "1")):
        with pytest.raises(TokenInvalid) as refused:
            hotel.accept_list(text, pin, now=clock())
        assert refused.value.code == "trust_list_pin"
    for pin in ("", "abc", "g" * 64, city.pin + "00"):
        with pytest.raises(InvalidInput, match="64 hex digits"):
            hotel.accept_list(text, pin, now=clock())
    assert hotel.lists() == ()
    assert not hotel.folder.exists()  # nor does an empty folder stay that would read as a reader who holds nothing
    colons = ":".join(city.pin.upper()[at : at + 2] for at in range(0, 64, 2))
    assert hotel.accept_list(text, colons, now=clock()).pin == city.pin


def test_the_sequence_never_goes_back_even_past_the_end_of_the_held_list(city, clock):
    """A hotel that slept for a month still refuses what is older than what it saw."""
    old = city.publish()
    clock.now += 60
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    with pytest.raises(TokenInvalid) as refused:
        city.hotel.accept_list(old, city.pin, now=clock())
    assert refused.value.code == "trust_list_rolled_back"
    clock.now += 30 * DAY
    city.hotel.accept_list(city.publish(), city.pin, now=clock())


def test_the_folder_and_its_files_are_private_and_what_is_altered_there_is_not_believed(city, clock):
    """A line changed by hand, a list of another city under a known pin, a file that is no list."""
    path = next((city.hotel.folder / "lists").glob("*.json"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(city.hotel.folder.stat().st_mode) == 0o700
    honest = json.loads(path.read_text())

    def put(content: str) -> Holdings:
        os.replace(path, path.with_suffix(".old"))
        path.write_text(content)
        path.chmod(0o600)
        return Holdings(city.hotel.folder)

    head, body, signature = honest["text"].split(".")
    with pytest.raises(TokenInvalid):
        put(json.dumps(honest | {"text": f"{head}.{body[:-4]}AAAA.{signature}"})).believed(clock())
    for damaged in ("", "[]", '{"pin": 1}', json.dumps(honest | {"pin": "0" * 64}), json.dumps(honest | {"more": 1})):
        with pytest.raises(KeyUnavailable, match="damaged"):
            put(damaged).believed(clock())
    assert put(json.dumps(honest)).believed(clock()).anchors


@pytest.mark.parametrize("kind", ["a file", "a loop"])
def test_a_folder_that_cannot_be_read_is_an_error_and_not_an_empty_one(city, clock, kind):
    """Empty would say that nobody is believed yet, and that the next list may have any number."""
    lists, text = city.hotel.folder / "lists", city.publish()
    lists.rename(lists.with_name("aside"))
    lists.symlink_to("lists") if kind == "a loop" else lists.write_bytes(b"")
    for act in (
        lambda hotel: hotel.lists(),
        lambda hotel: hotel.believed(clock()),
        lambda hotel: hotel.forget_list(city.pin),
        lambda hotel: hotel.accept_list(text, city.pin, now=clock()),
    ):
        with pytest.raises(KeyUnavailable, match="lists"):
            act(Holdings(city.hotel.folder))


def test_an_older_status_list_does_not_bring_a_revoked_credential_back_to_life(city, clock):
    """Both still hold by their own times; the newer one stays."""
    card = city.credential()
    uri, before = city.status_list()
    city.hotel.store_status(before, now=clock(), uri=uri)
    assert shown(city.hotel, card, clock() + 1).status is Status.VALID
    clock.now += 60
    set_status(city.vault, actor="operator", status=Status.REVOKED, credential_id="crd_1")
    city.hotel.store_status(city.status_list()[1], now=clock(), uri=uri)
    assert shown(city.hotel, card, clock() + 1).code == "credential_revoked"
    held = city.hotel.store_status(before, now=clock(), uri=uri)
    assert held.issued_at == clock()
    assert shown(city.hotel, card, clock() + 1).code == "credential_revoked"


def test_of_a_list_in_two_formats_the_newer_one_counts(city, clock):
    """Whichever came first, and whichever format it is in; an old one in the other format revives nothing."""
    card = city.credential()
    uri, old = city.status_list()
    number = int(uri.rpartition("/")[2])
    old_cwt = published(city.vault, number).cwt
    clock.now += 60
    set_status(city.vault, actor="operator", status=Status.REVOKED, credential_id="crd_1")
    signed = published(city.vault, number)
    for newer, older in ((signed.cwt, old), (signed.token, old_cwt), (signed.cwt, old_cwt)):
        hotel = Holdings(city.hotel.folder)
        for one in (older, newer, older):
            hotel.store_status(one, now=clock(), uri=uri)
        assert shown(Holdings(city.hotel.folder), card, clock() + 1).code == "credential_revoked"
        for path in (city.hotel.folder / "statuses").iterdir():
            path.unlink()
    city.hotel.store_status(signed.cwt, now=clock(), uri=uri)
    assert shown(city.hotel, card, clock() + DAY).code == "status_unknown"
    city.hotel.prune(clock() + DAY)
    assert list((city.hotel.folder / "statuses").iterdir()) == []


def test_of_one_seconds_lists_the_one_that_came_last_counts_in_whichever_format(city, clock):
    """Times are whole seconds: a list from before a revocation may bear the same one as the list from after it."""
    card = city.credential()
    uri, old = city.status_list()
    number = int(uri.rpartition("/")[2])
    old_cwt = published(city.vault, number).cwt
    clock.now += 0.25
    set_status(city.vault, actor="operator", status=Status.REVOKED, credential_id="crd_1")
    new = published(city.vault, number)
    for earlier, later in ((old_cwt, new.token), (old, new.cwt)):
        for one in (earlier, later):
            city.hotel.store_status(one, now=clock(), uri=uri)
        assert len(list((city.hotel.folder / "statuses").iterdir())) == 1
        assert shown(Holdings(city.hotel.folder), card, clock() + 1).code == "credential_revoked"


def test_a_status_list_counts_until_its_end_and_is_unknown_after_it(city, clock):
    """A gate that is offline: VALID with the list's age, then UNKNOWN, never REVOKED."""
    card = city.credential()
    refresh(city.hotel, network(city.answers()), clock)
    found = shown(city.hotel, card, clock() + DAY - 1)
    assert (found.status, found.status_age) == (Status.VALID, DAY - 1)
    for hotel in (city.hotel, Holdings(city.hotel.folder)):
        found = shown(hotel, card, clock() + DAY)
        assert (found.status, found.code) == (Status.UNKNOWN, "status_unknown")


def test_a_status_list_of_an_untrusted_city_is_not_kept(city, deploy, clock):
    """Whoever sends it."""
    other = deploy("city-b")
    other.place()
    with pytest.raises(TokenInvalid) as refused:
        city.hotel.store_status(other.status_list()[1], now=clock())
    assert refused.value.code == "certificate_foreign"
    assert not city.hotel.believed(clock()).statuses


def test_only_certificates_of_credential_keys_under_an_anchor_that_name_the_issuer_are_kept(city, deploy, clock):
    """A status key, another city's key, and a key of ours under another city's name are passed over."""
    other = deploy("city-b")
    mine, foreign = city.vault.credential_keys.current.chain[0], other.vault.credential_keys.current.chain[0]
    status = city.vault.status_keys.current.chain[0]

    def document(*certificates: bytes, issuer: str = city.issuer) -> bytes:
        keys = [{"x5c": [b64encode(one).decode()]} for one in certificates]
        return json.dumps({"issuer": issuer, "jwks": {"keys": keys}}).encode()

    assert city.hotel.store_issuer_keys(document(foreign, status), city.issuer, now=clock()) == 0
    assert city.hotel.store_issuer_keys(document(mine, issuer=other.issuer), other.issuer, now=clock()) == 0
    assert city.hotel.believed(clock()).issuer_leaves == {}
    assert city.hotel.store_issuer_keys(document(mine, foreign, b"no certificate"), city.issuer, now=clock()) == 1
    leaves = city.hotel.believed(clock()).issuer_leaves
    assert [one.certificate for one in leaves.values()] == [mine]
    assert next(iter(leaves)) == next(iter(leaves.values())).fingerprint8
    for bad in (b"", b"[]", b'{"issuer": 1}', document(mine, issuer=other.issuer), document(*[mine] * (MOST_KEYS + 1))):
        with pytest.raises(InvalidInput, match="does not publish"):
            city.hotel.store_issuer_keys(bad, city.issuer, now=clock())


def test_a_city_taken_off_takes_its_status_lists_and_keys_along(city, deploy, clock):
    """What hangs on a root that is trusted no more is not believed, and is deleted at the next refresh."""
    other = deploy("city-b")
    other.credential()
    clock.now += 60
    city.hotel.accept_list(city.publish(other.entity(IDENTITY)), city.pin, now=clock())
    refresh(city.hotel, network(city.answers(), other.answers()), clock)
    assert len(city.hotel.believed(clock()).issuer_leaves) == 4
    clock.now += 60
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    believed = city.hotel.believed(clock())
    assert len(believed.issuer_leaves) == 2
    assert [uri for uri in believed.statuses if uri.startswith(other.issuer)] == []
    refresh(city.hotel, network(city.answers()), clock)
    assert len(list((city.hotel.folder / "issuers").iterdir())) == 2


def test_an_empty_folder_believes_nobody_and_reading_it_makes_nothing(tmp_path, clock):
    """A mistyped folder is not made."""
    hotel = Holdings(tmp_path / "typo")
    assert hotel.believed(clock()).anchors == ()
    with pytest.raises(InvalidInput, match="no trust list with that pin"):
        hotel.forget_list("0" * 64)
    assert not (tmp_path / "typo").exists()
