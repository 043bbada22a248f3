"""LFW's protocol, and lists that take their threshold from elsewhere."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.accuracy import by_folds, by_other_list
from idverify.evaluation.acquisition_rates import acquisition_rates
from idverify.evaluation.comparisons import compare_listed
from idverify.evaluation.intervals import clopper_pearson, draw_people
from idverify.evaluation.pairs import Pair
from idverify.evaluation.scores import read_images, read_scores, write_images, write_scores

from .fakes import templates_of


def pairs_of(templates, folds=1):
    """For each person a mated pair, and a non-mated one with the next person of the same fold."""
    people = sorted({image.person for image in templates.images})
    by_person = {person: [image for image in templates.images if image.person == person] for person in people}
    size = len(people) // folds
    pairs = []
    for fold in range(folds):
        members = people[fold * size : (fold + 1) * size]
        pairs += [Pair(by_person[one][0], by_person[one][1], fold, 1) for one in members]
        following = members[1:] + members[:1]
        pairs += [Pair(by_person[one][0], by_person[two][1], fold, 1) for one, two in zip(members, following, strict=True)]
    return pairs


def scored(tmp_path, templates, folds=1):
    """The comparisons and folds, through a score file."""
    pairs = pairs_of(templates, folds)
    write_images(tmp_path / "images.csv", templates)
    write_scores(tmp_path / "scores.csv", pairs, compare_listed(templates, pairs))
    return read_scores(tmp_path / "scores.csv", read_images(tmp_path / "images.csv"))


def test_scores_survive_their_file_to_the_last_bit(tmp_path):
    """With failures as empty fields, people and folds as they were."""
    templates = templates_of(6, 2, failures=[3])
    pairs = pairs_of(templates, 2)
    expected = compare_listed(templates, pairs)
    found, folds = scored(tmp_path, templates, 2)
    assert np.array_equal(found.scores, expected.scores, equal_nan=True)
    assert found.mated.tolist() == expected.mated.tolist()
    assert folds.tolist() == [pair.fold for pair in pairs]
    assert np.isnan(found.scores).sum() == 2


def test_each_fold_is_judged_at_the_threshold_of_the_others(tmp_path):
    """A fold whose scores are all too low fails at the others' threshold, though its own would have been perfect."""
    comparisons, folds = scored(tmp_path, templates_of(40, 2, noise=0.2), 10)
    comparisons.scores[folds == 0] -= 2.0
    accuracy = by_folds(comparisons, folds, np.random.default_rng(1)).report["accuracy"]
    assert accuracy["folds"] == [0.5] + [1.0] * 9
    assert accuracy["mean"] == pytest.approx(0.95)
    assert accuracy["standard_error"] == pytest.approx(np.std(accuracy["folds"], ddof=1) / np.sqrt(10))
    assert accuracy["correct"] == 76


def test_another_list_chooses_every_threshold(tmp_path):
    """Nothing of the judged list moves them; each operating point has all the keys of the contract."""
    other, _ = scored(tmp_path, templates_of(400, 2, seed=1))
    listed, _ = scored(tmp_path, templates_of(300, 2, seed=2))
    before = by_other_list(listed, other, np.random.default_rng(1)).report
    listed.scores[:] -= 0.5
    after = by_other_list(listed, other, np.random.default_rng(1)).report
    assert before["accuracy"]["thresholds"] == after["accuracy"]["thresholds"]
    assert after["accuracy"]["mean"] < before["accuracy"]["mean"]
    point, unsupported = before["operating_points"][0], before["operating_points"][1]
    assert point.keys() >= {"target_fmr", "threshold", "fmr", "fmr_high", "fnmr", "fnmr_low", "fnmr_high"}
    assert unsupported["note"] == "not supported by n"
    assert unsupported["threshold"] is None


def test_a_failure_to_acquire_counts_against_the_accuracy(tmp_path):
    """Its mated pair is a non-match, the FMR is measured on what was compared, and the report says how many were not."""
    templates = templates_of(50, 2, noise=0.1, failures=[0])
    listed, _ = scored(tmp_path, templates)
    other, _ = scored(tmp_path, templates_of(400, 2, noise=0.1, seed=9))
    report = by_other_list(listed, other, np.random.default_rng(1)).report
    assert report["accuracy"]["mean"] == pytest.approx(99 / 100)
    assert (report["n_mated"], report["n_non_mated"], report["non_mated_not_compared"]) == (50, 49, 1)


@pytest.mark.parametrize(
    "text", ["", "a,b\n", "fold,first_person,first_image,second_person,second_image,score\n0,a,x,b,1,0.5\n"]
)
def test_a_file_of_something_else_is_no_score_file(tmp_path, text):
    """Refused by its path."""
    write_images(tmp_path / "images.csv", templates_of(2, 2))
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(InvalidInput, match=r"scores\.csv is not a score file"):
        read_scores(tmp_path / "scores.csv", read_images(tmp_path / "images.csv"))


def test_each_fold_has_its_own_threshold_in_the_pooled_rates(tmp_path):
    """Counted pair by pair, by hand, at every operating point that so few pairs support."""
    comparisons, folds = scored(tmp_path, templates_of(700, 2, noise=1.1, failures=[5]), 10)
    rates = by_folds(comparisons, folds, np.random.default_rng(1))
    supported = [point for point in rates.report["operating_points"] if point["supported"]]
    assert [point["target_fmr"] for point in supported] == [1e-2]
    limits = np.array(supported[0]["thresholds"])[folds]
    mated, made = comparisons.mated, ~np.isnan(comparisons.scores)
    assert supported[0]["false_matches"] == np.sum(comparisons.scores[~mated & made] >= limits[~mated & made])
    assert supported[0]["false_non_matches"] == np.sum(~(comparisons.scores[mated] >= limits[mated]))
    assert supported[0]["fnmr"] == supported[0]["false_non_matches"] / mated.sum()
    assert supported[0]["threshold"] == pytest.approx(np.mean(supported[0]["thresholds"]))
    assert rates.for_parts.target == 1e-2


def test_failures_are_counted_by_image_and_by_person(tmp_path):
    """FTA: images of which nothing was made. FTE: people of whom no image was. Both with bounds."""
    templates = templates_of(10, 2, failures=[0, 1, 4])
    write_images(tmp_path / "images.csv", templates)
    found = acquisition_rates(read_images(tmp_path / "images.csv"), draw_people(10, 100, np.random.default_rng(1)))
    assert (found["fta"]["errors"], found["fta"]["n"], found["fta"]["by_code"]) == (3, 20, {"no_face": 3})
    assert (found["fte"]["errors"], found["fte"]["n"]) == (1, 10)
    assert found["fte"]["high"] == pytest.approx(clopper_pearson(1, 10)[1])
    assert found["fta"]["low"] < 3 / 20 < found["fta"]["high"]
