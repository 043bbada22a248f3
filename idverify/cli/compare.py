"""`idverify compare`: two photographs, at a named policy, with the score. A local tool for evaluation; it issues nothing."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from idverify.api.app import load_recogniser
from idverify.cli.files import read_file
from idverify.cli.output import AsJson, emit, stdout
from idverify.config import load_settings
from idverify.decision.decide import decide
from idverify.decision.policy import find_policy
from idverify.face.comparison import compare as compare_vectors
from idverify.values import Accepted, Evidence, Inconclusive, decision_name

app = typer.Typer()

EXIT_CODES = {"accepted": 0, "rejected": 1, "inconclusive": 5}


@app.command()
def compare(
    reference: Annotated[Path, typer.Argument(metavar="A", help="Photograph of the person who is expected.")],
    probe: Annotated[Path, typer.Argument(metavar="B", help="Photograph of the person who is there.")],
    policy: Annotated[str | None, typer.Option(help="Operating point; IDVERIFY_DEFAULT_POLICY unless named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Do two photographs show one person? Decision at a named policy, comparison score, milliseconds by stage.

    For example [bold]idverify compare portrait.jpg selfie.jpg --policy fmr-1e-3[/bold]. JPEG, PNG or WebP, one face in each.

    The score is printed, for this is a tool for people who choose thresholds on their own machine; the service never shows
    one. Exit code 0 accepted, 1 rejected, 5 inconclusive, 3 a file is missing or shows no usable face.
    """
    settings = load_settings()
    files = read_file(reference), read_file(probe)
    recogniser = load_recogniser(settings)
    chosen = find_policy(recogniser.policies, policy or settings.default_policy)
    expected, found = (recogniser.acquirer.acquire(data) for data in files)
    started = time.perf_counter()
    score = compare_vectors(found.template.vector, expected.template.vector)
    compared = time.perf_counter()
    decision = decide(Evidence(score, found.template.model_digest, found.pad_score, found.quality), chosen)
    decided = time.perf_counter()
    stages = {**found.timings_ms, "compare": 1000 * (compared - started), "decide": 1000 * (decided - compared)}
    timings = {stage: round(value, 3) for stage, value in stages.items()} | {"total": round(sum(stages.values()), 3)}
    name = decision_name(decision)
    result: dict[str, Any] = {
        "score": score,
        "decision": name,
        "policy": chosen.name,
        "threshold": chosen.threshold,
        "fmr": chosen.fmr,
        "fmr_high": chosen.fmr_high,
        "reasons": [] if isinstance(decision, Accepted) else list(decision.reasons),
        "retake": list(decision.retake) if isinstance(decision, Inconclusive) else [],
        "timings_ms": timings,
    }
    emit(result, as_json=as_json, table=lambda: _print(result, chosen.calibrated_on))
    raise typer.Exit(EXIT_CODES[name])


def _print(result: dict[str, Any], calibrated_on: str) -> None:
    colour = {"accepted": "green", "rejected": "red", "inconclusive": "yellow"}[result["decision"]]
    reasons = f" ({', '.join(result['reasons'])})" if result["reasons"] else ""
    stdout.print(f"[bold {colour}]{result['decision']}[/bold {colour}]{reasons}")
    stdout.print(f"score {result['score']:.3f}, threshold {result['threshold']:.3f} of policy {result['policy']}: ", end="")
    stdout.print(f"false match rate {result['fmr']:.1e}, at most {result['fmr_high']:.1e} at 95 %")
    stdout.print(f"measured on: {calibrated_on}", markup=False)
    for words in result["retake"]:
        stdout.print(f"  - {words}", markup=False)
    table = Table("stage (photograph B)", "ms", box=None, header_style="dim")
    for stage, value in result["timings_ms"].items():
        table.add_row(stage, f"{value:.2f}")
    stdout.print(table)
