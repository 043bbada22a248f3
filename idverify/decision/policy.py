"""Named policies: operating points, since a threshold is worth nothing without its error rate, the bound on that rate,
the data and the model it was measured on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idverify.errors import ConfigurationInvalid, PolicyUnknown


@dataclass(frozen=True, slots=True)
class Policy:
    """One operating point and the gates around it.

    threshold: least accepted comparison score (cosine, -1..1). target_fmr: the false match rate asked for. fmr, fmr_high:
    observed on the calibration set, and its upper 95 % confidence bound. fnmr, fnmr_high: the same of the false non-match
    rate. model_digest: of the variant (values.Variant). calibration_digest: SHA-256 of the calibration set's description.
    reason: why this policy exists. minimum_quality: least component value (0..100) by name; below it nothing is decided.
    minimum_pad: least probability of a bona fide presentation, or None where the policy does not judge presentation attacks.
    """

    name: str
    threshold: float
    target_fmr: float
    fmr: float
    fmr_high: float
    fnmr: float
    fnmr_high: float
    n_mated: int
    n_non_mated: int
    people: int
    calibrated_on: str
    calibration_digest: str
    model_digest: str
    reason: str
    minimum_quality: Mapping[str, int] = field(default_factory=dict)
    minimum_pad: float | None = None


def policies_from(rows: list[dict[str, Any]], model_digest: str) -> dict[str, Policy]:
    """The policies among `rows` (as `[[policy]]` tables of a manifest or of `idverify calibrate`) for this variant's digest.

    Raises ConfigurationInvalid when a row lacks a field or is out of range: an operating point without its evidence does not
    exist.
    """
    policies: dict[str, Policy] = {}
    for number, row in enumerate(rows, start=1):
        try:
            policy = Policy(**row)
            rates = 0.0 < policy.target_fmr < 1.0 and 0.0 <= policy.fmr <= policy.fmr_high <= 1.0
            sound = rates and -1.0 <= policy.threshold <= 1.0
        except TypeError as error:
            raise ConfigurationInvalid(f"[[policy]] number {number}: {error}") from error
        if not sound:
            raise ConfigurationInvalid(f"[[policy]] number {number}: threshold or rates are out of range")
        if policy.model_digest == model_digest:
            policies[policy.name] = policy
    return policies


def find_policy(policies: Mapping[str, Policy], name: str) -> Policy:
    """The policy of that name. Raises PolicyUnknown."""
    try:
        return policies[name]
    except KeyError:
        known = ", ".join(sorted(policies)) or "none for the loaded model pack; run `idverify calibrate`"
        raise PolicyUnknown(f"no policy named {name!r}. Known: {known}") from None
