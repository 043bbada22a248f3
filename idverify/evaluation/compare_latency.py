"""Two runs of `idverify bench latency`: ratios to the naive path of the same run, and medians where the machine is the same.

What one run's samples know is the noise within that run. Noise from run to run is larger on a shared machine, and only further
runs can tell it; the notes say so.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from idverify.errors import InvalidInput
from idverify.evaluation.differences import Difference, unknown, verdict_of
from idverify.evaluation.latency import BLOCK
from idverify.evaluation.runs import Run

HEADER: Final = ("path", "turn", "total_ms")
SAMPLES: Final = "samples.csv"
REPLICATES: Final = 2000
Doubles = NDArray[np.float64]


def write_samples(folder: Path, totals: Mapping[str, Sequence[float]]) -> str:
    """Milliseconds of every verification, in order; returns the file's name. totals: `ours` and `naive`, as many of each."""
    with (folder / SAMPLES).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for path, elapsed in totals.items():
            writer.writerows((path, turn, repr(float(value))) for turn, value in enumerate(elapsed))
    return SAMPLES


def compare_latency(a: Run, b: Run, generator: np.random.Generator) -> tuple[list[Difference], list[str]]:
    """(differences, notes). Raises InvalidInput where a file of samples is malformed."""
    notes = ["noise within each run only: how much runs differ from each other takes further runs to know"]
    same = all(_machine(a, key) == _machine(b, key) for key in ("cpu", "cores", "flags"))
    if not same:
        notes.append("different machines: only the ratio to the naive path can be compared")
    ratios, medians = ("ratio to the naive path", "ratio_to_naive"), ("median, ms", "total")
    void = [f"{run.name} is void: {run.report['void']}" for run in (a, b) if run.report.get("void")]
    samples = [_samples(run.folder / SAMPLES) for run in (a, b)]
    if void or samples[0] is None or samples[1] is None:
        notes += void
        why = "a void run" if void else "no samples were kept beside the reports"
        return [
            unknown(ratios[0], a.report[ratios[1]], b.report[ratios[1]], why),
            unknown(medians[0], a.report["total"]["p50_ms"], b.report["total"]["p50_ms"], why),
        ], notes
    one, other = _drawn(samples[0], generator), _drawn(samples[1], generator)
    gaps = other["naive"] / other["ours"] - one["naive"] / one["ours"]
    found = [_difference(ratios[0], _ratio(samples[0]), _ratio(samples[1]), gaps, lower_is_better=False)]
    values = _median(samples[0]), _median(samples[1])
    if same:
        found.append(_difference(medians[0], *values, other["ours"] - one["ours"], lower_is_better=True))
    else:
        found.append(unknown(medians[0], *values, "different machines"))
    return found, notes


def _machine(run: Run, key: str) -> Any:
    return run.report.get("hardware", {}).get(key)


def _median(samples: Mapping[str, Doubles]) -> float:
    return float(np.median(samples["ours"]))


def _ratio(samples: Mapping[str, Doubles]) -> float:
    return float(np.median(samples["naive"])) / _median(samples)


def _difference(figure: str, a: float, b: float, gaps: Doubles, *, lower_is_better: bool) -> Difference:
    low, high = (float(bound) for bound in np.quantile(gaps, (0.025, 0.975)))
    verdict = verdict_of(low, high, lower_is_better=lower_is_better)
    return Difference(figure, a, b, low, high, None, verdict, f"blocks of {BLOCK} turns drawn again")


def _drawn(samples: Mapping[str, Doubles], generator: np.random.Generator) -> dict[str, Doubles]:
    """Medians of both paths in each replicate, (replicates,), of the same blocks of turns."""
    turns = samples["ours"].size
    block = min(BLOCK, turns)
    starts = generator.integers(0, turns - block + 1, size=(REPLICATES, -(-turns // block)))
    chosen = (starts[:, :, None] + np.arange(block)).reshape(REPLICATES, -1)
    return {path: np.median(elapsed[chosen], axis=1) for path, elapsed in samples.items()}


def _samples(path: Path) -> dict[str, Doubles] | None:
    if not path.exists():
        return None
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        found = {name: np.array([float(row[2]) for row in rows if row[0] == name]) for name in ("ours", "naive")}
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise InvalidInput(f"{path} is not a file of samples: {error}") from error
    if tuple(header) != HEADER or found["ours"].size == 0 or found["ours"].size != found["naive"].size:
        raise InvalidInput(f"{path} is not a file of samples: as many of `ours` as of `naive` are needed")
    return found
