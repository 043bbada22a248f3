"""The one place where evidence becomes a decision."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.decision.decide import decide
from idverify.decision.policy import Policy, find_policy, policies_from
from idverify.errors import ConfigurationInvalid, PolicyUnknown
from idverify.values import Accepted, Component, Evidence, Inconclusive, Quality, Rejected

POLICY = Policy(
    name="fmr-1e-4",
    threshold=0.4,
    target_fmr=1e-4,
    fmr=9e-5,
    fmr_high=2e-4,
    fnmr=0.02,
    fnmr_high=0.03,
    n_mated=1000,
    n_non_mated=1_000_000,
    people=500,
    calibrated_on="a test",
    calibration_digest="c" * 64,
    model_digest="m" * 64,
    reason="a test",
    minimum_quality={"sharpness": 10},
    minimum_pad=0.3,
)
GOOD = Quality((Component("sharpness", 5.0, 80),))
EVIDENCE = Evidence(comparison_score=0.7, model_digest="m" * 64, pad_score=0.9, quality=GOOD)


def test_complete_evidence_above_the_threshold_is_accepted():
    """The plain case, and its edge: the threshold itself matches."""
    assert isinstance(decide(EVIDENCE, POLICY), Accepted)
    assert isinstance(decide(replace(EVIDENCE, comparison_score=0.4), POLICY), Accepted)
    assert isinstance(decide(replace(EVIDENCE, comparison_score=math.nextafter(0.4, 0)), POLICY), Rejected)


@pytest.mark.parametrize(
    ("flaw", "outcome", "reason"),
    [
        ({"comparison_score": 0.1}, Rejected, "non_match"),
        ({"comparison_score": None}, Inconclusive, "not_compared"),
        ({"comparison_score": math.nan}, Inconclusive, "not_compared"),
        ({"comparison_score": math.inf}, Inconclusive, "not_compared"),
        ({"model_digest": "x" * 64}, Inconclusive, "policy_of_another_model"),
        ({"pad_score": 0.1}, Rejected, "suspected_presentation_attack"),
        ({"pad_score": math.nan}, Rejected, "suspected_presentation_attack"),
        ({"pad_score": None}, Inconclusive, "failure_to_assess"),
        ({"quality": None}, Inconclusive, "failure_to_assess"),
        ({"quality": Quality(())}, Inconclusive, "failure_to_assess"),
        ({"quality": Quality((Component("sharpness", None, None),))}, Inconclusive, "failure_to_assess"),
        ({"quality": Quality((Component("sharpness", 0.1, 3),), ("Hold the phone steady",))}, Inconclusive, "quality_too_low"),
    ],
)
def test_each_flaw_of_the_evidence_keeps_the_door_shut(flaw, outcome, reason):
    """One flaw at a time in evidence that is accepted without it."""
    decision = decide(replace(EVIDENCE, **flaw), POLICY)
    assert isinstance(decision, outcome)
    assert reason in decision.reasons


def test_a_non_match_of_a_poor_sample_asks_for_another_photo():
    """The sample, not the person, may be at fault; the words reach the person."""
    poor = Quality((Component("sharpness", 1.0, 20),), ("Hold the phone steady",))
    decision = decide(replace(EVIDENCE, comparison_score=0.1, quality=poor), POLICY)
    assert isinstance(decision, Inconclusive)
    assert decision.retake == ("Hold the phone steady",)


scores = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


@given(
    comparison=scores, pad=scores, sharpness=st.one_of(st.none(), st.integers(-5, 105)), digest=st.sampled_from(["m" * 64, "x"])
)
def test_no_evidence_whatever_makes_it_raise_or_accept_without_every_check(comparison, pad, sharpness, digest):
    """Acceptance implies that every gate was measured and passed."""
    evidence = Evidence(comparison, digest, pad, Quality((Component("sharpness", 1.0, sharpness),)))
    decision = decide(evidence, POLICY)
    if isinstance(decision, Accepted):
        assert comparison is not None
        assert comparison >= POLICY.threshold
        assert pad is not None
        assert pad >= 0.3
        assert sharpness is not None
        assert sharpness >= 10
        assert digest == POLICY.model_digest


def test_checks_name_only_what_ran():
    """A token's amr is built from these names."""
    policy = replace(POLICY, minimum_pad=None)
    assert decide(EVIDENCE, policy).checks == ("quality", "pad", "comparison")
    assert decide(replace(EVIDENCE, pad_score=None), policy).checks == ("quality", "comparison")


def test_a_policy_without_its_evidence_does_not_exist():
    """A bare threshold is refused, and so are rates that cannot be."""
    row = {name: getattr(POLICY, name) for name in Policy.__slots__}
    assert policies_from([row], "m" * 64) == {"fmr-1e-4": POLICY}
    assert policies_from([row], "another" * 9) == {}
    with pytest.raises(ConfigurationInvalid, match="fmr_high"):
        policies_from([{name: value for name, value in row.items() if name != "fmr_high"}], "m" * 64)
    wrongs = ({"threshold": 1.5}, {"threshold": "0.4"}, {"threshold": math.nan}, {"target_fmr": 0.0}, {"fmr_high": 1e-9})
    for wrong in wrongs:
        with pytest.raises(ConfigurationInvalid):
            policies_from([row | wrong], "m" * 64)
    with pytest.raises(ConfigurationInvalid):
        policies_from(["not a table"], "m" * 64)
    with pytest.raises(PolicyUnknown, match=r"fmr-1e-4"):
        find_policy({"fmr-1e-4": POLICY}, "fmr-1e-9")
