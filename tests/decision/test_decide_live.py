"""Live sessions are accepted on complete evidence alone; what is borderline is a person's case."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.decision.decide import asked_again, decide_live, decide_reviewed, needs_review
from idverify.decision.profile import Band, Profile, find_profile
from idverify.decision.profiles import PROFILES
from idverify.errors import PolicyUnknown
from idverify.values import Accepted, Inconclusive, LiveEvidence, Rejected

from .test_decide import EVIDENCE, POLICY

LENIENT = replace(POLICY, name="fmr-1e-3", threshold=0.3)
PROFILE = Profile(
    name="active",
    acr="urn:test",
    policy="fmr-1e-4",
    lenient_policy="fmr-1e-3",
    target_iapar=0.05,
    steps=3,
    three_dimensional=True,
    pad=Band(0.6, 0.4),
    continuity=Band(0.5, 0.3),
    parallax=Band(0.05, 0.03),
    flash=Band(0.5, 0.2),
    flash_over_background=Band(0.3, 0.1),
    measured_with={},
    injection={"loop": Band(-0.5, -0.8)},
    attestation=frozenset({"device"}),
)
LIVE = LiveEvidence(
    challenge=True,
    pad_score=0.9,
    parallax=0.1,
    flash=0.9,
    flash_over_background=0.8,
    continuity=0.8,
    injection={"loop": 0.0},
    attestation="device",
    stream_signed=True,
    asked=frozenset({"parallax", "flash"}),
)


def _decide(live=LIVE, evidence=EVIDENCE, profile=PROFILE):
    return decide_live(evidence, live, POLICY, profile, LENIENT)


def test_a_complete_session_is_accepted_and_names_every_check():
    """The plain case: the token will say what ran."""
    decision = _decide()
    assert isinstance(decision, Accepted)
    named = ("quality", "pad", "comparison", "challenge", "parallax", "flash", "continuity", "attestation", "injection")
    assert decision.checks == named


@pytest.mark.parametrize(
    "missing",
    ["challenge", "pad_score", "parallax", "flash", "flash_over_background", "continuity", "attestation", "stream_signed"],
)
def test_missing_evidence_is_never_a_pass(missing):
    """Whatever was not measured leaves the session undecided, however good the rest."""
    decision = _decide(replace(LIVE, **{missing: None}))
    assert isinstance(decision, Inconclusive)
    assert not needs_review(decision)


def test_a_wrong_signature_stands_in_the_way_where_none_was_needed():
    """What a client claims can lower trust: it is never approved, and an attestation that signed nothing is no check."""
    lenient = replace(PROFILE, attestation=frozenset())
    assert _decide(replace(LIVE, stream_signed=False), profile=lenient).reasons == ("stream_not_signed",)
    unsigned = _decide(replace(LIVE, stream_signed=None), profile=lenient)
    assert (type(unsigned), "attestation" in unsigned.checks) == (Accepted, False)


@pytest.mark.parametrize("injection", [{}, {"loop": math.nan}, {"other": 0.0}])
def test_an_injection_signal_that_was_not_measured_is_never_a_pass(injection):
    """A signal is looked up by name: another one's silence counts for nothing."""
    assert isinstance(_decide(replace(LIVE, injection=injection)), Inconclusive)


def test_a_session_without_any_evidence_of_depth_is_not_accepted():
    """A person who asked for neither movement nor colours is shown the other way."""
    assert isinstance(_decide(replace(LIVE, parallax=None, flash=None, asked=frozenset())), Inconclusive)


def test_without_movement_the_colours_carry_the_session():
    """What the challenge did not ask for is not demanded."""
    assert isinstance(_decide(replace(LIVE, parallax=None, asked=frozenset({"flash"}))), Accepted)


@pytest.mark.parametrize("attestation", ["device", "app"])
def test_without_the_flash_a_reviewer_decides_however_good_the_rest(attestation):
    """A screen turns its head as well as anybody, before an attested telephone too; a flat picture is not even looked at."""
    profile = replace(PROFILE, attestation=frozenset({"device", "app"}))
    unlit = replace(LIVE, flash=None, flash_over_background=None, asked=frozenset({"parallax"}), attestation=attestation)
    for live in (unlit, replace(unlit, pad_score=1.0, parallax=1.0, continuity=1.0)):
        decision = _decide(live, profile=profile)
        assert needs_review(decision)
        assert decision.reasons == ("borderline", "screen_not_excluded")
        assert isinstance(decide_reviewed(decision, same_person=True, approve=True), Accepted)
    assert isinstance(_decide(replace(unlit, parallax=0.02), profile=profile), Rejected)
    assert not needs_review(_decide(replace(unlit, parallax=None), profile=profile))
    assert isinstance(_decide(unlit, profile=replace(profile, three_dimensional=False)), Accepted)


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ({"pad_score": 0.39}, "suspected_presentation_attack"),
        ({"parallax": 0.02}, "suspected_flat_picture"),
        ({"flash": 0.1}, "suspected_flat_picture"),
        ({"flash_over_background": 0.0}, "suspected_flat_picture"),
        ({"continuity": 0.2}, "not_one_person"),
        ({"injection": {"loop": 0.9}}, "suspected_injection"),
    ],
)
def test_evidence_of_an_attack_rejects_even_where_something_is_missing(flaw, reason):
    """An attacker who withholds one piece of evidence gains no second look at the others."""
    for live in (LIVE, replace(LIVE, challenge=None, attestation=None)):
        decision = _decide(replace(live, **flaw))
        assert isinstance(decision, Rejected)
        assert reason in decision.reasons


@pytest.mark.parametrize(
    "flaw", [{"pad_score": 0.5}, {"parallax": 0.04}, {"flash": 0.3}, {"continuity": 0.4}, {"injection": {"loop": 0.6}}]
)
def test_borderline_evidence_goes_to_a_reviewer(flaw):
    """Between the two operating points nothing is decided by chance."""
    assert needs_review(_decide(replace(LIVE, **flaw)))


def test_two_suspicions_of_injection_go_to_a_reviewer_and_one_does_not():
    """What an odd but honest phone may do once, it does not do in two ways."""
    profile = replace(PROFILE, injection={"jitter": Band(-0.5, -0.8), "noiseless": Band(-0.5, -0.8)})
    one, two = {"jitter": 0.45, "noiseless": 0.0}, {"jitter": 0.45, "noiseless": 0.45}
    assert isinstance(_decide(replace(LIVE, injection=one), profile=profile), Accepted)
    assert needs_review(_decide(replace(LIVE, injection=two), profile=profile))


@pytest.mark.parametrize("name", PROFILES)
def test_every_shipped_profile_sends_two_signals_of_two_fifths_to_a_reviewer(name):
    """And neither one of them, nor two that are lower."""
    profile = PROFILES[name]
    for first, second, reviewed in ((0.4, 0.4, True), (0.39, 0.4, False), (0.39, 0.39, False)):
        signals = dict.fromkeys(profile.injection, 0.0) | {"jitter": first, "frozen": second}
        decision = _decide(replace(LIVE, injection=signals, attestation="app"), profile=profile)
        assert needs_review(decision) is reviewed
        assert isinstance(decision, Accepted) is not reviewed


def test_a_score_between_the_policies_goes_to_a_reviewer_and_one_below_both_does_not():
    """The comparison has a band too."""
    assert needs_review(_decide(evidence=replace(EVIDENCE, comparison_score=0.35)))
    assert isinstance(_decide(evidence=replace(EVIDENCE, comparison_score=0.29)), Rejected)


def test_a_borderline_session_of_a_stranger_is_rejected_not_reviewed():
    """A reviewer's time is not spent on a clear non-match."""
    decision = _decide(replace(LIVE, pad_score=0.5), replace(EVIDENCE, comparison_score=0.1))
    assert isinstance(decision, Rejected)


@given(
    st.builds(
        LiveEvidence,
        challenge=st.sampled_from([True, False, None]),
        pad_score=st.none() | st.floats(),
        parallax=st.none() | st.floats(),
        flash=st.none() | st.floats(),
        flash_over_background=st.none() | st.floats(),
        continuity=st.none() | st.floats(),
        injection=st.dictionaries(st.sampled_from(["loop", "x"]), st.floats()),
        attestation=st.sampled_from([None, "device", "toaster"]),
        asked=st.frozensets(st.sampled_from(["parallax", "flash"])),
    ),
    st.none() | st.floats(),
)
def test_nothing_but_passing_every_band_is_accepted(live, score):
    """Whatever the numbers are, NaN and infinities among them."""
    decision = _decide(live, replace(EVIDENCE, comparison_score=score))
    if isinstance(decision, Accepted):
        assert live.challenge is True
        assert live.attestation == "device"
        assert "flash" in live.asked
        assert live.pad_score >= 0.6
        assert live.continuity >= 0.5
        assert live.injection["loop"] <= 0.5
        assert "parallax" not in live.asked or live.parallax >= 0.05
        assert live.flash >= 0.5
        assert live.flash_over_background >= 0.3
        assert score >= 0.4


def test_a_reviewer_accepts_only_a_borderline_case_whose_blind_answer_was_the_same_person():
    """Scores that are shown afterwards cannot turn the first answer round."""
    case = _decide(replace(LIVE, pad_score=0.5))
    assert isinstance(decide_reviewed(case, same_person=True, approve=True), Accepted)
    assert isinstance(decide_reviewed(case, same_person=False, approve=True), Rejected)
    assert isinstance(decide_reviewed(case, same_person=True, approve=False), Rejected)
    for other in (_decide(), _decide(replace(LIVE, pad_score=0.1)), _decide(replace(LIVE, pad_score=None))):
        with pytest.raises(ValueError, match="borderline"):
            decide_reviewed(other, same_person=True, approve=True)
        with pytest.raises(ValueError, match="borderline"):
            asked_again(other)
    assert not needs_review(asked_again(case))


def test_every_shipped_profile_demands_every_signal_a_challenge_and_presentation_attack_detection():
    """A profile that forgot one would accept without it; only active-high demands attestation."""
    signals = {frozenset(profile.injection) for profile in PROFILES.values()}
    assert len(signals) == 1
    assert all(profile.pad.fails > 0 and profile.continuity.fails > 0 for profile in PROFILES.values())
    assert [name for name, profile in PROFILES.items() if profile.attestation] == ["active-high"]
    with pytest.raises(PolicyUnknown, match="passive"):
        find_profile(PROFILES, "strong")
