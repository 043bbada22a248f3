"""Landmark-aligned blends of two people's photographs, as a morphing attack makes them (ISO/IEC 20059 calls them morphs).

Both faces are warped, triangle by triangle, to the shape that lies between theirs, and mixed (after Ferrara, Franco, Maltoni:
'The magic passport', IJCB 2014). Nothing is retouched: ghosts stay at ears, hair and collar, where an embedder hardly looks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from idverify.acquisition import Acquirer
from idverify.face import image
from idverify.face.alignment import similarity
from idverify.values import Floats, Pixels

QUALITY = 95


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A photograph, uint8 (height, width, 3) BGR, and the landmarks of the face that it is labelled with, float32 (68, 2)."""

    pixels: Pixels
    points: Floats


def marked(acquirer: Acquirer, data: bytes) -> Marked:
    """The photograph's face. Raises as Acquirer.acquire."""
    picture = image.decode(data)
    face = acquirer.choose(acquirer.search(picture.pixels), picture.pixels)
    return Marked(picture.pixels, acquirer.mark(picture, face))


def morph(target: Marked, other: Marked, share: float) -> bytes:
    """A JPEG of both, in the place and size of the target's. share: of the other, 0..1, in shape and in colour alike."""
    height, width = target.pixels.shape[:2]
    moved = _brought(other, target)
    border = [
        (x, y) for x in (0, width // 2, width - 1) for y in (0, height // 2, height - 1) if (x, y) != (width // 2, height // 2)
    ]
    inner = [np.clip(one, 1, (width - 2, height - 2)) for one in (target.points, moved.points)]
    shapes = [np.concatenate([points, np.array(border)]).astype(np.float32) for points in inner]
    shape = (1 - share) * shapes[0] + share * shapes[1]
    triangles = _triangles(shape, (width, height))
    warped = [
        _warped(pixels, points, shape, triangles) for pixels, points in zip((target.pixels, moved.pixels), shapes, strict=True)
    ]
    mixed = np.clip(np.rint((1 - share) * warped[0] + share * warped[1]), 0, 255).astype(np.uint8)
    done, encoded = cv2.imencode(".jpg", mixed, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError("the morph cannot be encoded")
    return encoded.tobytes()


def _brought(other: Marked, target: Marked) -> Marked:
    """The other photograph turned, scaled and shifted so that its face lies on the target's."""
    height, width = target.pixels.shape[:2]
    transform = similarity(other.points[None], target.points)[0]
    pixels = cv2.warpAffine(other.pixels, transform, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8, copy=False
    )
    return Marked(pixels, other.points @ transform[:, :2].T + transform[:, 2])


def _triangles(points: Floats, size: tuple[int, int]) -> list[list[int]]:
    """Delaunay's triangulation, as rows of three positions of the points."""
    plane = cv2.Subdiv2D((0, 0, *size))
    index: dict[int, int] = {}
    for position, (x, y) in enumerate(points.tolist()):
        index.setdefault(plane.insert((x, y)), position)
    found = []
    for corners in plane.getTriangleList().reshape(-1, 3, 2):
        near = [plane.findNearest((float(x), float(y)))[0] for x, y in corners]
        if all(0 <= x < size[0] and 0 <= y < size[1] for x, y in corners) and all(one in index for one in near):
            found.append([index[one] for one in near])
    return found


def _warped(pixels: Pixels, points: Floats, shape: Floats, triangles: list[list[int]]) -> Floats:
    """The picture with its points moved to the shape: float32 (height, width, 3)."""
    height, width = pixels.shape[:2]
    of = np.zeros((height, width), np.int32)  # the goal's triangle that a pixel lies in
    for position, corners in enumerate(triangles):
        cv2.fillConvexPoly(of, np.rint(shape[corners]).astype(np.int32), position)
    back = np.stack([cv2.getAffineTransform(shape[corners], points[corners]) for corners in triangles]).astype(np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    goal = np.stack([x, y, np.ones_like(x)], axis=-1)
    source: Floats = np.einsum("hwij,hwj->hwi", back[of], goal).astype(np.float32)
    warped = cv2.remap(pixels, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return warped.astype(np.float32)
