"""Error rates of comparison scores, as ISO/IEC 19795-1 defines them. Pure numpy.

A score equal to the threshold is a match. A score is higher the more alike two faces are. Inputs are one-dimensional arrays of
finite scores, but that `mated` may hold -inf: a comparison that could not be made never matches. Empty inputs raise ValueError.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EqualErrorRate:
    """Where FMR and FNMR are nearest to each other. rate: their mean there, 0..1."""

    rate: float
    threshold: float


def fmr(non_mated: Scores, threshold: float) -> float:
    """False match rate: the share of non-mated comparisons at or above the threshold, 0..1."""
    _require(non_mated, "non-mated")
    return float(np.count_nonzero(non_mated >= threshold) / non_mated.size)


def fnmr(mated: Scores, threshold: float) -> float:
    """False non-match rate: the share of mated comparisons below the threshold, 0..1."""
    _require(mated, "mated")
    return float(np.count_nonzero(mated < threshold) / mated.size)


def threshold_at_fmr(non_mated: Scores, target: float, *, n: int | None = None) -> float:
    """The lowest threshold whose FMR on these scores is not above the target (0 < target < 1): the largest FMR allowed.

    Where ties straddle the target, all of them stay below the threshold. Never the nearest FMR, which may exceed the target.
    n: how many scores there are where `non_mated` holds only the highest of them; raises ValueError where too few are held.
    """
    _require(non_mated, "non-mated")
    if not 0.0 < target < 1.0:
        raise ValueError("a target FMR lies between 0 and 1, both excluded")
    allowed = _allowed(target, non_mated.size if n is None else n)
    if allowed >= non_mated.size:
        raise ValueError("too few of the highest scores are known for this target")
    least_refused = np.partition(non_mated, non_mated.size - 1 - allowed)[non_mated.size - 1 - allowed]
    return float(np.nextafter(least_refused, np.array(np.inf, dtype=non_mated.dtype)))


def equal_error_rate(mated: Scores, non_mated: Scores, *, n: int | None = None) -> EqualErrorRate:
    """The equal error rate over all thresholds that the scores can tell apart.

    n: how many non-mated scores there are where `non_mated` holds only the highest; thresholds below those are not looked at.
    """
    _require(mated, "mated")
    _require(non_mated, "non-mated")
    mated, non_mated = np.sort(mated), np.sort(non_mated)
    candidates = np.unique(np.concatenate([mated[np.isfinite(mated)], non_mated]).astype(np.float64))
    candidates = np.append(candidates, np.nextafter(candidates[-1], np.inf))
    if n is not None and n > non_mated.size:
        candidates = candidates[candidates >= non_mated[0]]
    false_matches = (non_mated.size - np.searchsorted(non_mated, candidates, side="left")) / (n or non_mated.size)
    false_non_matches = np.searchsorted(mated, candidates, side="left") / mated.size
    nearest = int(np.argmin(np.abs(false_matches - false_non_matches)))
    return EqualErrorRate(float((false_matches[nearest] + false_non_matches[nearest]) / 2), float(candidates[nearest]))


def det_points(mated: Scores, non_mated: Scores, points: int = 200) -> tuple[Doubles, Doubles]:
    """(fmr, fnmr), each (k,) with k <= points: the detection error trade-off at FMRs spaced evenly on a logarithmic axis."""
    _require(mated, "mated")
    _require(non_mated, "non-mated")
    descending = np.sort(non_mated)[::-1]
    ranks = np.unique(np.geomspace(1, non_mated.size, points).astype(np.int64))
    thresholds = descending[ranks - 1]
    false_matches = 1.0 - np.searchsorted(descending[::-1], thresholds, side="left") / non_mated.size
    false_non_matches = np.searchsorted(np.sort(mated), thresholds, side="left") / mated.size
    return false_matches.astype(np.float64), false_non_matches.astype(np.float64)


def area_under_roc(positive: Scores, negative: Scores) -> float:
    """The probability that a positive outscores a negative, ties counting half (Mann-Whitney), 0..1."""
    _require(positive, "positive")
    _require(negative, "negative")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / 2 / negative.size)


def best_threshold(mated: Scores, non_mated: Scores) -> float:
    """The threshold of highest accuracy on these scores: the middle of the gap above the best cut, the lowest of equals.

    LFW's protocol takes it from nine folds and applies it to the tenth.
    """
    _require(mated, "mated")
    _require(non_mated, "non-mated")
    mated, non_mated = np.sort(mated), np.sort(non_mated)
    scores = np.unique(np.concatenate([mated[np.isfinite(mated)], non_mated]).astype(np.float64))
    correct = (mated.size - np.searchsorted(mated, scores, side="left")) + np.searchsorted(non_mated, scores, side="left")
    best = int(np.argmax(correct))
    return float(scores[best] if best == 0 else (scores[best - 1] + scores[best]) / 2)


def _allowed(target: float, n: int) -> int:
    """The largest whole number of errors with errors / n <= target, exact where target * n rounds below a whole number."""
    errors = int(target * n) + 1
    while errors / n > target:
        errors -= 1
    return errors


def _require(scores: Scores, name: str) -> None:
    if scores.size == 0:
        raise ValueError(f"no {name} comparisons")
