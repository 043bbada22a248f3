"""What keeps an old registry usable: new models, and less than was kept before."""

import dataclasses
from itertools import islice

import numpy as np
import pytest

from idverify.ceremonies import reembedding
from idverify.ceremonies.attempts import spend_attempt
from idverify.ceremonies.audit_head import verify_chain
from idverify.ceremonies.purge import Purged, purge
from idverify.errors import TemplateOutdated
from idverify.store import idempotency, subjects

from .installed import enrolled, events, open_reference

NEW_MODEL = "6" * 64


def test_reembedding_goes_on_where_it_was_broken_off(make_parts, database_url):
    """Each subject is whole before and after: outdated, or renewed from its own portrait."""
    before = make_parts(database_url)
    made = [enrolled(before, f"A{n}", portrait=b"portrait %d" % n).subject_id for n in range(5)]
    parts = make_parts(database_url, model=NEW_MODEL)
    assert reembedding.pending(parts) == 5
    first = list(islice(reembedding.reembed(parts, actor="tester", batch=2), 3))
    assert reembedding.pending(parts) == 2
    rest = list(reembedding.reembed(parts, actor="tester", batch=2))
    assert sorted(done.subject_id for done in first + rest) == sorted(made)
    assert reembedding.pending(parts) == 0
    for number, subject_id in enumerate(made):
        expected = parts.acquirer.acquire(b"portrait %d" % number).template.vector
        assert np.array_equal(open_reference(parts, subject_id).template.vector, expected)
        with pytest.raises(TemplateOutdated):
            open_reference(before, subject_id)
    assert verify_chain(parts.store, parts.secrets.audit).intact


def test_a_portrait_that_the_new_model_cannot_use_is_reported_and_left(make_parts, monkeypatch):
    """The others are renewed; it is not compared meanwhile, and the run ends."""
    before = make_parts()
    good, bad = enrolled(before, "good").subject_id, enrolled(before, "bad", portrait=b"cropped tight").subject_id
    parts = make_parts(model=NEW_MODEL)
    acquire = parts.acquirer.acquire
    monkeypatch.setattr(parts.acquirer, "acquire", lambda data: acquire(b"no face" if b"tight" in data else data))
    outcome = {done.subject_id: done.refusal for done in reembedding.reembed(parts, actor="tester", batch=1)}
    assert outcome == {good: None, bad: "no_face"}
    with pytest.raises(TemplateOutdated):
        open_reference(parts, bad)


def test_reembedding_does_not_renew_from_a_swapped_portrait(make_parts):
    """Else the swap would become the reference."""
    before = make_parts()
    a, b = enrolled(before, "A").subject_id, enrolled(before, "B", portrait=b"another").subject_id
    parts = make_parts(model=NEW_MODEL)
    with parts.store.transaction() as tx:
        of_b = subjects.records_of(tx, b)["portrait"]
        subjects.put(tx, dataclasses.replace(of_b, subject_id=a))
    outcome = {done.subject_id: done.refusal for done in reembedding.reembed(parts, actor="tester")}
    assert outcome == {a: "record_tampered", b: None}


def test_purging_deletes_what_is_old_and_no_limit_counts(parts, clock):
    """An attempt within the window stays, however short the retention: purging must not give tries back."""
    made = enrolled(parts)
    for number in range(2):
        spend_attempt(parts, client_id="c", subject_id=made.subject_id, transaction_id=f"t{number}")
        with parts.store.transaction() as tx:
            idempotency.begin(tx, client_id="c", key=f"k{number}", request_digest="d", now=clock.now)
        clock.now += 1800
    gone = Purged(attempts=0, responses=2, sessions=0, deliveries=0, credentials=0, offers=0, grants=0)
    assert purge(parts, retention_seconds=60, actor="tester") == gone
    clock.now += 86_400 - 3600 + 1
    gone = Purged(attempts=1, responses=0, sessions=0, deliveries=0, credentials=0, offers=0, grants=0)
    assert purge(parts, retention_seconds=60, actor="tester") == gone
    assert events(parts)[-1] == "evidence.purged"
