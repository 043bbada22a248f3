"""Templates are made once; a run that was cut short goes on; failures are counted."""

from types import SimpleNamespace

import numpy as np
import pytest

from idverify.errors import InvalidInput, NoFace
from idverify.evaluation import embeddings
from idverify.evaluation.embeddings import embed
from idverify.evaluation.pairs import ImageName


class CountingAcquirer:
    """Makes a vector of the file's first byte; finds no face in files that begin with 'x'. Stops at `limit` acquisitions."""

    def __init__(self, limit=None):
        self.seen = 0
        self.limit = limit

    def acquire(self, data):
        if self.seen == self.limit:
            raise KeyboardInterrupt
        self.seen += 1
        if data.startswith(b"x"):
            raise NoFace("no face")
        return SimpleNamespace(template=SimpleNamespace(vector=np.full(4, data[0], np.float32)))


def silent(_done, _total):
    """No progress is shown."""


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
    """A row of NaN, and the code of the error."""
    found = embed(images, CountingAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
    assert found.failures == {ImageName("ann", 3): "no_face"}
    assert np.isnan(found.vectors[2]).all()
    assert found.vectors[0].tolist() == [97.0] * 4


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(images, tmp_path, monkeypatch):
    """What had been saved is not acquired again, failures included, and the result is that of an unbroken run."""
    monkeypatch.setattr(embeddings, "SAVE_EVERY", 2)
    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        embed(images, CountingAcquirer(limit=5), cache=cache, made_by="m", progress=silent)
    second = CountingAcquirer()
    resumed = embed(images, second, cache=cache, made_by="m", progress=silent)
    assert second.seen == 2
    unbroken = embed(images, CountingAcquirer(), cache=tmp_path / "other", made_by="m", progress=silent)
    assert np.array_equal(resumed.vectors, unbroken.vectors, equal_nan=True)
    assert resumed.failures == unbroken.failures


def test_templates_of_other_models_are_never_reused(images, tmp_path):
    """The cache is keyed by whatever made it."""
    embed(images, CountingAcquirer(), cache=tmp_path / "cache", made_by="one model", progress=silent)
    again = CountingAcquirer()
    embed(images, again, cache=tmp_path / "cache", made_by="another model", progress=silent)
    assert again.seen == 6


def test_a_spoiled_cache_is_refused_by_its_path(images, tmp_path):
    """Neither trusted nor silently made again: it may be the wrong folder."""
    cache = tmp_path / "cache"
    embed(images, CountingAcquirer(), cache=cache, made_by="m", progress=silent)
    next(cache.glob("*.npz")).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InvalidInput, match="delete it"):
        embed(images, CountingAcquirer(), cache=cache, made_by="m", progress=silent)


def test_when_every_acquisition_fails_there_is_nothing_to_measure(tmp_path):
    """Better than rates of zeros."""
    path = tmp_path / "1.jpg"
    path.write_text("x")
    with pytest.raises(InvalidInput, match="no face"):
        embed({ImageName("ann", 1): path}, CountingAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
