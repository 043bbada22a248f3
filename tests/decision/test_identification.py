"""How large a gallery a calibration carries."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.decision.identification import (
    TARGET_FPIR,
    fmr_bound,
    fpir_bound,
    identification,
    largest_gallery,
    people_needed,
)
from idverify.decision.policy import policies_from
from idverify.inference.manifest import default_models_folder, describe_pack

ROWS = describe_pack(default_models_folder(), "default").policies
SHIPPED = policies_from(ROWS, ROWS[0]["model_digest"])
POLICY = next(iter(SHIPPED.values()))
STRICT = replace(POLICY, name="strict", threshold=0.6, target_fmr=1e-6, fmr=1e-7, fmr_high=1e-6, people=10_000)
LENIENT = replace(POLICY, name="lenient", threshold=0.3, target_fmr=1e-3, fmr=1e-3, fmr_high=1e-3, people=10_000)


@given(fmr=st.floats(1e-9, 0.9), people=st.integers(2, 10**6))
def test_the_largest_gallery_holds_the_target_and_one_more_does_not(fmr, people):
    """At the edge, whatever the rate."""
    policy = replace(POLICY, fmr=0.0, fmr_high=fmr, people=people)
    largest = largest_gallery(policy)
    assert fpir_bound(policy, largest) <= TARGET_FPIR * (1 + 1e-9)
    assert fpir_bound(policy, largest + 1) > TARGET_FPIR * (1 - 1e-9)


def test_few_people_carry_little_however_low_their_bound_is_said_to_be():
    """Rule of three: 100 people make 4,950 pairs, which cannot show less than 6e-4; nobody, or one, carries nothing."""
    assert fmr_bound(replace(POLICY, fmr_high=1e-9, people=100)) == pytest.approx(3 / 4950)
    for people in (0, 1, 2):
        alone = replace(POLICY, fmr_high=1e-9, people=people)
        assert (fmr_bound(alone), largest_gallery(alone), fpir_bound(alone, 1), fpir_bound(alone, 0)) == (1.0, 0, 1.0, 0.0)


def test_the_most_lenient_policy_that_holds_is_taken_and_else_the_strictest():
    """A stricter threshold than needed would miss duplicates."""
    both = [STRICT, LENIENT]
    chosen = [(found.policy.name, found.supported) for found in (identification(both, n) for n in (1, 2, 1000, 1001))]
    assert chosen == [("lenient", True), ("strict", True), ("strict", True), ("strict", False)]
    with pytest.raises(ValueError, match="no policy"):
        identification([], 1)


@pytest.mark.parametrize("references", [1, 1000, 10**6])
def test_so_many_people_are_needed_and_no_fewer(references):
    """Their pairs bound the rate at the target, without one error among them."""
    needed = people_needed(references)
    enough = replace(POLICY, fmr_high=1e-12, people=needed)
    assert largest_gallery(enough) >= references
    assert largest_gallery(replace(enough, people=needed - 1)) < references


def test_the_shipped_calibration_carries_a_household_and_not_a_city():
    """A few hundred people compared with one another bound the FMR near 1e-5: whoever wants more must calibrate."""
    assert identification(SHIPPED.values(), 10).supported
    assert not identification(SHIPPED.values(), 1000).supported
