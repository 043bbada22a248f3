"""Builds the default model pack from its source, the npm package faceplugin-face-recognition-js 0.0.1.

    python models/build_pack.py                  fetch the source with `npm pack`, write default/, naive/ and the test vectors
    python models/build_pack.py --from FILE.tgz  the same from a tarball at hand
    python models/build_pack.py --check          write nothing; exit 1 unless every committed file comes out byte for byte

The digests of the tarball and of every file taken from it are pinned below. What changes, and why:

* Weights under 1e-15 in magnitude become zero. Denormal arithmetic makes the embedder six to eight times slower; no output
  moves by more than rounding.
* The batch axis becomes dynamic: every Reshape copies it (a dimension of 0 says so) instead of fixing or computing it.
* Initializers leave the graph inputs, so that ONNX Runtime may treat them as constants and fold them.
* The detector gives logits and regressions as its heads do, for images of any size: softmax over 4,420 candidates and the
  boxes of all of them took a sixth of its time, and a handful is wanted.
* In the embedder and the PAD model, PRelu(x) is spelled x + (1-s)*Relu(-x) with two 1x1 depthwise convolutions: ONNX Runtime
  fuses the Relu into the first and the sum into the second, and keeps its blocked layout, none of which its PRelu kernel does.
  Against s*x + (1-s)*Relu(x) it saves one pass over the activations: embedder 6.0 ms, not 6.9 (PRelu: 12.6).

naive/ holds the graphs with the first of these alone: the frozen path that `idverify bench latency` runs beside the real one.
`onnx` is needed here only, never at run time. The same versions (constraints.txt) give the same bytes.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

PACKAGE = "faceplugin-face-recognition-js@0.0.1"
TARBALL_SHA256 = "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba"
LICENCE_SHA256 = "ceb7e9130f684a8e335940a09ccfb81c2fa18f6aa54975d656c54bb7992aee1a"
HERE = Path(__file__).resolve().parent
PHOTO = HERE.parent / "idverify" / "samples" / "obama.jpg"
VECTORS = HERE.parent / "tests" / "vectors" / "pack_outputs.npz"
TINY = 1e-15
Channels = float | tuple[float, float, float]
DETECTION_STEP = 17  # of the detector's 4,420 candidate boxes, the test vectors keep every 17th


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the npm package.

    rewrite: PRelu as convolutions. raw: inner values that become the outputs, of whatever size the image gives them.
    naive: also part of the frozen path.
    """

    file: str
    sha256: str
    outputs: tuple[str, ...]
    rewrite: bool = False
    raw: tuple[str, ...] = ()
    naive: bool = False


SOURCES: Mapping[str, Source] = {
    "detection": Source(
        "fr_detect.onnx",
        "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854",
        ("logits", "deltas"),
        raw=("461", "462"),
        naive=True,
    ),
    "landmarks": Source(
        "fr_landmark.onnx", "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258", ("landmarks",), naive=True
    ),
    "embedding": Source(
        "fr_feature.onnx",
        "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
        ("embedding",),
        rewrite=True,
        naive=True,
    ),
    "pad": Source(
        "fr_liveness.onnx",
        "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
        ("logits",),
        rewrite=True,
        naive=True,
    ),
    "pose": Source(
        "fr_pose.onnx", "72d032ec941b7153bf8d3f2c03a4c165453cc7e63d479041ec7c6ef087e5839d", ("yaw", "pitch", "roll")
    ),
    "eyes": Source("fr_eye.onnx", "1afcea006abc1ccac3c517022abde0aa092bed74ff3c9fe6878483ef9e6e38de", ("logits",)),
}


# --- the graph ---------------------------------------------------------------------------------------------------------------


def build(source: Source, data: bytes) -> bytes:
    """The pack's graph from the source's bytes."""
    model = onnx.load_from_string(data)
    graph = model.graph
    clear_tiny(graph)
    free_batch_axis(graph)
    if source.raw:
        expose(graph, source.raw)
    if source.rewrite:
        rewrite_prelu(graph)
    rename_outputs(graph, source.outputs)
    drop_unused(graph)
    strip(model)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def build_naive(data: bytes) -> bytes:
    """The source's graph with nothing changed but its tiny weights."""
    model = onnx.load_from_string(data)
    clear_tiny(model.graph)
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def clear_tiny(graph: onnx.GraphProto) -> None:
    """Set weights under TINY in magnitude to zero: the source's denormals and their neighbours."""
    for initializer in graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype == np.float32 and np.any(tiny := (np.abs(values) < TINY) & (values != 0)):
            initializer.CopyFrom(numpy_helper.from_array(np.where(tiny, np.float32(0), values), initializer.name))


def free_batch_axis(graph: onnx.GraphProto) -> None:
    """Make axis 0 of every input and output dynamic, and every Reshape copy it."""
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "Reshape":
            rest = _shape_behind_batch(node.input[1], constants, makers)
            name = f"{node.output[0]}.shape"
            graph.initializer.append(numpy_helper.from_array(np.array([0, *rest], dtype=np.int64), name))
            node.input[1] = name
    names = {item.name for item in graph.initializer}
    kept = [value for value in graph.input if value.name not in names]
    del graph.input[:]
    graph.input.extend(kept)
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"


def _shape_behind_batch(
    name: str, constants: Mapping[str, NDArray[np.generic]], makers: Mapping[str, onnx.NodeProto]
) -> list[int]:
    """The target of a Reshape without its first dimension, which must be 1 or the input's own."""
    if name in constants:
        first, *rest = (int(size) for size in constants[name])
    else:
        maker = makers[name]
        if maker.op_type == "Constant":
            first, *rest = (int(size) for size in numpy_helper.to_array(maker.attribute[0].t))
        else:
            # PyTorch's x.view(x.size(0), ...): Concat(Unsqueeze(Gather(Shape(x), 0)), constants...)
            gather = makers[makers[maker.input[0]].input[0]]
            index = numpy_helper.to_array(makers[gather.input[1]].attribute[0].t)
            if (maker.op_type, gather.op_type, int(index)) != ("Concat", "Gather", 0):
                raise SystemExit(f"a Reshape of another form than expected: {name}")
            first, rest = 1, [int(size) for part in maker.input[1:] for size in constants[part]]
    if first != 1:
        raise SystemExit(f"a Reshape that does not keep the batch axis: {name}")
    return rest


def expose(graph: onnx.GraphProto, values: tuple[str, ...]) -> None:
    """Make inner values (n, candidates, k) the outputs, and height and width of the image dynamic."""
    del graph.output[:]
    graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", None, None]) for name in values)
    for axis, name in ((2, "height"), (3, "width")):
        graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name


def rewrite_prelu(graph: onnx.GraphProto) -> None:
    """Spell PRelu as x + (1-s)*Relu(-x), the factors -1 and 1-s as 1x1 depthwise convolutions. Exact but for rounding."""
    slopes = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        x, out = node.input[0], node.output[0]
        rest = np.float32(1) - slopes[node.input[1]].reshape(-1, 1, 1, 1)
        for name, weights in ((f"{out}.minus", -np.ones_like(rest)), (f"{out}.rest", rest)):
            graph.initializer.append(numpy_helper.from_array(weights, name))
        depthwise: dict[str, Any] = {"group": len(rest), "kernel_shape": [1, 1]}
        nodes += [
            helper.make_node("Conv", [x, f"{out}.minus"], [f"{out}.negated"], **depthwise),
            helper.make_node("Relu", [f"{out}.negated"], [f"{out}.below"]),
            helper.make_node("Conv", [f"{out}.below", f"{out}.rest"], [f"{out}.lifted"], **depthwise),
            helper.make_node("Add", [f"{out}.lifted", x], [out]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def rename_outputs(graph: onnx.GraphProto, names: tuple[str, ...]) -> None:
    """Name the outputs for what they are; the source's pose angles are called `output`, `617` and `618`."""
    for value, name in zip(graph.output, names, strict=True):
        for node in graph.node:
            node.output[:] = [name if output == value.name else output for output in node.output]
            node.input[:] = [name if used == value.name else used for used in node.input]
        value.name = name


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove nodes and initializers that no output needs."""
    needed = {value.name for value in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    weights = [item for item in graph.initializer if item.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(weights)


def strip(model: onnx.ModelProto) -> None:
    """Remove documentation strings and node names, which carry the exporter's traces and nothing for the runtime."""
    model.doc_string = model.graph.doc_string = ""
    for node in model.graph.node:
        node.name = node.doc_string = ""


# --- fixed inputs and the outputs of the originals ---------------------------------------------------------------------------


def photo() -> NDArray[np.uint8]:
    """The sample portrait as uint8 (240, 320, 3) BGR. The vectors carry it, so that no JPEG decoder comes between."""
    decoded = cv2.imread(str(PHOTO), cv2.IMREAD_COLOR)
    if decoded is None:
        raise SystemExit(f"{PHOTO} cannot be read")
    upper = decoded[: decoded.shape[1] * 3 // 4]  # the head and shoulders, as wide as the photograph and 4:3
    return cv2.resize(upper, (320, 240), interpolation=cv2.INTER_AREA).astype(np.uint8)


def fixed_inputs(portrait: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Three inputs a model, by role, float32 (3, *shape): the portrait, its mirror image, a smooth random image.

    Pixels are only picked and combined in integers, never interpolated: the inputs are the same on every machine.
    """
    height, width = portrait.shape[:2]
    scene = np.stack([portrait, portrait[:, ::-1], _smooth_noise(height, width)])
    grey = (scene.astype(np.int64) @ np.array([29, 150, 77])) // 256  # BT.601 weights in 256ths
    face = scene[:, 25:155, 105:235]  # the portrait's face, with a margin

    def planes(images: NDArray[Any], size: int | None, mean: Channels = 0, scale: Channels = 1) -> NDArray[np.float32]:
        if size is not None:
            rows, columns = (np.arange(size) * length // size for length in images.shape[1:3])
            images = images[:, rows[:, None], columns]
        normal = (images.astype(np.float32) - np.asarray(mean, np.float32)) / np.asarray(scale, np.float32)
        return np.ascontiguousarray(np.moveaxis(normal, -1, 1))

    return {
        "detection": planes(scene[..., ::-1], None, 127, 128),
        "landmarks": planes(grey[:, 32:142, 117:227, None], 64, 0, 256),
        "embedding": planes(face, 112, 127, 128),
        "pad": planes(scene, 128),
        "pose": planes(face[..., ::-1], 224, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
        "eyes": planes(grey[:, 58:86, 140:168, None], 24, 0, 255),
    }


def _smooth_noise(height: int, width: int, cell: int = 20) -> NDArray[np.uint8]:
    """Random grey levels on a coarse grid, interpolated linearly in integers; seeded, and frozen by NumPy's NEP 19."""
    grid = np.random.RandomState(68).randint(0, 256, (height // cell + 1, width // cell + 1, 3))

    blended = np.einsum("yi,ijc,xj->yxc", _tents(height, cell), grid, _tents(width, cell))
    pixels: NDArray[np.uint8] = (blended // cell**2).astype(np.uint8)
    return pixels


def _tents(length: int, cell: int) -> NDArray[np.int64]:
    """Weights, in units of 1 / cell, of the knots around each position of an axis."""
    knots = cell * np.arange(length // cell + 1)
    weights: NDArray[np.int64] = np.maximum(0, cell - np.abs(np.arange(length)[:, None] - knots))
    return weights


def kept(role: str, output: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part of an output that the vectors hold."""
    return output[:, ::DETECTION_STEP] if role == "detection" else output


def outputs_of(model: bytes, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Outputs of a graph, one image at a time (the originals take no more), stacked on axis 0."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    singles = [session.run(None, {name: batch[i : i + 1]}) for i in range(len(batch))]
    return [np.concatenate(parts) for parts in zip(*singles, strict=True)]


def vectors(originals: Mapping[str, bytes], portrait: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    """The portrait and, as ROLE.INDEX, what the unmodified graphs answer to the fixed inputs."""
    found: dict[str, NDArray[np.generic]] = {"photo": portrait}
    for role, batch in fixed_inputs(portrait).items():
        for index, output in enumerate(outputs_of(originals[role], batch)):
            found[f"{role}.{index}"] = kept(role, output)
    return found


# --- the source and the files ------------------------------------------------------------------------------------------------


def fetch(folder: Path, package: str = PACKAGE) -> Path:
    """The package's tarball, obtained by npm as its own configuration says."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to fetch the source; with a tarball at hand use --from FILE")
    subprocess.run(
        [npm, "pack", package, "--silent", "--prefer-offline", "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return next(folder.glob("*.tgz"))


def unpack(tarball: bytes) -> tuple[dict[str, bytes], bytes]:
    """The source graphs by role, and the licence notice. Refuses anything whose SHA-256 is not the pinned one."""
    demand(tarball, TARBALL_SHA256, PACKAGE)
    with tempfile.TemporaryFile() as file:
        file.write(tarball)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:

            def member(path: str, sha256: str) -> bytes:
                handle = archive.extractfile(f"package/{path}")
                assert handle is not None
                return demand(handle.read(), sha256, path)

            graphs = {role: member(f"model/{source.file}", source.sha256) for role, source in SOURCES.items()}
            return graphs, member("LICENSE", LICENCE_SHA256)


def demand(data: bytes, sha256: str, name: str) -> bytes:
    """The data, when its SHA-256 is the pinned one."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{name}: its SHA-256 is not the pinned one; nothing was built")
    return data


def build_all(tarball: bytes) -> dict[str, bytes]:
    """Every file of the pack by its path below models/."""
    originals, licence = unpack(tarball)
    files = {f"default/{role}.onnx": build(SOURCES[role], data) for role, data in originals.items()}
    files |= {f"naive/{role}.onnx": build_naive(data) for role, data in originals.items() if SOURCES[role].naive}
    return files | {"default/LICENSE": licence, "naive/LICENSE": licence}


def check(files: Mapping[str, bytes], read: Callable[[str], bytes | None]) -> list[str]:
    """Paths whose committed bytes differ from what was built."""
    return [path for path, data in sorted(files.items()) if read(path) != data]


def main() -> int:
    """Build or check; the exit status of the process."""
    parser = argparse.ArgumentParser(description="Build the default model pack from its npm package.")
    parser.add_argument("--from", dest="tarball", type=Path, help="the package's tarball; without it, `npm pack` fetches it")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 unless the committed files come out the same"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tarball = (options.tarball or fetch(Path(folder))).read_bytes()
    files = build_all(tarball)
    if options.check:
        differing = check(files, lambda path: (HERE / path).read_bytes() if (HERE / path).is_file() else None)
        print("\n".join(f"differs: models/{path}" for path in differing) or f"{len(files)} files come out byte for byte")
        return 1 if differing else 0
    for path, data in sorted(files.items()):
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_bytes(data)
        print(f"{hashlib.sha256(data).hexdigest()}  {len(data):>8}  models/{path}")
    VECTORS.parent.mkdir(exist_ok=True)
    np.savez_compressed(VECTORS, allow_pickle=False, **vectors(unpack(tarball)[0], photo()))
    print("Digests above belong in models/manifest.toml; policies calibrated on another embedder no longer apply.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
