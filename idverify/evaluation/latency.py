"""Milliseconds from JPEG bytes to a decision, by stage, beside the frozen naive path in the same run."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import cv2
import numpy as np

from idverify.acquisition import Acquirer
from idverify.ceremonies.judging import judge
from idverify.decision.policy import Policy
from idverify.errors import InvalidInput
from idverify.evaluation.naive import NaivePath
from idverify.face.image import decode
from idverify.values import Pixels

WIDTH, HEIGHT = 640, 480
Timings = dict[str, float]


class OurPath:
    """The product's own steps 2 to 9."""

    def __init__(self, acquirer: Acquirer, policy: Policy, reference: bytes) -> None:
        self._acquirer = acquirer
        self._policy = policy
        self._reference = acquirer.acquire(reference).template

    def verify(self, data: bytes) -> tuple[float, Timings]:
        """(total milliseconds, milliseconds by stage) of one verification."""
        started = time.perf_counter()
        probe = self._acquirer.acquire(data)
        judged = judge(probe, self._reference, self._policy)
        return 1000 * (time.perf_counter() - started), {**probe.timings_ms, **judged.timings_ms}


def camera_frame(data: bytes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """The photograph as a camera's frame: resized to fit 640 x 480, grey borders, encoded as JPEG of quality 90."""
    pixels = decode(data).pixels
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    frame: Pixels = np.full((height, width, 3), 127, dtype=np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    frame[top : top + size[1], left : left + size[0]] = small
    encoded, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not encoded:
        raise InvalidInput("the photograph could not be made into a JPEG frame")
    return jpeg.tobytes()


def interleave(
    ours: OurPath, naive: NaivePath, frames: Sequence[bytes], n: int, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Time `n` verifications by either path, in turn, after a few uncounted ones: keys of the report of `bench latency`."""
    reference = naive.embed(frames[0])
    totals: dict[str, list[float]] = {"ours": [], "naive": []}
    stages: dict[str, list[Timings]] = {"ours": [], "naive": []}
    for turn in range(-2 * len(frames), n):
        frame = frames[turn % len(frames)]
        total, by_stage = ours.verify(frame)
        started = time.perf_counter()
        _, naive_by_stage = naive.verify(frame, reference)
        naive_total = 1000 * (time.perf_counter() - started)
        if turn < 0:
            continue
        for path, elapsed, parts in (("ours", total, by_stage), ("naive", naive_total, naive_by_stage)):
            totals[path].append(elapsed)
            stages[path].append(parts)
        progress(turn + 1, n)
    result: dict[str, dict[str, Any]] = {
        path: {"total": percentiles(totals[path]), "stages": _by_stage(stages[path])} for path in totals
    }
    ratio = result["naive"]["total"]["p50_ms"] / result["ours"]["total"]["p50_ms"]
    return {**result["ours"], "naive": result["naive"], "ratio_to_naive": ratio, "n": n, "frames": len(frames)}


_POINTS: Final = (50, 95, 99)


def percentiles(elapsed: Sequence[float]) -> dict[str, float]:
    """p50_ms, p95_ms and p99_ms of milliseconds."""
    return {f"p{point}_ms": float(value) for point, value in zip(_POINTS, np.percentile(elapsed, _POINTS), strict=True)}


def _by_stage(measured: Sequence[Timings]) -> dict[str, dict[str, float]]:
    return {stage: percentiles([timings[stage] for timings in measured]) for stage in measured[0]}
