"""`idverify present`: the validator of presented credentials on the command line, offline, from what a relying party holds."""

import time
from pathlib import Path
from typing import Annotated

import typer

from idverify.cli.files import read_named
from idverify.cli.output import AsJson, emit
from idverify.errors import InvalidInput, TokenInvalid

app = typer.Typer(help="Validate what the holder of a credential shows.", no_args_is_help=True)

LARGEST = 128 * 1024


@app.callback()
def group() -> None:
    """Validate what the holder of a credential shows."""


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="a file with the presentation, or - for standard input", show_default=False)],
    trust: Annotated[
        Path, typer.Option(envvar="IDVERIFY_TRUST", help="the folder that `idverify trust` keeps: lists and certificates")
    ],
    audience: Annotated[str, typer.Option(help="your name, as you gave it to the holder")],
    nonce: Annotated[str, typer.Option(help="the nonce that you gave for this presentation, used once")],
    allow_dev: Annotated[bool, typer.Option("--allow-dev", help="accept credentials of development and sandbox")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a presentation (SD-JWT VC or mdoc) holds for you, now, and what it tells. No network is used.

    Authentic: a trusted anchor vouches for it. Bound: the holder's own key made it for you, within a minute. Status: what the
    newest list in the folder says; UNKNOWN without one that is in force, which is neither valid nor revoked.

    Example: idverify present validate - --trust ./trust --audience https://hotel.example --nonce 5f0c2a < shown.txt

    Exit codes: 0 valid, 1 refused, revoked or suspended, 2 usage, 3 a file is missing or unusable, 5 the status is unknown.
    """
    from idverify.cli import findings
    from idverify.credentials import presented
    from idverify.credentials.findings import Finding, Status
    from idverify.credentials.mdoc_session import Session
    from idverify.relying.folder import Holdings

    text = read_named(file, limit=LARGEST)
    if not trust.is_dir():
        raise InvalidInput(f"{trust} is no folder: `idverify trust add` makes one")
    now = time.time()
    try:
        believed = Holdings(trust).believed(now)
    except TokenInvalid as error:  # no list in force: nothing is authentic, which is an answer as at a gate
        found = Finding(False, False, Status.UNKNOWN, None, None, error.code)
    else:
        session = Session.plain(audience, nonce)
        found = presented.validate(text.strip(), believed, session=session, now=now, allow_dev=allow_dev)
    emit(findings.spelled(found), as_json=as_json, table=lambda: findings.show(found))
    raise typer.Exit(findings.exit_code(found))
