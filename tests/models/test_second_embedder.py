"""The second embedder that an operator adds: converted exactly or not at all, and fused by the pack's accurate variant."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from idverify.acquisition import Acquirer
from idverify.errors import InvalidInput, ModelRefused
from idverify.inference.added_packs import Licence, install
from idverify.inference.manifest import (
    MANIFEST,
    Input,
    Output,
    default_models_folder,
    describe_pack,
    load_pack,
    require_accepted,
)
from idverify.inference.onnx import OnnxEngine
from tests.models.test_models_command import embedder

ROOT = Path(__file__).resolve().parents[2]
ACCURATE = [
    {"role": "embedding", "weight": 1.0, "mirrored": True},
    {"role": "second_embedding", "weight": 0.5, "mirrored": True},
]


@pytest.fixture(scope="module")
def script(build_pack):
    """models/build_second_embedder.py, which imports its neighbour by name."""
    path = ROOT / "models" / "build_second_embedder.py"
    spec = importlib.util.spec_from_file_location("build_second_embedder", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def converted(batch: int = 2) -> onnx.ModelProto:
    """A small graph as tf2onnx writes TensorFlow Lite's: channels last, a fixed batch, PRelu in five pieces."""
    random = np.random.default_rng(4)
    weights = {"kernel": random.normal(size=(4, 3, 3, 3)), "half": random.normal(size=(1, 4, 1, 1))}
    nodes = [
        helper.make_node("Transpose", ["taken"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "kernel"], ["x"], kernel_shape=[3, 3], strides=[2, 2]),
        helper.make_node("Relu", ["x"], ["above"]),
        helper.make_node("Abs", ["x"], ["size"]),
        helper.make_node("Sub", ["x", "size"], ["difference"]),
        helper.make_node("Mul", ["difference", "half"], ["below"]),
        helper.make_node("Add", ["above", "below"], ["active"]),
        helper.make_node("Reshape", ["active", "shape"], ["given"]),
    ]
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    constants.append(numpy_helper.from_array(np.array([batch, 36], np.int64), "shape"))
    taken = helper.make_tensor_value_info("taken", TensorProto.FLOAT, [batch, 8, 8, 3])
    given = helper.make_tensor_value_info("given", TensorProto.FLOAT, [batch, 36])
    graph = helper.make_graph(nodes, "converted", [taken], [given], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto, batch: np.ndarray) -> np.ndarray:
    """The graph's one answer."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})[0]


def test_the_rebuilt_graph_answers_as_the_converted_one_for_any_batch(script, build_pack, monkeypatch) -> None:
    """Planes first, PRelu in one piece and then as the pack spells it, a batch of any size; no piece is left behind."""
    monkeypatch.setattr(script, "PRELU", 1)
    before = converted()
    after = onnx.load_from_string(script.rebuild(converted().SerializeToString()))
    assert {node.op_type for node in after.graph.node} == {"Conv", "Relu", "Add", "Reshape"}
    faces = np.random.default_rng(1).normal(size=(6, 8, 8, 3)).astype(np.float32)
    expected = np.concatenate([run(before, faces[start : start + 2]) for start in (0, 2, 4)])
    for batch in (slice(0, 1), slice(0, 3), slice(0, 6)):
        np.testing.assert_allclose(run(after, faces.transpose(0, 3, 1, 2)[batch]), expected[batch], rtol=0, atol=1e-5)


def test_the_same_weights_under_other_names_and_in_another_order_come_out_the_same(script, build_pack, monkeypatch) -> None:
    """The converter names by hashes that differ from run to run; a digest that did would part templates that belong together."""
    monkeypatch.setattr(script, "PRELU", 1)
    first, second = converted(), converted()
    for node in second.graph.node:
        node.input[:] = [name if name == "taken" else f"other/{name}" for name in node.input]
        node.output[:] = [f"other/{name}" for name in node.output]
    for value in (*second.graph.initializer, *second.graph.output):
        value.name = f"other/{value.name}"
    held = list(second.graph.initializer)[::-1]
    copies = [onnx.TensorProto.FromString(one.SerializeToString()) for one in held]
    del second.graph.initializer[:]
    second.graph.initializer.extend(copies)
    assert script.rebuild(first.SerializeToString()) == script.rebuild(second.SerializeToString())


def test_a_graph_of_another_form_is_not_rebuilt(script) -> None:
    """Another number of PRelu, or a batch that is not TensorFlow Lite's: the script stops, and guesses nothing."""
    with pytest.raises(SystemExit, match="1 PRelu where 33"):
        script.rebuild(converted().SerializeToString())
    with pytest.raises(SystemExit, match="batch axis"):
        script.rebuild(converted(batch=1).SerializeToString())


def test_a_tarball_with_another_digest_is_refused(script) -> None:
    """Before anything in it is read."""
    with pytest.raises(SystemExit, match="SHA-256"):
        script.source(b"not the package")


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """The default pack with a small graph as its second embedder; it stands for weights that may not be shipped."""
    first = load_pack(default_models_folder(), "default").models["embedding"]
    contract = Input("input.1", (3, 112, 112), "RGB", (127.5,), (128.0,))
    model = replace(first, role="second_embedding", input=contract, outputs=(Output("683", (192,), "a vector"),))
    folder = tmp_path_factory.mktemp("added") / "models"
    licence = Licence("words of its package", "unverified", "a package")
    install("two", folder, {"second_embedding": (model, embedder(dimension=192))}, licence, ACCURATE)
    return folder


def test_a_pack_with_two_embedders_fuses_them_in_its_accurate_variant_alone(added, samples) -> None:
    """Both mirrored, the second one weighing a half; the fast variant is the default pack's own."""
    shipped = describe_pack(default_models_folder(), "default")
    fast, accurate = (describe_pack(added, "two", name) for name in ("fast", "accurate"))
    assert fast.variant.digest == shipped.variant.digest
    assert accurate.variant.digest not in {variant.digest for variant in shipped.variants.values()}
    portrait = (samples / "obama.jpg").read_bytes()
    fused, mirrored = (
        Acquirer(OnnxEngine(pack)).acquire(portrait).template
        for pack in (accurate, describe_pack(default_models_folder(), "default", "accurate"))
    )
    assert fused.vector.shape == (704,)
    assert fused.model_digest == accurate.variant.digest
    np.testing.assert_allclose(fused.vector[:512] * np.sqrt(1.25), mirrored.vector, atol=1e-5)
    assert np.linalg.norm(fused.vector[512:]) == pytest.approx(0.5 / np.sqrt(1.25), abs=1e-5)


def test_an_added_second_embedder_is_accepted_by_name_and_digest_like_any_other(added) -> None:
    """And never over a pack that is there."""
    pack = describe_pack(added, "two", "accurate")
    assert "words of its package" in pack.licence
    with pytest.raises(ModelRefused, match=f"IDVERIFY_ACCEPT_MODEL={pack.spelled}"):
        require_accepted(pack, frozenset({describe_pack(default_models_folder(), "default").spelled}), dev=False)
    before = (added / MANIFEST).read_bytes()
    with pytest.raises(InvalidInput, match="already"):
        install("two", added, {}, Licence("", "no", ""))
    assert (added / MANIFEST).read_bytes() == before
