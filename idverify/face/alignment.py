"""Bringing a face onto the embedder's template (step 4): the similarity transform of five points (Umeyama, PAMI 1991)."""

import cv2
import numpy as np

from idverify.errors import FailureToAssess
from idverify.face.landmarks import mean_rows
from idverify.values import Floats, Pixels

SIDE = 112

# Eye centres, nose tip and mouth corners of the ArcFace template (Deng et al., CVPR 2019), pixels of 112 x 112.
TEMPLATE: Floats = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)

# Each point is the mean of these landmarks: the lids (not the corners, which a squint moves) for the eyes, the outer and the
# inner corner for the mouth.
_SOURCES = ((37, 38, 40, 41), (43, 44, 46, 47), (30,), (48, 60), (54, 64))
_MEANS = mean_rows(_SOURCES)


def five_points(landmarks: Floats) -> Floats:
    """Left eye, right eye (as the image shows them), nose tip, left and right mouth corner: (n, 68, 2) -> (n, 5, 2)."""
    with np.errstate(invalid="ignore"):  # `similarity` refuses what is not finite
        points: Floats = _MEANS @ landmarks
    return points


def similarity(points: Floats, template: Floats = TEMPLATE) -> Floats:
    """The rotations, scales and shifts that bring points (n, k, 2) nearest to the template (k, 2): float32 (n, 2, 3).

    In the plane the least-squares similarity is one complex number, a + bi, so many faces take one expression. Raises
    FailureToAssess where the points of a face are not finite or all lie in one place.
    """
    if not np.isfinite(points).all():
        raise FailureToAssess("the landmarks of the face are not finite")
    source, target = points.astype(np.float64), template.astype(np.float64)
    middle, goal = source.mean(axis=1), target.mean(axis=0)
    centred, aims = source - middle[:, None], target - goal
    spread = np.einsum("nkc,nkc->n", centred, centred)
    if not (spread > 1e-6).all():
        raise FailureToAssess("the landmarks of the face lie in one place")
    # Against the template, and against the template turned by a right angle.
    a = np.einsum("nkc,kc->n", centred, aims) / spread
    b = np.einsum("nkc,kc->n", centred, aims[:, ::-1] * (1, -1)) / spread
    turns = np.empty((len(points), 2, 3))
    turns[:, 0, 0] = turns[:, 1, 1] = a
    turns[:, 1, 0], turns[:, 0, 1] = b, -b
    turns[:, :, 2] = goal - np.einsum("nij,nj->ni", turns[:, :, :2], middle)
    return turns.astype(np.float32)


def align(pixels: Pixels, landmarks: Floats) -> Pixels:
    """Faces of one image (height, width, 3), given their landmarks (n, 68, 2), on the template: uint8 (n, 112, 112, 3).

    What lies outside the image is black. Raises FailureToAssess as `similarity` does.
    """
    transforms = similarity(five_points(landmarks))
    aligned = np.empty((len(transforms), SIDE, SIDE, 3), np.uint8)
    for face, transform in zip(aligned, transforms, strict=True):
        cv2.warpAffine(pixels, transform, (SIDE, SIDE), dst=face, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return aligned
