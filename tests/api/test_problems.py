"""The one table from errors to HTTP, and what a caller may know."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import idverify.api
from idverify import errors
from idverify.api.problems import problem_of, status_of

for found in pkgutil.iter_modules(idverify.api.__path__):  # errors may be defined in any room: load those that are
    importlib.import_module(f"idverify.api.{found.name}")
importlib.import_module("idverify.credentials.errors")


def leaves(kind: type[errors.IdverifyError]) -> Iterator[type[errors.IdverifyError]]:
    """Every class below, itself included."""
    yield kind
    for below in kind.__subclasses__():
        yield from leaves(below)


def made(kind: type[errors.IdverifyError], message: str) -> errors.IdverifyError:
    """One of that kind, whatever its constructor wants."""
    error = kind.__new__(kind)
    errors.IdverifyError.__init__(error, message)
    error.__dict__.update(retake=("Come closer.",), retry_after=7, checks={"store": "failed"}, reason="invalid_token")
    return error


ALL = sorted(set(leaves(errors.IdverifyError)) - {errors.IdverifyError}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_and_a_code_of_its_side(kind: type[errors.IdverifyError]) -> None:
    """What a caller did is 4xx, what we failed at is 5xx."""
    assert (status_of(kind) >= 500) == issubclass(kind, errors.Fault)
    if not kind.__subclasses__():
        assert [other for other in ALL if other.code == kind.code and not other.__subclasses__()] == [kind]


@pytest.mark.parametrize("kind", [kind for kind in ALL if issubclass(kind, errors.Fault)], ids=lambda kind: kind.__name__)
def test_a_fault_is_never_described(kind: type[errors.IdverifyError]) -> None:
    """No message of ours leaves; a 500 does not even say what it was."""
    problem = problem_of(made(kind, "the key lies in /srv/keys"))
    document = json.loads(problem.response("r").body)
    assert "srv" not in json.dumps(document)
    assert "detail" not in document
    assert problem.status == 503 or problem.code == "internal"


def test_helpful_members_come_with_their_errors() -> None:
    """Words for a retake, Retry-After, and how to authenticate."""
    assert dict(problem_of(errors.NoFace("m", ("Come closer.",))).extra)["retake"] == ["Come closer."]
    assert ("Retry-After", "7") in problem_of(errors.Overloaded("m", 7)).headers
    assert dict(problem_of(errors.Unauthenticated("m")).headers)["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.checkout
def test_the_reference_names_every_code() -> None:
    """docs/reference/http.md lists each code that a problem document can carry. Refusals of tokens are answers, not problems."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if re.match(r"\| \d{3} \|", line)]
    listed = {(int(status), code) for status, codes in rows for code in re.findall(r"`([a-z_]+)`", codes)}
    told = [problem_of(made(kind, "m")) for kind in ALL if not (kind.__subclasses__() or issubclass(kind, errors.TokenInvalid))]
    assert {(problem.status, problem.code) for problem in told} - listed == set()
