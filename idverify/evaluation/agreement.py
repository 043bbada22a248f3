"""Whether the fast path saw what the naive one saw: the same evidence frame by frame, and no more failures to acquire."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.latency import Pair, acquired

# PAD is judged at even odds where the policy sets no gate of its own.
EVEN_ODDS = 0.5


def agreement(pairs: Sequence[Pair], threshold: float, minimum_pad: float | None) -> dict[str, Any]:
    """Failures to acquire of either path, and how far scores and outcomes differ on the frames that both acquired.

    threshold: least comparison score (cosine) of a match. Differences are ours minus the naive path's, absolute.
    """
    both = acquired(pairs)
    lost = [pair for pair in pairs if pair.ours.score is None]
    lost_by_naive = [pair for pair in pairs if pair.naive.score is None]
    gate = EVEN_ODDS if minimum_pad is None else minimum_pad
    return {
        "frames": len(pairs),
        "failures_to_acquire": len(lost),
        "naive_failures_to_acquire": len(lost_by_naive),
        "failed_where_naive_did_not": sum(pair.naive.score is not None for pair in lost),
        "comparison": _compared(both, lambda seen: seen.score, threshold),
        "pad": _compared(both, lambda seen: seen.pad, gate),
    }


def _compared(both: Sequence[Pair], value_of: Callable[[Any], float | None], gate: float) -> dict[str, Any]:
    pairs = [(value_of(pair.ours), value_of(pair.naive)) for pair in both]
    values = np.array([(ours, naive) for ours, naive in pairs if ours is not None and naive is not None]).reshape(-1, 2)
    if not len(values):
        return {"n": 0}
    differences = np.abs(values[:, 0] - values[:, 1])
    flipped = int(np.count_nonzero((values[:, 0] >= gate) != (values[:, 1] >= gate)))
    median, p95 = np.percentile(differences, (50, 95))
    return {
        "n": len(values),
        "gate": gate,
        "outcomes_that_differ": flipped,
        "outcomes_that_differ_high": clopper_pearson(flipped, len(values))[1],
        "difference_p50": float(median),
        "difference_p95": float(p95),
        "difference_max": float(differences.max()),
    }
