"""Probes against references of several photographs, as if a person had been enrolled with more than one.

Whoever has more photographs than a reference takes is compared with themselves: each photograph in turn is the probe, and the
next ones, in the order of their numbers and round again, are the reference. Everybody's photographs are compared with the
references of others, made of each one's first photographs. A reference is made of its templates as in a registry, the first of
them in the place of the oldest portrait (idverify.face.embedding.reference_vector).

A photograph that was not acquired is no part of a reference, since enrolment would have asked for another one. Who has too few
is not enrolled: their mated comparisons are non-matches, and they are counted.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.accuracy import Judged
from idverify.evaluation.comparisons import Comparisons, Doubles, Indices, Mask, people_of
from idverify.evaluation.differences import paired_rate
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.intervals import Matrix
from idverify.evaluation.pairs import ImageName
from idverify.evaluation.scores import ImageTable, read_rows
from idverify.evaluation.trials import Trials, trials_of
from idverify.face.comparison import compare_many
from idverify.face.embedding import reference_vector
from idverify.values import Floats

HEADER: Final = ("probe_person", "probe_image", "reference_person", "reference_images", "score")


@dataclass(frozen=True, slots=True, eq=False)
class Referenced:
    """n comparisons of a probe with a reference, of images of a set; positions count them.

    probe: int32 (n,); person: int32 (n,), whose the reference is, 0..P-1; parts: int32 (n, k), its images, -1 where there are
    too few; scores: float64 (n,), NaN where there is none.
    """

    probe: Indices
    person: Indices
    parts: Indices
    scores: Doubles

    def trials(self, images: Sequence[ImageName]) -> Trials:
        """The comparisons as error rates need them. images: the set, in its order."""
        people, whose = people_of(images)
        first, made = self.parts[:, 0], self.parts[:, 0] >= 0
        sides = whose[self.probe], self.person, self.probe, np.where(made, first, self.probe)
        found = trials_of(Comparisons(people, *sides, self.scores))
        mated = whose[self.probe] == self.person
        probe = self.probe[mated][:, None]
        positions = np.concatenate([probe, np.where(self.parts[mated] >= 0, self.parts[mated], probe)], axis=1)
        kept = found.first, found.second, found.non_mated, found.kept_from, found.n_non_mated, found.not_compared
        return Trials(people, found.person, positions, found.mated, *kept, None)

    def not_enrolled(self, images: Sequence[ImageName]) -> int:
        """How many of those with enough photographs have no reference, since too few of them were acquired."""
        whose = people_of(images)[1][self.probe]
        without = self.parts[:, 0] < 0
        return int(np.setdiff1d(self.person[without & (whose != self.person)], self.person[~without]).size)


def compare_with_references(templates: Templates, photographs: int, *, enough: int) -> Referenced:
    """Everybody with more than `enough` photographs, which is `photographs` or more, is enrolled with that many of them.

    Raises InvalidInput where nobody has.
    """
    _, person = people_of(templates.images)
    several = np.flatnonzero(np.bincount(person) > enough)
    if not several.size:
        raise InvalidInput(f"nobody in the list has more than {enough} photographs: no reference of so many can be tried")
    acquired = ~np.isnan(templates.vectors[:, 0])
    mated, others = [], []
    for one in several:
        of_one = np.flatnonzero(person == one).astype(np.int32)
        following = (np.roll(of_one, -place - 1)[:-1] for place in range(of_one.size))
        parts = np.stack([_chosen(rest, acquired, photographs) for rest in following])
        scores = np.array([_score(templates.vectors, *pair) for pair in zip(of_one, parts, strict=True)])
        mated.append(Referenced(of_one, np.full(of_one.size, one, np.int32), parts, scores))
        strangers = np.flatnonzero(person != one).astype(np.int32)
        reference = _chosen(of_one, acquired, photographs)
        scores = _scores(templates.vectors, strangers, reference)
        parts = np.repeat(reference[None], strangers.size, axis=0)
        others.append(Referenced(strangers, np.full(strangers.size, one, np.int32), parts, scores))
    columns = ([getattr(part, field.name) for part in (*mated, *others)] for field in fields(Referenced))
    return Referenced(*map(np.concatenate, columns))


def write_references(path: Path, found: Referenced, images: Sequence[ImageName]) -> None:
    """One row a comparison. Numbers of images are separated by spaces, none where there is no reference."""
    names = sorted({image.person for image in images})
    numbers = [image.number for image in images]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        columns = (column.tolist() for column in (found.probe, found.person, found.parts, found.scores))
        for probe, person, parts, score in zip(*columns, strict=True):
            spelled = " ".join(str(numbers[part]) for part in parts if part >= 0)
            known = "" if np.isnan(score) else repr(score)
            writer.writerow((images[probe].person, images[probe].number, names[person], spelled, known))


def read_references(path: Path, images: ImageTable, photographs: int) -> Referenced:
    """What write_references wrote of these images. Raises InvalidInput when the file is malformed."""
    positions = images.positions
    index = {name: number for number, name in enumerate(sorted({image.person for image in images.names}))}
    try:
        rows = read_rows(path, HEADER)
        probe = np.array([positions[ImageName(row[0], int(row[1]))] for row in rows], dtype=np.int32)
        person = np.array([index[row[2]] for row in rows], dtype=np.int32)
        parts = [[positions[ImageName(row[2], int(number))] for number in row[3].split()] for row in rows]
        whole = np.array([some or [-1] * photographs for some in parts], dtype=np.int32).reshape(len(rows), photographs)
        scores = np.array([float(row[4]) if row[4] else np.nan for row in rows], dtype=np.float64)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise InvalidInput(f"{path} is not a file of comparisons with references: {error}") from error
    return Referenced(probe, person, whole, scores)


def beside_one(judged: Sequence[Judged], one: Trials, choosing: Trials, draws: Matrix) -> list[dict[str, Any]]:
    """What the same probes come to against one photograph, at each operating point: keys of a report.

    one: their trials; choosing: those of the other list against one photograph, for its thresholds. change: of FNMR, from one
    photograph to several, with the interval of a paired comparison. Raises InvalidInput where the probes are not the same.
    """
    rows = []
    for point in judged:
        if not np.array_equal(point.trials.person, one.person):
            raise InvalidInput("the comparisons with several photographs and with one are of different probes")
        threshold = choosing.threshold_at_fmr(point.target)
        fmr, fnmr = one.fmr(threshold, draws), one.fnmr(threshold, draws)
        missed = one.mated < threshold, point.trials.mated < point.threshold
        change = paired_rate("FNMR", *missed, draws[:, one.person])
        rows.append(
            {
                "target_fmr": point.target,
                "threshold": threshold,
                "fmr": fmr.value,
                "fmr_high": fmr.high,
                "fnmr": fnmr.value,
                "fnmr_low": fnmr.low,
                "fnmr_high": fnmr.high,
                "change": change.b - change.a,
                "change_low": change.low,
                "change_high": change.high,
                "verdict": change.verdict,
            }
        )
    return rows


def _chosen(images: Indices, acquired: Mask, photographs: int) -> Indices:
    """The first `photographs` of the images that were acquired; all -1 where there are fewer."""
    usable = images[acquired[images]][:photographs]
    return usable if usable.size == photographs else np.full(photographs, -1, dtype=np.int32)


def _score(vectors: Floats, probe: np.int32, parts: Indices) -> float:
    return float(_scores(vectors, np.array([probe]), parts)[0])


def _scores(vectors: Floats, probes: Indices, parts: Indices) -> Doubles:
    """Scores of the probes (n,) against the reference of these images; NaN without one, or of a probe that was not acquired."""
    if parts[0] < 0:
        return np.full(probes.size, np.nan)
    return compare_many(vectors[probes], reference_vector(vectors[parts])[None])[:, 0].astype(np.float64)
