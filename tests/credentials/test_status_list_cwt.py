"""A status list in CBOR is read as the one in JSON is, and refused for no less; what it says does not depend on its format."""

from base64 import b64decode, urlsafe_b64decode
from collections import Counter
from dataclasses import replace

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.credentials import status_list, status_list_cwt
from idverify.credentials.anchors import Anchor
from idverify.credentials.status_bits import pack
from idverify.errors import TokenInvalid

from . import vectors
from .city import CITY, LIST, NOW, REVOKED

VECTORS = list(vectors.of_kind("status_list_cwt").values())


def found(vector):
    """What a reader learns, or what it broke with."""
    anchors = [
        Anchor(one["name"], b64decode(one["certificate"]), frozenset(one["types"]), tuple(one["issuers"]))
        for one in vector["trust"]["anchors"]
    ]
    token = urlsafe_b64decode(vector["text"] + "=" * (-len(vector["text"]) % 4)) + bytes(vector["pad"])
    try:
        held = status_list_cwt.read(token, anchors, vector["now"], uri=vector["uri"])
    except TokenInvalid as error:
        return {"authentic": False, "holder_bound": False, "status": "UNKNOWN", "code": error.code}
    except Exception as error:
        return {"broke": type(error).__name__}
    return {"authentic": True, "holder_bound": False, "status": held.status(vector["index"]).value, "code": "accepted"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_found_as_it_says(vector):
    """Accepted with the right status, or refused with the code of the one thing that differs."""
    assert found(vector) == vector["expect"]


@pytest.mark.parametrize("check", [one.__name__ for one in status_list_cwt.CHECKS])
def test_without_any_one_check_some_vector_is_found_otherwise(check, monkeypatch):
    """Each is needed."""
    monkeypatch.setattr(status_list_cwt, "CHECKS", tuple(one for one in status_list_cwt.CHECKS if one.__name__ != check))
    assert any(found(vector) != vector["expect"] for vector in VECTORS)


def test_each_refusal_of_its_form_has_three_vectors():
    """What it says has them in status_list.json."""
    counted = Counter(vector["expect"]["code"] for vector in VECTORS)
    assert min(counted["status_list_form"], counted["status_list_signature"]) >= 3


@pytest.mark.checkout
def test_the_file_is_what_its_maker_writes():
    """Nobody edits a vector by hand."""
    maker = pytest.importorskip("tests.vectors.credentials.make_status_list_cwt_vectors")
    assert maker.FILE.read_text() == maker.spelled(maker.content())


@given(st.sampled_from([1, 2]), st.dictionaries(st.integers(0, 1023), st.sampled_from([0, 1, 2]), max_size=50))
def test_both_formats_of_a_list_say_the_same(bits, statuses):
    """Everything but the bytes around it."""
    content = pack(bits, ((index, min(value, bits)) for index, value in statuses.items()), bytes(128 * bits))
    where = {"uri": LIST, "issuer": CITY.issuer, "aggregation_uri": f"{CITY.issuer}/v1/status-lists"}
    said = status_list.statement(content, bits, now=NOW, **where)
    token = status_list_cwt.sign(said, CITY.status_signer, (CITY.status_leaf,))
    other = status_list.sign(content, bits, now=NOW, **where, signer=CITY.status_signer, chain=(CITY.status_leaf,))
    anchors = [CITY.root.anchor()]
    held = status_list_cwt.read_any(token, anchors, NOW, uri=LIST)
    assert held == status_list_cwt.read_any(other, anchors, NOW, uri=LIST)
    assert replace(held, content=b"").issued_at == NOW


def test_a_cwt_has_the_numbers_of_the_registry():
    """RFC 8392 and the draft: 1 iss, 2 sub, 4 exp, 6 iat, 65533 the list, 65534 ttl; typ is 16, x5chain 33."""
    token = b64decode(VECTORS[0]["text"] + "==", altchars=b"-_")
    outer = cbor2.loads(token)
    assert outer.tag == 18
    assert cbor2.loads(outer.value[0]) == {1: -7, 16: "application/statuslist+cwt"}
    claims = cbor2.loads(outer.value[2])
    assert claims.keys() == {1, 2, 4, 6, 65533, 65534}
    assert claims[65533].keys() == {"bits", "lst", "aggregation_uri"}
    assert claims[2] == LIST


@given(st.data())
def test_a_token_with_any_byte_changed_is_refused(data):
    """With a refusal of the tree and nothing else."""
    token = bytearray(b64decode(VECTORS[0]["text"] + "==", altchars=b"-_"))
    at = data.draw(st.integers(0, len(token) - 1))
    token[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TokenInvalid):
        status_list_cwt.read(bytes(token), [CITY.root.anchor()], NOW)


def test_the_largest_list_that_there_is_fits_the_bound_of_a_token():
    """Two bits an entry, and nothing of it compresses."""
    from random import Random

    where = {"uri": LIST, "issuer": CITY.issuer, "aggregation_uri": f"{CITY.issuer}/v1/status-lists"}
    said = status_list.statement(Random(2).randbytes(2**18), 2, now=NOW, **where)
    token = status_list_cwt.sign(said, CITY.status_signer, (CITY.status_leaf,))
    assert len(token) < status_list_cwt.LARGEST * 0.9
    assert status_list_cwt.read(token, [CITY.root.anchor()], NOW).status(REVOKED)
