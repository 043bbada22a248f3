"""The index agrees with the registry, whatever happened to either; on disk it is sealed, and never believed over the database."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from idverify.ceremonies import gallery_file
from idverify.ceremonies.backup import make_backup, restore_backup
from idverify.ceremonies.duplicate_index import Refreshed
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.gallery_file import drop_snapshot, read_snapshot
from idverify.ceremonies.reembedding import reembed
from idverify.ceremonies.reference import find_subject
from idverify.ceremonies.rotation import rotate_kek
from idverify.errors import AuditBroken, KeyUnavailable, StoreUnavailable
from idverify.face.comparison import quantise
from idverify.keys.file import load_kek_file
from idverify.store import Store
from idverify.store.tables import audit_events

from .conftest import MODEL
from .installed import enrolled
from .people import PeopleAcquirer, searching

NAMES = ("ann", "bob", "cid", "dan")


@pytest.fixture
def file(tmp_path):
    """Where the sealed index is."""
    return tmp_path / "data" / "gallery" / "references.sealed"


@pytest.fixture
def parts(parts, file):
    """A worker that keeps its index."""
    return searching(parts, file=file)


def another(parts):
    """A second worker on the same database and file, as after a restart."""
    return searching(parts, file=parts.gallery_file)


def found(parts, name):
    """Ids of the enrolled whom a fresh photograph of that person resembles."""
    probe = parts.acquirer.acquire(f"{name}/probe".encode()).template
    with parts.store.transaction() as tx:
        parts.duplicates.apply(parts, tx)
        return parts.duplicates.search(parts, tx, probe, 0.5, 10)


def filled(parts, names=NAMES):
    """Ids by name, of people enrolled, with the index written."""
    made = {name: enrolled(parts, name, portrait=f"{name}/1".encode()).subject_id for name in names}
    parts.duplicates.refresh(parts)
    assert parts.duplicates.save(parts)
    return made


def code_of(parts, name):
    """The bytes of a person's reference as the index holds them."""
    return quantise(parts.acquirer.acquire(f"{name}/1".encode()).template.vector[None]).codes[0]


def held(parts):
    """What a process holds in memory of all references."""
    gallery = parts.duplicates._gallery
    return gallery._codes.tobytes() + gallery._bits.tobytes()


def test_a_start_reads_the_file_and_applies_what_came_after(parts):
    """Enrolled and erased since: both are known, without opening the records of the others."""
    made = filled(parts)
    late = enrolled(parts, "eve", portrait=b"eve/1").subject_id
    kept = parts.gallery_file.read_bytes()
    erase(parts, made["bob"], actor="tester")
    parts.gallery_file.write_bytes(kept)
    worker = another(parts)
    assert worker.duplicates.refresh(worker) == Refreshed(4, "used", 2)
    assert (found(worker, "ann"), found(worker, "bob"), found(worker, "eve")) == ([made["ann"]], [], [late])


def test_no_vector_and_no_code_is_anywhere_in_the_data_folder(parts, tmp_path):
    """Neither float32 nor int8 nor signs, nor a part of one, in the database, its log, the sealed index or beside it."""
    filled(parts)
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert parts.gallery_file in files
    assert parts.gallery_file.stat().st_mode & 0o777 == 0o600
    for path in files:
        content = path.read_bytes()
        for name in NAMES:
            vector, code = parts.acquirer.acquire(f"{name}/1".encode()).template.vector, code_of(parts, name)
            for plain in (vector.tobytes()[:16], code.tobytes()[:16], np.packbits(code > 0).tobytes()[:16]):
                assert plain not in content, path


def test_the_erased_vanish_from_memory_and_from_the_file(parts):
    """At once from the process that erases and from the disk; from other workers when they next look."""
    made = filled(parts)
    worker = another(parts)
    worker.duplicates.refresh(worker)
    gone = code_of(parts, "bob").tobytes()
    assert gone in held(parts)
    erase(parts, made["bob"], actor="tester")
    assert gone not in held(parts)
    assert not parts.gallery_file.exists()
    assert gone in held(worker)
    worker.duplicates.refresh(worker)
    assert gone not in held(worker)
    assert worker.duplicates.save(worker)
    snapshot = read_snapshot(parts, parts.gallery_file, model_digest=MODEL, dimension=512)
    assert made["bob"] not in snapshot.gallery
    assert len(snapshot.gallery) == 3


def test_an_erasure_whose_process_died_before_the_file_went_is_made_good(parts, monkeypatch):
    """Whoever next loads the file forgets the erased, and writes the file anew at once."""
    made = filled(parts)
    monkeypatch.setattr("idverify.ceremonies.erasure.drop_snapshot", lambda _: None)
    erase(replace(parts, duplicates=None), made["ann"], actor="tester")
    worker = another(parts)
    assert worker.duplicates.refresh(worker).file == "used"
    assert code_of(parts, "ann").tobytes() not in held(worker)
    assert worker.duplicates.save(worker)
    assert made["ann"] not in read_snapshot(parts, parts.gallery_file, model_digest=MODEL, dimension=512).gallery


def test_a_file_that_is_written_during_an_erasure_is_not_put_in_place(parts, monkeypatch):
    """Else it would bring back whom the erasure has just removed from the disk."""
    made = filled(parts)
    parts.gallery_file.unlink()
    write = gallery_file.write_sealed

    def during(*arguments, **facts):
        monkeypatch.undo()
        write(*arguments, **facts)
        erase_in_the_database_only(parts, made["cid"])

    monkeypatch.setattr(gallery_file, "write_sealed", during)
    assert not parts.duplicates.save(parts)
    assert list(parts.gallery_file.parent.iterdir()) == []
    parts.duplicates.refresh(parts)
    assert parts.duplicates.save(parts)


def erase_in_the_database_only(parts, subject_id):
    """As another process has got when it waits for the file's lock."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("idverify.ceremonies.erasure.drop_snapshot", lambda _: None)
        erase(replace(parts, duplicates=None), subject_id, actor="tester")


def test_an_older_file_put_back_is_harmless(parts):
    """Whoever was enrolled since is found, whoever was erased since is not: the events since are applied."""
    made = filled(parts)
    old = parts.gallery_file.read_bytes()
    erase(parts, made["ann"], actor="tester")
    late = enrolled(parts, "eve", portrait=b"eve/1").subject_id
    assert parts.duplicates.save(parts)
    parts.gallery_file.write_bytes(old)
    worker = another(parts)
    assert worker.duplicates.refresh(worker).file == "used"
    assert (found(worker, "ann"), found(worker, "eve")) == ([], [late])


def flipped(content, at):
    """One bit of it turned over."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda content: flipped(content, len(content) // 2), "record_tampered"),
        (lambda content: content[:-1], "record_tampered"),
        (lambda content: content[: content.index(b"\n") + 1], "record_tampered"),
        (lambda content: content.replace(b'"seq": 4', b'"seq": 5'), "record_tampered"),
        (lambda content: content.replace(b'"references": 4', b'"references": 3'), "record_tampered"),
        (lambda content: content.replace(MODEL.encode(), b"7" * 64), "invalid_input"),
        (lambda content: b"", "invalid_input"),
        (lambda content: b"[" * 5000, "invalid_input"),
        (lambda content: b"{}\n" + content, "invalid_input"),
    ],
    ids=["bit", "cut", "head only", "seq", "count", "model", "empty", "deep", "other"],
)
def test_a_file_that_was_altered_is_not_used(parts, spoil, code):
    """The index is built from the records, and the reason is told."""
    filled(parts)
    content = parts.gallery_file.read_bytes()
    assert spoil(content) != content
    parts.gallery_file.write_bytes(spoil(content))
    worker = another(parts)
    assert worker.duplicates.refresh(worker) == Refreshed(4, code, 4)
    assert found(worker, "ann")
    assert worker.duplicates.save(worker)
    assert another(parts).duplicates.refresh(parts).file == "used"


def test_a_file_of_another_installation_is_not_used(parts, make_parts, tmp_path):
    """Even under the same key-encryption key, and although its events are as many."""
    filled(parts)
    other = make_parts(data=tmp_path / "other")
    (tmp_path / "other" / "gallery").mkdir()
    shutil.copy(parts.gallery_file, tmp_path / "other" / "gallery")
    worker = searching(other, file=tmp_path / "other" / "gallery" / parts.gallery_file.name)
    assert worker.duplicates.refresh(worker).file == "invalid_input"
    enrolled(worker, "eve", portrait=b"eve/1")
    assert found(worker, "ann") == []


def test_a_genuine_file_that_lacks_somebody_is_noticed_by_the_count(parts):
    """As after a fault of ours: the index is built anew, and not searched with a gap."""
    made = filled(parts)
    parts.duplicates._gallery.remove(made["dan"])
    parts.gallery_file.unlink()
    parts.duplicates.save(parts)
    worker = another(parts)
    assert worker.duplicates.refresh(worker) == Refreshed(4, "not used", 4)
    assert found(worker, "dan") == [made["dan"]]


def test_subjects_that_the_audit_does_not_name_end_the_search(parts):
    """Who removes the event of an enrolment would hide a face: nobody is enrolled until that is looked into."""
    made = filled(parts)
    with parts.store.transaction() as tx:
        tx.execute(delete(audit_events).where(audit_events.c.subject_id == made["ann"]))
    worker = another(parts)
    parts.gallery_file.unlink()
    with pytest.raises(AuditBroken):
        enrolled(worker, "new", portrait=b"eve/1")


@pytest.mark.parametrize("before", [True, False], ids=["file before the backup", "file after the backup"])
def test_a_restored_backup_has_its_own_history_whatever_file_lies_there(parts, make_parts, tmp_path, before):
    """The same installation, but its later events are others: a file, and a running index, from beyond the fork are not used."""
    made = filled(parts)
    backup = tmp_path / "backup"
    make_backup(parts, tmp_path / "data" / "keys", backup, actor="tester")
    lost = enrolled(parts, "eve", portrait=b"eve/1").subject_id
    if not before:
        parts.gallery_file.unlink()
        assert parts.duplicates.refresh(parts).references == 5
        assert parts.duplicates.save(parts)
    shutil.rmtree(tmp_path / "data" / "keys")
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'restored.db'}")
    wrapper = load_kek_file(tmp_path / "kek", tmp_path / "data")
    restore_backup(store, wrapper, tmp_path / "data" / "keys", backup, now=1.0, actor="tester")
    store.close()
    worker = searching(make_parts(f"sqlite:///{tmp_path / 'data' / 'restored.db'}"), file=parts.gallery_file)
    new = enrolled(worker, "fay", portrait=b"fay/1").subject_id
    assert found(worker, "eve") == []
    assert (found(worker, "fay"), found(worker, "dan")) == ([new], [made["dan"]])
    assert lost not in worker.duplicates._gallery
    running = replace(worker, duplicates=parts.duplicates)
    assert (found(running, "eve"), found(running, "fay")) == ([], [new])


def test_a_rotation_of_the_key_drops_the_file_and_old_copies_of_it_do_not_open(parts, tmp_path):
    """The next start builds the index from the records, and seals it under the new version."""
    filled(parts)
    old = parts.gallery_file.read_bytes()
    rotate_kek(parts, tmp_path / "data" / "keys", actor="tester", progress=lambda *_: None)
    assert not parts.gallery_file.exists()
    parts.gallery_file.write_bytes(old)
    with pytest.raises(KeyUnavailable):
        read_snapshot(parts, parts.gallery_file, model_digest=MODEL, dimension=512)
    worker = another(parts)
    assert worker.duplicates.refresh(worker) == Refreshed(4, "key_unavailable", 4)
    assert worker.duplicates.save(worker)
    assert another(parts).duplicates.refresh(parts).file == "used"


def test_a_file_is_written_when_it_is_due_and_not_each_time(parts, monkeypatch):
    """Missing, or far behind; one enrolment more is applied at the next start instead."""
    filled(parts)
    assert not parts.duplicates.save(parts)
    enrolled(parts, "eve", portrait=b"eve/1")
    parts.duplicates.refresh(parts)
    assert not parts.duplicates.save(parts)
    monkeypatch.setattr("idverify.ceremonies.duplicate_index._REWRITE_AFTER", 0)
    assert parts.duplicates.save(parts)
    assert not searching(parts, file=None).duplicates.save(parts)


def test_an_index_with_gaps_is_not_kept(parts, make_parts):
    """During a renewal of templates: the next start looks again at those that could not be searched."""
    filled(parts)
    parts.gallery_file.unlink()
    renewing = searching(make_parts(model="6" * 64), file=parts.gallery_file)
    next(reembed(renewing, actor="tester"))
    assert renewing.duplicates.refresh(renewing).references == 1
    assert (renewing.duplicates.unsearchable, renewing.duplicates.save(renewing)) == (3, False)


def test_a_file_that_cannot_be_written_or_removed_is_a_fault(parts):
    """An erasure that left somebody on the disk says so."""
    filled(parts)
    parts.gallery_file.unlink()
    parts.gallery_file.mkdir()
    with pytest.raises(StoreUnavailable, match="must go"):
        drop_snapshot(parts.gallery_file)
    parts.duplicates._must_save = True
    with pytest.raises(StoreUnavailable):
        parts.duplicates.save(parts)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["enrol", "erase"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["reembed", "save", "restart", "back", "drop", "other"]), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_index_agrees_with_the_registry(make_parts, tmp_path_factory, steps):
    """Enrolments, erasures, changes of model, files written, put back and lost, restarts, and a worker beside that slept."""
    folder = tmp_path_factory.mktemp("world")
    url, file = f"sqlite:///{folder / 'x.db'}", folder / "gallery" / "references.sealed"
    models = ["5" * 64, "6" * 64]
    base = make_parts(url, data=folder)

    def worker(model):
        return searching(replace(base, acquirer=PeopleAcquirer(model)), file=file)

    people: dict[int, str] = {}
    ours, beside, old = worker(models[0]), worker(models[0]), None
    for step, number in steps:
        match step:
            case "enrol" if number not in people:
                people[number] = enrolled_alone(ours, number)
            case "erase" if number in people:
                erase(ours, people.pop(number), actor="tester")
            case "reembed":
                models.reverse()
                ours = worker(models[0])
                list(reembed(ours, actor="tester"))
            case "save":
                ours.duplicates.ready(ours)
                ours.duplicates.save(ours)
                old = file.read_bytes() if file.exists() else old
            case "restart":
                ours = worker(models[0])
            case "back" if old is not None:
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(old)
            case "drop":
                drop_snapshot(file)
            case "other":
                beside.duplicates.refresh(beside)
    for one in (ours, worker(models[0])):
        one.duplicates.refresh(one)
        assert agrees(one, people)
    asleep = beside.duplicates.refresh(beside)
    same_model = beside.acquirer.embedding_digest == models[0]
    assert asleep.references == (len(people) if same_model else 0)
    assert beside.duplicates.unsearchable == (0 if same_model else len(people))


def enrolled_alone(parts, number):
    """A person whom nobody else resembles."""
    return enrolled(parts, f"P{number}", portrait=b"person%d/1" % number).subject_id


def agrees(parts, people):
    """Whether the index holds these references, bit for bit, and no others."""
    gallery = parts.duplicates._gallery
    kept = gallery.candidates(np.ones(512, np.float32), most=1000)
    if set(kept.subject_ids) != set(people.values()) or parts.duplicates.unsearchable:
        return False
    rows = {name: kept.codes[at] for at, name in enumerate(kept.subject_ids)}
    return all(
        np.array_equal(rows[subject], quantise(parts.acquirer.acquire(b"person%d/1" % number).template.vector[None]).codes[0])
        and find_subject(parts, f"P{number}") == subject
        for number, subject in people.items()
    )
