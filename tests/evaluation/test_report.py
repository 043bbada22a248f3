"""report.json: what a figure came from, and nothing of the machine it was made on."""

import json
import re
from types import SimpleNamespace

import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.report import command_line, output_folder, provenance, write_report

FAST = SimpleNamespace(name="fast", digest="ab")
ENGINE = SimpleNamespace(pack="default@0123", variant=FAST, digests={"embedding": "ab"}, provider="onnxruntime 1 cpu")


def test_the_command_can_be_typed_elsewhere():
    """The folder of evaluation data is written as its variable; spaces stay quoted."""
    found = command_line(["bench", "pad", "--bona-fide", "/home/me/faces/nuaa/live", "--out", "my out"], "/home/me/faces/")
    assert found == "idverify bench pad --bona-fide $IDVERIFY_DATA/nuaa/live --out 'my out'"


def test_provenance_names_commit_models_provider_hardware_command_and_date():
    """The date is that of the clock that was handed in."""
    found = provenance(ENGINE, arguments=["bench", "latency"], now=0.0)
    assert found["date"] == "1970-01-01T00:00:00+00:00"
    assert found["commit"] is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", found["commit"])
    assert (found["pack"], found["models"], found["provider"]) == ("default@0123", {"embedding": "ab"}, "onnxruntime 1 cpu")
    assert found["command"] == "idverify bench latency"


def test_a_report_is_written_whole_or_not_at_all(tmp_path):
    """What cannot be JSON leaves the earlier report untouched: NaN is no figure."""
    path = write_report(tmp_path, {"eer": 0.01})
    with pytest.raises(ValueError, match="JSON"):
        write_report(tmp_path, {"eer": float("nan")})
    assert json.loads(path.read_text()) == {"eer": 0.01}
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_an_output_folder_that_cannot_be_made_is_the_callers_mistake(tmp_path):
    """A file is in the way."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="cannot write"):
        output_folder(tmp_path / "file" / "out")
