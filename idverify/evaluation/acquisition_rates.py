"""Failures to acquire and to enrol, counted as ISO/IEC 19795-1 has it, never dropped.

FTA, the failure-to-acquire rate: of the images, those of which acquisition made no template. FTE, the failure-to-enrol rate: of
the people, those none of whose images could be made into a template, where enrolment may try every image that the set has.
"""

from collections import Counter
from typing import Any

import numpy as np

from idverify.evaluation.comparisons import people_of
from idverify.evaluation.intervals import Matrix, clopper_pearson, clustered_rate
from idverify.evaluation.scores import ACQUIRED, ImageTable


def acquisition_rates(images: ImageTable, draws: Matrix) -> dict[str, Any]:
    """Keys `fta` and `fte` of a report. FTA's bounds draw people; FTE's are exact, for people are independent."""
    people, person = people_of(images.names)
    failed = np.array([outcome != ACQUIRED for outcome in images.outcomes], dtype=np.bool_)
    fta = clustered_rate(person, failed, draws, independent=people)
    without = people - int(np.unique(person[~failed]).size)
    low, high = clopper_pearson(without, people)
    codes = Counter(outcome for outcome in images.outcomes if outcome != ACQUIRED)
    return {
        "fta": {"rate": fta.value, "low": fta.low, "high": fta.high, "errors": fta.errors, "n": fta.n, "by_code": dict(codes)},
        "fte": {"rate": without / people, "low": low, "high": high, "errors": without, "n": people},
    }
