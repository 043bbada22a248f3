"""Whether a blend of two people is added to one of them as a further portrait, and what it then opens to the other.

An attacker blends a photograph of the subject with one of an accomplice (benchmarks/morphing.py), adds the picture as often as
there are places, in files that differ, and then the accomplice is verified, by another photograph, as the subject. Each rule of
benchmarks/portrait_rules.py, at the shipped policy, is asked: was the first one added, and was the accomplice ever accepted?
Nobody is asked twice: a subject is one trial. Beside it stands who was accepted without any morph. What each rule costs honest
people: benchmarks/portraits.py. Needs IDVERIFY_DATA; some minutes. Writes benchmarks/results/morphs.json. Morphs of people are
made in memory, and kept nowhere.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from morphing import Marked, marked, morph
from portrait_rules import LIST, POLICY, RULES, STRICTER, Rule, measured

from idverify.acquisition import Acquirer
from idverify.api.app import load_recogniser
from idverify.cli.labelled import FACES
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.decision.policy import policies_from
from idverify.evaluation.comparisons import people_of
from idverify.evaluation.intervals import wilson
from idverify.evaluation.report import provenance, write_report
from idverify.face.comparison import compare
from idverify.registry.portraits import MOST
from idverify.values import Floats

RESULTS = Path(__file__).resolve().parent / "results"
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Of the accomplice in a morph."""

ACCOMPLICES = ("a stranger", "the nearest of the others")
BLENDED = ("another photograph", "the enrolled photograph")
ON_FILE = (1, 3)
SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One subject under attack. on_file: portraits (n, d), oldest first; morphs: (shares, d); probe: (d,), the accomplice's."""

    on_file: Floats
    morphs: Floats
    probe: Floats


class Photographs:
    """Of one list: templates, and faces marked when they are first asked for. by_person: positions of each person's."""

    def __init__(self, acquirer: Acquirer, vectors: Floats, person: Any, files: Sequence[Path]) -> None:
        self.vectors = vectors
        self.by_person = [np.flatnonzero(person == one).tolist() for one in range(int(person.max()) + 1)]
        self._acquirer = acquirer
        self._files = files
        self._marked: dict[int, Marked] = {}

    def morph(self, target: int, other: int, share: float) -> Floats:
        """The template (d,) of a blend of two of them."""
        vector: Floats = self._acquirer.acquire(morph(self._face(target), self._face(other), share)).template.vector
        return vector

    def _face(self, position: int) -> Marked:
        if position not in self._marked:
            self._marked[position] = marked(self._acquirer, self._files[position].read_bytes())
        return self._marked[position]


def trials(photographs: Photographs, accomplice: str, blended: str, on_file: int) -> Iterator[Trial]:
    """Everybody with photographs enough: `on_file` of them enrolled, the next one left over. Accomplices have two or more."""
    subjects = [theirs for theirs in photographs.by_person if len(theirs) > on_file]
    others = [theirs for theirs in photographs.by_person if len(theirs) > 1]
    random = np.random.default_rng(SEED)
    first = np.array([theirs[0] for theirs in others])
    for theirs in subjects:
        target = theirs[on_file] if blended == "another photograph" else theirs[0]
        likeness = photographs.vectors[first] @ photographs.vectors[target]
        likeness[[other is theirs for other in others]] = -2.0
        strangers = np.flatnonzero(likeness > -2.0)
        chosen = others[int(likeness.argmax() if accomplice == ACCOMPLICES[1] else random.choice(strangers))]
        yield Trial(
            photographs.vectors[theirs[:on_file]],
            np.stack([photographs.morph(target, chosen[0], share) for share in SHARES]),
            photographs.vectors[chosen[1]],
        )


def taken_over(rule: Rule, trial: Trial, new: Floats, thresholds: Mapping[str, float]) -> tuple[bool, bool]:
    """Whether the morph is added, and whether the accomplice is then accepted, after as many copies as suit them best."""
    portraits, accepted = trial.on_file, False
    while len(portraits) < MOST and rule.adds(portraits, new, thresholds):
        portraits = np.concatenate([portraits, new[None]])
        accepted |= compare(trial.probe, rule.reference(portraits)) >= thresholds[POLICY]
    return len(portraits) > len(trial.on_file), accepted


def rate(outcomes: Sequence[bool]) -> dict[str, Any]:
    """A share with Wilson's interval."""
    low, high = wilson(sum(outcomes), len(outcomes))
    return {"value": sum(outcomes) / len(outcomes), "low": low, "high": high}


def judged(rule: Rule, made: Sequence[Trial], thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Shares of subjects, by the share of the accomplice in the morph, and with the one that suits the attacker best."""
    found = np.array([[taken_over(rule, trial, new, thresholds) for new in trial.morphs] for trial in made])
    added, accepted = found[..., 0], found[..., 1]
    return {
        "added": {str(share): rate(added[:, at].tolist()) for at, share in enumerate(SHARES)},
        "taken_over": {str(share): rate(accepted[:, at].tolist()) for at, share in enumerate(SHARES)},
        "taken_over_by_the_best": rate(accepted.any(axis=1).tolist()),
    }


def main() -> None:
    """Measure, print and write."""
    recogniser = load_recogniser(load_settings())
    policies = policies_from(recogniser.pack.policies, recogniser.engine.variant.digest)
    thresholds = {name: policies[name].threshold for name in (POLICY, STRICTER)}
    templates, images = measured(recogniser)
    _, person = people_of(templates.images)
    acquirer = Acquirer(recogniser.engine, faces=FACES)
    photographs = Photographs(acquirer, templates.vectors, person, list(images.values()))
    scenarios = [(who, what, kept) for kept in ON_FILE for who in ACCOMPLICES for what in BLENDED]
    rows = []
    with progress_bar("attacks") as progress:
        for done, (who, what, kept) in enumerate(scenarios, start=1):
            made = list(trials(photographs, who, what, kept))
            without = [compare(one.probe, RULES["oldest_weighs_half"].reference(one.on_file)) for one in made]
            rows.append(
                {
                    "accomplice": who,
                    "blended": what,
                    "on_file": kept,
                    "subjects": len(made),
                    "accepted_without_a_morph": rate([score >= thresholds[POLICY] for score in without]),
                    "rules": {name: judged(rule, made, thresholds) for name, rule in RULES.items()},
                }
            )
            progress(done, len(scenarios))
    report = {
        "list": LIST,
        "thresholds": thresholds,
        "interval": "95 %, Wilson, over subjects",
        "scenarios": rows,
        **provenance(recogniser.engine, arguments=[], now=time.time()),
        "command": "python benchmarks/morphs.py",
    }
    path = write_report(RESULTS, report, "morphs.json")
    for row in rows:
        print(f"{row['accomplice']}, {row['blended']}, {row['on_file']} on file, n = {row['subjects']}")
        for name, found in row["rules"].items():
            half, best = found["added"]["0.5"], found["taken_over_by_the_best"]
            taken = f"taken over {best['value']:.1%} ({best['low']:.1%} to {best['high']:.1%})"
            print(f"  {name}: added at 0.5 {half['value']:.1%}, {taken}")
    print(path.name)


if __name__ == "__main__":
    main()
