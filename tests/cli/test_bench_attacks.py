"""`idverify bench attacks`, as a shell sees it."""

import json

import pytest
import typer

from idverify.cli import bench
from idverify.cli.bench.attacks import without_key
from idverify.cli.main import run


@pytest.fixture
def shell(capsys, monkeypatch):
    """Run one command; get its exit code and both streams."""
    for name in ("IDVERIFY_POLICIES_FILE", "IDVERIFY_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    app.add_typer(bench.app, name="bench")

    def command(*arguments):
        code = run(app, ["bench", "attacks", *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


WRONG = [("--species", "mask"), ("--people", "everybody"), ("--url", "http://127.0.0.1:9"), ("--key", "idvk_x")]
WRONG += [("--serve", "--url", "http://127.0.0.1:9", "--key", "idvk_x"), ("--serve", "--workers", "2")]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_it_does_not_know_is_a_usage_error_that_names_what_it_knows(shell, tmp_path, wrong):
    """Before anything is loaded."""
    code, _, err = shell("--clips", tmp_path, "--photos", tmp_path, "--out", tmp_path / "out", *wrong)
    assert code == 2
    assert {"--species": "synthetic_head", "--people": "report"}.get(wrong[0], "--") in err


def test_a_report_never_shows_the_key_of_a_service():
    """However it is written: reports are passed on."""
    words = ["bench", "attacks", "--key", "idvk_secret", "--n", "2"]
    assert without_key(words) == ["bench", "attacks", "--key", "...", "--n", "2"]
    assert without_key(["--key=idvk_secret"]) == ["--key=..."]


def test_missing_clips_are_unusable_input_and_leave_no_installation_behind(shell, tmp_path, monkeypatch):
    """Whatever database the environment names is not touched."""
    elsewhere = tmp_path / "elsewhere.db"
    monkeypatch.setenv("IDVERIFY_DATABASE_URL", f"sqlite:///{elsewhere}")
    code, out, _ = shell("--clips", tmp_path, "--photos", tmp_path, "--out", tmp_path / "out", "--json")
    assert code == 3
    assert "d9.mp4" in json.dumps(json.loads(out))
    assert not elsewhere.exists()


def test_a_small_run_makes_a_report_with_the_keys_that_others_read(shell, tmp_path, evaluation_data):
    """And a page, and a journal of its attempts, which is the same whoever made them: one process or several."""
    video, photos = evaluation_data / "video", evaluation_data / "nuaa"
    if not video.is_dir() or not photos.is_dir():
        pytest.skip("IDVERIFY_DATA is not set: real faces for measuring are absent")
    few = ("--clips", video, "--photos", photos, "--species", "forged_mac_naive", "--json", "--n", 2)
    code, out, _ = shell(*few, "--out", tmp_path / "out")
    assert code == 0
    report = json.loads(out)
    assert list(report["species"]) == ["forged_mac_naive"]
    naive = report["species"]["forged_mac_naive"]
    assert (naive["n"], naive["apcer"], naive["iapar_errors"]) == (2, 0.0, 0)
    assert naive["stopped_by"] == {"frame_refused": 2}
    assert {"apcer_high", "apcer_high_people"} <= set(naive)
    assert {"worst_apcer", "bpcer", "bpcer_high", "seed", "command"} <= set(report)
    (journal,) = (tmp_path / "out").glob("trials-*/forged_mac_naive.jsonl")
    assert len(journal.read_text().splitlines()) == 2
    assert shell(*few, "--out", tmp_path / "of several", "--workers", 2)[0] == 0
    (same,) = (tmp_path / "of several").glob("trials-*/forged_mac_naive.jsonl")
    assert same.read_text() == journal.read_text()
    assert (tmp_path / "out" / "report.html").is_file()
