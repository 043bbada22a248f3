"""A list's scores on disk, and read back: whatever is measured afterwards, it is measured on the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from idverify.evaluation.all_pairs import compare_every_pair
from idverify.evaluation.comparisons import Comparisons, Indices, compare_listed
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import Pair
from idverify.evaluation.references import Referenced, compare_with_references, read_references, write_references
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
    """What the files of one list hold. every: all pairs of the list's people; referenced: probes against references of several
    photographs, and the same probes against one of each; either None where it was not asked for.
    """

    images: ImageTable
    listed: Comparisons
    folds: Indices
    every: AllPairs | None = None
    referenced: tuple[Referenced, Referenced] | None = None

    @property
    def trials(self) -> Trials:
        """The comparisons that error rates are measured on."""
        if self.referenced is not None:
            return self.referenced[0].trials(self.images.names)
        return trials_of(self.listed) if self.every is None else self.every.trials

    @property
    def only_listed(self) -> bool:
        """Whether those are the comparisons of the list."""
        return self.every is None and self.referenced is None

    @property
    def against_one(self) -> Trials:
        """The same probes against one photograph; only where references of several were asked for."""
        assert self.referenced is not None
        return self.referenced[1].trials(self.images.names)


def score(
    folder: Path, role: str, templates: Templates, pairs: Sequence[Pair], *, all_pairs: bool = False, references: int = 0
) -> tuple[str, ...]:
    """Compare and write: images, scores, of all pairs three more files, of references two; the names are returned.

    role: empty or `_threshold`, part of the names. references: photographs of each; 0: none are made. Raises InvalidInput as
    compare_with_references does.
    """
    written: tuple[str, ...] = (f"images{role}.csv", f"scores{role}.csv")
    write_images(folder / written[0], templates)
    write_scores(folder / written[1], pairs, compare_listed(templates, pairs))
    if all_pairs:
        written += write_all_pairs(folder, f"all_pairs{role}", compare_every_pair(templates), templates.images)
    for name, photographs in _referenced(role, references):
        found = compare_with_references(templates, photographs, enough=references)
        write_references(folder / name, found, templates.images)
        written += (name,)
    return written


def read(folder: Path, role: str, *, all_pairs: bool = False, references: int = 0) -> Scored:
    """What `score` wrote. Raises InvalidInput when a file is missing or malformed, or the files are of different runs."""
    images = read_images(folder / f"images{role}.csv")
    listed, folds = read_scores(folder / f"scores{role}.csv", images)
    every = read_all_pairs(folder, f"all_pairs{role}", images) if all_pairs else None
    found = [read_references(folder / name, images, photographs) for name, photographs in _referenced(role, references)]
    return Scored(images, listed, folds, every, (found[0], found[1]) if found else None)


def _referenced(role: str, references: int) -> tuple[tuple[str, int], ...]:
    """(file, photographs) of the references that were asked for, and of those that stand beside them."""
    return ((f"references{role}.csv", references), (f"references{role}_one.csv", 1)) if references else ()
