"""`idverify wallet history`: what a person reads, and what it says of a record that somebody touched."""

import json

import pytest
from credentials.slips import ISSUER
from wallet.issued import slips

from idverify.cli import main, wallet
from idverify.wallet.folder import SHOWN, Folder
from idverify.wallet.held import SLIP_FORMAT, Holding


@pytest.fixture
def folder(tmp_path):
    """A wallet with a slip."""
    made = Folder.create(tmp_path / "wallet")
    made.keep(Holding(ISSUER, "identity_card.gate", SLIP_FORMAT, 1, tuple(slips("gate"))))
    return made


@pytest.fixture
def run(folder, capsys):
    """A command on it: exit code, and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        code = main.run(wallet.app, [*arguments, "--wallet", str(folder.path)])
        return code, capsys.readouterr()

    return run


def test_a_person_reads_the_newest_first_and_a_head_to_keep(run):
    """Each code is an entry; an empty wallet says so; the head of then finds an older record put back, the wrong words do not."""
    assert "Nothing was shown" in run("history")[1].err
    run("qr", "identity_card.gate", "--text")
    code, printed = run("history", "--json")
    first = json.loads(printed.out)
    assert (code, first["intact"], first["findings"]) == (0, True, [])
    run("qr", "identity_card.gate", "--text")
    code, printed = run("history", "--json", "--head", first["head"])
    found = json.loads(printed.out)
    assert (code, [one["number"] for one in found["entries"]]) == (0, [2, 1])
    assert (found["entries"][0]["way"], found["entries"][0]["purpose"]) == ("qr", "gate")
    assert "issuers" not in found
    code, printed = run("history")
    assert code == 0
    assert "whoever read" in " ".join(printed.out.split())
    assert f"head {found['head']}" in printed.err
    assert run("history", "--head", "2")[0] == 2
    assert run("history", "--head", f"9:{'0' * 64}")[0] == 1


def test_a_touched_record_is_told_shows_nothing_more_and_is_put_aside(run, folder):
    """Exit 1 with the place; a code is refused with 4; after --begin-anew all goes on, and the old record is kept."""
    for _ in range(3):
        run("qr", "identity_card.gate", "--text")
    path = folder.path / SHOWN
    path.write_text(path.read_text().replace('"qr"', '"no"', 1))
    code, printed = run("history")
    assert (code, "BROKEN at 1" in printed.err) == (1, True)
    code, printed = run("qr", "identity_card.gate", "--json")
    assert (code, json.loads(printed.out)["error"]["code"]) == (4, "audit_broken")
    code, printed = run("history", "--begin-anew", "--json")
    assert (code, [one["event"] for one in json.loads(printed.out)["entries"]]) == (0, ["wallet.history_begun"])
    assert len([*folder.path.glob("shown-broken-*.json")]) == 1
    assert run("qr", "identity_card.gate", "--text")[0] == 0
    assert run("history", "--begin-anew")[0] == 3


def test_a_strangers_words_move_no_cursor(run, folder):
    """Even where somebody wrote them into the file."""
    run("qr", "identity_card.gate", "--text")
    path = folder.path / SHOWN
    path.write_text(path.read_text().replace('"gate"', '"[red]x\\u001b[2J"'))
    code, printed = run("history")
    assert (code, "\x1b" in printed.out + printed.err) == (1, False)
    assert "[red]x" in printed.out


def test_without_a_grant_no_issuer_can_be_asked(run):
    """And it is said."""
    code, printed = run("history", "--issuer", "--json")
    assert (code, json.loads(printed.out)["error"]["code"]) == (3, "credential_unavailable")
