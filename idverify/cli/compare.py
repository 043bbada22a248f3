"""`idverify compare`: two photographs, at a named policy, with the score. A local tool for evaluation; it issues nothing."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from idverify.api.app import load_recogniser
from idverify.ceremonies.judging import judge
from idverify.cli.files import read_file
from idverify.cli.output import EXIT_CODES, AsJson, coloured, emit, stdout
from idverify.config import load_settings
from idverify.decision.policy import find_policy
from idverify.values import decision_name, reasons_of, retake_of

app = typer.Typer()


@app.command()
def compare(
    reference: Annotated[Path, typer.Argument(metavar="A", help="photograph of the person who is expected")],
    probe: Annotated[Path, typer.Argument(metavar="B", help="photograph of the person who is there")],
    policy: Annotated[str | None, typer.Option(help="operating point; IDVERIFY_DEFAULT_POLICY unless named")] = None,
    as_json: AsJson = False,
) -> None:
    """Do two photographs show one person? Decision at a named policy, comparison score, milliseconds by stage.

    JPEG, PNG or WebP, one face in each. The score is printed, for this is a tool for people who choose thresholds on their
    own machine; the service never shows one.

    Example: idverify compare portrait.jpg selfie.jpg --policy fmr-1e-3

    Exit codes: 0 accepted, 1 rejected, 5 inconclusive, 3 a file is missing or shows no usable face, 4 a fault.
    """
    settings = load_settings()
    files = read_file(reference), read_file(probe)
    recogniser = load_recogniser(settings)
    chosen = find_policy(recogniser.policies, policy or settings.default_policy)
    expected, found = (recogniser.acquirer.acquire(data) for data in files)
    judged = judge(found, expected.template, chosen)
    stages = {**found.timings_ms, **judged.timings_ms}
    timings = {stage: round(value, 3) for stage, value in stages.items()} | {"total": round(sum(stages.values()), 3)}
    name = decision_name(judged.decision)
    result: dict[str, Any] = {
        "score": judged.comparison_score,
        "decision": name,
        "policy": chosen.name,
        "threshold": chosen.threshold,
        "fmr": chosen.fmr,
        "fmr_high": chosen.fmr_high,
        "reasons": list(reasons_of(judged.decision)),
        "retake": list(retake_of(judged.decision)),
        "timings_ms": timings,
        "pack": recogniser.engine.pack,
        "provider": recogniser.engine.provider,
    }
    emit(result, as_json=as_json, table=lambda: _print(result, chosen.calibrated_on))
    raise typer.Exit(EXIT_CODES[name])


def _print(result: dict[str, Any], calibrated_on: str) -> None:
    reasons = f" ({', '.join(result['reasons'])})" if result["reasons"] else ""
    stdout.print(f"{coloured(result['decision'])}{reasons}")
    stdout.print(f"score {result['score']:.3f}, threshold {result['threshold']:.3f} of policy {result['policy']}: ", end="")
    stdout.print(f"false match rate {result['fmr']:.1e}, at most {result['fmr_high']:.1e} at 95 %")
    stdout.print(f"measured on: {calibrated_on}", markup=False)
    for words in result["retake"]:
        stdout.print(f"  - {words}", markup=False)
    table = Table("stage (photograph B)", "ms", box=None, header_style="dim")
    for stage, value in result["timings_ms"].items():
        table.add_row(stage, f"{value:.2f}")
    stdout.print(table)
    stdout.print(f"{result['pack']} on {result['provider']}", markup=False, style="dim")
