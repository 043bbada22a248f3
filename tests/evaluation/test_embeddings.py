"""Templates of all images; failures are counted."""

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.embeddings import embed
from idverify.evaluation.pairs import ImageName

from .fakes import LetterAcquirer, silent


@pytest.fixture
def images(tmp_path):
    """Six images, the third without a face."""
    found = {}
    for number, text in enumerate(["a", "b", "x", "c", "d", "e"], start=1):
        path = tmp_path / f"{number}.jpg"
        path.write_text(text)
        found[ImageName("ann", number)] = path
    return found


def test_failures_stay_in_the_count_by_their_code(images, tmp_path):
    """A row of NaN, no quality, and the code of the error."""
    found = embed(images, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
    assert found.failures == {ImageName("ann", 3): "no_face"}
    assert np.isnan(found.vectors[2]).all()
    assert found.vectors[0].tolist() == [97.0] * 4
    assert np.isnan(found.qualities).tolist() == [False, False, True, False, False, False]


def test_a_part_of_the_templates_keeps_their_order_and_its_own_failures(images, tmp_path):
    """What two lists share a run of acquisition for."""
    found = embed(images, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
    part = found.only({image: path for image, path in images.items() if image.number > 3})
    assert [image.number for image in part.images] == [4, 5, 6]
    assert part.vectors[:, 0].tolist() == [99.0, 100.0, 101.0]
    assert (part.failures, part.digests) == ({}, found.digests[3:])


def test_when_every_acquisition_fails_there_is_nothing_to_measure(tmp_path):
    """Better than rates of zeros."""
    path = tmp_path / "1.jpg"
    path.write_text("x")
    with pytest.raises(InvalidInput, match="no face"):
        embed({ImageName("ann", 1): path}, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
