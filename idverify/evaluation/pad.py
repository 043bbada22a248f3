"""Presentation-attack detection, as ISO/IEC 30107-3 reports it: APCER by species, the worst governs; BPCER; no mixture of both.

A presentation is classified as bona fide when its PAD score is not below the threshold. One that failed to be acquired: bona
fide, it counts as an error, for the capture subject was turned away; an attack, it is left out, for it cannot pass and would
flatter APCER. Both are counted in the report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from idverify.errors import InvalidInput
from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.error_rates import area_under_roc
from idverify.evaluation.intervals import Rate, clustered_rate, draw_people
from idverify.values import Floats

TARGET_BPCER: Final = 0.05
FIXED: Final = (0.1, 0.5, 0.9, 0.99, 0.999)
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Presentations:
    """PAD scores of one kind. names: of files; people: whose presentation each is; scores: float32 (n,), NaN: not acquired."""

    names: tuple[str, ...]
    people: tuple[str, ...]
    scores: Floats

    @property
    def acquired(self) -> Floats:
        """Scores of those that were acquired."""
        return self.scores[~np.isnan(self.scores)]

    @property
    def failures(self) -> int:
        """How many were not."""
        return int(np.isnan(self.scores).sum())


def person_of(name: str) -> str:
    """Whose presentation a file is: its folder, or without one its name before the first underscore."""
    folder, slash, _ = name.partition("/")
    return folder if slash else name.partition("_")[0]


def threshold_at_bpcer(scores: Floats, target: float = TARGET_BPCER) -> float:
    """The highest threshold whose BPCER on these bona fide scores (NaN: an error) is not above the target.

    Raises InvalidInput where failures to acquire alone exceed the target.
    """
    ordered = np.sort(np.nan_to_num(scores.astype(np.float64), nan=-np.inf))
    allowed = int(target * ordered.size)
    if ordered.size == 0 or not np.isfinite(ordered[allowed]):
        raise InvalidInput("no threshold keeps BPCER at the target: too few bona fide presentations were acquired")
    return float(ordered[allowed])


def log_odds(scores: Floats | Doubles) -> Doubles:
    """log10 of p / (1 - p), at most 7 either way: PAD scores crowd at 0 and 1, where nothing could be told apart."""
    clipped = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    odds: Doubles = np.log10(clipped / (1 - clipped))
    return odds


def evaluate(
    bona_fide: Presentations,
    attacks: Mapping[str, Presentations],
    *,
    threshold: float | None,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Keys of the report of `bench pad`. threshold: given; None: chosen for each half of the people by the other half.

    Raises InvalidInput where no attack was acquired, or nobody can be held apart to choose the threshold.
    """
    if any(species.acquired.size == 0 for species in attacks.values()):
        raise InvalidInput("an attack species has no presentation that could be acquired")
    thresholds, words = _thresholds(bona_fide, attacks, threshold)
    bpcer = _error_rate(bona_fide, thresholds, bona_fide_kind=True, generator=generator)
    species = {}
    for name, presentations in attacks.items():
        apcer = _error_rate(presentations, thresholds, bona_fide_kind=False, generator=generator)
        species[name] = {
            "n": apcer.n,
            "errors": apcer.errors,
            "apcer": apcer.value,
            "apcer_low": apcer.low,
            "apcer_high": apcer.high,
            "auc": area_under_roc(bona_fide.acquired, presentations.acquired),
            "people": len(set(presentations.people)),
            "failures_to_acquire": presentations.failures,
        }
    worst = max(species, key=lambda name: species[name]["apcer_high"])
    return {
        "species": species,
        "worst_apcer": species[worst]["apcer"],
        "worst_apcer_high": species[worst]["apcer_high"],
        "worst_species": worst,
        "bpcer": bpcer.value,
        "bpcer_low": bpcer.low,
        "bpcer_high": bpcer.high,
        "auc": min(found["auc"] for found in species.values()),
        "bona_fide": {"n": bpcer.n, "people": len(set(bona_fide.people)), "failures_to_acquire": bona_fide.failures},
        "thresholds": sorted(set(thresholds.values())),
        "threshold_from": words,
        "trade_off": [_at(value, bona_fide, attacks) for value in FIXED],
        "interval": "95 %: wider of Clopper-Pearson and a bootstrap of people; without errors the rule of three",
    }


def _thresholds(
    bona_fide: Presentations, attacks: Mapping[str, Presentations], threshold: float | None
) -> tuple[dict[str, float], str]:
    """(threshold by person, where it comes from)."""
    everyone = sorted(set(bona_fide.people).union(*(species.people for species in attacks.values())))
    if threshold is not None:
        return dict.fromkeys(everyone, threshold), "given on the command line"
    halves = everyone[::2], everyone[1::2]
    found: dict[str, float] = {}
    for half, other in (halves, halves[::-1]):
        scores = bona_fide.scores[np.isin(bona_fide.people, other)]
        if scores.size == 0:
            raise InvalidInput(
                "the people cannot be split in two halves that each have bona fide presentations: pass --threshold"
            )
        found |= dict.fromkeys(half, threshold_at_bpcer(scores))
    words = f"for each half of the people, the bona fide presentations of the other half, at BPCER {TARGET_BPCER:.0%}"
    return found, words


def _at(threshold: float, bona_fide: Presentations, attacks: Mapping[str, Presentations]) -> dict[str, float]:
    """Both rates at a fixed threshold, for whoever chooses a policy's minimum_pad."""
    turned_away = float(np.mean(np.nan_to_num(bona_fide.scores, nan=-np.inf) < threshold))
    passed = max(float(np.mean(species.acquired >= threshold)) for species in attacks.values())
    return {"threshold": threshold, "bpcer": turned_away, "worst_apcer": passed}


def _error_rate(
    presentations: Presentations, thresholds: Mapping[str, float], *, bona_fide_kind: bool, generator: np.random.Generator
) -> Rate:
    """BPCER of bona fide presentations, APCER of others."""
    limits: Doubles = np.array([thresholds[person] for person in presentations.people])
    passed = np.nan_to_num(presentations.scores.astype(np.float64), nan=-np.inf) >= limits
    counted = np.ones(passed.size, np.bool_) if bona_fide_kind else ~np.isnan(presentations.scores)
    names, person = np.unique(presentations.people, return_inverse=True)
    errors = (~passed if bona_fide_kind else passed)[counted]
    draws = draw_people(names.size, REPLICATES, generator)
    return clustered_rate(person[counted], errors, draws, independent=int(counted.sum()))
