"""`idverify demo`: the main job on the photographs that travel with the package, in a folder that is gone afterwards."""

import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich import box
from rich.table import Table

from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.story import Clock, Story

if TYPE_CHECKING:
    from idverify.ceremonies import Parts
    from idverify.ceremonies.verification import Verified
    from idverify.store.clients import Client

app = typer.Typer()

SUBJECT = "demo-0001"
AUDIENCE = "https://hotel.example"
PURPOSE = "hotel check-in"
NONCE = "demo-nonce-1"


@app.command()
def demo(as_json: AsJson = False) -> None:
    """The main job, end to end, on real photographs: enrol, verify, refuse, issue, validate, tamper, expire.

    Then the electronic ID: issued to a wallet, shown to a hotel and at a gate, believed offline, and revoked.

    Everything is real: the models, the database, the keys, the signatures. It runs in a temporary folder, and no network beyond
    this machine is needed.

    Example: idverify demo

    Exit codes: 0 every step came out as it should, 4 one did not, or a fault.
    """
    from idverify.api.server import Listening, listen

    with tempfile.TemporaryDirectory(prefix="idverify-demo-") as folder, listen(Listening("127.0.0.1", 0)) as sock:
        story, timings, facts = _tell(Path(folder), sock)
    result = {"as_expected": story.as_expected, "steps": story.steps, "timings_ms": timings, **facts}
    emit(result, as_json=as_json, table=lambda: _print(story, timings, facts))
    raise typer.Exit(0 if story.as_expected else 4)


def _tell(folder: Path, sock: socket.socket) -> tuple[Story, Mapping[str, float], dict[str, Any]]:
    from idverify.audit.chain import check_chain
    from idverify.cli import demo_credential
    from idverify.store import audit

    story, clock = Story(), Clock()
    parts, client = _started(story, folder, f"http://127.0.0.1:{sock.getsockname()[1]}", clock)
    subject_id, accepted = _verified(story, parts, client)
    _validated(story, parts, accepted.token or "")
    demo_credential.tell(story, parts, client, subject_id, folder=folder, sock=sock, clock=clock)
    with story.step("Audit: the chain of events is checked from its first link", "intact") as say:
        with parts.store.reading() as tx:
            report = check_chain(parts.secrets.audit, audit.events(tx))
        say(f"intact, {report.count} events" if report.intact else f"broken: {report.findings}")

    parts.store.close()
    facts = {"token": accepted.token or "", "policy": accepted.policy.name, "pack": parts.acquirer.engine.pack}
    return story, {name: round(value, 2) for name, value in accepted.timings_ms.items()}, facts


def _started(story: Story, folder: Path, issuer: str, clock: Clock) -> "tuple[Parts, Client]":
    from idverify.api.app import compose
    from idverify.config import load_settings
    from idverify.store.clients import Client

    with story.step("Start: model digests checked, models loaded, keys and database made", "ready") as say:
        settings = load_settings(env="dev", data_dir=folder / "data", kek_file=folder / "kek", issuer=issuer)
        parts = replace(compose(settings), now=clock)
        client = Client(
            id="demo-hotel",
            name="Demo hotel",
            scopes=frozenset({"verifications:create"}),
            audiences=frozenset({AUDIENCE}),
            purposes=frozenset({PURPOSE}),
            sandbox=False,
            created_at=parts.now(),
            revoked_at=None,
        )
        say(f"ready: {parts.acquirer.engine.provider}")
    return parts, client


def _verified(story: Story, parts: "Parts", client: "Client") -> "tuple[str, Verified]":
    """Id of the subject, and what came of the mated verification."""
    from idverify.ceremonies.enrolment import enrol
    from idverify.ceremonies.verification import Request, verify
    from idverify.registry.claims import Claims
    from idverify.values import decision_name

    photos = files("idverify") / "samples"
    portrait, same_man, other_man = ((photos / name).read_bytes() for name in ("obama.jpg", "obama2.jpg", "biden.jpg"))

    with story.step("Enrol: a portrait of 2012 becomes the registry photo", "enrolled") as say:
        claims = Claims(name="Barack Obama", document_type="sample", document_number="S0000001", date_of_birth="1961-08-04")
        enrolled = enrol(
            parts, identifier=SUBJECT, claims=claims, legal_basis="published_test_data", portrait=portrait, actor="demo"
        )
        say("enrolled; claims, template and portrait sealed")

    def ask(probe: bytes) -> "Verified":
        request = Request(probe=probe, audience=AUDIENCE, purpose=PURPOSE, subject_id=enrolled.subject_id, nonce=NONCE)
        return verify(parts, client, request)

    with story.step("Verify: the same man, photographed in 2009", "accepted") as say:
        accepted = ask(same_man)
        say(f"{decision_name(accepted.decision)} under policy {accepted.policy.name}")

    with story.step("Refuse: another man claims to be him", "rejected") as say:
        refused = ask(other_man)
        say(decision_name(refused.decision) + (", no token" if refused.token is None else ", BUT A TOKEN WAS MADE"))
    return enrolled.subject_id, accepted


def _validated(story: Story, parts: "Parts", token: str) -> None:
    from idverify.credentials import verdict
    from idverify.errors import TokenInvalid

    now = parts.now()

    def check(candidate: str, at: float) -> str:
        try:
            claims = verdict.validate(candidate, parts.signing.jwks(), audience=AUDIENCE, nonce=NONCE, allow_dev=True, now=at)
        except TokenInvalid as error:
            return f"refused: {error.code}"
        return f"valid for {claims.audience}: {claims.meaning}"

    with story.step("Validate: the hotel checks the signed token offline", "valid") as say:
        say(check(token, now))
    with story.step("Tamper: the same token with one byte changed", "refused: token_signature") as say:
        say(check(_one_byte_changed(token), now))
    with story.step("Expire: the same token eleven minutes later", "refused: token_expired") as say:
        say(check(token, now + 660))


def _one_byte_changed(token: str) -> str:
    """The token with one character in the middle of its payload replaced by another of the same alphabet."""
    middle = (token.index(".") + token.rindex(".")) // 2
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


def _print(story: Story, timings: Mapping[str, float], facts: Mapping[str, Any]) -> None:
    table = Table(title="The main job, on sample photographs", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("step", overflow="fold")
    table.add_column("outcome", overflow="fold")
    table.add_column("ms", justify="right")
    for step in story.steps:
        colour = "green" if step["as_expected"] else "bold red"
        table.add_row(step["step"], f"[{colour}]{step['outcome']}[/{colour}]", f"{step['milliseconds']:.1f}")
    stdout.print(table)
    stages = "  ".join(f"{name} [bold]{value:.1f}[/bold]" for name, value in timings.items())
    stdout.print(f"The accepted verification by stage, milliseconds of this one run:\n  {stages}\n")
    stdout.print("The token as the hotel receives it (env=dev: validators refuse it unless asked):")
    stdout.print(f"  [dim]{facts['token']}[/dim]\n", soft_wrap=True)
    if story.as_expected:
        stdout.print("[green]Every step came out as it should.[/green]")
        first = "" if shutil.which("idverify") else "[bold]. .venv/bin/activate[/bold], then "
        stdout.print(f"Next: {first}[bold]idverify compare A.jpg B.jpg[/bold] with photos of your own, or")
        stdout.print("[bold]idverify serve --dev[/bold] and the curl line that it prints.")
    else:
        stdout.print("[bold red]A step did not come out as it should: see above.[/bold red]")
