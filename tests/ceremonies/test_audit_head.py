"""Signed heads: written, continued, and refused when they are not ours."""

import json

import pytest
from sqlalchemy import delete, update

from idverify.audit.heads import Head
from idverify.ceremonies.audit_head import read_head, sign_head, verify_chain, write_head
from idverify.errors import AuditBroken, InvalidInput
from idverify.keys import signing
from idverify.store.tables import audit_events

from .installed import enrolled, events


def test_a_head_names_count_hash_and_time_and_is_read_back(parts, tmp_path, clock):
    """As a bare JWS and as the object that the service answers with."""
    enrolled(parts)
    signed = write_head(parts, tmp_path / "head")
    assert signed.head == Head("https://id.example", 1, signed.head.hash, int(clock.now))
    trust = parts.signing.jwks()
    assert read_head((tmp_path / "head").read_bytes(), trust) == signed.head
    assert read_head(json.dumps({"head": signed.jws, "count": 9}).encode(), trust) == signed.head
    assert verify_chain(parts.store, parts.secrets.audit, signed.head).intact


def test_an_empty_chain_has_a_head_too(parts):
    """Of count 0."""
    head = sign_head(parts).head
    assert head.count == 0
    assert verify_chain(parts.store, parts.secrets.audit, head).intact


def test_a_head_outlives_the_key_that_signed_it(parts, tmp_path, clock):
    """Two rotations and a month later it still validates against the history of keys."""
    signed = write_head(parts, tmp_path / "head")
    for _ in range(2):
        signing.rotate(tmp_path / "data" / "keys" / "signing", clock)
        clock.now += 15 * 86_400
    assert read_head(signed.jws.encode(), parts.signing.history()) == signed.head


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[]", b"a.b.c", b'{"head": 7}', b"{" * 9000, b'{"head": "x"'])
def test_what_is_no_head_is_refused(parts, content):
    """With one code, whatever it is."""
    with pytest.raises(InvalidInput):
        read_head(content, parts.signing.jwks())


def test_a_head_of_another_installation_or_altered_is_refused(make_parts, tmp_path):
    """Its key is not ours."""
    ours, theirs = make_parts(), make_parts(data=tmp_path / "other")
    with pytest.raises(InvalidInput):
        read_head(sign_head(theirs).jws.encode(), ours.signing.jwks())
    header, payload, signature = sign_head(ours).jws.split(".")
    forged = payload[:-2] + ("A" if payload[-2] != "A" else "B") + payload[-1]
    with pytest.raises(InvalidInput):
        read_head(f"{header}.{forged}.{signature}".encode(), ours.signing.jwks())


def cut_the_end(tx):
    """Remove the newest event."""
    tx.execute(delete(audit_events).where(audit_events.c.seq == 2))


def rewrite_the_end(tx):
    """Another hash in its place."""
    tx.execute(update(audit_events).where(audit_events.c.seq == 2).values(hash="f" * 64))


@pytest.mark.parametrize("attack", [cut_the_end, rewrite_the_end])
def test_a_new_head_is_not_written_over_one_that_no_longer_holds(parts, tmp_path, attack):
    """The service itself notices, and leaves the evidence."""
    enrolled(parts, "A")
    enrolled(parts, "B")
    kept = write_head(parts, tmp_path / "head").jws
    with parts.store.transaction() as tx:
        attack(tx)
    with pytest.raises(AuditBroken):
        write_head(parts, tmp_path / "head")
    assert (tmp_path / "head").read_text().strip() == kept


def test_nothing_is_appended_to_an_end_that_was_forged(parts):
    """A genuine successor would make a forged event look genuine."""
    enrolled(parts, "A")
    with parts.store.transaction() as tx:
        tx.execute(update(audit_events).values(actor="somebody else"))
    with pytest.raises(AuditBroken):
        enrolled(parts, "B")
    assert events(parts) == ["subject.enrolled"]


@pytest.mark.parametrize(
    "values",
    [{"details": '{"versions": {}}'}, {"details": "not json"}, {"details": "[" * 5000}, {"at": 0.0}, {"actor": "x"}],
)
def test_an_edited_row_is_found_in_the_database_as_well(make_parts, database_url, values):
    """On each database, from the row to the finding; another spelling of the same JSON is an edit too."""
    parts = make_parts(database_url)
    enrolled(parts, "A")
    enrolled(parts, "B")
    assert verify_chain(parts.store, parts.secrets.audit).intact
    with parts.store.transaction() as tx:
        tx.execute(update(audit_events).where(audit_events.c.seq == 1).values(values))
    assert [finding.seq for finding in verify_chain(parts.store, parts.secrets.audit).findings] == [1]


def test_an_event_numbered_below_the_first_is_found(make_parts, database_url):
    """A walk that begins at 1 would pass it by."""
    parts = make_parts(database_url)
    enrolled(parts)
    with parts.store.transaction() as tx:
        row = dict(tx.execute(audit_events.select()).mappings().one())
        tx.execute(audit_events.insert().values({**row, "seq": -5}))
    assert not verify_chain(parts.store, parts.secrets.audit).intact


def test_bytes_in_a_column_of_text_are_a_finding(parts):
    """SQLite takes them."""
    enrolled(parts)
    with parts.store.transaction() as tx:
        tx.exec_driver_sql("UPDATE audit_events SET actor = x'ff00', details = x'ff'")
    assert not verify_chain(parts.store, parts.secrets.audit).intact
