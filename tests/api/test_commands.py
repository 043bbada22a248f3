"""`idverify serve` and `idverify clients`, as a person starts them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from idverify.ceremonies.clients import SCOPES
from idverify.cli.main import build, run
from idverify.cli.serve import named_after
from idverify.config import load_settings


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """The environment of an installation in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IDVERIFY_")}
    return kept | {
        "IDVERIFY_DATA_DIR": str(tmp_path / "data"),
        "NO_PROXY": "*",
        "COLUMNS": "200",
    }


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(installation: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs one command in this process, with the installation's environment."""
    for name, value in installation.items():
        monkeypatch.setenv(name, value)
    app = build()

    def go(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(app, arguments)
        said = capfd.readouterr()
        return Outcome(code, said.out, said.err)

    return go


Served = tuple[subprocess.Popen[str], str, str]


@pytest.fixture
def served(installation: dict[str, str]) -> Iterator[Served]:
    """`idverify serve --dev` on a free port: the process, its address, and all it said until it listened."""
    with serving_dev(installation) as started:
        yield started


@contextmanager
def serving_dev(installation: dict[str, str]) -> Iterator[Served]:
    """The same for the length of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "idverify.cli.main", "serve", "--dev", "--port", "0"],
        env=installation,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"Listening on (http://127\.0\.0\.1:\d+)", line):
            break
    else:
        pytest.fail(said)
    try:
        yield process, found[1], said
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()


def answering(url: str) -> None:
    """Return when the service is ready."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the service did not become ready")


def test_serve_dev_prints_a_command_that_works(served: Served, installation: dict[str, str], command: Command) -> None:
    """Pasted into a shell, it verifies one sample against another; the token says env=dev; the keys die with the service."""
    process, url, said = served
    answering(url)
    (pasted,) = re.findall(r"curl -s .*?-d @-", said, re.DOTALL)
    shell = subprocess.run(["bash", "-c", pasted], env=installation, capture_output=True, text=True, timeout=30, check=True)
    told = json.loads(shell.stdout)
    assert told["decision"] == "accepted"
    exported = dict(re.findall(r"^export (IDVERIFY_\w+)=(\S+)$", said, re.MULTILINE))
    assert exported["IDVERIFY_URL"] == url
    headers = {"Authorization": f"Bearer {exported['IDVERIFY_KEY']}"}
    assert httpx.get(f"{url}/v1/subjects/sandbox", headers=headers, trust_env=False).status_code == 200
    example = httpx.get(f"{url}/docs/examples/create_session/reference_sent_along.json", trust_env=False).content
    sent = {"content": example, "headers": headers | {"Content-Type": "application/json"}, "trust_env": False}
    link = httpx.post(f"{url}/v1/sessions", **sent).raise_for_status().json()["capture_url"]  # type: ignore[arg-type]
    assert httpx.get(link, trust_env=False).status_code == 200, "links lead to the port that it listens on"
    assert "loopback" in said
    assert "env=dev" in said
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    listed = json.loads(command("clients", "list", "--dev", "--json").stdout)
    assert [client["revoked_at"] is None for client in listed["clients"]] == [False, False]
    assert [client["sandbox"] for client in listed["clients"]] == [False, True]
    logged = process.stderr.read()  # type: ignore[union-attr]
    assert all(json.loads(line) for line in logged.splitlines() if line.startswith("{"))


def test_the_issuer_is_the_address_only_while_developing_and_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that relying parties know does not change with the port."""
    url = "http://127.0.0.1:8013"
    monkeypatch.delenv("IDVERIFY_ISSUER", raising=False)
    assert named_after(url, load_settings(env="dev")).issuer == url
    assert named_after(url, load_settings(env="production")).issuer != url
    monkeypatch.setenv("IDVERIFY_ISSUER", "http://127.0.0.1:8000")
    assert named_after(url, load_settings(env="dev")).issuer == "http://127.0.0.1:8000"


def test_a_second_service_in_the_same_folder_leaves_the_keys_of_the_first_alone(
    served: Served, installation: dict[str, str]
) -> None:
    """While it starts, runs and stops."""
    _, url, said = served
    answering(url)
    with serving_dev(installation) as (second, second_url, _):
        answering(second_url)
        second.send_signal(signal.SIGTERM)
        assert second.wait(15) == 0
    keys = re.findall(r"idvk_[\w-]+", said)
    assert len(keys) == 2
    for key in keys:
        answer = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        assert answer.status_code == 200


def test_an_interrupt_ends_it_with_its_own_code(served: Served) -> None:
    """Ctrl-C: 130, as the contract has it."""
    process, url, _ = served
    answering(url)
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 130


@pytest.mark.parametrize(
    "arguments",
    [("--dev", "--host", "0.0.0.0"), ("--host", "0.0.0.0"), ("--tls-cert", "/nowhere.pem")],
    ids=["dev beyond loopback", "plain HTTP beyond loopback", "half a key pair"],
)
def test_serve_refuses_what_is_unsafe(command: Command, installation: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Exit 4, a stable code, and nothing made."""
    refused = command("serve", *arguments)
    assert refused.code == 4
    assert "configuration_invalid" in refused.stderr
    assert not Path(installation["IDVERIFY_DATA_DIR"]).exists()


def test_a_taken_port_is_a_fault_that_says_so(command: Command, installation: dict[str, str]) -> None:
    """Exit 4, naming the port, before anything is loaded or made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = command("serve", "--dev", "--port", port)
    assert refused.code == 4
    assert port in refused.stderr
    assert not Path(installation["IDVERIFY_DATA_DIR"]).exists()


def test_clients_are_added_listed_and_revoked(command: Command) -> None:
    """The key is printed once; the list never shows it; revoking twice is refused; each is audited."""
    options = ("--scope", "verifications:create", "--audience", "https://hotel.example", "--purpose", "hotel check-in")
    added = command("clients", "add", "Hotel app", *options, "--dev", "--json")
    assert added.code == 0, added.stderr
    client = json.loads(added.stdout)
    assert client["key"].startswith("idvk_")
    listed = command("clients", "list", "--dev", "--json")
    assert [one["id"] for one in json.loads(listed.stdout)["clients"]] == [client["id"]]
    assert client["key"] not in listed.stdout
    assert command("clients", "revoke", client["id"], "--dev").code == 0
    again = command("clients", "revoke", client["id"], "--dev", "--json")
    assert (again.code, json.loads(again.stdout)["error"]["code"]) == (3, "invalid_input")
    nonsense = command("clients", "add", "X", "--scope", "everything", "--dev", "--json")
    assert (nonsense.code, json.loads(nonsense.stdout)["error"]["code"]) == (3, "invalid_input")
    text = command("clients", "list", "--dev")
    assert "revoked" in text.stdout


def test_the_list_shows_client_ids_whole_on_80_columns(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else a row holds: the id is what `revoke` takes."""
    monkeypatch.setattr("idverify.cli.clients.stdout", Console(width=80, highlight=False))
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    allowed = ("--audience", f"https://{'hotel.' * 20}example", "--purpose", "hotel check-in " * 5 + "tonight")
    client = json.loads(
        command("clients", "add", "The app of a hotel " * 3 + "chain", *scopes, *allowed, "--dev", "--json").stdout
    )
    listed = command("clients", "list", "--dev").stdout
    assert client["id"] in listed
    assert "active" in listed
