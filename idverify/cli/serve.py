"""`idverify serve`: the HTTP service."""

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idverify.ceremonies import Parts
from idverify.cli.installation import OPERATOR, settings_for
from idverify.cli.output import console
from idverify.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from idverify.config import Settings

app = typer.Typer()

DEV_CLIENT = "idverify serve --dev, process {}"


@app.command()
def serve(
    dev: Annotated[bool, typer.Option("--dev", help="listen on loopback only, print two keys, mark tokens env=dev")] = False,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 takes a free one")] = 8000,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate chain, PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its private key, PEM, without a passphrase")] = None,
) -> None:
    """Serve the HTTP interface until interrupted; requests that run then are finished.

    Logs are JSON lines on standard error, with nothing personal in them. The interface is described at /docs.

    Example: idverify serve --dev

    Exit codes: 0 ended by SIGTERM, 4 it could not start, 130 ended by Ctrl-C.
    """
    from idverify.api.app import compose, create_app
    from idverify.api.server import Listening, listen, log_to, require_safe, run, server_for
    from idverify.decision.profiles import PROFILES

    settings = settings_for(dev=dev)
    listening = Listening(host, port, tls_cert, tls_key, settings.trusted_proxies)
    require_safe(listening, dev=settings.dev)
    with ExitStack() as at_the_end:
        socket = at_the_end.enter_context(listen(listening))
        url = f"{'https' if listening.tls else 'http'}://{_spelled(host)}:{socket.getsockname()[1]}"
        settings = named_after(url, settings)
        parts = compose(settings)
        at_the_end.callback(parts.store.close)
        server = server_for(create_app(parts, settings), listening)
        if settings.dev:
            key, sandbox_key = (_passing_key(parts, at_the_end, sandbox=sandbox) for sandbox in (False, True))
            _say_hello(url, key, sandbox_key)
        if missing := PROFILES.keys() - parts.profiles.keys():
            console.print(
                f"[bold yellow]Out of service:[/bold yellow] the live profiles {', '.join(sorted(missing))}. "
                "Their operating points were measured with other models than this pack has."
            )
        console.print(f"Listening on {url}, interface described at {url}/docs. Stop with Ctrl-C.", highlight=False)
        log_to()
        run(server, socket)
    if not server.started:
        raise Fault("the service did not start: see the log lines above")


def named_after(url: str, settings: "Settings") -> "Settings":
    """In development, unless IDVERIFY_ISSUER is set, the service has the name of where it listens: its links lead there."""
    if not settings.dev or "issuer" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"issuer": url})


def _passing_key(parts: Parts, at_the_end: ExitStack, *, sandbox: bool) -> str:
    """A key for trying things out, revoked at the end. Other processes' keys are left alone: they may be in use."""
    from idverify.api.openapi import AUDIENCE, PURPOSE
    from idverify.ceremonies.clients import EVALUATION, SCOPES, add_client

    name = DEV_CLIENT.format(os.getpid())
    scopes = [scope for scope in SCOPES if scope != EVALUATION]
    allowed = {"scopes": scopes, "audiences": [AUDIENCE], "purposes": [PURPOSE]}
    client, key = add_client(parts, actor=OPERATOR, name=name, **allowed, sandbox=sandbox)
    at_the_end.callback(_revoke, parts, client.id)
    return key


def _say_hello(url: str, key: str, sandbox_key: str) -> None:
    """Print what can be pasted into another shell."""
    console.print("[bold yellow]Development:[/bold yellow] loopback only; tokens say env=dev and validators refuse them.")
    console.print("Verify one sample photograph against another (the keys work until the service stops):\n")
    console.print(
        f"curl -s {url}/docs/examples/verify/reference_sent_along.json |\n"
        f"  curl -s {url}/v1/verifications -H 'Content-Type: application/json' \\\n"
        f"    -H 'Authorization: Bearer {key}' -d @-\n",
        markup=False,
        soft_wrap=True,
    )
    console.print("With these, every example of /docs works as it stands, in a sandbox that is emptied at the end:\n")
    console.print(f"export IDVERIFY_URL={url}\nexport IDVERIFY_KEY={sandbox_key}\n", markup=False, soft_wrap=True)


def _revoke(parts: Parts, client_id: str) -> None:
    from idverify.ceremonies.clients import revoke_client

    with suppress(Fault, InvalidInput):  # it may be gone, or the store may be: the key dies with the data folder then
        revoke_client(parts, client_id, actor=OPERATOR)


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host
