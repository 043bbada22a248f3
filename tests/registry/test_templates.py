"""A template as bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import RecordTampered
from idverify.registry.identifiers import is_subject_id, lookup, parse_identifier, subject_id
from idverify.registry.templates import from_bytes, to_bytes
from idverify.values import Template


@given(seed=st.integers(0, 2**32 - 1))
def test_a_template_comes_back_bit_for_bit(seed):
    """Scores before and after storage are the same."""
    vector = np.random.default_rng(seed).standard_normal(512).astype(np.float32)
    vector /= np.linalg.norm(vector)
    back = from_bytes(to_bytes(Template(vector, "m")), "m")
    assert back.vector.tobytes() == vector.tobytes()
    assert back.vector.flags.writeable


@pytest.mark.parametrize("vector", [np.zeros(4), np.full(4, np.nan), np.full(4, np.inf), np.full(4, 2.0), np.zeros(0)])
def test_bytes_that_are_no_template_are_refused(vector):
    """NaN would compare as neither match nor non-match."""
    with pytest.raises(RecordTampered):
        from_bytes(vector.astype("<f4").tobytes(), "m")


def test_bytes_that_are_no_whole_floats_are_refused():
    """Five bytes."""
    with pytest.raises(RecordTampered):
        from_bytes(b"12345", "m")


def test_a_look_up_depends_on_the_secret_and_on_every_character():
    """Without the secret nobody can ask the database who is enrolled."""
    assert lookup(b"a" * 32, "x") != lookup(b"b" * 32, "x")
    assert lookup(b"a" * 32, "x") != lookup(b"a" * 32, "X")
    assert parse_identifier("Jose\u0301") == parse_identifier("Jos\u00e9")


def test_only_ids_made_here_reach_the_database():
    """Anything else is no subject."""
    assert is_subject_id(subject_id(bytes(16)))
    assert not is_subject_id(subject_id(bytes(16)) + "\n")
