"""The operating points that travel with the default pack, and their evidence."""

import json
import tomllib
from pathlib import Path

import pytest

from idverify.config import Settings
from idverify.decision.policy import policies_from
from idverify.evaluation.exclusions import read_exclusions

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def manifest():
    """The manifest as it travels."""
    return tomllib.loads((ROOT / "models" / "manifest.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def evidence():
    """The report of the calibration that made them."""
    return json.loads((ROOT / "benchmarks" / "results" / "calibration.json").read_text(encoding="utf-8"))


def test_every_shipped_policy_is_for_the_shipped_embedder_and_the_default_is_among_them(manifest):
    """One for another embedder would be left out in silence."""
    digest = manifest["pack"]["default"]["model"]["embedding"]["sha256"]
    policies = policies_from(manifest["policy"], digest)
    assert list(policies) == [row["name"] for row in manifest["policy"]]
    assert Settings.model_fields["default_policy"].default in policies
    assert all("not evidence for your population" in policy.calibrated_on for policy in policies.values())
    thresholds = [policies[f"fmr-1e-{exponent}"].threshold for exponent in (2, 3, 4, 5)]
    assert thresholds == sorted(thresholds)


def test_every_shipped_figure_is_that_of_the_kept_calibration(manifest, evidence):
    """Nobody edits a rate by hand."""
    gates = {"minimum_quality", "minimum_pad"}
    shipped = [{key: value for key, value in row.items() if key not in gates} for row in manifest["policy"]]
    assert shipped == evidence["policies"]


def test_each_policy_has_the_higher_of_the_two_bounds(manifest, evidence):
    """As labelled, unless the bound without label errors is the higher one."""
    for row, raw, cleaned in zip(
        manifest["policy"], evidence["operating_points"], evidence["without_label_errors"]["operating_points"], strict=False
    ):
        assert row["fmr_high"] == max(raw["fmr_high"], cleaned["fmr_high"])
        assert row["threshold"] in (raw["threshold"], cleaned["threshold"])


def test_the_exclusions_of_the_evidence_are_those_of_the_repository(evidence):
    """With their evidence, word by word."""
    listed = read_exclusions(ROOT / "benchmarks" / "lfw_exclusions.toml")
    assert [one["evidence"] for one in evidence["without_label_errors"]["exclusions"]] == [one.evidence for one in listed]
