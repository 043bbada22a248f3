"""What the two validators say of one presentation or one QR code is the same in every member, altered texts included."""

import json
from base64 import b64decode
from collections.abc import Iterator
from random import Random
from typing import Any

import base45
import pytest

from idverify.credentials import presentation, slip
from idverify.credentials.findings import Finding
from idverify.credentials.replays import Replays
from tests.credentials import vectors
from tests.credentials.slips import Seen
from tests.web.javascript import node

pytestmark = pytest.mark.checkout

PRESENTATIONS, SLIPS = vectors.of_kind("presentation"), vectors.of_kind("slip")
CASES = 300


def told(found: Finding) -> dict[str, Any]:
    """A finding in the words of both languages."""
    names = ("authentic", "holder_bound", "status", "status_age", "trust_anchor", "code", "type")
    return {**{name: getattr(found, name) for name in names}, "claims": dict(found.claims)}


def of_presentation(vector: dict[str, Any], reader: Any, text: str) -> dict[str, Any]:
    """What Python says of a presentation."""
    facts = {name: vector[name] for name in ("audience", "nonce", "now", "allow_dev")}
    replays = Replays()
    for earlier in vector.get("seen", []):
        presentation.validate(earlier, reader, **facts, replays=replays)
    return told(presentation.validate(text, reader, **facts, replays=replays))


def of_slip(vector: dict[str, Any], reader: Any, text: str) -> dict[str, Any]:
    """What Python says of a QR code."""
    challenge = None if vector["challenge"] is None else b64decode(vector["challenge"])
    facts = {"now": vector["now"], "purpose": vector["purpose"], "allow_dev": vector["allow_dev"]}
    counters = Seen()
    for earlier in vector["before"]:
        slip.validate(earlier, reader, **facts, challenge=challenge, counters=counters)
    return told(slip.validate(text, reader, **facts, challenge=challenge, counters=counters))


Case = tuple[dict[str, Any], dict[str, Any]]


def vector_cases() -> Iterator[Case]:
    """Every vector as it stands."""
    for name, vector in PRESENTATIONS.items():
        found = of_presentation(vector, vectors.believed(vector), vector["text"])
        yield {"part": "vector", "kind": "presentation", "name": name}, found
    for name, vector in SLIPS.items():
        yield {"part": "vector", "kind": "slip", "name": name}, of_slip(vector, vectors.believed(vector), vector["text"])


def altered_presentations() -> Iterator[Case]:
    """An accepted one, with up to three characters put in, taken out or replaced."""
    random, (name, vector) = Random(5), next(iter(PRESENTATIONS.items()))
    reader = vectors.believed(vector)
    for _ in range(CASES):
        text = list(vector["text"])
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(text))
            text[at : at + random.randint(0, 1)] = random.choice(("", "A", "w", "~", ".", "=", "-", "é", "eyJ", "\n"))
        altered = "".join(text)
        yield (
            {"part": "vector", "kind": "presentation", "name": name, "text": altered},
            of_presentation(vector, reader, altered),
        )


def altered_slips() -> Iterator[Case]:
    """An accepted one, with a byte changed, put in or taken out."""
    random, (name, vector) = Random(5), next(iter(SLIPS.items()))
    reader = vectors.believed(vector)
    for _ in range(CASES):
        data = bytearray(base45.b45decode(vector["text"].removeprefix("EID1:")))
        at = random.randrange(len(data))
        data[at : at + random.randint(0, 1)] = random.choice((b"", b"\x00", b"\xf5", b"\xf6", random.randbytes(1)))
        altered = "EID1:" + base45.b45encode(bytes(data)).decode("ascii")
        yield {"part": "vector", "kind": "slip", "name": name, "text": altered}, of_slip(vector, reader, altered)


@pytest.mark.parametrize("cases", [vector_cases, altered_presentations, altered_slips])
def test_both_validators_say_the_same(cases):
    """Verdict, status and its age, anchor, code, type and every claim."""
    asked = list(cases())
    answers = json.loads(node("answers.mjs", given=json.dumps([case for case, _ in asked])))
    different = [
        (case, expected, answer) for (case, expected), answer in zip(asked, answers, strict=True) if answer != expected
    ]
    assert different == []
    assert len({expected["code"] for _, expected in asked}) > 3
