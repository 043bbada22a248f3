"""Milliseconds from JPEG bytes to a decision, by stage, beside the frozen naive path in the same run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from idverify.evaluation.frames import Frame
from idverify.evaluation.paths import Seen, Verify

BLOCK: Final = 20  # frames of one path in a row: as a service runs, not with the other path's weights in its caches
_WARM: Final = 40  # verifications before the clock counts
_POINTS: Final = (50, 95, 99)

# The naive stages as first measured, in milliseconds, beside a 1024 x 1024 float32 product that took 16.5 ms. `align` and
# `compare`, a quarter of a millisecond together, are not bound by arithmetic: a fast product would make them look slow.
PRODUCT_MS: Final = 16.5
NAIVE_MS: Final[Mapping[str, float]] = {"decode": 1.2, "detect": 3.7, "landmarks": 0.9, "pad": 7.9, "embed": 11.1}
SLOWER: Final = 1.3


@dataclass(frozen=True, slots=True)
class Pair:
    """What either path made of one frame."""

    ours: Seen
    naive: Seen


def time_both(
    frames: Sequence[Frame],
    against: Mapping[int, tuple[Verify, Verify]],
    progress: Callable[[int, int], None],
) -> list[Pair]:
    """Each frame once by each path, in blocks that take turns at going first. against: (ours, naive) by `Frame.photo`."""
    for frame in frames[:_WARM]:
        for verify in against[frame.photo]:
            verify(frame.jpeg)
    pairs: list[Pair] = []
    for first in range(0, len(frames), BLOCK):
        block = frames[first : first + BLOCK]
        halves: list[list[Seen]] = [[], []]
        for path in (0, 1) if len(pairs) % (2 * BLOCK) == 0 else (1, 0):
            halves[path] = [against[frame.photo][path](frame.jpeg) for frame in block]
        pairs += [Pair(ours, naive) for ours, naive in zip(*halves, strict=True)]
        progress(len(pairs), len(frames))
    return pairs


def acquired(pairs: Sequence[Pair]) -> list[Pair]:
    """Those of which both paths made something: the others' milliseconds are those of giving up."""
    return [pair for pair in pairs if pair.ours.score is not None and pair.naive.score is not None]


def summarise(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The milliseconds of the report: `total`, `stages`, `naive`, `ratio_to_naive`, over the frames that both acquired.

    Raises ValueError where there are none.
    """
    both = acquired(pairs)
    if not both:
        raise ValueError("no frame was acquired by both paths")
    ours, naive = _path(pair.ours for pair in both), _path(pair.naive for pair in both)
    return {**ours, "naive": naive, "ratio_to_naive": naive["total"]["p50_ms"] / ours["total"]["p50_ms"], "n": len(both)}


def void_because(naive_stages: Mapping[str, Mapping[str, float]], product_ms: float) -> str | None:
    """Why the run proves nothing, or None: the naive stage that is slower than this machine's product explains."""
    slower = {stage: naive_stages[stage]["p50_ms"] / product_ms / (first / PRODUCT_MS) for stage, first in NAIVE_MS.items()}
    worst = max(slower, key=lambda stage: slower[stage])
    if slower[worst] <= SLOWER:
        return None
    return (
        f"the naive path's {worst} took {slower[worst]:.2f} times as long, relative to a matrix product, as when it was frozen "
        f"(at most {SLOWER} is believed): a ratio to it would flatter. Run it again on a quiet machine"
    )


def percentiles(elapsed: Sequence[float]) -> dict[str, float]:
    """p50_ms, p95_ms and p99_ms of milliseconds."""
    return {f"p{point}_ms": float(value) for point, value in zip(_POINTS, np.percentile(elapsed, _POINTS), strict=True)}


def _path(seen: Iterable[Seen]) -> dict[str, Any]:
    found = list(seen)
    stages = {stage: percentiles([one.stages_ms[stage] for one in found]) for stage in found[0].stages_ms}
    return {"total": percentiles([one.total_ms for one in found]), "stages": stages}
