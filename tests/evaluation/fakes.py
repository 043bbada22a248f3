"""Comparisons made without any face: people as directions in space."""

from types import SimpleNamespace

import numpy as np

from idverify.errors import NoFace
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import ImageName
from idverify.values import Component, Quality


def templates_of(people, each=3, *, noise=0.6, seed=1, prefix="p", failures=()):
    """Templates of so many people, so many images each; positions in `failures` could not be acquired."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(people, 1, 32))
    vectors = (centres + noise * generator.normal(size=(people, each, 32))).reshape(-1, 32)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    images = tuple(ImageName(f"{prefix}{person:04d}", number) for person in range(people) for number in range(1, each + 1))
    vectors[list(failures)] = np.nan
    qualities = generator.integers(0, 101, len(images)).astype(np.float32)
    qualities[list(failures)] = np.nan
    return Templates(
        images,
        vectors,
        tuple(f"{index:064x}" for index in range(len(images))),
        {images[index]: "no_face" for index in failures},
        qualities,
    )


class LetterAcquirer:
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
        quality = Quality((Component("sharpness", 1.0, data[0] - 60), Component("eyes_open", 1.0, 100)))
        template = SimpleNamespace(vector=np.full(4, data[0], np.float32))
        return SimpleNamespace(template=template, quality=quality, pad_score=None if data.startswith(b"n") else data[0] / 200)


def silent(_done, _total):
    """No progress is shown."""
