"""Step 9 of a verification: evidence and policy in, one decision out. The only place that constructs Accepted."""

import math
from collections.abc import Iterator
from typing import Literal

from idverify.decision.policy import Policy
from idverify.decision.profile import Band, Profile
from idverify.values import Accepted, Decision, Evidence, Inconclusive, LiveEvidence, Quality, Rejected

SUSPECTED_ATTACK = "suspected_presentation_attack"
NON_MATCH = "non_match"
NOT_COMPARED = "not_compared"
NOT_ASSESSED = "failure_to_assess"
QUALITY_TOO_LOW = "quality_too_low"
POLICY_OF_ANOTHER_MODEL = "policy_of_another_model"
SUSPECTED_INJECTION = "suspected_injection"
CHALLENGE_NOT_PASSED = "challenge_not_passed"
NOT_ATTESTED = "not_attested"
NOT_SIGNED = "stream_not_signed"
NOT_CONTINUOUS = "not_one_person"
FLAT = "suspected_flat_picture"
SCREEN_POSSIBLE = "screen_not_excluded"
BORDERLINE = "borderline"
REVIEWED = "reviewed"

Finding = tuple[Literal["failed", "missing", "borderline"], str]


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


def decide_live(evidence: Evidence, live: LiveEvidence, policy: Policy, profile: Profile, lenient: Policy) -> Decision:
    """Judge a live session. policy, lenient: the profile's operating points of the comparison. Never raises.

    What contradicts comes first, then what is missing, then what the photo path judges; only a session with nothing of either
    is accepted, and what is borderline anywhere is Inconclusive with the reason `borderline`: a reviewer's case. That holds
    for a comparison score between the two policies too.
    """
    checks = (*evidence.checks, *live.checks)
    findings = list(_findings(live, profile))
    failed = tuple(reason for kind, reason in findings if kind == "failed")
    if failed:
        return Rejected(policy.name, checks, failed)
    missing = tuple(reason for kind, reason in findings if kind == "missing")
    if missing:
        retake = () if evidence.quality is None else evidence.quality.retake
        return Inconclusive(policy.name, checks, missing, retake)
    matched = decide(evidence, policy)
    borderline = [reason for _, reason in findings]
    if isinstance(matched, Accepted):
        return Inconclusive(policy.name, checks, (BORDERLINE, *borderline)) if borderline else Accepted(policy.name, checks)
    if isinstance(matched, Rejected) and isinstance(decide(evidence, lenient), Accepted):
        return Inconclusive(policy.name, checks, (BORDERLINE, *matched.reasons, *borderline))
    if isinstance(matched, Rejected):
        return Rejected(policy.name, checks, matched.reasons)
    return Inconclusive(policy.name, checks, matched.reasons, matched.retake)


def needs_review(decision: Decision) -> bool:
    """Whether a person must decide."""
    return isinstance(decision, Inconclusive) and BORDERLINE in decision.reasons


def decide_reviewed(decision: Decision, *, same_person: bool, approve: bool) -> Decision:
    """What a reviewer made of a borderline case. same_person: the answer before any score was shown; nothing is accepted
    against it. Raises ValueError for a case that was not borderline.
    """
    if not needs_review(decision):
        raise ValueError("only a borderline case is reviewed")
    if approve and same_person:
        return Accepted(decision.policy, (*decision.checks, "review"))
    return Rejected(decision.policy, (*decision.checks, "review"), (REVIEWED,))


def asked_again(decision: Decision) -> Inconclusive:
    """What a reviewer made of a borderline case that its pictures do not settle: another attempt. Raises ValueError too."""
    if not needs_review(decision):
        raise ValueError("only a borderline case is reviewed")
    return Inconclusive(decision.policy, (*decision.checks, "review"), (REVIEWED,))


def _findings(live: LiveEvidence, profile: Profile) -> Iterator[Finding]:
    """Whatever stands between the session and its acceptance, the match aside."""
    for name, band in profile.injection.items():
        yield from _judged(_negated(live.injection.get(name)), band, SUSPECTED_INJECTION)
    if sum(live.injection.get(name, 0.0) >= profile.suspicion for name in profile.injection) > 1:
        yield "borderline", SUSPECTED_INJECTION
    if not live.challenge:
        yield "missing", CHALLENGE_NOT_PASSED
    yield from _judged(live.pad_score, profile.pad, SUSPECTED_ATTACK)
    yield from _judged(live.continuity, profile.continuity, NOT_CONTINUOUS)
    if profile.three_dimensional:
        yield from _depth(live, profile)
    if profile.attestation and live.attestation not in profile.attestation:
        yield "missing", NOT_ATTESTED
    elif live.stream_signed is False or (profile.attestation and not live.stream_signed):
        yield "missing", NOT_SIGNED  # a wrong signature stands in the way even where none was needed


def _depth(live: LiveEvidence, profile: Profile) -> Iterator[Finding]:
    """Parallax and flash: whichever the challenge asked for is judged, and it must have asked for one.

    Without the flash a reviewer must look, however good the rest: a screen that shows a turning head passes every other
    measure, and attestation says nothing of what is before the camera (docs/decisions/0008-live.md).
    """
    if not live.asked:
        yield "missing", NOT_ASSESSED
    if "parallax" in live.asked:
        yield from _judged(live.parallax, profile.parallax, FLAT)
    if "flash" in live.asked:
        yield from _judged(live.flash, profile.flash, FLAT)
        yield from _judged(live.flash_over_background, profile.flash_over_background, FLAT)
    else:
        yield "borderline", SCREEN_POSSIBLE


def _judged(value: float | None, band: Band, reason: str) -> Iterator[Finding]:
    if value is None or math.isnan(value):
        yield "missing", NOT_ASSESSED
    elif value < band.fails:
        yield "failed", reason
    elif value < band.passes:
        yield "borderline", reason


def _negated(value: float | None) -> float | None:
    return None if value is None else -value
