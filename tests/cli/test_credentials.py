"""`idverify credentials`: listed, suspended, reinstated, revoked, and refused with the codes of the contract."""

import json

import pytest
from ceremonies.conftest import clock, make_parts
from ceremonies.installed import enrolled
from ceremonies.test_statuses import allocated

from idverify.api import app as composition
from idverify.cli import main

__all__ = ["clock", "make_parts"]


@pytest.fixture
def subject_id(make_parts, tmp_path, monkeypatch):
    """A subject with a licence and a card, in an installation as each command finds it."""
    server = make_parts()
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: make_parts())
    made = enrolled(server).subject_id
    allocated(server, "lic_1", subject_id=made)
    allocated(server, "card_1", subject_id=made, bits=1, type_name="identity_card", count=2)
    return made


def run(capsys, *arguments):
    """Exit code and output of the command."""
    code = main.run(main.build("credentials"), ("credentials", *arguments))
    return code, capsys.readouterr().out


def listed(capsys, *arguments):
    """Status and copies by credential."""
    code, said = run(capsys, "list", *arguments, "--json")
    assert code == 0
    return {row["credential_id"]: (row["status"], row["copies"]) for row in json.loads(said)["credentials"]}


def test_a_licence_is_suspended_reinstated_and_revoked_by_whom_it_belongs_to(subject_id, capsys):
    """By identifier, by subject id, by credential; the answer says how many copies changed."""
    licence = ("--type", "driving_licence", "--json")
    assert run(capsys, "suspend", "--subject", "A-17", *licence) == (0, '{"status": "SUSPENDED", "copies": 3}\n')
    assert listed(capsys, "--subject", "A-17") == {"lic_1": ("SUSPENDED", 3), "card_1": ("VALID", 2)}
    assert run(capsys, "reinstate", "--subject-id", subject_id, "--json") == (0, '{"status": "VALID", "copies": 3}\n')
    assert run(capsys, "revoke", "--credential", "card_1", "--json") == (0, '{"status": "REVOKED", "copies": 2}\n')
    assert run(capsys, "revoke", "--credential", "card_1", "--json") == (0, '{"status": "REVOKED", "copies": 0}\n')
    assert listed(capsys, "--type", "identity_card") == {"card_1": ("REVOKED", 2)}
    assert run(capsys, "revoke", "--credential", "card_1") == (0, "nothing changed: all of it was REVOKED before\n")


def test_what_cannot_be_done_changes_nothing_and_says_what_to_do(subject_id, capsys):
    """Exit 3 and one JSON object with a code."""
    for command in (
        ("revoke",),
        ("revoke", "--type", "identity_card"),
        ("revoke", "--credential", "card_1", "--subject", "A-17"),
        ("revoke", "--credential", "nobody"),
        ("revoke", "--subject", "A-18"),
        ("suspend", "--subject", "A-17"),
        ("suspend", "--credential", "card_1"),
        ("revoke", "--subject", "A-17", "--type", "library_card"),
    ):
        code, said = run(capsys, *command, "--json")
        assert code == 3, command
        assert json.loads(said)["error"]["message"], command
    assert listed(capsys) == {"lic_1": ("VALID", 3), "card_1": ("VALID", 2)}
    run(capsys, "revoke", "--subject-id", subject_id)
    code, said = run(capsys, "reinstate", "--subject", "A-17", "--json")
    assert (code, json.loads(said)["error"]["code"]) == (3, "invalid_input")
    assert "for ever" in said


def test_the_table_shows_whole_names_that_the_other_commands_take(subject_id, capsys):
    """For a person at a terminal."""
    code, said = run(capsys, "list", "--limit", "1")
    assert code == 0
    assert ("lic_1" in said) != ("card_1" in said)
    assert "VALID" in said
