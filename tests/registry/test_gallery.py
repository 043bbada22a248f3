"""The references in memory: which rows a search nominates, and what is left of one that went."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.face.comparison import quantise
from idverify.registry.gallery import Gallery, bytes_each

DIMENSION = 64


def subject(number: int) -> str:
    """An id."""
    return f"sub_{number:032x}"


def vectors(n: int, seed: int = 0, dimension: int = DIMENSION) -> np.ndarray:
    """Unit vectors."""
    made = np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(made: np.ndarray) -> Gallery:
    """A gallery of these, numbered."""
    gallery = Gallery(made.shape[1])
    found = quantise(made)
    for number, (code, scale) in enumerate(zip(found.codes, found.scales, strict=True)):
        gallery.put(subject(number), code, float(scale))
    return gallery


def test_a_search_nominates_exactly_the_nearest_codes():
    """Held against counting the differing signs of every pair in numpy; ties may fall either way."""
    made = vectors(700)
    gallery, signs = filled(made), quantise(made).codes > 0
    for probe in vectors(20, seed=1):
        distance = np.count_nonzero(signs != (probe > 0), axis=1)
        found = gallery.candidates(probe, most=32)
        rows = [int(one.removeprefix("sub_"), 16) for one in found.subject_ids]
        assert sorted(distance[rows]) == sorted(distance)[:32]
        assert np.array_equal(found.codes, quantise(made[rows]).codes)
        assert found.scales == pytest.approx(quantise(made[rows]).scales)


def test_a_small_gallery_is_compared_whole():
    """Also an empty one."""
    assert filled(vectors(3)).candidates(vectors(1)[0]).subject_ids == tuple(map(subject, range(3)))
    assert Gallery(DIMENSION).candidates(vectors(1)[0]).subject_ids == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 2**20)), max_size=200))
def test_rows_are_kept_like_a_mapping(steps):
    """Put, replace, remove in any order: the gallery holds what a dict would, before and after it was sealed."""
    gallery, kept = Gallery(DIMENSION), {}
    for put, number, seed in steps:
        if put:
            kept[subject(number)] = quantise(vectors(1, seed))
            gallery.put(subject(number), kept[subject(number)].codes[0], float(kept[subject(number)].scales[0]))
        else:
            kept.pop(subject(number), None)
            gallery.remove(subject(number))
    again = Gallery.from_buffer(bytearray(b"".join(gallery.pieces())), DIMENSION)
    for one in (gallery, again):
        found = one.candidates(vectors(1)[0], most=1000)
        assert len(one) == len(kept)
        assert set(found.subject_ids) == set(kept)
        assert all(name in one for name in kept)
        for at, name in enumerate(found.subject_ids):
            assert np.array_equal(found.codes[at], kept[name].codes[0])
            assert found.scales[at] == kept[name].scales[0]


def test_nothing_of_a_removed_reference_is_left_in_memory():
    """Whatever its row: its place is another's, and the place that was freed is overwritten. Growing leaves no copy either."""
    made = vectors(65)
    gallery = filled(made[:64])
    early = gallery._codes
    gallery.put(subject(64), quantise(made[64:]).codes[0], 1.0)
    assert not early.any(), "the array that was outgrown"
    for number in (0, 64, 31):
        gallery.remove(subject(number))
        code = quantise(made[number : number + 1]).codes[0]
        assert subject(number) not in gallery
        assert code.tobytes() not in gallery._codes.tobytes()
        assert np.packbits(code > 0).tobytes() not in gallery._bits.tobytes()
    gallery.remove(subject(0))
    assert len(gallery) == 62


def test_a_buffer_of_another_length_is_refused():
    """It cannot have been written here."""
    with pytest.raises(ValueError, match="whole number"):
        Gallery.from_buffer(bytearray(bytes_each(DIMENSION) + 1), DIMENSION)
