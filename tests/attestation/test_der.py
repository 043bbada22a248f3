"""DER has one spelling of everything, and whatever is another is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.attestation import AttestationRefused, der

from . import forge


@pytest.mark.parametrize(
    "data",
    [
        b"\x30",
        b"\x30\x01",
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x84\x00\x00\x00\x01\x00",
        b"\x30\x82\x01",
        b"\xbf",
        b"\xbf\x1e\x00",
        b"\xbf\x80\x85\x40\x00",
        b"\xbf\xff\xff\xff\x7f\x00",
        b"\x05\x00" * 257,
    ],
)
def test_a_length_or_tag_that_is_cut_long_or_indefinite_is_refused(data):
    """Also more elements than any description has."""
    with pytest.raises(AttestationRefused):
        der.elements(data)


@pytest.mark.parametrize("octets", [b"", b"\x00\x01", b"\x80", b"\xff", b"\x01" * 10])
def test_an_integer_that_is_long_negative_or_huge_is_refused(octets):
    """None here is negative, or above 2**64."""
    with pytest.raises(AttestationRefused):
        der.integer(octets)


def test_one_element_is_neither_two_nor_another():
    """What is asked for, alone."""
    for data in (b"", b"\x05\x00\x05\x00", b"\x04\x00"):
        with pytest.raises(AttestationRefused):
            der.only(data, 0x05)
    with pytest.raises(AttestationRefused):
        der.boolean(b"\x01")
    for data in (b"\x04\x00", forge.member(709, b"") * 2):
        with pytest.raises(AttestationRefused):
            der.explicit(data)


@given(st.dictionaries(st.integers(0, 100_000), st.binary(max_size=300), max_size=8))
def test_what_another_encoder_writes_is_read(members):
    """Any tag number, any length."""
    assert der.explicit(b"".join(forge.member(number, content) for number, content in members.items())) == members


@given(st.integers(0, 2**64 - 1))
def test_integers_are_read(value):
    """As the other encoder writes them."""
    assert der.integer(der.only(forge.integer(value), der.INTEGER)) == value
