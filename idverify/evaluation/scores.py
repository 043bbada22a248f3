"""Score files: what a comparator said, pair by pair. Metrics come from them alone, so that anyone can compute others."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.comparisons import Comparisons, Indices
from idverify.evaluation.pairs import Pair

HEADER: Final = ("fold", "first_person", "first_image", "second_person", "second_image", "score")


def write_scores(path: Path, pairs: Sequence[Pair], comparisons: Comparisons) -> None:
    """One row a pair, in the list's order. The score is empty where an image failed to be acquired."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for pair, score in zip(pairs, comparisons.scores.tolist(), strict=True):
            spelled = "" if np.isnan(score) else repr(score)
            writer.writerow((pair.fold, pair.first.person, pair.first.number, pair.second.person, pair.second.number, spelled))


def read_scores(path: Path) -> tuple[Comparisons, Indices]:
    """The comparisons of a score file, and the fold of each, int32 (n,). Raises InvalidInput when it is malformed."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if tuple(header) != HEADER or not rows:
            raise InvalidInput(f"{path} is not a score file")
        images = [((row[1], int(row[2])), (row[3], int(row[4]))) for row in rows]
        scores = np.array([float(row[5]) if row[5] else np.nan for row in rows], dtype=np.float64)
        folds = np.array([int(row[0]) for row in rows], dtype=np.int32)
    except (OSError, ValueError, IndexError) as error:
        raise InvalidInput(f"{path} is not a score file: {error}") from error
    position = {image: index for index, image in enumerate(sorted({image for pair in images for image in pair}))}
    people = sorted({person for person, _ in position})
    index = {name: number for number, name in enumerate(people)}
    both = np.array([[position[one], position[other]] for one, other in images], dtype=np.int32)
    person = np.array([index[name] for name, _ in position], dtype=np.int32)
    return Comparisons(len(people), person[both[:, 0]], person[both[:, 1]], both[:, 0], both[:, 1], scores), folds
