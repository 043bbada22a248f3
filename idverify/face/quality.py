"""Sample quality (step 5), named after the components of ISO/IEC 29794-5 where it has them. Measured on the aligned face.

Each component has a native value, in the measure's own unit, and a value from 0 (worst) to 100 (best): the native value placed
between two ends, `worst` and `best`, on a straight line. A value below RETAKE_BELOW asks for another picture. A picture of
one colour has no detail at all and passes for sharp.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from idverify.face.alignment import five_points
from idverify.face.pose import head_pose
from idverify.face.words import RETAKE
from idverify.values import Component, Face, Floats, Pixels, Quality

RETAKE_BELOW = 20


@dataclass(frozen=True, slots=True)
class Scale:
    """A measure's native value at component value 0 and at component value 100; either may be the larger one."""

    worst: float
    best: float

    def value(self, native: float) -> int:
        """0..100."""
        share = (native - self.worst) / (self.best - self.worst)
        return round(100 * min(1.0, max(0.0, share)))


# Ends were set on 4,927 faces of LFW and on blurred, darkened and half-lit copies of them, so that RETAKE_BELOW lies beyond
# all but some hundredths of the former and where the embedder begins to lose the latter.
SCALES: Mapping[str, Scale] = {
    # Natural logarithm of fine over coarse detail, in the direction (across, down) that has less: motion blurs one only.
    "sharpness": Scale(-4.0, -2.0),
    # Share of the face's pixels darker than 26, and lighter than 246, of 255.
    "under_exposure_prevention": Scale(0.9, 0.0),
    "over_exposure_prevention": Scale(0.5, 0.0),
    # Intersection of the grey histograms of the face's left and right half, 0..1.
    "illumination_uniformity": Scale(0.0, 0.8),
    # Degrees, signed as in idverify.face.pose; the value takes no notice of the sign.
    "head_pose_yaw": Scale(45.0, 0.0),
    "head_pose_pitch": Scale(40.0, 0.0),
    "head_pose_roll": Scale(60.0, 0.0),
    # Probability that the more open eye is open. Narrow and laughing eyes reach down to a tenth: no more is asked for.
    "eyes_open": Scale(0.0, 0.1),
    # Gap of the inner lips over the distance from between the eyes to the chin.
    "mouth_closed": Scale(0.5, 0.05),
    # Pixels of the image between the eyes' centres, corrected for yaw.
    "inter_eye_distance": Scale(10.0, 90.0),
    # Height of the next largest face over that of this one.
    "single_face_present": Scale(1.0, 0.0),
}

# Of the 112 x 112 template: brows to chin, and cheek to cheek.
_INNER = (slice(36, 106), slice(24, 88))
_DARK, _LIGHT = 26, 246
_BINS = 16


def assess(aligned: Pixels, landmarks: Floats, face: Face, found: Sequence[Face], eyes_open: float | None) -> Quality:
    """Quality of one face.

    aligned: uint8 (112, 112, 3) BGR. landmarks: (68, 2), pixels of the image. found: every face of the image, this one
    included. eyes_open: probability that the more open eye is open (idverify.liveness.eyes), None where it was not assessed.
    A measure that cannot be taken has None for both its values, which never reads as good.
    """
    native = {**_of_pixels(aligned), **_of_landmarks(landmarks)}
    native["eyes_open"] = float("nan") if eyes_open is None else eyes_open
    native["single_face_present"] = max((other.height for other in found if other is not face), default=0.0) / face.height
    components = tuple(_component(name, native[name]) for name in SCALES)
    retake = tuple(RETAKE[part.name] for part in components if part.value is not None and part.value < RETAKE_BELOW)
    return Quality(components, retake)


def _component(name: str, native: float) -> Component:
    if not np.isfinite(native):
        return Component(name, None, None)
    distance = abs(native) if name.startswith("head_pose") else native
    return Component(name, native, SCALES[name].value(distance))


def _of_pixels(aligned: Pixels) -> dict[str, float]:
    grey = cv2.cvtColor(aligned[_INNER], cv2.COLOR_BGR2GRAY)
    middle = grey.shape[1] // 2
    halves = np.array([np.bincount(half.ravel(), minlength=256) for half in (grey[:, :middle], grey[:, middle:])])
    levels = halves.sum(axis=0) / grey.size
    left, right = halves.reshape(2, _BINS, -1).sum(axis=2) / halves.sum(axis=1, keepdims=True)
    return {
        "sharpness": _sharpness(grey.astype(np.float32)),
        "under_exposure_prevention": float(levels[:_DARK].sum()),
        "over_exposure_prevention": float(levels[_LIGHT + 1 :].sum()),
        "illumination_uniformity": float(np.minimum(left, right).sum()),
    }


def _sharpness(grey: Floats) -> float:
    # Gaussians of 1 and 4 pixels; what the first takes away is fine detail, what the second takes from that is coarse. The
    # added constants are the noise of rounding to whole grey levels.
    directions = []
    for fine, coarse in (((7, 1), (25, 1)), ((1, 7), (1, 25))):
        smooth = cv2.GaussianBlur(grey, fine, 1.0)
        lost, left = (
            cv2.norm(grey, smooth, cv2.NORM_L2SQR),
            cv2.norm(smooth, cv2.GaussianBlur(grey, coarse, 4.0), cv2.NORM_L2SQR),
        )
        directions.append((lost / grey.size + 0.02) / (left / grey.size + 0.1))
    return float(np.log(min(directions)))


def _of_landmarks(landmarks: Floats) -> dict[str, float]:
    yaw, pitch, roll = (float(angle) for angle in head_pose(landmarks[None])[0])
    left, right = five_points(landmarks[None])[0, :2]
    eyes_to_chin = float(np.linalg.norm((left + right) / 2 - landmarks[8]))
    lips = float(np.linalg.norm(landmarks[[61, 62, 63]] - landmarks[[67, 66, 65]], axis=1).mean())
    return {
        "head_pose_yaw": yaw,
        "head_pose_pitch": pitch,
        "head_pose_roll": roll,
        "mouth_closed": lips / eyes_to_chin if eyes_to_chin > 0 else float("nan"),
        "inter_eye_distance": float(np.linalg.norm(right - left)) / max(0.5, float(np.cos(np.radians(yaw)))),
    }
