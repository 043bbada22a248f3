"""A live session's frames, one at a time: JPEG bytes to Observation, and an observed frame to Analysis.

The face stages are those of acquisition. A face that was seen in the frame before is marked where its landmarks then were, if
a glance at a small canvas still finds one there. The glance cannot be left out: of pictures from which the face was taken
away, the landmark model made a plausible sequel in 9 of 10. The whole picture is searched when there was no face before, when
the sequel is not plausible, and when the caller asks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from idverify.acquisition import Acquirer
from idverify.errors import FailureToAcquire, FailureToAssess, ImageRejected
from idverify.face import alignment, image, landmarks
from idverify.face.detection import overlap
from idverify.face.pose import head_pose
from idverify.face.selection import MIN_HEIGHT
from idverify.liveness.observation import Analysis, Observation, Seen
from idverify.liveness.traces import light, trace
from idverify.values import Face, Floats, Image, Pixels

MAX_PIXELS = 1_000_000
"""Of one frame. A capture page sends 640x480; a phone's front camera at its usual video sizes stays below."""

# Between two frames, in distances of the eyes: how far the middle of the face may move, and by how much its landmarks may
# differ (root mean square) when laid over those before; and how much larger or smaller it may become.
_MAX_JUMP, _MAX_BEND, _MAX_GROWTH = 1.0, 0.16, 1.35
_MIN_OVERLAP = 0.3  # of a face found and where it is expected, intersection over union

_LIPS = ((61, 62, 63), (67, 66, 65))


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """An observed frame with its picture, so that `analyse` decodes nothing again.

    faces: all that were found, best first. searched: whether the whole picture was searched for them.
    """

    observation: Observation
    picture: Image
    faces: tuple[Face, ...]
    searched: bool


class Tracker:
    """Tracks one capture subject. Holds no state between calls; safe from many threads where the engine is."""

    def __init__(self, acquirer: Acquirer) -> None:
        self._acquirer = acquirer

    def track(
        self, previous: Observation | None, jpeg: bytes, *, sequence: int, at: float, reveals: int, look: bool = False
    ) -> Tracked:
        """One frame observed, after the observation of the frame before it (None: there is none).

        look: search the whole picture whatever was there before. Raises TooLarge and ImageRejected: only JPEGs of at most
        MAX_PIXELS are taken; Fault when the engine fails. Where the policy finds no subject, `seen` is None.
        """
        picture = image.decode(jpeg, MAX_PIXELS)
        if picture.media_type != "image/jpeg":
            raise ImageRejected("frames are JPEG pictures")
        before = previous.seen if previous else None
        seen: Seen | None = None
        found: tuple[Face, ...] = ()
        searched = False
        if before is not None and not look:
            found = self._acquirer.glance(picture.pixels)
            # With several, whom an analysis would refuse to choose from, nobody is followed.
            seen = self._follow(picture, before, found) if len(found) == 1 else None
        if seen is None:
            found, searched = self._acquirer.search(picture.pixels), True
            seen = self._find(picture, found)
        return Tracked(Observation(sequence, at, reveals, trace(jpeg, picture), len(found), seen), picture, found, searched)

    def analyse(self, tracked: Tracked) -> Analysis:
        """Quality, presentation attack score and template of an observed frame, by a search of the whole picture.

        Raises NoFace, MultipleFaces or FailureToAssess where there is no subject or one that cannot be measured; Fault when the
        engine fails.
        """
        picture, seen = tracked.picture, tracked.observation.seen
        faces = tracked.faces if tracked.searched else self._acquirer.search(picture.pixels)
        face = self._acquirer.choose(faces, picture.pixels)
        points = seen.landmarks if seen and tracked.searched else self._acquirer.mark(picture, face)
        probe = self._acquirer.measure(picture, face, faces, points)
        return Analysis(tracked.observation.sequence, probe.pad_score, probe.template, probe.quality)

    def _find(self, picture: Image, found: tuple[Face, ...]) -> Seen | None:
        try:
            face = self._acquirer.choose(found, picture.pixels)
        except FailureToAcquire:
            return None  # none, several, or too small: `faces` tells which
        return self._seen(picture, face, self._acquirer.mark(picture, face))

    def _follow(self, picture: Image, before: Seen, found: tuple[Face, ...]) -> Seen | None:
        """None where no face is where it was before, or what is marked there is no plausible sequel."""
        expected = landmarks.followed(before.landmarks, before.face.score)
        score = max((face.score for face in found if overlap(face, expected) >= _MIN_OVERLAP), default=0.0)
        if not score:
            return None
        points = self._acquirer.mark(picture, expected)
        if not plausible(before.landmarks, points):
            return None
        face = landmarks.followed(points, score)
        return self._seen(picture, face, points) if face.height >= MIN_HEIGHT else None

    def _seen(self, picture: Image, face: Face, points: Floats) -> Seen | None:
        try:
            aligned = alignment.align(picture.pixels, points[None])[0]
        except FailureToAssess:
            return None
        yaw, pitch, roll = head_pose(points[None])[0].tolist()
        first, second = self._acquirer.eyes_open(picture.pixels, points).tolist()
        left, right = alignment.five_points(points[None])[0, :2]
        gap = float(np.linalg.norm(points[list(_LIPS[0])] - points[list(_LIPS[1])], axis=1).mean())
        numbers = (yaw, pitch, roll, first, second, mouth := gap / float(np.linalg.norm(right - left)))
        if not np.isfinite(numbers).all():
            return None
        return Seen(
            face=face,
            landmarks=points,
            yaw=yaw,
            pitch=pitch,
            roll=roll,
            eyes=(first, second),
            mouth=mouth,
            sharpness=_sharpness(aligned),
            light=light(picture.pixels, points),
        )


def plausible(before: Floats, after: Floats) -> bool:
    """Whether landmarks (68, 2) can be the same face's one frame later: neither far away, nor of another size or shape."""
    if not np.isfinite(after).all():
        return False
    left, right = alignment.five_points(before[None])[0, :2]
    eyes = max(1.0, float(np.linalg.norm(right - left)))
    spread = [float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean())) for points in (before, after)]
    if min(spread) < 1 or max(spread) / min(spread) > _MAX_GROWTH:
        return False
    if float(np.linalg.norm(after.mean(axis=0) - before.mean(axis=0))) > _MAX_JUMP * eyes:
        return False
    return bend(before, after) <= _MAX_BEND


def bend(before: Floats, after: Floats) -> float:
    """How far landmarks (68, 2) differ in shape: root mean square, in distances of the eyes, once one lies over the other."""
    turn = alignment.similarity(after[None], before)[0]
    left, right = alignment.five_points(before[None])[0, :2]
    moved = after @ turn[:, :2].T + turn[:, 2]
    return float(np.sqrt(np.square(moved - before).sum(axis=1).mean()) / max(1.0, float(np.linalg.norm(right - left))))


def _sharpness(aligned: Pixels) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
