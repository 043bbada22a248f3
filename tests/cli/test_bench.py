"""`idverify bench`, `calibrate` and `compare`, as a shell sees them."""

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib

import cv2
import numpy as np
import pytest
import typer

from idverify.cli import bench, calibrate, compare
from idverify.cli.main import run
from idverify.decision.policy import policies_from
from idverify.inference.manifest import default_models_folder


@pytest.fixture
def shell(capsys, monkeypatch):
    """Run one command; get its exit code and what it printed on standard output."""
    monkeypatch.delenv("IDVERIFY_POLICIES_FILE", raising=False)
    app = typer.Typer()
    app.add_typer(compare.app)
    app.add_typer(calibrate.app)
    app.add_typer(bench.app, name="bench")

    def command(*arguments):
        code = run(app, [str(argument) for argument in arguments])
        return code, capsys.readouterr().out

    return command


@pytest.fixture
def people(samples, tmp_path):
    """The samples as a data set: one man in three photographs, another man in one."""
    folder = tmp_path / "faces"
    for person, number, source in (("ann", 1, "obama"), ("ann", 2, "obama2"), ("ann", 3, "obama3"), ("bob", 1, "biden")):
        (folder / person).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(samples / f"{source}.jpg", folder / person / f"{person}_{number:04d}.jpg")
    return folder


def test_the_same_man_is_accepted_and_another_one_rejected(shell, samples):
    """Exit 0 and 1, and the keys that others script against."""
    code, out = shell("compare", samples / "obama.jpg", samples / "obama2.jpg", "--json")
    same = json.loads(out)
    assert (code, same["decision"], same["policy"]) == (0, "accepted", "fmr-1e-4")
    assert {"decode", "detect", "embed", "compare", "total"} <= same["timings_ms"].keys()
    assert same["pack"].startswith("default@")
    assert same["provider"].split()[0] in {"openvino", "onnxruntime"}
    code, out = shell("compare", samples / "obama.jpg", samples / "biden.jpg", "--json")
    other = json.loads(out)
    assert (code, other["decision"], other["reasons"]) == (1, "rejected", ["non_match"])
    assert other["score"] < other["threshold"] <= same["score"]


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (["missing.jpg"], 3, "invalid_input"),
        (["obama2.jpg", "--policy", "fmr-2"], 3, "policy_unknown"),
        (["NOTICE.md"], 3, "image_rejected"),
    ],
)
def test_input_that_cannot_be_used_exits_3_with_one_object(shell, samples, arguments, code, name):
    """A missing file, an unknown policy, a text file."""
    found, out = shell("compare", samples / "obama.jpg", samples / arguments[0], *arguments[1:], "--json")
    assert (found, json.loads(out)["error"]["code"]) == (code, name)


def test_a_list_without_folds_never_takes_its_threshold_from_itself(shell, people, tmp_path):
    """Usage, exit 2, and why; the same list under --threshold-from is refused as well."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("ann 1 2\nann 1 bob 1\n")
    arguments = ("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", tmp_path / "out", "--json")
    code, out = shell(*arguments)
    assert code == 2
    assert "never takes its threshold from itself" in json.loads(out)["error"]["message"]
    code, out = shell(*arguments, "--threshold-from", pairs)
    assert code == 3
    assert "2 people are in both lists" in json.loads(out)["error"]["message"]


def test_a_list_with_folds_is_measured_and_its_report_written(shell, people, tmp_path):
    """report.json is what --json prints, with its provenance; scores and plots lie beside it."""
    pairs, out = tmp_path / "pairs.txt", tmp_path / "out"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    code, printed = shell("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", out, "--json")
    report = json.loads(printed)
    assert code == 0
    assert report == json.loads((out / "report.json").read_text())
    assert (report["accuracy"]["mean"], report["accuracy"]["standard_error"]) == (1.0, 0.0)
    assert (report["n_mated"], report["n_non_mated"], report["failures_to_acquire"], report["eer"]) == (2, 2, 0, 0.0)
    assert all(point["note"] == "not supported by n" for point in report["operating_points"])
    assert {"commit", "command", "date", "provider", "hardware", "models", "dataset_digest"} <= report.keys()
    assert len((out / "scores.csv").read_text().splitlines()) == 5
    assert (report["fte"]["errors"], report["fte"]["n"], report["quality"]) == (0, 2, None)
    for name in ("det", "scores"):
        assert (out / f"{name}.png").stat().st_size > 1000
        assert (out / f"{name}.svg").stat().st_size > 1000
    page = (out / "report.html").read_text()
    assert "100.00\N{NO-BREAK SPACE}%" in page
    assert "not supported by n" in page
    assert report["commit"] is None or report["commit"] in page


@pytest.mark.parametrize(
    "arguments",
    [
        ("bench", "accuracy", "--images", "a", "--pairs", "b", "--out", "o"),
        ("bench", "pad", "--bona-fide", "a", "--attack", "b=b", "--out", "o"),
        ("bench", "attacks", "--clips", "a", "--photos", "b", "--out", "o"),
        ("bench", "compare", "a", "b"),
        ("bench", "latency"),
        ("bench", "load"),
        ("bench", "search"),
        ("calibrate", "--images", "a", "--pairs", "b", "--calibrated-on", "c", "--out", "o"),
    ],
)
def test_a_seed_that_draws_nothing_is_a_usage_error_before_anything_is_measured(shell, arguments):
    """Not a crash after an hour of measuring."""
    code, out = shell(*arguments, "--seed", "-1", "--json")
    assert code == 2
    assert "--seed" in json.loads(out)["error"]["message"]


def test_a_missing_image_is_named_before_anything_is_measured(shell, people, tmp_path):
    """Exit 3, the line of the list, and no folder half written."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 7\n")
    code, out = shell("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", tmp_path / "out", "--json")
    assert code == 3
    assert "line 5: no image bob/bob_0007.jpg" in json.loads(out)["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_attack_detection_is_reported_by_species(shell, people, samples, tmp_path):
    """Photographs of people pass as bona fide; the same photographs named an attack are errors of that species."""
    attack = tmp_path / "attack"
    attack.mkdir()
    shutil.copyfile(samples / "biden.jpg", attack / "bob_1.jpg")
    (attack / "bob_2.jpg").write_bytes(b"not an image")
    code, out = shell(
        "bench",
        "pad",
        "--bona-fide",
        people,
        "--attack",
        f"none={attack}",
        "--threshold",
        "0",
        "--out",
        tmp_path / "o",
        "--json",
    )
    report = json.loads(out)
    assert code == 0
    assert (report["species"]["none"]["n"], report["species"]["none"]["apcer"], report["worst_apcer"]) == (1, 1.0, 1.0)
    assert report["species"]["none"]["failures_to_acquire"] == 1
    assert report["bpcer"] == 0.0
    assert {"bpcer_high", "auc"} <= report.keys()
    assert not {"acer", "mean_error"} & report.keys()
    assert len((tmp_path / "o" / "scores.csv").read_text().splitlines()) == 7
    page = (tmp_path / "o" / "report.html").read_text()
    assert "APCER of the worst species: none" in page
    assert "ACER" not in page.replace("APCER", "").replace("BPCER", "")
    for unusable in ("noequals", f"bona fide={attack}"):
        assert shell("bench", "pad", "--bona-fide", people, "--attack", unusable, "--out", tmp_path / "o", "--json")[0] == 2


def test_one_corrupt_photograph_among_many_is_a_failure_to_acquire_and_not_the_end(shell, people, tmp_path):
    """Counted as FTA, its mated comparison as a non-match, its row in the table of images."""
    (people / "ann" / "ann_0003.jpg").write_bytes(b"\xff\xd8\xff nothing")
    pairs, out = tmp_path / "pairs.txt", tmp_path / "out"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    code, printed = shell("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", out, "--json")
    report = json.loads(printed)
    assert code == 0
    assert (report["failures_to_acquire"], report["fta"]["by_code"], report["accuracy"]["mean"]) == (
        1,
        {"image_rejected": 1},
        0.75,
    )
    assert "ann,3," in (out / "images.csv").read_text()
    assert ",image_rejected," in (out / "images.csv").read_text()


@pytest.mark.parametrize("command", ["accuracy", "pad"])
def test_an_empty_folder_is_said_to_be_empty(shell, tmp_path, command):
    """Exit 3 with what was looked for, and nothing is written."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "pairs.txt").write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    folders = {
        "accuracy": ("--images", tmp_path / "empty", "--pairs", tmp_path / "pairs.txt"),
        "pad": ("--bona-fide", tmp_path / "empty", "--attack", f"print={tmp_path / 'empty'}"),
    }
    code, out = shell("bench", command, *folders[command], "--out", tmp_path / "out", "--json")
    assert code == 3
    assert "empty" in json.loads(out)["error"]["message"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["accuracy", "pad"])
def test_a_provider_that_is_not_installed_costs_nothing_that_was_measured(shell, people, tmp_path, monkeypatch, command):
    """Exit 4 with its name and what to do, never another provider's figures; the earlier run's files are as they were."""
    pairs, out = tmp_path / "pairs.txt", tmp_path / "out"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    folders = {
        "accuracy": ("--images", people, "--pairs", pairs),
        "pad": ("--bona-fide", people, "--attack", f"none={people / 'bob'}", "--threshold", "0.5"),
    }
    arguments = ("bench", command, *folders[command], "--out", out, "--json")
    assert shell(*arguments)[0] == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setenv("IDVERIFY_PROVIDER", "tensorrt")
    code, printed = shell(*arguments)
    error = json.loads(printed)["error"]
    assert (code, error["code"]) == (4, "provider_unavailable")
    assert "tensorrt" in error["message"].lower()
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_unreadable_groups_end_the_run_before_it_begins(shell, people, tmp_path):
    """Exit 3 and the line; groups that no operating point can judge are not passed over; without any, exit 2."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    (tmp_path / "groups.csv").write_text("person,age\nann\n")
    arguments = ("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", tmp_path / "out", "--json")
    code, out = shell(*arguments, "--groups", tmp_path / "groups.csv")
    assert code == 3
    assert "line 2: 1 fields where the first line has 2" in json.loads(out)["error"]["message"]
    assert not (tmp_path / "out").exists()
    (tmp_path / "groups.csv").write_text("person,age\nann,60+\nbob,20\n")
    code, out = shell(*arguments, "--groups", tmp_path / "groups.csv", "--fail-if-group-exceeds")
    (told,) = json.loads(out)["groups"]
    assert (code, told["column"], told["groups"], told["verdict"]) == (5, "age", [], "not supported by n")
    assert "no group could be judged" in (tmp_path / "out" / "report.html").read_text()
    assert shell(*arguments, "--fail-if-group-exceeds")[0] == 2
    assert shell(*arguments, "--all-pairs")[0] == 2


def test_a_run_that_is_killed_goes_on_where_it_stopped_and_ends_the_same(people, tmp_path):
    """SIGKILL after the first photograph: the second run adds the other three to the journal, and its report is an unbroken run's."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")

    def started(out):
        command = ["bench", "accuracy", "--images", people, "--pairs", pairs, "--out", out, "--json"]
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-m", "idverify.cli.main", *map(str, command)], stdout=pipe, stderr=pipe)

    def journal(out):
        return next(iter(out.glob("cache/*.jsonl")), None)

    first = started(tmp_path / "broken")
    deadline = time.monotonic() + 60
    while not ((found := journal(tmp_path / "broken")) and found.read_bytes()) and time.monotonic() < deadline:
        time.sleep(0.001)
    first.kill()
    first.communicate()
    before = journal(tmp_path / "broken").read_bytes()
    assert 1 <= before.count(b"\n") < 4
    assert not (tmp_path / "broken" / "report.json").exists()
    reports = {}
    for name in ("broken", "whole"):
        out, _ = started(tmp_path / name).communicate(timeout=120)
        reports[name] = {key: value for key, value in json.loads(out).items() if key not in {"command", "date"}}
    assert reports["broken"] == reports["whole"]
    assert journal(tmp_path / "broken").read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert journal(tmp_path / "broken").read_bytes() == journal(tmp_path / "whole").read_bytes()
    for name in ("scores.csv", "images.csv", "report.html"):
        found = [(tmp_path / run / name).read_text() for run in ("broken", "whole")]
        assert name == "report.html" or found[0] == found[1]


def test_all_pairs_and_groups_of_real_faces(shell, evaluation_data, tmp_path):
    """Two halves of sixty people: every non-mated pair counts, a hostile name of a group is text, and the test cannot tell."""
    lines = [line.split() for line in (evaluation_data / "lfw" / "pairsDevTest.txt").read_text().splitlines()]
    mated = {fields[0]: fields for fields in lines if len(fields) == 3}
    chosen = sorted(mated, key=lambda name: len(list((evaluation_data / "lfw" / name).iterdir())))[:60]
    for name, members in (("a.txt", chosen[::2]), ("b.txt", chosen[1::2])):
        (tmp_path / name).write_text("".join("\t".join(mated[person]) + "\n" for person in members))
    groups = "".join(f"{person},<script>{number % 2}</script>\n" for number, person in enumerate(chosen[1::2]))
    (tmp_path / "groups.csv").write_text("person,side\n" + groups)
    code, out = shell(
        "bench", "accuracy", "--images", evaluation_data / "lfw", "--pairs", tmp_path / "b.txt", "--threshold-from",
        tmp_path / "a.txt", "--all-pairs", "--groups", tmp_path / "groups.csv", "--fail-if-group-exceeds",
        "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    assert code == 3
    assert "error rates need both" in json.loads(out)["error"]["message"]
    for name, members in (("a.txt", chosen[::2]), ("b.txt", chosen[1::2])):
        ring = zip(members, members[1:] + members[:1], strict=True)
        more = "".join(f"{one}\t{mated[one][1]}\t{two}\t{mated[two][1]}\n" for one, two in ring)
        (tmp_path / name).write_text((tmp_path / name).read_text() + more)
    arguments = (
        "bench", "accuracy", "--images", evaluation_data / "lfw", "--pairs", tmp_path / "b.txt", "--threshold-from",
        tmp_path / "a.txt", "--all-pairs", "--groups", tmp_path / "groups.csv", "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    code, out = shell(*arguments, "--fail-if-group-exceeds")
    report = json.loads(out)
    assert code == 5
    images = sum(len(list((evaluation_data / "lfw" / person).iterdir())) for person in chosen[1::2])
    assert report["n_non_mated"] + report["n_mated"] == images * (images - 1) // 2
    assert report["pairs_of_people"] == 435
    assert [row["verdict"] for row in report["groups"][0]["groups"]] == ["not supported by n"] * 2
    assert sum(part["n"] for part in report["quality"]["parts"]) == report["n_mated"]
    page = (tmp_path / "o" / "report.html").read_text()
    assert "&lt;script&gt;0&lt;/script&gt;" in page
    assert "<script" not in page
    code, out = shell("bench", "compare", tmp_path / "o", tmp_path / "o", "--fail-if-worse", "--json")
    result = json.loads(out)
    assert (code, result["verdict"], result["differ"]) == (0, "no difference beyond noise", False)


def test_references_of_several_photographs_are_measured_and_compared(shell, people, samples, tmp_path):
    """One man has three photographs, enough for references of two; the page says how many people that is. Never beside all pairs."""
    for person, number, source in (("cid", 1, "biden"), ("cid", 2, "biden"), ("cid", 3, "biden"), ("dan", 1, "obama")):
        (people / person).mkdir(exist_ok=True)
        shutil.copyfile(samples / f"{source}.jpg", people / person / f"{person}_{number:04d}.jpg")
    (tmp_path / "a.txt").write_text("ann 1 2\nann 1 bob 1\n")
    (tmp_path / "b.txt").write_text("cid 1 2\ncid 1 dan 1\n")
    out = tmp_path / "o"
    named = ("bench", "accuracy", "--images", people, "--pairs", tmp_path / "a.txt", "--out", out, "--json")
    other = ("--threshold-from", tmp_path / "b.txt")
    code, told = shell(*named, *other, "--references", "2")
    report = json.loads(told)
    assert (code, report["protocol"], report["n_mated"], report["n_non_mated"]) == (0, "references of 2 photographs", 3, 1)
    assert report["references"] == {"photographs": 2, "people": 1, "not_enrolled": 0, "one_photograph": []}
    assert {"references.csv", "references_one.csv", "references_threshold.csv"} <= report["kept"].keys()
    page = (out / "report.html").read_text()
    assert "Accuracy with references of 2 photographs, of the people of a.txt" in page
    assert "People with more than 2 photographs: 1." in page
    assert shell("bench", "compare", out, out, "--fail-if-worse", "--json")[0] == 0
    code, told = shell(*named, *other, "--references", "3")
    assert code == 3
    assert "nobody in the list has more than 3 photographs" in json.loads(told)["error"]["message"]
    assert shell(*named, "--references", "2")[0] == 2
    assert shell(*named, *other, "--references", "2", "--all-pairs")[0] == 2


def test_two_runs_that_cannot_be_compared_are_told_apart_by_the_exit_code(shell, people, tmp_path):
    """Another benchmark or an empty folder: 3. A latency without samples, held to be no worse: 5."""
    attack = f"none={people}"
    assert (
        shell("bench", "pad", "--bona-fide", people, "--attack", attack, "--threshold", "0.5", "--out", tmp_path / "p")[0] == 0
    )
    assert shell("bench", "compare", tmp_path / "p", tmp_path / "nothing", "--json")[0] == 3
    latency = {"kind": "latency", "total": {"p50_ms": 1.0}, "ratio_to_naive": 2.0}
    (tmp_path / "l.json").write_text(json.dumps(latency))
    assert shell("bench", "compare", tmp_path / "p", tmp_path / "l.json", "--json")[0] == 3
    assert shell("bench", "compare", tmp_path / "l.json", tmp_path / "l.json", "--fail-if-worse")[0] == 5
    assert shell("bench", "compare", tmp_path / "l.json", tmp_path / "l.json")[0] == 0
    assert shell("bench", "compare", tmp_path / "p", tmp_path / "p", "--fail-if-worse")[0] == 0


def test_the_core_is_given_back_and_other_frames_are_other_data(shell, tmp_path):
    """A run pins this process to one core; afterwards every core is free. A run on other frames says nothing about this one."""
    before = os.sched_getaffinity(0)
    for seed in ("1", "2"):
        code, _ = shell("bench", "latency", "--n", "2", "--seed", seed, "--out", tmp_path / seed, "--json")
        assert code in {0, 5}
    assert os.sched_getaffinity(0) == before
    code, told = shell("bench", "compare", tmp_path / "1", tmp_path / "2", "--json")
    assert code == 3
    assert "measured different data" in json.loads(told)["error"]["message"]
    assert shell("bench", "compare", tmp_path / "1", tmp_path / "1", "--json")[0] == 0


def test_photographs_without_any_face_have_no_latency(shell, tmp_path):
    """Exit 3 and what is missing; nothing is written but the folder."""
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "grey.png").write_bytes(cv2.imencode(".png", np.full((480, 640, 3), 127, np.uint8))[1].tobytes())
    code, out = shell("bench", "latency", "--photos", tmp_path / "faces", "--n", "2", "--out", tmp_path / "o", "--json")
    assert code == 3
    assert "none of 1 photographs shows a face" in json.loads(out)["error"]["message"]
    assert list((tmp_path / "o").iterdir()) == []


def test_measurements_under_another_input_contract_are_made_anew(shell, people, tmp_path, monkeypatch):
    """Whoever corrects the embedder's colour order in a manifest, the file unchanged, is not shown the scores of the wrong one."""
    pairs, out = tmp_path / "pairs.txt", tmp_path / "out"
    pairs.write_text("2 1\nann 1 2\nann 1 bob 1\nann 1 3\nann 2 bob 1\n")
    arguments = ("bench", "accuracy", "--images", people, "--pairs", pairs, "--out", out, "--json")
    models = tmp_path / "models"
    shutil.copytree(default_models_folder(), models, ignore=shutil.ignore_patterns("naive", "cards", "*.py"))
    scores = []
    for colour in ("BGR", "RGB"):
        head, _, rest = (models / "manifest.toml").read_text().partition("[pack.default.model.embedding]")
        (models / "manifest.toml").write_text(head + "[pack.default.model.embedding]" + rest.replace("BGR", colour, 1))
        monkeypatch.setenv("IDVERIFY_MODELS_DIR", str(models))
        assert shell(*arguments)[0] == 0
        scores.append((out / "scores.csv").read_text())
    assert scores[0] != scores[1]


def test_latency_has_both_paths_of_the_same_run_on_one_core(tmp_path):
    """The keys of the contract, every stage of ours and of the naive path, and the memory of a process of its own."""
    command = [sys.executable, "-m", "idverify.cli.main", "bench", "latency", "--n", "3", "--out", tmp_path, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(ran.stdout)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert ran.returncode == (5 if report["void"] else 0)  # beside other tests the machine may be too busy to believe
    assert report["agreement"]["failures_to_acquire"] <= report["agreement"]["naive_failures_to_acquire"]
    assert set(report["stages"]) == {"decode", "detect", "landmarks", "align", "quality", "pad", "embed", "compare", "decide"}
    assert set(report["naive"]["stages"]) == {"decode", "detect", "landmarks", "align", "pad", "embed", "compare"}
    assert report["ratio_to_naive"] == report["naive"]["total"]["p50_ms"] / report["total"]["p50_ms"]
    assert sum(found["p50_ms"] for found in report["stages"].values()) < 1.5 * report["total"]["p50_ms"]
    assert 50 < report["rss_mb"] < 450
    assert report["provider"].split()[0] in {"openvino", "onnxruntime"}


def test_people_in_both_lists_cannot_calibrate(shell, people, tmp_path):
    """Whoever chose a threshold is no witness of its error rates."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("ann 1 2\nann 1 bob 1\n")
    code, out = shell(
        "calibrate", "--images", people, "--pairs", pairs, "--report-pairs", pairs, "--out", tmp_path / "o", "--json"
    )
    assert code == 3
    assert "2 people are in both lists" in json.loads(out)["error"]["message"]


def test_calibration_of_few_people_makes_only_the_policies_that_they_carry(shell, evaluation_data, tmp_path):
    """Thirty people a side make 435 pairs: FMR 1e-2 and nothing beyond, in a file that an installation can load."""
    lines = [line.split() for line in (evaluation_data / "lfw" / "pairsDevTest.txt").read_text().splitlines()]
    mated = {fields[0]: fields for fields in lines if len(fields) == 3}
    chosen = sorted(mated, key=lambda name: len(list((evaluation_data / "lfw" / name).iterdir())))[:60]
    for name, people in (("a.txt", chosen[::2]), ("b.txt", chosen[1::2])):
        (tmp_path / name).write_text("".join("\t".join(mated[person]) + "\n" for person in people))
    code, out = shell(
        "calibrate", "--images", evaluation_data / "lfw", "--pairs", tmp_path / "a.txt", "--report-pairs", tmp_path / "b.txt",
        "--calibrated-on", "a test", "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    report = json.loads(out)
    assert code == 0
    assert [point["supported"] for point in report["operating_points"]] == [True, False, False, False, False]
    rows = tomllib.loads((tmp_path / "o" / "operating_points.toml").read_text())["policy"]
    policies = policies_from(rows, report["model_digest"])
    assert list(policies) == ["fmr-1e-2"]
    assert policies["fmr-1e-2"].fmr_high >= policies["fmr-1e-2"].fmr
    assert policies["fmr-1e-2"].people == 30


def test_calibration_that_carries_no_target_writes_no_policies_and_exits_5(shell, people, samples, tmp_path):
    """Two people a side make one pair of people; the file of an earlier run does not stay to pass for this one's."""
    for person, source in (("cid", "obama"), ("dan", "biden")):
        for number in (1, 2):
            (people / person).mkdir(exist_ok=True)
            shutil.copyfile(samples / f"{source}.jpg", people / person / f"{person}_{number:04d}.jpg")
    (tmp_path / "a.txt").write_text("ann 1 2\nann 1 bob 1\n")
    (tmp_path / "b.txt").write_text("cid 1 2\ncid 1 dan 1\n")
    out = tmp_path / "o"
    out.mkdir()
    (out / "operating_points.toml").write_text("[[policy]]\n")
    lists = ("--pairs", tmp_path / "a.txt", "--report-pairs", tmp_path / "b.txt")
    code, told = shell("calibrate", "--images", people, *lists, "--out", out, "--json")
    assert (code, json.loads(told)["policies"]) == (5, [])
    assert not (out / "operating_points.toml").exists()
    assert (out / "report.json").exists()


def test_search_writes_a_row_for_each_gallery_and_cosine(shell, tmp_path):
    """Small galleries, random vectors; the report holds what the table shows, and the parameters that enrolment uses."""
    sizes = ("--references", 300, "--references", 500)
    code, out = shell("bench", "search", *sizes, "--queries", 40, "--comparisons", 200, "--out", tmp_path, "--json")
    report = json.loads(out)
    assert code == 0
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert [(row["references"], row["cosine"], row["n"]) for row in report["search"]] == [
        (size, cosine, 40 if cosine == 0.5 else 4) for size in (300, 500) for cosine in (0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
    ]
    assert all(row["recall_at_1"] == 1 for row in report["search"])  # fewer references than candidates: nothing can be missed
    assert report["parameters"]["candidates"] == 1024
    assert report["real_population"] is None


def test_search_names_what_is_wrong_with_the_people(shell, people, tmp_path):
    """Two people have no covariance of 512 numbers: exit 3, and how many are needed."""
    code, out = shell("bench", "search", "--images", people, "--references", 100, "--out", tmp_path, "--json")
    assert code == 3
    assert "600 or more" in json.loads(out)["error"]["message"]
