"""Erasure destroys, and leaves a tombstone."""

import pytest

from idverify.ceremonies.attempts import spend_attempt
from idverify.ceremonies.audit_head import verify_chain
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.reference import described, find_subject
from idverify.errors import SubjectNotFound
from idverify.store import subjects

from .installed import enrolled, events, open_reference


def test_an_erased_subject_is_gone_and_its_identifier_free(make_parts, database_url):
    """On each database: every way to it ends in SubjectNotFound, erasing twice included."""
    parts = make_parts(database_url)
    made = enrolled(parts)
    erase(parts, made.subject_id, actor="tester")
    for way in (
        lambda: find_subject(parts, "A-17"),
        lambda: open_reference(parts, made.subject_id),
        lambda: described(parts, made.subject_id, actor="tester"),
        lambda: erase(parts, made.subject_id, actor="tester"),
    ):
        with pytest.raises(SubjectNotFound):
            way()
    assert enrolled(parts).subject_id != made.subject_id
    with parts.store.reading() as tx:
        assert subjects.get(tx, made.subject_id).erased_at == parts.now()
    assert events(parts) == ["subject.enrolled", "subject.erased", "subject.enrolled"]
    assert verify_chain(parts.store, parts.secrets.audit).intact


def test_wrapped_keys_and_ciphertexts_are_gone_from_the_files(parts, tmp_path):
    """Neither can be carved out of the SQLite file or its log afterwards."""
    made = enrolled(parts, portrait=b"p" * 60_000)
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, made.subject_id)
    erase(parts, made.subject_id, actor="tester")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("idverify.db*"))
    for record in old.values():
        assert record.sealed.wrapped_key not in kept
        assert record.sealed.ciphertext[:64] not in kept
        assert record.sealed.ciphertext[-64:] not in kept


def test_a_damaged_subject_can_be_erased(parts):
    """Erasure opens nothing."""
    made = enrolled(parts)
    with parts.store.transaction() as tx:
        tx.exec_driver_sql("UPDATE records SET ciphertext = x'00', wrapped_key = x'00'")
    erase(parts, made.subject_id, actor="tester")


def test_an_attempt_on_an_erased_subject_is_still_counted(parts):
    """The tombstone's id gives nobody free tries."""
    made = enrolled(parts)
    erase(parts, made.subject_id, actor="tester")
    spend_attempt(parts, client_id="c", subject_id=made.subject_id, transaction_id="t1")
    assert events(parts)[-1] == "attempt.counted"
