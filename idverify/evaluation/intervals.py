"""How far an observed rate can be trusted. Pure numpy; 95 % unless said, two-sided unless said.

Comparisons that share a person are not independent: one look-alike spoils many of them. The bootstrap here draws people, not
comparisons (Bolle, Ratha, Pankanti: 'Error analysis of pattern recognition systems - the subsets bootstrap', 2004); a non-mated
comparison counts as often as both its people were drawn, the product of the two. With few errors it is too narrow, so the
exact binomial bound is its floor, and with none the rule of three stands in. With few people it is too narrow as well, one
person alone has no spread at all, so that the rule of three, from below and from above, is a floor by itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer]
Matrix = NDArray[np.float64]
BLOCK: Final = 2048  # comparisons weighed at a time


@dataclass(frozen=True, slots=True)
class Rate:
    """An observed rate with its bounds, all 0..1. errors of n trials; method: how the bounds were found."""

    value: float
    low: float
    high: float
    errors: int
    n: int
    method: str


def clopper_pearson(errors: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson, 1934). Raises ValueError unless 0 <= errors <= n and n > 0."""
    _require(errors, n)
    tail = (1.0 - confidence) / 2
    low = 0.0 if errors == 0 else _solve(lambda p: 1.0 - _binomial_cdf(errors - 1, n, p), tail, rising=True)
    high = 1.0 if errors == n else _solve(lambda p: _binomial_cdf(errors, n, p), tail, rising=False)
    return low, high


def difference(one: Rate, other: Rate) -> tuple[float, float]:
    """Bounds of other - one, of two independent rates, from the bounds of each (Newcombe 1998; Zou and Donner 2008)."""
    gap = other.value - one.value
    low = gap - math.hypot(other.value - other.low, one.high - one.value)
    high = gap + math.hypot(other.high - other.value, one.value - one.low)
    return low, high


def mcnemar(only_one: int, only_other: int) -> float:
    """Exact two-sided p of McNemar's test (1947): errors that only the one, and only the other made on the same trials."""
    n = only_one + only_other
    return min(1.0, 2.0 * _binomial_cdf(min(only_one, only_other), n, 0.5)) if n else 1.0


def wilson(errors: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval (1927). z: quantile of the normal distribution. Raises ValueError as clopper_pearson does."""
    _require(errors, n)
    rate = errors / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def rule_of_three(n: int) -> float:
    """One-sided 95 % upper bound of a rate of which no error was seen in n independent trials, at most 1."""
    _require(0, n)
    return min(1.0, 3.0 / n)


def draw_people(people: int, replicates: int, generator: np.random.Generator) -> Matrix:
    """How often each person was drawn, (replicates, people): each replicate draws as many people as there are, with return."""
    return generator.multinomial(people, np.full(people, 1.0 / people), size=replicates).astype(np.float64)


def clustered_rate(cluster: Counts, errors: NDArray[np.bool_], draws: Matrix, *, independent: int | None = None) -> Rate:
    """A rate with bounds by drawing clusters: an FNMR by person, say. Raises ValueError on empty input.

    cluster: (n,) whose trial it is, an index below draws.shape[1]; errors: (n,). independent: how many trials the rule of
    three may count; unless said, the clusters that have any.
    """
    trials = np.bincount(cluster, minlength=draws.shape[1]).astype(np.float64)
    wrong = np.bincount(cluster, weights=errors, minlength=draws.shape[1])
    independent = int(np.count_nonzero(trials)) if independent is None else independent
    return clustered(draws @ wrong, draws @ trials, int(errors.sum()), errors.size, independent)


def cumulative_weights(first: Counts, second: Counts, ends: Sequence[int], draws: Matrix) -> Matrix:
    """How much the first `end` comparisons weigh in each replicate, for each of the ascending `ends`: (ends, replicates).

    A comparison weighs the product of how often its two people were drawn. Time is of the order of comparisons x replicates,
    and memory does not grow with the comparisons: for the few that match, of millions.
    """
    drawn = np.ascontiguousarray(draws.T)
    totals = np.zeros((len(ends), draws.shape[0]))
    running, start = np.zeros(draws.shape[0]), 0
    for row, end in enumerate(ends):
        for block in range(start, end, BLOCK):
            part = slice(block, min(block + BLOCK, end))
            running += np.einsum("cr,cr->r", drawn[first[part]], drawn[second[part]])
        totals[row], start = running, end
    return totals


def clustered_fmr(first: Counts, second: Counts, errors: NDArray[np.bool_], draws: Matrix) -> Rate:
    """FMR with bounds. first, second: (n,) the two people of each non-mated comparison; errors: (n,) false matches.

    The comparisons are summed by pair of people once, so that millions of them cost two matrix products. Memory is of the
    order of people squared. Raises ValueError on empty input.
    """
    people = draws.shape[1]
    cell = np.minimum(first, second).astype(np.int64) * people + np.maximum(first, second)
    trials = np.bincount(cell, minlength=people * people).astype(np.float64).reshape(people, people)
    wrong = np.bincount(cell[errors], minlength=people * people).astype(np.float64).reshape(people, people)
    pairs = int(np.count_nonzero(trials))
    return clustered(_quadratic(draws, wrong), _quadratic(draws, trials), int(errors.sum()), errors.size, pairs)


def clustered(wrong: Matrix, trials: Matrix, errors: int, n: int, independent: int) -> Rate:
    """A rate with bounds from what was wrong and what was tried in each replicate, (replicates,) each.

    errors of n: as observed. independent: how many trials the rule of three may count. Raises ValueError without trials.
    """
    _require(errors, n)
    if errors == 0:
        return Rate(0.0, 0.0, rule_of_three(independent), 0, n, f"rule of three, {independent} independent trials")
    drawn = trials > 0
    low, high = np.quantile(wrong[drawn] / trials[drawn], (0.025, 0.975))
    exact_low, exact_high = clopper_pearson(errors, n)
    least = rule_of_three(independent)
    low, high = min(float(low), exact_low, 1.0 - least), max(float(high), exact_high, least)
    return Rate(errors / n, low, min(1.0, high), errors, n, "bootstrap of people")


def pairs_of_people(first: Counts, second: Counts) -> int:
    """How many distinct pairs of two people the comparisons hold."""
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    return int(np.unique(low * (int(high.max(initial=0)) + 1) + high).size)


def supported(target: float, independent: int) -> bool:
    """Whether so many independent trials can carry the target: error-free, they would bound the rate at it (rule of three).

    For an FMR the independent trials are distinct pairs of people, however many images each person has.
    """
    return independent * target >= 3.0


def _quadratic(draws: Matrix, cells: Matrix) -> Matrix:
    """The quadratic form of `cells` in every replicate's draws: (replicates,)."""
    total: Matrix = np.einsum("rp,rp->r", draws @ cells, draws)
    return total


def _binomial_cdf(errors: int, n: int, p: float) -> float:
    """P(X <= errors) of a binomial variable, summed in logarithms from whichever tail is shorter."""
    if errors > n // 2:
        return 1.0 - _binomial_cdf(n - errors - 1, n, 1.0 - p) if errors < n else 1.0
    k = np.arange(1, errors + 1, dtype=np.float64)
    steps = np.log((n - k + 1) / k) + math.log(p) - math.log1p(-p)
    logarithms = np.concatenate([[0.0], np.cumsum(steps)]) + n * math.log1p(-p)
    return min(1.0, float(np.exp(logarithms).sum()))


def _solve(function: Callable[[float], float], value: float, *, rising: bool) -> float:
    """The p in (0, 1) at which a monotonic function takes the value, by bisection down to the resolution of doubles."""
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2) not in (low, high) and high - low > 1e-15 + 1e-12 * low:
        if (function(middle) < value) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _require(errors: int, n: int) -> None:
    if n <= 0 or not 0 <= errors <= n:
        raise ValueError("a rate needs at least one trial, and no more errors than trials")
