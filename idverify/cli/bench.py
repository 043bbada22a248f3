"""`idverify bench`: accuracy, presentation-attack detection, latency. Each run writes report.json; --json prints the same."""

import sys
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from idverify.api.app import Recogniser, load_recogniser
from idverify.cli.files import read_file
from idverify.cli.labelled import FACES, labelled_templates, operating_points_table
from idverify.cli.output import AsJson, console, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.decision.policy import find_policy
from idverify.errors import FailureToAcquire, ImageRejected, InvalidInput, TooLarge
from idverify.evaluation import accuracy as accuracy_rates
from idverify.evaluation import pad as pad_rates
from idverify.evaluation.comparisons import Comparisons, Indices, compare_listed
from idverify.evaluation.dataset import dataset_digest, listed_images, photos_in, read_pairs
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.hardware import matrix_product_ms, one_core, resident_mb
from idverify.evaluation.latency import OurPath, camera_frame, interleave
from idverify.evaluation.naive import NaivePath
from idverify.evaluation.pairs import PairsList
from idverify.evaluation.plots import draw_det, draw_scores
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.scores import read_scores, write_scores
from idverify.inference.manifest import default_models_folder

app = typer.Typer(help="Measure before you trust a threshold: accuracy, attack detection, latency.", no_args_is_help=True)

Seed = Annotated[int, typer.Option(help="seed of the bootstrap")]


@app.command()
def accuracy(
    *,
    images: Annotated[Path, typer.Option(help="folder of person/person_0001.jpg")],
    pairs: Annotated[Path, typer.Option(help="list of pairs in the format of LFW, with or without a line of counts")],
    out: Annotated[Path, typer.Option(help="folder for report.json, scores.csv, plots and cached templates")],
    threshold_from: Annotated[
        Path | None,
        typer.Option(help="list of pairs, of other people, that chooses the thresholds; needed where --pairs has no folds"),
    ] = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Accuracy and error rates on a list of pairs: ten-fold where the list has folds, else at another list's thresholds.

    Scores are written first, and every figure comes from them alone. An image in which no face is found makes its mated
    comparisons non-matches, and is counted. A list without folds never takes its threshold from itself.

    Example: idverify bench accuracy --images lfw --pairs lfw/pairsDevTest.txt --threshold-from lfw/pairsDevTrain.txt
    --out accuracy

    Exit codes: 0 measured, 2 a list without folds and no other list, 3 a list or a photograph cannot be used, 4 a fault.
    """
    listed = read_pairs(pairs)
    if not listed.folds and threshold_from is None:
        raise typer.BadParameter(
            f"{pairs.name} has no folds, and a list never takes its threshold from itself: name another list, of other people",
            param_hint="--threshold-from",
        )
    other = read_pairs(threshold_from) if threshold_from else None
    if other and listed.people & other.people:
        raise InvalidInput(f"{len(listed.people & other.people)} people are in both lists: name a list of other people")
    found = listed_images(images, listed) | (listed_images(images, other) if other else {})
    folder = output_folder(out)
    recogniser = load_recogniser(load_settings())
    templates = labelled_templates(recogniser, found, folder)
    scores, folds = _scored(templates, listed, folder / "scores.csv")
    generator = np.random.default_rng(seed)
    if other:
        figures = accuracy_rates.by_other_list(scores, _scored(templates, other, folder / "scores_threshold.csv")[0], generator)
    else:
        figures = accuracy_rates.by_folds(scores, folds, generator)
    digests = {str(image): digest for image, digest in zip(templates.images, templates.digests, strict=True)}
    report = {
        **figures,
        "failures_to_acquire": len(templates.failures),
        "dataset_digest": dataset_digest(digests),
        "faces": FACES,
        "seed": seed,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    write_report(folder, report)
    curves = {"mated": scores.mated_scores, "non-mated": scores.non_mated_scores}
    draw_det(folder / "det.png", {pairs.name: (curves["mated"], curves["non-mated"])}, f"Pairs of {pairs.name}")
    lines = {"threshold": float(np.mean(figures["accuracy"]["thresholds"]))}
    draw_scores(folder / "scores.png", curves, lines, f"Pairs of {pairs.name}", "comparison score (cosine)")
    emit(report, as_json=as_json, table=lambda: _print_accuracy(report, folder))


@app.command()
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


@app.command()
def latency(
    photos: Annotated[
        Path | None, typer.Option(help="folder of photographs; those that travel with the package unless named")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=100_000, help="verifications that are timed, by either path")] = 100,
    out: Annotated[Path, typer.Option(help="folder for report.json")] = Path("out/latency"),
    as_json: AsJson = False,
) -> None:
    """Milliseconds from a 640x480 JPEG to a decision, by stage, on one core, beside the naive path in the same run.

    The photographs are made into 640x480 camera frames in memory, before anything is timed. The naive path is the frozen,
    straightforward way to run the same models as published; ratio_to_naive is its median over ours.

    Example: idverify bench latency --n 200 --json

    Exit codes: 0 measured, 3 a photograph cannot be used, 4 a fault.
    """
    folder = output_folder(out)
    with one_core() as core:
        report = _measure_latency(photos, n) | {"core": core}
    write_report(folder, report)
    emit(report, as_json=as_json, table=lambda: _print_latency(report))


def _scored(templates: Templates, listed: PairsList, path: Path) -> tuple[Comparisons, Indices]:
    """The list's comparisons and folds, read back from the score file that was just written."""
    write_scores(path, listed.pairs, compare_listed(templates, listed.pairs))
    return read_scores(path)


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


def _measure_latency(photos: Path | None, n: int) -> dict[str, Any]:
    settings = load_settings()
    recogniser = load_recogniser(settings)
    paths = list(photos_in(photos).values()) if photos else [Path(str(photo)) for photo in _samples()]
    frames = [camera_frame(read_file(path)) for path in paths]
    policy = find_policy(recogniser.policies, settings.default_policy)
    ours = OurPath(recogniser.acquirer, policy, frames[0])
    for frame in frames:
        ours.verify(frame)
    memory = resident_mb()  # before the naive path loads its own copies of the models
    product = matrix_product_ms()
    with progress_bar("verifications") as progress:
        measured = interleave(ours, NaivePath(default_models_folder() / "naive"), frames, n, progress)
    return {
        **measured,
        "rss_mb": memory["now"],
        "rss_peak_mb": memory["peak"],
        "rss_of": "this process after its first decisions, before the naive path is loaded",
        "input": "640x480 JPEG of quality 90, made in memory from the photographs by resizing onto a grey frame",
        "policy": policy.name,
        "matrix_product_1024_ms": {"before": product, "after": matrix_product_ms()},
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }


def _samples() -> list[Any]:
    return sorted((one for one in files("idverify.samples").iterdir() if one.name.endswith(".jpg")), key=lambda one: one.name)


def _print_accuracy(report: Mapping[str, Any], folder: Path) -> None:
    found = report["accuracy"]
    stdout.print(
        f"[bold]accuracy {found['mean']:.2%}[/bold], standard error {found['standard_error']:.2%}, "
        f"95 % {found['low']:.2%} to {found['high']:.2%} (n = {found['n']:,}; threshold from {found['threshold_from']})"
    )
    stdout.print(operating_points_table(report["operating_points"]))
    stdout.print(f"EER {report['eer']:.2%}. Failures to acquire: {report['failures_to_acquire']}.")
    stdout.print(f"{folder}: report.json, scores.csv, det.png, scores.png", markup=False)


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


def _print_latency(report: Mapping[str, Any]) -> None:
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", "naive p50 ms", box=None, header_style="dim")
    naive = report["naive"]
    for stage, found in {**report["stages"], "total": report["total"]}.items():
        other = naive["total"] if stage == "total" else naive["stages"].get(stage)
        row = [f"{found[f'p{point}_ms']:.2f}" for point in (50, 95, 99)]
        table.add_row(stage, *row, f"{other['p50_ms']:.2f}" if other else "")
    stdout.print(table)
    stdout.print(f"[bold]{report['ratio_to_naive']:.2f} x[/bold] as fast as the naive path, n = {report['n']} each, one core")
    stdout.print(
        f"{report['provider']}, {report['hardware']['cpu']}, {report['rss_mb'] or report['rss_peak_mb']:.0f} MB resident"
    )
    if not report["hardware"]["flags"]:
        console.print("the processor's vector instructions are unknown here")
