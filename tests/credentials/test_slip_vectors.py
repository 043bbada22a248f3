"""The vectors of QR slips, which the JavaScript validator is held to as well; and mutation: with each check taken out in
turn, some vector notices.
"""

from base64 import b64decode
from collections import Counter
from typing import Any

import pytest

from idverify.credentials import slip, slip_checks, slip_errors
from idverify.credentials.believed import Believed

from .slips import Seen
from .vectors import believed, of_kind

VECTORS = list(of_kind("slip").values())
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
