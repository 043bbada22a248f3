"""The model packs of InsightFace, and its alignment as a test oracle. Only this module imports insightface, inside functions.

Of a pack, idverify runs the embedder alone. Its detector and landmark model follow other contracts than the acquisition's, so
an added pack is the default pack with the embedding replaced. What does not run is neither copied nor recorded.

InsightFace publishes these weights for non-commercial research only. Whoever holds another licence from its authors accepts
the pack by name and digest, as with every pack whose commercial use is not verified.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from idverify.errors import ConfigurationInvalid, Fault, InvalidInput
from idverify.inference.added_packs import Licence, demand_addable, install
from idverify.inference.manifest import Input, Model, Output, Pack, default_models_folder, load_pack

EMBEDDERS: Mapping[str, str] = {
    "buffalo_l": "w600k_r50.onnx",
    "buffalo_m": "w600k_r50.onnx",
    "buffalo_s": "w600k_mbf.onnx",
    "buffalo_sc": "w600k_mbf.onnx",
    "antelopev2": "glintr100.onnx",
}
LICENCE = "InsightFace model zoo: non-commercial research only"
_SHAPE = (3, 112, 112)
_DIMENSION = 512


def add_pack(name: str, models_dir: Path, source: Path | None = None) -> Pack:
    """Make the pack `name` in `models_dir` from an unpacked folder, or from what insightface downloads; nothing half-written.

    It comes without operating points: run `idverify calibrate` before it decides anything.
    Raises InvalidInput for an unknown name, a pack that is there already, the folder of the shipped packs, or a source without
    a usable embedder; Fault when the download fails; ConfigurationInvalid when insightface is needed and absent.
    """
    if name not in EMBEDDERS:
        raise InvalidInput(f"no pack named {name!r} can be added; there are {', '.join(EMBEDDERS)}")
    demand_addable(name, models_dir)
    with contextlib.ExitStack() as stack:
        folder = source if source is not None else stack.enter_context(_downloaded(name))
        data = _embedder_bytes(folder, name)
    embedder = _contract(load_pack(default_models_folder(), "default").models["embedding"], data, EMBEDDERS[name])
    licence = Licence(f"embedding: {LICENCE}", "no", f"InsightFace model zoo, pack {name}, file {EMBEDDERS[name]}")
    return install(name, models_dir, {"embedding": (embedder, data)}, licence)


def estimate_norm(landmarks: NDArray[np.float32], image_size: int = 112) -> NDArray[np.float64]:
    """InsightFace's similarity transform (2, 3) from five landmarks (5, 2) onto its template: the oracle of our alignment."""
    _require_insightface()
    from insightface.utils import face_align  # noqa: PLC0415

    return np.asarray(face_align.estimate_norm(landmarks, image_size), dtype=np.float64)


def _require_insightface() -> None:
    try:
        import insightface  # noqa: F401, PLC0415
    except ImportError as error:
        raise ConfigurationInvalid(
            "insightface is not installed. Run `pip install 'idverify[insightface]'` and then "
            "`pip install --no-deps insightface==2.1`: with its dependencies it would write over opencv-python-headless"
        ) from error


@contextlib.contextmanager
def _downloaded(name: str) -> Iterator[Path]:
    """A temporary folder with the pack as insightface fetches and unpacks it."""
    _require_insightface()
    from insightface.utils import storage  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as root:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                folder = Path(storage.download("models", name, root=root))
        except Exception as error:  # requests, zipfile, OSError and bare RuntimeError: whatever it is, there is no pack
            raise Fault(
                f"insightface could not download {name} ({type(error).__name__}). "
                f"Fetch and unpack it elsewhere, then run `idverify models add {name} --from FOLDER`"
            ) from error
        yield folder


def _embedder_bytes(folder: Path, name: str) -> bytes:
    """The embedder's bytes from an unpacked pack, whose archive may hold a folder of the same name."""
    file = EMBEDDERS[name]
    for place in (folder, folder / name):
        if (place / file).is_file():
            return (place / file).read_bytes()
    raise InvalidInput(f"{folder} does not hold {file}, the embedder of {name}")


def _contract(model: Model, data: bytes, file: str) -> Model:
    """The embedder's contract, its graph tried on a batch of two. RGB, (pixel - 127.5) / 127.5, as insightface feeds it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        taken, given = session.get_inputs()[0].name, [output.name for output in session.get_outputs()]
        found = session.run(None, {taken: np.zeros((2, *_SHAPE), dtype=np.float32)})
    except Exception as error:  # ONNX Runtime's exceptions share no base of their own
        raise InvalidInput(f"{file} does not run on two images of {_SHAPE} ({type(error).__name__})") from error
    if [output.shape for output in found] != [(2, _DIMENSION)] or not np.isfinite(found[0]).all():
        raise InvalidInput(f"{file} does not give one vector of {_DIMENSION} finite numbers an image")
    return replace(
        model,
        licence=LICENCE,
        input=Input(taken, _SHAPE, "RGB", (127.5,), (127.5,)),
        outputs=(Output(given[0], (_DIMENSION,), "not of unit length; compare by cosine"),),
    )
