"""`idverify keys`: made once, rotated while a server runs, interrupted anywhere, audited."""

import json
import stat

import pytest
from ceremonies.conftest import clock, make_parts
from ceremonies.installed import enrolled, events, open_reference

from idverify.api import app as composition
from idverify.ceremonies import rotation
from idverify.ceremonies.audit_head import verify_chain
from idverify.cli import keys, main
from idverify.errors import KeyUnavailable
from idverify.keys import secrets

__all__ = ["clock", "make_parts"]


@pytest.fixture
def installation(make_parts, tmp_path, monkeypatch):
    """An installation as each command finds it, on a clock that stands still; returns what a running server holds."""
    server = make_parts()
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: make_parts())
    return server


def run(*arguments):
    """Exit code of the command."""
    return main.run(keys.app, arguments)


def test_a_kek_is_made_private_outside_the_data_folder_and_only_once(tmp_path, monkeypatch, capsys):
    """Never over an existing one, never inside the data folder."""
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))
    assert run("create-kek", str(tmp_path / "kek"), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["version"] in (tmp_path / "kek").read_text()
    assert stat.S_IMODE((tmp_path / "kek").stat().st_mode) == 0o600
    content = (tmp_path / "kek").read_bytes()
    for path in (tmp_path / "kek", tmp_path / "data" / "kek", tmp_path / "x" / ".." / "data" / "kek"):
        assert run("create-kek", str(path), "--json") == 4
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "key_unavailable"
    assert (tmp_path / "kek").read_bytes() == content


def test_the_signing_key_rotates_under_a_running_server(installation, capsys, clock):
    """The server signs with the new key at once; the rotation is in the audit."""
    before = installation.signing.current.kid
    clock.now += 3600
    assert run("rotate", "--json") == 0
    captured = capsys.readouterr()
    rotation = json.loads(captured.out)
    assert rotation["retired"] == before
    assert installation.signing.current.kid == rotation["current"]
    assert "fetch again" not in captured.err
    assert "keys.signing_rotated" in events(installation)


def test_a_key_that_relying_parties_may_not_know_yet_does_not_sign(installation, capsys, clock):
    """Published for twice the five minutes for which they keep a key set, and not a second less; else nothing changes."""
    before = installation.signing.jwks()
    clock.now += 599
    assert run("rotate", "--json") == 3
    assert "another 1 s" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert installation.signing.jwks() == before
    clock.now += 1
    assert run("rotate", "--json") == 0
    assert run("rotate", "--json") == 3


def test_after_a_theft_a_hasty_rotation_goes_on_and_warns_about_cached_key_sets(installation, capsys):
    """On standard error; the object on standard output stays alone."""
    assert run("rotate", "--now", "--json") == 0
    captured = capsys.readouterr()
    assert "until they fetch again" in " ".join(captured.err.split())
    assert json.loads(captured.out)


def test_the_kek_rotates_under_a_running_server_and_the_old_one_is_gone(installation, capsys, tmp_path):
    """Every record and the secrets open under the new version alone, and nothing else changed."""
    subject = enrolled(installation).subject_id
    old, held = installation.wrapper.version, installation.secrets
    assert run("rotate", "--kek", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["dropped"] == [old]
    assert answer["records"] == 4
    assert installation.wrapper.versions == (answer["version"],)
    assert open_reference(installation, subject)
    assert secrets.load(tmp_path / "data" / "keys", installation.wrapper) == held
    assert {"keys.kek_rotated", "keys.kek_dropped"} <= set(events(installation))
    assert verify_chain(installation.store, installation.secrets.audit).intact


def test_an_interrupted_kek_rotation_exits_130_and_a_fault_4(installation, capsys, monkeypatch):
    """What it leaves behind is gone on with: see the ceremony's tests."""
    for error, code in ((KeyboardInterrupt(), 130), (KeyUnavailable("damaged"), 4)):

        def broken(*_, error=error, **__):
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(rotation, "rewrap", broken)
            assert run("rotate", "--kek", "--json") == code
    capsys.readouterr()
    assert run("rotate", "--kek", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["dropped"]) == 1


def test_the_list_shows_every_key_and_no_secret(installation, capsys, tmp_path):
    """States, times, versions; as a table too."""
    run("rotate", "--now", "--json")
    capsys.readouterr()
    assert run("list", "--json") == 0
    shown = capsys.readouterr().out
    answer = json.loads(shown)
    assert [one["state"] for one in answer["signing"]] == ["next", "current", "retired"]
    assert answer["signing"][1]["kid"] == installation.signing.current.kid
    assert answer["kek"] == {"wraps": installation.wrapper.version, "unwrap": list(installation.wrapper.versions)}
    assert (tmp_path / "kek").read_text().split()[-1] not in shown
    assert run("list") == 0
    table = capsys.readouterr().out
    assert "retired" in table
    assert f"{installation.wrapper.version} wraps" in table


def test_the_key_set_is_printed_as_the_service_publishes_it(installation, capsys):
    """A relying party validates offline with what was saved from here."""
    for arguments in (("jwks",), ("jwks", "--json")):
        assert run(*arguments) == 0
        assert json.loads(capsys.readouterr().out) == installation.signing.jwks()
