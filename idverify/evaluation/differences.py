"""Whether one figure of two runs differs beyond noise.

Paired, where both runs judged the same trials: the difference's interval comes from drawing people again, the same people for
both, and McNemar's exact test has to agree, for the former is too sure of itself with few disagreements and the latter takes
trials of one person for independent. Unpaired, where only rates and bounds are known: the bounds are combined as if the runs
were independent, which is too careful where they share their data. Every interval is of 95 %; figures are not corrected for
being many.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.intervals import Matrix, Rate, difference, mcnemar

BETTER, WORSE, SAME, CANNOT_TELL = "better", "worse", "no difference beyond noise", "cannot tell"
LEVEL: Final = 0.05
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of run A and of run B. low, high: bounds of B - A; p: of McNemar's test, where it was made."""

    figure: str
    a: float
    b: float
    low: float | None
    high: float | None
    p: float | None
    verdict: str
    method: str


def paired_rate(
    figure: str, wrong_a: NDArray[np.bool_], wrong_b: NDArray[np.bool_], weights: Matrix, *, errors_are_bad: bool = True
) -> Difference:
    """Errors (n,) of both runs on the same trials. weights: (replicates, n), how often each trial was drawn.

    errors_are_bad: False where what is counted is what one wants more of.
    """
    tried = weights.sum(axis=1)
    drawn = (weights[tried > 0] @ (wrong_b.astype(np.float64) - wrong_a)) / tried[tried > 0]
    p = mcnemar(int((wrong_a & ~wrong_b).sum()), int((wrong_b & ~wrong_a).sum()))
    a, b = float(wrong_a.mean()), float(wrong_b.mean())
    low, high = (float(bound) for bound in np.quantile(drawn, (0.025, 0.975)))
    verdict = verdict_of(low, high, lower_is_better=errors_are_bad) if p < LEVEL else SAME
    return Difference(figure, a, b, min(low, b - a), max(high, b - a), p, verdict, "paired: people drawn again, McNemar exact")


def paired_replicates(figure: str, a: float, b: float, drawn_a: Doubles, drawn_b: Doubles) -> Difference:
    """A figure of which only replicates exist, (replicates,) each, from the same draws; lower is better."""
    gaps = drawn_b - drawn_a
    gaps = gaps[np.isfinite(gaps)]
    if gaps.size == 0:
        return Difference(figure, a, b, None, None, None, CANNOT_TELL, "no replicate has the figure")
    low, high = (float(bound) for bound in np.quantile(gaps, (0.025, 0.975)))
    return Difference(figure, a, b, low, high, None, verdict_of(low, high), "paired: people drawn again")


def unpaired_rate(figure: str, a: Rate, b: Rate, *, lower_is_better: bool = True) -> Difference:
    """Two rates with bounds, as if of independent runs."""
    low, high = difference(a, b)
    verdict = verdict_of(low, high, lower_is_better=lower_is_better)
    return Difference(figure, a.value, b.value, low, high, None, verdict, "unpaired: from the interval of each run")


def unknown(figure: str, a: float, b: float, why: str) -> Difference:
    """Both figures, and why nothing can be said about them."""
    return Difference(figure, a, b, None, None, None, CANNOT_TELL, why)


def verdict_of(low: float, high: float, *, lower_is_better: bool = True) -> str:
    """What an interval of B - A says about B."""
    if low <= 0 <= high:
        return SAME
    return BETTER if (high < 0) == lower_is_better else WORSE
