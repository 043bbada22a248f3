"""One probe against many references: which operating point such a search may use, and how large a gallery it carries.

With n references, each a chance of a false match, a stranger is taken for somebody enrolled with probability
FPIR = 1 - (1 - FMR)^n, if comparisons were independent (ISO/IEC 19795-1 names the rate; look-alikes make it worse, not better).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from idverify.decision.policy import Policy

TARGET_FPIR = 1e-3
"""NIST SP 800-63A-4 on biometric duplicate checks: a false positive identification rate of 1 in 1,000 or better."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The operating point of a search over a gallery. fpir_high: upper bound there; supported: whether that is the target's."""

    policy: Policy
    fpir_high: float
    supported: bool


def fmr_bound(policy: Policy) -> float:
    """The highest FMR that the policy's calibration leaves possible: its 95 % bound, and never less than the rule of three.

    What counts for that rule are distinct pairs of people; so many people make people x (people - 1) / 2 of them at most.
    """
    pairs = policy.people * (policy.people - 1) / 2
    return max(policy.fmr_high, min(1.0, 3.0 / pairs) if pairs > 0 else 1.0)


def fpir_bound(policy: Policy, references: int) -> float:
    """Upper bound of the false positive identification rate of a search among so many references, 0..1."""
    fmr = fmr_bound(policy)
    if fmr >= 1.0:
        return float(references > 0)
    return -math.expm1(references * math.log1p(-fmr))


def largest_gallery(policy: Policy, target: float = TARGET_FPIR) -> int:
    """The most references whose FPIR bound is not above the target."""
    fmr = fmr_bound(policy)
    return 0 if fmr >= 1.0 else math.floor(math.log1p(-target) / math.log1p(-fmr) * (1 + 1e-12))


def identification(policies: Iterable[Policy], references: int, target: float = TARGET_FPIR) -> Identification:
    """The most lenient policy that holds the target among so many references; the strictest there is where none does.

    Raises ValueError without any policy.
    """
    by_threshold = sorted(policies, key=lambda policy: policy.threshold)
    if not by_threshold:
        raise ValueError("no policy")
    for policy in by_threshold:
        if references <= largest_gallery(policy, target):
            return Identification(policy, fpir_bound(policy, references), supported=True)
    strictest = by_threshold[-1]
    return Identification(strictest, fpir_bound(strictest, references), supported=False)


def people_needed(references: int, target: float = TARGET_FPIR) -> int:
    """How many people, at least, a calibration must compare with one another to carry such a gallery (rule of three)."""
    pairs = 3.0 / -math.expm1(math.log1p(-target) / max(references, 1))
    return math.ceil((1 + math.sqrt(1 + 8 * pairs)) / 2)
