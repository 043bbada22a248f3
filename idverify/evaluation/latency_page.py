"""The page and the pictures of `idverify bench latency`, made of its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.pages import provenance_of
from idverify.evaluation.plots import save, stage_plot

POINTS = ("p50_ms", "p95_ms", "p99_ms")


def latency_page(folder: Path, report: Mapping[str, Any]) -> Page:
    """Draw the picture into the folder, and describe the page. report: as `bench latency` writes it."""
    total, naive = report["total"], report["naive"]
    n = f"n = {report['n']:,} each, in turn, {report['frames']} photographs"
    return Page(
        title="Latency from JPEG to decision",
        headlines=[
            Headline("Median", f"{total['p50_ms']:.1f} ms", f"p95 {total['p95_ms']:.1f}, p99 {total['p99_ms']:.1f} ms", n),
            Headline(
                "As fast as the naive path", f"{report['ratio_to_naive']:.2f} ×",
                f"its median: {naive['total']['p50_ms']:.1f} ms", "medians of the same run",
            ),
        ],
        measured_on=[f"{report['input']}.", f"{report['provider']}, one core, one thread, policy {report['policy']}."],
        does_not_claim=[
            "Milliseconds of another machine: quote the ratio, not the milliseconds.",
            "Nothing about load: requests that wait for each other are measured by another benchmark.",
            "Nothing about the network, nor about the camera.",
        ],
        sections=[_stages(folder, report)],
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


def _row(stage: str, found: Mapping[str, float], naive: Mapping[str, float] | None) -> list[str]:
    return [stage, *(f"{found[point]:.2f}" for point in POINTS), f"{naive['p50_ms']:.2f}" if naive else "–"]
