"""The frozen yardstick: the same verification as anybody would first write it, on the models as published.

ONNX Runtime's defaults but for one thread, no weights cleaned, no graph rewritten, one face at a time, each stage in full.
It exists to be timed beside our path in the same run, on the same machine. Do not improve it: ratios would lose their meaning,
and a test knows this file's digest.
It decides nothing: no quality, no policy, no refusal.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from idverify.values import Floats, Pixels

STAGES: Final = ("decode", "detect", "landmarks", "align", "pad", "embed", "compare")
# Where ArcFace's template has the eyes, the nose tip and the corners of the mouth, in a square of 112 pixels.
_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], dtype=np.float32
)
_T = TypeVar("_T")
Box = tuple[float, float, float, float]


class NaivePath:
    """JPEG bytes and a reference vector in, a comparison score and milliseconds by stage out. `folder` holds models/naive."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # it would complain of the published graphs' initializers on standard error
        self._sessions = {
            role: onnxruntime.InferenceSession(folder / f"{role}.onnx", options, providers=["CPUExecutionProvider"])
            for role in ("detection", "landmarks", "pad", "embedding")
        }

    def embed(self, data: bytes) -> Floats:
        """The vector (512,) of the largest face. Raises ValueError where there is none."""
        vector, _ = self._measure(data, {})
        return vector

    def verify(self, data: bytes, reference: Floats) -> tuple[float, float, dict[str, float]]:
        """(cosine, bona fide probability, milliseconds by stage). Raises ValueError where there is no face."""
        timings: dict[str, float] = {}
        vector, pad = self._measure(data, timings)
        score = _timed(timings, "compare", lambda: vector @ reference / np.linalg.norm(vector) / np.linalg.norm(reference))
        return float(score), pad, timings

    def _measure(self, data: bytes, timings: dict[str, float]) -> tuple[Floats, float]:
        image = _timed(timings, "decode", lambda: _decode(data))
        box = _timed(timings, "detect", lambda: self._detect(image))
        points = _timed(timings, "landmarks", lambda: self._landmarks(image, box))
        face = _timed(timings, "align", lambda: _align(image, points))
        pad = _timed(timings, "pad", lambda: self._pad(image, box))
        return _timed(timings, "embed", lambda: self._embed(face)), pad

    def _run(self, role: str, batch: Floats) -> list[Any]:
        session = self._sessions[role]
        outputs: list[Any] = session.run(None, {session.get_inputs()[0].name: batch})
        return outputs

    def _detect(self, image: Pixels) -> Box:
        height, width = image.shape[:2]
        small = cv2.cvtColor(cv2.resize(image, (320, 240)), cv2.COLOR_BGR2RGB)
        scores, boxes = self._run("detection", _planes((small.astype(np.float32) - 127) / 128))
        found = [(float(score), box) for score, box in zip(scores[0, :, 1], boxes[0], strict=True) if score > 0.65]
        corners = [(box[0] * width, box[1] * height, box[2] * width, box[3] * height) for _, box in found]
        sizes = [[float(x1), float(y1), float(x2 - x1), float(y2 - y1)] for x1, y1, x2, y2 in corners]
        kept = cv2.dnn.NMSBoxes(sizes, [score for score, _ in found], 0.65, 0.4)
        left, top, across, down = max((sizes[int(index)] for index in kept), key=lambda size: size[3])
        # As published: the square as high as the box, about its middle, cut off at the picture's edges.
        x, y = max(0.0, left + across / 2 - down / 2), max(0.0, top)
        return x, y, min(width - 1, left + across / 2 + down / 2) - x, min(height - 1, top + down) - y

    def _landmarks(self, image: Pixels, box: Box) -> Floats:
        grey = cv2.cvtColor(cv2.resize(_crop(image, box, 1.0), (64, 64)), cv2.COLOR_BGR2GRAY)
        points = self._run("landmarks", (grey.astype(np.float32) / 256)[None, None].astype(np.float32))[0].reshape(68, 2)
        placed: Floats = points * np.array(box[2:], np.float32) + np.array(box[:2], np.float32)
        return placed

    def _pad(self, image: Pixels, box: Box) -> float:
        crop = cv2.resize(_crop(image, box, 2.7), (128, 128))
        logits = self._run("pad", _planes(crop.astype(np.float32)))[0][0]
        powers = np.exp(logits - logits.max())
        return float(powers[0] / powers.sum())

    def _embed(self, face: Pixels) -> Floats:
        vector: Floats = self._run("embedding", _planes((face.astype(np.float32) - 127) / 128))[0][0]
        return vector


def _decode(data: bytes) -> Pixels:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("not an image")
    return image.astype(np.uint8, copy=False)


def _align(image: Pixels, points: Floats) -> Pixels:
    five = np.stack([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])
    matrix, _ = cv2.estimateAffinePartial2D(five, _TEMPLATE, method=cv2.LMEDS)
    return cv2.warpAffine(image, matrix, (112, 112)).astype(np.uint8, copy=False)


def _crop(image: Pixels, box: Box, scale: float) -> Pixels:
    """The box enlarged about its middle as far as the image allows, moved inside it."""
    height, width = image.shape[:2]
    left, top, across, down = box
    scale = min((height - 1) / down, (width - 1) / across, scale)
    x = min(max(left + across / 2 - across * scale / 2, 0), width - 1 - across * scale)
    y = min(max(top + down / 2 - down * scale / 2, 0), height - 1 - down * scale)
    return image[int(y) : int(y + down * scale), int(x) : int(x + across * scale)]


def _planes(pixels: NDArray[np.floating]) -> Floats:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)


def _timed(timings: dict[str, float], stage: str, work: Callable[[], _T]) -> _T:
    started = time.perf_counter()
    result = work()
    timings[stage] = 1000 * (time.perf_counter() - started)
    return result
