"""`idverify bench accuracy`: error rates on pairs of labelled photographs."""

import hashlib
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape

from idverify.api.app import load_recogniser
from idverify.cli.bench.options import Seed
from idverify.cli.labelled import FACES, labelled_templates, operating_points_table
from idverify.cli.output import EXIT_CODES, AsJson, console, emit, stdout
from idverify.config import load_settings
from idverify.errors import InvalidInput
from idverify.evaluation import accuracy as accuracy_rates
from idverify.evaluation import scoring
from idverify.evaluation.accuracy_page import Histograms, accuracy_page
from idverify.evaluation.acquisition_rates import acquisition_rates
from idverify.evaluation.all_pairs import EDGES
from idverify.evaluation.breakdown import EXCEEDS, UNSUPPORTED, by_group, by_quality, unjudged
from idverify.evaluation.dataset import dataset_digest, images_of, listed_images, read_pairs
from idverify.evaluation.groups import Grouping, read_groups
from idverify.evaluation.html import write_page
from idverify.evaluation.pages import interval, rate
from idverify.evaluation.pairs import ImageName, PairsList
from idverify.evaluation.plots import binned, edges_for
from idverify.evaluation.references import beside_one
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.runs import KEPT, digests_of
from idverify.evaluation.scoring import Scored


def accuracy(
    *,
    images: Annotated[Path, typer.Option(help="folder of person/person_0001.jpg")],
    pairs: Annotated[Path, typer.Option(help="list of pairs in the format of LFW, with or without a line of counts")],
    out: Annotated[Path, typer.Option(help="folder for report.html, report.json, scores, plots and cached measurements")],
    threshold_from: Annotated[
        Path | None,
        typer.Option(help="list of pairs, of other people, that chooses the thresholds; needed where --pairs has no folds"),
    ] = None,
    all_pairs: Annotated[
        bool,
        typer.Option(
            "--all-pairs", help="error rates on every pair of every image of the lists' people; needs --threshold-from"
        ),
    ] = False,
    references: Annotated[
        int | None,
        typer.Option(
            min=2, max=50, help="photographs of a reference, of the lists' people who have more; needs --threshold-from"
        ),
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="CSV: a column `person` or `image`, and a column for each way to group them")
    ] = None,
    fail_if_group_exceeds: Annotated[
        bool,
        typer.Option(
            "--fail-if-group-exceeds", help="exit 1 where a group's FNMR is over 1.25 x the overall, 5 if n cannot tell"
        ),
    ] = False,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Accuracy and error rates on a list of pairs: ten-fold where the list has folds, else at another list's thresholds.

    Scores are written first, and every figure comes from them alone. An image in which no face is found makes its mated
    comparisons non-matches, and is counted. A list without folds never takes its threshold from itself. A run that was cut
    short goes on where it stopped. Then open report.html in the folder.

    With --references, each photograph of who has enough meets a reference of the next ones, and the references of all others;
    the same probes against one photograph stand beside it.

    Example: idverify bench accuracy --images lfw --pairs lfw/pairsDevTest.txt --threshold-from lfw/pairsDevTrain.txt
    --out accuracy

    Exit codes: 0 measured, 1 a group exceeds (--fail-if-group-exceeds), 2 a list without folds and no other list, 3 a list, a
    photograph or the groups cannot be used, 4 a fault, 5 too few comparisons to tell whether a group exceeds.
    """
    listed, other = read_pairs(pairs), read_pairs(threshold_from) if threshold_from else None
    several = references or 0
    if all_pairs and several:
        raise typer.BadParameter("all pairs are of single photographs: name one of the two", param_hint="--references")
    whole = all_pairs or several > 0
    _check(pairs, listed, other, whole=whole)
    if fail_if_group_exceeds and groups is None:
        raise typer.BadParameter("name the groups: --groups FILE", param_hint="--fail-if-group-exceeds")
    groupings = read_groups(groups) if groups else ()
    mine, others = _images(images, listed, whole=whole), _images(images, other, whole=whole) if other else {}
    folder = output_folder(out)
    recogniser = load_recogniser(load_settings())
    templates = labelled_templates(recogniser, mine | others, folder)
    kept = scoring.score(folder, "", templates.only(mine), listed.pairs, all_pairs=all_pairs, references=several)
    scored = scoring.read(folder, "", all_pairs=all_pairs, references=several)
    beside_one_photograph = None
    generator = np.random.default_rng(seed)
    if other:
        role = "_threshold"
        kept += scoring.score(folder, role, templates.only(others), other.pairs, all_pairs=all_pairs, references=several)
        choosing = scoring.read(folder, role, all_pairs=all_pairs, references=several)
        rates = accuracy_rates.by_all_pairs(scored.listed, choosing.listed, scored.trials, choosing.trials, generator)
        if scored.referenced:
            beside_one_photograph = _referenced(several, scored, choosing, rates)
    else:
        rates = accuracy_rates.by_folds(scored.listed, scored.folds, generator)
    digests = {str(image): digest for image, digest in zip(templates.images, templates.digests, strict=True)}
    report = {
        "kind": "accuracy",
        "list": pairs.name,
        "protocol": _protocol(several, all_pairs=all_pairs),
        **rates.report,
        "failures_to_acquire": len(templates.failures),
        **acquisition_rates(scored.images, rates.draws),
        **_parts(scored, rates, groupings),
        "references": beside_one_photograph,
        "dataset_digest": dataset_digest(digests),
        "pairs_sha256": {name.name: _sha256(name) for name in (pairs, threshold_from) if name},
        KEPT: digests_of(folder, kept),
        "faces": FACES,
        "seed": seed,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    write_report(folder, report)
    write_page(folder, accuracy_page(folder, report, _histograms(scored)))
    emit(report, as_json=as_json, table=lambda: _print_accuracy(report, folder))
    _end(report, held=fail_if_group_exceeds)


def _check(path: Path, listed: PairsList, other: PairsList | None, *, whole: bool) -> None:
    """Nobody chooses the threshold that judges them. whole: every photograph of the list's people takes part."""
    if other is None and (not listed.folds or whole):
        words = "beyond the list there are no folds" if whole else f"{path.name} has no folds"
        raise typer.BadParameter(
            f"{words}, and a list never takes its threshold from itself: name another list, of other people",
            param_hint="--threshold-from",
        )
    if other and listed.people & other.people:
        raise InvalidInput(f"{len(listed.people & other.people)} people are in both lists: name a list of other people")


def _images(folder: Path, pairs: PairsList, *, whole: bool) -> dict[ImageName, Path]:
    listed = listed_images(folder, pairs)
    return images_of(folder, pairs.people) if whole else listed


def _protocol(references: int, *, all_pairs: bool) -> str:
    if references:
        return f"references of {references} photographs"
    return "all pairs" if all_pairs else "listed pairs"


def _referenced(photographs: int, scored: Scored, choosing: Scored, rates: accuracy_rates.Rates) -> dict[str, Any]:
    """Key `references`: who was enrolled with so many photographs, and what the same probes come to against one."""
    assert scored.referenced
    found, _ = scored.referenced
    return {
        "photographs": photographs,
        "people": int(np.unique(found.person).size),
        "not_enrolled": found.not_enrolled(scored.images.names),
        "one_photograph": beside_one(rates.judged, scored.against_one, choosing.against_one, rates.draws),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _parts(scored: Scored, rates: accuracy_rates.Rates, groupings: tuple[Grouping, ...]) -> dict[str, Any]:
    """Keys `quality` and `groups`: parts of the comparisons, at the strictest operating point that they support."""
    judged = rates.for_parts
    if judged is None:
        return {"quality": None, "groups": [unjudged(grouping) for grouping in groupings]}
    trials, threshold, draws = judged.trials, judged.threshold, rates.draws
    overall = trials.fnmr(threshold, draws).value
    parts = by_quality(trials, scored.images.qualities, threshold, draws)
    found = [by_group(trials, scored.images.names, grouping, threshold, draws) for grouping in groupings]
    return {"quality": {"target_fmr": judged.target, "overall": overall, "parts": parts}, "groups": found}


def _histograms(scored: Scored) -> Histograms:
    mated = scored.trials.mated
    if scored.every is not None:  # hundred bins of 1e-4 to one of 1e-2
        coarse = EDGES[::100], scored.every.counts.reshape(-1, 100).sum(axis=1)
        return {"mated": binned(mated, EDGES[::100]), "non-mated": coarse}
    edges = edges_for([mated, scored.trials.non_mated])
    return {"mated": binned(mated, edges), "non-mated": binned(scored.trials.non_mated, edges)}


def _print_accuracy(report: Mapping[str, Any], folder: Path) -> None:
    found = report["accuracy"]
    stdout.print(
        f"[bold]accuracy {found['mean']:.2%}[/bold], standard error {found['standard_error']:.2%}, "
        f"95 % {found['low']:.2%} to {found['high']:.2%} (n = {found['n']:,}; threshold from {found['threshold_from']})"
    )
    words = f"{report['protocol']}: {report['n_mated']:,} mated, {report['n_non_mated']:,} non-mated"
    stdout.print(operating_points_table(report["operating_points"], words))
    if report["references"]:
        _print_references(report["references"])
    stdout.print(
        f"EER {rate(report['eer'])}, 95 % {interval(report['eer_low'], report['eer_high'])}. "
        f"Failures to acquire: {report['failures_to_acquire']}; "
        f"to enrol: {report['fte']['errors']} of {report['fte']['n']:,} people."
    )
    for grouping in report["groups"]:
        stdout.print(f"by {escape(grouping['column'])}: {grouping['verdict'] or grouping['note']}")
    stdout.print(f"{folder}: report.html, report.json, scores.csv, plots as PNG and SVG", markup=False)


def _print_references(found: Mapping[str, Any]) -> None:
    for one in found["one_photograph"]:
        stdout.print(
            f"  {one['target_fmr']:.0e}: against one photograph FNMR {rate(one['fnmr'])}, "
            f"{interval(one['fnmr_low'], one['fnmr_high'])}; change {100 * one['change']:+.2f} points "
            f"({100 * one['change_low']:+.2f} to {100 * one['change_high']:+.2f}), {one['verdict']}"
        )
    stdout.print(f"{found['people']:,} people with enough photographs, {found['not_enrolled']:,} of them not enrolled")


def _end(report: Mapping[str, Any], *, held: bool) -> None:
    """Say what the groups' test could not answer, and exit as --fail-if-group-exceeds has it."""
    for grouping in report["groups"]:
        if grouping["note"]:
            console.print(f"{grouping['column']}: {grouping['note']}", style="yellow", markup=False)
    verdicts = [grouping["verdict"] for grouping in report["groups"]]
    if held and EXCEEDS in verdicts:
        raise typer.Exit(EXIT_CODES["rejected"])
    if held and (not verdicts or UNSUPPORTED in verdicts or None in verdicts):
        console.print("too few comparisons to tell whether a group exceeds the overall FNMR by more than 25 %", style="yellow")
        raise typer.Exit(EXIT_CODES["inconclusive"])
