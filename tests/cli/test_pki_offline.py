"""`idverify pki request | sign | install` as an operator types them, on two machines: one serves, the other has the root."""

import io
import json
import resource
import sys

import pytest

from idverify.cli import keys, main, pki
from idverify.cli.files import write_new
from idverify.errors import InvalidInput

SERVING = {"ISSUER": "https://id.city.example", "ENV": "production"}


class Machines:
    """Two folders; nothing but the files that a person carries is in both. The root's machine has no settings."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        for name in ("serving", "vault"):
            (folder / name).mkdir()
        assert self.serving("create-kek", str(folder / "serving" / "kek"), app=keys.app)[0] == 0

    def serving(self, *arguments, app=pki.app):
        """On the serving machine."""
        here = self.folder / "serving"
        settings = {**SERVING, "DATA_DIR": str(here / "data"), "KEK_FILE": str(here / "kek")}
        return self._run(here, settings, app, arguments)

    def vault(self, *arguments):
        """On the root's machine."""
        return self._run(self.folder / "vault", {}, pki.app, arguments)

    def carry(self, name, *, to):
        """By hand."""
        source = "serving" if to == "vault" else "vault"
        (self.folder / to / name).write_bytes((self.folder / source / name).read_bytes())

    def _run(self, here, settings, app, arguments):
        for name in ("ISSUER", "ENV", "DATA_DIR", "KEK_FILE"):
            self.monkeypatch.delenv(f"IDVERIFY_{name}", raising=False)
        for name, value in settings.items():
            self.monkeypatch.setenv(f"IDVERIFY_{name}", value)
        self.monkeypatch.chdir(here)
        self.capsys.readouterr()
        code = main.run(app, [*arguments, "--json"])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def machines(tmp_path, monkeypatch, capsys):
    """Both, and a root."""
    return Machines(tmp_path, monkeypatch, capsys)


@pytest.fixture
def pin(machines):
    """Of a root without passphrase."""
    return machines.vault("init", "--root", "root", "--name", "City", "--country", "XX", "--no-passphrase")[1]["pin"]


def confirmed(asked):
    """What the operator read off the serving machine."""
    return ("--yes", "--issuer", asked["issuer"], "--digest", asked["digest"])


def test_a_root_that_never_meets_the_network_certifies_a_serving_machine_and_its_rotations(machines, pin):
    """First time with the pin; later without. The root's folder is never where the installation is, nor the other way."""
    code, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    assert (code, len(asked["requests"]), asked["issuer"]) == (0, 10, SERVING["ISSUER"])
    machines.carry("request.pem", to="vault")
    code, signed = machines.vault("sign", "request.pem", "--root", "root", "--out", "answer.pem", *confirmed(asked))
    assert code == 0
    assert (signed["root"], signed["digest"], signed["requests"]) == (pin, asked["digest"], asked["requests"])
    machines.carry("answer.pem", to="serving")
    code, installed = machines.serving("install", "answer.pem")
    assert (code, {one["kid"] for one in installed["issued"]}) == (0, {one["kid"] for one in asked["requests"]})
    code, listed = machines.serving("list")
    assert {one["root"] for one in listed["certificates"]} == {pin}
    code, nothing = machines.serving("request", "--out", "again.pem")
    assert (code, nothing["requests"]) == (0, [])
    assert not (machines.folder / "serving" / "again.pem").exists()

    code, rotated = machines.serving("rotate")
    assert code == 0
    code, asked = machines.serving("request", "--out", "next.pem")
    assert {one["kid"] for one in asked["requests"]} == {one["next"] for one in rotated.values()}
    machines.carry("next.pem", to="vault")
    assert machines.vault("sign", "next.pem", "--root", "root", "--out", "next-answer.pem", *confirmed(asked))[0] == 0
    machines.carry("next-answer.pem", to="serving")
    assert machines.serving("install", "next-answer.pem")[0] == 0
    assert machines.serving("install", "next-answer.pem")[1]["error"]["message"].startswith("no request is pending")
    assert not list((machines.folder / "vault").glob("data*"))


def test_what_a_tired_operator_types_at_the_root(machines, pin):
    """Each is refused with what to do before the root's key is opened, and nothing is written."""
    _, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    machines.carry("request.pem", to="vault")
    right = ("sign", "request.pem", "--root", "root", "--out", "answer.pem")
    for arguments, code, said in (
        (right, 3, "nobody can confirm"),
        ((*right, "--yes"), 3, "--yes needs --issuer and --digest"),
        ((*right, "--yes", "--issuer", asked["issuer"]), 3, "--yes needs"),
        ((*right, "--yes", "--issuer", "https://id.city.example/", "--digest", asked["digest"]), 3, "another issuer"),
        ((*right, "--yes", "--issuer", asked["issuer"], "--digest", "0" * 64), 3, "another digest"),
        (("sign", "missing.pem", "--root", "root", "--out", "answer.pem", *confirmed(asked)), 3, "cannot read missing.pem"),
        (("sign", "root/root.pem", "--root", "root", "--out", "answer.pem", *confirmed(asked)), 3, "not a file of requests"),
        (("sign", "request.pem", "--root", "root", "--out", "request.pem", *confirmed(asked)), 3, "new file"),
        (("sign", "request.pem", "--root", "typo", "--out", "answer.pem", *confirmed(asked)), 4, "cannot read typo"),
    ):
        returned, answer = machines.vault(*arguments)
        assert (returned, said in answer["error"]["message"]) == (code, True), answer
    assert not (machines.folder / "vault" / "answer.pem").exists()
    spelled = " ".join(asked["digest"].upper()[at : at + 4] for at in range(0, 64, 4))
    assert machines.vault(*right, "--yes", "--issuer", asked["issuer"], "--digest", spelled)[0] == 0


class Person(io.StringIO):
    """Somebody at a terminal, who types this."""

    def isatty(self):
        return True


def test_a_person_sees_what_is_asked_and_may_say_no(machines, pin, monkeypatch, capsys):
    """Purpose and key of each, the issuer, the digest, the root and today's date; a no is exit 1, and nothing was signed."""
    _, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    machines.carry("request.pem", to="vault")
    right = ("sign", "request.pem", "--root", "root", "--out", "answer.pem")
    monkeypatch.chdir(machines.folder / "vault")
    for typed, code in (("n\n", 1), ("y\n", 0)):
        monkeypatch.setattr(sys, "stdin", Person(typed))
        assert main.run(pki.app, list(right)) == code
        shown = capsys.readouterr().err
        assert all(
            text in shown for text in (asked["issuer"], asked["digest"], pin, "City (XX)", "by the clock of this machine")
        )
        assert all(f"{one['purpose']}: {one['kid']}" in shown for one in asked["requests"])
        assert (machines.folder / "vault" / "answer.pem").exists() is (code == 0)


def test_what_a_tired_operator_types_where_it_serves(machines, pin):
    """The pin is asked for once; what is not the answer changes nothing."""
    assert machines.serving("request", "--out", "request.pem")[1]["error"]["message"].startswith("no root is known here yet")
    assert machines.serving("request", "--pin", pin[:-1], "--out", "request.pem")[0] == 3
    assert machines.serving("request", "--pin", pin, "--out", "kek")[0] == 3
    assert machines.serving("install", "kek")[1]["error"]["message"].startswith("no request is pending")
    assert not (machines.folder / "serving" / "request.pem").exists()
    _, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    assert machines.serving("install", "request.pem")[1]["error"]["message"].startswith("this is not a file of certificates")
    assert machines.serving("install", "missing.pem")[0] == 3
    other = machines.vault("init", "--root", "other", "--name", "City", "--country", "XX", "--no-passphrase")[1]["pin"]
    machines.carry("request.pem", to="vault")
    assert (
        machines.vault("sign", "request.pem", "--root", "other", "--out", "foreign.pem", *confirmed(asked))[1]["root"] == other
    )
    machines.carry("foreign.pem", to="serving")
    code, said = machines.serving("install", "foreign.pem")
    assert (code, said["error"]["message"]) == (3, f"the answer is not from the root that was asked, {pin}")
    assert machines.serving("list")[1]["certificates"] == []


def test_a_request_that_could_not_be_written_leaves_the_older_one_waiting(machines, pin):
    """Its answer may be on the way already, from a machine that is a journey away."""
    _, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    machines.carry("request.pem", to="vault")
    assert machines.vault("sign", "request.pem", "--root", "root", "--out", "answer.pem", *confirmed(asked))[0] == 0
    (machines.folder / "serving" / "stick").symlink_to("/nowhere/request.pem")
    assert machines.serving("request", "--pin", pin, "--out", "stick")[0] == 3
    machines.carry("answer.pem", to="serving")
    assert len(machines.serving("install", "answer.pem")[1]["issued"]) == 10


def test_a_full_medium_holds_no_half_of_a_file(tmp_path):
    """It could be carried on, and its name would be taken for the next try."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(InvalidInput, match="cannot write"):
            write_new(tmp_path / "answer.pem", b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_both_say_the_same_in_readable_words(machines, pin, capsys):
    """The digest stands on a line of its own, to be read out."""
    _, asked = machines.serving("request", "--pin", pin, "--out", "request.pem")
    capsys.readouterr()
    assert main.run(pki.app, ["request", "--pin", pin, "--out", "second.pem"]) == 0
    shown = capsys.readouterr().out
    assert f"issuer: {SERVING['ISSUER']}\n" in shown
    assert [one["kid"] for one in asked["requests"]] == [
        line.split(": ")[1] for line in shown.splitlines()[: len(asked["requests"])]
    ]
