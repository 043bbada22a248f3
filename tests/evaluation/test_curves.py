"""The DET curve, its band, and the EER with its interval, against scikit-learn, pyeer and their own promise."""

import numpy as np
import pytest
from pyeer.eer_stats import calculate_roc, get_eer_values, get_fmr_op
from sklearn.metrics import det_curve

from idverify.evaluation import error_rates
from idverify.evaluation.comparisons import Comparisons
from idverify.evaluation.curves import curves_of, det, equal_error_rate
from idverify.evaluation.intervals import draw_people
from idverify.evaluation.trials import trials_of


def trials(people, *, gap, generator, own=0.0):
    """Three mated and six non-mated comparisons a person, normal scores, mated ones higher by the gap; own: spread by person."""
    first = np.repeat(np.arange(people, dtype=np.int32), 9)
    second = first.copy()
    second.reshape(people, 9)[:, 3:] = (np.arange(people)[:, None] + np.arange(1, 7)) % people
    tendency = own * generator.normal(size=people)
    scores = generator.normal(size=first.size) + np.where(first == second, gap + tendency[first], 0.0)
    nothing = np.zeros(first.size, np.int32)
    return trials_of(Comparisons(people, first, second, nothing, nothing, scores))


def test_the_det_curve_is_that_of_scikit_learn():
    """At each of our thresholds, its curve has the same rates."""
    found = trials(80, gap=2.0, generator=np.random.default_rng(1))
    rows = det(curves_of(found, draw_people(80, 50, np.random.default_rng(2))), found)
    labels = np.repeat([1, 0], [found.mated.size, found.non_mated.size])
    false_matches, misses, thresholds = det_curve(labels, np.concatenate([found.mated, found.non_mated]))
    checked = 0
    for row in rows:
        place = np.flatnonzero(thresholds == row["threshold"])
        if place.size:  # it leaves out what lies beyond the last miss
            checked += 1
            assert (row["fmr"], row["fnmr"]) == pytest.approx((false_matches[place[0]], misses[place[0]]))
    assert checked > 50


def test_the_band_holds_the_curve_and_narrows_with_more_people():
    """Pointwise, between 0 and 1."""
    widths = []
    for people in (40, 640):
        found = trials(people, gap=2.0, generator=np.random.default_rng(1))
        rows = det(curves_of(found, draw_people(people, 200, np.random.default_rng(2))), found)
        assert all(0 <= row["fnmr_low"] <= row["fnmr"] <= row["fnmr_high"] <= 1 for row in rows)
        middle = min(rows, key=lambda row: abs(row["fmr"] - 0.1))
        widths.append(middle["fnmr_high"] - middle["fnmr_low"])
    assert widths[1] < 0.5 * widths[0]


def test_the_eer_is_that_of_pyeer_to_within_one_comparison():
    """It takes the first crossing, we the nearest pair of rates: between two neighbours they may choose differently."""
    for seed in range(10):
        found = trials(60, gap=1.5, generator=np.random.default_rng(seed))
        thresholds, false_matches, misses = calculate_roc(found.mated, found.non_mated[::-1])
        expected = get_eer_values(false_matches, misses)[3]
        step = 1 / found.mated.size + 1 / found.non_mated.size
        assert error_rates.equal_error_rate(found.mated, found.non_mated).rate == pytest.approx(expected, abs=step)
        for threshold, fmr, fnmr in zip(thresholds[::40], false_matches[::40], misses[::40], strict=True):
            assert error_rates.fmr(found.non_mated, threshold) == pytest.approx(fmr)
            assert error_rates.fnmr(found.mated, threshold) == pytest.approx(fnmr)


def test_pyeer_takes_the_nearest_fmr_which_may_exceed_the_target_and_we_never_do():
    """197 non-mated scores at a target of 1e-2: the nearest is 2 of 197, over the target; ours is 1."""
    generator = np.random.default_rng(4)
    mated, non_mated = generator.normal(2, 1, 100), generator.normal(0, 1, 197)
    _, false_matches, misses = calculate_roc(mated, non_mated)
    index, _ = get_fmr_op(false_matches, misses, 0.01)
    assert false_matches[index] == pytest.approx(2 / 197)
    assert error_rates.fmr(non_mated, error_rates.threshold_at_fmr(non_mated, 0.01)) == pytest.approx(1 / 197)


def test_the_eer_interval_covers_the_truth_about_as_often_as_it_says():
    """Two normal distributions whose EER is known: 95 % of the intervals should hold it, people with tendencies included."""
    truth, held, runs = 0.158655, 0, 60  # the normal distribution's share beyond 1, half of the gap
    generator = np.random.default_rng(9)
    for _ in range(runs):
        found = trials(60, gap=2.0, generator=generator)
        bounds = equal_error_rate(found, curves_of(found, draw_people(60, 200, generator)))
        held += bounds["eer_low"] <= truth <= bounds["eer_high"]
    assert held >= 0.88 * runs


def test_people_with_tendencies_of_their_own_widen_the_eer_interval():
    """The same number of comparisons, tied to fewer fates, knows less."""
    widths = []
    for own in (0.0, 2.0):
        found = trials(150, gap=2.5, own=own, generator=np.random.default_rng(5))
        bounds = equal_error_rate(found, curves_of(found, draw_people(150, 400, np.random.default_rng(6))))
        widths.append((bounds["eer_high"] - bounds["eer_low"]) / np.sqrt(bounds["eer"] * (1 - bounds["eer"])))
    assert widths[1] > 1.2 * widths[0]


def test_without_any_error_the_eer_is_bounded_by_how_many_people_there_are():
    """Zero is no proof of zero."""
    found = trials(30, gap=40.0, generator=np.random.default_rng(5))
    bounds = equal_error_rate(found, curves_of(found, draw_people(30, 100, np.random.default_rng(6))))
    assert (bounds["eer"], bounds["eer_low"], bounds["eer_high"]) == (0.0, 0.0, pytest.approx(3 / 30))


def test_nothing_but_errors_of_few_people_is_no_proof_that_all_is_lost():
    """Nor is the middle sure of itself where the people are two: replicates of so few hardly differ."""
    for people, gap, least in ((30, -40.0, 1 - 3 / 30), (2, 0.0, 0.0)):
        found = trials(people, gap=gap, generator=np.random.default_rng(5))
        bounds = equal_error_rate(found, curves_of(found, draw_people(people, 100, np.random.default_rng(6))))
        assert bounds["eer_low"] == pytest.approx(least)
        assert bounds["eer_high"] == 1.0
