"""`idverify keys`: made once, rotated while a server runs, interrupted anywhere, audited."""

import json
import stat

import pytest
from ceremonies.conftest import clock, make_parts
from ceremonies.installed import enrolled, events, open_reference

from idverify.api import app as composition
from idverify.ceremonies import rewrapping
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


def test_a_hasty_rotation_warns_about_cached_key_sets(installation, capsys):
    """On standard error; the object on standard output stays alone."""
    assert run("rotate", "--json") == 0
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


@pytest.mark.parametrize("point", ["secrets", "records", "drop"])
def test_an_interrupted_kek_rotation_goes_on_without_a_third_version(installation, capsys, monkeypatch, point):
    """Ctrl-C before the secrets, between two batches, and before the old version is destroyed: nothing is lost."""
    subjects = [enrolled(installation, f"A{number}").subject_id for number in range(2)]
    old = installation.wrapper.version

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    def one_batch(parts):
        yield next(rewrap(parts, batch=3))
        raise KeyboardInterrupt

    rewrap = rewrapping.rewrap
    with monkeypatch.context() as broken:
        match point:
            case "secrets":
                broken.setattr(secrets, "rewrap", interrupted)
            case "records":
                broken.setattr(rewrapping, "rewrap", one_batch)
            case "drop":
                broken.setattr(keys, "_drop_if_unused", interrupted)
        assert run("rotate", "--kek", "--json") == 130
    capsys.readouterr()
    assert all(open_reference(installation, subject) for subject in subjects)
    assert len(installation.wrapper.versions) == 2
    assert run("rotate", "--kek", "--json") == 0
    assert json.loads(capsys.readouterr().out)["dropped"] == [old]
    assert len(installation.wrapper.versions) == 1
    assert all(open_reference(installation, subject) for subject in subjects)


def test_a_version_is_not_destroyed_while_a_record_still_needs_it(installation, capsys, monkeypatch):
    """A server that wrapped under the old version in the last moment gets another round, not a lost record."""
    late = []
    drop = keys._drop_if_unused

    def drop_late(parts):
        if not late:
            with monkeypatch.context() as stale:
                stale.setattr(type(installation.wrapper), "version", property(lambda self: self.versions[0]))
                late.append(enrolled(installation, "late").subject_id)
        return drop(parts)

    monkeypatch.setattr(keys, "_drop_if_unused", drop_late)
    assert run("rotate", "--kek", "--json") == 0
    assert json.loads(capsys.readouterr().out)["records"] == 4
    assert open_reference(installation, late[0])


def test_a_record_that_does_not_open_keeps_the_old_version_alive(installation, capsys, monkeypatch):
    """Nothing is destroyed after a fault."""
    enrolled(installation)

    def damaged(*_, **__):
        raise KeyUnavailable("damaged")
        yield 0

    monkeypatch.setattr(rewrapping, "rewrap", damaged)
    assert run("rotate", "--kek", "--json") == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "key_unavailable"
    assert len(installation.wrapper.versions) == 2


def test_the_list_shows_every_key_and_no_secret(installation, capsys, tmp_path):
    """States, times, versions; as a table too."""
    run("rotate", "--json")
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
