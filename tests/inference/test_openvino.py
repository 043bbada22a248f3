"""OpenVINO runs what was asked for in the precision that was asked for, or does not start."""

import os
import platform
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from idverify.api.app import load_engine
from idverify.errors import ProviderUnavailable
from idverify.inference.manifest import default_models_folder, describe_pack

openvino = (
    pytest.importorskip("openvino")
    if platform.machine() in {"x86_64", "AMD64"}
    else pytest.skip("OpenVINO is part of the installation on x86 only", allow_module_level=True)
)

from idverify.inference.openvino import OpenVinoEngine, fuse_prelu  # noqa: E402


def prelu_as_convolutions(slope: np.ndarray, minus: float = -1.0) -> onnx.ModelProto:
    """A graph that spells PRelu as the pack does, with this slope a channel."""
    channels = len(slope)
    constants = [
        numpy_helper.from_array(np.full((channels, 1, 1, 1), minus, np.float32), "minus"),
        numpy_helper.from_array((1 - slope).reshape(-1, 1, 1, 1).astype(np.float32), "rest"),
    ]
    depthwise = {"group": channels, "kernel_shape": [1, 1]}
    nodes = [
        helper.make_node("Conv", ["input", "minus"], ["negated"], **depthwise),
        helper.make_node("Relu", ["negated"], ["below"]),
        helper.make_node("Conv", ["below", "rest"], ["lifted"], **depthwise),
        helper.make_node("Add", ["lifted", "input"], ["output"]),
    ]
    shape = ["batch", channels, 5, 5]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("input", "output")]
    graph = helper.make_graph(nodes, "prelu", values[:1], values[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def run(graph, x: np.ndarray) -> np.ndarray:
    """The graph's one output, in float32."""
    return openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0]


def operations(graph) -> list[str]:
    """Names of what the graph computes, in order."""
    return [node.get_type_name() for node in graph.get_ordered_ops()]


def test_prelu_spelled_as_convolutions_becomes_prelu_and_stays_the_same_function():
    """For slopes below 0 and above 1 too."""
    slope = np.array([0.25, -0.5, 0.0, 1.0, 1.7], np.float32)
    graph = openvino.Core().read_model(prelu_as_convolutions(slope).SerializeToString(), b"")
    graph.reshape([1, 5, 5, 5])
    x = np.random.default_rng(3).normal(size=(1, 5, 5, 5)).astype(np.float32)
    fuse_prelu(graph)
    assert "PRelu" in operations(graph)
    assert not {"GroupConvolution", "Relu"} & set(operations(graph))
    np.testing.assert_allclose(run(graph, x), np.where(x < 0, x * slope.reshape(-1, 1, 1), x), atol=1e-6)


def test_what_only_looks_like_prelu_is_left_alone():
    """Another factor than -1 in the first convolution is another function."""
    graph = openvino.Core().read_model(prelu_as_convolutions(np.full(4, 0.25, np.float32), -2.0).SerializeToString(), b"")
    graph.reshape([1, 4, 5, 5])
    x = np.random.default_rng(3).normal(size=(1, 4, 5, 5)).astype(np.float32)
    before = run(graph, x)
    fuse_prelu(graph)
    assert "PRelu" not in operations(graph)
    np.testing.assert_allclose(run(graph, x), before, atol=1e-6)


@pytest.mark.parametrize("role", ["embedding", "pad"])
def test_every_prelu_of_the_pack_is_found_again(role):
    """33 in either model; one missed costs time and bfloat16's rounding twice."""
    data = describe_pack(default_models_folder(), "default").models[role].read()
    graph = openvino.Core().read_model(data, b"")
    fuse_prelu(graph)
    assert operations(graph).count("PRelu") == 33


SCRIPT = """
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.inference.openvino import OpenVinoEngine
try:
    print(OpenVinoEngine(describe_pack(default_models_folder(), "default"), precision={precision!r}).provider)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif("BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"), reason="no bfloat16 here")
def test_a_precision_that_the_processor_may_not_use_is_an_error_and_not_another_precision():
    """With its instructions held to AVX2, OpenVINO still announces bfloat16; nothing may then run in float32 unasked."""
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    said = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT.format(precision=precision)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for precision in ("native", "f32")
    ]
    assert said[0].startswith("ProviderUnavailable")
    assert "IDVERIFY_PROVIDER=openvino-f32" in said[0]
    assert said[1].strip().endswith("cpu f32")


def test_without_openvino_the_error_says_what_to_do(monkeypatch):
    """On x86 it is the default, so that this is what a mutilated installation sees."""
    monkeypatch.setitem(sys.modules, "idverify.inference.openvino", None)
    with pytest.raises(ProviderUnavailable, match=r"not installed: pip install openvino, or set IDVERIFY_PROVIDER=cpu"):
        load_engine(describe_pack(default_models_folder(), "default"), "openvino")


def test_a_caller_gets_its_replica_back_into_the_queue_after_a_failure(monkeypatch):
    """Otherwise one bad inference would stop the service for good."""
    pack = describe_pack(default_models_folder(), "default")
    engine = OpenVinoEngine(pack, callers=1)
    batch = np.zeros((1, 1, 24, 24), np.float32)
    with monkeypatch.context() as broken:
        broken.setattr("idverify.inference.openvino._Replica.run", lambda *_: 1 / 0)
        with pytest.raises(Exception, match="eyes model failed: ZeroDivisionError"):
            engine.run("eyes", batch)
    assert engine.run("eyes", batch)[0].shape == (1, 2)
