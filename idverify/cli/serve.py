"""`idverify serve`: the HTTP service."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from idverify.ceremonies import Parts
from idverify.cli.output import console
from idverify.errors import Fault, InvalidInput

app = typer.Typer()

DEV_CLIENT = "development key of idverify serve --dev"
AUDIENCE = "https://hotel.example"
PURPOSE = "hotel check-in"


@app.command()
def serve(
    dev: Annotated[bool, typer.Option("--dev", help="listen on loopback only, print a key, mark tokens env=dev")] = False,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 takes a free one")] = 8000,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate chain, PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its private key, PEM, without a passphrase")] = None,
) -> None:
    """Serve the HTTP interface until interrupted; requests that run then are finished.

    Logs are JSON lines on standard error, with nothing personal in them. The interface is described at /docs.
    """
    from idverify.api.app import compose, create_app
    from idverify.api.server import Listening, listen, log_to, require_safe, run, server_for
    from idverify.config import load_settings

    settings = load_settings(env="dev" if dev else None)
    listening = Listening(host, port, tls_cert, tls_key, settings.trusted_proxies)
    require_safe(listening, dev=settings.dev)
    parts = compose(settings)
    try:
        server = server_for(create_app(parts, settings), listening)
        socket = listen(listening)
        url = f"{'https' if listening.tls else 'http'}://{_spelled(host)}:{socket.getsockname()[1]}"
        dev_client = _say_hello(parts, url) if settings.dev else None
        console.print(f"Listening on {url}, interface described at {url}/docs. Stop with Ctrl-C.", highlight=False)
        log_to()
        try:
            run(server, socket)
        finally:
            if dev_client is not None:
                _revoke(parts, dev_client)
    finally:
        parts.store.close()
    if not server.started:
        raise Fault("the service did not start: see the log lines above")


def _say_hello(parts: Parts, url: str) -> str:
    """Make a key for trying things out, and print a command that uses it. Its client's id."""
    from idverify.api.registration import add_client
    from idverify.api.security import EVALUATION, SCOPES
    from idverify.store import clients

    with parts.store.reading() as tx:
        left = [client.id for client in clients.listed(tx) if client.name == DEV_CLIENT and client.revoked_at is None]
    for client_id in left:
        _revoke(parts, client_id)
    scopes = [scope for scope in SCOPES if scope != EVALUATION]
    client, key = add_client(parts, name=DEV_CLIENT, scopes=scopes, audiences=[AUDIENCE], purposes=[PURPOSE])
    console.print("[bold yellow]Development:[/bold yellow] loopback only; tokens say env=dev and validators refuse them.")
    console.print("Verify one sample photograph against another (this key works until the service stops):\n")
    console.print(
        f"curl -s {url}/docs/examples/verify/reference_sent_along.json |\n"
        f"  curl -s {url}/v1/verifications -H 'Content-Type: application/json' \\\n"
        f"    -H 'Authorization: Bearer {key}' -d @-\n",
        markup=False,
        soft_wrap=True,
    )
    return client.id


def _revoke(parts: Parts, client_id: str) -> None:
    from idverify.api.registration import revoke_client

    with suppress(Fault, InvalidInput):  # it may be gone, or the store may be: the key dies with the data folder then
        revoke_client(parts, client_id)


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host
