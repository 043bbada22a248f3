"""Error rates of parts of the comparisons: by quality, and by group, with the test that no group is worse than it may be.

The test is that of NIST SP 800-63A-4 for identity proofing, on FNMR: no group exceeds the overall FNMR by more than 25 %. Three
answers, for a small group can neither pass nor fail: the ratio of the group's FNMR to the overall one has a 95 % interval, and
`pass` is an interval that ends at 1.25 or below, `exceeds` one that begins above, and anything between is not supported by n.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from idverify.evaluation.comparisons import Mask
from idverify.evaluation.groups import MIXED, NO_ENTRY, Grouping
from idverify.evaluation.intervals import Matrix, Rate
from idverify.evaluation.pairs import ImageName
from idverify.evaluation.trials import Doubles, Trials

ALLOWED_RATIO: Final = 1.25
BINS: Final = 10
PASS, EXCEEDS, UNSUPPORTED = "pass", "exceeds", "not supported by n"


def by_quality(trials: Trials, qualities: Doubles, threshold: float, draws: Matrix) -> list[dict[str, Any]]:
    """FNMR by tenth of the mated comparisons, each by its worst image: keys of a report.

    qualities: (images,), 0..100, NaN where it was not assessed. Equal qualities stay together, so that there may be fewer
    than ten parts. Comparisons with an image of unknown quality, a failure to acquire among them, are a part of their own.
    """
    worse = qualities[trials.images].min(axis=1)
    known = ~np.isnan(worse)
    rows = []
    if known.any():
        ordered = np.sort(worse[known])
        ends = np.unique([ordered[-(-tenth * ordered.size // BINS) - 1] for tenth in range(1, BINS + 1)])
        part = np.searchsorted(ends, worse, side="left")
        for number in np.unique(part[known]):
            members = known & (part == number)
            found = {"from": float(worse[members].min()), "to": float(worse[members].max())}
            rows.append(found | _fnmr(trials, members, threshold, draws))
    if not known.all():
        rows.append({"from": None, "to": None} | _fnmr(trials, ~known, threshold, draws))
    return rows


def by_group(
    trials: Trials, images: Sequence[ImageName], grouping: Grouping, threshold: float, draws: Matrix
) -> dict[str, Any]:
    """FNMR, and for groups of people FMR among their members, by the values of one column: keys of a report.

    A mated comparison belongs to the group of all its images; where they differ, or have none, it is counted apart.
    """
    named = grouping.of(images)
    labels = [_label([named[position] for position in positions]) for positions in trials.images.tolist()]
    values = sorted({label for label in labels if label not in (MIXED, NO_ENTRY)})
    rows = []
    for value in [*values, *sorted({MIXED, NO_ENTRY} & set(labels))]:
        members = np.array([label == value for label in labels], dtype=np.bool_)
        row: dict[str, Any] = {"group": value} | _fnmr(trials, members, threshold, draws)
        if value in values:
            row |= _verdict(trials, members, threshold, draws, tested=len(values) > 1)
            row |= _fmr_within(trials, images, named, value, threshold, draws) if grouping.by == "person" else {}
        rows.append(row)
    note = None if len(values) > 1 else f"only {len(values)} group among the mated comparisons: nothing to hold it against"
    return {"column": grouping.column, "by": grouping.by, "groups": rows, "verdict": _overall(rows), "note": note}


def unjudged(grouping: Grouping) -> dict[str, Any]:
    """The same keys where no operating point is supported at which groups could be judged: whoever asked is told so."""
    note = "no operating point is supported by n, so that no group could be judged"
    return {"column": grouping.column, "by": grouping.by, "groups": [], "verdict": UNSUPPORTED, "note": note}


def _fnmr(trials: Trials, members: Mask, threshold: float, draws: Matrix) -> dict[str, Any]:
    rate = _part(trials, members).fnmr(threshold, draws)
    return {"n": rate.n, "errors": rate.errors, "fnmr": rate.value, "fnmr_low": rate.low, "fnmr_high": rate.high}


def _verdict(trials: Trials, members: Mask, threshold: float, draws: Matrix, *, tested: bool) -> dict[str, Any]:
    """The ratio of the group's FNMR to the overall one, its interval, and what it says."""
    overall, group = trials.fnmr(threshold, draws), _part(trials, members).fnmr(threshold, draws)
    if not tested or overall.value == 0:
        return {"ratio": None, "ratio_low": None, "ratio_high": None, "verdict": UNSUPPORTED if tested else None}
    low, high = _ratio(trials, members, threshold, draws, overall, group)
    verdict = PASS if high <= ALLOWED_RATIO else EXCEEDS if low > ALLOWED_RATIO else UNSUPPORTED
    return {"ratio": group.value / overall.value, "ratio_low": low, "ratio_high": high, "verdict": verdict}


def _ratio(trials: Trials, members: Mask, threshold: float, draws: Matrix, overall: Rate, group: Rate) -> tuple[float, float]:
    """Bounds by drawing people, the same for both rates; never narrower than the group's own bounds over the overall rate."""

    def replicated(mask: Mask) -> Doubles:
        tried = np.bincount(trials.person[mask], minlength=trials.people) @ draws.T
        wrong = np.bincount(trials.person[mask & (trials.mated < threshold)], minlength=trials.people) @ draws.T
        with np.errstate(invalid="ignore", divide="ignore"):
            rates: Doubles = wrong / tried
        return rates

    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = replicated(members) / replicated(np.ones_like(members))
    ratios = ratios[np.isfinite(ratios)]
    low, high = np.quantile(ratios, (0.025, 0.975)) if ratios.size else (np.inf, -np.inf)
    return min(float(low), group.low / overall.value), max(float(high), group.high / overall.value)


def _fmr_within(
    trials: Trials, images: Sequence[ImageName], named: Sequence[str | None], value: str, threshold: float, draws: Matrix
) -> dict[str, Any]:
    """FMR among the people of one group, who are harder to tell apart than people at large."""
    people = sorted({image.person for image in images})
    index = {name: number for number, name in enumerate(people)}
    members = np.zeros(trials.people, dtype=np.bool_)
    members[[index[image.person] for image, group in zip(images, named, strict=True) if group == value]] = True
    within = trials.within(members)
    if within.n_non_mated == 0:
        return {"n_non_mated": 0, "fmr": None, "fmr_high": None}
    rate = within.fmr(threshold, draws)
    return {"n_non_mated": rate.n, "fmr": rate.value, "fmr_low": rate.low, "fmr_high": rate.high}


def _part(trials: Trials, members: Mask) -> Trials:
    """The mated comparisons of a mask, and every non-mated one."""
    mated = trials.person[members], trials.images[members], trials.mated[members]
    facts = trials.n_non_mated, trials.not_compared, trials.acquired
    return Trials(trials.people, *mated, trials.first, trials.second, trials.non_mated, trials.kept_from, *facts)


def _label(groups: Sequence[str | None]) -> str:
    first = groups[0]
    if first is None or None in groups:
        return NO_ENTRY
    return first if set(groups) == {first} else MIXED


def _overall(rows: Sequence[dict[str, Any]]) -> str | None:
    """The worst of the verdicts; None where nothing was tested."""
    found = {row.get("verdict") for row in rows}
    return next((verdict for verdict in (EXCEEDS, UNSUPPORTED, PASS) if verdict in found), None)
