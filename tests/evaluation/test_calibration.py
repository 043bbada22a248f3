"""Thresholds from one set of people, error rates from another, label errors side by side."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.decision.policy import policies_from
from idverify.errors import InvalidInput
from idverify.evaluation.calibration import calibrate, described, policy_rows, sample, to_ship
from idverify.evaluation.comparisons import compare_all, compare_listed
from idverify.evaluation.error_rates import fmr, fnmr
from idverify.evaluation.exclusions import kept, read_exclusions
from idverify.evaluation.operating_points import as_toml
from idverify.evaluation.pairs import Pair

from .fakes import templates_of


def measured(templates, seed=4):
    """All comparisons, ready to be measured."""
    return sample(compare_all(templates), np.random.default_rng(seed))


def test_every_pair_of_images_is_compared_once():
    """Against the plain double loop, over several blocks of rows."""
    templates = templates_of(100, 3)
    found = compare_all(templates)
    n = len(templates.images)
    assert found.scores.size == n * (n - 1) // 2
    assert int(found.mated.sum()) == 300
    position = {(i, j): k for k, (i, j) in enumerate(zip(found.first_image.tolist(), found.second_image.tolist(), strict=True))}
    for i, j in [(0, 1), (0, 299), (254, 257), (298, 299)]:
        expected = templates.vectors[i] @ templates.vectors[j]
        assert found.scores[position[i, j]] == pytest.approx(expected, abs=1e-6)
    assert found.pairs_of_people == 100 * 99 // 2


def test_a_failed_image_makes_mated_comparisons_non_matches_and_leaves_the_fmr_alone():
    """One failure among three images of a person: two of the three mated comparisons cannot match, and stay counted."""
    found = measured(templates_of(60, 3, failures=[0]))
    comparisons = found.comparisons
    assert comparisons.mated_scores.size == 180
    assert fnmr(comparisons.mated_scores, -1.0) == pytest.approx(2 / 180)
    assert comparisons.non_mated_scores.size == 180 * 179 // 2 - 180 - 177
    assert fmr(comparisons.non_mated_scores, -1.0) == 1.0


def test_thresholds_come_from_one_set_and_rates_from_the_other():
    """The rates reported are those of the second set at the first one's threshold, never above the target on the first."""
    chosen, judged = measured(templates_of(80, seed=1)), measured(templates_of(80, seed=2))
    points = {point.target_fmr: point for point in calibrate(chosen, judged)}
    point = points[1e-2]
    assert point.supported
    assert point.calibration.fmr.value <= 1e-2 < point.calibration.fmr.value + 1e-4
    assert point.report.fmr.value == fmr(judged.comparisons.non_mated_scores, point.threshold)
    assert point.report.fnmr.value == fnmr(judged.comparisons.mated_scores, point.threshold)
    assert point.report.fmr.high > point.report.fmr.value


def test_what_so_few_people_cannot_carry_gets_no_threshold_and_no_policy():
    """80 people make 3,160 pairs: 1e-3 is carried (3,000), 1e-4 is not."""
    chosen, judged = measured(templates_of(80, seed=1)), measured(templates_of(80, seed=2))
    points = calibrate(chosen, judged)
    assert [point.supported for point in points] == [True, True, False, False, False]
    assert described(points[2])["note"] == "not supported by n"
    assert described(points[2])["threshold"] is None
    rows = policy_rows(points, people=80, model_digest="m", calibration_digest="c", calibrated_on="synthetic")
    assert [row["name"] for row in rows] == ["fmr-1e-2", "fmr-1e-3"]


def test_the_written_operating_points_are_the_policies_that_an_installation_loads():
    """Through TOML and back, to the last digit."""
    chosen, judged = measured(templates_of(80, seed=1)), measured(templates_of(80, seed=2))
    points = calibrate(chosen, judged)
    words = 'quoted "words", a \\ and\na second line'
    rows = policy_rows(points, people=80, model_digest="m" * 64, calibration_digest="c", calibrated_on=words)
    policies = policies_from(tomllib.loads(as_toml(rows))["policy"], "m" * 64)
    assert policies["fmr-1e-2"].threshold == points[0].threshold
    assert policies["fmr-1e-2"].calibrated_on == words


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53))
def test_any_text_and_any_finite_number_survives_the_file(text, number, whole):
    """Quotes, control characters, other alphabets, exponents."""
    text = text.encode("utf-8", "ignore").decode()
    row = {"text": text, "number": number, "table": {text: whole}}
    assert tomllib.loads(as_toml([row, row]))["policy"] == [row, row]


def test_one_person_under_two_names_raises_the_threshold_until_it_is_excluded(tmp_path):
    """Both figures exist; the one that ships is named."""
    clean = templates_of(80, seed=1)
    vectors = clean.vectors.copy()
    vectors[3:6] = vectors[0:3]  # the second person is the first one again
    spoiled = type(clean)(clean.images, vectors, clean.digests, {}, clean.qualities)
    path = tmp_path / "exclusions.toml"
    path.write_text('[[exclusion]]\npeople = ["p0001", "p0000"]\nevidence = "the same pixels"\n')
    comparisons = compare_all(spoiled)
    keep = kept(comparisons, spoiled.images, read_exclusions(path))
    assert int((~keep).sum()) == 9
    judged = measured(templates_of(80, seed=2))
    generator = np.random.default_rng(1)
    raw = calibrate(sample(comparisons, generator), judged)
    cleaned = calibrate(sample(comparisons.only(keep), generator), judged)
    assert raw[1].threshold > cleaned[1].threshold


def test_the_set_as_labelled_ships_unless_the_other_bound_is_higher():
    """Leaving data out never makes the bound of a policy look better."""
    judged = measured(templates_of(80, seed=2))
    (point, *_) = calibrate(measured(templates_of(80, seed=1)), judged)

    def bounded(high):
        rate = replace(point.report.fmr, high=high)
        return [replace(point, report=replace(point.report, fmr=rate))]

    raw, lower, higher = bounded(0.02), bounded(0.01), bounded(0.03)
    assert to_ship(raw, lower) == raw
    assert to_ship(raw, raw[:]) == raw
    assert to_ship(raw, higher) == higher


def test_an_excluded_image_takes_all_its_comparisons_along(tmp_path):
    """A photograph of somebody else is no evidence in any comparison."""
    templates = templates_of(4, 2)
    path = tmp_path / "exclusions.toml"
    path.write_text('[[exclusion]]\nimages = ["p0002_0001"]\nevidence = "another person"\n')
    comparisons = compare_all(templates)
    assert int((~kept(comparisons, templates.images, read_exclusions(path))).sum()) == 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[exclusion]]\npeople = ['a', 'b']\n",
        "[[exclusion]]\npeople = ['a', 'b']\nevidence = ' '\n",
        "[[exclusion]]\npeople = ['a']\nevidence = 'x'\n",
        "[[exclusion]]\npeople = ['a', 'b']\nimages = ['c_0001']\nevidence = 'x'\n",
        "[[exclusion]]\nimages = 'c_0001'\nevidence = 'x'\n",
        "exclusion = 3\n",
        "not toml",
    ],
)
def test_an_exclusion_without_evidence_or_meaning_is_refused(tmp_path, text):
    """Leaving data out in silence is how figures become too good."""
    path = tmp_path / "exclusions.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_exclusions(path)


def test_a_set_without_mated_comparisons_is_refused():
    """One image a person cannot say how often the right person is refused."""
    with pytest.raises(InvalidInput, match="in each half, or list, a person with two images, and two people"):
        measured(templates_of(5, 1))


def test_listed_pairs_keep_the_order_of_the_list():
    """Row by row, the score of the two images that the row names."""
    templates = templates_of(3, 2)
    one, other, third = templates.images[0], templates.images[1], templates.images[4]
    found = compare_listed(templates, [Pair(third, one, 0, 1), Pair(one, other, 0, 2)])
    assert found.mated.tolist() == [False, True]
    assert found.scores[0] == pytest.approx(templates.vectors[4] @ templates.vectors[0], abs=1e-6)
