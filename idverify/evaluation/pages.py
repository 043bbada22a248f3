"""What the pages of all benchmarks have in common: how numbers are spelled, and which facts are provenance."""

from collections.abc import Mapping
from typing import Any, Final

from idverify.evaluation.plots import percent

PROVENANCE: Final = (
    "command", "date", "version", "commit", "pack", "models", "provider", "hardware", "dataset_digest", "pairs_sha256", "seed",
)  # fmt: skip


def provenance_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report's provenance, in the order of PROVENANCE."""
    return {name: report[name] for name in PROVENANCE if name in report}


def rate(value: float | None, digits: int = 2) -> str:
    """A rate as per cent; small ones with two significant digits, so that none reads as zero."""
    if value is None:
        return "–"
    return f"{100 * value:.{digits}f} %" if value == 0 or value >= 10.0 ** -(digits + 1) else f"{100 * value:.2g} %"


def interval(low: float | None, high: float | None) -> str:
    """Two bounds."""
    return "no interval" if low is None or high is None else f"{rate(low)} to {rate(high)}"


def target(value: float) -> str:
    """A target FMR: 1 in 10,000."""
    return f"1 in {round(1 / value):,} ({percent(value)})"
