"""A status list that does not hold in every respect is not read, whatever each check of the validator keeps out."""

import json
import time
from base64 import b64decode
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.credentials import certified_jws, status_errors, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.findings import Status
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import ENTRIES, encode, pack
from idverify.errors import TokenInvalid

from .authority import Authority, public, signer

FILE = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "credentials" / "status_list.json").read_text())
VECTORS = [FILE["common"] | vector for vector in FILE["vectors"]]
NOW = FILE["common"]["now"]
ISSUER = "https://id.example"
URI = FILE["common"]["uri"]


def found(vector):
    """What a reader learns: a code, and the status at the index."""
    anchors = [
        Anchor(one["name"], b64decode(one["certificate"]), frozenset(one["types"]), tuple(one["issuers"]))
        for one in vector["trust"]["anchors"]
    ]
    try:
        held = status_list.read(vector["text"], anchors, vector["now"], uri=vector["uri"])
    except TokenInvalid as error:
        return {"authentic": False, "holder_bound": False, "status": "UNKNOWN", "code": error.code}
    return {"authentic": True, "holder_bound": False, "status": held.status(vector["index"]).value, "code": "accepted"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_found_as_it_says(vector):
    """Accepted with the right status, or refused with the code of the one thing that differs."""
    assert found(vector) == vector["expect"]


@pytest.mark.parametrize("check", [check.__name__ for check in status_list.CHECKS])
def test_without_any_one_check_some_vector_is_found_otherwise(check, monkeypatch):
    """Each is needed: what it refused is then accepted, or only another check's refusal or an accident stops it."""
    kept = tuple(one for one in status_list.CHECKS if one.__name__ != check)
    monkeypatch.setattr(status_list, "CHECKS", kept)
    changed = []
    for vector in VECTORS:
        try:
            if found(vector) != vector["expect"]:
                changed.append(vector["name"])
        except Exception as accident:
            changed.append(type(accident).__name__)
    assert changed


def test_each_refusal_of_a_status_list_has_three_vectors():
    """And every vector another name."""
    counted = Counter(vector["expect"]["code"] for vector in VECTORS)
    codes = {
        one.code for one in vars(status_errors).values() if isinstance(one, type) and one.__module__ == status_errors.__name__
    }
    codes -= {"status_list_form", "status_list_signature"}  # of lists in CBOR: status_list_cwt.json
    assert len(codes) == 12
    assert all(counted[code] >= 3 for code in codes), counted
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)


@cache
def city():
    """A root and a key that it certified for status lists."""
    root, key = Authority("City", begins=NOW - 86_400), signer()
    return root.anchor(), key, root.certify(public(key), ISSUER, begins=NOW - 86_400, purpose=Purpose.STATUS)


def signed(content, bits, now=NOW):
    """A list of ours."""
    _, key, leaf = city()
    facts = {"uri": URI, "issuer": ISSUER, "aggregation_uri": f"{ISSUER}/v1/status-lists"}
    return status_list.sign(content, bits, **facts, signer=key, chain=(leaf,), now=now)


@given(st.sampled_from([1, 2]), st.dictionaries(st.integers(0, ENTRIES - 1), st.sampled_from([0, 1, 2]), max_size=50))
def test_what_is_signed_is_read_back_index_by_index(bits, statuses):
    """For any statuses of a million entries; all others are valid."""
    statuses = {index: min(status, bits) for index, status in statuses.items()}
    held = status_list.read(signed(pack(bits, statuses.items()), bits), [city()[0]], NOW + 5, uri=URI)
    meaning = {0: Status.VALID, 1: Status.REVOKED, 2: Status.SUSPENDED}
    assert all(held.status(index) is meaning[status] for index, status in statuses.items())
    assert held.status(next(index for index in range(60) if index not in statuses)) is Status.VALID
    assert (held.uri, held.issuer, held.anchor, held.bits) == (URI, ISSUER, city()[0].fingerprint, bits)
    assert (held.issued_at, held.expires_at, held.ttl) == (NOW, NOW + 86_400, 900)


@given(st.data())
def test_a_token_with_any_byte_changed_is_refused(data):
    """With a refusal of the tree and nothing else."""
    token = bytearray(signed(pack(1, [(5, 1)], bytes(64)), 1).encode())
    at = data.draw(st.integers(0, len(token) - 1))
    token[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TokenInvalid):
        status_list.read(bytes(token), [city()[0]], NOW)


def test_a_list_of_a_million_is_read_in_milliseconds_and_answers_at_once():
    """One in a hundred revoked. Bounds are wide, for a busy machine; docs/reference/status.md has the figures."""
    revoked = Random(1).sample(range(ENTRIES), ENTRIES // 100)
    token = signed(pack(1, [(index, 1) for index in revoked]), 1)
    taken = []
    for _ in range(9):
        begun = time.perf_counter()
        held = status_list.read(token, [city()[0]], NOW)
        taken.append(time.perf_counter() - begun)
    assert median(taken) < 0.005
    begun = time.perf_counter()
    assert sum(held.status(index) is Status.REVOKED for index in range(0, ENTRIES, 100)) > 0
    assert time.perf_counter() - begun < 0.2, "10,486 answers"


def test_the_largest_list_that_there_is_fits_the_bound_of_a_token():
    """Two bits an entry, noise that does not compress: such a list must not refuse itself."""
    token = signed(Random(2).randbytes(ENTRIES // 4), 2)
    assert len(token) < status_list.LARGEST * 0.9
    status_list.read(token, [city()[0]], NOW)


@pytest.mark.parametrize("bits", [1.0, 2.0, "1", [1], None, True, 2**60])
def test_bits_of_another_type_are_a_refusal_and_no_accident(bits):
    """Python takes 1.0 for 1 until it counts bytes; one issuer's list would then end the refresh of all the others'."""
    root, key, leaf = city()
    claims = {
        "iss": ISSUER,
        "sub": URI,
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "ttl": 60,
        "status_list": {"bits": bits, "lst": encode(bytes(8))},
    }
    with pytest.raises(status_errors.StatusListBits):
        status_list.read(certified_jws.sign(claims, key, (leaf,), status_list.TYPE), [root], NOW)
