"""Populations of templates to search in: unit vectors drawn at random, or with the mean and covariance of real ones."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.values import Floats

LEAST_PEOPLE: Final = 600
"""Real templates that a covariance of 512 numbers needs at least; fewer leave most directions unseen."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """A distribution of unit vectors (d,). mean: float32 (d,); spread: float32 (d, d), or None for none in particular."""

    name: str
    mean: Floats
    spread: Floats | None

    def draw(self, n: int, generator: np.random.Generator) -> Floats:
        """So many templates, float32 (n, d), of length 1."""
        return _unit(self._deviations(n, generator) + self.mean)

    def probes(self, references: Floats, cosine: float, generator: np.random.Generator) -> Floats:
        """A mated probe for each reference (n, d): c x + sqrt(1 - c^2) noise, the noise orthogonal and of length 1.

        The noise varies as the population does, so that a probe strays towards other people and not into directions where
        nobody is. That is the harder case, and the likelier one.
        """
        noise = self._deviations(len(references), generator)
        noise = _unit(noise - np.vecdot(noise, references)[:, None] * references)
        mixed: Floats = np.float32(cosine) * references + np.float32(np.sqrt(1 - cosine * cosine)) * noise
        return mixed

    def _deviations(self, n: int, generator: np.random.Generator) -> Floats:
        drawn: Floats = generator.standard_normal((n, self.mean.size), dtype=np.float32)
        return drawn if self.spread is None else drawn @ self.spread.T


def random_population(dimension: int) -> Population:
    """Every direction alike."""
    return Population("random", np.zeros(dimension, dtype=np.float32), None)


def real_population(templates: Floats) -> Population:
    """With the mean and covariance of these templates (n, d), one a person. Raises InvalidInput when they are too few."""
    if len(templates) < LEAST_PEOPLE:
        raise InvalidInput(f"{len(templates)} people are too few to estimate a covariance from: {LEAST_PEOPLE} or more")
    values, directions = np.linalg.eigh(np.cov(templates.T.astype(np.float64)))
    spread = directions * np.sqrt(np.maximum(values, 0.0))
    return Population("real", templates.mean(axis=0), spread.astype(np.float32))


def effective_dimension(templates: Floats) -> float:
    """Participation ratio of the covariance's eigenvalues: how many directions the templates (n, d) really use."""
    values = np.linalg.eigvalsh(np.cov(templates.T.astype(np.float64)))
    return float(values.sum() ** 2 / (values**2).sum())


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
