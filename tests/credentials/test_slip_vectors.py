"""The vectors of QR slips, which the JavaScript validator is held to as well; and mutation: with each check taken out in
turn, some vector notices.
"""

import hashlib
import json
from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from idverify.credentials import slip, slip_checks, slip_errors, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.errors import TokenInvalid

from .slips import Seen, unexamined

FILE = json.loads((Path(__file__).parents[1] / "vectors" / "credentials" / "slip.json").read_text("ascii"))
VECTORS = [FILE["common"] | one for one in FILE["vectors"]]


def believed(vector: dict[str, Any]) -> Believed:
    """What the vector's reader holds."""
    anchors = tuple(
        Anchor(one["name"], b64decode(one["certificate"]), frozenset(one["types"])) for one in vector["trust"]["anchors"]
    )
    lists = {}
    for token in vector["status_lists"]:
        try:
            found = status_list.read(token, anchors, vector["now"])
        except TokenInvalid:
            continue
        lists[found.uri] = found
    keys = [b64decode(one) for one in vector["issuer_keys"]]
    return Believed(anchors, lists, {hashlib.sha256(one).digest()[:8]: unexamined(one, anchors[0]) for one in keys})


HELD = [believed(one) for one in VECTORS]


def outcome(vector: dict[str, Any], held: Believed) -> dict[str, Any]:
    """What the validator says, or what it broke with."""
    challenge = None if vector["challenge"] is None else b64decode(vector["challenge"])
    asked = {"purpose": vector["purpose"], "challenge": challenge, "allow_dev": vector["allow_dev"], "counters": Seen()}
    try:
        for text in vector["before"]:
            assert slip.validate(text, held, now=vector["now"], **asked).accepted
        found = slip.validate(vector["text"], held, now=vector["now"], **asked)
    except Exception as error:
        return {"broke": type(error).__name__}
    return {
        "authentic": found.authentic,
        "holder_bound": found.holder_bound,
        "status": found.status.value,
        "code": found.code,
    }


@pytest.mark.parametrize(("vector", "held"), list(zip(VECTORS, HELD, strict=True)), ids=[one["name"] for one in VECTORS])
def test_every_vector_ends_as_it_says(vector, held):
    """Accepted ones, and ones that differ from those in one thing."""
    assert outcome(vector, held) == vector["expect"]


@pytest.mark.parametrize("name", [one.__name__ for one in slip.CHECKS])
def test_without_any_one_check_some_vector_notices(name, monkeypatch):
    """No check is idle, and none is unwatched."""
    for group in ("ISSUER_CHECKS", "DEVICE_CHECKS"):
        left = tuple(check for check in getattr(slip_checks, group) if check.__name__ != name)
        monkeypatch.setattr(slip, group, left)
    changed = [one["name"] for one, held in zip(VECTORS, HELD, strict=True) if outcome(one, held) != one["expect"]]
    assert changed, name


def test_each_refusal_has_a_code_of_its_own_and_three_vectors_at_least():
    """Those of slips, of certificates that are foreign, and of the status."""
    codes = [one.code for one in slip_errors.REFUSALS]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("slip_") for code in codes)
    shown = Counter(one["expect"]["code"] for one in VECTORS)
    status = ["credential_revoked", "credential_suspended", "status_unknown", "status_foreign", "certificate_foreign"]
    assert {code: shown[code] for code in (*codes, *status) if shown[code] < 3} == {}
