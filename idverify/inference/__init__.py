"""The port to whatever runs the models. inference/onnx.py implements it; a second engine will stand beside it."""

from collections.abc import Mapping
from typing import Protocol

from idverify.values import EmbeddingContract, Floats


class Engine(Protocol):
    """Runs the models of one verified pack."""

    @property
    def pack(self) -> str:
        """The pack as NAME@DIGEST, as tokens, reports and IDVERIFY_ACCEPT_MODEL spell it."""
        ...

    @property
    def provider(self) -> str:
        """What really runs, for example `onnxruntime 1.31.1 cpu`."""
        ...

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256, hex, of each model's file, by role (detection, landmarks, embedding, pad, pose, eyes)."""
        ...

    @property
    def embedding_contract(self) -> EmbeddingContract:
        """What the pack's embedder takes and gives."""
        ...

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """Outputs of the model of that role, in the graph's order; axis 0 is the batch throughout. Safe from many threads."""
        ...
