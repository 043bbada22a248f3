"""`idverify bench pad`: presentation-attack detection by species."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from idverify.api.app import Recogniser, load_recogniser
from idverify.cli.bench.options import Seed
from idverify.cli.files import read_file
from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.errors import FailureToAcquire, ImageRejected, TooLarge
from idverify.evaluation import pad as pad_rates
from idverify.evaluation.dataset import photos_in
from idverify.evaluation.plots import draw_scores
from idverify.evaluation.report import output_folder, provenance, write_report


def pad(
    *,
    bona_fide: Annotated[Path, typer.Option(help="folder of bona fide presentations")],
    attack: Annotated[list[str], typer.Option(metavar="SPECIES=DIR", help="attack presentations; once for each species")],
    out: Annotated[Path, typer.Option(help="folder for report.json and the plot")],
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="PAD score from which a presentation passes")] = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Presentation-attack detection by species, as ISO/IEC 30107-3 reports it: the worst species governs.

    Without --threshold, each half of the people is judged at the threshold that the other half's bona fide presentations put
    at BPCER 5 %. Whose presentation a file is: its folder, or its name before the first underscore.

    Example: idverify bench pad --bona-fide nuaa/live --attack print=nuaa/print --out pad

    Exit codes: 0 measured, 3 a folder or a photograph cannot be used, 4 a fault.
    """
    folders = dict(_species(text) for text in attack)
    if len(folders) != len(attack):
        raise typer.BadParameter("each species once", param_hint="--attack")
    found = {name: photos_in(path) for name, path in {"": bona_fide, **folders}.items()}
    folder = output_folder(out)
    recogniser = load_recogniser(load_settings())
    total = sum(len(photos) for photos in found.values())
    with progress_bar("presentations") as progress:
        presentations: dict[str, pad_rates.Presentations] = {}
        done = 0
        for name, photos in found.items():
            scores = []
            for path in photos.values():
                scores.append(_pad_score(recogniser, path))
                progress(done := done + 1, total)
            people = tuple(pad_rates.person_of(photo) for photo in photos)
            presentations[name] = pad_rates.Presentations(tuple(photos), people, np.array(scores, dtype=np.float32))
    genuine = presentations.pop("")
    figures = pad_rates.evaluate(genuine, presentations, threshold=threshold, generator=np.random.default_rng(seed))
    report = {**figures, "seed": seed, **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time())}
    write_report(folder, report)
    kinds = {"bona fide": genuine.acquired} | {name: found.acquired for name, found in presentations.items()}
    odds = {name: pad_rates.log_odds(scores) for name, scores in kinds.items()}
    lines = {f"{value:.4f}": float(pad_rates.log_odds(np.array([value]))[0]) for value in figures["thresholds"]}
    draw_scores(folder / "scores.png", odds, lines, "Presentation-attack detection", "PAD score p as log10 of p / (1 - p)")
    emit(report, as_json=as_json, table=lambda: _print_pad(report, folder))


def _species(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise typer.BadParameter(f"expected SPECIES=DIR, found {text!r}", param_hint="--attack")
    return name, Path(path)


def _pad_score(recogniser: Recogniser, path: Path) -> float:
    """The PAD score of a photograph; NaN where it failed to be acquired or assessed."""
    try:
        score = recogniser.acquirer.acquire(read_file(path)).pad_score
    except (FailureToAcquire, ImageRejected, TooLarge):
        return float("nan")
    return float("nan") if score is None else score


def _print_pad(report: Mapping[str, Any], folder: Path) -> None:
    table = Table("species", "n", "APCER", "at most", "AUC", "failures to acquire", box=None, header_style="dim")
    for name, found in report["species"].items():
        rates = f"{found['apcer']:.2%}", f"{found['apcer_high']:.2%}", f"{found['auc']:.4f}"
        table.add_row(name, str(found["n"]), *rates, str(found["failures_to_acquire"]))
    stdout.print(table)
    genuine = report["bona_fide"]
    stdout.print(
        f"BPCER {report['bpcer']:.2%}, at most {report['bpcer_high']:.2%} (n = {genuine['n']}, {genuine['people']} people)"
    )
    stdout.print(f"threshold from: {report['threshold_from']}", markup=False)
    stdout.print(f"{folder}: report.json, scores.png", markup=False)
