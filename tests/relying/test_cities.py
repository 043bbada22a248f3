"""Recognition between cities, end to end: real roots, real lists, real credentials, desks without a network."""

import pytest

from idverify.ceremonies.certification import certify, rotate_certified
from idverify.credentials.findings import Status
from idverify.credentials.trust_list_errors import TrustListExpired
from idverify.keys import authority
from idverify.relying.folder import Holdings
from idverify.relying.refresh import refresh

from .deployments import IDENTITY, INSURANCE, network, shown

DAY = 86_400


def test_two_cities_accept_each_others_identity_card_and_a_third_that_neither_lists_is_refused(deploy, clock):
    """Each hotel pins its own city's list alone. Recognition is one line of that list."""
    a, b, c = deploy("city-a"), deploy("city-b"), deploy("city-c")
    cards = {one.name: one.credential() for one in (a, b, c)}
    for here, other in ((a, b), (b, a)):
        here.hotel.accept_list(here.publish(other.entity(IDENTITY)), here.pin, now=clock())
        refresh(here.hotel, network(here.answers(), other.answers()), clock)
        for city in (here, other):
            found = shown(here.hotel, cards[city.name], clock() + 5)
            assert found.accepted
            assert (found.status, found.trust_anchor) == (Status.VALID, city.pin)
        found = shown(here.hotel, cards["city-c"], clock() + 5)
        assert (found.authentic, found.code, dict(found.claims)) == (False, "certificate_foreign", {})
    c.hotel.accept_list(c.publish(), c.pin, now=clock())
    assert {shown(c.hotel, cards[one.name], clock() + 5).code for one in (a, b)} == {"certificate_foreign"}


def test_an_insurer_cannot_mint_an_identity_card(deploy, clock):
    """Its root is trusted, for insurance: what it signs beyond that is refused by name. Its own hotel's list is its own affair."""
    city, insurer = deploy("city-a"), deploy("insurer")
    city.hotel.accept_list(city.publish(insurer.entity(INSURANCE)), city.pin, now=clock())
    refresh(city.hotel, network(city.answers(), insurer.answers()), clock)
    policy, minted = insurer.credential("insurance_status"), insurer.credential("identity_card")
    refresh(city.hotel, network(city.answers(), insurer.answers()), clock)
    assert shown(city.hotel, policy, clock() + 5).accepted
    found = shown(city.hotel, minted, clock() + 5)
    assert (found.authentic, found.code) == (False, "credential_type_not_trusted")


def test_a_list_is_believed_for_no_more_types_than_who_added_it_said(deploy, clock):
    """An insurer's own list says that it issues identity cards; a hotel that takes it for insurance alone is not moved."""
    insurer = deploy("insurer")
    text = insurer.publish(types=(IDENTITY, INSURANCE))
    minted, policy = insurer.credential("identity_card"), insurer.credential("insurance_status")
    insurer.hotel.accept_list(text, insurer.pin, frozenset({INSURANCE}), now=clock())
    refresh(insurer.hotel, network(insurer.answers()), clock)
    assert shown(insurer.hotel, policy, clock() + 5).accepted
    assert shown(insurer.hotel, minted, clock() + 5).code == "credential_type_not_trusted"
    clock.now += 60
    insurer.hotel.accept_list(insurer.publish(types=(IDENTITY, INSURANCE)), insurer.pin, now=clock())
    assert shown(insurer.hotel, minted, clock() + 5).code == "credential_type_not_trusted"


def test_a_city_taken_off_the_list_is_believed_no_more_and_the_old_list_does_not_bring_it_back(deploy, clock):
    """From the moment that the hotel has the new list."""
    a, b = deploy("city-a"), deploy("city-b")
    before = a.publish(b.entity(IDENTITY))
    a.hotel.accept_list(before, a.pin, now=clock())
    card = b.credential()
    assert shown(a.hotel, card, clock() + 5).authentic
    clock.now += 60
    a.hotel.accept_list(a.publish(), a.pin, now=clock())
    assert shown(a.hotel, card, clock() + 5).code == "certificate_foreign"
    with pytest.raises(Exception, match="older than the one held"):
        a.hotel.accept_list(before, a.pin, now=clock())
    assert shown(a.hotel, card, clock() + 5).code == "certificate_foreign"


def test_who_was_listed_on_a_list_that_has_ended_is_told_from_a_stranger(deploy, clock):
    """A hotel with two lists, of which one came no more: what to do is refresh it, for presentations and QR codes alike."""
    a, b, c = deploy("city-a"), deploy("city-b"), deploy("city-c")
    for city in (a, b):
        a.hotel.accept_list(city.publish(), city.pin, now=clock())
    refresh(a.hotel, network(a.answers(), b.answers()), clock)
    clock.now += 6 * DAY
    a.hotel.accept_list(a.publish(), a.pin, now=clock())
    clock.now += 2 * DAY
    refresh(a.hotel, network(a.answers()), clock)  # prunes what holds no longer
    cards = {one.name: one.credential() for one in (a, b, c)}
    for hotel in (a.hotel, Holdings(a.hotel.folder)):  # one that has been up all the time, and one that was started anew
        codes = {name: shown(hotel, card, clock() + 5).code for name, card in cards.items()}
        assert codes["city-b"] == "trust_list_expired"
        assert codes["city-c"] == "certificate_foreign"
        assert shown(hotel, cards["city-a"], clock() + 5).authentic
    held = a.hotel.believed(clock())
    assert b.vault.credential_keys.current.chain[0] in {one.certificate for one in held.issuer_leaves.values()}
    a.hotel.accept_list(b.publish(), b.pin, now=clock())
    assert shown(a.hotel, cards["city-b"], clock() + 5).authentic


def test_a_hotel_that_was_offline_past_the_next_update_believes_nobody(deploy, clock):
    """It says why: the list's time is over, not that the guest's card is false."""
    city = deploy("city-a")
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    clock.now += 7 * DAY - 1
    assert shown(city.hotel, city.credential(), clock()).authentic
    clock.now += 1
    with pytest.raises(TrustListExpired):
        city.hotel.believed(clock())


def test_keys_rotate_with_an_overlap_and_no_reader_notices(deploy, clock):
    """A gate that fetched the day before knows the key that signs today; what the retired key signed holds until it ends."""
    city = deploy("city-a")
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    old = city.credential()
    refresh(city.hotel, network(city.answers()), clock)
    known = set(city.hotel.believed(clock()).issuer_leaves)
    assert len(known) == 2
    clock.now += DAY
    done = rotate_certified(city.vault, city.root, actor="operator")
    new = city.credential()
    certified = city.vault.credential_keys.current
    assert certified.signer.kid == done["credential"].current
    leaves = city.hotel.believed(clock()).issuer_leaves
    assert certified.chain[0] in {one.certificate for one in leaves.values()}
    for card in (old, new):
        assert shown(city.hotel, card, clock() + 5).authentic
    published = [jwk["kid"] for jwk, _ in city.vault.credential_keys.published()]
    assert set(published) == {done["credential"].next, done["credential"].current, done["credential"].retired}
    city.hotel.accept_list(city.publish(), city.pin, now=clock())  # its key rotated too, and the pin stays
    clock.now += 274 * DAY
    assert done["credential"].retired not in [jwk["kid"] for jwk, _ in city.vault.credential_keys.published()]


def test_after_a_theft_of_the_root_a_new_one_replaces_it_and_readers_take_it_by_a_new_pin(deploy, clock):
    """`--replace` certifies anew and destroys what the old root certified."""
    city = deploy("city-a")
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    old = city.credential()
    city.root = authority.create(city.root_folder.with_name("new"), name=city.name, country="XX", now=clock())
    certify(city.vault, city.root, actor="operator", replace=True)
    assert {one.root for one in city.vault.credential_keys.certificates()} == {city.root.certificate}
    clock.now += 60
    city.hotel.forget_list(city.hotel.lists()[0].pin)
    city.hotel.accept_list(city.publish(), city.pin, now=clock())
    assert shown(city.hotel, city.credential(), clock() + 5).authentic
    assert shown(city.hotel, old, clock() + 5).code == "certificate_foreign"
