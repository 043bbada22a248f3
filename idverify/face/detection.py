"""Finding faces (step 3). The detector, RFB-320, sees a small canvas; what it sees of an image there is a View.

Two canvases, one model: FINE has the size that it was trained for, COARSE a fifth of its pixels, enough for a face that fills a
phone's picture. The view's proportions are kept (letterbox): plain resizing lost faces in portrait format and gave taller
boxes. Its colours are RGB: of 250 faces 81 pixels high, RGB finds 246 and BGR 238; where faces are large both find all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.values import Face, Floats, Pixels

MIN_SCORE = 0.65  # the model's own; of 4,927 subjects of LFW the lowest scores 0.93
_MAX_OVERLAP = 0.4
_GREY = 127  # becomes 0 in the model's input


@dataclass(frozen=True, slots=True)
class Canvas:
    """What the model sees: the role that runs it, and its size in pixels."""

    role: str
    width: int
    height: int


FINE = Canvas("detection", 320, 240)
COARSE = Canvas("coarse_detection", 128, 128)
SURE = 20.0
"""Pixels of a canvas from which a face is sure to be found, by its height: of 416, 98.3 % at 20, 84.4 % at 16, all at 32."""


@dataclass(frozen=True, slots=True)
class View:
    """The part of an image that the detector sees, in pixels, of the canvas's proportions. Beyond the image it sees grey."""

    left: float
    top: float
    width: float
    canvas: Canvas = FINE

    @property
    def height(self) -> float:
        """In the proportions of the canvas."""
        return self.width * self.canvas.height / self.canvas.width

    @property
    def scale(self) -> float:
        """Pixels of the canvas for one of the image."""
        return self.canvas.width / self.width


def whole(size: tuple[int, int], canvas: Canvas = FINE) -> View:
    """The smallest view with all of an image of (height, width) in its middle."""
    return _around(size, 1.0, canvas)


def closer_looks(size: tuple[int, int]) -> tuple[View, ...]:
    """Where to look after nothing was found: from further away, for a face that fills the frame; at parts, for a small one.

    The parts, up to four, overlap, so that a face on a seam is whole in one of them.
    """
    height, width = size
    part = View(0, 0, 0.6 * whole(size).width)
    return padded(size), *(View(x, y, part.width) for y in _starts(height, part.height) for x in _starts(width, part.width))


def _starts(length: float, part: float) -> tuple[float, ...]:
    return (0.0, length - part) if part < length else ((length - part) / 2,)


def padded(size: tuple[int, int], canvas: Canvas = FINE) -> View:
    """A view 1.8 times as wide and high as the image needs: a face cut by the frame is a whole one here."""
    return _around(size, 1.8, canvas)


def _around(size: tuple[int, int], scale: float, canvas: Canvas) -> View:
    height, width = size
    across = scale * max(width, height * canvas.width / canvas.height)
    return View((width - across) / 2, (height - across * canvas.height / canvas.width) / 2, across, canvas)


def prepare(pixels: Pixels, views: Sequence[View]) -> Floats:
    """The detector's input for views, all of one canvas, of one image (height, width, 3).

    float32 (n, 3, canvas height, canvas width) in -1..1, RGB.
    """
    canvas = views[0].canvas
    batch = np.zeros((len(views), 3, canvas.height, canvas.width), np.float32)
    for planes, view in zip(batch, views, strict=True):
        _draw(pixels, view, planes)
    batch *= 1 / 128
    return batch


def _draw(pixels: Pixels, view: View, planes: Floats) -> None:
    height, width = pixels.shape[:2]
    canvas, scale = view.canvas, view.scale
    left, top = max(0, round(view.left)), max(0, round(view.top))
    right, bottom = min(width, round(view.left + view.width)), min(height, round(view.top + view.height))
    x, y = max(0, round((left - view.left) * scale)), max(0, round((top - view.top) * scale))
    across = min(canvas.width - x, max(1, round((right - left) * scale)))
    down = min(canvas.height - y, max(1, round((bottom - top) * scale)))
    # Up to a reduction by 8, reading four pixels for each finds the same faces as averaging all, in a tenth of the time.
    way = cv2.INTER_LINEAR if canvas is COARSE and scale > 1 / 8 else cv2.INTER_AREA
    seen = cv2.resize(pixels[top:bottom, left:right], (across, down), interpolation=way)
    for plane, channel in zip(planes, cv2.split(seen)[::-1], strict=True):
        np.subtract(channel, _GREY, out=plane[y : y + down, x : x + across], dtype=np.float32)


@lru_cache
def candidates(canvas: Canvas) -> Floats:
    """Where the model looks for faces: float32 (n, 4), centre x and y, width and height as fractions of the canvas.

    Four scales, one a level of the network; the finest comes first. 4,420 candidates for FINE, as in the source's table.
    """
    levels = []
    for stride, sides in zip(_STRIDES, _SIDES, strict=True):
        columns, rows = -(-canvas.width // stride), -(-canvas.height // stride)
        y, x, side = np.meshgrid(np.arange(rows), np.arange(columns), sides, indexing="ij")
        boxes = [(x + 0.5) / columns, (y + 0.5) / rows, side / canvas.width, side / canvas.height]
        levels.append(np.stack(boxes, axis=-1).reshape(-1, 4))
    table: Floats = np.minimum(np.concatenate(levels), 1).astype(np.float32)
    table.flags.writeable = False  # shared by all callers
    return table


_STRIDES = (8, 16, 32, 64)
_SIDES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
# How far a regression of 1 moves a candidate's centre, in its sides, and stretches it, as a logarithm (SSD: Liu et al., 2016).
_SHIFT, _STRETCH = 0.1, 0.2


def parse(logits: Floats, deltas: Floats, views: Sequence[View]) -> tuple[Face, ...]:
    """The faces in the detector's output on these views, all of one canvas, of one image, best first.

    logits: (n, candidates, 2), of background and of face. deltas: (n, candidates, 4), from a candidate to the face's box. Where
    views overlap, a face seen twice is one face. Non-finite rows are ignored.
    """
    odds = logits[:, :, 1] - logits[:, :, 0]
    of_view, candidate = np.nonzero(odds >= _LEAST_ODDS)
    table, moved = candidates(views[0].canvas)[candidate], deltas[of_view, candidate].astype(np.float64)
    side = table[:, 2:]
    with np.errstate(over="ignore", invalid="ignore"):
        middle, half = table[:, :2] + _SHIFT * moved[:, :2] * side, np.exp(_STRETCH * moved[:, 2:]) * side / 2
        found = 1 / (1 + np.exp(-odds[of_view, candidate]))
        frames = np.array([(v.left, v.top, v.width, v.height) for v in views])[of_view]
        corner, size = frames[:, :2], frames[:, 2:]
        placed = np.concatenate([(middle - half) * size + corner, (middle + half) * size + corner], axis=1)
    usable = np.isfinite(placed).all(axis=1) & (half > 0).all(axis=1)
    placed, found = placed[usable], found[usable]
    kept = suppress(placed, found)
    return tuple(Face((b[0], b[1], b[2], b[3]), s) for b, s in zip(placed[kept].tolist(), found[kept].tolist(), strict=True))


_LEAST_ODDS = float(np.log(MIN_SCORE / (1 - MIN_SCORE)))


def suppress(boxes: NDArray[np.float64], scores: Floats) -> NDArray[np.intp]:
    """Non-maximum suppression: indices of the boxes (n, 4) that no better one overlaps, best first (IoU above 0.4).

    All overlaps are computed at once; the loop runs once per kept box.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    meet = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = np.prod(np.maximum(meet, 0.0), axis=2)
    overlap = shared / (areas[:, None] + areas[None, :] - shared)
    alive = np.ones(len(boxes), bool)
    kept = []
    while alive.any():
        best = int(np.argmax(alive))
        kept.append(best)
        alive &= overlap[best] <= _MAX_OVERLAP
        alive[best] = False
    found: NDArray[np.intp] = order[np.array(kept, np.intp)]
    return found


def fills_frame(face: Face, size: tuple[int, int]) -> bool:
    """Whether the face is so large in an image of (height, width) that a padded view sees it better."""
    left, top, right, bottom = face.box
    height, width = size
    beyond = max(-left, -top, right - width, bottom - height)
    return face.height > 0.75 * height or beyond > 0.1 * face.height


def overlap(one: Face, other: Face) -> float:
    """Intersection over union of two boxes, 0..1."""
    (left, top, right, bottom), (x, y, far, low) = one.box, other.box
    shared = max(0.0, min(right, far) - max(left, x)) * max(0.0, min(bottom, low) - max(top, y))
    return shared / max(1e-9, one.width * one.height + other.width * other.height - shared)


def square(face: Face) -> tuple[float, float, float]:
    """Left, top and side of the square as high as the face's box, about its middle: what the other models were trained on."""
    left, top, right, bottom = face.box
    side = bottom - top
    return (left + right - side) / 2, top, side
