"""Enrolment, and finding and opening what was enrolled."""

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from idverify.audit.chain import check_chain
from idverify.ceremonies.reference import described, find_subject, reference_of
from idverify.errors import (
    FailureToAssess,
    InvalidInput,
    MultipleFaces,
    NoFace,
    NoReference,
    RecordTampered,
    StoreUnavailable,
    SubjectExists,
    SubjectNotFound,
    TemplateOutdated,
)
from idverify.registry.claims import Claims
from idverify.store import audit, subjects
from idverify.values import Component, Quality

from .installed import CLAIMS, PORTRAIT, enrolled, open_reference


def nothing_was_written(parts):
    """Neither subject nor event."""
    with parts.store.reading() as tx:
        return subjects.count(tx) == 0 and audit.head(tx) is None


def test_what_was_enrolled_is_found_described_and_opened(parts):
    """The whole way, once: the template comes back bit for bit."""
    made = enrolled(parts)
    assert find_subject(parts, "A-17") == made.subject_id
    told = described(parts, made.subject_id, actor="tester")
    assert (told.identifier, told.claims, told.legal_basis.reference) == ("A-17", CLAIMS, "Act 7")
    assert made.portrait_digest == hashlib.sha256(PORTRAIT).hexdigest()
    with parts.store.reading() as tx:
        reference = reference_of(parts, tx, made.subject_id)
        report = check_chain(parts.secrets.audit, audit.events(tx))
        events = [event.event for event in audit.events(tx)]
    assert np.array_equal(reference.template.vector, parts.acquirer.acquire(PORTRAIT).template.vector)
    assert reference.source == "registry"
    assert report.intact
    assert events == ["subject.enrolled", "subject.read"]


def test_nothing_that_names_the_person_stands_in_the_database_unsealed(parts, tmp_path):
    """Neither identifier nor claims nor portrait nor template, in the file or its log."""
    enrolled(parts, "identifier-in-clear")
    template = parts.acquirer.acquire(PORTRAIT).template.vector.tobytes()
    for file in (tmp_path / "data").glob("idverify.db*"):
        content = file.read_bytes()
        for secret in (b"identifier-in-clear", "Zoë".encode(), b"1990-02-28", PORTRAIT, template, template[:16]):
            assert secret not in content


def test_a_second_enrolment_of_an_identifier_is_refused_however_it_is_spelled(parts):
    """Composed and decomposed é are one identifier."""
    enrolled(parts, "Jos\u00e9")
    with pytest.raises(SubjectExists):
        enrolled(parts, "Jose\u0301")


def test_two_enrolments_of_one_identifier_at_once_make_one_subject(make_parts, database_url):
    """On each database."""
    parts = make_parts(database_url)

    def attempt(_):
        try:
            return enrolled(parts).subject_id
        except SubjectExists:
            return None

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))
    assert sum(outcome is not None for outcome in outcomes) == 1
    with parts.store.reading() as tx:
        assert audit.head(tx).seq == 1


@pytest.mark.parametrize(("portrait", "error"), [(b"no face", NoFace), (b"two faces", MultipleFaces)])
def test_a_portrait_that_yields_no_face_writes_nothing(parts, portrait, error):
    """The failure to enrol has its code."""
    with pytest.raises(error):
        enrolled(parts, portrait=portrait)
    assert nothing_was_written(parts)


def test_a_portrait_whose_quality_was_not_assessed_writes_nothing(parts):
    """A missing measure never reads as a pass."""
    parts.acquirer.quality = Quality((Component("sharpness", 100.0, 90), Component("head_pose", None, None)))
    with pytest.raises(FailureToAssess):
        enrolled(parts)
    assert nothing_was_written(parts)


@pytest.mark.parametrize("basis", ["", "because", "contract", "consent: " + "x" * 201, "consent: a\nb"])
def test_without_a_legal_basis_nobody_is_enrolled(parts, basis):
    """A basis is one of a short list; contract is not on it, since it does not carry biometric data."""
    with pytest.raises(InvalidInput):
        enrolled(parts, legal_basis=basis)
    assert nothing_was_written(parts)


def test_test_data_is_refused_in_production(parts):
    """A demonstration never becomes a registry."""
    enrolled(parts, legal_basis="published_test_data")
    with pytest.raises(InvalidInput):
        enrolled(dataclasses.replace(parts, environment="production"), "B", legal_basis="published_test_data")


@pytest.mark.parametrize("at_record", [1, 2, 3, 4])
def test_a_store_that_dies_midway_leaves_nothing(parts, monkeypatch, at_record):
    """Whichever of the four records it dies at."""
    written = []
    real = subjects.put

    def dying(tx, record):
        written.append(record)
        if len(written) == at_record:
            raise StoreUnavailable("gone")
        real(tx, record)

    monkeypatch.setattr(subjects, "put", dying)
    with pytest.raises(StoreUnavailable):
        enrolled(parts)
    monkeypatch.undo()
    assert nothing_was_written(parts)
    enrolled(parts)


def test_a_full_disk_while_enrolling_leaves_nothing_and_the_next_one_succeeds(parts):
    """SQLite gets no page beyond those it has."""
    with parts.store.transaction() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable):
        enrolled(parts, portrait=bytes(500_000))
    with parts.store.transaction() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert nothing_was_written(parts)
    enrolled(parts, portrait=bytes(500_000))


def test_a_key_that_is_destroyed_just_before_the_writing_takes_nothing_along(parts, monkeypatch):
    """A whole rotation falls between acquisition and transaction; what is written opens."""
    transaction = parts.store.transaction

    def after_a_rotation():
        monkeypatch.undo()
        parts.wrapper.add_version()
        parts.wrapper.drop_old_versions()
        return transaction()

    monkeypatch.setattr(parts.store, "transaction", after_a_rotation)
    open_reference(parts, enrolled(parts).subject_id)


@pytest.mark.parametrize("subject_id", ["sub_" + "0" * 32, "", "nul\x00", "sub_" + "0" * 31 + "\n", "A-17", "é" * 5000])
def test_a_subject_that_does_not_exist_is_not_found(make_parts, database_url, subject_id):
    """On each database, whatever the text: a NUL would be an error to one of them."""
    parts = make_parts(database_url)
    with pytest.raises(SubjectNotFound), parts.store.reading() as tx:
        reference_of(parts, tx, subject_id)
    with pytest.raises(SubjectNotFound):
        described(parts, subject_id, actor="tester")


@pytest.mark.parametrize("identifier", ["", " ", "a ", "a\x00b", "a\nb", "\ud800", "x" * 257, "\u2028x", None, 7])
def test_an_unusable_identifier_is_invalid_input(parts, identifier):
    """Before anything is looked up or written."""
    with pytest.raises(InvalidInput):
        find_subject(parts, identifier)
    with pytest.raises(InvalidInput):
        enrolled(parts, identifier)


def test_a_reference_serves_only_within_its_validity(parts, clock):
    """START is 2027-01-15 UTC."""
    made = enrolled(parts, claims=Claims(valid_from="2027-01-15", valid_until="2027-01-15"))
    with parts.store.reading() as tx:
        reference_of(parts, tx, made.subject_id)
    for days in (-1, 1):
        clock.now += days * 86_400
        with pytest.raises(NoReference), parts.store.reading() as tx:
            reference_of(parts, tx, made.subject_id)
        clock.now -= days * 86_400


def test_a_template_of_another_model_is_never_compared(make_parts):
    """Silence would compare noise."""
    made = enrolled(make_parts())
    other = make_parts(model="6" * 64)
    with pytest.raises(TemplateOutdated), other.store.reading() as tx:
        reference_of(other, tx, made.subject_id)


def swap(tx, a, b, kind):
    """Exchange two subjects' records of a kind."""
    one, two = (subjects.records_of(tx, subject_id, kind)[kind] for subject_id in (a, b))
    subjects.put(tx, dataclasses.replace(one, subject_id=b))
    subjects.put(tx, dataclasses.replace(two, subject_id=a))


@pytest.mark.parametrize("kind", ["identifier", "claims", "template"])
def test_swapping_the_rows_of_two_subjects_is_refused(parts, kind):
    """Whoever can write to the database must not be able to put his face behind another's name."""
    a, b = enrolled(parts, "A").subject_id, enrolled(parts, "B", portrait=b"another person").subject_id
    with parts.store.transaction() as tx:
        swap(tx, a, b, kind)
    with pytest.raises(RecordTampered):
        described(parts, a, actor="tester") if kind != "template" else open_reference(parts, a)


def test_a_look_up_that_leads_to_another_subject_is_refused(parts):
    """The look-up column is not sealed: the sealed identifier must agree with it."""
    from sqlalchemy import update

    from idverify.store.tables import subjects as table

    a, b = enrolled(parts, "A").subject_id, enrolled(parts, "B").subject_id
    with parts.store.transaction() as tx:
        of_a = tx.scalar(table.select().with_only_columns(table.c.lookup).where(table.c.subject_id == a))
        tx.execute(update(table).where(table.c.subject_id == a).values(lookup=None))
        tx.execute(update(table).where(table.c.subject_id == b).values(lookup=of_a))
    with pytest.raises(RecordTampered):
        find_subject(parts, "A")
