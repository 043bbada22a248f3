"""Rules by which a further portrait could be added and weighed, side by side: the one that runs, and those it was held against.

`oldest_weighs_half` is idverify.ceremonies.portraits and idverify.face.embedding.reference_vector. `measured` has what the
scripts beside this one share: the photographs of a list as templates.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from idverify.api.app import Recogniser
from idverify.cli.labelled import labelled_templates
from idverify.evaluation.dataset import images_of, read_pairs
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.pairs import ImageName
from idverify.face.comparison import compare
from idverify.face.embedding import reference_vector
from idverify.values import Floats

LIST = "pairsDevTest.txt"
"""The shipped thresholds come from the people of pairsDevTrain, so these are the ones to ask."""

POLICY, STRICTER = "fmr-1e-4", "fmr-1e-5"
CACHE = Path("build") / "portraits"


@dataclass(frozen=True, slots=True)
class Rule:
    """reference: of portraits (n, d), oldest first. oldest, every: which a new one must match too. policy: its threshold."""

    reference: Callable[[Floats], Floats]
    oldest: bool = True
    every: bool = False
    policy: str = POLICY

    def adds(self, portraits: Floats, new: Floats, thresholds: Mapping[str, float]) -> bool:
        """Whether the new portrait (d,) would be added to these (n, d)."""
        against = [self.reference(portraits), *(portraits if self.every else portraits[: int(self.oldest)])]
        return all(compare(new, one) >= thresholds[self.policy] for one in against)


def equal_mean(portraits: Floats) -> Floats:
    """All portraits weigh the same."""
    mean: Floats = portraits.mean(axis=0)
    return mean


RULES: Mapping[str, Rule] = {
    "oldest_weighs_half": Rule(reference_vector),
    "all_weigh_the_same": Rule(equal_mean),
    "oldest_weighs_half_every_portrait_matched": Rule(reference_vector, every=True),
    "oldest_weighs_half_added_at_fmr-1e-5": Rule(reference_vector, policy=STRICTER),
    "oldest_weighs_half_the_reference_alone_matched": Rule(reference_vector, oldest=False),
}


def measured(recogniser: Recogniser) -> tuple[Templates, Mapping[ImageName, Path]]:
    """Templates and files of all photographs of the list's people. Ends the script where IDVERIFY_DATA is not set."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    if not data:
        print("IDVERIFY_DATA is not set: there is nothing to measure on", file=sys.stderr)
        sys.exit(2)
    lfw = Path(data) / "lfw"
    images = images_of(lfw, read_pairs(lfw / LIST).people)
    return labelled_templates(recogniser, images, CACHE), images
