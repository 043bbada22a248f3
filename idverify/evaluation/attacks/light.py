"""The simulated flash: what light the screen throws on a face, and on what is around it.

The reflectance model, plainly: a picture is taken to show matt surfaces under the even light of a room. The screen adds, to
each pixel, a share of that light: `screen_to_room` times the screen's colour, linear, times a weight that is 1 where a surface
faces the screen at the distance of the nose, falls off with the cosine over the head (taken for an ellipsoid), and is small
behind it. Brightness is kept as under the screen's idle page, as a camera's exposure would. There is no sheen on skin, no
shadow, no automatic white balance, and what the camera clipped stays clipped.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from idverify.evaluation.attacks.clips import SIDE
from idverify.evaluation.attacks.parameters import Group
from idverify.values import Floats, Pixels

_GRID = 60
_GAMMA = 1 / 2.2
_Y, _X = np.mgrid[0:_GRID, 0:_GRID].astype(np.float32) * (SIDE / _GRID) + SIDE / _GRID / 2


def linear(rgb: str) -> Floats:
    """Linear light of `#rrggbb`, (3,) as BGR, 0..1 (IEC 61966-2-1)."""
    encoded = np.array([int(rgb[at : at + 2], 16) for at in (5, 3, 1)], np.float32) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


@dataclass(slots=True)
class Screen:
    """What our page shows and when, as light. Changes reach the face after the display's latency and with its rise time."""

    group: Group
    changes: list[tuple[float, Floats]] = field(default_factory=list)

    def show(self, rgb: str | None, at: float) -> None:
        """The page was told at `at` (seconds) to show a colour, or (None) itself again."""
        light = self._idle if rgb is None else linear(rgb)
        self.changes.append((at + self.group["latency_ms"] / 1000, light))

    def light(self, at: float) -> Floats:
        """Linear light (3,) BGR at a time, 1 for a white screen."""
        found = self._idle
        for since, light in self.changes:
            if at < since:
                break
            share = 1 - np.exp(-(at - since) / (self.group["rise_ms"] / 1000))
            found = (found + share * (light - found)).astype(np.float32)
        return found

    @property
    def _idle(self) -> Floats:
        return np.full(3, self.group["idle"], np.float32)


def on_head(landmarks: Floats, group: Group) -> Floats:
    """How much of the screen's light each part of a picture with this head gets: (60, 60), 0..1."""
    eyes, chin = landmarks[36:48].mean(axis=0), landmarks[8]
    width = float(np.linalg.norm(landmarks[16] - landmarks[0])) / 2
    height = 1.25 * float(np.linalg.norm(chin - eyes))
    centre = eyes + 0.1 * (chin - eyes)
    r = ((_X - centre[0]) / (1.12 * width)) ** 2 + ((_Y - centre[1]) / (1.05 * height)) ** 2
    facing = np.sqrt(np.clip(1 - r, 0, 1))
    shoulders = 2.1 * width * np.clip((_Y - chin[1]) / height + 0.35, 0, 1)
    body = group["body"] * ((chin[1] < _Y) & (np.abs(_X - chin[0]) < shoulders))
    weights = np.maximum(np.where(r < 1, 0.25 + 0.75 * facing, 0), np.maximum(group["background"], body)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(weights, (0, 0), 0.8), np.float32)


def lit(pixels: Pixels, weights: Floats, light: Floats, group: Group, *, gloss: Floats | None = None) -> Pixels:
    """The picture (480, 480, 3) BGR under the screen's light (3,) BGR. gloss: (60, 60), light thrown back unmixed, 0..1."""
    share = group["screen_to_room"]
    shone = 1 + share * weights[:, :, None] * light
    usual = 1 + share * float(group["idle"]) * weights[:, :, None]
    factors = cv2.resize(((shone / usual) ** _GAMMA).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    found = cv2.multiply(pixels, factors, dtype=cv2.CV_8U)
    if gloss is not None:
        sheen = cv2.resize(gloss[:, :, None] * light * (255 * share), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        found = cv2.add(found, sheen.astype(np.float32), dtype=cv2.CV_8U)
    return np.asarray(found, np.uint8)
