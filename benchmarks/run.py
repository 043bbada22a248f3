"""What `make bench` runs: latency always; accuracy and attack detection where IDVERIFY_DATA names the evaluation data.

Each benchmark is one `idverify bench` command in a process of its own. Its report.json is kept in benchmarks/results/ (scores
and plots, which name people, stay in the working folder, build/bench). benchmarks/results/table.md has a row about each kept
report, also of a benchmark that did not run this time: its date says when it did. Cut short and started again, a benchmark
goes on with the templates that are already made.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
WORK = Path("build") / "bench"  # relative, so that a report's command names no folder of this machine


def main() -> int:
    """Exit code: that of the first benchmark that fails, else 0."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    runs = {"latency": ["latency", "--n", "200", "--out", str(WORK / "latency")]}
    if data:
        lfw, nuaa = f"{data}/lfw", f"{data}/nuaa"
        lists = ["--pairs", f"{lfw}/pairsDevTest.txt", "--threshold-from", f"{lfw}/pairsDevTrain.txt"]
        runs["accuracy"] = ["accuracy", "--images", lfw, *lists, "--out", str(WORK / "accuracy")]
        kinds = ["--bona-fide", f"{nuaa}/live", "--attack", f"print={nuaa}/print"]
        runs["pad"] = ["pad", *kinds, "--out", str(WORK / "pad")]
    else:
        print("IDVERIFY_DATA is not set: accuracy and attack detection stay as last measured", file=sys.stderr)
    for name, arguments in runs.items():
        code = subprocess.run(
            [sys.executable, "-m", "idverify.cli.main", "bench", *arguments], cwd=ROOT, check=False
        ).returncode
        if code != 0:
            return code
        RESULTS.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / WORK / name / "report.json", RESULTS / f"{name}.json")
    (RESULTS / "table.md").write_text(table_of(RESULTS), encoding="utf-8")
    print(f"\n{RESULTS.relative_to(ROOT)}: " + ", ".join(f"{name}.json" for name in runs) + ", table.md")
    return 0


def table_of(results: Path) -> str:
    """The Markdown table over the reports that the folder holds."""
    lines = ["| figure | value | 95 % interval | n | date |", "|---|---|---|---|---|"]
    for name, row in ROWS.items():
        report = results / f"{name}.json"
        if report.exists():
            lines.append("| " + " | ".join(row(json.loads(report.read_text(encoding="utf-8")))) + " |")
    return "\n".join(lines) + "\n"


def latency_row(report: dict[str, Any]) -> list[str]:
    """Milliseconds from JPEG to decision, and the ratio to the naive path of the same run."""
    total, naive = report["total"], report["naive"]["total"]
    value = f"{total['p50_ms']:.1f} ms; naive path {naive['p50_ms']:.1f} ms; {report['ratio_to_naive']:.2f} x as fast"
    spread = f"p95 {total['p95_ms']:.1f}, p99 {total['p99_ms']:.1f} ms"
    return ["640x480 JPEG to decision, p50, one core", value, spread, str(report["n"]), report["date"][:10]]


def accuracy_row(report: dict[str, Any]) -> list[str]:
    """Accuracy at the other list's threshold."""
    found = report["accuracy"]
    words = "accuracy on LFW pairsDevTest, threshold from pairsDevTrain"
    interval = f"{found['low']:.2%} to {found['high']:.2%}"
    return [words, f"{found['mean']:.2%}", interval, f"{found['n']:,}", report["date"][:10]]


def pad_row(report: dict[str, Any]) -> list[str]:
    """APCER of the worst species at the threshold of other people."""
    value = f"APCER {report['worst_apcer']:.2%} at BPCER {report['bpcer']:.2%}, AUC {report['auc']:.4f}"
    interval = f"APCER at most {report['worst_apcer_high']:.2%}, BPCER at most {report['bpcer_high']:.2%}"
    sizes = [str(report["bona_fide"]["n"]), *(str(found["n"]) for found in report["species"].values())]
    return ["PAD on NUAA (printed photographs only, easy)", value, interval, " + ".join(sizes), report["date"][:10]]


ROWS: dict[str, Callable[[dict[str, Any]], list[str]]] = {"latency": latency_row, "accuracy": accuracy_row, "pad": pad_row}


if __name__ == "__main__":
    sys.exit(main())
