"""Parallax: a head that turns moves its landmarks as no flat picture can (step 6).

A picture on a plane moves all its points by one homography, however it is held, tilted or brought nearer (Hartley and
Zisserman, 'Multiple View Geometry', 2004, section 2.3). On a head the nose stands before the cheeks, and the jaw's outline is
another part of it from each side: the residual is what the best homography leaves over.

Pose from landmarks is itself parallax (the nose tip against the edges of the jaw): a photograph turned by 15 to 40 degrees
reads as turned by 7 at most, and is not assessed at all. One bent over a cylinder reads as up to 17, and a strong bend leaves
as much over as a head: fitting bends as well took more from heads than from photographs. Two photographs of one person, from
the front and from the side, have the parallax of the person, as have masks, busts, screens and injected streams that play a
turning head. Operating points and figures: docs/security/live.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.face.alignment import similarity
from idverify.face.landmarks import mean_rows
from idverify.liveness.observation import Seen

Array = NDArray[np.float64]

MIN_FRAMES = 2
MIN_TURN = 12.0
"""Degrees between the frontal and the turned frames, below which there is too little parallax to tell."""

# Jaw, brows, nose, corners of the eyes and of the mouth: all but lids and lips, which move by themselves.
_RIGID = (*range(36), 36, 39, 42, 45, 48, 54)
_EYES = mean_rows((range(36, 42), range(42, 48)))
_ROUNDS = 4


def residual(frontal: Sequence[Seen], turned: Sequence[Seen]) -> float | None:
    """How far the turned landmarks are from any flat picture of the frontal ones, 0 or more.

    Root mean square over the landmarks that do not move by themselves, as a fraction of the distance between the eyes in the
    frontal frames, both sides brought to one scale. Of each side the median landmarks are taken, each frame first brought onto
    its side's first by a similarity. None where either side has fewer than MIN_FRAMES frames, the two differ by less than
    MIN_TURN degrees, or landmarks are not finite or coincide: not assessed, which is not a pass.
    """
    if min(len(frontal), len(turned)) < MIN_FRAMES or not turn(frontal, turned) >= MIN_TURN:
        return None
    first, second = _median_shape(frontal), _median_shape(turned)
    if first is None or second is None:
        return None
    left, right = _EYES @ first
    rigid = first[list(_RIGID)]
    size = float(np.sqrt(((rigid - rigid.mean(axis=0)) ** 2).sum(axis=1).mean()) / max(np.linalg.norm(right - left), 1.0))
    left_over = _left_over(_normalised(first), _normalised(second))
    return None if left_over is None else left_over * size


def turn(frontal: Sequence[Seen], turned: Sequence[Seen]) -> float:
    """Degrees between the median poses of two sides, yaw and pitch together; NaN where either side is empty."""
    if not frontal or not turned:
        return float("nan")
    first, second = (np.median([(seen.yaw, seen.pitch) for seen in side], axis=0) for side in (frontal, turned))
    return float(np.linalg.norm(second - first))


def _median_shape(side: Sequence[Seen]) -> Array | None:
    shapes = np.stack([seen.landmarks for seen in side]).astype(np.float32)
    if not np.isfinite(shapes).all() or not (np.ptp(shapes, axis=1) > 1.0).all():
        return None
    moves = similarity(shapes, shapes[0])
    laid = np.einsum("nij,nkj->nki", moves[:, :, :2], shapes) + moves[:, None, :, 2]
    median: Array = np.median(laid, axis=0).astype(np.float64)
    return median


def _normalised(shape: Array) -> Array:
    """The landmarks that count, centred, at a root mean square distance of 1."""
    points = shape[list(_RIGID)] - shape[list(_RIGID)].mean(axis=0)
    normalised: Array = points / np.sqrt((points**2).sum(axis=1).mean())
    return normalised


def _left_over(source: Array, target: Array) -> float | None:
    """Root mean square distance of `target` from the homography of `source` nearest to it; None where there is none.

    Direct linear transform, repeated with each row weighed so that its error becomes the distance in the picture.
    """
    basis = np.column_stack([source, np.ones(len(source))])
    zeros, weights = np.zeros_like(basis), np.ones(len(basis))
    best: float | None = None
    for _ in range(_ROUNDS):
        above = np.hstack([basis, zeros, -target[:, :1] * basis]) / weights[:, None]
        below = np.hstack([zeros, basis, -target[:, 1:] * basis]) / weights[:, None]
        homography = np.linalg.svd(np.vstack([above, below]), full_matrices=False)[2][-1].reshape(3, 3)
        depth = basis @ homography[2]
        if not np.abs(depth).min() > 1e-9:
            break
        distance = float(np.sqrt((((basis @ homography[:2].T) / depth[:, None] - target) ** 2).sum(axis=1).mean()))
        best = distance if best is None else min(best, distance)
        weights = depth / np.abs(depth).mean()
    return best
