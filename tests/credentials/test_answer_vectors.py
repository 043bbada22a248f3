"""The vectors of encrypted answers; and mutation: with each check taken out in turn, some vector notices."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from idverify.credentials import jwe
from idverify.credentials.proof_errors import AnswerUnreadable

from .vectors import FOLDER, of_kind

VECTORS = of_kind("answer")
REFUSED = [name for name, one in VECTORS.items() if one["expect"]["code"] != "accepted"]
BACKED = {"five_parts", "base64url_is_canonical", "algorithms_are_ours"}  # the library refuses too, and there is but one code


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """What the reader finds, or what it broke with."""
    try:
        return {"code": "accepted", "content": jwe.decrypt(vector["text"], vector["key"])}
    except AnswerUnreadable as refused:
        return {"code": refused.code}
    except Exception as error:
        return {"broke": type(error).__name__}


def fields(vector: dict[str, Any]) -> dict[str, str]:
    """The key, each member of the header, and the four other parts."""
    head, *parts = vector["text"].split(".")
    pairs = json.loads(urlsafe_b64decode(head + "=="), object_pairs_hook=list)
    found = {f"header.{name}": json.dumps([value for one, value in pairs if one == name]) for name, _ in pairs}
    return found | {"key": json.dumps(vector["key"])} | dict(zip(("encrypted key", "iv", "content", "tag"), parts, strict=True))


def test_every_vector_ends_as_it_says():
    """Accepted ones with what is in them, and ones that differ from those in one thing."""
    assert {name: outcome(one) for name, one in VECTORS.items() if outcome(one) != one["expect"]} == {}
    assert len(REFUSED) >= 3


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_vector_differs_from_an_accepted_one_in_the_field_it_names(name):
    """And in nothing else, but for what is encrypted anew because of it."""
    vector, base = VECTORS[name], VECTORS[VECTORS[name]["base"]]
    assert base["expect"]["code"] == "accepted"
    if vector["differs"] == "text":
        assert (vector["key"], vector["text"] == base["text"]) == (base["key"], False)
        return
    one, other = fields(vector), fields(base)
    changed = {field for field in one.keys() | other.keys() if one.get(field) != other.get(field)}
    assert vector["differs"] in changed
    assert changed - {vector["differs"]} <= {"encrypted key", "content", "tag"}


@pytest.mark.parametrize("name", sorted({one.__name__ for one in jwe.CHECKS} - BACKED))
def test_without_any_one_check_some_vector_notices(name, monkeypatch):
    """No check is idle, and none is unwatched."""
    monkeypatch.setattr(jwe, "CHECKS", tuple(check for check in jwe.CHECKS if check.__name__ != name))
    assert any(outcome(one) != one["expect"] for one in VECTORS.values())


@pytest.mark.checkout
def test_the_file_is_what_its_maker_writes():
    """Nobody edits a vector by hand."""
    maker = pytest.importorskip("tests.vectors.credentials.make_answer_vectors")
    assert (FOLDER / "answer.json").read_text() == maker.content()
    assert len(maker.VECTORS) == len(VECTORS), "two vectors have one name"
