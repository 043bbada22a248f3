"""A list's scores on disk, and read back: whatever is measured afterwards, it is measured on the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from idverify.evaluation.all_pairs import compare_every_pair
from idverify.evaluation.comparisons import Comparisons, Indices, compare_listed
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import Pair
from idverify.evaluation.scores import (
    AllPairs,
    ImageTable,
    read_all_pairs,
    read_images,
    read_scores,
    write_all_pairs,
    write_images,
    write_scores,
)
from idverify.evaluation.trials import Trials, trials_of


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the files of one list hold. every: all pairs of the list's people; None where only the list was compared."""

    images: ImageTable
    listed: Comparisons
    folds: Indices
    every: AllPairs | None

    @property
    def trials(self) -> Trials:
        """The comparisons that error rates are measured on."""
        return trials_of(self.listed) if self.every is None else self.every.trials


def score(folder: Path, role: str, templates: Templates, pairs: Sequence[Pair], *, all_pairs: bool) -> None:
    """Compare and write: images, scores and, of all pairs, three more files. role: empty or `_threshold`, part of the names."""
    write_images(folder / f"images{role}.csv", templates)
    write_scores(folder / f"scores{role}.csv", pairs, compare_listed(templates, pairs))
    if all_pairs:
        write_all_pairs(folder, f"all_pairs{role}", compare_every_pair(templates), templates.images)


def read(folder: Path, role: str, *, all_pairs: bool) -> Scored:
    """What `score` wrote. Raises InvalidInput when a file is missing or malformed, or the files are of different runs."""
    images = read_images(folder / f"images{role}.csv")
    listed, folds = read_scores(folder / f"scores{role}.csv", images)
    every = read_all_pairs(folder, f"all_pairs{role}", images) if all_pairs else None
    return Scored(images, listed, folds, every)
