"""`idverify verify`: one photo against one enrolled subject, on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from idverify.cli.files import read_file
from idverify.cli.installation import OPERATOR, Dev, whole_installation
from idverify.cli.output import EXIT_CODES, AsJson, coloured, console, emit, stdout

app = typer.Typer()

LOCAL_AUDIENCE = "urn:idverify:local"


@app.command()
def verify(
    subject: Annotated[str, typer.Option(help="the identifier it was enrolled under")],
    probe: Annotated[Path, typer.Option(help="photo of the person who claims to be the subject")],
    audience: Annotated[str, typer.Option(help="who the token is for")] = LOCAL_AUDIENCE,
    purpose: Annotated[str, typer.Option(help="what the verification is for; part of the token and the audit")] = "local check",
    policy: Annotated[str | None, typer.Option(help="operating point; see `idverify models list`")] = None,
    nonce: Annotated[str | None, typer.Option(help="a value of the audience's, copied into the token")] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Verify a photo against an enrolled subject; an accepted one prints the signed token.

    Example: idverify verify --dev --subject A-17 --probe selfie.jpg

    Exit codes: 0 accepted, 1 rejected, 5 inconclusive, 3 the photo or the subject cannot be used.
    """
    from idverify.ceremonies.reference import find_subject
    from idverify.ceremonies.verification import Request
    from idverify.ceremonies.verification import verify as run
    from idverify.store.clients import Client
    from idverify.values import decision_name, reasons_of, retake_of

    photo = read_file(probe)
    with whole_installation(dev=dev) as parts:
        client = Client(
            id=OPERATOR,
            name="operator at the command line",
            scopes=frozenset(),
            audiences=frozenset({audience}),
            purposes=frozenset({purpose}),
            sandbox=False,
            created_at=parts.now(),
            revoked_at=None,
        )
        found = find_subject(parts, subject)
        request = Request(probe=photo, audience=audience, purpose=purpose, subject_id=found, policy=policy, nonce=nonce)
        outcome = run(parts, client, request)
        engine = parts.acquirer.engine

    decision = outcome.decision
    name = decision_name(decision)
    result = {
        "decision": name,
        "reasons": list(reasons_of(decision)),
        "retake": list(retake_of(decision)),
        "checks": list(decision.checks),
        "policy": outcome.policy.name,
        "transaction_id": outcome.transaction_id,
        "token": outcome.token,
        "timings_ms": {stage: round(value, 2) for stage, value in outcome.timings_ms.items()},
        "pack": engine.pack,
        "provider": engine.provider,
    }

    def table() -> None:
        rows = Table(show_header=False)
        rows.add_row("decision", coloured(name))
        for field in ("reasons", "retake", "checks"):
            rows.add_row(field, ", ".join(result[field]) or "none")  # type: ignore[arg-type]
        rows.add_row("policy", f"{outcome.policy.name} (target FMR {outcome.policy.target_fmr:g})")
        rows.add_row("milliseconds", f"{sum(outcome.timings_ms.values()):.1f}")
        stdout.print(rows)
        stdout.print(f"{engine.pack} on {engine.provider}", markup=False, style="dim")
        if outcome.token:
            console.print("Token:", style="dim")
            stdout.print(outcome.token, soft_wrap=True)

    emit(result, as_json=as_json, table=table)
    raise typer.Exit(EXIT_CODES[name])
