"""`idverify clients`: who may call the service, for whom and for what."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from idverify.cli import return_url, webhook
from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import AsJson, console, emit, stdout, timestamp
from idverify.store.clients import Client

app = typer.Typer(
    help="Clients of the HTTP service: add, list, revoke; where their results and their people go.", no_args_is_help=True
)
app.add_typer(webhook.app, name="webhook")
app.add_typer(return_url.app, name="return-url")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="what you call this client")],
    scope: Annotated[list[str], typer.Option(help="what it may do; repeat for more (see the HTTP reference)")],
    audience: Annotated[list[str] | None, typer.Option(help="whom its tokens may be for; repeat for more")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="what its verifications may be for; repeat for more")] = None,
    return_url: Annotated[
        list[str] | None, typer.Option(help="https URL that its sessions may end at, exactly as they name it; repeat for more")
    ] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="confine it to the sandbox and its sample photographs")] = False,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Add a client and print its key, once: only a hash of it is kept.

    Example: idverify clients add "Hotel app" --scope verifications:create --audience https://hotel.example
    --purpose "hotel check-in"

    Exit codes: 0 added, 3 a value cannot be used, 4 a fault.
    """
    from idverify.ceremonies.clients import add_client

    allowed = {"scopes": scope, "audiences": audience or (), "purposes": purpose or (), "return_urls": return_url or ()}
    with vault_only(dev=dev, create=True) as vault:
        client, key = add_client(vault, actor=OPERATOR, name=name, **allowed, sandbox=sandbox)

    def table() -> None:
        stdout.print(key, soft_wrap=True, markup=False)
        console.print(f"This is the key of {client.id}. It is shown once: keep it where secrets are kept.", style="dim")

    emit({**_described(client), "key": key}, as_json=as_json, table=table)


@app.command(name="list")
def list_(dev: Dev = False, as_json: AsJson = False) -> None:
    """List the clients, oldest first.

    Example: idverify clients list --json
    """
    from idverify.store import clients

    with vault_only(dev=dev) as vault, vault.store.reading() as tx:
        found = clients.listed(tx)

    def table() -> None:
        rows = Table(box=None, header_style="dim", pad_edge=False)
        rows.add_column("client", no_wrap=True)  # whole at any width: `revoke` takes it
        for heading in ("name", "scopes", "audiences", "purposes", "return URLs", "state"):
            rows.add_column(heading, overflow="fold", no_wrap=heading in {"scopes", "state"})
        for client in found:
            state = "revoked" if client.revoked_at is not None else "sandbox" if client.sandbox else "active"
            several = (client.scopes, client.audiences, client.purposes, client.return_urls)
            lists = ("\n".join(sorted(words)) for words in several)
            rows.add_row(*(escape(cell) for cell in (client.id, client.name, *lists, state)))
        stdout.print(rows)

    emit({"clients": [_described(client) for client in found]}, as_json=as_json, table=table)


@app.command()
def revoke(
    client_id: Annotated[str, typer.Argument(help="as `idverify clients list` prints it")],
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Refuse a client's key from now on, and remove its webhook. The tokens it obtained stay valid until they expire.

    Example: idverify clients revoke cli_0123456789abcdef

    Exit codes: 0 revoked, 3 there is no such client or it was revoked before, 4 a fault.
    """
    from idverify.ceremonies.clients import revoke_client

    with vault_only(dev=dev) as vault:
        revoke_client(vault, client_id, actor=OPERATOR)
    emit({"revoked": client_id}, as_json=as_json, table=lambda: stdout.print(f"{client_id} is revoked.", markup=False))


def _described(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "scopes": sorted(client.scopes),
        "audiences": sorted(client.audiences),
        "purposes": sorted(client.purposes),
        "return_urls": sorted(client.return_urls),
        "sandbox": client.sandbox,
        "created_at": timestamp(client.created_at),
        "revoked_at": None if client.revoked_at is None else timestamp(client.revoked_at),
    }
