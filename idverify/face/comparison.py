"""Comparison scores (step 8): the cosine of two templates, -1..1. All vectors are unit vectors (face.embedding.fuse)."""

import numpy as np

from idverify.values import Floats


def compare(probe: Floats, reference: Floats) -> float:
    """Score of two vectors (d,)."""
    return float(np.dot(probe, reference))


def compare_pairs(probes: Floats, references: Floats) -> Floats:
    """Scores of n pairs, row by row: (n, d), (n, d) -> (n,)."""
    scores: Floats = np.einsum("nd,nd->n", probes, references)
    return scores


def compare_many(probes: Floats, references: Floats) -> Floats:
    """Scores of all with all, or of one with many: (n, d), (m, d) -> (n, m)."""
    scores: Floats = probes @ references.T
    return scores
