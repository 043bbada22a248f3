"""`idverify bench compare`: whether two runs differ beyond noise."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from idverify.cli.bench.options import Seed
from idverify.cli.output import EXIT_CODES, AsJson, emit, stdout
from idverify.evaluation.compare_accuracy import compare_accuracy
from idverify.evaluation.compare_latency import compare_latency
from idverify.evaluation.compare_pad import compare_pad
from idverify.evaluation.differences import BETTER, CANNOT_TELL, SAME, WORSE
from idverify.evaluation.runs import check_comparable, open_run

COMPARE = {"accuracy": compare_accuracy, "pad": compare_pad, "latency": compare_latency}
COLOURS = {BETTER: "green", WORSE: "red", CANNOT_TELL: "yellow"}


def compare(
    a: Annotated[Path, typer.Argument(help="the earlier run: its folder, or a report.json")],
    b: Annotated[Path, typer.Argument(help="the later run, of the same benchmark")],
    other_data: Annotated[
        bool, typer.Option("--other-data", help="compare runs of different data too, as independent samples")
    ] = False,
    fail_if_worse: Annotated[
        bool,
        typer.Option("--fail-if-worse", help="exit 1 where B is worse in a figure, 5 where none is but one cannot be told"),
    ] = False,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Whether run B differs from run A beyond noise, figure by figure: better, worse, no difference beyond noise, cannot tell.

    Of accuracy and attack detection, pair by pair where both folders kept their scores of the same data; else the runs'
    intervals are held against each other, which needs a larger difference. Of latency, from the kept samples.

    Example: idverify bench compare out/before out/after --fail-if-worse

    Exit codes: 0 compared, 1 B is worse (--fail-if-worse), 3 not two reports of one benchmark and the same data, 4 a fault,
    5 a figure cannot be told (--fail-if-worse).
    """
    runs = open_run(a), open_run(b)
    check_comparable(*runs, other_data=other_data)
    differences, notes = COMPARE[runs[0].kind](*runs, np.random.default_rng(seed))
    verdicts = {found.verdict for found in differences}
    overall = next(verdict for verdict in (WORSE, CANNOT_TELL, BETTER, SAME) if verdict in verdicts)
    names = {letter: {"run": run.name, **_named(run.report)} for letter, run in zip("ab", runs, strict=True)}
    result = {
        "kind": runs[0].kind,
        **names,
        "differences": [asdict(found) for found in differences],
        "verdict": overall,
        "differ": bool(verdicts & {BETTER, WORSE}),
        "notes": notes,
        "seed": seed,
    }
    emit(result, as_json=as_json, table=lambda: _print(result))
    if fail_if_worse and overall in (WORSE, CANNOT_TELL):
        raise typer.Exit(EXIT_CODES["rejected" if overall == WORSE else "inconclusive"])


def _named(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report.get(key) for key in ("commit", "date", "pack", "provider")}


def _print(result: Mapping[str, Any]) -> None:
    table = Table("figure", "A", "B", "B - A, 95 %", "p", "verdict", box=None, header_style="dim")
    for found in result["differences"]:
        share = found["figure"].startswith(("accuracy", "F", "EER", "BPCER", "APCER"))
        spelled = [_spelled(found[key], share=share) for key in ("a", "b", "low", "high")]
        bounds = "" if found["low"] is None else f"{spelled[2]} to {spelled[3]}"
        p = "" if found["p"] is None else f"{found['p']:.2g}"
        colour = COLOURS.get(found["verdict"])
        words = f"[{colour}]{found['verdict']}[/{colour}]" if colour else found["verdict"]
        table.add_row(escape(found["figure"]), spelled[0], spelled[1], bounds, p, words)
    stdout.print(table)
    for note in result["notes"]:
        stdout.print(note, markup=False, style="dim")
    stdout.print(
        "each figure by its own 95 % interval: of twenty without any difference, one would seem to differ", style="dim"
    )


def _spelled(value: float | None, *, share: bool) -> str:
    if value is None:
        return ""
    if not share:
        return f"{value:.3f}"
    return f"{100 * value:.2f} %" if value == 0 or abs(value) >= 0.001 else f"{100 * value:.2g} %"
