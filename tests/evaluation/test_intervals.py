"""Bounds against scipy, hand computation, and their own promise: coverage."""

import numpy as np
import pytest
from scipy.stats import beta, binomtest

from idverify.evaluation import intervals


@pytest.mark.parametrize(
    ("errors", "n"), [(0, 5), (1, 10), (5, 5), (3, 1000), (500, 1000), (997, 1000), (11, 1_000_000), (60_000, 6_000_000)]
)
def test_clopper_pearson_is_that_of_the_beta_distribution(errors, n):
    """The quantiles of the beta distribution, from scipy, are the same bounds."""
    low, high = intervals.clopper_pearson(errors, n)
    assert low == pytest.approx(0.0 if errors == 0 else beta.ppf(0.025, errors, n - errors + 1), rel=1e-6)
    assert high == pytest.approx(1.0 if errors == n else beta.ppf(0.975, errors + 1, n - errors), rel=1e-6)


@pytest.mark.parametrize(("errors", "n"), [(0, 10), (3, 20), (20, 20), (7, 6000)])
def test_wilson_is_scipys(errors, n):
    """scipy.stats.binomtest offers the same interval."""
    expected = binomtest(errors, n).proportion_ci(method="wilson")
    assert intervals.wilson(errors, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_rule_of_three_bounds_an_error_free_run():
    """3 / n, never above one; and it replaces the interval where no error was seen."""
    assert intervals.rule_of_three(3000) == 1e-3
    assert intervals.rule_of_three(2) == 1.0


@pytest.mark.parametrize(("errors", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(errors, n):
    """No trials, negative errors, more errors than trials."""
    with pytest.raises(ValueError, match="at least one trial"):
        intervals.clopper_pearson(errors, n)


def test_every_replicate_draws_as_many_people_as_there_are():
    """With return, from the generator that was passed in, and from no other."""
    draws = intervals.draw_people(30, 50, np.random.default_rng(1))
    assert draws.shape == (50, 30)
    assert (draws.sum(axis=1) == 30).all()
    assert (draws == intervals.draw_people(30, 50, np.random.default_rng(1))).all()


def test_a_non_mated_comparison_weighs_the_product_of_its_two_people():
    """Against the definition, drawn by drawn, with copies of one person never compared with each other."""
    first, second = np.array([0, 2, 1, 1, 0]), np.array([1, 1, 2, 3, 3])
    errors = np.array([True, False, True, False, False])
    draws = intervals.draw_people(4, 400, np.random.default_rng(3))
    weights = draws[:, first] * draws[:, second]
    possible = weights.sum(axis=1) > 0
    expected = np.quantile((weights * errors).sum(axis=1)[possible] / weights.sum(axis=1)[possible], [0.025, 0.975])
    exact = intervals.clopper_pearson(2, 5)
    rate = intervals.clustered_fmr(first, second, errors, draws)
    assert rate.value == 0.4
    assert rate.low == pytest.approx(min(expected[0], exact[0]))
    assert rate.high == pytest.approx(max(expected[1], exact[1], intervals.rule_of_three(4)))


def test_people_who_err_together_widen_the_bound():
    """The same 40 errors, spread over 400 people or piled on 4 of them: the pile knows less."""
    person = np.repeat(np.arange(400), 10)
    spread, piled = np.arange(4000) % 100 == 0, np.arange(4000) < 40
    draws = intervals.draw_people(400, 1000, np.random.default_rng(7))
    assert intervals.clustered_rate(person, piled, draws).high > 1.3 * intervals.clustered_rate(person, spread, draws).high
    assert intervals.clustered_rate(person, spread, draws).high >= intervals.clopper_pearson(40, 4000)[1]


def test_without_errors_many_images_of_few_people_bound_little():
    """Ten people make 45 independent pairs, however many images each has."""
    first, second = (side.ravel() for side in np.meshgrid(np.arange(10), np.arange(10)))
    upper = first < second
    first, second = np.tile(first[upper], 200), np.tile(second[upper], 200)
    draws = intervals.draw_people(10, 100, np.random.default_rng(2))
    rate = intervals.clustered_fmr(first, second, np.zeros(first.size, bool), draws)
    assert rate.n == 9000
    assert rate.high == pytest.approx(3 / 45)
    assert intervals.pairs_of_people(first, second) == 45
    assert not intervals.supported(1e-2, 45)
    assert intervals.supported(1e-2, 300)


def test_the_bound_covers_the_truth_about_as_often_as_it_says():
    """Simulated look-alikes: each person has an own tendency to be mistaken. 95 % of the intervals should hold the truth."""
    generator = np.random.default_rng(11)
    people, held, runs = 60, 0, 60
    first, second = np.triu_indices(people, 1)
    for _ in range(runs):
        tendency = generator.beta(0.5, 4.5, people)
        errors = generator.random(first.size) < tendency[first] * tendency[second]
        rate = intervals.clustered_fmr(first, second, errors, intervals.draw_people(people, 400, generator))
        held += rate.low <= 0.01 <= rate.high
    assert held >= 0.87 * runs
