"""`idverify bench latency`: milliseconds from JPEG to decision, beside the naive path."""

import hashlib
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from idverify.acquisition import Acquirer
from idverify.api.app import load_recogniser
from idverify.cli.labelled import FACES
from idverify.cli.output import EXIT_CODES, AsJson, console, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.decision.policy import find_policy
from idverify.errors import InvalidInput
from idverify.evaluation.agreement import agreement
from idverify.evaluation.compare_latency import write_samples
from idverify.evaluation.dataset import dataset_digest, photos_in, sample_photos
from idverify.evaluation.frames import FACE_HEIGHTS, HEIGHT, QUALITY, TILT, WIDTH, frames_of, read_photograph, upright_frame
from idverify.evaluation.hardware import matrix_product_ms, one_core, resident_mb
from idverify.evaluation.html import write_page
from idverify.evaluation.latency import Pair, acquired, summarise, time_both, void_because
from idverify.evaluation.latency_page import latency_page
from idverify.evaluation.naive import NaivePath
from idverify.evaluation.paths import OurPath, Verify, YardstickPath
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.runs import KEPT, digests_of
from idverify.inference.manifest import default_models_folder
from idverify.values import Face

INPUT = (
    f"{WIDTH}x{HEIGHT} JPEG of quality {QUALITY}, made in memory: the face {FACE_HEIGHTS[0]:.0f} to {FACE_HEIGHTS[1]:.0f} "
    f"pixels high, tilted by up to {TILT:.0f} degrees, three in eight stored turned with an EXIF orientation"
)


def latency(
    photos: Annotated[
        Path | None, typer.Option(help="folder of photographs; those that travel with the package unless named")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=20_000, help="camera frames, each verified once by either path")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="seed of the frames: which photograph, face height, tilt, order")] = 1,
    out: Annotated[Path, typer.Option(help="folder for report.html, report.json, the samples and the plot")] = Path(
        "out/latency"
    ),
    as_json: AsJson = False,
) -> None:
    """Milliseconds from a 640x480 JPEG to a decision, by stage, on one core, beside the naive path in the same run.

    The photographs are made into camera frames before anything is timed: faces 60 to 440 pixels high, tilted by up to 25
    degrees, some stored on their side. The naive path is the frozen, straightforward way to run the same models as
    published; ratio_to_naive is its median over ours. What either path saw of each frame is compared as well.

    Example: idverify bench latency --photos lfw --n 1000 --json

    Exit codes: 0 measured, 3 a photograph cannot be used, 4 a fault, 5 void: the machine was too busy for a ratio to mean
    anything.
    """
    folder = output_folder(out)
    with one_core() as core:
        pairs, report = _measure_latency(photos, n, seed)
        report["core"] = core
    both = acquired(pairs)
    samples = {"ours": [pair.ours.total_ms for pair in both], "naive": [pair.naive.total_ms for pair in both]}
    report[KEPT] = digests_of(folder, [write_samples(folder, samples)])
    write_report(folder, report)
    write_page(folder, latency_page(folder, report))
    emit(report, as_json=as_json, table=lambda: _print_latency(report))
    if report["void"]:
        raise typer.Exit(EXIT_CODES["inconclusive"])


def _measure_latency(photos: Path | None, n: int, seed: int) -> tuple[list[Pair], dict[str, Any]]:
    settings = load_settings()
    recogniser = load_recogniser(settings)
    acquirer = Acquirer(recogniser.engine, faces=FACES)
    policy = find_policy(recogniser.policies, settings.default_policy)

    def locate(photograph: bytes) -> Face:
        return acquirer.acquire(photograph).face

    ours = OurPath(acquirer, policy)
    generator = np.random.default_rng(seed)
    named = photos_in(photos) if photos else {path.name: path for path in sample_photos()}
    everything = list(named.values())
    chosen = sorted(generator.permutation(len(everything))[:n])
    memory = _memory_of_a_worker(ours, upright_frame(read_photograph(everything[0]), locate))
    photographs = [read_photograph(everything[index]) for index in chosen]
    frames = frames_of(photographs, n, locate, generator)
    references = [upright_frame(read_photograph(everything[(index + 1) % len(everything)]), locate) for index in chosen]
    against = _verifications(ours, YardstickPath(NaivePath(default_models_folder() / "naive")), references)
    usable = [frame for frame in frames if frame.photo in against]
    before = matrix_product_ms()
    with progress_bar("verifications") as progress:
        pairs = time_both(usable, against, progress)
    if not acquired(pairs):
        raise InvalidInput(f"none of {len(chosen)} photographs shows a face that both paths acquire: there is nothing to time")
    product = {"before": before, "after": matrix_product_ms()}
    measured = summarise(pairs)
    return pairs, {
        "kind": "latency",
        **measured,
        "void": void_because(measured["naive"]["stages"], statistics.median(product.values())),
        "agreement": agreement(pairs, policy.threshold, policy.minimum_pad),
        "frames": len(usable),
        "photographs": len({frame.photo for frame in usable}),
        "frames_without_reference": len(frames) - len(usable),
        "seed": seed,
        "dataset_digest": _digest([list(named)[index] for index in chosen], photographs, n, seed),
        "input": INPUT,
        "rss_mb": memory["now"],
        "rss_peak_mb": memory["peak"],
        "rss_of": "this process after its first decisions, before the other frames and the naive path are in memory",
        "policy": policy.name,
        "matrix_product_1024_ms": product,
        "instruction_set_limit": os.environ.get("ONEDNN_MAX_CPU_ISA"),
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }


def _digest(names: Sequence[str], photographs: Sequence[bytes], n: int, seed: int) -> str:
    """Names the photographs and how frames are made of them: runs on others are not runs of the same data."""
    digests = [hashlib.sha256(photograph).hexdigest() for photograph in photographs]
    return dataset_digest(dict(zip(names, digests, strict=True)), [f"{n} frames", f"seed {seed}"])


def _memory_of_a_worker(ours: OurPath, frame: bytes) -> dict[str, float | None]:
    verify = ours.against(frame)
    for _ in range(4):
        if verify:
            verify(frame)
    return resident_mb()


def _verifications(ours: OurPath, naive: YardstickPath, references: Sequence[bytes]) -> dict[int, tuple[Verify, Verify]]:
    """By the photograph's number, where both paths make a template of its reference."""
    found = {}
    for photo, reference in enumerate(references):
        ways = ours.against(reference), naive.against(reference)
        if ways[0] and ways[1]:
            found[photo] = ways[0], ways[1]
    return found


def _print_latency(report: Mapping[str, Any]) -> None:
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", "naive p50 ms", box=None, header_style="dim")
    naive = report["naive"]
    for stage, found in {**report["stages"], "total": report["total"]}.items():
        other = naive["total"] if stage == "total" else naive["stages"].get(stage)
        row = [f"{found[f'p{point}_ms']:.2f}" for point in (50, 95, 99)]
        table.add_row(stage, *row, f"{other['p50_ms']:.2f}" if other else "")
    stdout.print(table)
    found = report["agreement"]
    stdout.print(
        f"[bold]{report['ratio_to_naive']:.2f} x[/bold] as fast as the naive path, n = {report['n']} frames of "
        f"{report['photographs']} photographs each, one core"
    )
    stdout.print(
        f"failures to acquire: {found['failures_to_acquire']}, naive path {found['naive_failures_to_acquire']}, "
        f"of {found['frames']}; "
        + "; ".join(
            f"{what} outcomes that differ: {found[key]['outcomes_that_differ']} of {found[key]['n']}"
            for key, what in (("comparison", "match"), ("pad", "PAD"))
            if found[key]["n"]
        )
    )
    stdout.print(
        f"{report['provider']}, {report['hardware']['cpu']}, {report['rss_mb'] or report['rss_peak_mb']:.0f} MB resident"
    )
    if not report["hardware"]["flags"]:
        console.print("the processor's vector instructions are unknown here")
    if report["void"]:
        console.print(f"[bold]VOID:[/bold] {report['void']}")
