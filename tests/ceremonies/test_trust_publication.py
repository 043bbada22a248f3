"""The published trust list: decided once, signed anew in time, never behind itself, never unreadable."""

import json
from dataclasses import replace

import pytest
from roots import root_of

from idverify.ceremonies.certification import certify, rotate_certified
from idverify.ceremonies.trust_publication import NOWHERE, Scheme, decided, own_entity, publish, published
from idverify.credentials import trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list_document import Contact, Entity
from idverify.errors import InvalidInput, KeyUnavailable, TokenInvalid, TrustListUnpublished
from idverify.keys import authority
from idverify.seals import SEALING
from idverify.store import audit

from .conftest import ISSUER, START
from .installed import events

DAY = 86_400
REACHED = Contact("1 Example Road", "XX", ("mailto:id@city.example",), ("https://city.example",), locality="City")
IDENTITY = credential_types()["identity_card"].vct


def scheme(parts, *others):
    """A city that issues identity cards, and whom it recognises."""
    return Scheme(
        {"en": "City of Test", "zh-CN": "市"}, REACHED, (own_entity(parts, frozenset({IDENTITY}), "City", REACHED), *others)
    )


def test_in_production_nothing_is_published_until_an_operator_decides(make_parts):
    """Nobody becomes an issuer of everything by starting a server."""
    parts = replace(make_parts(), environment="production")
    with pytest.raises(TrustListUnpublished, match="trust publish"):
        published(parts)
    done = publish(parts, scheme(parts), actor="operator")
    assert published(parts) == done
    assert decided(parts) == scheme(parts)
    assert done.content.pin == root_of(ISSUER, START).fingerprint


def test_in_development_the_own_root_is_listed_for_every_type_and_for_seals(parts):
    """So that everything can be tried at once."""
    (entity,) = published(parts).content.document.entities
    assert entity.anchor.types == {one.vct for one in credential_types().values()} | {SEALING}
    assert entity.anchor.issuers == (ISSUER,)
    assert decided(parts).contact == NOWHERE


def test_it_is_signed_anew_every_day_with_a_higher_number_and_the_same_content(parts, clock):
    """A server that runs for a month publishes no list that is about to end."""
    first = publish(parts, scheme(parts), actor="operator").content
    clock.now += DAY - 1
    assert published(parts).content == first
    clock.now += 1
    second = published(parts).content
    assert second.document.sequence > first.document.sequence
    assert second.document.entities == first.document.entities
    assert second.document.next_update == clock.now + trust_list.UPDATE_SECONDS
    clock.now += 30 * DAY
    assert published(parts).content.document.issued_at == clock.now


def test_two_lists_within_a_minute_have_two_numbers(parts):
    """Or a reader would take the second for a forgery."""
    numbers = [publish(parts, scheme(parts), actor="operator").content.document.sequence for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_an_installation_restored_from_a_backup_goes_on_beyond_what_readers_hold(parts, clock):
    """The backup is a week older than the list that was published last."""
    publish(parts, scheme(parts), actor="operator")
    folder = parts.trust_list_keys.folder
    backup = (folder / "published.jws").read_bytes()
    for _ in range(7):
        clock.now += DAY
        newest = published(parts).content
    (folder / "published.jws").write_bytes(backup)
    clock.now += 60
    found = trust_list.validate(published(parts).text, pin=newest.pin, now=clock.now, held=newest.held)
    assert found.document.sequence > newest.document.sequence


def test_the_pin_stays_when_the_lists_key_rotates(parts, clock):
    """Readers do nothing."""
    root = root_of(ISSUER, START)
    before = publish(parts, scheme(parts), actor="operator").content
    rotate_certified(parts, root, actor="operator")
    clock.now += DAY
    after = trust_list.validate(published(parts).text, pin=before.pin, now=clock.now, held=before.held)
    assert after.document.sequence > before.document.sequence


def test_what_was_decided_before_a_theft_does_not_bring_the_stolen_root_back(parts, tmp_path):
    """A server signs it anew by itself, and a tired operator without the file; from the file, the list names the new root."""
    publish(parts, scheme(parts), actor="operator")
    stolen = parts.credential_keys.current.root
    new = authority.create(tmp_path / "new", name="City of Test", country="XX", now=parts.now())
    certify(parts, new, actor="operator", replace=True)
    with pytest.raises(InvalidInput, match="from its file again"):
        publish(parts, decided(parts), actor="operator")
    with pytest.raises(TrustListUnpublished, match="with its file"):
        published(parts)
    done = publish(parts, scheme(parts), actor="operator").content
    assert published(parts).content == done
    assert [one.certificate for one in done.anchors] == [new.certificate] != [stolen]


def test_what_no_reader_would_accept_is_not_published(parts):
    """A leaf in place of a root, a root twice, a root for nothing, one for nobody: the earlier list stays."""
    first = publish(parts, scheme(parts), actor="operator")
    leaf = Entity(Anchor("X", parts.credential_keys.current.chain[0], frozenset({IDENTITY}), (ISSUER,)), REACHED)
    again = own_entity(parts, frozenset({IDENTITY}), "City again", REACHED)
    root = parts.trust_list_keys.current.root
    nothing = Entity(Anchor("X", root, frozenset(), (ISSUER,)), REACHED)
    nobody = Entity(Anchor("X", root, frozenset({IDENTITY}), ()), REACHED)
    for bad, code in (
        (scheme(parts, leaf), "trust_list_anchor"),
        (scheme(parts, again), "trust_list_repeated"),
        (replace(scheme(parts), entities=(nothing,)), "trust_list_malformed"),
        (replace(scheme(parts), entities=(nobody,)), "trust_list_unnamed"),
    ):
        with pytest.raises(TokenInvalid) as refused:
            publish(parts, bad, actor="operator")
        assert refused.value.code == code
        assert published(parts) == first


def test_damaged_files_are_named_and_a_damaged_list_is_signed_anew(parts):
    """Fail closed on what was decided; what was signed can be made again."""
    publish(parts, scheme(parts), actor="operator")
    folder = parts.trust_list_keys.folder
    (folder / "published.jws").write_bytes(b"\xff.no.list")
    assert published(parts).content.anchors == tuple(one.anchor for one in scheme(parts).entities)
    (folder / "published.jws").unlink()
    for content in ("", "[]", json.dumps({"operator": {}, "contact": {}, "entities": []})):
        (folder / "scheme.json").write_text(content)
        with pytest.raises(KeyUnavailable, match=r"scheme\.json"):
            published(parts)


def test_certifying_rotating_and_publishing_are_in_the_audit_with_what_was_done(parts):
    """Each certificate by its fingerprint and root; each list by its number and whom it vouches for."""
    root = root_of(ISSUER, START)
    certify(parts, root, actor="anna", replace=True)
    rotate_certified(parts, root, actor="anna")
    publish(parts, scheme(parts), actor="anna")
    names = events(parts)
    assert names.count("keys.certified") == 10 + 5
    assert names.count("keys.certified_rotated") == 5
    with parts.store.reading() as tx:
        entries = list(audit.events(tx))
    assert {entry.actor for entry in entries} == {"anna"}
    certified = [entry.details for entry in entries if entry.event == "keys.certified"]
    assert {one["root"] for one in certified} == {root.fingerprint}
    assert {one["purpose"] for one in certified} == {"credential", "status", "trust-list", "reader", "seal"}
    (listed,) = [entry.details for entry in entries if entry.event == "trust_list.published"]
    assert listed["entities"] == {root.fingerprint: [IDENTITY]}
