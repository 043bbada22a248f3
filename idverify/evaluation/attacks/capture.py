"""The parts that species are put together from: a telephone with its camera, a program in its place, people before either."""

from dataclasses import dataclass

import numpy as np

from idverify.evaluation.attacks.animation import Animator
from idverify.evaluation.attacks.camera import Sensor, Tremor
from idverify.evaluation.attacks.device import Clock, Filmed
from idverify.evaluation.attacks.heads import Steered, SyntheticHead
from idverify.evaluation.attacks.lighting import LitHead
from idverify.evaluation.attacks.moves import Moves
from idverify.evaluation.attacks.parameters import Group, drawn
from idverify.evaluation.attacks.performer import Performer
from idverify.evaluation.attacks.puppet import Head
from idverify.evaluation.attacks.shots import Actor, Shot
from idverify.evaluation.attacks.timing import CameraClock, ProgramClock, RecordedClock

_RECORDED = 300  # gaps between the frames of a genuine recording


@dataclass(frozen=True, slots=True, eq=False)
class Props:
    """Makes the parts of one session; all that is drawn is drawn from its generator."""

    generator: np.random.Generator

    def drawn(self, group: str) -> Group:
        """Values of a group of parameters for one part of the session."""
        return drawn(group, self.generator)

    def between(self, group: str, name: str) -> float:
        """One value of a group."""
        return self.drawn(group)[name]

    def tremor(self, group: str = "camera") -> Tremor:
        """Of a hand."""
        return Tremor(self.between(group, "tremor_pixels"), self.generator)

    def camera(self, actor: Actor) -> tuple[Filmed, Clock]:
        """A telephone's camera before the actor."""
        group = self.drawn("camera")
        clock = CameraClock(group, self.drawn("network"), self.generator)
        return Filmed(actor, Sensor(group, self.generator), round(group["quality"])), clock

    def program(self, actor: Actor, *, informed: bool) -> tuple[Filmed, Clock]:
        """A program instead of a camera. informed: noise, tables and spacing are those of a genuine recording."""
        if informed:
            filmed, camera = self.camera(actor)
            times = [camera.next().received for _ in range(_RECORDED)]
            return filmed, RecordedClock(np.diff(times).tolist(), camera.down)
        group = self.drawn("injection")
        return Filmed(actor, None, round(group["naive_quality"])), ProgramClock(group["naive_fps"], self.generator)

    def performer(self, moves: Moves, *, reaction_ms: float | None = None, tremor: bool = True) -> Performer:
        """A clip's person. reaction_ms: of whoever steers the recordings, instead of a person's."""
        person = dict(self.drawn("person"))
        if reaction_ms is not None:
            person["reaction_ms"] = reaction_ms
        return Performer(moves, person, self.tremor() if tremor else Tremor(0.0, self.generator), self.generator)

    def steered(self, moves: Moves) -> Steered:
        """A clip's person at an informed attacker's hands, with a mesh where the clip shows no such movement."""
        reaction = self.between("informed", "reaction_ms")
        animator = Animator(reaction / 1000, self.between("head", "informed_seconds"))
        return Steered(self.performer(moves, reaction_ms=reaction), animator)

    def head(self, photo: Shot, *, informed: bool) -> SyntheticHead:
        """A mesh of one photograph."""
        seconds = self.between("head", "informed_seconds" if informed else "naive_seconds")
        reaction = self.between("informed", "reaction_ms") / 1000 if informed else 0.02
        tremor = self.tremor() if informed else Tremor(0.0, self.generator)
        head = Head(photo.pixels, photo.landmarks, self.between("head", "depth"))
        return SyntheticHead(head, Animator(reaction, seconds), tremor, self.generator)

    def lit(self, actor: Actor) -> LitHead:
        """A real head before our screen."""
        return LitHead(actor, self.drawn("light"))

    def tinted(self, actor: Actor, *, delay_ms: float | None = None) -> LitHead:
        """An injected head on which an attacker imitates our screen's light, after so long."""
        delay = self.between("informed", "tint_ms") if delay_ms is None else delay_ms
        return LitHead(actor, {**self.drawn("light"), "latency_ms": delay})
