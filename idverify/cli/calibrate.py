"""`idverify calibrate`: the operator's own operating points, from photographs of the people that the service will see."""

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from idverify.api.app import Recogniser, load_recogniser
from idverify.cli.labelled import FACES, labelled_templates, operating_points_table
from idverify.cli.output import EXIT_CODES, AsJson, console, emit, stdout
from idverify.config import load_settings
from idverify.errors import InvalidInput
from idverify.evaluation.calibration import OperatingPoint, Sample, calibrate, described, policy_rows, sample, to_ship
from idverify.evaluation.comparisons import compare_all
from idverify.evaluation.dataset import dataset_digest, images_of, read_pairs
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.error_rates import det_points
from idverify.evaluation.exclusions import Exclusion, kept, read_exclusions
from idverify.evaluation.operating_points import write_operating_points
from idverify.evaluation.plots import Line, binned, det_plot, edges_for, histogram_plot, save
from idverify.evaluation.report import output_folder, provenance, write_report

app = typer.Typer()

OPERATING_POINTS = "operating_points.toml"


@app.command(name="calibrate")
def calibrate_command(
    *,
    images: Annotated[Path, typer.Option(help="folder of person/person_0001.jpg")],
    pairs: Annotated[Path, typer.Option(help="list of pairs: its people, with all their images, choose the thresholds")],
    out: Annotated[Path, typer.Option(help="folder for operating_points.toml, report.json, plots and cached templates")],
    report_pairs: Annotated[
        Path | None,
        typer.Option(help="another list, of other people, whose error rates are reported; without it, half of the people"),
    ] = None,
    exclude: Annotated[Path | None, typer.Option(help="label errors with their evidence; both figures are reported")] = None,
    calibrated_on: Annotated[str, typer.Option(help="what the photographs are, in words that every policy will show")] = "",
    seed: Annotated[int, typer.Option(min=0, help="seed of the bootstrap, and of the split")] = 1,
    as_json: AsJson = False,
) -> None:
    """Find thresholds at false match rates of 1e-2 to 1e-6, and their error rates on people who did not choose them.

    All mated and non-mated pairs of the people are compared. A threshold is that of the largest false match rate not above
    the target; bounds come from a bootstrap of people; a target that so many people cannot carry gets no policy. A run that
    was cut short goes on where it stopped. Then set IDVERIFY_POLICIES_FILE to the operating_points.toml it wrote.

    Example: idverify calibrate --images lfw --pairs lfw/pairsDevTrain.txt --report-pairs lfw/pairsDevTest.txt
    --out calibration

    Exit codes: 0 written, 3 a list or a photograph cannot be used, or people are in both lists, 4 a fault, 5 no policy
    written: the data carries none of the targets.
    """
    people, others = _two_lists(pairs, report_pairs, seed)
    exclusions = read_exclusions(exclude) if exclude else ()
    chosen, judged = images_of(images, people), images_of(images, others)
    folder = output_folder(out)
    recogniser = load_recogniser(load_settings())
    both = labelled_templates(recogniser, chosen | judged, folder)
    parts = both.only(chosen), both.only(judged)
    raw = _measured(parts, (), seed)
    cleaned = _measured(parts, exclusions, seed) if exclusions else raw
    shipped = to_ship(raw[2], cleaned[2])
    digest = dataset_digest(
        {str(image): digest for image, digest in zip(parts[0].images, parts[0].digests, strict=True)},
        [f"exclusions {_digest_of(exclude)}" if exclude and shipped != raw[2] else "no exclusions"],
    )
    rows = policy_rows(
        shipped,
        people=raw[1].facts()["people"],
        model_digest=recogniser.acquirer.embedding_digest,
        calibration_digest=digest,
        calibrated_on=calibrated_on or f"{images.name}, people of {pairs.name}; not described by the operator",
    )
    points = folder / OPERATING_POINTS
    if rows:
        write_operating_points(points, rows)
    else:
        points.unlink(missing_ok=True)  # one of an earlier run would pass for this one's
    report = _report(raw, cleaned, exclusions, recogniser, parts) | {
        "policies": rows,
        "calibration_digest": digest,
        "faces": FACES,
        "seed": seed,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    write_report(folder, report)
    _draw(folder, raw, cleaned if exclusions else None)
    emit(report, as_json=as_json, table=lambda: _print(report, folder))
    if not rows:
        console.print("no policy written: the data carries none of the targets", style="yellow")
        raise typer.Exit(EXIT_CODES["inconclusive"])


Measured = tuple[Sample, Sample, list[OperatingPoint]]


def _two_lists(pairs: Path, report_pairs: Path | None, seed: int) -> tuple[set[str], set[str]]:
    """The people who choose the thresholds, and those who are judged by them: never the same."""
    people = set(read_pairs(pairs).people)
    if report_pairs is not None:
        others = set(read_pairs(report_pairs).people)
        if people & others:
            raise InvalidInput(
                f"{len(people & others)} people are in both lists: a threshold is not judged by those who chose it"
            )
        return people, others
    order = np.random.default_rng(seed).permutation(sorted(people)).tolist()
    return set(order[::2]), set(order[1::2])


def _measured(parts: tuple[Templates, Templates], exclusions: Sequence[Exclusion], seed: int) -> Measured:
    generator = np.random.default_rng(seed)
    samples = []
    for templates in parts:
        comparisons = compare_all(templates)
        if exclusions:
            comparisons = comparisons.only(kept(comparisons, templates.images, exclusions))
        samples.append(sample(comparisons, generator))
    return samples[0], samples[1], calibrate(samples[0], samples[1])


def _report(
    raw: Measured,
    cleaned: Measured,
    exclusions: Sequence[Exclusion],
    recogniser: Recogniser,
    parts: tuple[Templates, Templates],
) -> dict[str, Any]:
    def points(measured: Measured) -> list[dict[str, Any]]:
        return [described(point) for point in measured[2]]

    report: dict[str, Any] = {
        "operating_points": points(raw),
        "calibration": raw[0].facts() | _acquisition(parts[0]),
        "report": raw[1].facts() | _acquisition(parts[1]),
        "failures_to_acquire": sum(len(part.failures) for part in parts),
        "model_digest": recogniser.acquirer.embedding_digest,
    }
    if exclusions:
        report["without_label_errors"] = {
            "operating_points": points(cleaned),
            "calibration": cleaned[0].facts(),
            "report": cleaned[1].facts(),
            "exclusions": [
                {"people": list(one.people), "images": list(one.images), "evidence": one.evidence} for one in exclusions
            ],
        }
    return report


def _acquisition(templates: Templates) -> dict[str, Any]:
    codes = list(templates.failures.values())
    return {"images": len(templates.images), "failures_to_acquire": {code: codes.count(code) for code in sorted(set(codes))}}


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _draw(folder: Path, raw: Measured, cleaned: Measured | None) -> None:
    curves = {"as labelled": raw[1].comparisons}
    if cleaned is not None:
        curves["without label errors"] = cleaned[1].comparisons
    lines = [Line(name, *det_points(found.mated_scores, found.non_mated_scores)) for name, found in curves.items()]
    save(det_plot(lines, labels=("false match rate (FMR)", "false non-match rate (FNMR)")), folder, "det")
    thresholds = {f"FMR {point.target_fmr:.0e}": point.threshold for point in raw[2] if point.supported}
    kinds = {"mated": raw[1].comparisons.mated_scores, "non-mated": raw[1].comparisons.non_mated_scores}
    edges = edges_for(list(kinds.values()))
    histograms = {name: binned(scores, edges) for name, scores in kinds.items()}
    save(histogram_plot(histograms, thresholds, label="comparison score (cosine)"), folder, "scores")


def _print(report: Mapping[str, Any], folder: Path) -> None:
    sets: list[tuple[str, Mapping[str, Any]]] = [("as labelled", report)]
    if "without_label_errors" in report:
        sets.append(("without label errors", report["without_label_errors"]))
    for words, found in sets:
        stdout.print(operating_points_table(found["operating_points"], words))
    facts = report["report"]
    stdout.print(
        f"Thresholds from {report['calibration']['people']:,} people, rates from {facts['people']:,} others: "
        f"{facts['n_mated']:,} mated and {facts['n_non_mated']:,} non-mated comparisons. "
        f"Failures to acquire: {report['failures_to_acquire']}."
    )
    files = [OPERATING_POINTS] * bool(report["policies"]) + ["report.json", "det.png", "scores.png"]
    stdout.print(f"{folder}: {', '.join(files)}", markup=False)
