"""Lists of pairs come from elsewhere: what they may say, and what is refused."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import InvalidInput
from idverify.evaluation.dataset import images_of, listed_images, photos_in, read_pairs
from idverify.evaluation.pairs import ImageName, parse_pairs

BODY = "Ann_Bo\t1\t2\nAnn_Bo\t1\tCy_Do\t3\n"


@pytest.mark.parametrize(("header", "folds"), [("", 0), ("1\n", 0)])
def test_a_list_without_folds_is_read_with_or_without_a_line_of_counts(header, folds):
    """pairsDevTest.txt has been published in both forms."""
    found = parse_pairs(header + BODY)
    assert (found.folds, len(found.pairs)) == (folds, 2)
    assert [pair.mated for pair in found.pairs] == [True, False]
    assert found.pairs[1].second == ImageName("Cy_Do", 3)
    assert found.people == {"Ann_Bo", "Cy_Do"}


def test_folds_are_numbered_in_the_order_of_the_list():
    """Two folds of one mated and one non-mated pair each, separated by blanks or tabs."""
    found = parse_pairs("2 1\n" + BODY + "Ed_Fu 1 2\nEd_Fu 1 Cy_Do 1\n")
    assert (found.folds, [pair.fold for pair in found.pairs]) == (2, [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("2 1\n" + BODY, "promises 4 pairs, but 2"),
        ("1 1\n" + BODY, "at least two"),
        ("1\nAnn 1 2\nAnn 1 3\n", "fold 1 has 2 mated pairs"),
        ("Ann 1 2\nAnn 1 1\n", "line 2: an image would be compared with itself"),
        ("Ann 1 Ann 2\n", "line 1: a non-mated pair names one person twice"),
        ("Ann 1 2\nAnn one 2\n", "line 2: expected a number"),
        ("Ann 0 2\n", "line 1: expected a number"),
        ("Ann 1\n", "line 1: expected `name i j`"),
        ("../etc 1 2\n", "plain name of a folder"),
        ("Ann 1 a/../../b 2\n", "plain name of a folder"),
        (".. 1 2\n", "plain name of a folder"),
        ("C:\\x 1 2\n", "plain name of a folder"),
        ("A\x00nn 1 2\n", "plain name of a folder"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(text, words):
    """Also names that would lead out of the folder of images."""
    with pytest.raises(InvalidInput, match=words.replace("(", r"\(")):
        parse_pairs(text)


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_is_refused(text):
    """Nothing else ever happens, and no accepted name can leave the folder."""
    try:
        found = parse_pairs(text)
    except InvalidInput:
        return
    assert all("/" not in person and person not in {".", ".."} for person in found.people)


def test_a_missing_image_is_named_with_its_line(tmp_path):
    """The person who wrote the list needs the line; the file that is there is found."""
    (tmp_path / "Ann").mkdir()
    (tmp_path / "Ann" / "Ann_0001.jpg").touch()
    (tmp_path / "Ann" / "Ann_0003.png").touch()
    listed = parse_pairs("Ann 1 3\n")
    assert [path.name for path in listed_images(tmp_path, listed).values()] == ["Ann_0001.jpg", "Ann_0003.png"]
    with pytest.raises(InvalidInput, match=r"line 2: no image Ann/Ann_0002\.jpg"):
        listed_images(tmp_path, parse_pairs("Ann 1 3\nAnn 1 2\n"))


def test_every_image_of_a_person_is_found_and_a_misnamed_one_refused(tmp_path):
    """A file that is not named after its folder may be anybody."""
    (tmp_path / "Ann").mkdir()
    for name in ("Ann_0002.jpg", "Ann_0001.jpg", "notes.txt"):
        (tmp_path / "Ann" / name).touch()
    assert [str(image) for image in images_of(tmp_path, {"Ann"})] == ["Ann_0001", "Ann_0002"]
    (tmp_path / "Ann" / "Bob_0001.jpg").touch()
    with pytest.raises(InvalidInput, match=r"expected Ann_0001\.jpg"):
        images_of(tmp_path, {"Ann"})
    with pytest.raises(InvalidInput, match="no images"):
        images_of(tmp_path, {"Cy"})


def test_no_photograph_of_a_folder_is_left_out_in_silence(tmp_path):
    """A link that leads nowhere is listed, and found to be unreadable where it is read; a name that no report can hold is refused."""
    (tmp_path / "day.jpg").mkdir()
    (tmp_path / "day.jpg" / "a.PNG").touch()
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere")
    assert list(photos_in(tmp_path)) == ["day.jpg/a.PNG", "lost.jpg"]
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/ren\xe9.jpg")).touch()
    with pytest.raises(InvalidInput, match=r"not UTF-8: rename b'ren\\xe9\.jpg'"):
        photos_in(tmp_path)


def test_a_list_that_cannot_be_read_is_refused_by_its_path(tmp_path):
    """Missing, or not text."""
    with pytest.raises(InvalidInput, match="No such file"):
        read_pairs(tmp_path / "none.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_pairs(tmp_path / "binary.txt")
