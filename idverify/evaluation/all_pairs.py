"""Every image of a set against every other one, in blocks: memory is of the order of the images, not of the comparisons.

Non-mated scores are counted in bins of 1e-4, exactly, and kept one by one from the score on from which rates are wanted: twice
through the products, first to count, then to keep. Scores are those of float32 arithmetic; the bins' edges are exact doubles.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from idverify.evaluation.comparisons import ROWS, Doubles, Indices, Mask, people_of
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.intervals import Counts
from idverify.evaluation.trials import Trials
from idverify.face.comparison import compare_many
from idverify.values import Floats

BIN: Final = 1e-4
EDGES: Final[Doubles] = np.round(np.arange(-10_100, 10_101) * BIN, 4)  # a cosine may exceed 1 by a rounding error
SHARE: Final = 0.03  # of the non-mated comparisons are kept: other people's threshold at FMR 1e-2 is a little off here
KEPT: Final = 2_000_000  # comparisons are kept at the most


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is kept of all pairs: positions of images, and scores.

    mated: (m,) rows and columns and scores, NaN where an image was not acquired; non_mated: (k,) the same, descending, all of
    those from `kept_from` up. counts: int64, of all non-mated scores, by the bins of EDGES.
    """

    mated: tuple[Indices, Indices, Doubles]
    non_mated: tuple[Indices, Indices, Doubles]
    kept_from: float
    counts: Counts


def compare_every_pair(templates: Templates) -> Kept:
    """All comparisons of the images, each pair once."""
    _, person = people_of(templates.images)
    counts = np.zeros(EDGES.size - 1, dtype=np.int64)
    mated: list[tuple[Indices, Indices, Doubles]] = []
    for rows, columns, scores in _blocks(templates.vectors):
        same = person[rows] == person[columns]
        mated.append((rows[same], columns[same], scores[same]))
        made = scores[~same & ~np.isnan(scores)]
        counts += np.bincount(np.searchsorted(EDGES, made, side="right") - 1, minlength=counts.size)
    together = _joined(mated)
    kept_from = _kept_from(np.nan_to_num(together[2], nan=-np.inf), counts)
    tail = []
    for rows, columns, scores in _blocks(templates.vectors):
        wanted = (person[rows] != person[columns]) & (scores >= kept_from)  # NaN is not
        tail.append((rows[wanted], columns[wanted], scores[wanted]))
    rows, columns, scores = _joined(tail)
    order = np.argsort(-scores, kind="stable")
    return Kept(together, (rows[order], columns[order], scores[order]), kept_from, counts)


def trials_of_kept(kept: Kept, person: Indices, acquired: Mask) -> Trials:
    """person: int32 (n,), whose each image is, 0..P-1; acquired: (n,). Raises ValueError where the counts do not add up."""
    if kept.counts.shape != (EDGES.size - 1,) or _from(kept.counts, kept.kept_from) != kept.non_mated[2].size:
        raise ValueError("the histogram and the highest scores belong to different runs")
    people = int(person.max()) + 1
    by_person = np.bincount(person[acquired], minlength=people).astype(np.float64)
    n, all_images = int(kept.counts.sum()), np.bincount(person).astype(np.float64)
    if n != _pairs(by_person):
        raise ValueError(f"{n} non-mated comparisons were counted where the images make {_pairs(by_person)}")
    (rows, columns, scores), (firsts, seconds, tail) = kept.mated, kept.non_mated
    return Trials(
        people=people,
        person=person[rows],
        images=np.stack([rows, columns], axis=1),
        mated=np.nan_to_num(scores, nan=-np.inf),
        first=person[firsts],
        second=person[seconds],
        non_mated=tail,
        kept_from=kept.kept_from,
        n_non_mated=n,
        not_compared=_pairs(all_images) - n,
        acquired=by_person,
    )


def _from(counts: Counts, edge: float) -> int:
    """How many scores were counted from the edge up."""
    return int(counts[np.searchsorted(EDGES, edge) :].sum())


def _pairs(by_person: Doubles) -> int:
    """Pairs of two images of two people."""
    return round(float(by_person.sum() ** 2 - (by_person**2).sum()) / 2)


def _blocks(vectors: Floats) -> Iterator[tuple[Indices, Indices, Doubles]]:
    """(rows, columns, scores) above the diagonal, a block of rows at a time."""
    for start in range(0, vectors.shape[0], ROWS):
        scores = compare_many(vectors[start : start + ROWS], vectors[start:])
        rows, columns = np.nonzero(np.arange(scores.shape[1])[None, :] > np.arange(scores.shape[0])[:, None])
        yield (rows + start).astype(np.int32), (columns + start).astype(np.int32), scores[rows, columns].astype(np.float64)


def _joined(parts: list[tuple[Indices, Indices, Doubles]]) -> tuple[Indices, Indices, Doubles]:
    rows, columns, scores = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rows, columns, scores


def _kept_from(mated: Doubles, counts: Counts) -> float:
    """The edge from which scores are kept: SHARE of them, or twice the EER where that is more; within KEPT where it can be."""
    n = int(counts.sum())
    above = np.cumsum(counts[::-1])[::-1]  # from each edge up
    non_matches = np.searchsorted(np.sort(mated), EDGES[:-1], side="left") / max(1, mated.size)
    crossing = int(np.argmin(np.abs(above / max(1, n) - non_matches)))
    wanted = min(max(SHARE * n, 2 * int(above[crossing])) + 1, KEPT)
    enough = np.flatnonzero(above >= min(wanted, n))
    return float(EDGES[enough[-1]]) if enough.size else float(EDGES[0])
