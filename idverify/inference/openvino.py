"""The Engine port over OpenVINO on x86 processors: the same ONNX files, and bfloat16 where the processor computes in it.

Measured, one core: docs/decisions/0004-fast-path.md, which also has what bfloat16 does to scores. A batch is run image by
image: on a processor a batch gains nothing, and graphs of one fixed shape are the fastest.
"""

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

import numpy as np
import openvino
from openvino import opset13
from openvino.passes import ConstantFolding, Manager
from openvino.utils import replace_node

from idverify.errors import Fault, ModelRefused, ProviderUnavailable
from idverify.inference import Precision
from idverify.inference.contract import PackEngine, demand_batch, demand_finite, demand_graph
from idverify.inference.manifest import Model, Pack
from idverify.values import Floats

# The roles that may run in less than float32. Elsewhere bfloat16 changes what is seen (benchmarks/equivalence.py): landmarks,
# boxes move the crop, and with it the template (1st percentile of the cosine 0.9945); PAD outcomes flip in 0.4 % of NUAA.
REDUCED: Final = frozenset({"embedding"})


class OpenVinoEngine(PackEngine):
    """Runs the models of one pack, loaded and checked when the object is made. Safe from many threads.

    precision: `native` is bfloat16 for the roles of REDUCED where the processor has instructions for it (AMX or AVX-512 BF16),
    and float32 elsewhere; `f32` is float32 everywhere. callers: threads that may run one model at one time; further ones wait.
    threads: of one inference. Raises ProviderUnavailable when the processor cannot run what was asked for, ModelRefused when
    a file or a graph differs from the manifest.
    """

    def __init__(self, pack: Pack, *, precision: Precision = "native", callers: int = 1, threads: int = 1) -> None:
        core = openvino.Core()
        if "CPU" not in core.available_devices:
            raise ProviderUnavailable("provider 'openvino' was asked for, and OpenVINO has no CPU device here")
        native = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
        self._precision = native if precision == "native" else "f32"
        super().__init__(pack)
        self._idle: dict[str, SimpleQueue[_Replica]] = {}
        for role, model in pack.models.items():
            graph = _graph(core, model)
            self._idle[role] = SimpleQueue()
            # A replica a caller, and not one model with streams: streams hand the work to another thread and, measured,
            # two callers of two streams took turns. A replica of all models takes some 60 MB.
            for _ in range(callers):
                self._idle[role].put(_compiled(core, role, graph, self._precision if role in REDUCED else "f32", threads))

    @property
    def provider(self) -> str:
        """What really runs, for example `openvino 2026.4.1 cpu f32, embedding bf16`."""
        reduced = f", {' and '.join(sorted(REDUCED))} {self._precision}" if self._precision != "f32" else ""
        return f"openvino {openvino.get_version().split('-')[0]} cpu f32{reduced}"

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """Outputs of the model of that role for float32 (n, *shape of its contract), n >= 1, in the graph's order.

        Raises ValueError for a batch of another type or shape, Fault when the model fails or answers NaN or infinity.
        """
        demand_batch(self._pack.models[model], batch)
        idle = self._idle[model]
        replica = idle.get()
        try:
            parts = [replica.run(image) for image in batch]
        except Exception as error:  # OpenVINO raises RuntimeError for all there is, and documents no list
            raise Fault(f"the {model} model failed: {type(error).__name__}") from error
        finally:
            idle.put(replica)
        outputs = parts[0] if len(parts) == 1 else tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))
        demand_finite(model, outputs)
        return outputs


@dataclass(frozen=True, slots=True)
class _Replica:
    """A compiled model with its own buffers, for one caller at a time."""

    request: openvino.InferRequest
    taken: Floats
    given: tuple[Floats, ...]

    def run(self, image: Floats) -> tuple[Floats, ...]:
        """Outputs (1, *shape) for one image (*shape)."""
        self.taken[0] = image
        self.request.infer()
        return tuple(output.copy() for output in self.given)


def _graph(core: openvino.Core, model: Model) -> openvino.Model:
    data = model.read()
    try:
        graph = core.read_model(data, b"")
        taken = [
            (port.any_name, [size.get_length() if size.is_static else None for size in port.partial_shape][1:])
            for port in graph.inputs
        ]
        demand_graph(model, taken, [port.any_name for port in graph.outputs])
        graph.reshape([1, *model.input.shape])
        fuse_prelu(graph)
    except ModelRefused:
        raise
    except Exception as error:  # as in run(): RuntimeError for all there is
        raise ModelRefused(f"{model.role}: {model.path.name} does not load: {type(error).__name__}") from error
    return graph


def _compiled(core: openvino.Core, role: str, graph: openvino.Model, precision: str, threads: int) -> _Replica:
    hints = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    }
    try:
        compiled = core.compile_model(graph, "CPU", hints)
        request = compiled.create_infer_request()
    except Exception as error:  # as above
        raise ProviderUnavailable(
            f"OpenVINO cannot run {role} in {precision} on this processor "
            "(ONEDNN_MAX_CPU_ISA below AVX512_CORE_BF16 needs IDVERIFY_PROVIDER=openvino-f32)"
        ) from error
    runs = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if runs != precision:
        raise ProviderUnavailable(f"{precision} was asked of OpenVINO, and {role} runs in {runs}")
    given = tuple(request.get_output_tensor(index).data for index in range(len(compiled.outputs)))
    return _Replica(request, request.get_input_tensor().data, given)


def fuse_prelu(graph: openvino.Model) -> None:
    """Spell x + (1-s)*Relu(-x), which is how the pack spells PRelu for ONNX Runtime, as PRelu again.

    OpenVINO fuses PRelu into the convolution before it. What is not of that form is left as it is.
    """
    manager = Manager()
    manager.register_pass(ConstantFolding())
    manager.run_passes(graph)
    for node in graph.get_ordered_ops():
        if node.get_type_name() != "Add":
            continue
        lifted, x = node.input_value(0).get_node(), node.input_value(1)
        below = _input_of(lifted, "GroupConvolution")
        negated = _input_of(below, "Relu")
        if negated is None or _input_of(negated, "GroupConvolution") is None or negated.input_value(0) != x:
            continue
        rest, minus = (one.input_value(1).get_node() for one in (lifted, negated))
        if {rest.get_type_name(), minus.get_type_name()} == {"Constant"} and np.all(minus.get_data() == -1):
            slope = 1 - rest.get_data().reshape(-1)
            replace_node(node, opset13.prelu(x, opset13.constant(slope)))


def _input_of(node: openvino.Node | None, kind: str) -> openvino.Node | None:
    """The node before this one, if this one is of that kind."""
    if node is None or node.get_type_name() != kind:
        return None
    source: openvino.Node = node.input_value(0).get_node()
    return source
