"""`idverify audit`: is the record of what happened whole?"""

from pathlib import Path
from typing import Annotated

import typer

from idverify.cli.files import read_file
from idverify.cli.installation import Dev, vault_only
from idverify.cli.output import AsJson, emit, stdout

app = typer.Typer(help="The audit chain: is it whole?", no_args_is_help=True)


@app.command()
def verify(
    head: Annotated[
        Path | None, typer.Option(help="a signed head that was kept elsewhere: the file, or the answer of /v1/audit/head")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="JWK Set that the head is checked with, if not the keys of this installation")
    ] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Walk the chain from its first event, hold it against a head, and say what that cannot show.

    Finds edits, deletions, changes of order and insertions by whoever lacks the audit key; with a head also what was cut off
    or written anew up to it, whoever did it.

    Example: idverify audit verify --head /mnt/witness/audit-head.jws

    Exit codes: 0 whole, 1 broken, 3 the head cannot be read or is not signed by a trusted key, 4 any other fault.
    """
    from idverify.audit.heads import LIMITS, LIMITS_WITHOUT_HEAD
    from idverify.ceremonies.audit_head import read_head, verify_chain
    from idverify.credentials.trust import parse_trust

    with vault_only(dev=dev) as vault:
        keys = vault.signing.history() if trust is None else parse_trust(read_file(trust))
        kept = None if head is None else read_head(read_file(head), keys)
        report = verify_chain(vault.store, vault.secrets.audit, kept)
    limits = LIMITS_WITHOUT_HEAD if kept is None else LIMITS

    def table() -> None:
        if report.intact:
            against = "" if kept is None else f", and continue the head of {kept.count} events"
            stdout.print(f"[green]whole[/green]: {report.count} events follow one another{against}")
        for finding in report.findings:
            stdout.print(f"[red]broken[/red] at event {finding.seq}: {finding.what}")
        stdout.print("What this cannot find:", style="dim")
        for limit in limits:
            stdout.print(f"  - {limit}", style="dim", markup=False)

    result = {
        "intact": report.intact,
        "count": report.count,
        "hash": report.hash,
        "head_count": None if kept is None else kept.count,
        "findings": [{"seq": finding.seq, "what": finding.what} for finding in report.findings],
        "cannot_find": list(limits),
    }
    emit(result, as_json=as_json, table=table)
    raise typer.Exit(0 if report.intact else 1)
