"""Comparisons made without any face: people as directions in space."""

import numpy as np

from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import ImageName


def templates_of(people, each=3, *, noise=0.6, seed=1, prefix="p", failures=()):
    """Templates of so many people, so many images each; positions in `failures` could not be acquired."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(people, 1, 32))
    vectors = (centres + noise * generator.normal(size=(people, each, 32))).reshape(-1, 32)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    images = tuple(ImageName(f"{prefix}{person:04d}", number) for person in range(people) for number in range(1, each + 1))
    vectors[list(failures)] = np.nan
    return Templates(
        images,
        vectors,
        tuple(f"{index:064x}" for index in range(len(images))),
        {images[index]: "no_face" for index in failures},
    )
