"""Templates from aligned faces (step 7)."""

import numpy as np

from idverify.errors import FailureToAssess
from idverify.values import EmbeddingContract, Floats, Pixels


def prepare(aligned: Pixels, contract: EmbeddingContract) -> Floats:
    """The model's input under its contract: uint8 (n, 112, 112, 3) BGR -> float32 (n, 3, 112, 112)."""
    ordered = aligned if contract.colour == "BGR" else aligned[..., ::-1]
    batch = ordered.transpose(0, 3, 1, 2).astype(np.float32, order="C")
    batch -= contract.mean
    batch /= contract.scale
    return batch


def parse(output: Floats) -> Floats:
    """Unit vectors (n, d) from the model's output (n, d). Raises FailureToAssess for a row that is not finite or is zero."""
    rows = output.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (lengths > 1e-6).all():
        raise FailureToAssess("the model made no template of this face")
    vectors: Floats = (rows / lengths).astype(np.float32)
    return vectors
