"""Verifiers that others wrote, over the shared vectors: they accept what we issue, and a page says what they refuse."""

import pytest

from oracles.asking import ORACLES
from oracles.clauses import CLAUSES
from oracles.table import PAGE, answers, by_none, judged, page

STATUSES = {0: "VALID", 1: "REVOKED", 2: "SUSPENDED"}

pytestmark = pytest.mark.xdist_group("oracles")


@pytest.fixture(scope="module")
def found():
    """What every oracle says of every vector."""
    missing = [one.missing for one in ORACLES if one.missing]
    if missing:
        pytest.skip(missing[0])
    return answers()


def test_what_we_accept_every_verifier_accepts(found):
    """Presentations by two strict verifiers of different authors and by a third; status lists and slips by all that read them; a request."""
    accepted = [one for one in judged() if one.code == "accepted" and one.kind != "status_list"]
    assert {one.kind for one in accepted} == {"presentation", "mdoc", "slip", "trust_list", "request"}
    assert {one.key: found[one.key] for one in accepted if not all(by["accepted"] for by in found[one.key].values())} == {}


def test_what_a_list_says_every_verifier_reads_in_it(found):
    """VALID, REVOKED and SUSPENDED; and what is UNKNOWN to us is none of these to them."""
    for one in judged():
        if one.kind == "status_list" and one.code == "accepted":
            for answer in found[one.key].values():
                (status,) = answer.get("statuses", [None])
                assert STATUSES.get(status, "UNKNOWN") == one.status, (one.key, answer)


def test_a_refusal_that_is_ours_alone_names_the_clause_that_it_rests_on(found):
    """A vector that no verifier refuses could be a whim of ours."""
    alone = {one.code for one in judged() if one.code != "accepted" and by_none(found[one.key])}
    assert alone - CLAUSES.keys() == set()
    assert CLAUSES.keys() - alone == set()  # a clause that nothing needs any more is taken out


@pytest.mark.checkout
def test_the_page_says_what_they_say_today(found):
    """`python tests/oracles/table.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(found)
