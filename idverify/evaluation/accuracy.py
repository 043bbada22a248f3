"""Accuracy and error rates on a list of pairs, with thresholds that the list did not choose for itself.

A list with folds follows LFW's protocol (Huang et al., 2007): each fold is judged at the threshold of the other folds. A list
without folds is judged at the threshold of another list, of other people.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.comparisons import Comparisons, Indices, Mask
from idverify.evaluation.error_rates import best_threshold, equal_error_rate, threshold_at_fmr
from idverify.evaluation.intervals import Matrix, clustered_fmr, clustered_rate, draw_people, supported, wilson

TARGETS: Final = (1e-2, 1e-3, 1e-4)
Chooser = Callable[[Comparisons], float]


def by_folds(listed: Comparisons, folds: Indices, generator: np.random.Generator) -> dict[str, Any]:
    """Keys of a report for a list with folds: int32 (n,), the fold of each pair. Every pair counts, acquired or not."""

    def thresholds(choose: Chooser) -> Iterator[tuple[Mask, float]]:
        for fold in np.unique(folds):
            inside = folds == fold
            yield inside, choose(listed.only(~inside))

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
    draws = draw_people(listed.people, REPLICATES, generator)
    points = [_point(listed, target, list(thresholds(_at_fmr(target))), draws, carried=fewest) for target in TARGETS]
    return {"accuracy": accuracy | _wilson(listed, found), "operating_points": points} | _facts(listed)


def by_other_list(listed: Comparisons, other: Comparisons, generator: np.random.Generator) -> dict[str, Any]:
    """Keys of a report for a list whose thresholds come from another list. Every pair counts, acquired or not."""
    everything = np.ones(listed.scores.size, dtype=np.bool_)
    threshold = _best(other)
    rate = float(_correct(listed, threshold).mean())
    accuracy = {
        "mean": rate,
        "standard_error": math.sqrt(rate * (1 - rate) / listed.scores.size),
        "thresholds": [threshold],
        "threshold_from": "another list, of other people",
    }
    draws = draw_people(listed.people, REPLICATES, generator)
    carried = other.pairs_of_people
    points = [_point(listed, target, [(everything, _at_fmr(target)(other))], draws, carried=carried) for target in TARGETS]
    return {"accuracy": accuracy | _wilson(listed, [(everything, threshold)]), "operating_points": points} | _facts(listed)


def _best(comparisons: Comparisons) -> float:
    return best_threshold(comparisons.mated_scores, comparisons.non_mated_scores)


def _at_fmr(target: float) -> Chooser:
    return lambda comparisons: threshold_at_fmr(comparisons.non_mated_scores, target)


def _correct(comparisons: Comparisons, threshold: float) -> Mask:
    """Which comparisons were judged rightly, (n,). One that could not be made is a non-match."""
    matches = np.nan_to_num(comparisons.scores, nan=-np.inf) >= threshold
    correct: Mask = matches == comparisons.mated
    return correct


def _wilson(listed: Comparisons, found: Sequence[tuple[Mask, float]]) -> dict[str, Any]:
    correct = sum(int(_correct(listed.only(inside), threshold).sum()) for inside, threshold in found)
    low, high = wilson(correct, listed.scores.size)
    return {"correct": correct, "n": int(listed.scores.size), "low": low, "high": high, "interval": "Wilson, 95 %, over pairs"}


def _point(
    listed: Comparisons, target: float, found: Sequence[tuple[Mask, float]], draws: Matrix, *, carried: int
) -> dict[str, Any]:
    """One operating point; the errors of all folds are pooled. Without support by `carried` there are no rates, only a note."""
    keys = ("threshold", "fmr", "fmr_high", "fnmr", "fnmr_low", "fnmr_high")
    if not supported(target, carried):
        return {"target_fmr": target, **dict.fromkeys(keys), "supported": False, "note": "not supported by n"}
    threshold = np.empty(listed.scores.size)
    for inside, value in found:
        threshold[inside] = value
    mated, compared = listed.mated, listed.compared_non_mated
    fmr = clustered_fmr(listed.first[compared], listed.second[compared], (listed.scores >= threshold)[compared], draws)
    fnmr = clustered_rate(listed.first[mated], listed.mated_scores < threshold[mated], draws)
    values = (float(np.mean([value for _, value in found])), fmr.value, fmr.high, fnmr.value, fnmr.low, fnmr.high)
    return {"target_fmr": target, **dict(zip(keys, values, strict=True)), "supported": True}


def _facts(listed: Comparisons) -> dict[str, Any]:
    return {
        "eer": equal_error_rate(listed.mated_scores, listed.non_mated_scores).rate,
        "n_mated": int(np.count_nonzero(listed.mated)),
        "n_non_mated": int(np.count_nonzero(listed.compared_non_mated)),
        "non_mated_not_compared": int(np.count_nonzero(~listed.mated & ~listed.compared_non_mated)),
    }
