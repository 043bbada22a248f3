"""A key that an app's hardware made signs what the app gives it, and nothing else passes for its signature."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.attestation import AttestationRefused, AttestedKey, check, check_signature

from . import forge
from .forge import android, expected

STATEMENT = b"these frames, in this order"
SIGNATURE = forge.signed(forge.KEY, STATEMENT)
KEY = AttestedKey(forge.spki(forge.KEY))


def refusal(data, statement=STATEMENT, key=KEY):
    """The reason under which it is refused."""
    with pytest.raises(AttestationRefused) as refused:
        check_signature(key, data, statement, forge.trust())
    return refused.value.reason


def test_the_key_of_an_attested_app_signs_a_statement():
    """From the chain to the signature, which leaves the key as it was."""
    key = check("android_key", android(), expected()).key
    assert check_signature(key, SIGNATURE, STATEMENT, forge.trust()) == key


def test_another_key_another_statement_and_another_kind_of_answer_are_refused():
    """An assertion is signed by the same key, over bytes that are no statement of ours."""
    assert refusal(forge.signed(forge.new_key(), STATEMENT)) == "signature_wrong"
    assert refusal(SIGNATURE, statement=STATEMENT + b".") == "signature_wrong"
    assert refusal(forge.assertion()) == "signature_wrong"
    assert refusal(SIGNATURE, key=forge.REGISTERED) == "malformed"
    assert refusal(b"\0" * 20_000) == "too_large"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100), st.integers(0, len(SIGNATURE) * 8 - 1))
def test_no_bytes_and_no_flipped_bit_pass(noise, at):
    """Whatever a stranger sends in place of a signature."""
    flipped = bytearray(SIGNATURE)
    flipped[at // 8] ^= 1 << at % 8
    assert {refusal(noise), refusal(bytes(flipped))} == {"signature_wrong"}
