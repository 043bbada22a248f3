"""Templates averaged over several frames of one session. For benchmarks/accuracy_ideas.py.

The clips of IDVERIFY_DATA/video, six people, one session each, so there are no intervals and no claim. The reference is
one frame of a clip's first half, the probe is made of frames of its second half; strangers are the photographs of LFW.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from accuracy_views import Views, crops_of, unit
from numpy.typing import NDArray

from idverify.errors import FailureToAcquire, ImageRejected
from idverify.evaluation.error_rates import threshold_at_fmr

FRAMES = 60  # of a clip, evenly spread
WINDOWS = (1, 3, 5, 10)
FMR = 1e-3  # six people against 3,095 carry no lower one (docs/decisions/0002-calibration.md)

Floats = NDArray[np.float32]


def frames_of(clip: Path) -> Iterator[bytes]:
    """Frames as a camera would send them, JPEG of quality 92."""
    video = cv2.VideoCapture(str(clip))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, count - 1, FRAMES).astype(int).tolist())
    for index in range(count):
        there, pixels = video.read()
        if there and index in wanted:
            yield cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    video.release()


def embedded(looks: Views, clip: Path) -> tuple[Floats, NDArray[np.float64], int]:
    """Of each frame in which a face was found the vector (k, d), not normalised, and the quality of its pose (k,); refusals."""
    vectors, poses, refused = [], [], 0
    for data in frames_of(clip):
        try:
            one = looks.acquirer._find(0, data)
            points = looks.acquirer._mark([one])[0]
            crop = crops_of(one.image.pixels, points)["plain"]
            probe = looks.acquirer.acquire(data)
        except (FailureToAcquire, ImageRejected):
            refused += 1
            continue
        vectors.append(looks._embedded("embedding", {"plain": crop})["plain"])
        poses.append(float(probe.quality["head_pose_yaw"].value or 0))
    return np.stack(vectors), np.array(poses), refused


def measure(looks: Views, folder: Path, strangers: Floats) -> dict[str, Any]:
    """Mated and non-mated scores for each way of making the probe. strangers: unit vectors (n, d)."""
    clips = {path.stem: embedded(looks, path) for path in sorted(folder.glob("*.mp4"))}
    ways: dict[str, Callable[[Floats, NDArray[np.float64]], Floats]] = {
        "mean": lambda vectors, _: unit(vectors).sum(axis=0),
        "weighted by length": lambda vectors, _: vectors.sum(axis=0),
        "weighted by pose": lambda vectors, poses: ((poses + 1)[:, None] * unit(vectors)).sum(axis=0),
        "the best by pose": lambda vectors, poses: unit(vectors)[int(np.argmax(poses))],
        "the longest": lambda vectors, _: vectors[int(np.argmax(np.linalg.norm(vectors, axis=1)))],
    }
    rows = []
    for size in WINDOWS:
        for words, way in ways.items() if size > 1 else [("one frame", ways["mean"])]:
            mated, non_mated = [], []
            for vectors, poses, _ in clips.values():
                half = len(vectors) // 2
                windows = [slice(start, start + size) for start in range(half, len(vectors) - max(WINDOWS) + 1)]
                probes = unit(np.stack([way(vectors[one], poses[one]) for one in windows]))
                mated.append((probes @ unit(vectors[:half]).T).ravel())
                non_mated.append((probes @ strangers.T).ravel())
            threshold = threshold_at_fmr(np.concatenate(non_mated), FMR)
            scores = np.concatenate(mated)
            rows.append(
                {
                    "frames": size,
                    "way": words,
                    "fnmr": float((scores < threshold).mean()),
                    "mated_median": float(np.median(scores)),
                    "mated_1st_percentile": float(np.quantile(scores, 0.01)),
                    "threshold": threshold,
                    "n_mated": int(scores.size),
                    "n_non_mated": int(sum(some.size for some in non_mated)),
                }
            )
    refused = {name: refused for name, (_, _, refused) in clips.items()}
    return {"people": len(clips), "frames": FRAMES, "refused": refused, "fmr": FMR, "ways": rows}


def markdown(found: dict[str, Any]) -> str:
    """The table of the decision."""
    lines = ["| frames | probe | FNMR | threshold | lowest 1 % of mated scores | median |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['frames']} | {row['way']} | {row['fnmr']:.2%} | {row['threshold']:.3f} "
        f"| {row['mated_1st_percentile']:.3f} | {row['mated_median']:.3f} |"
        for row in found["ways"]
    ]
    return "\n".join(lines) + "\n"
