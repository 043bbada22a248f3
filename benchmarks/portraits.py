"""What several portraits do at a policy's threshold, which one photograph a person calibrated; and what adding one costs.

`idverify bench accuracy --references N` finds a threshold for references of N photographs. An installation has one threshold
for everybody, whether they have one portrait or five: its rates then are these. And of honest people's further portraits some
are refused for want of a match (idverify.ceremonies.portraits): how many, against the reference alone and as it is done.

    python benchmarks/portraits.py --images lfw --pairs lfw/pairsDevTest.txt --out benchmarks/results/portraits.json

The shipped thresholds come from the people of pairsDevTrain, so pairsDevTest is the list to ask.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from idverify.api.app import load_recogniser
from idverify.cli.labelled import labelled_templates
from idverify.config import load_settings
from idverify.decision.policy import policies_from
from idverify.evaluation.comparisons import Doubles, people_of
from idverify.evaluation.dataset import images_of, read_pairs
from idverify.evaluation.embeddings import Templates
from idverify.evaluation.intervals import Matrix, Rate, clustered_rate, draw_people
from idverify.evaluation.references import Referenced, compare_with_references
from idverify.face.comparison import compare
from idverify.face.embedding import mean_template
from idverify.registry.portraits import MOST

POLICIES = ("fmr-1e-3", "fmr-1e-4")
DRAWS = 1000


def told(rate: Rate) -> dict[str, Any]:
    """A rate with its interval."""
    return {"value": rate.value, "low": rate.low, "high": rate.high}


def verified(templates: Templates, portraits: int, thresholds: dict[str, float], draws: Matrix) -> dict[str, Any]:
    """Error rates of probes against references of so many photographs, at the policies' thresholds."""
    found = compare_with_references(templates, portraits, enough=portraits)
    trials = found.trials(templates.images)
    ways = {
        "mean": trials,
        "brought_to_length_1": replace(found, scores=stretched(found, templates)).trials(templates.images),
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


def stretched(found: Referenced, templates: Templates) -> Doubles:
    """The scores as they were if references were brought to length 1."""
    references, row = np.unique(found.parts, axis=0, return_inverse=True)
    lengths = np.array([np.linalg.norm(mean_template(templates.vectors[parts])) for parts in references])
    scores: Doubles = found.scores / lengths[row.ravel()]
    return scores


def added(templates: Templates, place: int, thresholds: dict[str, float], draws: Matrix) -> dict[str, Any]:
    """Share of people's own photographs refused as the portrait of that place (2..5), after those before it, in their order."""
    _, person = people_of(templates.images)
    whose, scores = [], []
    for one in range(draws.shape[1]):
        vectors = [vector for vector in templates.vectors[person == one] if not np.isnan(vector[0])]
        if len(vectors) >= place:
            kept, new = np.stack(vectors[: place - 1]), vectors[place - 1]
            whose.append(one)
            scores.append((compare(new, mean_template(kept)), compare(new, kept[0])))
    reference, oldest = np.array(scores).T
    cluster = np.array(whose, dtype=np.int32)
    rates = {
        name: {
            "refused": told(clustered_rate(cluster, np.minimum(reference, oldest) < threshold, draws)),
            "by_the_reference_alone": told(clustered_rate(cluster, reference < threshold, draws)),
        }
        for name, threshold in thresholds.items()
    }
    return {"place": place, "people": len(whose), **rates}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder of the templates' cache")
    asked = parser.parse_args()
    recogniser = load_recogniser(load_settings())
    policies = policies_from(recogniser.pack.policies, recogniser.engine.variant.digest)
    thresholds = {name: policies[name].threshold for name in POLICIES}
    with tempfile.TemporaryDirectory() as folder:
        images = images_of(asked.images, read_pairs(asked.pairs).people)
        templates = labelled_templates(recogniser, images, asked.work or Path(folder))
    people, _ = people_of(templates.images)
    draws = draw_people(people, DRAWS, np.random.default_rng(1))
    report = {
        "list": asked.pairs.name,
        "provider": recogniser.engine.provider,
        "thresholds": thresholds,
        "interval": f"95 %, {DRAWS} draws of people; where nothing was seen, rule of three over people or their pairs",
        "failures_to_acquire": len(templates.failures),
        "verified": [verified(templates, portraits, thresholds, draws) for portraits in range(1, MOST + 1)],
        "added": [added(templates, place, thresholds, draws) for place in range(2, MOST + 1)],
    }
    asked.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
