"""A face that is enrolled already: reported or refused, whoever else enrols at the same moment, and never told to a stranger."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

import pytest

from idverify.ceremonies.bulk import enrol_rows, read_rows
from idverify.ceremonies.duplicates import reported, require_supported
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.reembedding import reembed
from idverify.errors import (
    ConfigurationInvalid,
    GalleryTooLarge,
    PossibleDuplicate,
    RecordTampered,
    StoreUnavailable,
    SubjectExists,
    TemplateOutdated,
)
from idverify.store import audit, subjects

from .installed import enrolled, events
from .people import POLICY, PeopleAcquirer, searching


def attempt(parts, identifier, portrait):
    """What came of an enrolment: the check, or the code of its refusal."""
    try:
        return enrolled(parts, identifier, portrait=portrait).duplicate_check
    except PossibleDuplicate as error:
        return error.code


def open_reports(parts):
    """Those that await a person."""
    return [report for report in reported(parts) if report.open]


def test_warn_enrols_reports_by_ids_alone_and_is_settled_by_an_erasure(make_parts, database_url):
    """On each database. The event names subjects and a policy: no score, no margin, no identifier."""
    parts = searching(make_parts(database_url))
    first = enrolled(parts, "A", portrait=b"ann/1")
    other = enrolled(parts, "B", portrait=b"bob/1")
    second = enrolled(parts, "C", portrait=b"ann/2")
    assert [made.duplicate_check for made in (first, other, second)] == ["clear", "clear", "review"]
    (report,) = open_reports(parts)
    assert (report.subject_id, report.others, report.refused) == (second.subject_id, (first.subject_id,), False)
    with parts.store.reading() as tx:
        assert dict(audit.head(tx).details) == {"others": [first.subject_id], "policy": "strict"}
    erase(parts, second.subject_id, actor="tester")
    assert open_reports(parts) == []
    assert len(list(reported(parts))) == 1


def test_off_searches_nothing_and_says_so(parts):
    """The default."""
    parts = replace(parts, acquirer=PeopleAcquirer())
    assert [attempt(parts, name, b"ann/%d" % n) for n, name in enumerate("AB")] == ["off", "off"]
    assert list(reported(parts)) == []


def test_block_makes_no_second_identity_and_keeps_the_refusal(make_parts, database_url):
    """The refusal is committed although the enrolment is not; the identifier stays free for its true owner."""
    parts = searching(make_parts(database_url), "block")
    first = enrolled(parts, "A", portrait=b"ann/1")
    assert attempt(parts, "B", b"ann/2") == "possible_duplicate"
    with parts.store.reading() as tx:
        assert subjects.count(tx) == 1
    assert events(parts) == ["subject.enrolled", "subject.duplicate_refused"]
    (report,) = reported(parts)
    assert (report.subject_id, report.others, report.refused, report.open) == (None, (first.subject_id,), True, False)
    assert attempt(parts, "B", b"bob/1") == "clear"


def test_an_identifier_that_is_taken_is_said_before_any_face_is_compared(parts):
    """Else repeating an enrolment would look like a duplicate of oneself."""
    parts = searching(parts, "block")
    enrolled(parts, "A", portrait=b"ann/1")
    with pytest.raises(SubjectExists):
        enrolled(parts, "A", portrait=b"ann/2")
    assert events(parts) == ["subject.enrolled"]


@pytest.mark.parametrize("mode", ["warn", "block"])
def test_of_workers_that_enrol_one_face_at_once_all_but_the_first_see_it(make_parts, database_url, mode):
    """Four threads, each with connections and an index of its own: exactly one is clear, on each database."""
    workers = [searching(make_parts(database_url), mode) for _ in range(4)]
    for worker in workers:
        worker.duplicates.ready(worker)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: attempt(workers[n], f"A{n}", b"ann/%d" % n), range(4)))
    assert sorted(found) == ["clear", *["review" if mode == "warn" else "possible_duplicate"] * 3]


def enrol_in_another_process(make, url, mode, number, gate, answers):
    """The body of a process."""
    parts = searching(make(url), mode)
    parts.duplicates.ready(parts)
    gate.wait()
    answers.put(attempt(parts, f"A{number}", b"ann/%d" % number))
    parts.store.close()


def test_of_processes_that_enrol_one_face_at_once_only_one_succeeds(make_parts, database_url):
    """Nothing is shared but the database, as between the workers of a service."""
    make_parts(database_url).store.close()
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(3), context.SimpleQueue()
    processes = [
        context.Process(target=enrol_in_another_process, args=(make_parts, database_url, "block", number, gate, answers))
        for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert sorted(answers.get() for _ in processes) == ["clear", "possible_duplicate", "possible_duplicate"]


def test_an_enrolment_that_is_rolled_back_leaves_no_trace_in_the_index(parts, monkeypatch):
    """Whoever tries again must not be told that he is his own duplicate."""
    parts = searching(parts)

    def gone(*_):
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(subjects, "put", gone)
        with pytest.raises(StoreUnavailable):
            enrolled(parts, "A", portrait=b"ann/1")
    assert attempt(parts, "A", b"ann/1") == "clear"


def test_a_reference_that_was_altered_convicts_nobody(parts):
    """The index nominates; the record that the audit names decides, or the enrolment ends."""
    parts = searching(parts)
    ann = enrolled(parts, "A", portrait=b"ann/1").subject_id
    bob = enrolled(parts, "B", portrait=b"bob/1").subject_id
    parts.duplicates.refresh(parts)
    with parts.store.transaction() as tx:
        of_bob = subjects.records_of(tx, bob, "template")["template"]
        subjects.put(tx, replace(of_bob, subject_id=ann))
    with pytest.raises(RecordTampered):
        enrolled(parts, "C", portrait=b"ann/2")
    erase(parts, ann, actor="tester")
    assert attempt(parts, "C", b"ann/2") == "clear"


def test_an_older_reference_put_back_is_not_searched(make_parts):
    """It opens as well as it ever did; the audit names a later version. The same model again, so only the version tells."""
    first, second = searching(make_parts()), searching(make_parts(model="6" * 64))
    ann = enrolled(first, "A", portrait=b"ann/1").subject_id
    with first.store.reading() as tx:
        old = subjects.records_of(tx, ann, "template")["template"]
    for renewing in (second, first):
        assert [done.refusal for done in reembed(renewing, actor="tester")] == [None]
    with first.store.transaction() as tx:
        subjects.put(tx, old)
    worker = searching(make_parts())
    worker.duplicates.refresh(worker)
    assert (worker.duplicates.references, worker.duplicates.unsearchable) == (0, 1)


@pytest.mark.parametrize(("mode", "missing"), [("warn", "incomplete"), ("block", None)])
def test_after_a_change_of_model_nothing_is_called_clear_until_templates_are_renewed(make_parts, database_url, mode, missing):
    """`warn` says that the search was incomplete; `block` enrols nobody. Renewed, the faces are found again."""
    before = searching(make_parts(database_url))
    for name in ("ann", "bob", "cid"):
        enrolled(before, name, portrait=f"{name}/1".encode())
    parts = searching(make_parts(database_url, model="6" * 64), mode)
    list(islice(reembed(parts, actor="tester"), 2))
    if missing is None:
        with pytest.raises(TemplateOutdated):
            enrolled(parts, "D", portrait=b"dan/1")
    else:
        assert attempt(parts, "D", b"dan/1") == missing
    list(reembed(parts, actor="tester"))
    assert attempt(parts, "E", b"eve/1") == "clear"
    for name in ("ann", "bob", "cid"):
        assert attempt(parts, name + "2", f"{name}/2".encode()) in {"review", "possible_duplicate"}


def test_a_record_that_does_not_open_is_not_searched_and_erasing_it_clears_the_way(parts):
    """`block` cannot promise that somebody is new while a face is unreadable."""
    writer = searching(parts)
    bad, good = (enrolled(writer, name, portrait=name.encode()).subject_id for name in ("bad", "good"))
    with parts.store.transaction() as tx:
        subjects.put(tx, replace(subjects.records_of(tx, good, "template")["template"], subject_id=bad))
    worker = searching(parts, "block")
    with pytest.raises(TemplateOutdated, match="1 references cannot be searched"):
        enrolled(worker, "C", portrait=b"cid/1")
    erase(worker, bad, actor="tester")
    assert attempt(worker, "C", b"cid/1") == "clear"


def test_block_stops_before_the_gallery_outgrows_the_calibration(parts):
    """A service that enrolled to the edge still starts; another person is refused with what would be needed."""
    small = replace(POLICY, fmr_high=4e-4, people=200)
    parts = searching(parts, "block", policy=small)
    for number in range(2):
        enrolled(parts, f"A{number}", portrait=b"%d/1" % number)
    require_supported(parts)
    with pytest.raises(GalleryTooLarge, match=r"among 2 at most.*with 135 people or more"):
        enrolled(parts, "B", portrait=b"bob/1")
    assert attempt(searching(parts, "warn", policy=small), "B", b"bob/1") == "clear"
    with pytest.raises(ConfigurationInvalid, match="IDVERIFY_DUPLICATES=warn"):
        require_supported(parts)
    require_supported(searching(parts, "warn", policy=small))
    with pytest.raises(ConfigurationInvalid, match="calibrate"):
        require_supported(replace(searching(parts, "warn"), policies={}))


@pytest.mark.parametrize("mode", ["warn", "block"])
def test_bulk_enrolment_finds_duplicates_within_its_own_rows(parts, tmp_path, mode):
    """In warn they are counted, in block refused by row; repeating the run finds everybody present."""
    parts = searching(parts, mode)
    names = ["ann_1", "bob_1", "ann_2"]
    for name in names:
        (tmp_path / name).write_bytes(name.replace("_", "/").encode())
    rows = read_rows(("identifier,file,legal_basis\n" + "".join(f"{name},{name},consent\n" for name in names)).encode())
    outcomes = list(enrol_rows(parts, rows, tmp_path, actor="tester"))
    if mode == "warn":
        assert [(one.status, one.review) for one in outcomes] == [("enrolled", False), ("enrolled", False), ("enrolled", True)]
    else:
        assert [(one.status, one.code) for one in outcomes][2] == ("refused", "possible_duplicate")
    again = list(enrol_rows(parts, rows, tmp_path, actor="tester"))
    assert [one.status for one in again] == ["present", "present", "present" if mode == "warn" else "refused"]


def test_the_best_few_of_many_look_alikes_are_reported(parts):
    """Twelve photographs of one face: ten names at most, the most alike first."""
    parts = searching(parts)
    made = [enrolled(parts, f"A{n}", portrait=b"ann/%d" % n).subject_id for n in range(12)]
    probe = parts.acquirer.acquire(b"ann/x").template.vector
    enrolled(parts, "B", portrait=b"ann/x")
    *_, last = reported(parts)
    scores = {one: float(parts.acquirer.acquire(b"ann/%d" % n).template.vector @ probe) for n, one in enumerate(made)}
    assert list(last.others) == sorted(made, key=lambda one: -scores[one])[:10]
