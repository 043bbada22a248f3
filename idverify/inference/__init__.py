"""The port to whatever runs the models. inference/onnx.py and inference/openvino.py implement it."""

from collections.abc import Mapping
from typing import Literal, Protocol

from idverify.values import Floats, Variant

Precision = Literal["native", "f32"]
OPENVINO: Mapping[str, Precision] = {"openvino": "native", "openvino-f32": "f32"}
"""The providers that OpenVINO is, and the precision of each; all others are ONNX Runtime's."""


class Engine(Protocol):
    """Runs the models of one verified pack."""

    @property
    def pack(self) -> str:
        """The pack and its variant, as tokens and reports spell them: NAME@DIGEST, followed by /accurate for that one."""
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
    def variant(self) -> Variant:
        """How the pack makes templates."""
        ...

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """Outputs of the model of that role, in the graph's order; axis 0 is the batch throughout. Safe from many threads."""
        ...

    def warm_up(self) -> None:
        """Run every model once, so that no caller waits for it. Raises Fault, or ModelRefused as it is loaded."""
        ...
