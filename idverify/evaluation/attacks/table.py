"""The figures of an attack benchmark, made of its trials alone.

A trial is one attempt. APCER (ISO/IEC 30107-3) counts attempts at which no evidence of liveness, injection or continuity spoke
against the attack, whatever the comparison said; IAPAR counts those that were approved. A reviewer's case is neither: it is
counted beside. BPCER counts bona fide attempts that were not approved, for whatever cause.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.attacks.campaign import BONA_FIDE, NOT_SIMULATED, Row
from idverify.evaluation.attacks.species import ALL
from idverify.evaluation.attacks.trial import Trial
from idverify.evaluation.calibration import REPLICATES
from idverify.evaluation.error_rates import Scores, area_under_roc
from idverify.evaluation.intervals import Rate, clustered_rate, draw_people, rule_of_three

MATCH_ALONE: Final = frozenset({"non_match", "borderline", "quality_too_low"})
"""Reasons that are not evidence of an attack: an attempt with these alone was classified as bona fide."""

PRESENTATION_TARGET, PRINT_TARGET, BPCER_TARGET = 0.05, 0.01, 0.05
ONLY_ATTESTATION: Final = "only attestation stops this species today"
INTERVAL: Final = (
    "95 %: wider of Clopper-Pearson and a bootstrap of people; without errors the rule of three over attempts, and as "
    "*_high_people over people, as if all attempts on a person shared one fate"
)


def figures(rows: Sequence[tuple[Row, Sequence[Trial]]], generator: np.random.Generator) -> dict[str, Any]:
    """Keys of the report of `bench attacks`. Raises InvalidInput where no attack was tried."""
    honest = [one for row, trials in rows if row.species == BONA_FIDE for one in trials]
    attacks = [(row, trials) for row, trials in rows if row.species != BONA_FIDE and trials]
    species = {row.name: {**_of_attack(row, trials, generator), "auc": _auc(honest, trials)} for row, trials in attacks}
    if not species:
        raise InvalidInput("no species of attack was tried: name one with --species, or leave the option out")
    worst = max(species, key=lambda name: (species[name]["apcer"], species[name]["apcer_high"]))
    aimed = [name for name in species if species[name]["target"] is not None]
    failed = [name for name in aimed if _judged(species[name]) > species[name]["target"]]
    return {
        "species": species,
        "worst_species": worst,
        "worst_apcer": species[worst]["apcer"],
        "worst_apcer_high": species[worst]["apcer_high"],
        "worst_apcer_with_target": max((species[name]["apcer"] for name in aimed), default=None),
        "targets_missed": failed,
        "auc": min((one["auc"] for one in species.values() if one["auc"] is not None), default=None),
        **_of_bona_fide(honest, generator),
        "interval": INTERVAL,
    }


def accepted(trial: Trial) -> bool:
    """Whether the attempt was approved."""
    return trial.outcome == "approved"


def to_review(trial: Trial) -> bool:
    """Whether a reviewer must decide. Sessions that bring a photograph of their own, as all of the runs in process, have no
    portrait for one: there the same finding asks for another attempt.
    """
    return trial.outcome == "review" or "borderline" in trial.reasons


def classified_bona_fide(trial: Trial) -> bool:
    """Whether nothing but the match stood in the way, if anything did."""
    if trial.outcome == "declined":
        return bool(trial.reasons) and set(trial.reasons) <= MATCH_ALONE
    return accepted(trial) or (to_review(trial) and set(trial.reasons) <= MATCH_ALONE)


def _of_attack(row: Row, trials: Sequence[Trial], generator: np.random.Generator) -> dict[str, Any]:
    apcer = _rate(trials, [classified_bona_fide(one) for one in trials], generator)
    iapar = _rate(trials, [accepted(one) for one in trials], generator)
    people = len({one.person for one in trials})
    described = next(one for one in ALL if one.name == row.species)
    return {
        "class": described.kind,
        "strength": row.strength,
        "words": described.words,
        **_facts(trials),
        **_spelled("apcer", apcer, people),
        **_spelled("iapar", iapar, people),
        "review": sum(map(to_review, trials)),
        "stopped_by": _counted(one for one in trials if not accepted(one)),
        "target": _target(row),
        "remark": ONLY_ATTESTATION if row.strength == "informed" and apcer.value > 0.5 else "",
    }


def _auc(honest: Sequence[Trial], attacks: Sequence[Trial]) -> float | None:
    """How well PAD alone tells a presentation from the bona fide: of its scores, where it gave one. None of an injection,
    whose frames no camera took.
    """
    bona_fide, presented = (_pad_scores(trials) for trials in (honest, attacks))
    if attacks[0].strength != "presented" or not bona_fide.size or not presented.size:
        return None
    return area_under_roc(bona_fide, presented)


def _pad_scores(trials: Sequence[Trial]) -> Scores:
    found = (one.evidence.get("pad_score") for one in trials if one.outcome != NOT_SIMULATED)
    return np.array([score for score in found if score is not None], np.float32)


def _of_bona_fide(trials: Sequence[Trial], generator: np.random.Generator) -> dict[str, Any]:
    tried = [one for one in trials if one.outcome != NOT_SIMULATED]
    if not tried:
        return {"bpcer": None, "bpcer_low": None, "bpcer_high": None, "bona_fide": None}
    bpcer = _rate(tried, [not accepted(one) for one in tried], generator)
    people = len({one.person for one in tried})
    kinds = Counter("with movement of the head" if _moved(one) else "without movement of the head" for one in tried)
    by_person = {
        person: {
            "n": sum(one.person == person for one in tried),
            "errors": sum(one.person == person and not accepted(one) for one in tried),
            "passed_over": sum(one.passed_over for one in tried if one.person == person),
            "causes": _counted(one for one in tried if one.person == person and not accepted(one)),
        }
        for person in sorted({one.person for one in tried})
    }
    return {
        **_spelled("bpcer", bpcer, people),
        "bona_fide": {
            **_facts(tried),
            "errors": bpcer.errors,
            "not_simulated": len(trials) - len(tried),
            "passed_over": sum(one.passed_over for one in trials),
            "review": sum(map(to_review, tried)),
            "causes": _counted(one for one in tried if not accepted(one)),
            "challenges": dict(kinds),
            "by_person": by_person,
            "target": BPCER_TARGET,
        },
    }


def _judged(found: Mapping[str, Any]) -> float:
    """What a target is of: APCER of a presentation, IAPAR of an injection."""
    return float(found["apcer" if found["class"] == "presentation" else "iapar"])


def _target(row: Row) -> float | None:
    """An informed attacker has none."""
    if row.strength == "presented":
        return PRINT_TARGET if row.species == "print" else PRESENTATION_TARGET
    return 0.0 if row.strength == "naive" else None


def _facts(trials: Sequence[Trial]) -> dict[str, Any]:
    return {
        "n": len(trials),
        "people": len({one.person for one in trials}),
        "subjects": len({one.subject for one in trials}),
        "seconds": round(float(np.median([one.seconds for one in trials])), 2),
    }


def _counted(trials: Iterable[Trial]) -> dict[str, int]:
    """By cause, the most frequent first. An attempt may have several, and one that never ended has its outcome for a cause."""
    found: Counter[str] = Counter()
    for one in trials:
        found.update(set(one.reasons) - {"borderline"} or {one.outcome})
    return dict(found.most_common())


def _spelled(name: str, rate: Rate, people: int) -> dict[str, Any]:
    high_people = max(rate.high, rule_of_three(people))
    return {
        name: rate.value,
        f"{name}_low": rate.low,
        f"{name}_high": rate.high,
        f"{name}_high_people": high_people,
        f"{name}_errors": rate.errors,
    }


def _rate(trials: Sequence[Trial], errors: Sequence[bool], generator: np.random.Generator) -> Rate:
    names, person = np.unique([one.person for one in trials], return_inverse=True)
    draws = draw_people(names.size, REPLICATES, generator)
    return clustered_rate(person, np.array(errors, np.bool_), draws, independent=len(trials))


def _moved(trial: Trial) -> bool:
    return bool({"turn_left", "turn_right", "look_up", "look_down"} & set(trial.steps))
