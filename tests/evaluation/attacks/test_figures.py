"""The figures of an attack benchmark, its journal and its page."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.attacks.campaign import BONA_FIDE, NOT_SIMULATED, Campaign, Row
from idverify.evaluation.attacks.journal import Journal
from idverify.evaluation.attacks.page import attacks_page
from idverify.evaluation.attacks.service import Asked
from idverify.evaluation.attacks.table import ONLY_ATTESTATION, classified_bona_fide, figures
from idverify.evaluation.attacks.trial import Trial
from idverify.evaluation.html import write_page

RNG = np.random.default_rng


def trial(species="flash_ignored", strength="informed", person="a", seed=1, outcome="declined", reasons=("flash",)):
    """One attempt."""
    steps = ("turn_left", "colours")
    return Trial(
        species, strength, person, person, seed, outcome, tuple(reasons), steps, 100, 9.5, {"flash": 0.1, "parallax": None}
    )


def row(species, strength="presented"):
    """A row of the table."""
    return Row(species, strength, lambda _cast, _informed: None, ())


def report():
    """Three rows: a naive one that is stopped, an informed one that mostly passes, and the bona fide."""
    naive = [trial(strength="naive", person=person, seed=seed) for person in "ab" for seed in range(3)]
    passed = [trial(person=person, seed=seed, outcome="approved", reasons=()) for person in "ab" for seed in range(3)]
    passed.append(trial(person="b", seed=9, reasons=("non_match",)))
    honest = [trial(BONA_FIDE, "presented", person, seed, "approved", ()) for person in "ab" for seed in range(4)]
    honest += [trial(BONA_FIDE, "presented", "a", 7, "review", ("borderline", "flash"))]
    honest += [trial(BONA_FIDE, "presented", "b", 8, NOT_SIMULATED, ())]
    rows = [(row("flash_ignored", "naive"), naive), (row("flash_ignored", "informed"), passed), (row(BONA_FIDE), honest)]
    return figures(rows, RNG(1))


def test_each_species_has_its_own_rate_and_informed_attackers_have_no_target():
    """The two strengths are never mixed, and the worst governs."""
    found = report()
    naive, informed = found["species"]["flash_ignored_naive"], found["species"]["flash_ignored_informed"]
    assert (naive["n"], naive["apcer"], naive["iapar_errors"], naive["target"]) == (6, 0.0, 0, 0.0)
    assert naive["stopped_by"] == {"flash": 6}
    assert (informed["apcer"], informed["target"], informed["remark"]) == (1.0, None, ONLY_ATTESTATION)
    assert informed["iapar"] == pytest.approx(6 / 7)
    assert found["worst_species"] == "flash_ignored_informed"
    assert found["targets_missed"] == []
    assert naive["apcer_high_people"] == 1.0  # nothing is known about other people from two


def test_bona_fide_attempts_count_against_us_for_whatever_cause_but_the_ones_that_could_not_be_simulated():
    """Sent to a reviewer is not approved."""
    found = report()
    assert (found["bona_fide"]["n"], found["bona_fide"]["errors"], found["bona_fide"]["not_simulated"]) == (9, 1, 1)
    assert found["bona_fide"]["review"] == 1
    assert found["bpcer"] == pytest.approx(1 / 9)
    assert found["bona_fide"]["causes"] == {"flash": 1}


def test_a_reviewers_case_is_counted_whatever_became_of_the_session():
    """One that brought its own photograph has no portrait for a reviewer, and is asked again: no failure of the evidence."""
    borderline = [trial("print", "presented", outcome=one, reasons=("borderline", "x")) for one in ("review", "retake")]
    assert figures([(row("print"), [*borderline, trial("print", "presented")])], RNG(1))["species"]["print"]["review"] == 2


def test_whose_clip_shows_no_turn_is_not_asked_without_the_colours_either():
    """Such a session could prove nothing: what the simulator cannot show counts neither for us nor against."""
    still = SimpleNamespace(name="a", person="a", reference=b"", moves=SimpleNamespace(able=lambda _step: False))
    campaign = Campaign(None, [still], [], Asked(flashing=False), 1, 0)
    assert campaign.attempt(Row(BONA_FIDE, "presented", None, [still]), still, 1).outcome == NOT_SIMULATED


def test_challenges_that_a_clip_has_no_movement_for_are_counted_apart():
    """They are no attempts; a reader must see how much was not asked."""
    asked = [
        replace(trial(BONA_FIDE, "presented", who, 1, "approved", ()), passed_over=over) for who, over in (("a", 5), ("b", 0))
    ]
    none = replace(trial(BONA_FIDE, "presented", "b", 2, NOT_SIMULATED, ()), passed_over=400)
    found = figures([(row("print"), [trial("print", "presented")]), (row(BONA_FIDE), [*asked, none])], RNG(1))["bona_fide"]
    assert (found["n"], found["passed_over"], found["not_simulated"]) == (2, 405, 1)
    assert {who: one["passed_over"] for who, one in found["by_person"].items()} == {"a": 5, "b": 0}


@pytest.mark.parametrize(
    ("outcome", "reasons", "passes"),
    [
        ("approved", (), True),
        ("declined", ("non_match",), True),
        ("declined", ("flash",), False),
        ("declined", ("non_match", "flash"), False),
        ("declined", (), False),
        ("review", ("borderline", "non_match"), True),
        ("review", ("borderline", "injection: jitter"), False),
        ("retake", ("borderline", "non_match"), True),
        ("retake", ("borderline", "screen_not_excluded"), False),
        ("retake", ("challenge: blink",), False),
        ("frame_refused", ("frame_refused",), False),
        ("undecided", (), False),
    ],
)
def test_only_what_no_evidence_spoke_against_was_taken_for_bona_fide(outcome, reasons, passes):
    """The match is another question: IAPAR's."""
    assert classified_bona_fide(trial(outcome=outcome, reasons=reasons)) is passes


def test_a_naive_attack_that_is_accepted_misses_its_target():
    """One of many is enough."""
    trials = [trial(strength="naive", seed=seed) for seed in range(50)] + [trial(strength="naive", seed=99, outcome="approved")]
    assert figures([(row("flash_ignored", "naive"), trials)], RNG(1))["targets_missed"] == ["flash_ignored_naive"]


def test_pad_alone_is_told_by_its_area_under_the_curve_for_presentations_and_not_for_injections():
    """Attempts without a score, and those that were never simulated, have no say; the worst species stands for all."""

    def scored(species, strength, *scores, outcome="declined"):
        return [replace(trial(species, strength, outcome=outcome), evidence={"pad_score": score}) for score in scores]

    honest = [*scored(BONA_FIDE, "presented", 0.9, 0.7, None), *scored(BONA_FIDE, "presented", 0.0, outcome=NOT_SIMULATED)]
    rows = [
        (row(BONA_FIDE), honest),
        (row("print"), scored("print", "presented", 0.1, 0.2)),
        (row("photo_held"), scored("photo_held", "presented", 0.1, 0.8)),
        (row("flash_ignored", "naive"), scored("flash_ignored", "naive", 0.9)),
    ]
    found = figures(rows, RNG(1))
    assert [one["auc"] for one in found["species"].values()] == [1.0, 0.75, None]
    assert found["auc"] == 0.75
    assert figures(rows[1:], RNG(1))["auc"] is None


def test_nothing_tried_is_said():
    """Not a report of zeros."""
    with pytest.raises(InvalidInput, match="--species"):
        figures([], RNG(1))


def test_the_journal_goes_on_where_a_run_was_killed(tmp_path):
    """A line that was cut short is made again; the others are not."""
    journal = Journal(tmp_path, "x")
    for seed in (1, 2):
        journal.add(trial(seed=seed))
    file = tmp_path / "x.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    again = Journal(tmp_path, "x")
    assert again.known("a", 1)
    assert not again.known("a", 2)
    assert again.trials == [trial(seed=1)]
    again.add(trial(seed=2))
    assert Journal(tmp_path, "x").trials == [trial(seed=1), trial(seed=2)]


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    """With what to do about it."""
    (tmp_path / "x.jsonl").write_text('{"species": 1}\n')
    with pytest.raises(InvalidInput, match="delete it"):
        Journal(tmp_path, "x")


def test_the_page_tells_limits_and_puts_informed_attackers_first(tmp_path):
    """With the sentence about attestation, and BPCER as a count by so many people."""
    found = {
        **report(),
        "profile": "active",
        "movement": True,
        "flashing": True,
        "people": "2 people",
        "transport": "in process, in virtual time",
        "seed": 1,
        "command": "x",
    }
    page = write_page(tmp_path, attacks_page(tmp_path, found)).read_text()
    assert page.index("informed: no target") < page.index("species, naive")
    assert ONLY_ATTESTATION in page
    assert "1 of 9 attempts by 2 people, simulated light" in page
    assert "0.00\xa0% to 48.25\xa0% over attempts, at most 100.00\xa0% over people" in page
    assert "No mask, no real screen replay and no real deepfake" in page
    json.dumps(found, allow_nan=False)


def test_a_trial_survives_the_journal_unchanged(tmp_path):
    """Numbers that are missing stay missing."""
    one = replace(trial(), evidence={"flash": None, "injection: jitter": 0.25})
    Journal(tmp_path, "y").add(one)
    assert Journal(tmp_path, "y").trials == [one]
