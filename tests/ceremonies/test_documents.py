"""Documents on file: sealed, witnessed, re-wrapped and erased like every record of a subject."""

import json

import pytest

from idverify.ceremonies.documents import document_of, put_document, read_document
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.rotation import pending, rotate_kek
from idverify.errors import DocumentMissing, InvalidInput, RecordTampered, SubjectNotFound, UnknownCredentialType
from idverify.store import audit, subjects

from .installed import enrolled, events, open_reference
from .test_commands import command

__all__ = ["command"]

LICENCE = {"licence_number": "4403-17", "vehicle_classes": ["C1"], "valid_until": "2031-05-01"}


@pytest.fixture
def subject_id(parts):
    """Somebody enrolled."""
    return enrolled(parts).subject_id


def put(parts, subject_id, claims=LICENCE, type_name="driving_licence"):
    """File it."""
    return put_document(parts, subject_id, type_name, claims, actor="tester")


def read(parts, subject_id, type_name="driving_licence"):
    """Read it."""
    return read_document(parts, subject_id, type_name, actor="tester")


def test_a_document_is_filed_read_and_replaced_and_the_audit_names_its_version(parts, subject_id):
    """The witness goes on naming the other records too."""
    assert put(parts, subject_id) == 1
    assert read(parts, subject_id) == LICENCE
    newer = LICENCE | {"vehicle_classes": ["C1", "D"]}
    assert put(parts, subject_id, newer) == 2
    assert read(parts, subject_id) == newer
    with parts.store.reading() as tx:
        named = audit.newest_naming_versions(tx, subject_id).details["versions"]
        assert b"4403" not in subjects.records_of(tx, subject_id)["document:driving_licence"].sealed.ciphertext
    assert named == {"identifier": 1, "claims": 1, "portrait": 1, "template": 1, "document:driving_licence": 2}
    assert events(parts)[1:] == ["document.filed", "document.read", "document.filed", "document.read"]
    open_reference(parts, subject_id)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"licence_number": "1"}, "missing: vehicle_classes, valid_until"),
        (LICENCE | {"valid_until": "1.5.2031"}, "valid_until: does not fit `format`"),
        (LICENCE | {"vehicle_classes": []}, "vehicle_classes: does not fit `minItems`"),
        (LICENCE | {"licence_number": 17}, "licence_number: does not fit `type`"),
        (LICENCE | {"name": "Somebody Else"}, "does not come from here"),
        (LICENCE | {"shoe_size": "44"}, "does not come from here"),
    ],
)
def test_what_does_not_fit_the_type_is_refused_without_repeating_it(parts, subject_id, claims, says):
    """A name comes from enrolment alone: a document cannot give a face another one."""
    with pytest.raises(InvalidInput) as caught:
        put(parts, subject_id, claims)
    assert says in caught.value.message
    assert "Somebody" not in caught.value.message
    with pytest.raises(DocumentMissing):
        read(parts, subject_id)


def test_unknown_types_subjects_and_documents_are_told_apart(parts, subject_id):
    """Each by its own code; a type whose claims all come from elsewhere takes no document."""
    with pytest.raises(UnknownCredentialType, match="driving_licence"):
        put(parts, subject_id, type_name="library_card")
    with pytest.raises(InvalidInput, match="needs no document"):
        put(parts, subject_id, {}, type_name="proof_of_life")
    with pytest.raises(SubjectNotFound):
        put(parts, "sub_" + "0" * 32)
    for name in ("driving_licence", "library_card", "../claims"):
        with pytest.raises(DocumentMissing):
            read(parts, subject_id, name)


def test_a_document_that_was_rolled_back_removed_or_put_under_another_subject_is_refused(parts, subject_id):
    """A licence that was suspended down to mopeds does not become a lorry's again by an old row."""
    put(parts, subject_id)
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, subject_id)["document:driving_licence"]
    put(parts, subject_id, LICENCE | {"vehicle_classes": ["F"]})
    with parts.store.transaction() as tx:
        subjects.put(tx, old)
    with pytest.raises(RecordTampered):
        read(parts, subject_id)
    with parts.store.transaction() as tx:
        tx.exec_driver_sql("DELETE FROM records WHERE kind = 'document:driving_licence'")
    with pytest.raises(RecordTampered):
        read(parts, subject_id)
    other = enrolled(parts, "B-2").subject_id
    put(parts, other)
    with parts.store.transaction() as tx:
        tx.exec_driver_sql(f"UPDATE records SET ciphertext = x'{old.sealed.ciphertext.hex()}' WHERE subject_id = '{other}'")
    with pytest.raises(RecordTampered):
        read(parts, other)


def test_documents_survive_a_rotation_of_the_kek_and_go_with_their_subject(parts, subject_id, tmp_path):
    """The old key is destroyed: what was not wrapped anew would be lost."""
    put(parts, subject_id)
    rotate_kek(parts, tmp_path / "data" / "keys", actor="tester", progress=lambda *_: None)
    assert pending(parts) == 0
    assert read(parts, subject_id) == LICENCE
    erase(parts, subject_id, actor="tester")
    with pytest.raises(SubjectNotFound):
        read(parts, subject_id)
    with parts.store.reading() as tx:
        assert subjects.records_of(tx, subject_id) == {}
        with pytest.raises(RecordTampered):
            document_of(parts, tx, "sub_" + "1" * 32, "driving_licence")


def test_the_command_files_and_shows_a_document(command, parts, subject_id, tmp_path):
    """By either name of the subject; claims that do not fit, or are named twice, are refused."""
    (tmp_path / "d.json").write_text(json.dumps(LICENCE))
    asked = ("registry", "document", "--type", "driving_licence")
    filed = {"subject_id": subject_id, "type": "driving_licence", "version": 1}
    assert command(*asked, "--subject", "A-17", "--claims", "d.json") == (0, filed)
    shown = {"subject_id": subject_id, "type": "driving_licence", "claims": LICENCE}
    assert command(*asked, "--subject-id", subject_id) == (0, shown)
    (tmp_path / "d.json").write_text('{"licence_number": "1", "licence_number": "2"}')
    code, said = command(*asked, "--subject", "A-17", "--claims", "d.json")
    assert (code, said["error"]["code"]) == (3, "invalid_input")
    code, said = command("registry", "document", "--type", "vehicle_licence", "--subject", "A-17")
    assert (code, said["error"]["code"]) == (3, "document_missing")
