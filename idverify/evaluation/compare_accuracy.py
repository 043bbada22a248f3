"""Two runs of `idverify bench accuracy`, pair by pair where both kept their scores."""

from typing import Any, Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation import scoring
from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.comparisons import Comparisons, Doubles, Indices, Mask
from idverify.evaluation.curves import crossings, curves_of
from idverify.evaluation.differences import Difference, paired_rate, paired_replicates, unknown, unpaired_rate
from idverify.evaluation.intervals import Matrix, Rate, draw_people
from idverify.evaluation.plots import percent
from idverify.evaluation.runs import Run, same_data
from idverify.evaluation.scoring import Scored

ALL_PAIRS: Final = "all pairs"


def compare_accuracy(a: Run, b: Run, generator: np.random.Generator) -> tuple[list[Difference], list[str]]:
    """(differences, notes). Raises InvalidInput where the kept scores are malformed."""
    notes: list[str] = []
    scores = _kept(a, b, notes) if same_data(a, b) else None
    if scores is None:
        notes.append("unpaired: each run's own intervals, as if the runs were independent")
        return _unpaired(a, b), notes
    draws = draw_people(scores[0].listed.people, REPLICATES, generator)
    return _paired(a, b, scores, draws), notes


def _kept(a: Run, b: Run, notes: list[str]) -> tuple[Scored, Scored] | None:
    """The scores of both runs, where they are there and of the same pairs."""
    found = []
    for run in (a, b):
        if not (run.folder / "images.csv").exists() or not (run.folder / "scores.csv").exists():
            notes.append(f"{run.name}: no scores were kept beside the report")
            return None
        photographs = (run.report.get("references") or {}).get("photographs", 0)
        found.append(scoring.read(run.folder, "", all_pairs=run.report.get("protocol") == ALL_PAIRS, references=photographs))
    one, other = found
    if one.images.names != other.images.names or not _same_pairs(one.listed, other.listed):
        raise InvalidInput("the reports name the same data, but the scores beside them are of different pairs")
    return one, other


def _same_pairs(one: Comparisons, other: Comparisons) -> bool:
    return np.array_equal(one.first_image, other.first_image) and np.array_equal(one.second_image, other.second_image)


def _paired(a: Run, b: Run, scores: tuple[Scored, Scored], draws: Matrix) -> list[Difference]:
    one, other = scores
    weights = draws[:, one.listed.first] * np.where(one.listed.mated, 1.0, draws[:, one.listed.second])
    right = _correct(a.report["accuracy"]["thresholds"], one), _correct(b.report["accuracy"]["thresholds"], other)
    found = [paired_rate("accuracy", right[0], right[1], weights, errors_are_bad=False)]
    trials = one.trials, other.trials
    weights = draws[:, trials[0].person]
    for first, second in _points(a, b):
        figure = f"FNMR at FMR {percent(first['target_fmr'])}"
        found += [paired_rate(figure, _missed(first, one), _missed(second, other), weights), _unpaired_fmr(first, second)]
    if a.report["eer"] is None or b.report["eer"] is None:
        return found
    drawn = [crossings(curves_of(part, draws)) for part in trials]
    return [*found, paired_replicates("EER", a.report["eer"], b.report["eer"], drawn[0], drawn[1])]


def _correct(thresholds: list[float], scored: Scored) -> Mask:
    limits = _by_fold(thresholds, scored.folds)
    matches = np.nan_to_num(scored.listed.scores, nan=-np.inf) >= limits
    correct: Mask = matches == scored.listed.mated
    return correct


def _missed(point: dict[str, Any], scored: Scored) -> Mask:
    """Which mated comparisons do not match at the run's own threshold."""
    mated = scored.trials.mated
    folds = scored.folds[scored.listed.mated] if scored.only_listed else np.zeros(mated.size, np.int32)
    missed: Mask = mated < _by_fold(point["thresholds"], folds)
    return missed


def _by_fold(thresholds: list[float], folds: Indices) -> Doubles:
    """The threshold of each comparison: one for all, or that of its fold, in the order of the folds' numbers."""
    if len(thresholds) == 1:
        return np.full(folds.size, thresholds[0])
    return np.array(thresholds)[np.searchsorted(np.unique(folds), folds)]


def _points(a: Run, b: Run) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Operating points that both runs support."""
    others = {point["target_fmr"]: point for point in b.report["operating_points"] if point["supported"]}
    mine = [point for point in a.report["operating_points"] if point["supported"]]
    return [(point, others[point["target_fmr"]]) for point in mine if point["target_fmr"] in others]


def _unpaired(a: Run, b: Run) -> list[Difference]:
    found = [_accuracy(a, b)]
    for first, second in _points(a, b):
        found.append(_unpaired_rate(f"FNMR at FMR {percent(first['target_fmr'])}", first, second, "fnmr"))
        found.append(_unpaired_fmr(first, second))
    if a.report["eer"] is None or b.report["eer"] is None:
        return found
    return [*found, _unpaired_rate("EER", a.report, b.report, "eer")]


def _accuracy(a: Run, b: Run) -> Difference:
    def rate(run: Run) -> Rate:
        found = run.report["accuracy"]
        return Rate(found["mean"], found["low"], found["high"], found["n"] - found["correct"], found["n"], found["interval"])

    return unpaired_rate("accuracy", rate(a), rate(b), lower_is_better=False)


def _unpaired_fmr(first: dict[str, Any], second: dict[str, Any]) -> Difference:
    return _unpaired_rate(f"FMR at target {percent(first['target_fmr'])}", first, second, "fmr")


def _unpaired_rate(figure: str, first: dict[str, Any], second: dict[str, Any], key: str) -> Difference:
    bounds = [found.get(f"{key}_{side}") for found in (first, second) for side in ("low", "high")]
    if None in bounds:
        return unknown(figure, first[key], second[key], "no interval is known")
    rates = [Rate(found[key], found[f"{key}_low"], found[f"{key}_high"], 0, 1, "report") for found in (first, second)]
    return unpaired_rate(figure, rates[0], rates[1])
