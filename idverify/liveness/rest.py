"""Whether a face is at rest: the four ways in which a step may ask it to move, and how much of each is none.

Only a face at rest is asked for something, so that whoever began to move before being asked is not asked until that is over.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idverify.liveness.observation import Observation, Seen

Array = NDArray[np.float64]

UNITS = np.array([8.0, 5.0, 0.15, 0.12])
"""One unit of each: degrees of yaw and of pitch, mouth opening, natural logarithm of the distance of the eyes."""
REST = 0.5
"""Of a unit, away from where the face was: what moves no more than this does not move."""
REST_SECONDS = 0.5
_SPREAD = 0.75
"""Of a unit, between any two frames at rest: landmarks waver by more than REST; who turns is past this in 0.2 s."""
_LEAST_FRAMES = 3


def state(seen: Seen) -> Array:
    """Yaw, pitch, mouth opening and logarithm of size, float64 (4,), each in the unit that UNITS counts."""
    eyes = seen.landmarks[36:42].mean(axis=0) - seen.landmarks[42:48].mean(axis=0)
    return np.array([seen.yaw, seen.pitch, seen.mouth, np.log(max(float(np.linalg.norm(eyes)), 1.0))])


def at_rest(observations: Sequence[Observation]) -> bool:
    """Whether nothing moved in the last REST_SECONDS, or the last frames where these were fewer.

    observations: in order of time. A frame without a face is no rest.
    """
    latest = observations[-1].at if observations else 0.0
    recent = [one for one in observations if one.at >= latest - REST_SECONDS]
    shown = [one.seen for one in max(recent, observations[-_LEAST_FRAMES:], key=len)]
    states = [state(seen) for seen in shown if seen is not None]
    if len(states) < max(_LEAST_FRAMES, len(shown)):
        return False
    return bool((np.ptp(np.stack(states), axis=0) <= _SPREAD * UNITS).all())
