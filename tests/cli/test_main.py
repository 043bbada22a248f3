"""The contract of the console script: exit codes, one JSON object, help that teaches."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from idverify.cli import main
from idverify.errors import AttemptsExhausted, Fault, ImageRejected, InvalidInput, NoFace, StoreUnavailable, TokenInvalid


def _commands(app: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command with the words that reach it."""
    command = typer.main.get_command(app)

    def walk(node: object, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
        children = getattr(node, "commands", None)
        if children is None:
            yield words, node
            return
        for name, child in children.items():
            yield from walk(child, (*words, name))

    yield from walk(command, path)


COMMANDS = [words for words, _ in _commands(main.build())]


def _raising(error: BaseException, *, words: tuple[str, ...] = ("demo",)) -> typer.Typer:
    """The real command line with one command's body replaced by a raise; its options stay."""
    app = main.build()

    def explode(**_: object) -> None:
        raise error

    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    command.callback = explode
    command.params = []
    return command


def _run(command: object, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(typer.main, "get_command", lambda _app: command)
    return main.run(typer.Typer(), arguments)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_runtime_error_inside_any_command_exits_4(words, monkeypatch, capsys):
    """No traceback, no exit 1 that a script would read as 'rejected'."""
    command = _raising(RuntimeError("broken pump"), words=words)
    assert _run(command, monkeypatch) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "broken pump" in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_of_every_command_teaches(words, capsys):
    """Each says what it is for in more than its own name."""
    assert main.run(main.build(), [*words, "--help"]) == 0
    assert len(capsys.readouterr().out.split()) > 15


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TokenInvalid("refused"), 1),
        (InvalidInput("bad"), 3),
        (ImageRejected("not an image"), 3),
        (NoFace("none", ("Bring your face into the picture",)), 3),
        (AttemptsExhausted("enough", 60), 3),
        (StoreUnavailable("gone"), 4),
        (Fault("ours"), 4),
        (RuntimeError("unforeseen"), 4),
        (OSError(28, "No space left on device"), 4),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (typer.Exit(5), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_kind_of_failure_has_its_exit_code_and_one_json_object(error, code, monkeypatch, capsys):
    """Others script against both."""
    as_json = typer.Option(False, "--json")

    def explode(as_json: bool = as_json) -> None:
        raise error

    app = typer.Typer()
    app.command()(explode)
    assert main.run(app, ["--json"]) == code
    out = capsys.readouterr().out
    if code == 5:
        assert out == ""
    else:
        assert json.loads(out)["error"]["code"]
        assert out.count("\n") == 1


def test_a_refusal_that_quotes_a_stranger_moves_no_cursor(monkeypatch, capsys):
    """A reader's request, an offer or a certificate can put any characters into a message; lines stay lines."""
    assert _run(_raising(InvalidInput("it asks for \x1b[2J[red]x\nsecond line")), monkeypatch) == 3
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "[red]x\nsecond line" in shown


def test_usage_errors_exit_2_and_speak_json_when_asked(capsys):
    """An unknown option, an unknown command and a missing argument are the caller's, and still one object."""
    assert main.run(main.build(), ["compare", "only-one.jpg", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"
    assert main.run(main.build(), ["fly-to-the-moon"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "fly-to-the-moon" in captured.err


def test_a_missing_file_exits_3_with_one_json_object(tmp_path, samples, capsys):
    """A file that is not there is an input that cannot be used, not a fault."""
    arguments = ["compare", str(tmp_path / "absent.jpg"), str(samples / "obama.jpg"), "--json"]
    assert main.run(main.build(), arguments) == 3
    captured = capsys.readouterr()
    assert set(json.loads(captured.out)) == {"error"}
    assert captured.out.count("\n") == 1


@pytest.mark.parametrize(
    ("first", "second", "code", "decision"),
    [("obama.jpg", "obama2.jpg", 0, "accepted"), ("obama.jpg", "biden.jpg", 1, "rejected")],
)
def test_compare_tells_the_same_man_from_another(samples, capsys, first, second, code, decision):
    """The two lines of the contract that everybody tries first."""
    assert main.run(main.build(), ["compare", str(samples / first), str(samples / second), "--json"]) == code
    result = json.loads(capsys.readouterr().out)
    assert result["decision"] == decision
    assert {"score", "policy", "timings_ms"} <= set(result)


def test_the_demo_goes_as_it_should(capsys):
    """The whole main job, then the electronic ID: issued, shown, replayed, renewed, revoked, and not told without a fresh list."""
    assert main.run(main.build(), ["demo", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    outcomes = [step["outcome"].split(",")[0].split(" ")[0].rstrip(":;") for step in result["steps"]]
    main_job = ["ready", "enrolled", "accepted", "rejected", "valid", "refused", "refused"]
    issued = ["offered", "taken", "fetched", "VALID", "VALID", "REFUSED", "renewed", "revoked", "REVOKED", "UNKNOWN"]
    assert outcomes == [*main_job, *issued, "intact"]
    assert result["steps"][-2]["outcome"].endswith("(exit 5)")
    assert {"decode", "detect", "landmarks", "align", "quality", "pad", "embed", "compare"} <= set(result["timings_ms"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "| true"])
@pytest.mark.parametrize("pair", [("obama.jpg", "obama2.jpg"), ("obama.jpg", "absent.jpg")], ids=["accepted", "missing"])
def test_an_answer_that_does_not_reach_its_reader_is_a_fault(samples, redirection, pair):
    """Python's own exit code for a broken output is 1, which scripts would read as 'rejected'."""
    command = shlex.join(
        [sys.executable, "-m", "idverify.cli.main", "compare", *(str(samples / name) for name in pair), "--json"]
    )
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} {redirection}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 4, ran.stderr
    assert "Traceback" not in ran.stderr


def test_json_is_ascii_under_every_locale(tmp_path):
    """A file name that is no text, or of another script, still makes one object and the right code."""
    for name in (b"\xff.jpg", "\u5f20.jpg".encode()):
        command = [sys.executable.encode(), b"-m", b"idverify.cli.main", b"compare", name, b"b.jpg", b"--json"]
        environment = {"PYTHONIOENCODING": "latin-1:strict", "PATH": "/usr/bin:/bin"}
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
        assert ran.returncode == 3, ran.stderr
        assert json.loads(ran.stdout.decode("ascii"))["error"]["code"] == "invalid_input"
