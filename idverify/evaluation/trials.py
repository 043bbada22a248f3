"""The comparisons of a set as error rates need them: mated ones in full, non-mated ones from the highest score down.

Among n non-mated comparisons, an FMR of 1e-2 is decided by the highest hundredth of them. What lies below a score `kept_from`
is counted and not kept, so that millions of comparisons take little room, and every rate at a threshold from `kept_from` up is
exact. A threshold below it is refused, never guessed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.comparisons import Comparisons, Indices, Mask
from idverify.evaluation.error_rates import EqualErrorRate, equal_error_rate, threshold_at_fmr
from idverify.evaluation.intervals import Matrix, Rate, clustered, clustered_rate, cumulative_weights, pairs_of_people

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """A set of comparisons between images of P people, 0..P-1.

    person: int32 (m,), whose each mated comparison is; images: int32 (m, k), positions of its images; mated: float64 (m,),
    -inf where an image failed to be acquired: such a comparison is a non-match. first, second: int32 (k,), the people of each
    non-mated comparison that was kept; non_mated: float64 (k,), its score, descending. n_non_mated: how many there are, kept or
    not, without those that could not be made (`not_compared`), which cannot be false matches and would flatter the FMR.
    acquired: float64 (P,), images of each person that were acquired, where every image was compared with every other one;
    None where the comparisons are those of a list, and then all of them are kept.
    """

    people: int
    person: Indices
    images: Indices
    mated: Doubles
    first: Indices
    second: Indices
    non_mated: Doubles
    kept_from: float
    n_non_mated: int
    not_compared: int
    acquired: Doubles | None

    @property
    def pairs_of_people(self) -> int:
        """How many distinct pairs of two people the non-mated comparisons hold."""
        if self.acquired is None:
            return pairs_of_people(self.first, self.second)
        present = int(np.count_nonzero(self.acquired))
        return present * (present - 1) // 2

    def threshold_at_fmr(self, target: float) -> float:
        """The lowest threshold whose FMR is not above the target; -inf where that lies below `kept_from`."""
        if target * self.n_non_mated >= self.non_mated.size < self.n_non_mated:
            return -math.inf
        return threshold_at_fmr(self.non_mated, target, n=self.n_non_mated)

    def holds(self, threshold: float) -> bool:
        """Whether rates at the threshold are known exactly."""
        return threshold >= self.kept_from

    def equal_error_rate(self) -> EqualErrorRate:
        """Where FMR and FNMR are nearest. Raises ValueError where that lies below `kept_from`."""
        if self.non_mated.size < self.n_non_mated:
            lowest = self.non_mated[-1]
            if self.non_mated.size / self.n_non_mated < float(np.mean(self.mated < lowest)):
                raise ValueError("FMR and FNMR meet below the scores that were kept")
        return equal_error_rate(self.mated, self.non_mated, n=self.n_non_mated)

    def false_matches(self, threshold: float) -> int:
        """How many non-mated comparisons match."""
        self._known(threshold)
        return int(np.searchsorted(-self.non_mated, -threshold, side="right"))

    def fmr(self, threshold: float, draws: Matrix) -> Rate:
        """FMR at the threshold, with bounds by the bootstrap of people."""
        errors = self.false_matches(threshold)
        wrong = cumulative_weights(self.first, self.second, [errors], draws)[0]
        return clustered(wrong, self.weights(draws), errors, self.n_non_mated, self.pairs_of_people)

    def fnmr(self, threshold: float, draws: Matrix) -> Rate:
        """FNMR at the threshold, with bounds by the bootstrap of people."""
        return clustered_rate(self.person, self.mated < threshold, draws)

    def weights(self, draws: Matrix) -> Doubles:
        """What all non-mated comparisons weigh in each replicate, (replicates,): products of how often both were drawn."""
        if self.acquired is None:
            everything: Doubles = cumulative_weights(self.first, self.second, [self.first.size], draws)[0]
            return everything
        together: Doubles = (draws @ self.acquired) ** 2 - draws**2 @ self.acquired**2
        return together / 2

    def within(self, members: Mask) -> "Trials":
        """The comparisons whose people, both, are in the mask (P,)."""
        mated, non_mated = members[self.person], members[self.first] & members[self.second]
        acquired = None if self.acquired is None else np.where(members, self.acquired, 0.0)
        n = int(non_mated.sum()) if acquired is None else round((acquired.sum() ** 2 - (acquired**2).sum()) / 2)
        kept = self.first[non_mated], self.second[non_mated], self.non_mated[non_mated]
        return Trials(
            self.people, self.person[mated], self.images[mated], self.mated[mated], *kept, self.kept_from, n, 0, acquired
        )

    def _known(self, threshold: float) -> float:
        if not self.holds(threshold):
            raise ValueError(f"non-mated scores below {self.kept_from} were counted, not kept")
        return threshold


def trials_of(comparisons: Comparisons) -> Trials:
    """The comparisons of a list, all of them kept."""
    mated, compared = comparisons.mated, comparisons.compared_non_mated
    order = np.argsort(-comparisons.scores[compared], kind="stable")
    return Trials(
        people=comparisons.people,
        person=comparisons.first[mated],
        images=np.stack([comparisons.first_image[mated], comparisons.second_image[mated]], axis=1),
        mated=comparisons.mated_scores.astype(np.float64),
        first=comparisons.first[compared][order],
        second=comparisons.second[compared][order],
        non_mated=comparisons.scores[compared][order],
        kept_from=-math.inf,
        n_non_mated=int(np.count_nonzero(compared)),
        not_compared=int(np.count_nonzero(~mated & ~compared)),
        acquired=None,
    )
