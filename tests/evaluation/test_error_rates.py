"""Error rates against hand-made cases, scikit-learn and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from idverify.evaluation import error_rates

SCORES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=40).map(np.array)


def test_a_score_equal_to_the_threshold_is_a_match():
    """Ties count as matches on both sides."""
    assert error_rates.fmr(np.array([0.1, 0.5, 0.5, 0.9]), 0.5) == 0.75
    assert error_rates.fnmr(np.array([0.1, 0.5, 0.5, 0.9]), 0.5) == 0.25


def test_a_mated_comparison_that_could_not_be_made_never_matches():
    """-inf stays below every threshold."""
    assert error_rates.fnmr(np.array([-np.inf, 0.9]), -1.0) == 0.5


@given(SCORES, st.floats(0.001, 0.999))
def test_the_threshold_gives_the_largest_fmr_that_is_not_above_the_target(scores, target):
    """Every other threshold gives a lower FMR, the same, or one above the target; ties and rounding included."""
    chosen = error_rates.fmr(scores, error_rates.threshold_at_fmr(scores, target))
    possible = {error_rates.fmr(scores, threshold) for threshold in np.append(scores, np.inf)}
    assert chosen == max(rate for rate in possible if rate <= target)


@pytest.mark.parametrize(("n", "target", "allowed"), [(100, 0.29, 29), (1000, 1e-3, 1), (999, 1e-3, 0), (100, 0.07, 7)])
def test_a_target_that_is_a_whole_number_of_errors_allows_exactly_that_number(n, target, allowed):
    """0.29 * 100 is 28.999 in floating point, and still allows 29."""
    scores = np.arange(n, dtype=float)
    assert error_rates.fmr(scores, error_rates.threshold_at_fmr(scores, target)) * n == pytest.approx(allowed)


def test_float32_scores_get_a_threshold_that_float32_can_tell_from_the_score_it_refuses():
    """The refused score itself must not match, whatever the type of the array."""
    scores = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    threshold = error_rates.threshold_at_fmr(scores, 0.34)
    assert error_rates.fmr(scores, threshold) == pytest.approx(1 / 3)


def test_rates_agree_with_scikit_learn_on_random_scores():
    """FMR and FNMR at its thresholds, the EER on its curve, and the area under it."""
    generator = np.random.default_rng(5)
    mated, non_mated = generator.normal(1.5, 1, 700).round(2), generator.normal(0, 1, 900).round(2)
    labels, scores = np.repeat([1, 0], [700, 900]), np.concatenate([mated, non_mated])
    false_matches, true_matches, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    for index in range(1, len(thresholds), 37):
        assert error_rates.fmr(non_mated, thresholds[index]) == pytest.approx(false_matches[index])
        assert error_rates.fnmr(mated, thresholds[index]) == pytest.approx(1 - true_matches[index])
    nearest = np.argmin(np.abs(false_matches - (1 - true_matches)))
    found = error_rates.equal_error_rate(mated, non_mated)
    assert found.rate == pytest.approx((false_matches[nearest] + 1 - true_matches[nearest]) / 2)
    assert error_rates.area_under_roc(mated, non_mated) == pytest.approx(roc_auc_score(labels, scores))


@given(SCORES, SCORES)
def test_the_best_threshold_is_as_accurate_as_any(mated, non_mated):
    """Against every cut, by brute force."""

    def correct(threshold):
        return np.sum(mated >= threshold) + np.sum(non_mated < threshold)

    best = correct(error_rates.best_threshold(mated, non_mated))
    inner = [correct(threshold) for threshold in np.concatenate([mated, non_mated])]
    assert best == max(inner)


def test_the_det_curve_falls_from_few_false_matches_to_few_false_non_matches():
    """Both ends and the direction, on scores that overlap."""
    false_matches, false_non_matches = error_rates.det_points(np.linspace(0, 1, 101), np.linspace(-0.5, 0.5, 101))
    assert (np.diff(false_matches) > 0).all()
    assert (np.diff(false_non_matches) <= 0).all()
    assert false_matches[-1] == 1.0
    assert false_non_matches[-1] == 0.0


def test_no_comparisons_give_an_error_and_not_a_rate():
    """A rate of nothing is no rate."""
    with pytest.raises(ValueError, match="no non-mated"):
        error_rates.threshold_at_fmr(np.array([]), 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        error_rates.threshold_at_fmr(np.array([0.1]), 0.0)
