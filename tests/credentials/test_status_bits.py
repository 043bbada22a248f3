"""Statuses in bytes and bytes in text, against the draft's vectors and against whoever would exhaust a reader."""

import json
import tracemalloc
import zlib
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.credentials.status_bits import ENTRIES, encode, inflate, pack, size_of, status_at


def decode(lst, largest):
    """The content of a list that is whole."""
    found = inflate(urlsafe_b64decode(lst + "=" * (-len(lst) % 4)), largest)
    assert found.whole
    return found.content


DRAFT = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "status_list_draft.json").read_text())


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_lists_of_the_draft_are_read_as_it_says_and_packed_as_it_says(bits):
    """Every status that it names, and zero for all others, at each size of a status."""
    vector = DRAFT[str(bits)]
    packed = decode(vector["lst"], size_of(bits))
    assert packed == pack(bits, vector["statuses"])
    assert all(status_at(packed, bits, index) == status for index, status in vector["statuses"])
    assert sum(status_at(packed, bits, index) != 0 for index in range(ENTRIES)) == sum(s != 0 for _, s in vector["statuses"])


def test_the_short_examples_of_the_draft_hold():
    """Sixteen statuses of one bit, twelve of two."""
    one = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    two = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    for bits, statuses, content, lst in ((1, one, "b9a3", "eNrbuRgAAhcBXQ"), (2, two, "c944f9", "eNo76fITAAPfAgc")):
        assert pack(bits, enumerate(statuses), bytes(size_of(bits, len(statuses)))).hex() == content
        assert decode(lst, 100).hex() == content
        assert [status_at(bytes.fromhex(content), bits, at) for at in range(len(statuses) + 1)] == [*statuses, None]


@given(
    st.sampled_from([1, 2, 4, 8]),
    st.dictionaries(st.integers(0, 799), st.integers(0, 255)),
    st.binary(min_size=800, max_size=800),
)
def test_what_was_packed_is_found_and_its_neighbours_are_as_they_were(bits, statuses, base):
    """For any statuses over any base; and the text gives the same bytes again."""
    statuses = {index: status % 2**bits for index, status in statuses.items()}
    base = base[: 100 * bits]
    packed = pack(bits, statuses.items(), base)
    assert decode(encode(packed), len(packed)) == packed
    for index in range(800):
        assert status_at(packed, bits, index) == statuses.get(index, status_at(base, bits, index))


@pytest.mark.parametrize(("bits", "index", "status"), [(1, 0, 2), (2, 0, 4), (1, ENTRIES, 1), (1, -1, 1), (3, 0, 1)])
def test_what_does_not_fit_is_not_packed(bits, index, status):
    """An issuer's mistake never becomes another credential's status."""
    with pytest.raises(ValueError, match=r"bits|range"):
        pack(bits, [(index, status)])


def test_a_bomb_is_not_inflated_further_than_one_byte_too_far():
    """A gigabyte of zeros in a megabyte: no more than a list may have is ever in memory."""
    stream = zlib.compressobj(9)
    bomb = b"".join([*(stream.compress(bytes(2**20)) for _ in range(1024)), stream.flush()])
    tracemalloc.start()
    found = inflate(bomb, size_of(1))
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()
    assert len(found.content) == size_of(1) + 1
    assert not found.whole
