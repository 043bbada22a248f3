"""Head pose from the landmarks: three ratios, good enough to ask for another picture, and no model run.

Constants were fitted on 700 LFW faces against the pose model (idverify.liveness.pose). Where the two disagree by more than 25
degrees of yaw, 6 % of those faces, looking at them showed the landmarks right. Beyond some 35 degrees all three fall short.
"""

import numpy as np
from numpy.typing import NDArray

from idverify.face.landmarks import mean_rows
from idverify.values import Floats

_YAW_GAIN = 0.8  # half a head's width over the distance of the nose tip from the plane of the jaw's edges
_PITCH_GAIN = 90.0  # degrees for the whole way from eyes to mouth
_NOSE_AT_REST = 0.45  # where on that way the nose tip stands when the face is neither raised nor lowered
# Left eye, right eye, nose tip, left and right edge of the jaw, mouth.
_MEANS = mean_rows((range(36, 42), range(42, 48), (30,), range(4), range(13, 17), range(48, 68)))


def head_pose(landmarks: Floats) -> NDArray[np.float64]:
    """Yaw, pitch and roll in degrees of faces given by landmarks (n, 68, 2): (n, 3). Zero is a face straight to the camera.

    Yaw is positive when the face turns to the image's right, pitch when it is raised, roll when the head leans clockwise in
    the image. Not finite where the landmarks coincide.
    """
    # Points as complex numbers, seen from between the eyes with the line of the eyes level and of length 1.
    points = (_MEANS @ landmarks).astype(np.float64)
    left, right, *others = (points[..., 0] + 1j * points[..., 1]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        nose, first, last, mouth = (np.array(others) - (left + right) / 2) / (right - left)
        yaw = np.degrees(np.arctan(_YAW_GAIN * (2 * nose.real - first.real - last.real) / (last.real - first.real)))
        pitch = _PITCH_GAIN * (_NOSE_AT_REST - nose.imag / mouth.imag)
    roll = np.degrees(np.angle(right - left))
    return np.stack([yaw, np.clip(pitch, -90, 90), roll], axis=1)
