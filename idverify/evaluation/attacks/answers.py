"""Actors who answer wrongly, before they are asked, or late."""

from collections.abc import Sequence

import numpy as np

from idverify.evaluation.attacks.shots import Actor, Said, Shot
from idverify.liveness.challenge import NODS, STILL, TURNS, Kind, Step, draw
from idverify.liveness.challenge import Options as Asked

_GUESSES = (*TURNS, *NODS, *STILL)


class WrongAnswers:
    """Does some other step than the one that was asked; colours are another challenge's too. then_right: seconds after which
    it does what was asked after all, or None.
    """

    def __init__(self, actor: Actor, generator: np.random.Generator, *, then_right: float | None) -> None:
        self._actor, self._generator, self._then_right = actor, generator, then_right
        self._due: list[tuple[float, Said]] = []

    def hear(self, said: Said, at: float) -> None:
        """Another step, or another colour."""
        if said["type"] == "step":
            self._actor.hear(_read(_other(said, self._generator)), at)
            self._due = [] if self._then_right is None else [(at + self._then_right, said)]
            return
        if said["type"] == "colour" and self._then_right is None:
            colours = draw(self._generator.bytes(32), Asked(movement=False, steps=1))[-1].colours
            said = {**said, "rgb": next(colour for colour in colours if colour != said["rgb"])}
        self._due = [] if said["type"] in {"colour", "ahead"} else self._due
        self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The actor's."""
        self._due = _heard(self._actor, self._due, at)
        return self._actor.shot(at)


class EarlyAnswers:
    """Moves before it is asked: guesses the next step, and begins when its reveal is due by our source. right: then does what
    was asked, where the guess was wrong.
    """

    def __init__(self, actor: Actor, generator: np.random.Generator, *, early: float, right: bool) -> None:
        self._actor, self._generator, self._early, self._right = actor, generator, early, right
        self._due: list[tuple[float, Said]] = []
        self._guess: Step | None = None

    def hear(self, said: Said, at: float) -> None:
        """The first good word of the guidance starts a guess; a reveal ends it."""
        match said["type"]:
            case "guidance" if said["code"] == "ok" and self._guess is None:
                self._guess = self._guessed()
                self._due = [(at + max(0.0, 1.0 - self._early), _read(self._guess))]
            case "guidance":
                self._actor.hear(said, at)
                if said["code"] == "enough":
                    self._guess = None
            case "step":
                guess, self._guess = self._guess, self._guessed()
                if self._right and (guess is None or guess.kind != said["kind"]):
                    self._due = [(at, said)]
            case _:
                self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The actor's."""
        self._due = _heard(self._actor, self._due, at)
        return self._actor.shot(at)

    def _guessed(self) -> Step:
        return draw(self._generator.bytes(32), Asked(flashing=False, steps=1))[0]


class LateAnswers:
    """Hears each step and each colour some seconds late: as long as somebody takes to make the answer."""

    def __init__(self, actor: Actor, seconds: float) -> None:
        self._actor, self._seconds = actor, seconds
        self._due: list[tuple[float, Said]] = []

    def hear(self, said: Said, at: float) -> None:
        """Later."""
        if said["type"] in {"step", "colour"}:
            self._due.append((at + self._seconds, said))
        else:
            self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The actor's."""
        self._due = _heard(self._actor, self._due, at)
        return self._actor.shot(at)


class Deaf:
    """Does not see the colours: an injected picture that no screen shines on."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def hear(self, said: Said, at: float) -> None:
        """All but the colours."""
        if said["type"] != "colour":
            self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The actor's."""
        return self._actor.shot(at)


def _heard(actor: Actor, due: Sequence[tuple[float, Said]], at: float) -> list[tuple[float, Said]]:
    for when, said in due:
        if when <= at:
            actor.hear(said, when)
    return [(when, said) for when, said in due if when > at]


def _read(step: Step) -> Said:
    return {"type": "step", "kind": step.kind.value, "amount": step.amount}


def _other(said: Said, generator: np.random.Generator) -> Step:
    """Another step; of a turn, often the other way."""
    kinds = [kind for kind in _GUESSES if kind != said["kind"]]
    kind = kinds[int(generator.integers(len(kinds)))]
    opposite = {Kind.TURN_LEFT: Kind.TURN_RIGHT, Kind.TURN_RIGHT: Kind.TURN_LEFT}.get(Kind(said["kind"]))
    if opposite is not None and generator.uniform() < 0.5:
        kind = opposite
    amounts = {**dict.fromkeys(TURNS, 18.0), **dict.fromkeys(NODS, 10.0), Kind.BLINK: 2.0, Kind.MOVE_CLOSER: 1.3}
    return Step(kind, amounts.get(kind, 0.0))
