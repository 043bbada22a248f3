"""All trials of a benchmark: every species at every strength, and the bona fide, each (subject, seed) once."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from idverify.evaluation.attacks.capture import Props
from idverify.evaluation.attacks.device import Device
from idverify.evaluation.attacks.journal import Journal
from idverify.evaluation.attacks.moves import Moves
from idverify.evaluation.attacks.people import Subject
from idverify.evaluation.attacks.service import Asked
from idverify.evaluation.attacks.species import ALL, Builder, Cast, Species, Strength, bona_fide
from idverify.evaluation.attacks.trial import Run, Trial
from idverify.liveness.challenge import TURNS, Step

BONA_FIDE: Final = "bona_fide"
Progress = Callable[[int, int], None]
Attempts = Callable[["Row", Sequence[tuple[str, int]]], Iterable[Trial]]
"""Makes a row's trials, given (subject, seed), and yields them in that order as they come."""


class Transport(Protocol):
    """What opens sessions and lets devices speak: service.Service in process, wire.RemoteService over a network."""

    @property
    def draws(self) -> int:
        """Sessions that are asked for until one comes whose challenge a clip's movement allows."""
        ...

    def attempt(
        self, reference: bytes, asked: Asked, seed: int, build: Callable[[], Device], able: Callable[[Step], bool]
    ) -> Run | None:
        """How a device fares in a new session; None where it is not able to do what is asked. seed: of the service's chance."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: a species at a strength, or the bona fide."""

    species: str
    strength: Strength
    build: Builder
    targets: Sequence[Subject]

    @property
    def name(self) -> str:
        """As reports and journals spell it."""
        return self.species if self.strength == "presented" else f"{self.species}_{self.strength}"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is tried. moving: people of clips; photographed: people of photographs. n: trials of each row."""

    service: Transport
    moving: Sequence[Subject]
    photographed: Sequence[Subject]
    asked: Asked
    n: int
    seed: int

    def rows(self, names: Sequence[str] = ()) -> list[Row]:
        """The rows of these species, or of these names, or all."""
        pools: Mapping[str, Sequence[Subject]] = {
            "clip": self.moving,
            "photo": [*self.moving, *self.photographed],
            "prints": self.photographed,
        }
        found = [Row(BONA_FIDE, "presented", _honest, self.moving)]
        found += [_row(one, strength, pools) for one in ALL for strength in one.strengths]
        return [row for row in found if not names or not {row.species, row.name}.isdisjoint(names)]

    def made(self, row: Row, folder: Path, progress: Progress, attempts: Attempts | None = None) -> list[Trial]:
        """The row's trials; those that the folder's journal has are not made again.

        attempts: makes those that are missing, as several processes may; in this one if None.
        """
        journal = Journal(folder, row.name)
        wanted = [(row.targets[at % len(row.targets)].name, self.seed + at // len(row.targets)) for at in range(self.n)]
        missing = [one for one in wanted if not journal.known(*one)]
        known = self.n - len(missing)
        progress(known, self.n)
        for done, trial in enumerate((attempts or self.attempts)(row, missing), start=known + 1):
            journal.add(trial)
            progress(done, self.n)
        asked_for = set(wanted)
        return [one for one in journal.trials if (one.subject, one.seed) in asked_for]

    def attempts(self, row: Row, wanted: Sequence[tuple[str, int]]) -> Iterable[Trial]:
        """These trials of a row, made here one after another."""
        targets = {target.name: target for target in row.targets}
        return (self.attempt(row, targets[name], seed) for name, seed in wanted)

    def attempt(self, row: Row, target: Subject, seed: int) -> Trial:
        """One trial of a row."""
        if row.species != BONA_FIDE:
            fared = self._fared(row, target, seed, self.asked, (), lambda _: True)
            return _line(row, target, seed, fared)
        assert target.moves is not None
        asked = replace(self.asked, movement=self.asked.movement and _turns(target.moves))
        if (
            not asked.movement and not asked.flashing
        ):  # nobody can be told from a picture then, and nobody is asked for so little
            return _line(row, target, seed, None)
        for draw in range(self.service.draws):
            if (fared := self._fared(row, target, seed, asked, (draw,), target.moves.able)) is not None:
                return replace(_line(row, target, seed, fared), passed_over=draw)
        return replace(_line(row, target, seed, None), passed_over=self.service.draws)

    def _fared(
        self, row: Row, target: Subject, seed: int, asked: Asked, draw: Sequence[int], able: Callable[[Step], bool]
    ) -> Run | None:
        """How the row's device fares in one session."""
        number = _number(row.name, target.name, seed)

        def build() -> Device:
            return row.build(Cast(target, self.moving, Props(np.random.default_rng(number))), row.strength == "informed")

        of_service = _number(row.name, target.name, seed, *draw)
        return self.service.attempt(target.reference, asked, of_service, build, able)


NOT_SIMULATED: Final = "not_simulated"
"""Outcome of a bona fide trial for which no challenge came that the clip's movement allows: no trial at all."""


def _honest(cast: Cast, _informed: bool) -> Device:
    return bona_fide(cast)


def _row(species: Species, strength: Strength, pools: Mapping[str, Sequence[Subject]]) -> Row:
    return Row(species.name, strength, species.build, pools[species.needs])


def _turns(moves: Moves) -> bool:
    """Whether the person turns the head in the clip, at least as little as a challenge may ask."""
    return any(moves.able(Step(kind, 14.0)) for kind in TURNS)


def _line(row: Row, target: Subject, seed: int, fared: Run | None) -> Trial:
    return Trial(
        species=row.species,
        strength=row.strength,
        subject=target.name,
        person=target.person,
        seed=seed,
        outcome=NOT_SIMULATED if fared is None else fared.verdict.outcome,
        reasons=() if fared is None else fared.verdict.reasons,
        steps=() if fared is None else tuple(step.kind.value for step in fared.steps),
        frames=0 if fared is None else fared.frames,
        seconds=0.0 if fared is None else round(fared.seconds, 3),
        evidence={} if fared is None else {name: _rounded(value) for name, value in fared.verdict.evidence.items()},
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def _number(*parts: str | int) -> int:
    """A seed of its own for each trial."""
    return zlib.crc32("|".join(map(str, parts)).encode())
