"""`idverify token`: the strict validator on the command line, against a saved key set or a fetched one."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from idverify.cli.fetching import fetch
from idverify.cli.files import STANDARD_INPUT, read_file, read_standard_input
from idverify.cli.output import REJECTED, AsJson, emit, printable, stdout, timestamp
from idverify.credentials import verdict
from idverify.credentials.trust import parse_trust
from idverify.credentials.verdict import VerdictClaims
from idverify.errors import TokenInvalid

app = typer.Typer(help="Validate verdict tokens.", no_args_is_help=True)

LARGEST_TRUST = 1024 * 1024
LARGEST_TOKEN = 64 * 1024


@app.callback()
def group() -> None:
    """Validate verdict tokens."""


@app.command()
def validate(
    token: Annotated[str, typer.Argument(help="the token, or - to read it from standard input", show_default=False)],
    trust: Annotated[str, typer.Option(help="the issuer's JWK Set: a saved file, or an https URL")],
    audience: Annotated[str, typer.Option(help="your name, as the token must spell it in aud")],
    issuer: Annotated[str | None, typer.Option(help="the issuer that you expect")] = None,
    nonce: Annotated[str | None, typer.Option(help="the nonce that you sent, if you sent one")] = None,
    allow_dev: Annotated[bool, typer.Option("--allow-dev", help="accept tokens of development and sandbox")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a verdict token holds for you, now, and what it says. With a saved key set no network is needed.

    Example: idverify token validate - --trust jwks.json --audience https://hotel.example --nonce 5f0c < token.txt

    Exit codes: 0 valid, 1 refused, 2 usage, 3 a file is missing or the trust cannot be used.
    """
    named = token if token != STANDARD_INPUT else read_standard_input(LARGEST_TOKEN).decode("ascii", "replace")
    keys = parse_trust(fetch(trust, LARGEST_TRUST) if "://" in trust else read_file(Path(trust), limit=LARGEST_TRUST))
    try:
        claims = verdict.validate(
            named.strip(), keys, audience=audience, issuer=issuer, nonce=nonce, allow_dev=allow_dev, now=time.time()
        )
    except TokenInvalid as error:
        refusal = {"code": error.code, "message": error.message}
        emit({"valid": False, "error": refusal}, as_json=as_json, table=lambda: _print_refusal(refusal))
        raise typer.Exit(REJECTED) from None
    emit({"valid": True, "claims": _spelled(claims)}, as_json=as_json, table=lambda: _print_claims(claims))


def _spelled(claims: VerdictClaims) -> dict[str, Any]:
    return asdict(claims) | {"meaning": claims.meaning, "may_found_credential": verdict.may_found_credential(claims)}


def _print_claims(claims: VerdictClaims) -> None:
    stdout.print("[bold green]VALID[/bold green]", claims.meaning)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    whose = claims.subject or f"nobody: the caller sent the reference {claims.reference_digest}"
    rows = {
        "issuer": claims.issuer,
        "audience": claims.audience,
        "asked by": claims.client_id,
        "subject": whose,
        "purpose": claims.purpose,
        "policy": f"{claims.policy}: aims at a false match rate of {claims.target_fmr:g} (95 % bound {claims.fmr_high:g})",
        "checks that ran": ", ".join(claims.checks),
        "liveness": claims.liveness_level,
        "models": claims.model_pack,
        "transaction": claims.transaction_id,
        "nonce": claims.nonce or "none",
        "environment": claims.environment,
        "valid": f"{timestamp(claims.issued_at)} to {timestamp(claims.expires_at)}",
    }
    for name, value in rows.items():
        table.add_row(name, printable(value))
    stdout.print(table)
    if not verdict.may_found_credential(claims):
        stdout.print("It may found neither a credential nor a login.")


def _print_refusal(refusal: dict[str, str]) -> None:
    stdout.print(f"[bold red]REFUSED[/bold red] {refusal['code']}")
    stdout.print(refusal["message"], markup=False)
