"""Rolling a subject's records back to what they once were is refused."""

import dataclasses

import pytest
from sqlalchemy import delete, update

from idverify.ceremonies.audit_head import sign_head, verify_chain
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.reembedding import reembed
from idverify.ceremonies.reference import find_subject
from idverify.errors import RecordTampered
from idverify.store import subjects
from idverify.store.tables import audit_events
from idverify.store.tables import subjects as subject_rows

from .installed import enrolled, open_reference

NEW_MODEL = "6" * 64


@pytest.fixture
def renewed(make_parts):
    """An installation whose one subject was embedded anew, with the records as they were before and a head after."""
    before = make_parts()
    subject_id = enrolled(before).subject_id
    with before.store.reading() as tx:
        old = subjects.records_of(tx, subject_id)
    parts = make_parts(model=NEW_MODEL)
    assert [done.refusal for done in reembed(parts, actor="tester")] == [None]
    return parts, subject_id, old, sign_head(parts).head


def test_rolling_one_row_back_is_refused(renewed):
    """The old row opens as well as ever; the audit names a newer one. Presented as the old model's own, too."""
    parts, subject_id, old, _ = renewed
    open_reference(parts, subject_id)
    with parts.store.transaction() as tx:
        subjects.put(tx, old["template"])
    for model in (parts.acquirer.embedding_digest, old["template"].model_digest):
        parts.acquirer.embedding_digest = model
        with pytest.raises(RecordTampered):
            open_reference(parts, subject_id)


def test_an_old_row_under_the_new_ones_version_is_refused(renewed):
    """The version is part of what is sealed."""
    parts, subject_id, old, _ = renewed
    with parts.store.transaction() as tx:
        subjects.put(tx, dataclasses.replace(old["template"], row_version=2))
    with pytest.raises(RecordTampered):
        open_reference(parts, subject_id)


def test_a_witness_that_was_edited_is_refused(renewed):
    """The event that names the versions carries a MAC under a key outside the database."""
    parts, subject_id, old, _ = renewed
    with parts.store.transaction() as tx:
        subjects.put(tx, old["template"])
        older = '{"versions":{"claims":1,"identifier":1,"portrait":1,"template":1}}'
        tx.execute(update(audit_events).where(audit_events.c.event == "subject.reembedded").values(details=older))
    with pytest.raises(RecordTampered):
        open_reference(parts, subject_id)


def test_without_any_witness_nothing_opens(renewed):
    """An audit that was emptied vouches for nobody."""
    parts, subject_id, _, _ = renewed
    with parts.store.transaction() as tx:
        tx.execute(delete(audit_events))
    with pytest.raises(RecordTampered):
        open_reference(parts, subject_id)


def test_rolling_row_and_audit_back_together_is_found_by_the_head_alone(renewed):
    """The documented limit of the witness, and what covers it."""
    parts, subject_id, old, head = renewed
    with parts.store.transaction() as tx:
        subjects.put(tx, old["template"])
        tx.execute(delete(audit_events).where(audit_events.c.event == "subject.reembedded"))
    parts.acquirer.embedding_digest = old["template"].model_digest
    open_reference(parts, subject_id)
    assert verify_chain(parts.store, parts.secrets.audit).intact
    assert not verify_chain(parts.store, parts.secrets.audit, head).intact


def test_putting_an_erased_subjects_rows_back_is_refused(parts, make_parts):
    """From an old copy of the database, say: the audit knows that the subject was erased, and renewing does not revive it."""
    subject_id = enrolled(parts).subject_id
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, subject_id)
        lookup = tx.scalar(subject_rows.select().with_only_columns(subject_rows.c.lookup))
    erase(parts, subject_id, actor="tester")
    with parts.store.transaction() as tx:
        tx.execute(update(subject_rows).values(lookup=lookup, erased_at=None))
        for record in old.values():
            subjects.put(tx, record)
    with pytest.raises(RecordTampered):
        find_subject(parts, "A-17")
    with pytest.raises(RecordTampered):
        open_reference(parts, subject_id)
    outcome = list(reembed(make_parts(model=NEW_MODEL), actor="tester"))
    assert [done.refusal for done in outcome] == ["record_tampered"]
