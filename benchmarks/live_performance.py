"""Frames prepared beforehand that do whatever a live session may ask, so that a client under load has nothing to draw.

The informed attacker's synthetic head of `idverify bench attacks`, from a sample photograph: who is behind it does not matter
here, but that every step is done, every colour answered, and no frame comes twice in a session.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle, islice
from typing import Any

import cv2
import numpy as np

from idverify.evaluation.attacks.camera import encoded
from idverify.evaluation.attacks.capture import Props
from idverify.evaluation.attacks.clips import square
from idverify.evaluation.attacks.device import Filmed
from idverify.evaluation.attacks.sheets import cropped
from idverify.evaluation.attacks.shots import Shot
from idverify.evaluation.attacks.watching import watcher
from idverify.liveness.challenge import PALETTE, Kind
from idverify.tracking import Tracker

SECONDS = 0.1
_REST_FRAMES, _STEP_FRAMES, _COLOUR_FRAMES, _TAKES = 240, 30, 40, 3
_AMOUNTS = {
    Kind.TURN_LEFT: 27.0, Kind.TURN_RIGHT: 27.0, Kind.LOOK_UP: 20.0, Kind.LOOK_DOWN: 20.0, Kind.OPEN_MOUTH: 0.0,
    Kind.MOVE_CLOSER: 1.4,
}  # fmt: skip
"""More than is asked of each, and not too much where the least is."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """JPEGs, ten a second: at rest; of each step, blinks by how many; under each colour."""

    rest: tuple[bytes, ...]
    steps: Mapping[tuple[str, float], tuple[bytes, ...]]
    colours: Mapping[str, tuple[bytes, ...]]


def prepare(tracker: Tracker, sample: str = "obama.jpg") -> Prepared:
    """Draw them: some ten seconds. Raises RuntimeError where the sample shows no face."""
    photo = cv2.imdecode(np.frombuffer((files("idverify") / "samples" / sample).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert photo is not None
    cut = square(photo)
    seen = watcher(tracker)(encoded(cut, 95), None)
    if seen is None:
        raise RuntimeError(f"no face in {sample}")
    props = Props(np.random.default_rng(1))
    well_placed = cropped(Shot(cut, seen.landmarks), margin=0.75)
    filmed, _ = props.camera(props.tinted(props.head(well_placed, informed=True)))
    return _Filming(filmed).everything()


class _Filming:
    def __init__(self, filmed: Filmed) -> None:
        self._filmed, self._at = filmed, 0.0

    def everything(self) -> Prepared:
        rest = self._frames(_REST_FRAMES)
        asked = [*_AMOUNTS.items(), *((Kind.BLINK, float(times)) for times in (1, 2, 3))]
        steps = {(kind.value, amount if kind is Kind.BLINK else 0.0): self._step(kind, amount) for kind, amount in asked}
        return Prepared(rest, steps, {rgb: self._colour(rgb) for rgb in PALETTE})

    def _step(self, kind: Kind, amount: float) -> tuple[bytes, ...]:
        """Several takes, one after another: who is not understood tries again, and no frame may come twice."""
        done: list[bytes] = []
        for _ in range(_TAKES):
            self._hear(type="step", kind=kind.value, amount=amount)
            done += self._frames(_STEP_FRAMES)
            self._hear(type="guidance", code="enough")
            self._frames(5)
        return tuple(done)

    def _colour(self, rgb: str) -> tuple[bytes, ...]:
        self._hear(type="colour", rgb=rgb)
        self._frames(3)  # until the light has reached the face
        lit = self._frames(_COLOUR_FRAMES)
        self._hear(type="ahead")
        return lit

    def _hear(self, **said: Any) -> None:
        self._filmed.hear(said, self._at)

    def _frames(self, count: int) -> tuple[bytes, ...]:
        made = []
        for _ in range(count):
            made.append(self._filmed.jpeg(self._at))
            self._at += SECONDS
        return tuple(made)


class Player:
    """One session's next frame, given what the service said."""

    def __init__(self, prepared: Prepared, start: int) -> None:
        self._prepared = prepared
        self._rest = islice(cycle(prepared.rest), start, None)
        self._now: Iterator[bytes] = self._rest
        self._stepping = False
        self._lit = {rgb: cycle(frames) for rgb, frames in prepared.colours.items()}

    def hear(self, said: Mapping[str, Any]) -> None:
        """A step is done, a colour reflected; after it, rest."""
        match said["type"]:
            case "step":
                blinks = said["kind"] == Kind.BLINK.value
                self._stepping = True
                self._now = iter(self._prepared.steps.get((said["kind"], said["amount"] if blinks else 0.0), ()))
            case "colour":
                self._now = self._lit[said["rgb"]]
            case "ahead":
                self._now = self._rest
            case "guidance" if said["code"] == "enough" and self._stepping:
                self._now, self._stepping = self._rest, False

    def frame(self) -> bytes:
        """The next one."""
        return next(self._now, None) or next(self._rest)
