"""Presentation-attack detection, as ISO/IEC 30107-3 reports it: APCER by species, the worst governs; BPCER; no mixture of both.

A presentation is classified as bona fide when its PAD score is not below the threshold. One that has no score, because it
failed to be acquired or assessed, is a non-response: bona fide, it counts as an error, for the capture subject was turned away;
an attack, it is left out, for it cannot pass and would flatter APCER. Both are counted in the report (APNRR, BPNRR).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from idverify.errors import InvalidInput
from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.error_rates import area_under_roc
from idverify.evaluation.intervals import Rate, clustered_rate, draw_people, rule_of_three
from idverify.values import Floats

TARGET_BPCER: Final = 0.05
ACQUIRED, NOT_ASSESSED = "acquired", "not_assessed"
BONA_FIDE: Final = "bona fide"
"""What tables and pictures call those presentations; no species has that name."""

GIVEN: Final = "given on the command line"
FIXED: Final = (0.1, 0.5, 0.9, 0.99, 0.999)
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Presentations:
    """PAD scores of one kind. names: of files; people: whose presentation each is; scores: float32 (n,), NaN: no response.

    outcomes: ACQUIRED, NOT_ASSESSED, or the code of the failure to acquire, of each.
    """

    names: tuple[str, ...]
    people: tuple[str, ...]
    scores: Floats
    outcomes: tuple[str, ...]

    @property
    def acquired(self) -> Floats:
        """Scores of those that have one."""
        return self.scores[~np.isnan(self.scores)]

    def facts(self) -> dict[str, Any]:
        """How many people there are, and what was not answered: keys of a report."""
        failed = [outcome for outcome in self.outcomes if outcome != ACQUIRED]
        return {
            "people": len(set(self.people)),
            "presentations": len(self.names),
            "failures_to_acquire": sum(outcome != NOT_ASSESSED for outcome in failed),
            "not_assessed": failed.count(NOT_ASSESSED),
            "non_response_rate": len(failed) / len(self.names),
            "by_code": dict(Counter(failed)),
        }


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
    for name, one in {BONA_FIDE: bona_fide, **attacks}.items():
        if one.acquired.size == 0:
            raise InvalidInput(f"{name}: none of {len(one.names)} presentations could be acquired and assessed")
    thresholds, words = thresholds_of(bona_fide, attacks, threshold)
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
            "apcer_high_people": max(apcer.high, rule_of_three(len(set(presentations.people)))),
            "auc": area_under_roc(bona_fide.acquired, presentations.acquired),
            **presentations.facts(),
        }
    worst = max(species, key=lambda name: species[name]["apcer_high"])
    return {
        "species": species,
        "worst_apcer": species[worst]["apcer"],
        "worst_apcer_high": species[worst]["apcer_high"],
        "worst_apcer_high_people": species[worst]["apcer_high_people"],
        "worst_species": worst,
        "bpcer": bpcer.value,
        "bpcer_low": bpcer.low,
        "bpcer_high": bpcer.high,
        "auc": min(found["auc"] for found in species.values()),
        "bona_fide": {"n": bpcer.n, "errors": bpcer.errors, **bona_fide.facts()},
        "thresholds": sorted(set(thresholds.values())),
        "threshold_from": words,
        "trade_off": [_at(value, bona_fide, attacks) for value in FIXED],
        "interval": "95 %: wider of Clopper-Pearson and a bootstrap of people; without errors the rule of three over "
        "presentations, and as *_high_people over people, as if all presentations of a person shared one fate",
    }


def thresholds_of(
    bona_fide: Presentations, attacks: Mapping[str, Presentations], threshold: float | None
) -> tuple[dict[str, float], str]:
    """(threshold by person, where it comes from). Raises InvalidInput where nobody can be held apart to choose it."""
    everyone = sorted(set(bona_fide.people).union(*(species.people for species in attacks.values())))
    if threshold is not None:
        return dict.fromkeys(everyone, threshold), GIVEN
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


def passes(presentations: Presentations, thresholds: Mapping[str, float]) -> NDArray[np.bool_]:
    """Which presentations are classified as bona fide, (n,)."""
    limits: Doubles = np.array([thresholds[person] for person in presentations.people])
    passed: NDArray[np.bool_] = np.nan_to_num(presentations.scores.astype(np.float64), nan=-np.inf) >= limits
    return passed


def _at(threshold: float, bona_fide: Presentations, attacks: Mapping[str, Presentations]) -> dict[str, float]:
    """Both rates at a fixed threshold, for whoever chooses a policy's minimum_pad."""
    turned_away = float(np.mean(np.nan_to_num(bona_fide.scores, nan=-np.inf) < threshold))
    passed = max(float(np.mean(species.acquired >= threshold)) for species in attacks.values())
    return {"threshold": threshold, "bpcer": turned_away, "worst_apcer": passed}


def _error_rate(
    presentations: Presentations, thresholds: Mapping[str, float], *, bona_fide_kind: bool, generator: np.random.Generator
) -> Rate:
    """BPCER of bona fide presentations, APCER of others."""
    passed = passes(presentations, thresholds)
    counted = np.ones(passed.size, np.bool_) if bona_fide_kind else ~np.isnan(presentations.scores)
    names, person = np.unique(presentations.people, return_inverse=True)
    errors = (~passed if bona_fide_kind else passed)[counted]
    draws = draw_people(names.size, REPLICATES, generator)
    return clustered_rate(person[counted], errors, draws, independent=int(counted.sum()))
