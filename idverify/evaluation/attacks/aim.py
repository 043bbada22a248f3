"""Following the guidance: whoever holds the telephone, or an artefact before it, brings the face to where it is asked for."""

import numpy as np

from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.shots import Said
from idverify.values import Floats

_SECONDS = 0.3  # from one correction to the next
_NEARER, _FARTHER = 1.06, 0.94
_SHARE = 0.3  # of the way to the middle at a time


class Aim:
    """How much nearer than at first, in times, and how far to the right and down, pixels."""

    def __init__(self, least: float = 0.7, most: float = 1.6) -> None:
        self.nearer = 1.0
        self.shift: Floats = np.zeros(2, np.float32)
        self._bounds = least, most
        self._at = 0.0

    def hear(self, said: Said, at: float, landmarks: Floats) -> None:
        """Correct for `far`, `near` and `off`, a few times a second. landmarks: where the face is in the picture."""
        if said["type"] != "guidance" or at - self._at < _SECONDS:
            return
        if said["code"] in {"far", "near"}:
            self.nearer = float(np.clip(self.nearer * (_NEARER if said["code"] == "far" else _FARTHER), *self._bounds))
        elif said["code"] == "off":
            self.shift += np.float32(_SHARE) * ((SIDE / 2, SIDE / 2) - landmarks.mean(axis=0)).astype(np.float32)
        else:
            return
        self._at = at
