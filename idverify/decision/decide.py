"""Step 9 of a verification: evidence and policy in, one decision out. The only place that constructs Accepted."""

from idverify.decision.policy import Policy
from idverify.values import Accepted, Decision, Evidence, Inconclusive, Quality, Rejected

SUSPECTED_ATTACK = "suspected_presentation_attack"
NON_MATCH = "non_match"
NOT_COMPARED = "not_compared"
NOT_ASSESSED = "failure_to_assess"
QUALITY_TOO_LOW = "quality_too_low"
POLICY_OF_ANOTHER_MODEL = "policy_of_another_model"


def decide(evidence: Evidence, policy: Policy) -> Decision:
    """Judge the evidence under the policy. Never raises; whatever is missing is Inconclusive, never a pass.

    Order: what cannot be judged at all, then presentation attack, then quality, then the comparison. A non-match of a sample
    whose quality asks for a retake is Inconclusive: the sample, not the person, may be at fault.
    """
    checks = evidence.checks
    if evidence.model_digest != policy.model_digest:
        return Inconclusive(policy.name, checks, (POLICY_OF_ANOTHER_MODEL,))
    if evidence.comparison_score is None or not -1.001 <= evidence.comparison_score <= 1.001:
        return Inconclusive(policy.name, checks, (NOT_COMPARED,))
    if evidence.quality is None:
        return Inconclusive(policy.name, checks, (NOT_ASSESSED,))
    if policy.minimum_pad is not None:
        if evidence.pad_score is None:
            return Inconclusive(policy.name, checks, (NOT_ASSESSED,))
        if not evidence.pad_score >= policy.minimum_pad:
            return Rejected(policy.name, checks, (SUSPECTED_ATTACK,))
    gate = _quality_gate(evidence.quality, policy)
    if gate is not None:
        return Inconclusive(policy.name, checks, (gate,), evidence.quality.retake)
    if evidence.comparison_score >= policy.threshold:
        return Accepted(policy.name, checks)
    if evidence.quality.retake:
        return Inconclusive(policy.name, checks, (NON_MATCH, QUALITY_TOO_LOW), evidence.quality.retake)
    return Rejected(policy.name, checks, (NON_MATCH,))


def _quality_gate(quality: Quality, policy: Policy) -> str | None:
    values = {component.name: component.value for component in quality.components}
    for name, least in policy.minimum_quality.items():
        value = values.get(name)
        if value is None:
            return NOT_ASSESSED
        if value < least:
            return QUALITY_TOO_LOW
    return None
