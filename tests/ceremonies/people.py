"""Simulated people with several photographs, and installations that search for duplicates among them."""

import hashlib
from dataclasses import replace

import numpy as np

from idverify.ceremonies.duplicate_index import DuplicateIndex
from idverify.decision.policy import Policy
from idverify.values import Probe, Template

from .conftest import MODEL, SimulatedAcquirer

POLICY = Policy(
    name="strict",
    threshold=0.5,
    target_fmr=1e-6,
    fmr=0.0,
    fmr_high=1e-6,
    fnmr=0.01,
    fnmr_high=0.02,
    n_mated=1000,
    n_non_mated=10**7,
    people=5000,
    calibrated_on="simulated people",
    calibration_digest="0" * 64,
    model_digest=MODEL,
    reason="a test",
)
"""Holds an FPIR of 1e-3 among 1,000 references."""


def unit(seed: bytes, dimension: int = 512) -> np.ndarray:
    """A unit vector that depends on the seed alone."""
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(seed).digest()[:4], "big"))
    vector = random.standard_normal(dimension).astype(np.float32)
    return vector / np.linalg.norm(vector)


class PeopleAcquirer(SimulatedAcquirer):
    """`NAME/ANYTHING` is a photograph of NAME: two of one person score about 0.8, two of two people about 0."""

    def acquire(self, data: bytes) -> Probe:
        """See idverify.acquisition.Acquirer."""
        probe = super().acquire(data)
        model = self.embedding_digest.encode()
        vector = 0.9 * unit(model + data.partition(b"/")[0]) + 0.435 * unit(model + data)
        return replace(probe, template=Template(vector / np.linalg.norm(vector), self.embedding_digest))


def searching(parts, mode="warn", *, file=None, policy=POLICY):
    """The installation as a worker of its own, with an index of its own; it searches for duplicates in that mode."""
    model = parts.acquirer.embedding_digest
    return replace(
        parts,
        acquirer=PeopleAcquirer(model),
        policies={policy.name: replace(policy, model_digest=model)},
        duplicates=DuplicateIndex(mode, model, 512),
        gallery_file=file,
    )
