"""What `make bench` runs: latency, tokens, status lists and QR codes always, all else where IDVERIFY_DATA names the data.

Each benchmark is one `idverify bench` command in a process of its own. Its report.json is kept in benchmarks/results/ (scores
and plots, which name people, stay in the working folder, build/bench). benchmarks/results/table.md has a row about each kept
report, also of a benchmark that did not run this time: its date says when it did. Cut short and started again, a benchmark
goes on with the measurements that are already made. All of it takes some ten minutes on two cores.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
WORK = Path("build") / "bench"  # relative, so that a report's command names no folder of this machine


VOID = 5  # the exit code of a latency run on a machine that was too busy
TRIES = 3


@dataclass(frozen=True)
class Run:
    """One benchmark: arguments of `idverify bench`, or a script beside this one; what is set in its environment."""

    arguments: Sequence[str]
    script: str | None = None
    setting: Mapping[str, str] = field(default_factory=dict)


def main() -> int:
    """Exit code: that of the first benchmark that fails, else 0."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    if not data:
        print("IDVERIFY_DATA is not set: what needs it stays as last measured", file=sys.stderr)
    plain = {name: Run([name, "--out", str(WORK / name)]) for name in ("latency", "tokens")}
    plain |= {name: Run([], f"{name}.py") for name in ("status_lists", "qr_codes")}
    runs = plain | (runs_on(data) if data else {})
    for name, run in runs.items():
        code = _run(run)
        if code != 0:
            return code
        if run.script is None:
            RESULTS.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / WORK / name / "report.json", RESULTS / f"{name}.json")
    (RESULTS / "table.md").write_text(table_of(RESULTS), encoding="utf-8")
    print(f"\n{RESULTS.relative_to(ROOT)}: " + ", ".join(f"{name}.json" for name in runs) + ", table.md")
    return 0


def runs_on(data: str) -> dict[str, Run]:
    """Each benchmark by the name of its report."""
    lfw, nuaa = f"{data}/lfw", f"{data}/nuaa"
    test, train = f"{lfw}/pairsDevTest.txt", f"{lfw}/pairsDevTrain.txt"
    lists = ["--pairs", test, "--threshold-from", train]
    swapped = ["--pairs", train, "--threshold-from", test]  # there more people have photographs enough
    fp32 = {"IDVERIFY_PROVIDER": "openvino-f32"}
    commands = {
        "latency": Run(["latency", "--photos", lfw, "--n", "1000"]),
        "latency_avx512": Run(["latency", "--photos", lfw, "--n", "400"], None, fp32 | {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}),
        "latency_avx2": Run(["latency", "--photos", lfw, "--n", "400"], None, fp32 | {"ONEDNN_MAX_CPU_ISA": "AVX2"}),
        "accuracy": Run(["accuracy", "--images", lfw, *lists]),
        "all_pairs": Run(["accuracy", "--images", lfw, *lists, "--all-pairs"]),
        "references": Run(["accuracy", "--images", lfw, *swapped, "--references", "3"]),
        "pad": Run(["pad", "--bona-fide", f"{nuaa}/live", "--attack", f"print={nuaa}/print"]),
        "load": Run(["load", "--photos", lfw]),
        "search": Run(["search", "--images", lfw]),
    }
    located = {name: Run([*run.arguments, "--out", str(WORK / name)], None, run.setting) for name, run in commands.items()}
    return located | {name: Run([], f"{name}.py") for name in ("portraits", "equivalence")}


def _run(run: Run) -> int:
    module = [str(ROOT / "benchmarks" / run.script)] if run.script else ["-m", "idverify.cli.main", "bench", *run.arguments]
    for _ in range(TRIES):
        code = subprocess.run([sys.executable, *module], cwd=ROOT, check=False, env=os.environ | run.setting).returncode
        if code != VOID:
            break
    return code


def table_of(results: Path) -> str:
    """The Markdown table over the reports that the folder holds."""
    lines = ["| figure | value | 95 % interval, or spread | n | date |", "|---|---|---|---|---|"]
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
    limit = f", no more than {report['instruction_set_limit']}" if report.get("instruction_set_limit") else ""
    words = f"640x480 JPEG to decision, p50, one core, {report['provider']}{limit}"
    return [words, value, spread, f"{report['n']:,}", report["date"][:10]]


def accuracy_row(report: dict[str, Any]) -> list[str]:
    """Accuracy at the other list's threshold."""
    found = report["accuracy"]
    words = "accuracy on LFW pairsDevTest, threshold from pairsDevTrain"
    interval = f"{found['low']:.2%} to {found['high']:.2%}"
    return [words, f"{found['mean']:.2%}", interval, f"{found['n']:,}", report["date"][:10]]


def all_pairs_row(report: dict[str, Any]) -> list[str]:
    """FNMR at FMR 1e-4, thresholds from the other list's people."""
    point = next(found for found in report["operating_points"] if found["target_fmr"] == 1e-4)
    value = f"FNMR {point['fnmr']:.2%} at FMR {point['fmr']:.1e}"
    interval = f"FNMR {point['fnmr_low']:.2%} to {point['fnmr_high']:.2%}; FMR at most {point['fmr_high']:.1e}"
    n = f"{report['n_mated']:,} + {report['n_non_mated']:,}"
    return [
        "all pairs of the people of pairsDevTest, threshold for FMR 1e-4 from pairsDevTrain",
        value,
        interval,
        n,
        report["date"][:10],
    ]


def references_row(report: dict[str, Any]) -> list[str]:
    """FNMR at FMR 1e-4 of the same probes against three photographs and against one."""
    several, one = (
        next(found for found in points if found["target_fmr"] == 1e-4)
        for points in (report["operating_points"], report["references"]["one_photograph"])
    )
    value = f"FNMR {several['fnmr']:.2%} at FMR {several['fmr']:.1e}; against one {one['fnmr']:.2%} at {one['fmr']:.1e}"
    bounds = [f"{point['fnmr_low']:.2%} to {point['fnmr_high']:.2%}" for point in (several, one)]
    change = f"change {100 * one['change']:+.2f} points, {100 * one['change_low']:+.2f} to {100 * one['change_high']:+.2f}"
    interval = f"FNMR {bounds[0]}; against one {bounds[1]}; {change}"
    n = f"{report['n_mated']:,} + {report['n_non_mated']:,}, {report['references']['people']:,} people enrolled"
    words = "references of three photographs, people of pairsDevTrain, threshold for FMR 1e-4 from pairsDevTest"
    return [words, value, interval, n, report["date"][:10]]


def portraits_row(report: dict[str, Any]) -> list[str]:
    """Three portraits and one, of the same probes, at the shipped threshold."""
    three = next(found for found in report["verified"] if found["portraits"] == 3)
    several, one = (three["fmr-1e-4"][way] for way in ("oldest_weighs_half", "one_photograph_same_probes"))
    told = [f"FNMR {rates['fnmr']['value']:.2%} at FMR {rates['fmr']['value']:.1e}" for rates in (several, one)]
    bounds = [
        f"FNMR {rates['fnmr']['low']:.2%} to {rates['fnmr']['high']:.2%}, FMR at most {rates['fmr']['high']:.1e}"
        for rates in (several, one)
    ]
    words = "three portraits of a subject at the policy `fmr-1e-4`, people of pairsDevTest; the same probes against one"
    n = f"{three['n_mated']:,} + {three['n_non_mated']:,}, {three['people']:,} people enrolled"
    return [words, "; ".join(told), "; ".join(bounds), n, report["date"][:10]]


def morphs_row(report: dict[str, Any]) -> list[str]:
    """Strangers and look-alikes who blended themselves into a subject's record, with the share that suited them best."""
    rows = [found for found in report["scenarios"] if found["on_file"] == 1 and found["blended"] == "another photograph"]
    rules = [found["rules"]["oldest_weighs_half"] for found in rows]
    told = [
        f"{found['accomplice']}: half of each added {rule['added']['0.5']['value']:.1%}, let in by the best of five shares "
        f"{rule['taken_over_by_the_best']['value']:.1%}"
        for found, rule in zip(rows, rules, strict=True)
    ]
    bounds = [f"let in {best['low']:.1%} to {best['high']:.1%}" for best in (rule["taken_over_by_the_best"] for rule in rules)]
    words = "morphs added as further portraits of a subject who has one, and then verified, at `fmr-1e-4`"
    return [words, "; ".join(told), "; ".join(bounds), f"{rows[0]['subjects']:,} subjects each", report["date"][:10]]


def pad_row(report: dict[str, Any]) -> list[str]:
    """APCER of the worst species at the threshold of other people."""
    value = f"APCER {report['worst_apcer']:.2%} at BPCER {report['bpcer']:.2%}, AUC {report['auc']:.4f}"
    interval = f"APCER at most {report['worst_apcer_high']:.2%}, BPCER at most {report['bpcer_high']:.2%}"
    sizes = [str(report["bona_fide"]["n"]), *(str(found["n"]) for found in report["species"].values())]
    return ["PAD on NUAA (printed photographs only, easy)", value, interval, " + ".join(sizes), report["date"][:10]]


def load_row(report: dict[str, Any]) -> list[str]:
    """The knee over HTTP, and what two cores bring."""
    http, inside = report["http"], report["in_process"]
    knee, past, scaling = http["knee"], http["past_the_knee"], inside["scaling"]
    value = (
        f"{knee['goodput_per_s']:.0f} a second; at twice that {past['goodput_over_knee']:.0%} of it, the rest 429; "
        f"two cores in process {scaling['ratio']:.2f} x one (work that shares nothing: {scaling['yardstick_ratio']:.2f} x)"
    )
    spread = f"p50 {knee['latency']['p50_ms']:.0f}, p95 {knee['latency']['p95_ms']:.0f} ms at the knee"
    return ["verifications over HTTP, one core, knee", value, spread, f"{knee['sent']:,}", report["date"][:10]]


def search_row(report: dict[str, Any]) -> list[str]:
    """Recall and time among a million references, at cosine 0.5, by kind of vectors."""
    found = [one for one in report["search"] if one["references"] == 1_000_000 and one["cosine"] == 0.5]
    value = "; ".join(f"{one['population']} vectors {one['recall_at_1']:.4f} in {one['p50_ms']:.1f} ms" for one in found)
    interval = "; ".join(f"{one['recall_at_1_low']:.4f} to {one['recall_at_1_high']:.4f}" for one in found)
    words = "recall@1 among 1,000,000 references at cosine 0.5, p50, one core"
    return [words, value, interval, " + ".join(f"{one['n']:,}" for one in found), report["date"][:10]]


def tokens_row(report: dict[str, Any]) -> list[str]:
    """Each kind of token: milliseconds, or how many a second where they are made in batches."""
    made = [
        f"{one['what']} {one['per_second']:,.0f} a second" if one["things"] > 1 else f"{one['what']} {one['p50_ms']:.2f} ms"
        for one in report["tokens"]
    ]
    spread = "p95 " + ", ".join(f"{one['p95_ms']:.2f}" for one in report["tokens"]) + " ms each"
    return ["tokens, p50, one core", "; ".join(made), spread, f"{report['tokens'][0]['n']:,} each", report["date"][:10]]


def status_lists_row(report: dict[str, Any]) -> list[str]:
    """A list of 1 bit of which one in a hundred is revoked, as it arrives."""
    found = next(one for one in report["lists"] if (one["bits"], one["not_valid"]) == (1, 0.01))
    read, changed = found["read"], report["writing"]["published_after_a_change"]
    size = f"{found['token_bytes'] / 1000:.0f} kB"
    value = f"read {read['p50_ms']:.2f} ms, {size}; published after a change {changed['p50_ms']:.0f} ms"
    spread = f"quartiles {read['p25_ms']:.2f} to {read['p75_ms']:.2f} ms"
    words = f"status list of {report['entries']:,} entries, 1 % revoked, processor time"
    return [words, value, spread, f"{read['n']} and {changed['n']}", report["date"][:10]]


def qr_codes_row(report: dict[str, Any]) -> list[str]:
    """A gate's code."""
    size = next(one for one in report["sizes"] if (one["type"], one["purpose"]) == ("identity_card", "gate"))
    took = report["times"]["validated_and_remembered"]
    value = f"version {size['version']}, {size['characters']} characters; validated and remembered in {took['p50_ms']:.2f} ms"
    spread = f"quartiles {took['p25_ms']:.2f} to {took['p75_ms']:.2f} ms"
    return ["a gate's QR code, wall clock", value, spread, str(took["n"]), report["date"][:10]]


def equivalence_row(report: dict[str, Any]) -> list[str]:
    """The default engine against fp32."""
    value = (
        f"cosine {report['cosine_p1']:.4f} at the 1st percentile; FNMR at FMR 1e-4 {report['fnmr']:.2%}, fp32 "
        f"{report['fnmr_fp32']:.2%}; {report['pad_flipped']} PAD outcomes flipped"
    )
    sizes = f"{report['images']:,}; {report['n_mated']:,} + {report['n_non_mated']:,}; {report['pad_n']}"
    return [
        f"{report['provider']} against fp32",
        value,
        f"flipped at most {report['pad_flipped_high']:.2%}",
        sizes,
        report["date"][:10],
    ]


ROWS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "latency": latency_row,
    "latency_avx512": latency_row,
    "latency_avx2": latency_row,
    "accuracy": accuracy_row,
    "all_pairs": all_pairs_row,
    "references": references_row,
    "portraits": portraits_row,
    "morphs": morphs_row,
    "pad": pad_row,
    "load": load_row,
    "search": search_row,
    "equivalence": equivalence_row,
    "tokens": tokens_row,
    "status_lists": status_lists_row,
    "qr_codes": qr_codes_row,
}


if __name__ == "__main__":
    sys.exit(main())
