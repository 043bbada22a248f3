"""Two runs of `idverify bench pad`, presentation by presentation where both kept their scores."""

from typing import Any

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.differences import Difference, paired_rate, unpaired_rate
from idverify.evaluation.intervals import Rate, draw_people
from idverify.evaluation.pad import GIVEN, Presentations, passes, thresholds_of
from idverify.evaluation.pad_scores import read_pad_scores
from idverify.evaluation.runs import Run, same_data


def compare_pad(a: Run, b: Run, generator: np.random.Generator) -> tuple[list[Difference], list[str]]:
    """(differences, notes). Raises InvalidInput where the kept scores are malformed, or no species is in both."""
    species = [name for name in a.report["species"] if name in b.report["species"]]
    if not species:
        raise InvalidInput("no species is in both reports")
    notes = [f"{name}: in one of the runs only" for name in a.report["species"].keys() ^ b.report["species"].keys()]
    kept = all((run.folder / "scores.csv").exists() for run in (a, b))
    if kept and same_data(a, b):
        return _paired(a, b, species, notes, generator), notes
    notes.append("unpaired: each run's own intervals, as if the runs were independent")
    found = [unpaired_rate("BPCER", _rate(a.report, "bpcer"), _rate(b.report, "bpcer"))]
    for name in species:
        rates = [_rate(run.report["species"][name], "apcer") for run in (a, b)]
        found.append(unpaired_rate(f"APCER of {name}", *rates))
    return found, notes


def _paired(a: Run, b: Run, species: list[str], notes: list[str], generator: np.random.Generator) -> list[Difference]:
    runs = [read_pad_scores(run.folder / "scores.csv")[:2] for run in (a, b)]
    thresholds = [
        thresholds_of(genuine, attacks, run.report["thresholds"][0] if run.report["threshold_from"] == GIVEN else None)[0]
        for run, (genuine, attacks) in zip((a, b), runs, strict=True)
    ]

    def compared(figure: str, parts: list[Presentations], *, genuine: bool) -> Difference:
        if parts[0].names != parts[1].names:
            raise InvalidInput("the reports name the same data, but the scores beside them are of different presentations")
        both = [passes(part, limits) for part, limits in zip(parts, thresholds, strict=True)]
        answered = np.ones(both[0].size, np.bool_) if genuine else ~np.isnan(parts[0].scores) & ~np.isnan(parts[1].scores)
        if not answered.any():
            raise InvalidInput(f"{figure}: no presentation has a PAD score in both runs")
        if not answered.all():
            notes.append(
                f"{figure}: {int((~answered).sum())} presentations without a PAD score in one of the runs are left out"
            )
        names, person = np.unique(parts[0].people, return_inverse=True)
        weights = draw_people(names.size, REPLICATES, generator)[:, person[answered]]
        one, other = (~passed[answered] if genuine else passed[answered] for passed in both)
        return paired_rate(figure, one, other, weights)

    found = [compared("BPCER", [genuine for genuine, _ in runs], genuine=True)]
    return found + [compared(f"APCER of {name}", [attacks[name] for _, attacks in runs], genuine=False) for name in species]


def _rate(found: dict[str, Any], key: str) -> Rate:
    return Rate(found[key], found[f"{key}_low"], found[f"{key}_high"], 0, 1, "report")
