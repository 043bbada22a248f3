"""References of several photographs: who meets whom, what is counted, and what it brings."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.accuracy import by_all_pairs
from idverify.evaluation.comparisons import compare_listed
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import ImageName
from idverify.evaluation.references import beside_one, compare_with_references, read_references, write_references
from idverify.evaluation.scores import read_images, write_images
from idverify.evaluation.trials import trials_of

from .fakes import templates_of
from .test_accuracy import pairs_of


def named(people, failures=()):
    """Templates in a plane: person -> degrees of each of their photographs; (person, number) that failed."""
    images = tuple(ImageName(person, number) for person, turns in people.items() for number in range(1, len(turns) + 1))
    angles = np.radians([turn for turns in people.values() for turn in turns])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    failed = [images.index(ImageName(*one)) for one in failures]
    vectors[failed] = np.nan
    qualities = np.arange(len(images), dtype=np.float32)
    return Templates(images, vectors, ("0" * 64,) * len(images), {images[one]: "no_face" for one in failed}, qualities)


def spelled(found, templates):
    """(probe, reference, degrees between them) of each comparison."""
    names = sorted({image.person for image in templates.images})
    return [
        (str(templates.images[probe]), names[person], [templates.images[part].number for part in parts if part >= 0],
         None if np.isnan(score) else round(float(np.degrees(np.arccos(min(1, score)))), 2))
        for probe, person, parts, score in zip(found.probe, found.person, found.parts, found.scores, strict=True)
    ]  # fmt: skip


def apart(*degrees):
    """What the mean of scores at these angles is, as an angle."""
    return round(float(np.degrees(np.arccos(np.cos(np.radians(degrees)).mean()))), 2)


def test_a_probe_meets_the_next_photographs_of_its_person_and_the_first_ones_of_others():
    """By hand: the mean of the scores against each of the two; bob has too few photographs to be enrolled, and is a stranger."""
    templates = named({"ann": [0, 20, 60], "bob": [90, 100], "cy": [180, 170, 160, 150]})
    found = compare_with_references(templates, 2, enough=2)
    mated = [
        ("ann_0001", "ann", [2, 3], apart(20, 60)), ("ann_0002", "ann", [3, 1], apart(40, 20)),
        ("ann_0003", "ann", [1, 2], apart(60, 40)), ("cy_0001", "cy", [2, 3], apart(10, 20)),
        ("cy_0002", "cy", [3, 4], apart(10, 20)), ("cy_0003", "cy", [4, 1], apart(10, 20)), ("cy_0004", "cy", [1, 2], apart(30, 20)),
    ]  # fmt: skip
    turns = {"bob": (90, 100), "cy": (180, 170, 160, 150), "ann": (0, 20, 60)}
    strangers = [(who, n, turn) for who, some in turns.items() for n, turn in enumerate(some, start=1)]
    others = [(f"{who}_{n:04d}", "ann", [1, 2], apart(turn, turn - 20)) for who, n, turn in strangers if who != "ann"]
    others += [(f"{who}_{n:04d}", "cy", [1, 2], apart(180 - turn, 170 - turn)) for who, n, turn in strangers if who != "cy"]
    assert sorted(spelled(found, templates)) == sorted(mated + others)
    trials = found.trials(templates.images)
    assert (trials.mated.size, trials.n_non_mated, trials.pairs_of_people, trials.not_compared) == (7, 11, 3, 0)
    assert trials.images[0].tolist() == [0, 1, 2]


def test_a_photograph_that_was_not_acquired_is_no_part_of_a_reference_and_is_not_dropped():
    """As a probe it is a non-match; who is left with too few is not enrolled, and counted, with all their comparisons."""
    people = {"ann": [0, 10, 20, 30], "bob": [90, 100, 110], "cy": [180]}
    templates = named(people, [("ann", 2), ("bob", 1), ("bob", 3)])
    found = compare_with_references(templates, 2, enough=2)
    mated = [one for one in spelled(found, templates) if one[0].startswith(one[1])]
    assert mated == [
        ("ann_0001", "ann", [3, 4], apart(20, 30)), ("ann_0002", "ann", [3, 4], None), ("ann_0003", "ann", [4, 1], apart(10, 20)),
        ("ann_0004", "ann", [1, 3], apart(30, 10)), *((f"bob_{n:04d}", "bob", [], None) for n in (1, 2, 3)),
    ]  # fmt: skip
    trials = found.trials(templates.images)
    assert np.isneginf(trials.mated).sum() == 4
    assert (trials.n_non_mated, trials.not_compared) == (2, 7)
    assert found.not_enrolled(templates.images) == 1


def test_comparisons_survive_their_file_and_another_file_is_none(tmp_path):
    """To the last bit, references that were not made among them."""
    templates = named({"ann": [0, 10, 20], "bob": [90, 100, 110], "J. Ü": [180, 7]}, [("bob", 2)])
    found = compare_with_references(templates, 2, enough=2)
    write_images(tmp_path / "images.csv", templates)
    images = read_images(tmp_path / "images.csv")
    write_references(tmp_path / "references.csv", found, templates.images)
    again = read_references(tmp_path / "references.csv", images, 2)
    for name in ("probe", "person", "parts", "scores"):
        assert np.array_equal(getattr(again, name), getattr(found, name), equal_nan=name == "scores")
    with pytest.raises(InvalidInput, match=r"references\.csv"):
        read_references(tmp_path / "references.csv", images, 3)
    with pytest.raises(InvalidInput, match=r"images\.csv is not"):
        read_references(tmp_path / "images.csv", images, 2)


def test_nobody_with_enough_photographs_is_said():
    """Before anything is written that would read as a measurement."""
    with pytest.raises(InvalidInput, match="nobody in the list has more than 3 photographs"):
        compare_with_references(named({"ann": [0, 10, 20]}), 3, enough=3)


def test_three_noisy_photographs_are_a_better_reference_than_one_of_them():
    """The same probes, each against both, at thresholds of other people: fewer are missed, beyond noise, and by how much."""
    sets = [templates_of(200, 4, noise=0.8, seed=seed, prefix=prefix) for seed, prefix in ((5, "p"), (6, "q"))]
    several, one = ([compare_with_references(some, n, enough=3).trials(some.images) for some in sets] for n in (3, 1))
    lists = [compare_listed(some, pairs_of(some)) for some in sets]
    rates = by_all_pairs(*lists, several[0], several[1], np.random.default_rng(1))
    found = beside_one(rates.judged, *one, rates.draws)
    assert [row["target_fmr"] for row in found] == [
        point["target_fmr"] for point in rates.report["operating_points"][: len(found)]
    ]
    for row, point in zip(found, rates.report["operating_points"], strict=False):
        assert row["change"] == pytest.approx(point["fnmr"] - row["fnmr"])
        assert row["change_low"] <= row["change"] <= row["change_high"] < 0
        assert row["verdict"] == "better"
    with pytest.raises(InvalidInput, match="different probes"):
        beside_one(rates.judged, trials_of(lists[0]), one[1], rates.draws)
