"""A copy of the models folder that a test may damage, and small graphs to put into it."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from idverify.inference.manifest import MANIFEST, default_models_folder

Substitute = Callable[[str, bytes], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The default pack and its manifest, in a folder of the test's own."""
    source = default_models_folder()
    copied = tmp_path / "models"
    shutil.copytree(source / "default", copied / "default")
    shutil.copy(source / MANIFEST, copied / MANIFEST)
    return copied


@pytest.fixture
def substitute(folder: Path) -> Substitute:
    """Puts other bytes in the place of a role's model and makes the manifest agree, digest and size."""

    def put(role: str, data: bytes) -> None:
        (folder / "default" / f"{role}.onnx").write_bytes(data)
        manifest = (folder / MANIFEST).read_text()
        digest = hashlib.sha256(data).hexdigest()
        pattern = rf'(file = "default/{role}\.onnx"\nsha256 = )"[0-9a-f]+"\nsize = \d+'
        changed, times = re.subn(pattern, rf'\1"{digest}"\nsize = {len(data)}', manifest)
        assert times == 1
        (folder / MANIFEST).write_text(changed)

    return put


def eye_graph(operator: str) -> bytes:
    """A graph under the contract of the eyes model: the mean of sqrt(-1 - |pixels|) (NaN) or of 1/0 (infinity), twice."""
    floats = TensorProto.FLOAT
    source = helper.make_tensor_value_info("input", floats, ["batch", 1, 24, 24])
    target = helper.make_tensor_value_info("logits", floats, ["batch", 2])
    nodes = [
        helper.make_node("Abs", ["input"], ["abs"]),
        helper.make_node("Neg", ["abs"], ["negative"]),
        helper.make_node("Sub", ["negative", "one"], ["below"]),
        helper.make_node("Sqrt", ["below"], ["nan"]),
        helper.make_node("Mul", ["abs", "zero"], ["nothing"]),
        helper.make_node("Div", ["one", "nothing"], ["infinity"]),
        helper.make_node("GlobalAveragePool", [operator], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Concat", ["flat", "flat"], ["logits"], axis=1),
    ]
    constants = [helper.make_tensor(name, floats, [], [value]) for name, value in (("one", 1.0), ("zero", 0.0))]
    graph = helper.make_graph(nodes, "eyes", [source], [target], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()
