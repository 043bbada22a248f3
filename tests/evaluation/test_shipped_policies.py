"""The operating points that travel with the default pack, and their evidence."""

import json
from pathlib import Path

import pytest

from idverify.config import Settings
from idverify.decision.policy import policies_from
from idverify.evaluation.exclusions import read_exclusions
from idverify.inference.manifest import describe_pack

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]


REPORTS = {"fast": "calibration.json", "accurate": "calibration_accurate.json"}


@pytest.fixture(scope="module", params=REPORTS)
def variant(request):
    """Each variant of the shipped pack, as it would run."""
    return describe_pack(ROOT / "models", "default", request.param).variant


@pytest.fixture(scope="module")
def shipped(variant):
    """The raw policies that travel for the variant."""
    rows = describe_pack(ROOT / "models", "default").policies
    return [row for row in rows if row["model_digest"] == variant.digest]


@pytest.fixture(scope="module")
def evidence(variant):
    """The report of the calibration that made them."""
    return json.loads((ROOT / "benchmarks" / "results" / REPORTS[variant.name]).read_text(encoding="utf-8"))


def test_every_shipped_policy_is_for_a_variant_of_the_shipped_pack():
    """One for another embedder would be left out in silence."""
    pack = describe_pack(ROOT / "models", "default")
    assert {row["model_digest"] for row in pack.policies} == {variant.digest for variant in pack.variants.values()}


def test_each_variant_has_the_default_policy_among_thresholds_that_rise(variant, shipped):
    """The same names in both, so that a caller need not know which runs."""
    policies = policies_from(shipped, variant.digest)
    assert list(policies) == ["fmr-1e-2", "fmr-1e-3", "fmr-1e-4", "fmr-1e-5"]
    assert Settings.model_fields["default_policy"].default in policies
    assert all("not evidence for your population" in policy.calibrated_on for policy in policies.values())
    thresholds = [policy.threshold for policy in policies.values()]
    assert thresholds == sorted(thresholds)
    assert all(policy.minimum_quality for policy in policies.values())


def test_every_shipped_figure_is_that_of_the_kept_calibration(variant, shipped, evidence):
    """Nobody edits a rate by hand."""
    gates = {"minimum_quality", "minimum_pad"}
    assert [{key: value for key, value in row.items() if key not in gates} for row in shipped] == evidence["policies"]
    assert evidence["model_digest"] == variant.digest


def test_each_policy_has_the_higher_of_the_two_bounds(shipped, evidence):
    """As labelled, unless the bound without label errors is the higher one."""
    for row, raw, cleaned in zip(
        shipped, evidence["operating_points"], evidence["without_label_errors"]["operating_points"], strict=False
    ):
        assert row["fmr_high"] == max(raw["fmr_high"], cleaned["fmr_high"])
        assert row["threshold"] in (raw["threshold"], cleaned["threshold"])


def test_the_exclusions_of_the_evidence_are_those_of_the_repository(evidence):
    """With their evidence, word by word."""
    listed = read_exclusions(ROOT / "benchmarks" / "lfw_exclusions.toml")
    assert [one["evidence"] for one in evidence["without_label_errors"]["exclusions"]] == [one.evidence for one in listed]
