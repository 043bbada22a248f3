"""A drawn face, so that no test needs a person, and things to put around it."""

import cv2
import numpy as np

from idverify.evaluation.attacks.shots import Shot

# Across and up, in distances of the eyes, the middle between them at 0: a plain symmetrical face.
_JAW = [(-1.0, 0.0), (-0.98, -0.3), (-0.93, -0.6), (-0.85, -0.9), (-0.7, -1.17), (-0.5, -1.4), (-0.28, -1.55), (-0.1, -1.62)]
_HALF = {
    17: (-0.85, 0.4), 18: (-0.7, 0.5), 19: (-0.52, 0.52), 20: (-0.35, 0.48), 21: (-0.2, 0.42),
    36: (-0.72, 0.0), 37: (-0.58, 0.08), 38: (-0.42, 0.08), 39: (-0.28, 0.0), 40: (-0.42, -0.06), 41: (-0.58, -0.06),
    31: (-0.24, -0.62), 32: (-0.12, -0.66), 48: (-0.42, -1.0), 49: (-0.25, -0.93), 50: (-0.1, -0.9), 59: (-0.25, -1.12),
    58: (-0.1, -1.16), 60: (-0.36, -1.0), 61: (-0.12, -0.98), 67: (-0.12, -1.02),
}  # fmt: skip
_MIDDLE = {8: (0, -1.64), 27: (0, 0.0), 28: (0, -0.18), 29: (0, -0.36), 30: (0, -0.54), 33: (0, -0.68), 51: (0, -0.92)}
_MIDDLE |= {57: (0, -1.17), 62: (0, -0.97), 66: (0, -1.03)}
_OTHER = {17: 26, 18: 25, 19: 24, 20: 23, 21: 22, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 31: 35, 32: 34}
_OTHER |= {48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63, 67: 65}


def landmarks(centre=(240, 200), unit=80.0):
    """The 68 landmarks, pixels. unit: distance of the eyes."""
    points = np.zeros((68, 2), np.float32)
    for index, place in enumerate(_JAW):
        points[index], points[16 - index] = place, (-place[0], place[1])
    for index, place in _HALF.items():
        points[index], points[_OTHER[index]] = place, (-place[0], place[1])
    for index, place in _MIDDLE.items():
        points[index] = place
    return (points * (unit, -unit) + centre).astype(np.float32)


def portrait():
    """A face before a wall, drawn."""
    marks = landmarks()
    pixels = np.full((480, 480, 3), (150, 150, 150), np.uint8)
    hull = cv2.convexHull(marks.astype(np.int32))
    cv2.fillConvexPoly(pixels, hull, (130, 150, 190))
    for first in (36, 42):
        cv2.fillConvexPoly(pixels, marks[first : first + 6].astype(np.int32), (245, 245, 245))
    cv2.polylines(pixels, [marks[27:36].astype(np.int32)], False, (90, 100, 140), 2)
    cv2.fillConvexPoly(pixels, marks[48:60].astype(np.int32), (90, 90, 160))
    return Shot(pixels, marks)


class Still:
    """An actor who hears and keeps still."""

    def __init__(self):
        self.heard = []

    def hear(self, said, at):
        """Keep what was said."""
        self.heard.append((round(at, 3), said))

    def shot(self, at):
        """Always the same."""
        return portrait()
