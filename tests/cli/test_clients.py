"""`idverify clients add` and `return-url`: where a client's people may be sent, as an operator types it."""

import json

import pytest

from idverify.cli import main

URL, OTHER = "https://hotel.example/checked", "https://hotel.example/checked?desk=3"
CLIENT = ("add", "Hotel", "--scope", "sessions:create", "--audience", "https://hotel.example", "--purpose", "check-in")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command on a development installation of its own; its exit code and the object that it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDVERIFY_ENV", "dev")

    def run(*arguments):
        capsys.readouterr()
        code = main.run(main.build("clients"), ["clients", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_return_urls_are_registered_with_a_client_or_later_and_removed(run, capsys):
    """They stand in the list of clients, and what cannot be registered is refused with what to do."""
    code, made = run(*CLIENT, "--return-url", URL)
    assert (code, made["return_urls"]) == (0, [URL])
    added = {"id": made["id"], "return_urls": [URL, OTHER]}
    assert run("return-url", "add", made["id"], OTHER) == (0, added)
    assert run("return-url", "add", made["id"], "http://localhost:3000/checked")[0] == 0, "while developing"
    assert run("return-url", "remove", made["id"], "http://localhost:3000/checked") == (0, added)
    assert run("list")[1]["clients"][0]["return_urls"] == [URL, OTHER]
    capsys.readouterr()
    assert main.run(main.build("clients"), ["clients", "return-url", "remove", made["id"], OTHER]) == 0
    assert capsys.readouterr().out == URL + "\n"
    for refused in (
        (*CLIENT, "--return-url", "http://hotel.example/"),
        ("return-url", "add", made["id"], "https://evil.example\\@hotel.example/"),
        ("return-url", "add", "cli_0000000000000000", OTHER),
        ("return-url", "remove", made["id"], OTHER),
    ):
        code, said = run(*refused)
        assert (code, said["error"]["code"]) == (3, "invalid_input"), refused
    assert len(run("list")[1]["clients"]) == 1
