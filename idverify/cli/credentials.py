"""`idverify credentials`: what was issued, and revoking, suspending and reinstating it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import AsJson, emit, stdout, timestamp
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.ceremonies import Vault

app = typer.Typer(help="Issued credentials: list, revoke, suspend, reinstate.", no_args_is_help=True)

Credential = Annotated[str | None, typer.Option(help="one credential, as `idverify credentials list` prints it")]
Subject = Annotated[str | None, typer.Option(help="or all of a subject's: the identifier it was enrolled under")]
SubjectId = Annotated[str | None, typer.Option(help="or the id that enrolment returned; also of an erased subject")]
Type = Annotated[str | None, typer.Option("--type", help="of a subject's credentials, those of this type: identity_card, ...")]

_COLOURS = {"VALID": "green", "SUSPENDED": "yellow", "REVOKED": "red"}


@app.command()
def revoke(
    credential: Credential = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    type_name: Type = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Revoke every living copy, for good: whoever has a newer status list refuses it. The list is out within 15 seconds.

    Example: idverify credentials revoke --subject A-17 --type driving_licence

    Exit codes: 0 revoked, or all of it was before; 3 there is nothing living to revoke; 4 a fault.
    """
    _set("REVOKED", credential, subject, subject_id, type_name, dev=dev, as_json=as_json)


@app.command()
def suspend(
    credential: Credential = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    type_name: Type = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Suspend every living copy, until `reinstate`. Licences can be suspended, identity cards cannot: then nothing changes.

    Example: idverify credentials suspend --subject A-17 --type driving_licence

    Exit codes: 0 suspended, or all of it was before; 3 it cannot be suspended, or there is nothing living; 4 a fault.
    """
    _set("SUSPENDED", credential, subject, subject_id, type_name, dev=dev, as_json=as_json)


@app.command()
def reinstate(
    credential: Credential = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    type_name: Type = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """End a suspension. What was revoked stays revoked: issue a new one.

    Example: idverify credentials reinstate --subject A-17

    Exit codes: 0 reinstated, or nothing was suspended; 3 it is revoked, or there is nothing living; 4 a fault.
    """
    _set("VALID", credential, subject, subject_id, type_name, dev=dev, as_json=as_json)


@app.command(name="list")
def list_(
    credential: Credential = None,
    subject: Subject = None,
    subject_id: SubjectId = None,
    type_name: Type = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="at most so many, the newest first")] = 100,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """List the credentials that have not expired, the newest first. It names nobody: subjects by their opaque id.

    Example: idverify credentials list --subject A-17 --json

    Exit codes: 0 listed, 3 there is no such subject, 4 a fault.
    """
    from idverify.ceremonies.statuses import listed

    with vault_only(dev=dev) as vault:
        chosen = _chosen(vault, credential, subject, subject_id)
        found = listed(vault, **chosen, type_name=type_name, limit=limit)
    rows = [
        {
            "credential_id": group.credential_id,
            "subject_id": group.subject_id,
            "type": group.type_name,
            "status": status.value,
            "copies": group.copies,
            "issued_at": timestamp(group.issued_at),
            "expires_at": timestamp(group.expires_at),
        }
        for group, status in found
    ]
    emit({"credentials": rows}, as_json=as_json, table=lambda: _print(rows))


def _set(
    status: str,
    credential: str | None,
    subject: str | None,
    subject_id: str | None,
    type_name: str | None,
    *,
    dev: bool,
    as_json: bool,
) -> None:
    from idverify.ceremonies.statuses import set_status
    from idverify.credentials.findings import Status

    wanted: Status = Status(status)
    with vault_only(dev=dev) as vault:
        chosen = _chosen(vault, credential, subject, subject_id)
        changed = set_status(vault, actor=OPERATOR, status=wanted, **chosen, type_name=type_name)
    words = f"{changed} copies are {status} from now on" if changed else f"nothing changed: all of it was {status} before"
    emit({"status": status, "copies": changed}, as_json=as_json, table=lambda: stdout.print(words, markup=False))


def _chosen(vault: "Vault", credential: str | None, subject: str | None, subject_id: str | None) -> dict[str, str | None]:
    """Raises InvalidInput, SubjectNotFound."""
    from idverify.ceremonies.reference import find_subject

    if sum(one is not None for one in (credential, subject, subject_id)) > 1:
        raise InvalidInput("give one of --credential, --subject and --subject-id")
    return {
        "credential_id": credential,
        "subject_id": find_subject(vault, subject) if subject is not None else subject_id,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("credential", no_wrap=True)  # whole at any width: `revoke` takes it
    for heading in ("subject", "type", "status", "copies", "issued", "expires"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        coloured = f"[{_COLOURS[row['status']]}]{row['status']}[/]"
        cells = (escape(str(row[name])) for name in ("credential_id", "subject_id", "type"))
        table.add_row(*cells, coloured, str(row["copies"]), row["issued_at"], row["expires_at"])
    stdout.print(table)
