"""What is published says what stands in the database, is signed by the key for that and no other, and never grows old."""

from dataclasses import replace

import pytest
from roots import root_of

from idverify.ceremonies.status_publishing import list_uris, published
from idverify.ceremonies.statuses import close_restored, set_status
from idverify.credentials import status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import leaf_under
from idverify.credentials.findings import Status
from idverify.credentials.purposes import Purpose
from idverify.errors import SigningUnavailable

from .conftest import START
from .test_statuses import allocated

ISSUER = "https://id.example"


def anchor():
    """The root of these installations."""
    return Anchor("city", root_of(ISSUER, START).certificate, frozenset(), (ISSUER,))


def number_of(place):
    """Of the list."""
    return int(place.uri.rsplit("/", 1)[1])


def read(parts, place, earlier=None):
    """The published list, as a relying party reads it."""
    signed = published(parts, number_of(place), earlier)
    return signed, status_list.read(signed.token, [anchor()], parts.now(), uri=place.uri)


def test_a_published_list_says_of_each_place_what_was_set_there(make_parts, database_url):
    """Revoked, suspended, valid, side by side, and from then on for all copies."""
    parts = make_parts(database_url)
    places = {name: allocated(parts, name) for name in ("stays", "suspended", "revoked")}
    _, held = read(parts, places["stays"][0])
    assert {held.status(place.index) for copies in places.values() for place in copies} == {Status.VALID}
    set_status(parts, actor="t", status=Status.SUSPENDED, credential_id="suspended")
    set_status(parts, actor="t", status=Status.REVOKED, credential_id="revoked")
    _, held = read(parts, places["stays"][0])
    said = {name: {held.status(place.index) for place in copies} for name, copies in places.items()}
    assert said == {"stays": {Status.VALID}, "suspended": {Status.SUSPENDED}, "revoked": {Status.REVOKED}}
    assert held.bits == 2
    assert list_uris(parts) == [places["stays"][0].uri]


def test_a_list_is_signed_anew_when_a_status_changed_or_five_minutes_passed_and_not_before(parts, clock):
    """New places alone change nothing: they are valid already."""
    place = allocated(parts)[0]
    first, _ = read(parts, place)
    allocated(parts, "other")
    clock.now += 299
    assert published(parts, number_of(place), first) is first
    clock.now += 1
    second, held = read(parts, place, first)
    assert second is not first
    assert held.issued_at == clock.now
    set_status(parts, actor="t", status=Status.REVOKED, credential_id="cred")
    third, held = read(parts, place, second)
    assert held.status(place.index) is Status.REVOKED
    assert len({one.etag for one in (first, second, third)}) == 3


def test_a_reader_says_unknown_and_nothing_else_once_the_last_list_is_stale(parts, clock):
    """Neither a revoked credential nor a valid one is taken for anything; nor under another root."""
    place, revoked = allocated(parts)[0], allocated(parts, "revoked")[0]
    set_status(parts, actor="t", status=Status.REVOKED, credential_id="revoked")
    _, held = read(parts, place)
    leaf = leaf_under(parts.status_keys.current.chain, [anchor()], purpose=Purpose.STATUS, now=clock.now)
    believed = Believed((anchor(),), {held.uri: held})
    at = {
        seconds: [believed.standing(one, leaf, ISSUER, clock.now + seconds)[:2] for one in (place, revoked)]
        for seconds in (0, 86_399, 86_400)
    }
    assert at[0] == [(Status.VALID, 0.0), (Status.REVOKED, 0.0)]
    assert at[86_399] == [(Status.VALID, 86_399.0), (Status.REVOKED, 86_399.0)]
    assert at[86_400] == [(Status.UNKNOWN, None)] * 2
    foreign = Believed((anchor(),), {held.uri: replace(held, anchor="0" * 64)})
    assert foreign.standing(revoked, leaf, ISSUER, clock.now).status is Status.UNKNOWN


def test_there_is_no_list_of_another_number(parts):
    """None, rather than an empty list that would call everything valid."""
    number = number_of(allocated(parts)[0])
    assert published(parts, number + 1) is None


def test_without_a_certificate_in_force_nothing_new_is_signed(parts, clock):
    """What was signed stands for as long as it may; then there is no list, and readers say UNKNOWN."""
    place = allocated(parts)[0]
    first, _ = read(parts, place)
    clock.now += 100 * 86_400
    with pytest.raises(SigningUnavailable):
        published(parts, number_of(place), first)


def test_after_a_restore_what_was_never_handed_out_reads_revoked(parts):
    """And what was handed out reads as it did."""
    places = allocated(parts, count=20)
    set_status(parts, actor="t", status=Status.SUSPENDED, credential_id="cred")
    with parts.store.transaction() as tx:
        assert close_restored(tx) == 1
        assert close_restored(tx) == 0
    _, held = read(parts, places[0])
    indexes = {place.index for place in places}
    assert {held.status(index) for index in indexes} == {Status.SUSPENDED}
    assert {held.status(index) for index in range(5000) if index not in indexes} == {Status.REVOKED}
