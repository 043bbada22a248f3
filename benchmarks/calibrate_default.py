"""Calibrate the shipped policies anew: after a change of model, alignment or detection. Needs IDVERIFY_DATA; minutes.

Runs `idverify calibrate` on LFW's View 1 in each variant of the default pack, keeps the reports as
benchmarks/results/calibration.json and calibration_accurate.json, and writes the [[policy]] tables at the end of
models/manifest.toml. What a person set on a policy (minimum_quality, minimum_pad) stays.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from idverify.evaluation.operating_points import as_toml

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "models" / "manifest.toml"
OUT = Path("build") / "calibration"
HEAD = "# Operating points of the default pack"
REPORTS = {"fast": "calibration.json", "accurate": "calibration_accurate.json"}  # of each variant, in benchmarks/results
GATES = ("minimum_quality", "minimum_pad")
WORDS = (
    "Labeled Faces in the Wild, View 1, deep-funneled (thresholds from the people of pairsDevTrain, rates from those of "
    "pairsDevTest): Western celebrity photos, likely seen in training; not evidence for your population"
)


def main() -> int:
    """Exit code of the calibration that failed, else 0."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    if not data:
        print("IDVERIFY_DATA is not set: there is nothing to calibrate on", file=sys.stderr)
        return 2
    lists = ["--pairs", f"{data}/lfw/pairsDevTrain.txt", "--report-pairs", f"{data}/lfw/pairsDevTest.txt"]
    exclusions = ["--exclude", "benchmarks/lfw_exclusions.toml"]
    for variant in REPORTS:
        out = ["--out", str(OUT / variant)]
        command = ["calibrate", "--images", f"{data}/lfw", *lists, *exclusions, "--calibrated-on", WORDS, *out]
        code = subprocess.run(
            [sys.executable, "-m", "idverify.cli.main", *command],
            cwd=ROOT,
            env=os.environ | {"IDVERIFY_PACK": "default", "IDVERIFY_VARIANT": variant},
            check=False,
        ).returncode
        if code != 0:
            return code
    ship(MANIFEST, [ROOT / OUT / variant / "operating_points.toml" for variant in REPORTS])
    tables = []
    for variant, kept in REPORTS.items():
        found = ROOT / OUT / variant / "report.json"
        shutil.copyfile(found, ROOT / "benchmarks" / "results" / kept)
        tables.append(f"## Variant `{variant}`\n\n{table(json.loads(found.read_text(encoding='utf-8')))}")
    (ROOT / "benchmarks" / "results" / "policies.md").write_text("\n".join(tables), encoding="utf-8")
    return 0


def ship(manifest: Path, operating_points: Sequence[Path]) -> None:
    """Replace the policies at the end of the manifest by those of these files, one a variant.

    Gates of a policy of the same name and variant are kept; a variant that had no policies takes those of the first. Variants
    are told apart by their order, for a new model changes every digest.
    """
    text = manifest.read_text(encoding="utf-8")
    old = tomllib.loads(text).get("policy", [])
    digests = list(dict.fromkeys(row.get("model_digest") for row in old))
    rows: list[dict[str, Any]] = []
    for index, file in enumerate(operating_points):
        before = digests[index] if index < len(digests) else next(iter(digests), None)
        gates = {
            row["name"]: {gate: row[gate] for gate in GATES if gate in row} for row in old if row.get("model_digest") == before
        }
        rows += [row | gates.get(row["name"], {}) for row in tomllib.loads(file.read_text(encoding="utf-8"))["policy"]]
    models = text.partition(f"\n{HEAD}")[0].rstrip("\n")
    head = (
        f"{HEAD}, written by benchmarks/calibrate_default.py (docs/reference/policies.md).\n"
        "# benchmarks/results/calibration*.json have the figures with and without label errors side by side."
    )
    manifest.write_text(f"{models}\n\n{head}\n{as_toml(rows)}", encoding="utf-8")


def table(report: dict[str, Any]) -> str:
    """The operating points of both sets, side by side, in Markdown."""
    cleaned = report["without_label_errors"]
    facts = report["report"]
    lines = [
        f"Thresholds from {report['calibration']['people']:,} people, rates from {facts['people']:,} others,",
        f"{facts['n_mated']:,} mated and {facts['n_non_mated']:,} non-mated comparisons as labelled. {report['date'][:10]}.",
        "",
        "| target FMR | set | threshold | FMR | at most | FNMR | 95 % | shipped |",
        "|---|---|---|---|---|---|---|---|",
    ]
    shipped = {(row["target_fmr"], row["threshold"]) for row in report["policies"]}
    for pair in zip(report["operating_points"], cleaned["operating_points"], strict=True):
        for words, point in zip(("as labelled", "without label errors"), pair, strict=True):
            lines.append(_row(words, point, (point["target_fmr"], point["threshold"]) in shipped))
    return "\n".join(lines) + "\n"


def _row(words: str, point: dict[str, Any], shipped: bool) -> str:
    target = f"{point['target_fmr']:.0e}".replace("e-0", "e-")
    if not point["supported"]:
        return f"| {target} | {words} | {point['note']} | | | | | |"
    rates = f"{point['threshold']:.4f} | {point['fmr']:.2e} | {point['fmr_high']:.2e} | {point['fnmr']:.2%}"
    interval = f"{point['fnmr_low']:.2%} to {point['fnmr_high']:.2%}"
    return f"| {target} | {words} | {rates} | {interval} | {'yes' if shipped else ''} |"


if __name__ == "__main__":
    sys.exit(main())
