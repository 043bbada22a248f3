"""The page and the pictures of `idverify bench latency`, made of its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.pages import provenance_of, rate
from idverify.evaluation.plots import save, stage_plot

POINTS = ("p50_ms", "p95_ms", "p99_ms")


def latency_page(folder: Path, report: Mapping[str, Any]) -> Page:
    """Draw the picture into the folder, and describe the page. report: as `bench latency` writes it."""
    total, naive = report["total"], report["naive"]
    n = f"n = {report['n']:,} frames of {report['photographs']:,} photographs, each by either path"
    return Page(
        title="Latency from JPEG to decision",
        headlines=[
            Headline("Median", f"{total['p50_ms']:.1f} ms", f"p95 {total['p95_ms']:.1f}, p99 {total['p99_ms']:.1f} ms", n),
            Headline(
                "As fast as the naive path", f"{report['ratio_to_naive']:.2f} ×",
                f"its median: {naive['total']['p50_ms']:.1f} ms", "medians of the same run",
            ),
        ],
        measured_on=[
            f"{report['input']}.", f"{report['provider']}, one core, one thread, policy {report['policy']}.", *_void(report),
        ],
        does_not_claim=[
            "Milliseconds of another machine: quote the ratio, not the milliseconds.",
            "Nothing about load: requests that wait for each other are measured by another benchmark.",
            "Nothing about the network, nor about the camera.",
        ],
        sections=[_stages(folder, report), _agreement(report["agreement"])],
        provenance=provenance_of(report),
    )  # fmt: skip


def _stages(folder: Path, report: Mapping[str, Any]) -> Section:
    ours, naive = report["stages"], report["naive"]["stages"]
    medians = {
        name: {stage: one["p50_ms"] for stage, one in found.items()} for name, found in (("ours", ours), ("naive", naive))
    }
    alt = "Median milliseconds by stage: " + "; ".join(f"{stage} {found:.2f}" for stage, found in medians["ours"].items())
    rows = [_row(stage, found, naive.get(stage)) for stage, found in ours.items()]
    rows.append(_row("total", report["total"], report["naive"]["total"]))
    columns = ("stage", "p50 ms", "p95 ms", "p99 ms", "naive p50 ms")
    picture = Picture("stages", save(stage_plot(medians), folder, "stages"), alt, "Median milliseconds by stage.")
    return Section("Stages", (), [picture], [Table("Milliseconds by stage", columns, rows)])


def _void(report: Mapping[str, Any]) -> list[str]:
    return [f"VOID: {report['void']}."] if report["void"] else []


def _agreement(found: Mapping[str, Any]) -> Section:
    rows = [["failures to acquire", f"{found['failures_to_acquire']}, naive path {found['naive_failures_to_acquire']}", "", ""]]
    for key, name in (("comparison", "comparison score"), ("pad", "PAD score")):
        one = found[key]
        if one["n"]:
            share = f"at most {rate(one['outcomes_that_differ_high'])}"
            outcomes = f"{one['outcomes_that_differ']} of {one['n']:,} at {one['gate']:.3f}, {share}"
            rows.append([name, outcomes, f"{one['difference_p50']:.3f}", f"{one['difference_p95']:.3f}"])
    text = (
        "What either path saw of the same frames. Their boxes differ a little, and an undecided PAD score moves with the crop."
    )
    columns = ("", "outcomes that differ", "difference, median", "95th percentile")
    return Section("Agreement", (text,), [], [Table("Ours beside the naive path", columns, rows)])


def _row(stage: str, found: Mapping[str, float], naive: Mapping[str, float] | None) -> list[str]:
    return [stage, *(f"{found[point]:.2f}" for point in POINTS), f"{naive['p50_ms']:.2f}" if naive else "–"]
