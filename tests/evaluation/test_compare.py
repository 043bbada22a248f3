"""Whether two runs differ beyond noise."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from idverify.errors import InvalidInput
from idverify.evaluation import scoring
from idverify.evaluation.accuracy import by_other_list
from idverify.evaluation.compare_accuracy import compare_accuracy
from idverify.evaluation.compare_latency import compare_latency, write_samples
from idverify.evaluation.compare_pad import compare_pad
from idverify.evaluation.differences import paired_rate, unpaired_rate
from idverify.evaluation.intervals import Rate, draw_people, mcnemar, wilson
from idverify.evaluation.measurements import Measured
from idverify.evaluation.pad import evaluate
from idverify.evaluation.pad_scores import read_pad_scores, write_pad_scores
from idverify.evaluation.report import write_report
from idverify.evaluation.runs import KEPT, check_comparable, digests_of, open_run

from .fakes import templates_of
from .test_accuracy import pairs_of


def generator():
    """The same draws every time."""
    return np.random.default_rng(1)


def accuracy_run(folder, noise, *, people=700, digest="same", keep=True):
    """A folder as `bench accuracy` leaves it, of a comparator whose errors grow with the noise."""
    folder.mkdir()
    for role, seed, prefix in (("", 5, "p"), ("_threshold", 6, "q")):
        templates = templates_of(people, 2, noise=noise, seed=seed, prefix=prefix)
        scoring.score(folder, role, templates, pairs_of(templates), all_pairs=False)
    listed, other = (scoring.read(folder, role, all_pairs=False) for role in ("", "_threshold"))
    report = by_other_list(listed.listed, other.listed, generator()).report
    kept = digests_of(folder, ["images.csv", "scores.csv"])
    write_report(folder, {"kind": "accuracy", "protocol": "listed pairs", "dataset_digest": digest, KEPT: kept, **report})
    if not keep:
        (folder / "scores.csv").unlink()
    return open_run(folder)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (3, 3), (0, 5), (1, 9), (20, 40), (100, 100)])
def test_mcnemar_is_the_binomial_test_of_the_disagreements(one, other):
    """Scipy's exact test of heads among the pairs that disagree."""
    expected = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(expected)


def test_one_error_fewer_is_noise_and_forty_are_not():
    """Both tests have to agree before a difference is one."""
    weights = draw_people(1000, 500, generator())
    before = np.arange(1000) < 60
    assert paired_rate("x", before, np.arange(1000) < 59, weights).verdict == "no difference beyond noise"
    assert paired_rate("x", before, np.arange(1000) < 20, weights).verdict == "better"
    assert paired_rate("x", before, np.arange(1000) < 100, weights).verdict == "worse"
    assert paired_rate("x", before, np.arange(1000) < 100, weights, errors_are_bad=False).verdict == "better"


def test_what_changed_for_one_person_alone_is_no_difference():
    """Forty trials of one person turn right: McNemar would call that certain, the draw of people does not."""
    before = np.arange(1000) < 40
    person = np.where(np.arange(1000) < 40, 0, np.arange(1000))
    found = paired_rate("x", before, np.zeros(1000, bool), draw_people(1000, 500, generator())[:, person])
    assert found.p < 1e-6
    assert found.verdict == "no difference beyond noise"


def test_unpaired_rates_differ_only_when_their_intervals_say_so():
    """Against Newcombe's interval computed by hand from Wilson's."""

    def rate(errors, n):
        return Rate(errors / n, *wilson(errors, n), errors, n, "Wilson")

    found = unpaired_rate("x", rate(56, 70), rate(48, 80))
    assert (found.low, found.high) == pytest.approx((-0.3339, -0.0524), abs=1e-4)  # Newcombe 1998, method 10, his first example
    assert found.verdict == "better"
    assert unpaired_rate("x", rate(5, 100), rate(6, 100)).verdict == "no difference beyond noise"


def test_a_run_against_itself_differs_in_nothing_and_a_worse_comparator_is_worse(tmp_path):
    """Pair by pair: accuracy, FNMR, and the EER."""
    same, other = accuracy_run(tmp_path / "a", 1.0), accuracy_run(tmp_path / "b", 1.25)
    found, notes = compare_accuracy(same, same, generator())
    assert {one.verdict for one in found} == {"no difference beyond noise"}
    assert notes == []
    found, _ = compare_accuracy(same, other, generator())
    verdicts = {one.figure: one.verdict for one in found}
    assert [verdicts[figure] for figure in ("accuracy", "FNMR at FMR 1 %", "EER")] == ["worse"] * 3
    assert all(one.method.startswith("paired") for one in found if not one.figure.startswith("FMR"))
    found, _ = compare_accuracy(other, same, generator())
    assert {one.figure: one.verdict for one in found}["accuracy"] == "better"


def test_without_kept_scores_the_intervals_are_compared_and_it_is_said(tmp_path):
    """Unpaired needs a larger difference; here there is one."""
    found, notes = compare_accuracy(
        accuracy_run(tmp_path / "a", 0.9, keep=False), accuracy_run(tmp_path / "b", 1.6), generator()
    )
    assert all(one.method.startswith("unpaired") for one in found)
    assert {one.figure: one.verdict for one in found}["accuracy"] == "worse"
    assert any("no scores were kept" in note for note in notes)


def test_other_data_and_other_kinds_are_refused_unless_asked_for(tmp_path):
    """A difference between data sets is not the doing of what was measured."""
    a, b = accuracy_run(tmp_path / "a", 1.0, people=400), accuracy_run(tmp_path / "b", 1.0, people=400, digest="other")
    with pytest.raises(InvalidInput, match="--other-data"):
        check_comparable(a, b, other_data=False)
    check_comparable(a, b, other_data=True)
    assert all(one.method.startswith("unpaired") for one in compare_accuracy(a, b, generator())[0])
    with pytest.raises(InvalidInput, match="nothing to compare"):
        check_comparable(a, pad_run(tmp_path / "pad", 10), other_data=True)


@pytest.mark.parametrize(
    "content",
    [
        None, "", "[1]", "{}", "not json", "[" * 100_000, '{"kind": "tokens"}', '{"kind": ["pad"]}', '{"kind": "accuracy"}',
        '{"kind": "pad", "species": {}}', '{"kind": "latency", "total": {"p50_ms": NaN}, "ratio_to_naive": 2.0}',
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_by_its_path(tmp_path, content):
    """An empty folder, a broken file, a report of something else, half of one, and one with a number that is none."""
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(InvalidInput, match=r"report\.json"):
        open_run(tmp_path)


def test_scores_of_other_pairs_beside_a_report_of_the_same_data_are_refused(tmp_path):
    """Somebody moved files: no difference is made of that."""
    a, b = accuracy_run(tmp_path / "a", 1.0, people=400), accuracy_run(tmp_path / "b", 1.0, people=400)
    lines = (b.folder / "scores.csv").read_text().splitlines()
    (b.folder / "scores.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    with pytest.raises(InvalidInput, match="different pairs"):
        compare_accuracy(a, b, generator())


def test_scores_that_the_report_was_not_made_from_are_refused(tmp_path):
    """A second run in the folder was killed between its scores and its report: one model's scores, another one's thresholds."""
    run = accuracy_run(tmp_path / "a", 1.0, people=400)
    assert open_run(run.folder).report == run.report
    scoring.score(run.folder, "", templates_of(400, 2, noise=1.2, seed=5), pairs_of(templates_of(400, 2)), all_pairs=False)
    with pytest.raises(InvalidInput, match=r"scores\.csv is not the file that the report beside it was made from"):
        open_run(run.folder)


def pad_run(folder, passed, *, missing=0):
    """A folder as `bench pad` leaves it: of 200 attacks of 20 people so many pass; bona fide presentations all do."""
    folder.mkdir()

    def row(number, score):
        vector = None if np.isnan(score) else np.zeros(2, np.float32)
        return f"{number % 20:02d}_{number}.jpg", Measured(
            f"{number:064x}", vector, "" if vector is not None else "no_face", 1.0, score
        )

    attacks = [
        row(number, float("nan") if number >= 200 - missing else 0.9 if number < passed else 0.1) for number in range(200)
    ]
    write_pad_scores(folder / "scores.csv", {"": [row(number, 0.8) for number in range(200)], "print": attacks})
    genuine, species, _ = read_pad_scores(folder / "scores.csv")
    figures = evaluate(genuine, species, threshold=0.5, generator=generator())
    write_report(folder, {"kind": "pad", "dataset_digest": "same", **figures})
    return open_run(folder)


def test_attack_detection_is_compared_presentation_by_presentation(tmp_path):
    """Sixty more attacks pass: worse; those without a score in one of the runs are left out, and it is said."""
    a, b = pad_run(tmp_path / "a", 10), pad_run(tmp_path / "b", 70, missing=3)
    found, notes = compare_pad(a, b, generator())
    assert {one.figure: one.verdict for one in found} == {"BPCER": "no difference beyond noise", "APCER of print": "worse"}
    assert any("3 presentations" in note for note in notes)
    (b.folder / "scores.csv").unlink()
    found, notes = compare_pad(a, b, generator())
    assert {one.figure: one.verdict for one in found}["APCER of print"] == "worse"
    assert any(note.startswith("unpaired") for note in notes)


def latency_run(folder, ours, *, keep=True, cpu="one"):
    """A folder as `bench latency` leaves it, of a path of so many milliseconds beside one of 40."""
    folder.mkdir()
    noise = np.random.default_rng(7).normal(0, 1, 300)
    totals = {"ours": ours + noise, "naive": 40 + noise}
    if keep:
        write_samples(folder, totals)
    medians = {name: float(np.median(elapsed)) for name, elapsed in totals.items()}
    report = {
        "kind": "latency",
        "total": {"p50_ms": medians["ours"]},
        "ratio_to_naive": medians["naive"] / medians["ours"],
        "hardware": {"cpu": cpu},
    }
    (folder / "report.json").write_text(json.dumps(report))
    return open_run(folder)


def test_latency_is_told_from_the_kept_samples_and_else_not_at_all(tmp_path):
    """20 and 18 milliseconds differ, 20 and 20 do not, and two medians alone say nothing."""
    slow, fast = latency_run(tmp_path / "a", 20), latency_run(tmp_path / "b", 18)
    found, notes = compare_latency(slow, fast, generator())
    assert [one.verdict for one in found] == ["better", "better"]
    assert "noise within each run only" in notes[0]
    assert {one.verdict for one in compare_latency(slow, slow, generator())[0]} == {"no difference beyond noise"}
    bare = latency_run(tmp_path / "c", 10, keep=False)
    assert {one.verdict for one in compare_latency(slow, bare, generator())[0]} == {"cannot tell"}
    fast.report["void"] = "a busy machine"
    found, notes = compare_latency(slow, fast, generator())
    assert {one.verdict for one in found} == {"cannot tell"}
    assert "a busy machine" in notes[-1]


def test_milliseconds_of_two_machines_are_not_compared(tmp_path):
    """Only the ratio to the naive path of the same run is."""
    found, notes = compare_latency(latency_run(tmp_path / "a", 20), latency_run(tmp_path / "b", 18, cpu="two"), generator())
    assert [one.verdict for one in found] == ["better", "cannot tell"]
    assert any("different machines" in note for note in notes)


@pytest.mark.parametrize("text", ["", "a,b\n", "path,turn,total_ms\nours,0,1.0\n", "path,turn,total_ms\nours,0,x\nnaive,0,1\n"])
def test_a_file_of_something_else_holds_no_samples(tmp_path, text):
    """Refused by its path."""
    run = latency_run(tmp_path / "a", 20)
    (run.folder / "samples.csv").write_text(text)
    with pytest.raises(InvalidInput, match=r"samples\.csv"):
        compare_latency(run, run, generator())
