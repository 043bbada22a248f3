"""APCER by species, BPCER, and whose presentations choose the threshold."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.measurements import Measured
from idverify.evaluation.pad import Presentations, evaluate, person_of, threshold_at_bpcer
from idverify.evaluation.pad_scores import HEADER, read_pad_scores, write_pad_scores


def presentations(scores, people):
    """Presentations with these scores."""
    outcomes = tuple("no_face" if np.isnan(score) else "acquired" for score in scores)
    names = tuple(f"{index}.jpg" for index in range(len(scores)))
    return Presentations(names, tuple(people), np.array(scores, np.float32), outcomes)


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
    with pytest.raises(InvalidInput, match="print: none of 1 presentations could be acquired"):
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


def test_a_species_with_three_images_shows_it_in_its_interval():
    """No error in three says next to nothing, and one person says less than three."""
    genuine = presentations([0.9, 0.8, 0.7, 0.6], "abcd")
    attacks = {"mask": presentations([0.1, 0.2, 0.1], "aaa"), "print": presentations([0.1] * 200, "abcd" * 50)}
    found = evaluate(genuine, attacks, threshold=0.5, generator=np.random.default_rng(1))
    assert (found["species"]["mask"]["apcer"], found["species"]["mask"]["apcer_high"]) == (0.0, 1.0)
    assert found["worst_species"] == "mask"
    assert found["species"]["print"]["apcer_high"] == pytest.approx(3 / 200)
    assert found["species"]["print"]["apcer_high_people"] == pytest.approx(3 / 4)


def test_presentations_that_were_not_assessed_are_counted_apart_from_those_not_acquired(tmp_path):
    """A face without a PAD score is no pass and no detection: it is written down, read back and counted."""
    digest = "ab" * 32
    vector, nothing = np.zeros(2, np.float32), float("nan")
    rows = [
        ("a_1.jpg", Measured(digest, vector, "", 50.0, 0.75)),
        ("a_2.jpg", Measured(digest, vector, "", 50.0, nothing)),
        ("b_1.jpg", Measured(digest, None, "no_face", nothing, nothing)),
    ]
    write_pad_scores(tmp_path / "scores.csv", {"": rows, 'a, strange "one"\n': rows})
    genuine, attacks, digests = read_pad_scores(tmp_path / "scores.csv")
    assert list(attacks) == ['a, strange "one"\n']
    assert genuine.outcomes == ("acquired", "not_assessed", "no_face")
    assert (genuine.people, len(digests)) == (("a", "a", "b"), 6)
    found = evaluate(genuine, attacks, threshold=0.5, generator=np.random.default_rng(1))
    assert (found["bpcer"], found["bona_fide"]["n"]) == (pytest.approx(2 / 3), 3)
    assert (found["bona_fide"]["not_assessed"], found["bona_fide"]["failures_to_acquire"]) == (1, 1)
    species = found["species"]['a, strange "one"\n']
    assert (species["n"], species["apcer"], species["non_response_rate"]) == (1, 1.0, pytest.approx(2 / 3))


@pytest.mark.parametrize(
    "text", ["", "a,b\n", ",".join(HEADER) + "\nbona_fide,,a.jpg,a,00,acquired,high\n", ",".join(HEADER) + "\n"]
)
def test_a_file_of_something_else_holds_no_pad_scores(tmp_path, text):
    """Refused by its path."""
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(InvalidInput, match=r"scores\.csv"):
        read_pad_scores(tmp_path / "scores.csv")
