"""`idverify clients webhook`: where a client is told how its sessions ended."""

from typing import Annotated

import typer

from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import AsJson, console, emit, stdout, timestamp

app = typer.Typer(help="Where a client is told how its sessions ended: set, show, remove.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(help="as `idverify clients list` prints it")]


@app.command(name="set")
def set_(
    client_id: ClientId,
    url: Annotated[str, typer.Argument(help="https://..., on a public address")],
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Send a client's results to this URL, and print the secret that signs them, once. An earlier URL and secret end.

    What still waits for the client goes to the new URL. With --dev the URL may be http:// on this machine.

    Example: idverify clients webhook set cli_0123456789abcdef https://hotel.example/idverify

    Exit codes: 0 set, 3 the URL cannot be used or there is no such client, 4 a fault.
    """
    from idverify.ceremonies.webhooks import set_webhook

    with vault_only(dev=dev) as vault:
        secret = set_webhook(vault, client_id, url, actor=OPERATOR)

    def table() -> None:
        stdout.print(secret, soft_wrap=True, markup=False)
        console.print(
            f"This signs what {client_id} is sent. It is shown once: give it to whoever validates there.", style="dim"
        )

    emit({"id": client_id, "url": url, "secret": secret}, as_json=as_json, table=table)


@app.command()
def show(client_id: ClientId, dev: Dev = False, as_json: AsJson = False) -> None:
    """Show where a client's results go, and how many wait, arrived or were given up. The secret is not shown again.

    Example: idverify clients webhook show cli_0123456789abcdef

    Exit codes: 0 shown, 3 the client has no webhook, 4 a fault.
    """
    from idverify.ceremonies.webhooks import show_webhook

    with vault_only(dev=dev) as vault:
        shown = show_webhook(vault, client_id)
    counts = {
        "waiting": shown.deliveries.waiting,
        "delivered": shown.deliveries.delivered,
        "given_up": shown.deliveries.given_up,
    }

    def table() -> None:
        stdout.print(shown.url, soft_wrap=True, markup=False)
        stdout.print(f"since {timestamp(shown.created_at)}", style="dim")
        stdout.print(", ".join(f"{number} {word.replace('_', ' ')}" for word, number in counts.items()))

    facts = {"id": client_id, "url": shown.url, "created_at": timestamp(shown.created_at), "deliveries": counts}
    emit(facts, as_json=as_json, table=table)


@app.command()
def remove(client_id: ClientId, dev: Dev = False, as_json: AsJson = False) -> None:
    """Send a client no results any more; what waits is given up. Its key works on, and it can ask.

    Example: idverify clients webhook remove cli_0123456789abcdef

    Exit codes: 0 removed, 3 the client has no webhook, 4 a fault.
    """
    from idverify.ceremonies.webhooks import remove_webhook

    with vault_only(dev=dev) as vault:
        remove_webhook(vault, client_id, actor=OPERATOR)
    emit({"removed": client_id}, as_json=as_json, table=lambda: stdout.print(f"{client_id} has no webhook.", markup=False))
