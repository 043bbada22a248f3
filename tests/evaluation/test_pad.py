"""APCER by species, BPCER, and whose presentations choose the threshold."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.pad import Presentations, evaluate, person_of, threshold_at_bpcer


def presentations(scores, people):
    """Presentations with these scores."""
    return Presentations(tuple(f"{index}.jpg" for index in range(len(scores))), tuple(people), np.array(scores, np.float32))


def test_the_worst_species_governs_and_failures_are_counted_against_us():
    """A failed bona fide presentation is an error; a failed attack is left out of its species, and both are reported."""
    genuine = presentations([0.9, 0.8, 0.2, np.nan], "abab")
    attacks = {"print": presentations([0.1, 0.1, 0.1, 0.95], "abab"), "replay": presentations([0.9, 0.1, np.nan], "aba")}
    found = evaluate(genuine, attacks, threshold=0.5, generator=np.random.default_rng(1))
    assert found["bpcer"] == 0.5
    assert found["bona_fide"]["failures_to_acquire"] == 1
    assert found["species"]["print"]["apcer"] == 0.25
    assert (found["species"]["replay"]["n"], found["species"]["replay"]["apcer"]) == (2, 0.5)
    assert found["species"]["replay"]["failures_to_acquire"] == 1
    assert (found["worst_species"], found["worst_apcer"]) == ("replay", 0.5)
    assert found["species"]["print"]["apcer_high"] > 0.25
    assert found["threshold_from"] == "given on the command line"


def test_a_score_at_the_threshold_passes_as_the_decision_has_it():
    """decide() refuses below minimum_pad, not at it."""
    found = evaluate(
        presentations([0.5], "a"), {"print": presentations([0.5], "a")}, threshold=0.5, generator=np.random.default_rng(1)
    )
    assert (found["bpcer"], found["worst_apcer"]) == (0.0, 1.0)


def test_each_half_of_the_people_is_judged_by_the_other_half():
    """The bona fide scores of a and c choose the threshold for b and d, and the other way round."""
    genuine = presentations([0.9] * 20 + [0.3] * 20, ["a"] * 10 + ["c"] * 10 + ["b"] * 10 + ["d"] * 10)
    found = evaluate(genuine, {"print": presentations([0.5, 0.5], "ab")}, threshold=None, generator=np.random.default_rng(1))
    assert found["thresholds"] == [pytest.approx(0.3), pytest.approx(0.9)]
    assert found["bpcer"] == 0.5
    assert found["worst_apcer"] == 0.5
    with pytest.raises(InvalidInput, match="--threshold"):
        evaluate(
            presentations([0.9], "a"), {"print": presentations([0.5], "a")}, threshold=None, generator=np.random.default_rng(1)
        )


def test_the_threshold_is_the_highest_that_keeps_bpcer_at_the_target():
    """One of twenty may be turned away; with a failure to acquire among them, nobody else."""
    scores = np.linspace(0.05, 1.0, 20, dtype=np.float32)
    assert threshold_at_bpcer(scores) == pytest.approx(0.1)
    assert threshold_at_bpcer(np.append(scores[1:], np.float32(np.nan))) == pytest.approx(0.1)
    with pytest.raises(InvalidInput, match="too few"):
        threshold_at_bpcer(np.array([np.nan, np.nan, 0.5], np.float32))


def test_a_species_of_which_nothing_was_acquired_is_refused():
    """An APCER of nothing would read as perfect."""
    with pytest.raises(InvalidInput, match="could be acquired"):
        evaluate(
            presentations([0.9], "a"),
            {"print": presentations([np.nan], "a")},
            threshold=0.5,
            generator=np.random.default_rng(1),
        )


def test_a_person_is_a_folder_or_the_first_part_of_a_file_name():
    """As NUAA and as folders by person have it."""
    assert person_of("0001_00_00_01_0.jpg") == "0001"
    assert person_of("ann/late/3.jpg") == "ann"
