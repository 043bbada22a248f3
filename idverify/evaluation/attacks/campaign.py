"""All trials of a benchmark: every species at every strength, and the bona fide, each (subject, seed) once."""

import zlib
from collections.abc import Callable, Mapping, Sequence
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
from idverify.evaluation.attacks.trial import Connection, Run, Trial, run
from idverify.liveness.challenge import TURNS, Step

BONA_FIDE: Final = "bona_fide"
_DRAWS = 400
"""Challenges drawn for a clip until one comes that its movement allows."""

Progress = Callable[[int, int], None]


class Connects(Protocol):
    """What opens sessions: service.Service."""

    def connect(self, reference: bytes, asked: Asked, seed: int) -> Connection:
        """A new session, begun and connected."""
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

    service: Connects
    moving: Sequence[Subject]
    photographed: Sequence[Subject]
    asked: Asked
    n: int
    seed: int

    def rows(self, names: Sequence[str] = ()) -> list[Row]:
        """The rows of these species, or of all."""
        pools: Mapping[str, Sequence[Subject]] = {
            "clip": self.moving,
            "photo": [*self.moving, *self.photographed],
            "prints": self.photographed,
        }
        found = [Row(BONA_FIDE, "presented", _honest, self.moving)]
        found += [_row(one, strength, pools) for one in ALL for strength in one.strengths]
        return [row for row in found if not names or row.species in names]

    def made(self, row: Row, folder: Path, progress: Progress) -> list[Trial]:
        """The row's trials; those that the folder's journal has are not made again."""
        journal = Journal(folder, row.name)
        for done in range(self.n):
            progress(done, self.n)
            target, seed = row.targets[done % len(row.targets)], self.seed + done // len(row.targets)
            if not journal.known(target.name, seed):
                journal.add(self.attempt(row, target, seed))
        progress(self.n, self.n)
        wanted = {(row.targets[at % len(row.targets)].name, self.seed + at // len(row.targets)) for at in range(self.n)}
        return [one for one in journal.trials if (one.subject, one.seed) in wanted]

    def attempt(self, row: Row, target: Subject, seed: int) -> Trial:
        """One trial of a row."""
        connection = self._connected(row, target, seed)
        generator = np.random.default_rng(_number(row.name, target.name, seed))
        if connection is None:
            return _line(row, target, seed, NOT_SIMULATED, None)
        cast = Cast(target, self.moving, Props(generator))
        fared = run(connection, row.build(cast, row.strength == "informed"))
        return _line(row, target, seed, fared.verdict.outcome, fared, connection.steps)

    def _connected(self, row: Row, target: Subject, seed: int) -> Connection | None:
        """A session; for the bona fide, one whose challenge the clip's movement allows, or None."""
        if row.species != BONA_FIDE:
            return self.service.connect(target.reference, self.asked, _number(row.name, target.name, seed))
        assert target.moves is not None
        asked = replace(self.asked, movement=self.asked.movement and _turns(target.moves))
        for draw in range(_DRAWS):
            connection = self.service.connect(target.reference, asked, _number(row.name, target.name, seed, draw))
            if all(target.moves.able(step) for step in connection.steps):
                return connection
        return None


NOT_SIMULATED: Final = "not_simulated"
"""Outcome of a bona fide trial for which no challenge came that the clip's movement allows: no trial at all."""


def _honest(cast: Cast, _informed: bool) -> Device:
    return bona_fide(cast)


def _row(species: Species, strength: Strength, pools: Mapping[str, Sequence[Subject]]) -> Row:
    return Row(species.name, strength, species.build, pools[species.needs])


def _turns(moves: Moves) -> bool:
    """Whether the person turns the head in the clip, at least as little as a challenge may ask."""
    return any(moves.able(Step(kind, 14.0)) for kind in TURNS)


def _line(row: Row, target: Subject, seed: int, outcome: str, fared: Run | None, steps: Sequence[Step] = ()) -> Trial:
    return Trial(
        species=row.species,
        strength=row.strength,
        subject=target.name,
        person=target.person,
        seed=seed,
        outcome=outcome,
        reasons=() if fared is None else fared.verdict.reasons,
        steps=tuple(step.kind.value for step in steps),
        frames=0 if fared is None else fared.frames,
        seconds=0.0 if fared is None else round(fared.seconds, 3),
        evidence={} if fared is None else {name: _rounded(value) for name, value in fared.verdict.evidence.items()},
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def _number(*parts: str | int) -> int:
    """A seed of its own for each trial."""
    return zlib.crc32("|".join(map(str, parts)).encode())
