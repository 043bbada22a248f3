"""A template as bytes, for sealing: float32, little-endian, nothing else."""

import numpy as np

from idverify.errors import RecordTampered
from idverify.values import Template


def to_bytes(template: Template) -> bytes:
    """The vector's 4 d bytes; the model digest is kept beside them, under the same seal."""
    return template.vector.astype("<f4").tobytes()


def from_bytes(data: bytes, model_digest: str) -> Template:
    """The inverse of `to_bytes`. Raises RecordTampered unless it is a finite vector, not of zeros, of length 1 or less."""
    if not data or len(data) % 4:
        raise RecordTampered("a template record is malformed")
    vector = np.frombuffer(data, dtype="<f4").astype(np.float32)
    if not 0.0 < float(np.linalg.norm(vector)) <= 1.0 + 1e-3:
        raise RecordTampered("a template record is malformed")
    return Template(vector, model_digest)
