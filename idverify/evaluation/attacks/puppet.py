"""A synthetic head: one photograph on a mesh with depth, made to turn, nod, blink and speak. The injected deepfake.

The depth at each landmark is a template by its index, in distances of the eyes; between landmarks it is interpolated, and
towards the edge of the head it falls to that of the background. Eyes shut and the mouth opens by moving lids and lips in the
photograph before it is laid on the mesh.
"""

import cv2
import numpy as np

from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.shots import Shot
from idverify.evaluation.attacks.warping import PLACES, Points, drawn, inverse
from idverify.values import Floats, Pixels

# Towards the camera, in distances of the eyes, of the landmarks 0..67: jaw, brows, bridge and base of the nose, eyes, lips.
_JAW = (-0.75, -0.72, -0.66, -0.56, -0.4, -0.2, 0.0, 0.12, 0.16)
_DEPTH = np.array(
    [
        *_JAW, *_JAW[-2::-1], 0.02, 0.14, 0.22, 0.26, 0.28, 0.28, 0.26, 0.22, 0.14, 0.02, 0.24, 0.36, 0.48, 0.6, 0.3, 0.36,
        0.4, 0.36, 0.3, 0.0, 0.1, 0.12, 0.12, 0.1, 0.06, 0.12, 0.12, 0.1, 0.0, 0.06, 0.1, 0.18, 0.3, 0.36, 0.38, 0.36, 0.3,
        0.18, 0.28, 0.34, 0.35, 0.34, 0.28, 0.2, 0.3, 0.33, 0.3, 0.2, 0.3, 0.33, 0.3,
    ],
    np.float32,
)  # fmt: skip
_LIDS = (((37, 38), (41, 40), (36, 39), (17, 21)), ((43, 44), (47, 46), (42, 45), (22, 26)))
_INNER_LIPS = (61, 62, 63), (67, 66, 65)


class Head:
    """A photograph (480, 480, 3) with landmarks (68, 2), ready to be posed. depth: of the template, times."""

    def __init__(self, pixels: Pixels, landmarks: Floats, depth: float = 1.0) -> None:
        self._pixels, self._landmarks = pixels, landmarks
        left, right = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
        self._unit = float(np.linalg.norm(right - left))
        self._pivot = landmarks[[0, 16]].mean(axis=0)  # between the ears
        points, depths = self._anchors(depth)
        self._points, self._weights = points, _fitted(points, depths, self._unit)
        self._depths = self._depth(PLACES.reshape(-1, 2)).reshape(PLACES.shape[:2])
        self._moving = self._mask()

    def posed(self, yaw: float, pitch: float, *, blink: float = 0.0, mouth: float = 0.0) -> Shot:
        """The head turned by degrees (signs as in idverify.face.pose), eyes shut and mouth open by 0..1."""
        texture = self._pixels
        if blink > 0:
            texture = self._blinked(texture, blink)
        if mouth > 0:
            texture = self._opened(texture, mouth)
        if abs(yaw) < 0.05 and abs(pitch) < 0.05:
            return Shot(texture, self._landmarks)

        def forward(points: Points) -> Points:
            return self._turned(points, _sampled(self._depths, points), _sampled(self._moving, points), yaw, pitch)

        moved = self._turned(self._landmarks, self._depth(self._landmarks), np.ones(68, np.float32), yaw, pitch)
        return Shot(drawn(texture, inverse(forward)), moved)

    def _anchors(self, depth: float) -> tuple[Floats, Floats]:
        """The landmarks, and points around the head: the crown, the ears, what is behind."""
        marks, unit = self._landmarks, self._unit
        brow, chin, ears = marks[17:27].mean(axis=0), marks[8], marks[[0, 16]].mean(axis=0)
        up = (brow - chin) / np.linalg.norm(brow - chin)
        side = (marks[16] - marks[0]) / np.linalg.norm(marks[16] - marks[0])
        extra = [(brow + up * unit * high + side * unit * wide, back) for high, wide, back in _SKULL]
        rim = [(ears + 2.6 * unit * (np.cos(a) * side - np.sin(a) * up), -1.1) for a in np.linspace(0, 2 * np.pi, 12, False)]
        points = np.concatenate([marks, np.array([point for point, _ in (*extra, *rim)], np.float32)])
        return points.astype(np.float32), self._unit * np.concatenate(
            [_DEPTH * depth, np.array([back for _, back in (*extra, *rim)], np.float32)]
        ).astype(np.float32)

    def _depth(self, points: Floats) -> Floats:
        found: Floats = _kernel(points, self._points, self._unit) @ self._weights[:-1] + self._weights[-1]
        return found

    def _mask(self) -> Floats:
        """How much of the head's movement each part of the picture makes: 1 on the head, falling to 0 around it, (61, 61)."""
        width = float(np.linalg.norm(self._landmarks[16] - self._landmarks[0])) / 2
        centre = self._landmarks[27]
        below = PLACES[..., 1] > centre[1]
        high = np.where(below, 2.3, 2.0) * width
        r = np.sqrt(((PLACES[..., 0] - centre[0]) / (1.3 * width)) ** 2 + ((PLACES[..., 1] - centre[1]) / high) ** 2)
        moving: Floats = np.clip((1.75 - r) / 0.75, 0, 1).astype(np.float32) ** 1.5
        return moving

    def _turned(self, points: Points, depth: Floats, share: Floats, yaw: float, pitch: float) -> Points:
        """Where points of the photograph lie when the head is turned about the neck; behind it, less."""
        a, b = np.radians(yaw) * share, -np.radians(pitch) * share
        x, y, z = points[..., 0] - self._pivot[0], points[..., 1] - self._pivot[1], depth + 0.9 * self._unit
        x, z = x * np.cos(a) + z * np.sin(a), z * np.cos(a) - x * np.sin(a)
        y = y * np.cos(b) + z * np.sin(b)
        return np.stack([x + self._pivot[0], y + self._pivot[1]], axis=-1).astype(np.float32)

    def _blinked(self, pixels: Pixels, shut: float) -> Pixels:
        found = pixels.copy()
        for upper, lower, corners, brow in _LIDS:
            marks = self._landmarks
            first, last = marks[corners[0]], marks[corners[1]]
            width = float(np.linalg.norm(last - first))
            top, bottom = marks[list(upper)].mean(axis=0)[1], marks[list(lower)].mean(axis=0)[1]
            above = max(marks[list(brow)].mean(axis=0)[1], top - 0.9 * width)
            left, right = int(first[0] - 0.35 * width), int(last[0] + 0.35 * width)
            high, low = int(above), int(bottom + 0.25 * width) + 1
            y, x = np.mgrid[high:low, left:right].astype(np.float32)
            across = np.clip(1 - ((x - (first[0] + last[0]) / 2) / (0.62 * width)) ** 2, 0, 1)
            lid = top + shut * np.sqrt(across) * (bottom - top)
            skin = above + (y - above) * (top - above - 1) / np.maximum(lid - above, 1)
            eye = top + (y - lid) * (bottom - top) / np.maximum(bottom - lid, 0.5)
            source = np.where(y < lid, skin, np.where(y < bottom, eye, y)).astype(np.float32)
            found[high:low, left:right] = cv2.remap(pixels, x, source, cv2.INTER_LINEAR)
        return found

    def _opened(self, pixels: Pixels, wide: float) -> Pixels:
        marks = self._landmarks
        upper, lower = marks[list(_INNER_LIPS[0])].mean(axis=0), marks[list(_INNER_LIPS[1])].mean(axis=0)
        seam, drop = float((upper[1] + lower[1]) / 2), 0.4 * self._unit * wide
        half, chin = float(np.linalg.norm(marks[54] - marks[48])) / 2, float(marks[8][1])
        left, right = int(max(0, marks[48][0] - half)), int(min(SIDE, marks[54][0] + half))
        high, low = int(upper[1] - 1), int(min(SIDE, chin + 1.2 * self._unit))
        y, x = np.mgrid[high:low, left:right].astype(np.float32)
        across = (x - (marks[48][0] + marks[54][0]) / 2) / half
        sunk = drop * np.sqrt(np.clip(1 - (across / 1.9) ** 2, 0, 1))
        fade = np.clip((low - y) / max(1.0, low - chin), 0, 1)
        gap = drop * np.sqrt(np.clip(1 - across**2, 0, 1))
        source = np.where(y > seam + gap, y - np.where(np.abs(across) < 1, gap, sunk * 0) * fade, y).astype(np.float32)
        moved = cv2.remap(pixels, x, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        inside = ((y > seam) & (y < seam + gap)).astype(np.float32)
        inside = cv2.GaussianBlur(inside, (0, 0), 1.5)[..., None]
        found = pixels.copy()
        found[high:low, left:right] = (moved * (1 - inside) + np.array([28, 22, 52], np.float32) * inside).astype(np.uint8)
        return found


# Up from the brows, to the side, and depth of points of the skull.
_SKULL = ((0.6, 0.0, 0.15), (1.1, 0.0, -0.2), (0.5, -0.8, -0.15), (0.5, 0.8, -0.15), (-0.2, -1.3, -1.0), (-0.2, 1.3, -1.0))


def _kernel(points: Floats, anchors: Floats, unit: float) -> Floats:
    """Distances: the kernel of a spline that is linear near its points and does not swing between them."""
    gaps = (points[:, None] - anchors[None]) / unit
    found: Floats = np.sqrt((gaps * gaps).sum(axis=2) + 0.02).astype(np.float32)
    return found


def _fitted(points: Floats, values: Floats, unit: float) -> Floats:
    """Weights of the spline through the values, the constant last."""
    count = len(points)
    system = np.zeros((count + 1, count + 1))
    system[:count, :count] = _kernel(points, points, unit) - 0.05 * np.eye(count)
    system[count, :count] = system[:count, count] = 1
    found: Floats = np.linalg.solve(system, np.append(values, 0.0)).astype(np.float32)
    return found


def _sampled(grid: Floats, points: Points) -> Floats:
    """The grid's values (61, 61) at pixels (61, 61, 2)."""
    scaled = (points * ((grid.shape[0] - 1) / (SIDE - 1))).astype(np.float32)
    return np.asarray(
        cv2.remap(grid, scaled[..., 0], scaled[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
