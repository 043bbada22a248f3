"""`idverify bench latency`: milliseconds from JPEG to decision, beside the naive path."""

import sys
import time
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from idverify.api.app import load_recogniser
from idverify.cli.files import read_file
from idverify.cli.output import AsJson, console, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.decision.policy import find_policy
from idverify.evaluation.dataset import photos_in
from idverify.evaluation.hardware import matrix_product_ms, one_core, resident_mb
from idverify.evaluation.latency import OurPath, camera_frame, interleave
from idverify.evaluation.naive import NaivePath
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.inference.manifest import default_models_folder


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
