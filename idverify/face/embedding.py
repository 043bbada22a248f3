"""Templates from aligned faces (step 7)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.errors import FailureToAssess
from idverify.values import EmbeddingContract, Floats, Pixels


def prepare(aligned: Pixels, contract: EmbeddingContract) -> Floats:
    """The model's input under its contract: uint8 (n, 112, 112, 3) BGR -> float32 (n, 3, 112, 112)."""
    ordered = aligned if contract.colour == "BGR" else aligned[..., ::-1]
    batch = ordered.transpose(0, 3, 1, 2).astype(np.float32, order="C")
    batch -= contract.mean
    batch /= contract.scale
    return batch


def mirrored(batch: Floats) -> Floats:
    """The model's input (n, 3, size, size) and behind it the same faces as a mirror shows them: (2 n, 3, size, size)."""
    return np.concatenate([batch, batch[..., ::-1]])


def fuse(outputs: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """One template of all that was embedded of one face: a unit vector (d1 + d2 + ...,).

    outputs: of each embedder its vectors (views, d) of that face, not normalised; weights: one an embedder, above 0. Views are
    brought to length 1 and summed; these sums are brought to length 1, weighted and concatenated, so that the cosine of two
    templates is the mean of the embedders' cosines, each weighing its weight squared: fusion of scores by a weighted sum
    (Ross and Jain, 'Information fusion in biometrics', Pattern Recognition Letters 24, 2003).
    Raises FailureToAssess for a vector that is not finite or is zero, as also the sum of opposite views is.
    """
    parts = [
        weight * _unit(_unit(vectors).sum(axis=0, keepdims=True)) for vectors, weight in zip(outputs, weights, strict=True)
    ]
    template: Floats = _unit(np.concatenate(parts, axis=1))[0].astype(np.float32)
    return template


def reference_vector(templates: Floats) -> Floats:
    """The reference of several photographs of one person, oldest first: unit vectors (n, d), n >= 1 -> (d,), no longer than 1.

    The oldest weighs as much as all others together. It is not brought to length 1: a probe's score against it is the mean of
    its score against the oldest and of its mean score against the others (fusion by the sum rule: Kittler et al., 'On combining
    classifiers', IEEE PAMI 20, 1998), for which a threshold calibrated on one photograph holds; stretched to length 1 it let
    twice as many strangers pass. Where all weighed the same, four blends of two people outweighed the one photograph that was
    proven; this way any number of them weighs as much as one, and honest people lost nothing that could be measured
    (docs/decisions/0007-accuracy.md). `idverify bench accuracy --references` measures this very function.
    """
    oldest: Floats = templates[0]
    if len(templates) == 1:
        return oldest
    reference: Floats = (oldest + templates[1:].mean(axis=0)) / 2
    return reference


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (lengths > 1e-6).all():
        raise FailureToAssess("the model made no template of this face")
    unit: NDArray[np.float64] = rows / lengths
    return unit
