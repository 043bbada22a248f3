"""Many views of each face, embedded once and kept: what benchmarks/accuracy_ideas.py compares. Not part of the product.

A view is an aligned face (112 x 112) made a little differently: from other landmarks, shifted, nearer, or mirrored. Vectors are
kept below build/, 250 photographs a file, so that a run that was cut short goes on where it stopped.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

import idverify
from idverify.acquisition import Acquirer
from idverify.api.app import Recogniser
from idverify.face import alignment, embedding, landmarks
from idverify.values import Face, Floats, Pixels

SHARD = 250
SECOND = "second_embedding"
# How the transform onto the template is changed: pixels right, pixels down, scale about the middle.
MOVES = {
    "left": (-2, 0, 1.0),
    "right": (2, 0, 1.0),
    "up": (0, -2, 1.0),
    "down": (0, 2, 1.0),
    "far": (0, 0, 0.95),
    "near": (0, 0, 1.05),
}
MARGIN, ZOOM = 56, 2  # of the canvas on which an aligned face is marked again


class Views:
    """What each view's embedder answers to each photograph: float32 (n, d) by name, not normalised."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.engine = recogniser.engine
        self.acquirer = Acquirer(self.engine, faces="most_prominent")
        self.contracts = {
            embedder.role: embedder.contract for variant in recogniser.pack.variants.values() for embedder in variant.embedders
        }

    def of(self, data: bytes) -> dict[str, Floats]:
        """Every view of the face in one photograph. Raises FailureToAcquire, ImageRejected."""
        one = self.acquirer._find(0, data)
        points = self.acquirer._mark([one])[0]
        crops = crops_of(one.image.pixels, points) | {
            "two_crops": alignment.align(one.image.pixels, self._twice(one.image.pixels, one.face)[None])[0],
            "refined": alignment.align(one.image.pixels, self._refined(one.image.pixels, one.face, points)[None])[0],
        }
        found = self._embedded("embedding", crops)
        if SECOND in self.contracts:
            seconds = {name: crops[name] for name in ("plain", "plain_mirrored")}
            found |= {f"{SECOND}.{name}": vector for name, vector in self._embedded(SECOND, seconds).items()}
        return found

    def _embedded(self, role: str, crops: dict[str, Pixels]) -> dict[str, Floats]:
        (output,) = self.engine.run(role, embedding.prepare(np.stack(list(crops.values())), self.contracts[role]))
        return dict(zip(crops, output, strict=True))

    def _marked(self, pixels: Pixels, box: Face) -> Floats:
        (output,) = self.engine.run("landmarks", landmarks.prepare(pixels, [box]))
        return landmarks.parse(output, [box], pixels.shape[:2])[0]

    def _twice(self, pixels: Pixels, face: Face) -> Floats:
        """The mean of the landmarks in two crops, the second one centred on those of the first."""
        first = self._marked(pixels, landmarks.expected(face))
        return (first + self._marked(pixels, _centred(first, face.height))) / 2

    def _refined(self, pixels: Pixels, face: Face, points: Floats) -> Floats:
        """Landmarks found again on the upright, aligned face, in pixels of the photograph."""
        turn = alignment.similarity(alignment.five_points(points[None]))[0] * ZOOM
        turn[:, 2] += MARGIN
        side = ZOOM * alignment.SIDE + 2 * MARGIN
        canvas = cv2.warpAffine(pixels, turn, (side, side), flags=cv2.INTER_LINEAR)
        there = points @ turn[:, :2].T + turn[:, 2]
        again = self._marked(canvas, _centred(there, face.height * float(np.hypot(*turn[:, 0]))))
        return ((again - turn[:, 2]) @ np.linalg.inv(turn[:, :2]).T).astype(np.float32)

    def milliseconds(self, photograph: bytes, rounds: int = 100) -> dict[str, float]:
        """Median time of what ideas add: one look of either embedder, one of the landmark model, one alignment; in turns."""
        one = self.acquirer._find(0, photograph)
        points = self.acquirer._mark([one])[0]
        pixels, box, face = one.image.pixels, _centred(points, one.face.height), crops_of(one.image.pixels, points)["plain"]
        work: dict[str, Callable[[], object]] = {
            role: lambda role=role: self._embedded(role, {"plain": face}) for role in self.contracts
        }
        work |= {"landmarks": lambda: self._marked(pixels, box), "align": lambda: alignment.align(pixels, points[None])}
        taken: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds):
            for name, run in work.items():
                began = time.perf_counter()
                run()
                taken[name].append((time.perf_counter() - began) * 1000)
        return {name: round(median(values), 3) for name, values in taken.items()}


def crops_of(pixels: Pixels, points: Floats) -> dict[str, Pixels]:
    """The aligned face, moved in each of the MOVES, and the mirror image of each."""
    turn = alignment.similarity(alignment.five_points(points[None]))[0]
    turns = {"plain": turn}
    for name, (across, down, scale) in MOVES.items():
        moved = turn * scale
        moved[:, 2] += (1 - scale) * alignment.SIDE / 2 + np.array([across, down])
        turns[name] = moved
    side = (alignment.SIDE, alignment.SIDE)
    crops = {name: cv2.warpAffine(pixels, one, side, flags=cv2.INTER_LINEAR) for name, one in turns.items()}
    return crops | {f"{name}_mirrored": np.ascontiguousarray(crop[:, ::-1]) for name, crop in crops.items()}


def _centred(points: Floats, side: float) -> Face:
    x, y = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), 1.0)


def views_of(
    photographs: Sequence[Path], views: Views, made_by: str, cache: Path, progress: Callable[[int, int], None]
) -> dict[str, NDArray[np.float32]]:
    """Every view of every photograph, (n, d) by name. Raises FailureToAcquire: ideas are compared where all see a face."""
    key = _fingerprint([made_by, *map(str, photographs)])
    cache.mkdir(parents=True, exist_ok=True)
    shards = []
    for start in range(0, len(photographs), SHARD):
        file = cache / f"views-{key}-{start}.npz"
        if not file.exists():
            found = [views.of(path.read_bytes()) for path in photographs[start : start + SHARD]]
            partial = file.with_suffix(".partial")
            with partial.open("wb") as out:
                np.savez(out, **{name: np.stack([one[name] for one in found]) for name in found[0]})
            partial.replace(file)
        with np.load(file, allow_pickle=False) as held:
            shards.append(dict(held))
        progress(min(start + SHARD, len(photographs)), len(photographs))
    return {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}


def unit(rows: NDArray[np.floating]) -> Floats:
    """Vectors (..., d) brought to length 1."""
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def _fingerprint(words: Sequence[str]) -> str:
    package = Path(idverify.__file__).parent
    sources = [Path(__file__), package / "acquisition.py", *sorted((package / "face").glob("*.py"))]
    total = hashlib.sha256("\n".join(words).encode())
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()[:16]
