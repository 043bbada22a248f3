"""Score files: what a comparator said, pair by pair, and what became of each image. Metrics come from them alone."""

import csv
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.all_pairs import Kept, trials_of_kept
from idverify.evaluation.comparisons import Comparisons, Doubles, Indices, people_of
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.intervals import Counts
from idverify.evaluation.pairs import ImageName, Pair
from idverify.evaluation.trials import Trials

HEADER: Final = ("fold", "first_person", "first_image", "second_person", "second_image", "score")
IMAGES_HEADER: Final = ("person", "image", "sha256", "outcome", "quality")
ACQUIRED: Final = "acquired"


@dataclass(frozen=True, slots=True, eq=False)
class ImageTable:
    """Each image's outcome. outcomes: ACQUIRED or an error's code; qualities: float64 (n,), unified, NaN: not assessed."""

    names: tuple[ImageName, ...]
    digests: tuple[str, ...]
    outcomes: tuple[str, ...]
    qualities: Doubles

    @property
    def positions(self) -> dict[ImageName, int]:
        """Each image's row."""
        return {name: row for row, name in enumerate(self.names)}


@dataclass(frozen=True, slots=True, eq=False)
class AllPairs:
    """All comparisons of a set. counts: int64, of all non-mated scores, by the bins of idverify.evaluation.all_pairs.EDGES."""

    trials: Trials
    counts: Counts


def write_images(path: Path, templates: Templates) -> None:
    """One row an image, in the templates' order."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(IMAGES_HEADER)
        for name, digest, quality in zip(templates.images, templates.digests, templates.qualities.tolist(), strict=True):
            outcome = templates.failures.get(name, ACQUIRED)
            writer.writerow((name.person, name.number, digest, outcome, "" if np.isnan(quality) else f"{quality:g}"))


def read_images(path: Path) -> ImageTable:
    """Raises InvalidInput when the file is malformed."""
    try:
        rows = read_rows(path, IMAGES_HEADER)
        names = tuple(ImageName(row[0], int(row[1])) for row in rows)
        qualities = np.array([float(row[4]) if row[4] else np.nan for row in rows], dtype=np.float64)
        return ImageTable(names, tuple(row[2] for row in rows), tuple(row[3] for row in rows), qualities)
    except (OSError, ValueError, IndexError) as error:
        raise InvalidInput(f"{path} is not a table of images: {error}") from error


def write_scores(path: Path, pairs: Sequence[Pair], comparisons: Comparisons) -> None:
    """One row a pair, in the list's order. The score is empty where an image failed to be acquired."""
    named = [(pair.fold, pair.first, pair.second) for pair in pairs]
    _write(path, ((*name, score) for name, score in zip(named, comparisons.scores.tolist(), strict=True)))


def read_scores(path: Path, images: ImageTable) -> tuple[Comparisons, Indices]:
    """The comparisons of a score file, and the fold of each, int32 (n,). Raises InvalidInput when it is malformed."""
    try:
        rows, columns, scores, folds = _read(path, images.positions)
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise InvalidInput(f"{path} is not a score file: {error}") from error
    people, person = people_of(images.names)
    return Comparisons(people, person[rows], person[columns], rows, columns, scores), folds


def write_all_pairs(folder: Path, prefix: str, kept: Kept, images: Sequence[ImageName]) -> tuple[str, ...]:
    """PREFIX_mated.csv (every mated pair), PREFIX_tail.csv (the highest non-mated) and PREFIX_histogram.npz (all of them).

    Returns the names.
    """
    mated, tail, histogram = (f"{prefix}_{part}" for part in ("mated.csv", "tail.csv", "histogram.npz"))
    for name, (rows, columns, scores) in ((mated, kept.mated), (tail, kept.non_mated)):
        parts = zip(rows.tolist(), columns.tolist(), scores.tolist(), strict=True)
        _write(folder / name, ((0, images[row], images[column], score) for row, column, score in parts))
    np.savez_compressed(folder / histogram, counts=kept.counts, kept_from=kept.kept_from)
    return mated, tail, histogram


def read_all_pairs(folder: Path, prefix: str, images: ImageTable) -> AllPairs:
    """What write_all_pairs wrote of these images. Raises InvalidInput when a file is malformed or the counts do not add up."""
    try:
        positions = images.positions
        mated, tail = (_read(folder / f"{prefix}_{name}.csv", positions)[:3] for name in ("mated", "tail"))
        with np.load(folder / f"{prefix}_histogram.npz", allow_pickle=False) as file:
            counts, kept_from = file["counts"], float(file["kept_from"])
        acquired = np.array([outcome == ACQUIRED for outcome in images.outcomes], dtype=np.bool_)
        kept = Kept(mated, tail, kept_from, counts)
        return AllPairs(trials_of_kept(kept, people_of(images.names)[1], acquired), counts)
    except (OSError, ValueError, IndexError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{folder}: the files {prefix}_* are not those of one run: {error}") from error


def _write(path: Path, rows: Iterable[tuple[int, ImageName, ImageName, float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for fold, first, second, score in rows:
            spelled = "" if np.isnan(score) else repr(score)
            writer.writerow((fold, first.person, first.number, second.person, second.number, spelled))


def _read(path: Path, positions: dict[ImageName, int]) -> tuple[Indices, Indices, Doubles, Indices]:
    """(first images, second images, scores, folds) of a score file."""
    rows = read_rows(path, HEADER)
    first = np.array([positions[ImageName(row[1], int(row[2]))] for row in rows], dtype=np.int32)
    second = np.array([positions[ImageName(row[3], int(row[4]))] for row in rows], dtype=np.int32)
    scores = np.array([float(row[5]) if row[5] else np.nan for row in rows], dtype=np.float64)
    return first, second, scores, np.array([int(row[0]) for row in rows], dtype=np.int32)


def read_rows(path: Path, header: tuple[str, ...]) -> list[list[str]]:
    """The rows of a CSV below its header. Raises OSError, or ValueError where the header is another one or nothing follows."""
    with path.open(newline="", encoding="utf-8") as file:
        try:
            found, *rows = csv.reader(file)
        except csv.Error as error:
            raise ValueError(str(error)) from error
    if tuple(found) != header or not rows:
        raise ValueError(f"expected the columns {', '.join(header)}, and rows")
    return rows
