"""The DET curve with its band, and the EER with its interval: how both move when the people are drawn again.

Each replicate weighs every comparison by how often its people were drawn, and so has a DET curve and an EER of its own. The
band is pointwise: at each FMR, the middle 95 % of the replicates' FNMR. It is no narrower than the exact binomial interval of
the observed FNMR, for a bootstrap of few errors is too sure of itself.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from idverify.evaluation.intervals import Matrix, clopper_pearson, cumulative_weights, rule_of_three
from idverify.evaluation.trials import Doubles, Trials

POINTS: Final = 200
BOUNDS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """FMR and FNMR, observed and in R replicates, at T thresholds from the strictest on.

    thresholds, fmr, fnmr: float64 (T,); drawn_fmr, drawn_fnmr: float64 (T, R). Replicates without any comparison are left out.
    """

    thresholds: Doubles
    fmr: Doubles
    fnmr: Doubles
    drawn_fmr: Matrix
    drawn_fnmr: Matrix


def curves_of(trials: Trials, draws: Matrix) -> Curves:
    """At thresholds whose FMRs lie evenly on a logarithmic axis; the first lets no non-mated comparison match."""
    scores = trials.non_mated
    ranks = np.unique(np.geomspace(1, scores.size, POINTS).astype(np.int64))
    thresholds = np.unique(np.append(scores[ranks - 1], np.nextafter(scores[0], np.inf)))[::-1]
    ends = np.searchsorted(-scores, -thresholds, side="right")
    drawn = draws[(trials.weights(draws) > 0) & (np.bincount(trials.person, minlength=trials.people) @ draws.T > 0)]
    wrong = cumulative_weights(trials.first, trials.second, ends.tolist(), drawn)
    by_person = np.stack([np.bincount(trials.person[trials.mated < t], minlength=trials.people) for t in thresholds])
    tried = np.bincount(trials.person, minlength=trials.people).astype(np.float64) @ drawn.T
    return Curves(
        thresholds=thresholds,
        fmr=ends / trials.n_non_mated,
        fnmr=by_person.sum(axis=1) / trials.mated.size,
        drawn_fmr=wrong / trials.weights(drawn),
        drawn_fnmr=(by_person @ drawn.T) / tried,
    )


def det(curves: Curves, trials: Trials) -> list[dict[str, float]]:
    """The DET curve with its band, from the strictest threshold with a false match on: keys of a report."""
    people = int(np.unique(trials.person).size)
    rows = []
    for threshold, fmr, fnmr in zip(curves.thresholds, curves.fmr, curves.fnmr, strict=True):
        if fmr == 0:
            continue
        low, high = np.quantile(_fnmr_at(curves, fmr), BOUNDS)
        exact = clopper_pearson(round(fnmr * trials.mated.size), trials.mated.size)
        least = rule_of_three(people)
        low, high = min(low, exact[0], 1.0 - least), min(1.0, max(high, exact[1], least))
        found = {"threshold": threshold, "fmr": fmr, "fnmr": fnmr, "fnmr_low": low, "fnmr_high": high}
        rows.append({key: float(value) for key, value in found.items()})
    return rows


def equal_error_rate(trials: Trials, curves: Curves) -> dict[str, Any]:
    """The EER with its interval: keys of a report. `eer` is exact over all thresholds; the bounds come from the replicates.

    Without bounds (None) where the replicates cross beyond what was kept, and without the EER where it lies there itself.
    """
    beyond = {"eer_low": None, "eer_high": None, "eer_interval": "beyond the scores that were kept"}
    try:
        found = trials.equal_error_rate()
    except ValueError:
        return {"eer": None, "eer_threshold": None} | beyond
    observed = {"eer": found.rate, "eer_threshold": found.threshold}
    independent = min(int(np.unique(trials.person).size), trials.pairs_of_people)
    least = rule_of_three(independent)
    if found.rate == 0:
        bounds = {"eer_low": 0.0, "eer_high": least}
        return observed | bounds | {"eer_interval": f"rule of three, {independent} independent trials"}
    crossed = crossings(curves)
    if np.isnan(crossed).mean() > BOUNDS[0] / 2:
        return observed | beyond
    low, high = np.nanquantile(crossed, BOUNDS)
    bounds = {"eer_low": min(float(low), found.rate, 1.0 - least), "eer_high": max(float(high), found.rate, least)}
    return observed | bounds | {"eer_interval": "bootstrap of people"}


def crossings(curves: Curves) -> Doubles:
    """Each replicate's EER, (R,), on the straight line between the two thresholds where it crosses; NaN where it does not."""
    above = curves.drawn_fmr - curves.drawn_fnmr >= 0
    after = np.argmax(above, axis=0)
    replicate = np.arange(after.size)
    before = np.maximum(after - 1, 0)
    gap = curves.drawn_fnmr - curves.drawn_fmr
    one, other = gap[before, replicate], gap[after, replicate]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(one == other, 0.0, one / (one - other))
    start, stop = curves.drawn_fnmr[before, replicate], curves.drawn_fnmr[after, replicate]
    rates: Doubles = np.where(above.any(axis=0), start + share * (stop - start), np.nan)
    return rates


def _fnmr_at(curves: Curves, fmr: float) -> Doubles:
    """Each replicate's FNMR at its own threshold of the largest FMR not above this one, (R,)."""
    allowed = np.maximum((curves.drawn_fmr <= fmr).sum(axis=0) - 1, 0)
    found: Doubles = curves.drawn_fnmr[allowed, np.arange(allowed.size)]
    return found
