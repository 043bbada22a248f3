"""The runner of `idverify bench search`: made populations, made probes, and what recall means."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.populations import LEAST_PEOPLE, effective_dimension, random_population, real_population
from idverify.evaluation.search import comparison_rates, search_rows


def unit(vectors):
    """Rows of length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def crowded():
    """Templates that use few of their 64 directions and share a mean, as real ones do."""
    random = np.random.default_rng(3)
    spread = np.diag(np.r_[np.ones(8), np.full(56, 0.05)])
    return unit(random.normal(size=(5000, 64)) @ spread + np.r_[1.0, np.zeros(63)])


def test_a_made_population_has_the_mean_and_covariance_of_the_real_one(crowded):
    """Up to the length of 1; and how many directions it uses is seen."""
    made = real_population(crowded).draw(20_000, np.random.default_rng(4))
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(made.mean(axis=0) - crowded.mean(axis=0)).max() < 0.06
    assert effective_dimension(made) == pytest.approx(effective_dimension(crowded), rel=0.2)
    assert effective_dimension(made) < 10 < 60 < effective_dimension(random_population(64).draw(5000, np.random.default_rng(5)))


def test_a_covariance_is_not_estimated_from_a_few(crowded):
    """Fewer people than directions leave most of them unseen."""
    with pytest.raises(InvalidInput, match=f"599 people are too few.*{LEAST_PEOPLE} or more"):
        real_population(crowded[:599])


@pytest.mark.parametrize("cosine", [0.35, 0.7])
def test_a_probe_is_at_the_cosine_asked_for(crowded, cosine):
    """In either population, exactly; two probes of one reference differ."""
    for population in (random_population(64), real_population(crowded)):
        random = np.random.default_rng(6)
        references = population.draw(50, random)
        first, second = population.probes(references, cosine, random), population.probes(references, cosine, random)
        assert np.vecdot(first, references) == pytest.approx(cosine, abs=1e-5)
        assert np.linalg.norm(first, axis=1) == pytest.approx(1, abs=1e-5)
        assert (np.vecdot(first, second) < 0.99).all()


def test_what_the_index_loses_is_told_from_what_look_alikes_take(crowded):
    """With everybody compared nothing is lost to the index, and still the mate is not always first; with one candidate much is."""

    def rows(population, candidates):
        random = np.random.default_rng(8)
        asked = {"queries": 200, "candidates": candidates, "cosines": (0.5, 0.95), "generator": random}
        return search_rows(population, 2000, **asked, progress=lambda _done, _total: None)

    far, near = rows(real_population(crowded), 2000)
    assert (far["n"], near["n"]) == (200, 20)
    assert far["recall_at_1"] < 0.5
    assert far["recall_of_candidates"] == far["recall_to_exact"] == near["recall_at_1"] == 1
    assert far["recall_at_1_low"] <= far["recall_at_1"] <= far["recall_at_1_high"]
    far, _ = rows(real_population(crowded), 1)
    assert far["recall_at_1"] == far["recall_of_candidates"] < far["recall_to_exact"] < 1
    far, _ = rows(random_population(64), 1)
    assert far["recall_at_1"] == far["recall_to_exact"] < 1


def test_the_rates_of_comparison_stand_beside_a_copy_of_the_same_run():
    """Five rows, each against the copy of its own kind; the error of int8 is measured with them."""
    found = comparison_rates(2000, 512, np.random.default_rng(9))
    ratios = {row["what"]: row["ratio_to_copy"] for row in found["rows"]}
    assert ratios["copy float32"] == ratios["copy int8"] == 1
    assert set(ratios) == {"copy float32", "pairs float32", "one against many float32", "copy int8", "one against many int8"}
    assert 0 < found["int8_error"]["standard_deviation"] < found["int8_error"]["largest"] < 0.0022
