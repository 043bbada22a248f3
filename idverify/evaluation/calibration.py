"""Operating points: thresholds from one set of people, their error rates from other people (ISO/IEC 19795-1).

Why a target can be 'not supported by n': with fewer than 3 / target distinct pairs of people, not even an error-free set could
show that rate at 95 % (rule of three). More images of the same people do not help, so pairs of people are what is counted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.comparisons import Comparisons
from idverify.evaluation.error_rates import equal_error_rate, threshold_at_fmr
from idverify.evaluation.intervals import Matrix, Rate, draw_people, supported

TARGETS: Final = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
REPLICATES: Final = 1000

REASONS: Final = {
    1e-2: "Trying things out, and sorting candidates that a person looks at next; too weak to grant anything",
    1e-3: "Aims at the bar of NIST SP 800-63B-3 section 5.2.3: a false match rate of 1 in 1,000 or better",
    1e-4: "Aims at the bar of NIST SP 800-63A-4 for identity proofing: a false match rate of 1 in 10,000 or better",
    1e-5: "Where a false match costs more than asking ten honest people again: ten times stricter than NIST SP 800-63A-4",
    1e-6: "Where one probe meets many references, each a chance of a false match",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One threshold on one set of people."""

    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold with what it costs. Where `supported` is False the data cannot carry the target, and there is no policy.

    calibration: on the people that gave the threshold; report: on other people.
    """

    target_fmr: float
    threshold: float
    supported: bool
    calibration: Measured
    report: Measured


@dataclass(frozen=True, slots=True)
class Sample:
    """A set of comparisons and the draws of its people that all its bounds share."""

    comparisons: Comparisons
    draws: Matrix

    def measured(self, threshold: float) -> Measured:
        """Both error rates at the threshold."""
        return Measured(self.comparisons.fmr(threshold, self.draws), self.comparisons.fnmr(threshold, self.draws))

    def facts(self) -> dict[str, Any]:
        """What the set holds, for a report."""
        found = self.comparisons
        return {
            "people": int(np.unique(np.concatenate([found.first, found.second])).size),
            "n_mated": int(np.count_nonzero(found.mated)),
            "n_non_mated": int(np.count_nonzero(found.compared_non_mated)),
            "pairs_of_people": found.pairs_of_people,
            "eer": equal_error_rate(found.mated_scores, found.non_mated_scores).rate,
        }


def sample(comparisons: Comparisons, generator: np.random.Generator) -> Sample:
    """The set, ready to be measured. Raises InvalidInput where it has no mated or no non-mated comparison."""
    if not comparisons.mated.any() or not comparisons.compared_non_mated.any():
        raise InvalidInput(
            "error rates need mated and non-mated comparisons: in each half, or list, a person with two images, and two people"
        )
    return Sample(comparisons, draw_people(comparisons.people, REPLICATES, generator))


def calibrate(calibration: Sample, report: Sample, targets: Sequence[float] = TARGETS) -> list[OperatingPoint]:
    """An operating point for each target FMR: the largest FMR not above it on the one set, measured on both."""
    carried = min(calibration.comparisons.pairs_of_people, report.comparisons.pairs_of_people)
    scores = calibration.comparisons.non_mated_scores
    points = []
    for target in targets:
        threshold = threshold_at_fmr(scores, target)
        measured = calibration.measured(threshold), report.measured(threshold)
        points.append(OperatingPoint(target, threshold, supported(target, carried), *measured))
    return points


def to_ship(raw: Sequence[OperatingPoint], cleaned: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """For each target, the point without exclusions, unless the upper bound with them is the higher one (fail closed)."""
    return [one if other.report.fmr.high <= one.report.fmr.high else other for one, other in zip(raw, cleaned, strict=True)]


def policy_rows(
    points: Sequence[OperatingPoint], *, people: int, model_digest: str, calibration_digest: str, calibrated_on: str
) -> list[dict[str, Any]]:
    """The supported points as fields of decision.policy.Policy; rates, counts and `people` are of those reported on."""
    return [
        {
            "name": f"fmr-{point.target_fmr:.0e}".replace("e-0", "e-"),
            "threshold": point.threshold,
            "target_fmr": point.target_fmr,
            "fmr": point.report.fmr.value,
            "fmr_high": point.report.fmr.high,
            "fnmr": point.report.fnmr.value,
            "fnmr_high": point.report.fnmr.high,
            "n_mated": point.report.fnmr.n,
            "n_non_mated": point.report.fmr.n,
            "people": people,
            "calibrated_on": calibrated_on,
            "calibration_digest": calibration_digest,
            "model_digest": model_digest,
            "reason": REASONS.get(point.target_fmr, f"False match rate of at most {point.target_fmr:g}"),
        }
        for point in points
        if point.supported
    ]


def described(point: OperatingPoint) -> dict[str, Any]:
    """The point for a report, with the rates of the people reported on; without support there are none, only a note."""
    fmr, fnmr = point.report.fmr, point.report.fnmr
    values = {
        "threshold": point.threshold,
        "fmr": fmr.value,
        "fmr_high": fmr.high,
        "fnmr": fnmr.value,
        "fnmr_low": fnmr.low,
        "fnmr_high": fnmr.high,
        "calibration": asdict(point.calibration),
        "report": asdict(point.report),
    }
    if not point.supported:
        return {"target_fmr": point.target_fmr, "supported": False, "note": "not supported by n", **dict.fromkeys(values)}
    return {"target_fmr": point.target_fmr, "supported": True, **values}
