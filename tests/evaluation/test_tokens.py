"""The runner of `idverify bench tokens`: what is counted, and that every kind of work is done and within reach of its budget."""

import json
import subprocess
import sys
import time

from idverify.evaluation.tokens import WARM, Work, token_rows


def test_a_row_counts_things_and_leaves_out_the_first_calls():
    """Ten calls that make three things each in 6 ms or more: 2 ms a thing, and a budget of 1 ms missed."""
    done = []

    def make(number):
        done.append(number)
        time.sleep(0.2 if number < WARM else 0.006)

    calls = [lambda number=number: make(number) for number in range(WARM + 10)]
    told = []
    row, free = token_rows(
        [Work("made", calls, things=3, budget_ms=1.0), Work("free", [lambda: None] * (WARM + 1))],
        lambda *at: told.append(at),
    )
    assert done == list(range(WARM + 10))
    assert (row["n"], row["things"], row["within_budget"]) == (30, 3, False)
    assert 2.0 <= row["p50_ms"] <= row["p95_ms"] < 60
    assert row["per_second"] == 1000 / row["p50_ms"]
    assert (free["n"], free["budget_ms"], free["within_budget"]) == (1, None, None)
    assert told[-1] == (2 * WARM + 11, 2 * WARM + 11)


def test_the_command_reports_every_kind_of_token_with_its_budget(tmp_path):
    """One object on standard output, the same in report.json; a budget is missed by no more than a busy machine explains."""
    command = [sys.executable, "-m", "idverify.cli.main", "bench", "tokens", "--n", "10", "--out", tmp_path, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert {row["what"]: row["budget_ms"] for row in report["tokens"]} == {
        "verdict issued": 0.5,
        "verdict validated": 1.0,
        "SD-JWT VC issued, batches of 30": 0.5,
        "presentation validated": 1.5,
        "mdoc issued, batches of 30": 0.5,
        "mdoc validated": 1.5,
        "QR slip validated, gate": 1.0,
        "QR slip validated, police": 1.0,
        "status list of 2^20 read": None,
        "status list of 2^20 read, CWT": None,
        "status list of 2^20 asked, held": 5.0,
        "seal affixed to a page": None,
        "sealed page validated": None,
    }
    assert all(row["p50_ms"] < 10 * row["budget_ms"] for row in report["tokens"] if row["budget_ms"])
    assert {"commit", "command", "hardware", "core"} <= report.keys()
