"""`idverify clients return-url`: where the capture page may send a client's people at the end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import AsJson, emit, stdout

if TYPE_CHECKING:
    from idverify.store.clients import Client

app = typer.Typer(help="Where the capture page may send a client's people at the end: add, remove.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(help="as `idverify clients list` prints it")]
Url = Annotated[str, typer.Argument(help="https://name/path, as sessions will name it, letter by letter")]


@app.command()
def add(client_id: ClientId, url: Url, dev: Dev = False, as_json: AsJson = False) -> None:
    """Let the client's sessions name this URL. With --dev it may be http://localhost/... or http://127.0.0.1/...

    Example: idverify clients return-url add cli_0123456789abcdef https://hotel.example/checked

    Exit codes: 0 registered, 3 the URL cannot be used or there is no such client, 4 a fault.
    """
    from idverify.ceremonies.clients import allow_return

    with vault_only(dev=dev) as vault:
        client = allow_return(vault, client_id, url, actor=OPERATOR)
    _emit(client, as_json=as_json)


@app.command()
def remove(client_id: ClientId, url: Url, dev: Dev = False, as_json: AsJson = False) -> None:
    """Refuse this URL from the next session on. One that has begun still goes there: cancel it if it must not.

    Example: idverify clients return-url remove cli_0123456789abcdef https://hotel.example/checked

    Exit codes: 0 removed, 3 it was not registered or there is no such client, 4 a fault.
    """
    from idverify.ceremonies.clients import forbid_return

    with vault_only(dev=dev) as vault:
        client = forbid_return(vault, client_id, url, actor=OPERATOR)
    _emit(client, as_json=as_json)


def _emit(client: "Client", *, as_json: bool) -> None:
    urls = sorted(client.return_urls)
    table: Callable[[], None] = lambda: stdout.print("\n".join(urls) or "none", soft_wrap=True, markup=False)  # noqa: E731
    emit({"id": client.id, "return_urls": urls}, as_json=as_json, table=table)
