"""Comparison scores of many pairs, with who was compared with whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.embeddings import Templates
from idverify.evaluation.error_rates import Scores
from idverify.evaluation.intervals import Matrix, Rate, clustered_fmr, clustered_rate, pairs_of_people
from idverify.evaluation.pairs import ImageName, Pair
from idverify.face.comparison import compare_many, compare_pairs

ROWS: Final = 256
Doubles = NDArray[np.float64]
Indices = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """n comparisons between images of P people.

    first, second: int32 (n,), the person on either side, 0..P-1, equal where the comparison is mated. first_image,
    second_image: int32 (n,), positions in the templates. scores: float64 (n,), NaN where an image failed to be acquired.

    A mated comparison that could not be made is a non-match. A non-mated one is left out: it cannot be a false match, and
    counting it would make the FMR look better. Both are said in reports.
    """

    people: int
    first: Indices
    second: Indices
    first_image: Indices
    second_image: Indices
    scores: Doubles

    @property
    def mated(self) -> Mask:
        """Which comparisons are mated, (n,)."""
        same: Mask = self.first == self.second
        return same

    @property
    def mated_scores(self) -> Scores:
        """Scores of mated comparisons; -inf where none could be made."""
        return np.nan_to_num(self.scores[self.mated], nan=-np.inf)

    @property
    def compared_non_mated(self) -> Mask:
        """Which comparisons are non-mated and could be made, (n,)."""
        return ~self.mated & ~np.isnan(self.scores)

    @property
    def non_mated_scores(self) -> Scores:
        """Scores of the non-mated comparisons that could be made."""
        return self.scores[self.compared_non_mated]

    @property
    def pairs_of_people(self) -> int:
        """How many distinct pairs of two people the non-mated comparisons hold."""
        kept = self.compared_non_mated
        return pairs_of_people(self.first[kept], self.second[kept])

    def only(self, kept: Mask) -> "Comparisons":
        """The comparisons of a mask (n,)."""
        images = self.first_image[kept], self.second_image[kept]
        return Comparisons(self.people, self.first[kept], self.second[kept], *images, self.scores[kept])

    def fmr(self, threshold: float, draws: Matrix) -> Rate:
        """FMR at the threshold, with bounds by the bootstrap of people."""
        kept = self.compared_non_mated
        return clustered_fmr(self.first[kept], self.second[kept], self.scores[kept] >= threshold, draws)

    def fnmr(self, threshold: float, draws: Matrix) -> Rate:
        """FNMR at the threshold, with bounds by the bootstrap of people."""
        return clustered_rate(self.first[self.mated], self.mated_scores < threshold, draws)


def compare_all(templates: Templates) -> Comparisons:
    """Every image against every other one, each pair once: n = images x (images - 1) / 2."""
    people, person = people_of(templates.images)
    blocks: list[tuple[Indices, Indices, Doubles]] = []
    for start in range(0, len(templates.images), ROWS):
        rows, columns = _upper(start, min(start + ROWS, len(templates.images)), len(templates.images))
        block = compare_many(templates.vectors[start : start + ROWS], templates.vectors)
        blocks.append((rows, columns, block[rows - start, columns].astype(np.float64)))
    rows, columns, scores = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Comparisons(people, person[rows], person[columns], rows, columns, scores)


def compare_listed(templates: Templates, pairs: Sequence[Pair]) -> Comparisons:
    """The pairs of a list, in its order."""
    people, person = people_of(templates.images)
    position = {image: index for index, image in enumerate(templates.images)}
    rows = np.array([position[pair.first] for pair in pairs], dtype=np.int32)
    columns = np.array([position[pair.second] for pair in pairs], dtype=np.int32)
    scores = compare_pairs(templates.vectors[rows], templates.vectors[columns]).astype(np.float64)
    return Comparisons(people, person[rows], person[columns], rows, columns, scores)


def people_of(images: Sequence[ImageName]) -> tuple[int, Indices]:
    """(P, int32 (n,)): how many people the images show, and whose each is, 0..P-1 in the order of their names."""
    names = sorted({image.person for image in images})
    index = {name: number for number, name in enumerate(names)}
    return len(names), np.array([index[image.person] for image in images], dtype=np.int32)


def _upper(start: int, stop: int, n: int) -> tuple[Indices, Indices]:
    """Positions above the diagonal of rows start..stop of an n x n matrix."""
    rows, columns = np.nonzero(np.arange(n)[None, :] > np.arange(start, stop)[:, None])
    return (rows + start).astype(np.int32), columns.astype(np.int32)
