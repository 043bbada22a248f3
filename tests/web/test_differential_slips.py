"""Whole QR codes in which the city and the phone themselves signed something odd: both validators say the same of each.

A forger changes bytes, and the signature tells; an issuer that errs, or means harm, signs what it likes.
"""

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import cbor2
import pytest

from idverify.credentials import slip, slip_claims
from tests.credentials.slips import ISSUER, NOW, Seen
from tests.credentials.vectors import believed
from tests.vectors.credentials.slip_kit import COMMON, gate, police
from tests.web.javascript import node

pytestmark = pytest.mark.checkout

CODES = 600
ODD: tuple[Any, ...] = (
    *(0, -1, 2**20, 2**31, 2**53, 2**64, -(2**53), 1.0, float("nan"), True, None, cbor2.undefined, cbor2.CBORTag(1, 1)),
    *("", "gate", "police", "name", "__proto__", "constructor", "\ufeffname", "\0", "dev", f"{ISSUER}/", ISSUER.upper()),
    *(b"", b"x" * 16, b"x" * 32, [], {}, ["a"], [1], {"name": ["a"]}, {1: 2}, [b"y" * 32, b"x" * 32]),
)


def odd(value: Any, random: Random) -> Any:
    """The value with something in it left out, put in, or another."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.3:
        return random.choice(ODD)
    found = copy.copy(value)
    at = random.choice(list(found)) if isinstance(found, dict) else random.randrange(len(found))
    if random.random() < 0.2:
        del found[at]
    else:
        found[at] = odd(found[at], random)
    return found


def plain(value: Any) -> bytes:
    """As it is: what has no canonical spelling is spelled all the same."""
    try:
        return cbor2.dumps(value, canonical=True)
    except cbor2.CBOREncodeError:
        return cbor2.dumps(value)


def sloppy(random: Random) -> Any:
    """An encoder that changes a byte, doubles one, or leaves one out."""

    def encode(value: Any) -> bytes:
        data = bytearray(plain(value))
        at, how = random.randrange(len(data)), random.randrange(3)
        data[at : at + 1] = (b"", data[at : at + 1] * 2, bytes([data[at] ^ 1 << random.randrange(8)]))[how]
        return bytes(data)

    return encode


def codes(random: Random) -> Iterator[str]:
    """Each signed by the right keys, with one thing odd."""
    for _ in range(CODES):
        made = random.choice((gate, lambda: police("name", "sex")))()
        disclosed = cbor2.dumps([b"s" * 16, random.choice(ODD), random.choice(ODD)])
        said = list(made.claims[slip_claims.OURS])
        said[3] = sorted([*said[3], hashlib.sha256(disclosed).digest()]) if isinstance(said[3], list) else said[3]
        changes: tuple[dict[str, Any], ...] = (
            {"claims": odd(made.claims, random), "encode_claims": plain},
            {"claims": {**made.claims, slip_claims.OURS: odd(said, random)}, "encode_claims": plain},
            {"claims": {**made.claims, slip_claims.OURS: said}, "disclosures": [*made.disclosures, disclosed]},
            {"header": odd(made.header, random), "encode_header": plain},
            {"device_header": odd(made.device_header, random), "encode_header": plain},
            {random.choice(("shown_at", "counter", "challenge")): random.choice(ODD), "encode_shown": plain},
            {random.choice(("encode_claims", "encode_shown", "encode_header")): sloppy(random)},
        )
        yield replace(made, **random.choice(changes)).text


def test_what_the_right_keys_signed_is_worth_the_same_in_both_languages():
    """Found authentic, held, of which status, and under which code; and neither breaks."""
    random, held = Random(5), believed(COMMON)
    asked = [{**COMMON, "text": text, "allow_dev": random.random() < 0.5} for text in codes(random)]
    answers = json.loads(node("answers.mjs", given=json.dumps([{"part": "whole", "vector": one} for one in asked])))
    counted: Counter[str | None] = Counter()
    for vector, answer in zip(asked, answers, strict=True):
        found = slip.validate(vector["text"], held, now=NOW + 1, allow_dev=vector["allow_dev"], counters=Seen())
        expected = (found.authentic, found.holder_bound, found.status.value, found.code, dict(found.claims or {}))
        told = tuple(answer.get(name) for name in ("authentic", "holder_bound", "status", "code"))
        assert (*told, answer.get("claims") or {}) == expected, vector["text"]
        counted[found.code] += 1
    assert len(counted) > 12, "codes that all end alike show nothing"
    assert counted["accepted"] > 0
