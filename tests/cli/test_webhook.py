"""`idverify clients webhook`: set, shown without its secret, removed, refused with the codes of the contract."""

import json

import pytest
from ceremonies.conftest import clock, make_parts
from ceremonies.installed import events

from idverify.api import app as composition
from idverify.ceremonies import webhooks
from idverify.ceremonies.clients import METRICS_READ, add_client
from idverify.cli import main

__all__ = ["clock", "make_parts"]

URL = "https://hotel.example/hook?key=theirs"


@pytest.fixture
def installation(make_parts, tmp_path, monkeypatch):
    """An installation as each command finds it; returns what a running server holds."""
    server = make_parts()
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: make_parts())
    return server


@pytest.fixture
def client_id(installation):
    """A client."""
    return add_client(installation, actor="tester", name="Hotel", scopes=[METRICS_READ])[0].id


def run(capsys, *arguments):
    """Exit code and output of the command."""
    code = main.run(main.build("clients"), ("clients", "webhook", *arguments))
    return code, capsys.readouterr().out


def test_a_webhook_is_set_shown_and_removed(installation, client_id, capsys, clock):
    """The secret is printed once, and the one that signs; a message that waits is counted."""
    code, said = run(capsys, "set", client_id, URL, "--json")
    made = json.loads(said)
    assert (code, made["id"], made["url"]) == (0, client_id, URL)
    with installation.store.transaction() as tx:
        webhooks.queue(installation, tx, client_id=client_id, session_id="ses_1", status="approved")
    code, said = run(capsys, "show", client_id, "--json")
    assert code == 0
    assert json.loads(said) == {
        "id": client_id,
        "url": URL,
        "created_at": "2027-01-15T08:00:00Z",
        "deliveries": {"waiting": 1, "delivered": 0, "given_up": 0},
    }
    code, said = run(capsys, "show", client_id)
    assert (code, said.splitlines()[0]) == (0, URL)
    assert "1 waiting, 0 delivered, 0 given up" in said
    assert run(capsys, "remove", client_id, "--json") == (0, json.dumps({"removed": client_id}) + "\n")
    assert events(installation)[-2:] == ["webhook.set", "webhook.removed"]


def test_in_words_the_secret_stands_alone_on_standard_output(client_id, capsys):
    """So that it can be piped to where secrets are kept."""
    code, said = run(capsys, "set", client_id, URL)
    assert code == 0
    assert said.startswith("whsec_")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "{id}", "https://10.0.0.7/"),
        ("set", "{id}", "ftp://hotel.example/"),
        ("set", "cli_0000000000000000", URL),
        ("show", "{id}"),
        ("remove", "{id}"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_unusable_input(installation, client_id, capsys, arguments):
    """Exit 3 with the code; nothing is written."""
    before = events(installation)
    code, said = run(capsys, *(word.replace("{id}", client_id) for word in arguments), "--json")
    assert (code, json.loads(said)["error"]["code"]) == (3, "invalid_input")
    assert events(installation) == before
