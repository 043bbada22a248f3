"""Accuracy and error rates on a list of pairs, with thresholds that the list did not choose for itself.

A list with folds follows LFW's protocol (Huang et al., 2007): each fold is judged at the threshold of the other folds. A list
without folds is judged at the threshold of another list, of other people. Everything here is made of scores alone.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.calibration import REPLICATES, TARGETS
from idverify.evaluation.comparisons import Comparisons, Indices, Mask
from idverify.evaluation.curves import curves_of, det, equal_error_rate
from idverify.evaluation.error_rates import best_threshold
from idverify.evaluation.intervals import Matrix, draw_people, supported, wilson
from idverify.evaluation.trials import Trials, trials_of

Chooser = Callable[[Comparisons], float]
STRICTEST: Final = 1e-4
"""Parts (quality, groups) are judged at the strictest operating point that n supports, but none stricter: the FMR that NIST SP
800-63A-4 asks of identity proofing."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A set of comparisons at one operating point. Of a list with folds: scores less their fold's threshold, and 0.0."""

    target: float
    trials: Trials
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """What the scores say. report: keys of report.json; judged: the supported operating points; draws: of the people."""

    report: dict[str, Any]
    judged: tuple[Judged, ...]
    draws: Matrix

    @property
    def for_parts(self) -> Judged | None:
        """The operating point at which parts are judged; None where n supports none."""
        return min((one for one in self.judged if one.target >= STRICTEST), key=lambda one: one.target, default=None)


def by_folds(listed: Comparisons, folds: Indices, generator: np.random.Generator) -> Rates:
    """A list with folds: int32 (n,), the fold of each pair. Every pair counts, acquired or not.

    Raises InvalidInput where a fold's threshold has no mated, or no non-mated comparison to come from.
    """

    def thresholds(choose: Chooser) -> Iterator[tuple[Mask, float]]:
        for fold in np.unique(folds):
            inside = folds == fold
            yield inside, choose(listed.only(~inside))

    for fold in np.unique(folds):
        _require(trials_of(listed.only(folds != fold)), "the other folds of one fold")
    found = list(thresholds(_best))
    accuracies = [_correct(listed.only(inside), threshold).mean() for inside, threshold in found]
    accuracy = {
        "mean": float(np.mean(accuracies)),
        "standard_error": float(np.std(accuracies, ddof=1) / math.sqrt(len(accuracies))),
        "folds": [float(value) for value in accuracies],
        "thresholds": [threshold for _, threshold in found],
        "threshold_from": "the other folds",
    }
    fewest = min(listed.only(folds != fold).pairs_of_people for fold in np.unique(folds))

    def judged(target: float) -> tuple[list[float], Judged]:
        chosen = list(thresholds(lambda others: trials_of(others).threshold_at_fmr(target)))
        margins = listed.scores.copy()
        for inside, threshold in chosen:
            margins[inside] -= threshold
        images = listed.first_image, listed.second_image
        moved = Comparisons(listed.people, listed.first, listed.second, *images, margins)
        return [threshold for _, threshold in chosen], Judged(target, trials_of(moved), 0.0)

    return _rates(accuracy | _wilson(listed, found), trials_of(listed), judged, fewest, generator)


def by_other_list(listed: Comparisons, other: Comparisons, generator: np.random.Generator) -> Rates:
    """A list whose thresholds come from another list. Every pair counts, acquired or not.

    Raises InvalidInput where either list has no mated, or no non-mated comparison.
    """
    return by_all_pairs(listed, other, trials_of(listed), trials_of(other), generator)


def by_all_pairs(
    listed: Comparisons, other: Comparisons, judged: Trials, choosing: Trials, generator: np.random.Generator
) -> Rates:
    """Accuracy on the list as by_other_list has it; all else on `judged`, at the thresholds of `choosing`, of other people."""
    _require(trials_of(listed), "the list")
    _require(trials_of(other), "the other list")
    everything = np.ones(listed.scores.size, dtype=np.bool_)
    threshold = _best(other)
    rate = float(_correct(listed, threshold).mean())
    accuracy = {
        "mean": rate,
        "standard_error": math.sqrt(rate * (1 - rate) / listed.scores.size),
        "thresholds": [threshold],
        "threshold_from": "another list, of other people",
    }

    def at(target: float) -> tuple[list[float], Judged]:
        chosen = choosing.threshold_at_fmr(target)
        return [chosen], Judged(target, judged, chosen)

    carried = min(choosing.pairs_of_people, judged.pairs_of_people)
    return _rates(accuracy | _wilson(listed, [(everything, threshold)]), judged, at, carried, generator)


def _rates(
    accuracy: dict[str, Any],
    trials: Trials,
    at: Callable[[float], tuple[list[float], Judged]],
    carried: int,
    generator: np.random.Generator,
) -> Rates:
    draws = draw_people(trials.people, REPLICATES, generator)
    points, supported_ones = [], []
    for target in TARGETS:
        note = "not supported by n"
        if supported(target, carried):
            thresholds, judged = at(target)
            if judged.trials.holds(judged.threshold):
                points.append(_point(judged, thresholds, draws))
                supported_ones.append(judged)
                continue
            note = "beyond the scores that were kept"
        points.append({"target_fmr": target, **dict.fromkeys(KEYS), "supported": False, "note": note})
    curves = curves_of(trials, draws)
    facts = {
        "n_mated": int(trials.mated.size),
        "n_non_mated": trials.n_non_mated,
        "non_mated_not_compared": trials.not_compared,
        "people": int(np.unique(np.concatenate([trials.person, trials.first, trials.second])).size),
        "pairs_of_people": trials.pairs_of_people,
    }
    rates = equal_error_rate(trials, curves) | {"det": det(curves, trials)}
    return Rates({"accuracy": accuracy, "operating_points": points} | rates | facts, tuple(supported_ones), draws)


KEYS: Final = ("threshold", "fmr", "fmr_high", "fnmr", "fnmr_low", "fnmr_high")


def _point(judged: Judged, thresholds: Sequence[float], draws: Matrix) -> dict[str, Any]:
    """One operating point; the errors of all folds are pooled."""
    fmr, fnmr = judged.trials.fmr(judged.threshold, draws), judged.trials.fnmr(judged.threshold, draws)
    values = (float(np.mean(thresholds)), fmr.value, fmr.high, fnmr.value, fnmr.low, fnmr.high)
    counts = {"false_matches": fmr.errors, "false_non_matches": fnmr.errors, "thresholds": list(thresholds)}
    return {
        "target_fmr": judged.target,
        **dict(zip(KEYS, values, strict=True)),
        "supported": True,
        "fmr_low": fmr.low,
        **counts,
    }


def _require(trials: Trials, name: str) -> None:
    """Raise InvalidInput unless there is something to measure on either side."""
    if trials.mated.size == 0 or trials.n_non_mated == 0:
        raise InvalidInput(f"{name} has no mated, or no non-mated comparison that could be made: error rates need both")


def _best(comparisons: Comparisons) -> float:
    return best_threshold(comparisons.mated_scores, comparisons.non_mated_scores)


def _correct(comparisons: Comparisons, threshold: float) -> Mask:
    """Which comparisons were judged rightly, (n,). One that could not be made is a non-match."""
    matches = np.nan_to_num(comparisons.scores, nan=-np.inf) >= threshold
    correct: Mask = matches == comparisons.mated
    return correct


def _wilson(listed: Comparisons, found: Sequence[tuple[Mask, float]]) -> dict[str, Any]:
    correct = sum(int(_correct(listed.only(inside), threshold).sum()) for inside, threshold in found)
    low, high = wilson(correct, listed.scores.size)
    return {"correct": correct, "n": int(listed.scores.size), "low": low, "high": high, "interval": "Wilson, 95 %, over pairs"}
