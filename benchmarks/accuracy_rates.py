"""FNMR at a fixed FMR over all pairs of a set of photographs, with bounds by drawing people. For benchmarks/accuracy_ideas.py.

As `idverify calibrate` does (docs/decisions/0002-calibration.md), with one thing more: in each replicate the threshold is found
anew, so that the bounds know how uncertain it is; and every idea meets the same replicates, so that two can be subtracted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.error_rates import threshold_at_fmr
from idverify.evaluation.exclusions import Exclusion
from idverify.evaluation.intervals import draw_people

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
REPLICATES = 1000
KEPT = 0.006  # of the non-mated comparisons, the highest, are kept: enough for a replicate's FMR of 1e-3
TARGETS = (1e-3, 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """One idea on one set: thresholds and FNMR by target; replicates (1000,) of that FNMR by target."""

    thresholds: dict[float, float]
    fnmr: dict[float, float]
    replicates: dict[float, Doubles]
    mated: Floats
    non_mated: Floats

    def interval(self, target: float) -> tuple[float, float]:
        """95 %, threshold found anew in each replicate."""
        low, high = np.quantile(self.replicates[target], (0.025, 0.975))
        return float(low), float(high)

    def change(self, other: "Rates", target: float) -> tuple[float, float, float]:
        """FNMR less the other's, and the 95 % interval of that difference over the same replicates."""
        low, high = np.quantile(self.replicates[target] - other.replicates[target], (0.025, 0.975))
        return self.fnmr[target] - other.fnmr[target], float(low), float(high)


class Set:
    """All pairs of some photographs. people: (n,) whose; rows: which of the n take part; crossed: names never compared."""

    def __init__(self, people: NDArray[np.str_], rows: NDArray[np.intp], crossed: Sequence[tuple[str, str]] = ()) -> None:
        self.rows = rows
        names, person = np.unique(people[rows], return_inverse=True)
        self.people = len(names)
        number = {name: index for index, name in enumerate(names.tolist())}
        self._apart = [(number[a], number[b]) for a, b in crossed if a in number and b in number]
        first, second = np.triu_indices(len(rows), 1)
        one, other = person[first].astype(np.int16), person[second].astype(np.int16)
        kept = np.ones(one.size, dtype=np.bool_)
        for a, b in self._apart:
            kept &= ~(((one == a) & (other == b)) | ((one == b) & (other == a)))
        self._flat = (first.astype(np.int64) * len(rows) + second)[kept]
        self._one, self._other = one[kept], other[kept]
        self._mated = self._one == self._other
        self.n_mated, self.n_non_mated = int(self._mated.sum()), int((~self._mated).sum())
        self._draws = draw_people(self.people, REPLICATES, np.random.default_rng(1))
        images = np.bincount(person, minlength=self.people)
        drawn = self._draws * images
        # Pairs of different people in each replicate; copies of one person are never compared with each other.
        self._trials = (drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)) / 2
        for a, b in self._apart:
            self._trials -= drawn[:, a] * drawn[:, b]

    def measure(self, score: Callable[[NDArray[np.intp]], Floats], thresholds: dict[float, float] | None = None) -> Rates:
        """Rates of an idea. score: all scores (k, k) among k photographs. thresholds: from elsewhere; else found here."""
        scores = score(self.rows).ravel()[self._flat]
        mated, non_mated = scores[self._mated], scores[~self._mated]
        fixed = thresholds is not None
        found = thresholds or {target: threshold_at_fmr(non_mated, target) for target in TARGETS}
        highest = np.argpartition(non_mated, -int(KEPT * non_mated.size))[-int(KEPT * non_mated.size) :]
        order = highest[np.argsort(non_mated[highest])[::-1]]
        one, other = self._one[~self._mated][order], self._other[~self._mated][order]
        whose, top = self._one[self._mated], non_mated[order]
        replicates = {target: np.empty(REPLICATES) for target in TARGETS}
        for start in range(0, REPLICATES, 100):
            draws = self._draws[start : start + 100]
            weights = draws[:, whose]
            false = np.cumsum(draws[:, one] * draws[:, other], axis=1)
            for target, values in replicates.items():
                if fixed:
                    limits = np.full(len(draws), found[target])
                else:
                    refused = (false <= target * self._trials[start : start + 100, None]).sum(axis=1)
                    limits = np.nextafter(top[refused], np.float32(np.inf))
                wrong = mated[None, :] < limits[:, None]
                values[start : start + 100] = (weights * wrong).sum(axis=1) / weights.sum(axis=1)
        fnmr = {target: float((mated < found[target]).mean()) for target in TARGETS}
        return Rates(found, fnmr, replicates, mated, non_mated)


def without(images: Sequence[str], exclusions: Sequence[Exclusion]) -> tuple[NDArray[np.intp], list[tuple[str, str]]]:
    """The photographs that remain without label errors, and the pairs of names of one person, never compared."""
    wrong = {name for exclusion in exclusions for name in exclusion.images}
    rows = np.array([index for index, name in enumerate(images) if name not in wrong])
    return rows, [(one.people[0], one.people[1]) for one in exclusions if one.people]
