"""`idverify bench accuracy`: error rates on pairs of labelled photographs."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from idverify.api.app import load_recogniser
from idverify.cli.bench.options import Seed
from idverify.cli.labelled import FACES, labelled_templates, operating_points_table
from idverify.cli.output import AsJson, emit, stdout
from idverify.config import load_settings
from idverify.errors import InvalidInput
from idverify.evaluation import accuracy as accuracy_rates
from idverify.evaluation.comparisons import Comparisons, Indices, compare_listed
from idverify.evaluation.dataset import dataset_digest, listed_images, read_pairs
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import PairsList
from idverify.evaluation.plots import draw_det, draw_scores
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.scores import read_scores, write_scores


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


def _scored(templates: Templates, listed: PairsList, path: Path) -> tuple[Comparisons, Indices]:
    """The list's comparisons and folds, read back from the score file that was just written."""
    write_scores(path, listed.pairs, compare_listed(templates, listed.pairs))
    return read_scores(path)


def _print_accuracy(report: Mapping[str, Any], folder: Path) -> None:
    found = report["accuracy"]
    stdout.print(
        f"[bold]accuracy {found['mean']:.2%}[/bold], standard error {found['standard_error']:.2%}, "
        f"95 % {found['low']:.2%} to {found['high']:.2%} (n = {found['n']:,}; threshold from {found['threshold_from']})"
    )
    stdout.print(operating_points_table(report["operating_points"]))
    stdout.print(f"EER {report['eer']:.2%}. Failures to acquire: {report['failures_to_acquire']}.")
    stdout.print(f"{folder}: report.json, scores.csv, det.png, scores.png", markup=False)
