"""`idverify bench tokens`: how fast signed answers and credentials are made and validated."""

import secrets
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.evaluation.credential_work import Office, credential_work, mdoc_work, slip_work, status_work
from idverify.evaluation.hardware import one_core
from idverify.evaluation.report import origin, output_folder, write_report
from idverify.evaluation.seal_work import seal_work
from idverify.evaluation.token_work import verdict_work
from idverify.evaluation.tokens import token_rows


def tokens(
    *,
    n: Annotated[int, typer.Option(min=10, max=20_000, help="things of each kind, each with keys and claims of its own")] = 300,
    out: Annotated[Path, typer.Option(help="folder for report.json")] = Path("out/tokens"),
    as_json: AsJson = False,
) -> None:
    """Milliseconds to issue and to validate each kind of token, on one core: medians, and how far the slow ones are.

    Credentials are identity cards with eight claims, issued in batches of 30 copies. Every presentation and every QR code has a
    holder's key of its own, as at a busy gate. Seals are affixed to PDFs of one page, without a time stamp. Keys are held in
    memory, made for the run; a key in an HSM costs what the HSM costs. Nothing is read from disk or network meanwhile.

    Example: idverify bench tokens --n 1000 --json

    Exit codes: 0 measured, 4 a fault.
    """
    folder = output_folder(out)
    now = time.time()
    with one_core() as core, tempfile.TemporaryDirectory() as place:
        office = Office(Path(place), now=now, random_bytes=secrets.token_bytes)
        made = [*credential_work(office, n), *mdoc_work(office, n), *slip_work(office, n), *status_work(office, n)]
        made += seal_work(Path(place) / "seals", n, now=now)
        with progress_bar("tokens") as progress:
            rows = token_rows([*verdict_work(n, now=now, random_bytes=secrets.token_bytes), *made], progress)
    report = {"kind": "tokens", "tokens": rows, "core": core, **origin(arguments=sys.argv[1:], now=now)}
    write_report(folder, report)
    emit(report, as_json=as_json, table=lambda: _print_tokens(report, folder))


def _print_tokens(report: Mapping[str, Any], folder: Path) -> None:
    table = Table("", "p50 ms", "p95 ms", "a second", "n", "budget", box=None, header_style="dim", padding=(0, 1, 0, 0))
    for row in report["tokens"]:
        spent = f"{row['p50_ms']:.3f}", f"{row['p95_ms']:.3f}", f"{row['per_second']:,.0f}", f"{row['n']:,}"
        table.add_row(row["what"], *spent, _budget(row))
    stdout.print(table)
    stdout.print(f"{folder}: report.json", markup=False)


def _budget(row: Mapping[str, Any]) -> str:
    if row["budget_ms"] is None:
        return ""
    return f"{row['budget_ms']:g} ms, {'met' if row['within_budget'] else '[bold]missed[/bold]'}"
