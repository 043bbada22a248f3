"""A subject with several portraits: who gets one in, what the reference is made of, and everything else that touches them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from idverify.api import app as composition
from idverify.ceremonies import Limits, gallery_file
from idverify.ceremonies.audit_head import verify_chain
from idverify.ceremonies.backup import make_backup, restore_backup
from idverify.ceremonies.bulk import enrol_rows, read_rows
from idverify.ceremonies.duplicates import reported
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.kept_portraits import oldest_portrait
from idverify.ceremonies.portraits import add_portrait, list_portraits, remove_portrait
from idverify.ceremonies.reembedding import pending, reembed
from idverify.ceremonies.rotation import rotate_kek
from idverify.ceremonies.verification import Request, verify
from idverify.cli.installation import OPERATOR
from idverify.cli.main import build, run
from idverify.errors import (
    AttemptsExhausted,
    FailureToAssess,
    InvalidInput,
    MultipleFaces,
    NoFace,
    NoReference,
    PolicyUnknown,
    PossibleDuplicate,
    RecordTampered,
    StoreUnavailable,
    SubjectNotFound,
    TemplateOutdated,
)
from idverify.face.comparison import compare
from idverify.face.embedding import reference_vector
from idverify.keys.file import load_kek_file
from idverify.registry.claims import Claims
from idverify.registry.portrait_errors import PortraitExists, PortraitLimit, PortraitMismatch, PortraitNotFound
from idverify.store import Store, audit, subjects
from idverify.store.clients import Client
from idverify.values import Accepted, Component, Quality, Template

from .installed import enrolled, events, open_reference
from .people import POLICY, PeopleAcquirer, searching

NEW_MODEL = "6" * 64
CLIENT = Client("c", "C", frozenset(), frozenset({"aud"}), frozenset({"p"}), sandbox=False, created_at=0.0, revoked_at=None)
MANY = Limits(client_subject=1000, subject=1000, window_seconds=3600)


class Blends(PeopleAcquirer):
    """`ANN+BOB/ANYTHING` is a photograph that resembles both. What `meanwhile` holds is done once, before the next face."""

    meanwhile = None

    def acquire(self, data):
        """See idverify.acquisition.Acquirer."""
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        names, _, rest = data.partition(b"/")
        if b"+" not in names:
            return super().acquire(data)
        both = [super(Blends, self).acquire(name + b"/" + rest) for name in names.split(b"+")]
        vectors = np.stack([probe.template.vector for probe in both])
        blend = vectors.sum(axis=0)
        return replace(both[0], template=Template(blend / np.linalg.norm(blend), self.embedding_digest))


def among_people(parts, threshold=POLICY.threshold):
    """The installation with people who have several photographs, and one policy."""
    model = parts.acquirer.embedding_digest
    policy = replace(POLICY, threshold=threshold, model_digest=model)
    return replace(parts, acquirer=Blends(model), policies={"strict": policy}, default_policy="strict", limits=MANY)


@pytest.fixture
def parts(make_parts):
    """People on SQLite."""
    return among_people(make_parts())


def add(parts, subject_id, picture, source="identity_card", actor="tester"):
    """Add a portrait, and its id."""
    return add_portrait(parts, subject_id, picture=picture, source=source, actor=actor).listed.portrait_id


def ann(parts, *pictures):
    """Her id, enrolled with ann/1 and these."""
    made = enrolled(parts, "ann", portrait=b"ann/1").subject_id
    for picture in pictures:
        add(parts, made, picture)
    return made


def made_of(parts, *pictures):
    """The reference that these pictures make."""
    return reference_vector(np.stack([parts.acquirer.acquire(picture).template.vector for picture in pictures]))


def reference(parts, subject_id):
    """The reference's vector."""
    return open_reference(parts, subject_id).template.vector


def all_events(parts):
    """The whole audit."""
    with parts.store.reading() as tx:
        return list(audit.events(tx))


def last(parts, event):
    """Details of the newest event of that name."""
    return next(entry for entry in reversed(all_events(parts)) if entry.event == event)


def test_the_reference_is_the_one_that_was_measured_and_one_portrait_is_itself(parts, clock):
    """As `bench accuracy --references` makes it: the oldest counts half. Listed oldest first, without pictures; each step audited."""
    subject_id = ann(parts)
    assert np.array_equal(reference(parts, subject_id), made_of(parts, b"ann/1"))
    clock.now += 10
    second = add(parts, subject_id, b"ann/2", "household_register")
    clock.now += 10
    third = add(parts, subject_id, b"ann/3", "renewal")
    assert np.array_equal(reference(parts, subject_id), made_of(parts, b"ann/1", b"ann/2", b"ann/3"))
    probe = parts.acquirer.acquire(b"ann/probe").template.vector
    alone = [compare(probe, made_of(parts, picture)) for picture in (b"ann/1", b"ann/2", b"ann/3")]
    assert compare(probe, reference(parts, subject_id)) == pytest.approx(alone[0] / 2 + sum(alone[1:]) / 4, abs=1e-6)
    listed = list_portraits(parts, subject_id, actor="reader")
    assert [(one.portrait_id, one.source, one.added_at) for one in listed] == [
        ("first", "enrolment", clock.now - 20),
        (second, "household_register", clock.now - 10),
        (third, "renewal", clock.now),
    ]
    added = last(parts, "subject.portrait_added")
    assert (added.details["portrait_id"], added.details["source"], added.details["policy"]) == (third, "renewal", "strict")
    assert last(parts, "subject.read").actor == "reader"
    assert verify_chain(parts.store, parts.secrets.audit).intact


def test_who_adds_a_photograph_of_their_own_is_refused_and_the_try_is_kept(parts):
    """The takeover: nothing of the record changes, the audit has who tried, no score is told, and tries end."""
    parts = replace(parts, limits=Limits(2, 5, 3600))
    subject_id = ann(parts)
    before = reference(parts, subject_id)
    with pytest.raises(PortraitMismatch) as refused:
        add(parts, subject_id, b"bob/1", actor="thief")
    assert refused.value.message == "the portrait does not match those of the subject"
    tried = last(parts, "subject.portrait_refused")
    assert (tried.actor, tried.subject_id, dict(tried.details)) == (
        "thief",
        subject_id,
        {"policy": "strict", "source": "identity_card"},
    )
    with pytest.raises(PortraitMismatch):
        add(parts, subject_id, b"bob/2", actor="thief")
    with pytest.raises(AttemptsExhausted):
        add(parts, subject_id, b"bob/3", actor="thief")
    assert np.array_equal(reference(parts, subject_id), before)
    assert len(list_portraits(parts, subject_id, actor="tester")) == 1
    assert events(parts)[1:7] == [
        *("attempt.counted", "subject.portrait_refused", "attempt.counted", "subject.portrait_refused"),
        *("attempt.refused", "subject.read"),
    ]


def test_a_chain_of_look_alikes_leads_to_nobody_else(make_parts):
    """Blends of two people pass; the second person then resembles the mean, and still not the oldest portrait."""
    parts = among_people(make_parts(), threshold=0.25)
    subject_id = ann(parts, b"ann+bob/1", b"ann+bob/2")
    bob = parts.acquirer.acquire(b"bob/3").template.vector
    assert compare(bob, reference(parts, subject_id)) > 0.25
    with pytest.raises(PortraitMismatch):
        add(parts, subject_id, b"bob/3")


def test_four_morphs_weigh_no_more_than_the_one_photograph_that_was_proven(make_parts):
    """Each blend passes for either of two people, and is added; the accomplice is still not the subject, as where all portraits
    weigh the same.
    """
    parts = among_people(make_parts(), threshold=0.4)
    blends = [b"ann+bob/%d" % number for number in (1, 2, 3, 4)]
    subject_id = ann(parts, *blends)
    pictures = [b"ann/1", *blends]
    equal = np.mean([parts.acquirer.acquire(picture).template.vector for picture in pictures], axis=0)
    bob = parts.acquirer.acquire(b"bob/probe").template.vector
    assert compare(bob, equal) > 0.4 > compare(bob, reference(parts, subject_id)) + 0.05
    request = Request(probe=b"bob/probe", audience="aud", purpose="p", subject_id=subject_id)
    assert verify(parts, CLIENT, request).token is None
    assert verify(parts, CLIENT, replace(request, probe=b"ann/probe")).token is not None


def test_the_oldest_portrait_alone_lets_nobody_in(parts):
    """Who resembles it, and not what the portraits together say by now, is not added."""
    subject_id = enrolled(parts, "x", portrait=b"ann+bob/1").subject_id
    for number in (2, 3, 4):
        add(parts, subject_id, b"ann/%d" % number)
    assert compare(made_of(parts, b"bob/5"), made_of(parts, b"ann+bob/1")) > POLICY.threshold
    with pytest.raises(PortraitMismatch):
        add(parts, subject_id, b"bob/5")


@pytest.mark.parametrize("score", [float("nan"), 0.4999])
def test_a_score_that_is_none_or_just_below_is_no_match(parts, monkeypatch, score):
    """Fail closed."""
    subject_id = ann(parts)
    monkeypatch.setattr("idverify.ceremonies.portraits.compare", lambda *_: score)
    with pytest.raises(PortraitMismatch):
        add(parts, subject_id, b"ann/2")


@pytest.mark.parametrize(
    ("picture", "source", "error"),
    [
        (b"ann/no face", "passport", NoFace),
        (b"ann/two faces", "passport", MultipleFaces),
        (b"ann/unassessed", "passport", FailureToAssess),
        (b"ann/1", "passport", PortraitExists),
        (b"ann/2", "passport", PortraitExists),
        (b"ann/3", "enrolment", InvalidInput),
        (b"ann/3", "Ann's phone", InvalidInput),
    ],
)
def test_what_enrolment_would_refuse_and_what_is_there_is_refused(parts, monkeypatch, picture, source, error):
    """The same gates; the same file twice would weigh double; sources are a closed list."""
    subject_id = ann(parts, b"ann/2")
    before = reference(parts, subject_id)
    if b"unassessed" in picture:
        parts.acquirer.quality = Quality((Component("sharpness", None, None),))
    with pytest.raises(error):
        add(parts, subject_id, picture, source)
    assert np.array_equal(reference(parts, subject_id), before)


def test_nobody_is_added_to_without_a_subject_a_policy_a_reference_or_a_place(parts):
    """An unknown or erased subject, no operating point, a record outside its validity, and a sixth portrait."""
    with pytest.raises(PolicyUnknown):
        add(replace(parts, policies={}), ann(parts), b"ann/2")
    for unknown in ("sub_" + "0" * 32, "sub_x"):
        with pytest.raises(SubjectNotFound):
            add(parts, unknown, b"ann/2")
    ended = enrolled(parts, "ended", claims=Claims(valid_until="2000-01-01"), portrait=b"eve/1").subject_id
    with pytest.raises(NoReference):
        add(parts, ended, b"eve/2")
    full = enrolled(parts, "full", portrait=b"dan/1").subject_id
    for number in range(2, 6):
        add(parts, full, b"dan/%d" % number)
    with pytest.raises(PortraitLimit):
        add(parts, full, b"dan/6")
    erase(parts, full, actor="tester")
    for call in (
        lambda: add(parts, full, b"dan/6"),
        lambda: list_portraits(parts, full, actor="tester"),
        lambda: remove_portrait(parts, full, "first", actor="tester"),
    ):
        with pytest.raises(SubjectNotFound):
            call()


def test_many_additions_at_once_fill_the_places_and_each_counts(make_parts, database_url):
    """On each database: of seven, four; the reference is of all five that are kept, none is lost and none comes twice."""
    parts = among_people(make_parts(database_url))
    subject_id = ann(parts)

    def attempt(number):
        try:
            add(parts, subject_id, b"ann/%d" % number)
        except PortraitLimit:
            return None
        return b"ann/%d" % number

    with ThreadPoolExecutor(7) as pool:
        kept = [picture for picture in pool.map(attempt, range(2, 9)) if picture]
    assert len(kept) == 4
    assert len(list_portraits(parts, subject_id, actor="tester")) == 5
    assert np.allclose(reference(parts, subject_id), made_of(parts, b"ann/1", *kept), atol=1e-6)
    assert verify_chain(parts.store, parts.secrets.audit).intact


def test_what_is_committed_between_the_look_and_the_writing_is_not_lost(parts):
    """An addition, a removal and an erasure that come while the faces of another addition are measured."""
    subject_id = ann(parts)
    other = among_people(parts)

    def while_measuring(act):
        """Once the picture is measured and the portraits are read, while they are measured."""
        parts.acquirer.meanwhile = lambda: setattr(parts.acquirer, "meanwhile", act)

    while_measuring(lambda: add(other, subject_id, b"ann/2"))
    add(parts, subject_id, b"ann/3")
    assert np.allclose(reference(parts, subject_id), made_of(parts, b"ann/1", b"ann/2", b"ann/3"), atol=1e-6)
    while_measuring(lambda: remove_portrait(other, subject_id, "first", actor="tester"))
    add(parts, subject_id, b"ann/4")
    assert np.allclose(reference(parts, subject_id), made_of(parts, b"ann/2", b"ann/3", b"ann/4"), atol=1e-6)
    while_measuring(lambda: erase(other, subject_id, actor="tester"))
    with pytest.raises(SubjectNotFound):
        add(parts, subject_id, b"ann/5")
    with parts.store.reading() as tx:
        assert subjects.records_of(tx, subject_id) == {}


def test_of_two_who_add_at_once_the_second_is_compared_with_what_the_first_left(parts):
    """Who matched only the portrait that is removed meanwhile does not come in."""
    subject_id = enrolled(parts, "x", portrait=b"ann+bob/1").subject_id
    add(parts, subject_id, b"ann/2")
    other = among_people(parts)
    remove = lambda: remove_portrait(other, subject_id, "first", actor="tester")  # noqa: E731
    matched = parts.acquirer.acquire(b"bob/2").template.vector
    parts = replace(parts, policies={"strict": replace(parts.policies["strict"], threshold=0.25)})
    assert compare(matched, reference(parts, subject_id)) > 0.25
    parts.acquirer.meanwhile = lambda: setattr(parts.acquirer, "meanwhile", remove)
    with pytest.raises(PortraitMismatch):
        add(parts, subject_id, b"bob/2")


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_removed_portrait_counts_no_more_and_cannot_be_put_back(parts, tmp_path, removed):
    """Whichever it was, the first included: the reference is of the others, the bytes are gone, and an old row is not looked at."""
    pictures = [b"ann/1" + b"x" * 9000, b"ann/2" + b"y" * 9000, b"ann/3" + b"z" * 9000]
    subject_id = enrolled(parts, "ann", portrait=pictures[0]).subject_id
    ids = ["first", *(add(parts, subject_id, picture) for picture in pictures[1:])]
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, subject_id)
    remove_portrait(parts, subject_id, ids[removed], actor="clerk")
    left = [picture for number, picture in enumerate(pictures) if number != removed]
    assert np.allclose(reference(parts, subject_id), made_of(parts, *left), atol=1e-6)
    gone = old["portrait" if removed == 0 else f"portrait:{ids[removed]}"]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("idverify.db*"))
    assert gone.sealed.wrapped_key not in kept
    assert gone.sealed.ciphertext[-64:] not in kept
    event = last(parts, "subject.portrait_removed")
    assert (event.actor, event.details["portrait_id"]) == ("clerk", ids[removed])
    with pytest.raises(PortraitNotFound):
        remove_portrait(parts, subject_id, ids[removed], actor="clerk")
    with parts.store.transaction() as tx:
        subjects.put(tx, gone)
    listed = {one.portrait_id for one in list_portraits(parts, subject_id, actor="tester")}
    assert listed == set(ids) - {ids[removed]}
    with parts.store.transaction() as tx:
        subjects.put(tx, old["template"])
    with pytest.raises(RecordTampered):
        open_reference(parts, subject_id)


def test_the_last_portrait_stays(parts):
    """Also where that is one that was added. A subject without a reference is erased, not emptied."""
    subject_id = ann(parts)
    with pytest.raises(PortraitLimit):
        remove_portrait(parts, subject_id, "first", actor="tester")
    second = add(parts, subject_id, b"ann/2")
    remove_portrait(parts, subject_id, "first", actor="tester")
    with pytest.raises(PortraitLimit):
        remove_portrait(parts, subject_id, second, actor="tester")
    assert np.array_equal(reference(parts, subject_id), made_of(parts, b"ann/2"))


def test_a_portrait_removed_while_somebody_is_verified_spoils_nothing(parts):
    """Who is under way is compared with the reference as it was read; the next one with the new reference."""
    subject_id = ann(parts)
    second = add(parts, subject_id, b"ann+bob/2")
    request = Request(probe=b"ann/probe", audience="aud", purpose="p", subject_id=subject_id)
    other = among_people(parts)
    both = reference(parts, subject_id)
    parts.acquirer.meanwhile = lambda: remove_portrait(other, subject_id, second, actor="tester")
    under_way, after = verify(parts, CLIENT, request), verify(parts, CLIENT, request)
    probe = parts.acquirer.acquire(b"ann/probe").template.vector
    assert (under_way.comparison_score, after.comparison_score) == (
        compare(probe, both),
        compare(probe, made_of(parts, b"ann/1")),
    )
    assert isinstance(under_way.decision, Accepted)
    assert under_way.token


@pytest.mark.parametrize("at", [1, 2])
def test_a_store_that_dies_midway_leaves_what_was(parts, monkeypatch, at):
    """Whichever of the two records it dies at: the portraits and the reference are those of before, and it can be tried again."""
    subject_id = ann(parts)
    written = []
    real = subjects.put

    def dying(tx, record):
        written.append(record)
        if len(written) == at:
            raise StoreUnavailable("gone")
        real(tx, record)

    with monkeypatch.context() as patched:
        patched.setattr(subjects, "put", dying)
        with pytest.raises(StoreUnavailable):
            add(parts, subject_id, b"ann/2")
    assert np.array_equal(reference(parts, subject_id), made_of(parts, b"ann/1"))
    assert len(list_portraits(parts, subject_id, actor="tester")) == 1
    add(parts, subject_id, b"ann/2")


def test_a_portrait_swapped_with_another_persons_or_missing_is_noticed(parts):
    """By whatever would use it: the list, another addition, a removal of another."""
    subject_id = ann(parts, b"ann/2")
    bob = enrolled(parts, "bob", portrait=b"bob/1").subject_id
    add(parts, bob, b"bob/2")
    with parts.store.transaction() as tx:
        (of_ann, of_bob) = (
            next(record for kind, record in subjects.records_of(tx, one).items() if kind.startswith("portrait:"))
            for one in (subject_id, bob)
        )
        subjects.put(tx, replace(of_bob, subject_id=subject_id, kind=of_ann.kind))
        subjects.remove(tx, bob, of_bob.kind)
    for victim in (subject_id, bob):
        for use in (
            lambda victim: list_portraits(parts, victim, actor="tester"),
            lambda victim: add(parts, victim, b"new/1"),
            lambda victim: remove_portrait(parts, victim, "first", actor="tester"),
        ):
            with pytest.raises(RecordTampered):
                use(victim)


def _seen(parts, subject_id):
    with parts.store.reading() as tx:
        return oldest_portrait(parts, tx, subject_id)


def test_people_see_the_oldest_portrait(parts, clock):
    """Reviewers and gates: what enrolment vouches for, whoever adds what; where it was removed, the oldest that is left."""
    subject_id = ann(parts)
    for number in (2, 3):
        clock.now += 1
        add(parts, subject_id, b"ann/%d" % number)
    assert _seen(parts, subject_id) == b"ann/1"
    remove_portrait(parts, subject_id, "first", actor="tester")
    assert _seen(parts, subject_id) == b"ann/2"


def test_reembedding_renews_the_reference_from_all_portraits(make_parts, database_url):
    """On each database; one that comes in meanwhile is not lost."""
    before = among_people(make_parts(database_url))
    subject_id = ann(before, b"ann/2", b"ann/3")
    parts = among_people(make_parts(database_url, model=NEW_MODEL))
    with pytest.raises(TemplateOutdated):
        add(parts, subject_id, b"ann/4")
    parts.acquirer.meanwhile = lambda: add(before, subject_id, b"ann/4")
    assert [done.refusal for done in reembed(parts, actor="tester")] == [None]
    pictures = (b"ann/1", b"ann/2", b"ann/3", b"ann/4")
    assert np.allclose(reference(parts, subject_id), made_of(parts, *pictures), atol=1e-6)
    assert pending(parts) == 0
    assert not np.allclose(made_of(parts, *pictures), made_of(before, *pictures), atol=0.1)


def test_a_portrait_that_new_models_cannot_use_is_reported_and_its_removal_heals(make_parts, monkeypatch):
    """Nothing is verified meanwhile: a reference of fewer portraits than are kept is never made in silence."""
    before = among_people(make_parts())
    subject_id = ann(before)
    tight = add(before, subject_id, b"ann/tight")
    parts = among_people(make_parts(model=NEW_MODEL))
    acquire = parts.acquirer.acquire
    monkeypatch.setattr(parts.acquirer, "acquire", lambda data: acquire(b"no face" if b"tight" in data else data))
    assert [done.refusal for done in reembed(parts, actor="tester")] == ["no_face"]
    with pytest.raises(TemplateOutdated):
        open_reference(parts, subject_id)
    with pytest.raises(TemplateOutdated):
        remove_portrait(parts, subject_id, "first", actor="tester")
    remove_portrait(parts, subject_id, tight, actor="tester")
    assert np.array_equal(reference(parts, subject_id), made_of(parts, b"ann/1"))


def test_keys_rotate_and_backups_come_back_with_three_portraits(parts, make_parts, tmp_path):
    """Every record is wrapped anew and opens; a backup made after brings all three back."""
    subject_id = ann(parts, b"ann/2", b"ann/3")
    before, listed = reference(parts, subject_id), list_portraits(parts, subject_id, actor="tester")
    done = rotate_kek(parts, tmp_path / "data" / "keys", actor="tester", progress=lambda *_: None)
    assert (done.records, len(done.dropped)) == (6, 1)
    assert np.array_equal(reference(parts, subject_id), before)
    make_backup(parts, tmp_path / "data" / "keys", tmp_path / "backup", actor="tester")
    place = tmp_path / "elsewhere"
    store = Store.open(f"sqlite:///{place / 'idverify.db'}")
    wrapper = load_kek_file(tmp_path / "kek", place)
    restore_backup(store, wrapper, place / "keys", tmp_path / "backup", now=parts.now(), actor="tester")
    store.close()
    restored = among_people(make_parts(data=place))
    assert list_portraits(restored, subject_id, actor="tester") == listed
    assert np.array_equal(reference(restored, subject_id), before)
    add(restored, subject_id, b"ann/4")


def test_erasure_leaves_nothing_of_several_portraits(parts, tmp_path):
    """No row, and neither key nor ciphertext in the files."""
    subject_id = ann(parts, b"ann/2" + b"y" * 60_000, b"ann/3" + b"z" * 60_000)
    with parts.store.reading() as tx:
        old = subjects.records_of(tx, subject_id)
    assert len(old) == 6
    erase(parts, subject_id, actor="tester")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("idverify.db*"))
    for record in old.values():
        assert record.sealed.wrapped_key not in kept
        assert record.sealed.ciphertext[:64] not in kept
        assert record.sealed.ciphertext[-64:] not in kept
    with parts.store.reading() as tx:
        assert subjects.records_of(tx, subject_id) == {}


def test_no_further_portrait_and_no_source_stands_in_the_database_unsealed(parts, tmp_path):
    """Picture and template are sealed like the first ones."""
    ann(parts, b"ann/a picture of her")
    template = parts.acquirer.acquire(b"ann/a picture of her").template.vector.tobytes()
    for file in (tmp_path / "data").glob("idverify.db*"):
        content = file.read_bytes()
        for secret in (b"a picture of her", template[:16]):
            assert secret not in content


def test_repeating_an_import_finds_who_has_more_portraits_by_now(parts, tmp_path):
    """Present, by any of the portraits that are kept; with a picture that is not, refused."""
    for number in (1, 2, 3):
        (tmp_path / f"{number}.jpg").write_bytes(b"ann/%d" % number)

    def run(number):
        rows = read_rows(f"identifier,file,legal_basis\nA,{number}.jpg,consent\n".encode())
        (outcome,) = enrol_rows(parts, rows, tmp_path, actor="tester")
        return outcome.code or outcome.status, outcome.subject_id

    _, subject_id = run(1)
    add(parts, subject_id, b"ann/2")
    assert [run(number)[0] for number in (1, 2, 3)] == ["present", "present", "subject_exists"]


MANY_PORTRAITS = """identifier,file,legal_basis,name,source
A,1.jpg,consent,Ann,
A,2.jpg,,,passport
B,b.jpg,,,passport
A,bob.jpg,,,renewal
A,3.jpg,,Ann,renewal
A,3.jpg,consent,,renewal
A,3.jpg,,,enrolment
A,none.jpg,,,renewal
A,3.jpg,,,renewal
"""


def imported(parts, folder, text=MANY_PORTRAITS):
    """Line and what became of it, of each row."""
    outcomes = enrol_rows(parts, read_rows(text.encode()), folder, actor="tester")
    return [(outcome.line, outcome.code or outcome.status) for outcome in outcomes]


@pytest.fixture
def folder(tmp_path):
    """Photographs of Ann, and others that are sent as hers."""
    contents = {"1": b"ann/1", "2": b"ann/2", "3": b"ann/3", "b": b"b/1", "bob": b"bob/1", "none": b"ann/no face"}
    for name, content in contents.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    return tmp_path


def test_an_import_adds_portraits_under_the_same_guards_and_goes_on_where_it_stopped(parts, folder):
    """What is there is found before an attempt is spent on it; a row with a source changes no claims and enrols nobody."""
    refused = [
        (4, "subject_not_found"),
        (5, "portrait_mismatch"),
        (6, "invalid_input"),
        (7, "invalid_input"),
        (8, "invalid_input"),
        (9, "no_face"),
    ]
    assert imported(parts, folder) == [(2, "enrolled"), (3, "added"), *refused, (10, "added")]
    (subject_id,) = {entry.subject_id for entry in all_events(parts) if entry.event == "subject.portrait_added"}
    assert [one.source for one in list_portraits(parts, subject_id, actor="x")] == ["enrolment", "passport", "renewal"]
    before = events(parts).count("attempt.counted")
    good = MANY_PORTRAITS.splitlines(keepends=True)
    again = "".join([good[0], good[1], good[2], good[9]])
    assert imported(parts, folder, again) == [(2, "present"), (3, "present"), (4, "present")]
    assert events(parts).count("attempt.counted") == before


def test_an_import_of_refused_portraits_ends_in_used_up_attempts_and_not_in_a_guess(parts, folder):
    """The limit is the subject's: rows about others go on."""
    parts = replace(parts, limits=Limits(2, 5, 3600))
    rows = "identifier,file,legal_basis,source\nA,1.jpg,consent,\n" + "A,bob.jpg,,other\n" * 3 + "B,b.jpg,consent,\n"
    outcomes = ["enrolled", "portrait_mismatch", "portrait_mismatch", "attempts_exhausted", "enrolled"]
    assert [outcome for _, outcome in imported(parts, folder, rows)] == outcomes


def test_the_command_line_adds_lists_and_removes(parts, folder, monkeypatch, capsys):
    """Under the guards of the service, by either name of the subject; the audit names the operator."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(composition, "compose", lambda _settings, create: parts)
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: parts)
    monkeypatch.setattr(type(parts.store), "close", lambda _: None)

    def command(*words):
        code = run(build(), ["portraits", *words, "--dev", "--json"])
        return code, json.loads(capsys.readouterr().out)

    subject_id = enrolled(parts, "A", portrait=b"ann/1").subject_id
    code, added = command("add", "--subject", "A", "--portrait", "2.jpg", "--source", "passport")
    assert (code, added["subject_id"], added["source"], added["duplicate_check"]) == (0, subject_id, "passport", "off")
    for words, wrong in {
        ("add", "--subject", "A", "--portrait", "bob.jpg", "--source", "passport"): "portrait_mismatch",
        ("add", "--subject", "A", "--portrait", "2.jpg", "--source", "passport"): "portrait_exists",
        ("add", "--subject", "A", "--portrait", "3.jpg", "--source", "my phone"): "invalid_input",
        ("add", "--subject", "Z", "--portrait", "3.jpg", "--source", "passport"): "subject_not_found",
        ("list",): "invalid_input",
        ("list", "--subject", "A", "--subject-id", subject_id): "invalid_input",
        ("remove", "por_0", "--subject", "A"): "portrait_not_found",
    }.items():
        code, said = command(*words)
        assert (code, said["error"]["code"]) == (3, wrong), words
    listed = command("list", "--subject-id", subject_id)[1]["portraits"]
    assert [one["source"] for one in listed] == ["enrolment", "passport"]
    removed = listed[1]["portrait_id"]
    assert command("remove", removed, "--subject", "A") == (0, {"subject_id": subject_id, "removed": removed})
    assert command("remove", "first", "--subject", "A")[1]["error"]["code"] == "portrait_limit"
    assert {entry.actor for entry in all_events(parts)} == {"tester", OPERATOR}


def test_the_index_of_references_follows_additions_and_removals(parts, tmp_path):
    """In memory, in another worker, and in the file: it is dropped with a portrait, as with a person."""
    file = tmp_path / "data" / "gallery" / "references.sealed"
    parts = replace(searching(parts, file=file), default_policy="strict")
    subject_id = ann(parts)
    parts.duplicates.refresh(parts)
    assert parts.duplicates.save(parts)
    worker = searching(parts, file=file)
    worker.duplicates.refresh(worker)

    def nearest(one):
        with one.store.transaction() as tx:
            one.duplicates.apply(one, tx)
        return one.duplicates._gallery.candidates(reference(parts, subject_id)).codes[0]

    alone = nearest(parts)
    second = add(parts, subject_id, b"ann/2")
    for one in (parts, worker):
        assert not np.array_equal(nearest(one), alone)
    assert file.exists()
    remove_portrait(parts, subject_id, second, actor="tester")
    assert not file.exists()
    for one in (parts, worker):
        assert np.array_equal(nearest(one), alone)
    assert parts.duplicates.save(parts)


def test_a_file_that_is_written_while_a_portrait_is_removed_is_not_put_in_place(parts, tmp_path, monkeypatch):
    """Else it would bring back what the removal has just taken from the disk."""
    parts = replace(searching(parts, file=tmp_path / "data" / "gallery" / "references.sealed"), default_policy="strict")
    subject_id = ann(parts, b"ann/2")
    parts.duplicates.refresh(parts)
    write = gallery_file.write_sealed

    def during(*arguments, **facts):
        monkeypatch.undo()
        write(*arguments, **facts)
        remove_portrait(replace(parts, duplicates=None, gallery_file=None), subject_id, "first", actor="tester")

    monkeypatch.setattr(gallery_file, "write_sealed", during)
    assert not parts.duplicates.save(parts)
    assert not parts.gallery_file.exists()


@pytest.mark.parametrize("mode", ["warn", "block"])
def test_a_portrait_of_somebody_who_is_enrolled_under_another_identifier_is_searched_for(parts, mode):
    """A blend of two gets into neither of them unseen; nobody is a duplicate of themselves."""
    parts = replace(searching(parts, mode), acquirer=parts.acquirer, default_policy="strict")
    subject_id = ann(parts)
    bob = enrolled(parts, "bob", portrait=b"bob/1").subject_id
    assert add_portrait(parts, subject_id, picture=b"ann/2", source="other", actor="t").duplicate_check == "clear"
    if mode == "warn":
        assert add_portrait(parts, subject_id, picture=b"ann+bob/1", source="other", actor="t").duplicate_check == "review"
    else:
        with pytest.raises(PossibleDuplicate):
            add(parts, subject_id, b"ann+bob/1")
    (report,) = reported(parts)
    assert (report.subject_id, report.others, report.refused, report.open) == (subject_id, (bob,), mode == "block", True)
    assert len(list_portraits(parts, subject_id, actor="t")) == (3 if mode == "warn" else 2)
