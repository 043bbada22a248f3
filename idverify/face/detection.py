"""Finding faces (step 3). The detector, RFB-320, sees 320 x 240 pixels; what it sees of an image is a View.

The view's proportions are kept (letterbox): plain resizing lost faces in portrait format and gave taller boxes. Its colours are
RGB: of 250 faces 81 pixels high, RGB finds 246 and BGR 238; where faces are large both find all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.values import Face, Floats, Pixels

WIDTH, HEIGHT = 320, 240
MIN_SCORE = 0.65  # the model's own; of 4,927 subjects of LFW the lowest scores 0.93
_MAX_OVERLAP = 0.4
_GREY = 127  # becomes 0 in the model's input


@dataclass(frozen=True, slots=True)
class View:
    """The part of an image that the detector sees, in pixels, 4 : 3. It may exceed the image; grey is seen there."""

    left: float
    top: float
    width: float

    @property
    def height(self) -> float:
        """Three quarters of the width."""
        return self.width * HEIGHT / WIDTH


def whole(size: tuple[int, int]) -> View:
    """The smallest view with all of an image of (height, width) in its middle."""
    return _around(size, 1.0)


def closer_looks(size: tuple[int, int]) -> tuple[View, ...]:
    """Where to look after nothing was found: from further away, for a face that fills the frame; at parts, for a small one.

    The parts, up to four, overlap, so that a face on a seam is whole in one of them.
    """
    height, width = size
    part = View(0, 0, 0.6 * whole(size).width)
    return padded(size), *(View(x, y, part.width) for y in _starts(height, part.height) for x in _starts(width, part.width))


def _starts(length: float, part: float) -> tuple[float, ...]:
    return (0.0, length - part) if part < length else ((length - part) / 2,)


def padded(size: tuple[int, int]) -> View:
    """A view 1.8 times as wide and high as the image needs: a face cut by the frame is a whole one here."""
    return _around(size, 1.8)


def _around(size: tuple[int, int], scale: float) -> View:
    height, width = size
    across = scale * max(width, height * WIDTH / HEIGHT)
    return View((width - across) / 2, (height - across * HEIGHT / WIDTH) / 2, across)


def prepare(pixels: Pixels, views: Sequence[View]) -> Floats:
    """The detector's input for these views of one image (height, width, 3): float32 (n, 3, 240, 320) in -1..1, RGB."""
    batch = np.full((len(views), 3, HEIGHT, WIDTH), _GREY, np.float32)
    for canvas, view in zip(batch, views, strict=True):
        _draw(pixels, view, canvas)
    batch -= _GREY
    batch /= 128
    return batch


def _draw(pixels: Pixels, view: View, canvas: Floats) -> None:
    height, width = pixels.shape[:2]
    scale = WIDTH / view.width
    left, top = max(0, round(view.left)), max(0, round(view.top))
    right, bottom = min(width, round(view.left + view.width)), min(height, round(view.top + view.height))
    x, y = max(0, round((left - view.left) * scale)), max(0, round((top - view.top) * scale))
    across, down = min(WIDTH - x, max(1, round((right - left) * scale))), min(HEIGHT - y, max(1, round((bottom - top) * scale)))
    seen = cv2.resize(pixels[top:bottom, left:right], (across, down), interpolation=cv2.INTER_AREA)
    for plane, channel in zip(canvas, cv2.split(seen)[::-1], strict=True):
        plane[y : y + down, x : x + across] = channel


def parse(scores: Floats, boxes: Floats, views: Sequence[View]) -> tuple[Face, ...]:
    """The faces in the detector's output on these views of one image, best first.

    scores: (n, 4420, 2), the second column is the face's. boxes: (n, 4420, 4), left, top, right, bottom as fractions of the
    view. Where views overlap, a face seen twice is one face. Non-finite rows are ignored.
    """
    of_view, candidate = np.nonzero(scores[:, :, 1] >= MIN_SCORE)
    frames = np.array([(v.left, v.top, v.width, v.height) for v in views], np.float64)[of_view]
    placed = boxes[of_view, candidate].astype(np.float64) * np.tile(frames[:, 2:], 2) + np.tile(frames[:, :2], 2)
    found = scores[of_view, candidate, 1]
    usable = np.isfinite(placed).all(axis=1) & (placed[:, 2:] > placed[:, :2]).all(axis=1)
    placed, found = placed[usable], found[usable]
    kept = suppress(placed, found)
    return tuple(
        Face((float(b[0]), float(b[1]), float(b[2]), float(b[3])), min(1.0, float(s)))
        for b, s in zip(placed[kept], found[kept], strict=True)
    )


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


def square(face: Face) -> tuple[float, float, float]:
    """Left, top and side of the square as high as the face's box, about its middle: what the other models were trained on."""
    left, top, right, bottom = face.box
    side = bottom - top
    return (left + right - side) / 2, top, side
