"""What every engine says of the pack that it runs, and holds its callers and its models to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from idverify.errors import Fault, ModelRefused
from idverify.inference.manifest import Model, Pack
from idverify.values import Floats, Variant


class PackEngine(ABC):
    """The part of the Engine port that is the same whatever runs the models: which they are."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    @property
    def pack(self) -> str:
        """The pack as NAME@DIGEST, and its variant."""
        return self._pack.running

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256, hex, of each model's file, by role."""
        return {role: model.sha256 for role, model in self._pack.models.items()}

    @property
    def variant(self) -> Variant:
        """How the pack makes templates."""
        return self._pack.variant

    @abstractmethod
    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """As the port has it."""

    def warm_up(self) -> None:
        """Run every model once on zeros: the first run allocates, and shows a graph that loads and cannot run.

        Raises Fault, or ModelRefused where an output is not the manifest's.
        """
        for role, model in self._pack.models.items():
            outputs = self.run(role, np.zeros((1, *model.input.shape), dtype=np.float32))
            found = [output.shape[1:] for output in outputs]
            if found != [output.shape for output in model.outputs]:
                raise ModelRefused(f"{role}: the graph gives {found}, not what the manifest states")


def demand_batch(model: Model, batch: Floats) -> None:
    """Raise ValueError unless the batch is float32 (n, *shape of the model's input), n >= 1."""
    if batch.dtype != np.float32 or batch.shape[1:] != model.input.shape or not len(batch):
        shape = ", ".join(map(str, model.input.shape))
        raise ValueError(f"{model.role} takes float32 (n, {shape}), not {batch.dtype} {batch.shape}")


def demand_finite(role: str, outputs: Sequence[Floats]) -> None:
    """Raise Fault where an output has NaN or infinity.

    Every comparison with NaN is false: one that got through would pass each check that is written the other way round. Some ten
    microseconds for the detector, whose output is the largest.
    """
    if not all(np.isfinite(output).all() for output in outputs):
        raise Fault(f"the {role} model answered with numbers that are not finite")


def demand_graph(model: Model, taken: Sequence[tuple[str, Sequence[int | None]]], given: Sequence[str]) -> None:
    """Raise ModelRefused unless the graph takes and gives what the manifest states.

    taken: name and sizes behind the batch axis of each input, None for a size that the graph leaves open. given: output names.
    """
    wanted = [(model.input.name, model.input.shape)]
    fits = len(taken) == 1 and taken[0][0] == model.input.name and len(taken[0][1]) == len(model.input.shape)
    fits = fits and all(size in {None, stated} for size, stated in zip(taken[0][1], model.input.shape, strict=True))
    if not fits or list(given) != [out.name for out in model.outputs]:
        raise ModelRefused(f"{model.role}: the graph takes {taken} and gives {given}, where the manifest states {wanted}")
