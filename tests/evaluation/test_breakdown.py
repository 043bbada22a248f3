"""Parts of the comparisons, and the test that no group is more than 25 % worse than all."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.breakdown import by_group, by_quality
from idverify.evaluation.comparisons import Comparisons
from idverify.evaluation.groups import Grouping, read_groups
from idverify.evaluation.intervals import draw_people
from idverify.evaluation.pairs import ImageName
from idverify.evaluation.trials import trials_of


def people_with(scores, each=1):
    """(trials, images): a mated comparison a score, `each` of them a person, and a ring of non-mated ones at -1."""
    people = len(scores) // each
    person = np.repeat(np.arange(people, dtype=np.int32), each)
    images = tuple(ImageName(f"p{one:05d}", number + 1) for one in range(people) for number in range(each + 1))
    first = person * (each + 1)
    second = first + np.tile(np.arange(1, each + 1, dtype=np.int32), people)
    ring = np.arange(people, dtype=np.int32)
    sides = np.concatenate([person, ring]), np.concatenate([person, (ring + 1) % people])
    rows = np.concatenate([first, ring * (each + 1)]), np.concatenate([second, (ring + 1) % people * (each + 1)])
    together = Comparisons(people, *sides, *rows, np.concatenate([scores, np.full(people, -1.0)]))
    return trials_of(together), images


def grouped(scores, label, *, each=1, by="person"):
    """by_group at threshold 0 of these scores; label: a person's number -> its group."""
    trials, images = people_with(np.array(scores, dtype=float), each)
    values = {f"p{one:05d}": label(one) for one in range(trials.people) if label(one) is not None}
    draws = draw_people(trials.people, 400, np.random.default_rng(1))
    return by_group(trials, images, Grouping("band", by, values), 0.0, draws)


def test_a_group_that_is_far_worse_exceeds_and_one_that_is_better_passes():
    """Of 6,000 people 300 fail, 200 of them in a group of 1,000: its FNMR is 20 % where all have 5 %."""
    scores = [-1.0 if (one < 200 or one >= 5900) else 1.0 for one in range(6000)]
    found = grouped(scores, lambda one: "worse" if one < 1000 else "rest")
    rows = {row["group"]: row for row in found["groups"]}
    assert (rows["worse"]["fnmr"], rows["worse"]["verdict"]) == (0.2, "exceeds")
    assert rows["worse"]["ratio"] == pytest.approx(4.0)
    assert rows["worse"]["ratio_low"] > 1.25
    assert (rows["rest"]["fnmr"], rows["rest"]["verdict"]) == (0.02, "pass")
    assert found["verdict"] == "exceeds"


def test_a_group_that_is_no_worse_passes_only_when_there_are_enough_of_it():
    """The same FNMR of 5 % in both groups: of 6,000 people the interval ends below 1.25, of 60 it does not."""
    many = grouped([-1.0 if one % 20 == 0 else 1.0 for one in range(6000)], lambda one: "ab"[one // 3000])
    assert [row["verdict"] for row in many["groups"]] == ["pass", "pass"]
    few = grouped([-1.0 if one % 20 == 0 else 1.0 for one in range(60)], lambda one: "ab"[one // 30])
    assert [row["verdict"] for row in few["groups"]] == ["not supported by n"] * 2
    assert few["verdict"] == "not supported by n"


def test_a_group_of_three_without_an_error_does_not_pass():
    """Nothing went wrong three times: that bounds nothing."""
    found = grouped([-1.0 if one % 10 == 9 else 1.0 for one in range(1000)], lambda one: "three" if one < 3 else "rest")
    three = next(row for row in found["groups"] if row["group"] == "three")
    assert (three["fnmr"], three["fnmr_high"], three["verdict"]) == (0.0, 1.0, "not supported by n")


def test_errors_of_few_people_do_not_make_a_group_exceed_as_those_of_many_would():
    """40 errors in 1,000 comparisons of a group, of 40 people or of 4: the interval of the latter reaches below 1.25."""
    spread = [-1.0 if one % 10 == 0 and one // 10 < 40 else 1.0 for one in range(4000)]
    piled = [-1.0 if one < 40 else 1.0 for one in range(4000)]
    for scores, verdict in ((spread, "exceeds"), (piled, "not supported by n")):
        found = grouped(scores, lambda one: "small" if one < 100 else "rest", each=10)
        assert next(row for row in found["groups"] if row["group"] == "small")["verdict"] == verdict


@pytest.mark.parametrize("failed", [10, 20])
def test_one_person_never_makes_a_group_exceed(failed):
    """However many photographs of one person fail, where all others have 5 %: one person has no spread to draw from."""
    scores = [-1.0 if one < failed or one % 20 == 19 else 1.0 for one in range(4000)]
    found = grouped(scores, lambda one: "alone" if one < 1 else "rest", each=20)
    alone = next(row for row in found["groups"] if row["group"] == "alone")
    assert (alone["fnmr_low"], alone["fnmr_high"], alone["verdict"]) == (0.0, 1.0, "not supported by n")


def test_without_any_error_overall_there_is_nothing_to_exceed():
    """A ratio to zero is no ratio."""
    found = grouped([1.0] * 100, lambda one: "ab"[one % 2])
    assert [(row["ratio"], row["verdict"]) for row in found["groups"]] == [(None, "not supported by n")] * 2


def test_one_group_has_nothing_to_be_held_against_and_the_rest_is_counted_apart():
    """A column with one value is said to be one; people without an entry are a row, and untested."""
    found = grouped([1.0, -1.0, 1.0, -1.0], lambda one: "only" if one < 3 else None)
    assert "nothing to hold it against" in found["note"]
    assert found["verdict"] is None
    rows = [(row["group"], row["n"], row["errors"]) for row in found["groups"]]
    assert rows == [("only", 3, 1), ("(no entry)", 1, 1)]


def test_images_of_different_groups_are_counted_apart():
    """Of image groups, a comparison belongs to the group that both its images are in."""
    trials, images = people_with(np.array([1.0, -1.0, 1.0]))
    values = {"p00000_0001": "in", "p00000_0002": "in", "p00001_0001": "in", "p00001_0002": "out"}
    draws = draw_people(3, 50, np.random.default_rng(1))
    found = by_group(trials, images, Grouping("light", "image", values), 0.0, draws)
    rows = {row["group"]: (row["n"], row["errors"]) for row in found["groups"]}
    assert rows == {"in": (1, 0), "(images of different groups)": (1, 1), "(no entry)": (1, 0)}
    assert sum(n for n, _ in rows.values()) == 3


def test_the_fmr_within_a_group_counts_only_comparisons_among_its_people():
    """Of the ring of five, the first three are a group: two comparisons are among them."""
    found = grouped([1.0] * 5, lambda one: "abc" if one < 3 else "de")
    rows = {row["group"]: row for row in found["groups"]}
    assert (rows["abc"]["n_non_mated"], rows["de"]["n_non_mated"]) == (2, 1)
    assert rows["abc"]["fmr"] == 0.0


def test_quality_is_that_of_the_worse_image_in_tenths():
    """100 comparisons of qualities 0 to 99, the lowest twenty fail: the two lowest tenths hold all errors."""
    trials, _images = people_with(np.where(np.arange(100) < 20, -1.0, 1.0))
    qualities = np.full(200, 100.0)
    qualities[1::2] = np.arange(100)
    rows = by_quality(trials, qualities, 0.0, draw_people(100, 50, np.random.default_rng(1)))
    assert [(row["n"], row["errors"]) for row in rows] == [(10, 10), (10, 10), *[(10, 0)] * 8]
    assert (rows[0]["from"], rows[0]["to"], rows[-1]["to"]) == (0.0, 9.0, 99.0)


def test_equal_qualities_stay_together_and_unknown_ones_are_a_part_of_their_own():
    """No comparison is lost, and none is in two parts."""
    trials, _images = people_with(np.ones(50))
    qualities = np.repeat(np.where(np.arange(50) < 40, 30.0, 60.0), 2)
    qualities[[0, 3]] = np.nan
    rows = by_quality(trials, qualities, 0.0, draw_people(50, 50, np.random.default_rng(1)))
    assert [(row["from"], row["to"], row["n"]) for row in rows] == [(30.0, 30.0, 38), (60.0, 60.0, 10), (None, None, 2)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a line of column names"),
        (b"person,age\n", "at least one line of values"),
        (b"name,age\nann,60\n", "`person` or `image`"),
        (b"person\nann\n", "`person` or `image`"),
        (b"person,age,age\nann,1,2\n", "each once"),
        (b"person,age\nann,60,f\n", "line 2: 3 fields where the first line has 2"),
        (b"person,age\n\nann,60\nann,70\n", "line 4: a second 'age'"),
        (b"person,age\n,60\n", "line 2: no person"),
        (b"person,age\nann,(no entry)\n", "line 2: '\\(no entry\\)' is what a report calls"),
        (b"\xff\xfe\x00p", "not UTF-8 text"),
        (b'person,age\nann,"60\n', "cannot read the groups"),
        (b"person,id\n" + b"".join(b"p%d,%d\n" % (one, one) for one in range(300)), "something other than groups"),
    ],
)
def test_an_unreadable_file_of_groups_is_refused_with_its_line(tmp_path, content, words):
    """Before anything is measured, and with what to do."""
    (tmp_path / "groups.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=words):
        read_groups(tmp_path / "groups.csv")
    with pytest.raises(InvalidInput, match="No such file"):
        read_groups(tmp_path / "missing.csv")


def test_groups_are_read_by_person_or_by_image_with_a_suffix_or_without(tmp_path):
    """As a spreadsheet writes them: a byte order mark, spaces, an empty cell."""
    rows = "60+, ann_0001.jpg,in\n,ann_0002,out\n,J.R. Smith_0001,in\n,J.R. Smith/J.R. Smith_0002.JPG,out\n"
    (tmp_path / "groups.csv").write_bytes(f"\ufeffage, image ,light\n{rows}".encode())
    age, light = read_groups(tmp_path / "groups.csv")
    images = [
        ImageName(name, number) for name, number in (("ann", 1), ("ann", 2), ("bob", 1), ("J.R. Smith", 1), ("J.R. Smith", 2))
    ]
    assert (age.column, age.by, age.of(images)) == ("age", "image", ["60+", None, None, None, None])
    assert light.of(images) == ["in", "out", None, "in", "out"]
