"""`idverify bench pad`: presentation-attack detection by species."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from idverify.api.app import load_recogniser
from idverify.cli.bench.options import Seed
from idverify.cli.labelled import made_by
from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.evaluation import pad as pad_rates
from idverify.evaluation.dataset import dataset_digest, photos_in
from idverify.evaluation.html import write_page
from idverify.evaluation.measurements import measure
from idverify.evaluation.pad_page import pad_page
from idverify.evaluation.pad_scores import read_pad_scores, write_pad_scores
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.runs import KEPT, digests_of


def pad(
    *,
    bona_fide: Annotated[Path, typer.Option(help="folder of bona fide presentations")],
    attack: Annotated[list[str], typer.Option(metavar="SPECIES=DIR", help="attack presentations; once for each species")],
    out: Annotated[Path, typer.Option(help="folder for report.html, report.json, scores, plots and cached measurements")],
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="PAD score from which a presentation passes")] = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Presentation-attack detection by species, as ISO/IEC 30107-3 reports it: the worst species governs.

    Without --threshold, each half of the people is judged at the threshold that the other half's bona fide presentations put
    at BPCER 5 %. Whose presentation a file is: its folder, or its name before the first underscore. Scores are written first,
    and every figure comes from them alone; a run that was cut short goes on where it stopped.

    Example: idverify bench pad --bona-fide nuaa/live --attack print=nuaa/print --out pad

    Exit codes: 0 measured, 3 a folder or a photograph cannot be used, 4 a fault.
    """
    folders = dict(_species(text) for text in attack)
    if len(folders) != len(attack):
        raise typer.BadParameter("each species once", param_hint="--attack")
    found = {name: photos_in(path) for name, path in {"": bona_fide, **folders}.items()}
    folder = output_folder(out)
    settings = load_settings()
    recogniser = load_recogniser(settings)
    named = [(name, photo, path) for name, photos in found.items() for photo, path in photos.items()]
    maker = made_by(recogniser, settings.faces)
    with progress_bar("presentations") as progress:
        paths = [path for _, _, path in named]
        measured = measure(paths, recogniser.acquirer, cache=folder / "cache", made_by=maker, progress=progress)
    species = {
        name: [(photo, one) for (kind, photo, _), one in zip(named, measured, strict=True) if kind == name] for name in found
    }
    write_pad_scores(folder / "scores.csv", species)
    genuine, attacks, digests = read_pad_scores(folder / "scores.csv")
    figures = pad_rates.evaluate(genuine, attacks, threshold=threshold, generator=np.random.default_rng(seed))
    report = {
        "kind": "pad",
        **figures,
        "dataset_digest": dataset_digest(digests),
        KEPT: digests_of(folder, ["scores.csv"]),
        "seed": seed,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    write_report(folder, report)
    write_page(folder, pad_page(folder, report, genuine, attacks))
    emit(report, as_json=as_json, table=lambda: _print_pad(report, folder))


def _species(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise typer.BadParameter(f"expected SPECIES=DIR, found {text!r}", param_hint="--attack")
    if name == pad_rates.BONA_FIDE:  # it would stand in the place of the bona fide presentations wherever both are named
        raise typer.BadParameter(f"{pad_rates.BONA_FIDE!r} is no species of attack", param_hint="--attack")
    return name, Path(path)


def _print_pad(report: Mapping[str, Any], folder: Path) -> None:
    columns = ("species", "n", "people", "APCER", "at most", "at most, over people", "AUC", "no response")
    table = Table(*columns, box=None, header_style="dim")
    for name, found in report["species"].items():
        rates = [f"{found[key]:.2%}" for key in ("apcer", "apcer_high", "apcer_high_people")]
        missing = found["failures_to_acquire"] + found["not_assessed"]
        table.add_row(escape(name), str(found["n"]), str(found["people"]), *rates, f"{found['auc']:.4f}", str(missing))
    stdout.print(table)
    genuine = report["bona_fide"]
    stdout.print(
        f"BPCER {report['bpcer']:.2%}, at most {report['bpcer_high']:.2%} (n = {genuine['n']}, {genuine['people']} people)"
    )
    stdout.print(f"threshold from: {report['threshold_from']}", markup=False)
    stdout.print(f"{folder}: report.html, report.json, scores.csv, plots as PNG and SVG", markup=False)
