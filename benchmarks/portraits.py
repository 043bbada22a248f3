"""What several portraits do at a policy's threshold, which one photograph a person calibrated; and what adding one costs.

`idverify bench accuracy --references N` finds a threshold for references of N photographs. An installation has one threshold
for everybody, whether they have one portrait or five: its rates then are these. And of honest people's further portraits some
are refused for want of a match (idverify.ceremonies.portraits): how many, by the rule that runs and by others. What those rules
withstand: benchmarks/morphs.py. Needs IDVERIFY_DATA; half a minute. Writes benchmarks/results/portraits.json.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from portrait_rules import LIST, RULES, STRICTER, equal_mean, measured

from idverify.api.app import load_recogniser
from idverify.config import load_settings
from idverify.decision.policy import policies_from
from idverify.evaluation.comparisons import people_of
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.intervals import Matrix, Rate, clustered_rate, draw_people
from idverify.evaluation.references import Referenced, compare_with_references
from idverify.evaluation.report import provenance, write_report
from idverify.face.comparison import compare_pairs
from idverify.registry.portraits import MOST
from idverify.values import Floats

RESULTS = Path(__file__).resolve().parent / "results"
POLICIES = ("fmr-1e-3", "fmr-1e-4")
DRAWS = 1000


def told(rate: Rate) -> dict[str, Any]:
    """A rate with its interval."""
    return {"value": rate.value, "low": rate.low, "high": rate.high}


def verified(templates: Templates, portraits: int, thresholds: Mapping[str, float], draws: Matrix) -> dict[str, Any]:
    """Error rates of probes against references of so many photographs, at the policies' thresholds."""
    found = compare_with_references(templates, portraits, enough=portraits)
    equal, lengths = with_equal_weights(found, templates.vectors)
    trials = found.trials(templates.images)
    ways = {
        "oldest_weighs_half": trials,
        "all_weigh_the_same": equal.trials(templates.images),
        "brought_to_length_1": replace(equal, scores=equal.scores / lengths).trials(templates.images),
        "one_photograph_same_probes": compare_with_references(templates, 1, enough=portraits).trials(templates.images),
    }
    rates = {
        name: {
            way: {"fmr": told(some.fmr(threshold, draws)), "fnmr": told(some.fnmr(threshold, draws))}
            for way, some in ways.items()
        }
        for name, threshold in thresholds.items()
    }
    counts = {"n_mated": trials.mated.size, "n_non_mated": trials.n_non_mated, "people": int(np.unique(trials.person).size)}
    return {"portraits": portraits, **counts, **rates}


def with_equal_weights(found: Referenced, vectors: Floats) -> tuple[Referenced, Floats]:
    """The same comparisons where all photographs of a reference weigh the same, and the lengths (n,) of these references."""
    references, row = np.unique(found.parts, axis=0, return_inverse=True)
    means = np.stack([equal_mean(vectors[parts]) for parts in references])
    row = row.ravel()
    scores = compare_pairs(vectors[found.probe], means[row]).astype(np.float64)
    lengths: Floats = np.linalg.norm(means, axis=1)[row]
    return replace(found, scores=scores), lengths


def added(templates: Templates, place: int, thresholds: Mapping[str, float], draws: Matrix) -> dict[str, Any]:
    """Share of people's own photographs refused as the portrait of that place (2..5), after those before it, in their order."""
    _, person = people_of(templates.images)
    whose: list[int] = []
    refused: dict[str, list[bool]] = {name: [] for name in RULES}
    for one in range(draws.shape[1]):
        vectors = [vector for vector in templates.vectors[person == one] if not np.isnan(vector[0])]
        if len(vectors) >= place:
            whose.append(one)
            for name, rule in RULES.items():
                refused[name].append(not rule.adds(np.stack(vectors[: place - 1]), vectors[place - 1], thresholds))
    cluster = np.array(whose, dtype=np.int32)
    rates = {name: told(clustered_rate(cluster, np.array(some), draws)) for name, some in refused.items()}
    return {"place": place, "people": len(whose), "refused": rates}


def main() -> None:
    """Measure, print and write."""
    recogniser = load_recogniser(load_settings())
    policies = policies_from(recogniser.pack.policies, recogniser.engine.variant.digest)
    thresholds = {name: policies[name].threshold for name in (*POLICIES, STRICTER)}
    templates, _ = measured(recogniser)
    people, _ = people_of(templates.images)
    draws = draw_people(people, DRAWS, np.random.default_rng(1))
    deciding = {name: thresholds[name] for name in POLICIES}
    report = {
        "list": LIST,
        "thresholds": thresholds,
        "interval": f"95 %, {DRAWS} draws of people; where nothing was seen, rule of three over people or their pairs",
        "failures_to_acquire": len(templates.failures),
        "verified": [verified(templates, portraits, deciding, draws) for portraits in range(1, MOST + 1)],
        "added": [added(templates, place, thresholds, draws) for place in range(2, MOST + 1)],
        **provenance(recogniser.engine, arguments=[], now=time.time()),
        "command": "python benchmarks/portraits.py",
    }
    path = write_report(RESULTS, report, "portraits.json")
    for row in report["verified"]:
        rates = row["fmr-1e-4"]["oldest_weighs_half"]
        print(f"{row['portraits']} portraits: FMR {rates['fmr']['value']:.1e}, FNMR {rates['fnmr']['value']:.2%}")
    print(path.name)


if __name__ == "__main__":
    main()
