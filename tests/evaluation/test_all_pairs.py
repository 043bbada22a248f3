"""All pairs in little room: what is kept says exactly what all scores would say."""

import csv
import dataclasses

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation import all_pairs, scoring
from idverify.evaluation.accuracy import by_all_pairs
from idverify.evaluation.all_pairs import EDGES, compare_every_pair
from idverify.evaluation.comparisons import Comparisons, compare_all
from idverify.evaluation.intervals import clustered_fmr, draw_people
from idverify.evaluation.pairs import Pair
from idverify.evaluation.trials import trials_of

from .fakes import templates_of


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks that do not divide the images, so that an edge between them would show."""
    monkeypatch.setattr(all_pairs, "ROWS", 17)


@pytest.fixture
def both(tmp_path, small_blocks):
    """(the trials of all pairs through their files, the comparisons computed whole) of 120 people, two failures among them."""
    templates = templates_of(120, 3, noise=1.0, failures=[4, 5])
    people = sorted({image.person for image in templates.images})
    by_person = {person: [image for image in templates.images if image.person == person] for person in people}
    pairs = [Pair(images[0], images[1], 0, 1) for images in by_person.values()]
    scoring.score(tmp_path, "", templates, pairs, all_pairs=True)
    return scoring.read(tmp_path, "", all_pairs=True).every, compare_all(templates)


def test_every_mated_pair_is_kept_and_every_non_mated_one_counted(both):
    """Numbers of comparisons, of those that could not be made, and the histogram against numpy's own."""
    every, whole = both
    found = every.trials
    assert found.mated.size == whole.mated.sum() == 360
    assert np.isneginf(found.mated).sum() == 3  # both failures are of one person: 2 with its third image, 1 with each other
    assert found.n_non_mated == whole.non_mated_scores.size == int(every.counts.sum())
    assert found.not_compared == 2 * 357
    other = np.histogram(whole.non_mated_scores, bins=EDGES)[0]
    assert np.abs(np.cumsum(every.counts - other)).max() <= 2  # blocks of another shape round a score over an edge
    assert found.non_mated.size < 0.3 * found.n_non_mated
    kept = np.sort(whole.non_mated_scores)[::-1][: found.non_mated.size]
    assert found.non_mated == pytest.approx(kept, abs=2e-7)
    assert found.pairs_of_people == whole.pairs_of_people


@pytest.mark.parametrize("target", [1e-2, 1e-3])
def test_thresholds_and_rates_are_those_of_all_scores(both, target):
    """The rates, and the bounds from the same draws, against the sum over all pairs of people; and the EER."""
    every, whole = both
    draws = draw_people(120, 300, np.random.default_rng(3))
    threshold = every.trials.threshold_at_fmr(target)
    assert threshold == pytest.approx(trials_of(whole).threshold_at_fmr(target), abs=2e-7)
    kept = whole.compared_non_mated
    dense = clustered_fmr(whole.first[kept], whole.second[kept], whole.scores[kept] >= threshold, draws)
    found = every.trials.fmr(threshold, draws)
    assert (found.errors, found.n) == (dense.errors, dense.n)
    assert (found.value, found.low, found.high) == pytest.approx((dense.value, dense.low, dense.high))
    assert every.trials.equal_error_rate().rate == pytest.approx(trials_of(whole).equal_error_rate().rate)


def test_a_rate_below_what_was_kept_is_refused_and_not_guessed(both):
    """The tail ends somewhere, and says so."""
    trials = both[0].trials
    with pytest.raises(ValueError, match="counted, not kept"):
        trials.fmr(trials.kept_from - 0.01, draw_people(120, 10, np.random.default_rng(1)))
    assert not trials.holds(trials.threshold_at_fmr(0.9))


def test_a_part_of_the_people_has_the_comparisons_among_them(both):
    """FMR within a group, of the tail, against all scores of those people."""
    every, whole = both
    members = np.arange(120) % 3 == 0
    draws = draw_people(120, 50, np.random.default_rng(3))
    threshold = every.trials.threshold_at_fmr(1e-2)
    inside = members[whole.first] & members[whole.second] & whole.compared_non_mated
    found = every.trials.within(members).fmr(threshold, draws)
    assert (found.n, found.errors) == (int(inside.sum()), int((whole.scores[inside] >= threshold).sum()))
    assert every.trials.within(members).pairs_of_people == 40 * 39 // 2


def test_files_of_two_runs_are_not_taken_for_one(both, tmp_path):
    """A row too few in the tail, or another number of images: refused, for every rate would be wrong."""
    tail = tmp_path / "all_pairs_tail.csv"
    rows = tail.read_text().splitlines()
    tail.write_text("\n".join(rows[:-1]) + "\n")
    with pytest.raises(InvalidInput, match="not those of one run"):
        scoring.read(tmp_path, "", all_pairs=True)
    tail.write_text("\n".join(rows) + "\n")
    images = (tmp_path / "images.csv").read_text()
    (tmp_path / "images.csv").write_text(images.replace("no_face", "acquired", 1))
    with pytest.raises(InvalidInput, match="not those of one run"):
        scoring.read(tmp_path, "", all_pairs=True)


def test_an_awful_comparator_keeps_enough_to_find_its_eer():
    """Where a hundredth of the non-mated scores does not reach the EER, more are kept."""
    templates = templates_of(60, 3, noise=4.0)
    kept = compare_every_pair(templates)
    assert kept.non_mated[2].size > 0.3 * kept.counts.sum()
    person = np.repeat(np.arange(60, dtype=np.int32), 3)
    found = all_pairs.trials_of_kept(kept, person, np.ones(180, bool)).equal_error_rate()
    assert found.rate == pytest.approx(trials_of(compare_all(templates)).equal_error_rate().rate)


def test_the_tail_is_written_as_any_score_file_is(both, tmp_path):
    """Anyone can compute other figures from it, highest score first."""
    with (tmp_path / "all_pairs_tail.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert rows[0]["first_person"] != rows[0]["second_person"]


def test_an_operating_point_beyond_what_was_kept_is_a_note_and_no_rate(both, tmp_path):
    """Where others' threshold lies below the tail, the report says so and goes on."""
    every, _ = both
    scored = scoring.read(tmp_path, "", all_pairs=True)
    ring = np.concatenate([scored.listed.scores, np.full(120, -0.5)])
    first = np.concatenate([scored.listed.first, scored.listed.first])
    second = np.concatenate([scored.listed.first, (scored.listed.first + 1) % 120])
    images = np.zeros(240, np.int32), np.zeros(240, np.int32)
    listed = Comparisons(120, first, second, *images, ring)
    lowered = dataclasses.replace(every.trials, non_mated=every.trials.non_mated - 1.0, kept_from=every.trials.kept_from - 1.0)
    report = by_all_pairs(listed, listed, every.trials, lowered, np.random.default_rng(1)).report
    assert [point["note"] for point in report["operating_points"][:2]] == ["beyond the scores that were kept"] * 2
    assert report["operating_points"][0]["fmr"] is None
    assert report["eer"] == every.trials.equal_error_rate().rate
    beyond = dataclasses.replace(every.trials, mated=every.trials.mated - 2.0)
    report = by_all_pairs(listed, listed, beyond, lowered, np.random.default_rng(1)).report
    assert (report["eer"], report["eer_low"], report["eer_interval"]) == (None, None, "beyond the scores that were kept")
