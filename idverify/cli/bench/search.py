"""`idverify bench search`: one against many, and the rate of comparisons."""

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
from idverify.cli.labelled import labelled_templates
from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.errors import InvalidInput
from idverify.evaluation.dataset import photos_in
from idverify.evaluation.hardware import one_core, resident_mb
from idverify.evaluation.pairs import ImageName
from idverify.evaluation.populations import Population, effective_dimension, random_population, real_population
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.search import COSINES, comparison_rates, search_rows
from idverify.registry.gallery import CANDIDATES
from idverify.values import Floats


def search(
    *,
    out: Annotated[Path, typer.Option(help="folder for report.json, and for the templates of --images")] = Path("out/search"),
    references: Annotated[
        list[int] | None, typer.Option(min=100, max=20_000_000, help="gallery size, 1,000,000 unless named; may be repeated")
    ] = None,
    queries: Annotated[
        int, typer.Option(min=10, max=1_000_000, help="mated probes at cosine 0.5; a tenth of that at the other cosines")
    ] = 10_000,
    images: Annotated[
        Path | None, typer.Option(help="folder with a folder a person (600 or more): searches in vectors like theirs as well")
    ] = None,
    candidates: Annotated[int, typer.Option(min=1, max=100_000, help="nearest codes whose vectors are compared")] = CANDIDATES,
    comparisons: Annotated[int, typer.Option(min=100, max=2_000_000, help="vectors on either side of the rates")] = 100_000,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Recall and time of the search that enrolment makes for duplicates, and how fast templates are compared, on one core.

    The probes are made: at cosine c to their reference, in unit vectors drawn at random and, with --images, in vectors with the
    mean and covariance of those people's templates. `to exact`: the share for which a comparison with all could not have put
    the mate first where the search did not; what recall@1 lacks beyond that are look-alikes. A gallery takes about 0.8 GB a
    million references. A million and 10,000 probes take about a minute for each kind of vectors.

    Example: idverify bench search --references 100000 --queries 2000 --json

    Exit codes: 0 measured, 3 a photograph cannot be used or the people are too few, 4 a fault.
    """
    folder = output_folder(out)
    recogniser = load_recogniser(load_settings())
    generator = np.random.default_rng(seed)
    populations = [random_population(recogniser.engine.variant.dimension)]
    people: dict[str, Any] = {}
    if images is not None:
        templates = one_a_person(recogniser, images, folder)
        populations.append(real_population(templates))
        people = {"people": len(templates), "effective_dimension": effective_dimension(templates)}
    with one_core() as core:
        rates = comparison_rates(comparisons, populations[0].mean.size, generator)
        rows = _searched(populations, references or [1_000_000], queries, candidates, generator)
    report = {
        "search": rows,
        "comparison": rates,
        "real_population": people or None,
        "parameters": {"library": _library(), "codes": "one bit a number", "candidates": candidates, "vectors": "int8"},
        "rss_peak_mb": resident_mb()["peak"],
        "core": core,
        "seed": seed,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    write_report(folder, report)
    emit(report, as_json=as_json, table=lambda: _print_search(report, folder))


def _searched(
    populations: list[Population], sizes: list[int], queries: int, candidates: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for size in sizes:
        for population in populations:
            with progress_bar(f"{population.name}, {size:,}") as progress:
                rows += search_rows(
                    population,
                    size,
                    queries=queries,
                    candidates=candidates,
                    cosines=COSINES,
                    generator=generator,
                    progress=progress,
                )
    return rows


def one_a_person(recogniser: Recogniser, images: Path, folder: Path) -> Floats:
    """The template of the first usable photograph of each folder, (people, d)."""
    photos = photos_in(images)
    people: dict[str, list[Path]] = {}
    for path in photos.values():
        people.setdefault(path.parent.name, []).append(path)
    first = {ImageName(person, 1): sorted(paths)[0] for person, paths in people.items()}
    if not first:
        raise InvalidInput(f"{images} holds no photographs")
    vectors = labelled_templates(recogniser, first, folder).vectors
    return vectors[~np.isnan(vectors[:, 0])]


def _library() -> str:
    from importlib.metadata import version

    return f"faiss-cpu {version('faiss-cpu')}"


def _print_search(report: Mapping[str, Any], folder: Path) -> None:
    columns = "vectors", "references", "cosine", "n", "recall@1", "at least", "to exact", "p50 ms", "p95 ms"
    table = Table(*columns, box=None, header_style="dim", padding=(0, 1, 0, 0))
    for row in report["search"]:
        measured = "recall_at_1", "recall_at_1_low", "recall_to_exact"
        recall = [f"{row[name]:.4f}" for name in measured]
        spent = f"{row['p50_ms']:.2f}", f"{row['p95_ms']:.2f}"
        table.add_row(row["population"], f"{row['references']:,}", f"{row['cosine']:.2f}", f"{row['n']:,}", *recall, *spent)
    stdout.print(table)
    rates = Table("comparison", "GB/s read", "of the copy rate", box=None, header_style="dim")
    for row in report["comparison"]["rows"]:
        rates.add_row(row["what"], f"{row['gb_per_s']:.1f}", f"{row['ratio_to_copy']:.0%}")
    stdout.print(rates)
    stdout.print(f"{folder}: report.json", markup=False)
