"""The vectors of verdict tokens, which the JavaScript validator is held to as well; and mutation: with each check taken out in
turn, some vector notices.
"""

from collections import Counter
from typing import Any

import pytest

from idverify.credentials import errors, jws, verdict, verdict_checks
from idverify.errors import TokenInvalid

from . import jws_vectors
from .vectors import FOLDER, of_kind

VECTORS = of_kind("verdict")
REFUSED = [name for name, one in VECTORS.items() if one["expect"]["code"] != "accepted"]
PLACES = [(jws, "CHECKS"), (verdict, "CHECKS")]
NAMES = {check.__name__ for check in (*jws.CHECKS, *verdict_checks.CHECKS)}
BACKED = {"signature_has_64_bytes"}  # the library refuses with the same code: see test_checks.py


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """What the validator says, or what it broke with."""
    facts = {name: vector[name] for name in ("audience", "issuer", "nonce", "allow_dev", "now")}
    try:
        verdict.validate(vector["text"], vector["trust"], **facts)
    except TokenInvalid as refused:
        return {"code": refused.code}
    except Exception as error:
        return {"broke": type(error).__name__}
    return {"code": "accepted"}


def test_every_vector_ends_as_it_says():
    """Accepted ones, and ones that differ from those in one thing."""
    wrong = {name: (one["expect"], outcome(one)) for name, one in VECTORS.items() if outcome(one) != one["expect"]}
    assert wrong == {}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_vector_differs_from_an_accepted_one_in_the_field_it_names(name):
    """And in nothing else."""
    jws_vectors.assert_differs_in_its_field_alone(VECTORS[name], VECTORS[VECTORS[name]["base"]])


@pytest.mark.parametrize("name", sorted(NAMES - BACKED))
def test_without_any_one_check_some_vector_notices(name, monkeypatch):
    """No check is idle, and none is unwatched."""
    jws_vectors.assert_missed(monkeypatch, PLACES, name, VECTORS, outcome)


def test_each_refusal_has_three_vectors_at_least():
    """All that errors.py names."""
    shown = Counter(VECTORS[name]["expect"]["code"] for name in REFUSED)
    codes = [one.code for one in errors.REFUSALS if one.__module__ == errors.__name__]
    assert len(codes) == 28
    assert {code: shown[code] for code in codes if shown[code] < 3} == {}
    assert set(shown) == set(codes)


@pytest.mark.checkout
def test_the_file_is_what_its_maker_writes():
    """Nobody edits a vector by hand."""
    maker = pytest.importorskip("tests.vectors.credentials.make_verdict_vectors")
    assert (FOLDER / "verdict.json").read_text() == maker.content()
    assert len(maker.VECTORS) == len(VECTORS), "two vectors have one name"
