"""The Engine port over ONNX Runtime: the CPU, and CUDA, TensorRT, CoreML or DirectML where a build with them is installed."""

from collections.abc import Mapping
from importlib import metadata

import numpy as np
import onnxruntime

from idverify.errors import Fault, ModelRefused, ProviderUnavailable
from idverify.inference.contract import PackEngine, demand_batch, demand_finite, demand_graph
from idverify.inference.manifest import Model, Pack
from idverify.values import Floats

PROVIDERS: Mapping[str, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}

# Longer batches are cut. On a processor they gain nothing, since activations leave its caches (PAD: 6.0 ms a face alone, 9.8 in
# sixteens), and memory grows with them: 348 MB for four threads at four images, 483 MB at eight.
_MOST_AT_ONCE = 4
_MOST_AT_ONCE_ELSEWHERE = 64


class OnnxEngine(PackEngine):
    """Runs the models of one pack, loaded and checked when the object is made. Safe from many threads.

    provider: what must run; it is never replaced by another. threads: of one inference.
    Raises ProviderUnavailable when the provider is not active, ModelRefused when a file or a graph differs from the manifest.
    """

    def __init__(self, pack: Pack, *, provider: str = "cpu", threads: int = 1) -> None:
        refuse_mixed_install()
        if provider not in PROVIDERS:
            raise ProviderUnavailable(f"no provider named {provider!r}; there are {', '.join(PROVIDERS)}")
        if PROVIDERS[provider] not in onnxruntime.get_available_providers():
            raise ProviderUnavailable(
                f"provider {provider!r} was asked for and the installed ONNX Runtime does not have it; "
                "it needs its own build of ONNX Runtime, in an environment of its own"
            )
        super().__init__(pack)
        self._provider = provider
        self._sessions = {role: _session(model, provider, threads) for role, model in pack.models.items()}

    @property
    def provider(self) -> str:
        """What really runs, for example `onnxruntime 1.31.1 cpu`."""
        return f"onnxruntime {onnxruntime.__version__} {self._provider}"

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """Outputs of the model of that role for float32 (n, *shape of its contract), n >= 1, in the graph's order.

        Raises ValueError for a batch of another type or shape, Fault when the model fails or answers NaN or infinity.
        """
        contract = self._pack.models[model]
        demand_batch(contract, batch)
        most = _MOST_AT_ONCE if self._provider == "cpu" else _MOST_AT_ONCE_ELSEWHERE
        parts = [self._run(model, contract.input.name, batch[start : start + most]) for start in range(0, len(batch), most)]
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))

    def _run(self, model: str, name: str, batch: Floats) -> tuple[Floats, ...]:
        try:
            outputs = self._sessions[model].run(None, {name: np.ascontiguousarray(batch)})
        except Exception as error:  # ONNX Runtime's exceptions share no base of their own
            raise Fault(f"the {model} model failed: {type(error).__name__}") from error
        demand_finite(model, outputs)
        return tuple(outputs)


def refuse_mixed_install() -> None:
    """Raise ProviderUnavailable, naming them, when two builds of ONNX Runtime are installed over each other.

    pip installs both into one folder without a word, and what then runs is a mixture.
    """
    names = {distribution.name.lower().replace("_", "-") for distribution in metadata.distributions() if distribution.name}
    builds = sorted(name for name in names if name == "onnxruntime" or name in _OTHER_BUILDS)
    if len(builds) > 1:
        raise ProviderUnavailable(
            f"{' and '.join(builds)} are installed over each other; uninstall all of them, then install exactly one"
        )


_OTHER_BUILDS = frozenset(
    f"onnxruntime-{build}"
    for build in ("gpu", "openvino", "directml", "silicon", "training", "rocm", "migraphx", "qnn", "cann")
)


def _session(model: Model, provider: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The arena keeps the largest batch's memory for good and is no faster: 817 MB against 483 MB in the run above.
    options.enable_cpu_mem_arena = False
    if threads == 1:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    data = model.read()
    try:
        session = onnxruntime.InferenceSession(data, options, providers=[PROVIDERS[provider]])
    except Exception as error:  # as in run(): no common base
        raise ModelRefused(f"{model.role}: {model.path.name} does not load: {type(error).__name__}") from error
    session.disable_fallback()
    if PROVIDERS[provider] not in session.get_providers():
        raise ProviderUnavailable(f"provider {provider!r} was asked for, and {model.role} runs on {session.get_providers()}")
    taken = [(port.name, [size if isinstance(size, int) else None for size in port.shape[1:]]) for port in session.get_inputs()]
    if [port.type for port in session.get_inputs()] != ["tensor(float)"]:
        raise ModelRefused(f"{model.role}: the graph does not take one tensor of float32")
    demand_graph(model, taken, [given.name for given in session.get_outputs()])
    return session
