"""What each idea for better accuracy brings and costs: the table of docs/decisions/0007-accuracy.md. Needs IDVERIFY_DATA.

    python models/build_second_embedder.py
    IDVERIFY_MODELS_DIR=models-added IDVERIFY_PACK=two_embedders python benchmarks/accuracy_ideas.py

Without that pack, the rows of the second embedder are left out. Whatever is tuned or learned is tuned on the people of
pairsDevTrain and reported on those of pairsDevTest, at the threshold that the former give; `all pairs` has both, each idea at
its own threshold. Writes benchmarks/results/accuracy_ideas.json and .md; embeddings stay in build/. Some minutes; resumable.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accuracy_sessions
import cv2
import numpy as np
from accuracy_rates import Rates, Set, without
from accuracy_views import MOVES, SECOND, Views, unit, views_of
from numpy.typing import NDArray

from idverify.api.app import load_recogniser
from idverify.api.examples import SAME_MAN, sample
from idverify.config import load_settings
from idverify.evaluation.dataset import images_of, read_pairs
from idverify.evaluation.exclusions import read_exclusions
from idverify.evaluation.report import provenance, write_report

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / "build" / "accuracy_ideas"
STRICT, LOOSE = 1e-4, 1e-3
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
COHORTS = (50, 100, 200, 400, 800)
SHRINKAGES = (0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 0.99, 0.995)

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Score = Callable[[Rows], Floats]
Found = dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Idea:
    """words: of the table; score: all scores among photographs; cost: what one photograph needs beyond one look, by kind.

    chosen: what was tuned on the people of pairsDevTrain, who are also among `all pairs`.
    """

    words: str
    score: Score
    cost: dict[str, int]
    chosen: str = ""


def views(found: Found, *names: str) -> Floats:
    """The sum of these views, as idverify.face.embedding.fuse makes it."""
    return unit(np.sum([unit(found[name]) for name in names], axis=0))


def cosine(vectors: Floats) -> Score:
    """Scores of templates by their cosine."""
    vectors = unit(vectors)
    return lambda rows: vectors[rows] @ vectors[rows].T


def beside(first: Floats, second: Floats, weight: float) -> Floats:
    """Two embedders in one template."""
    return unit(np.concatenate([unit(first), weight * unit(second)], axis=1))


def best(choices: tuple[Any, ...], score: Callable[[Any], Score], people: Set) -> tuple[Any, dict[str, float]]:
    """The choice of lowest FNMR at FMR 1e-4 on these people, the first of equals; and each choice's."""
    fnmr = {choice: people.measure(score(choice)).fnmr[STRICT] for choice in choices}
    return min(choices, key=lambda choice: fnmr[choice]), {str(choice): value for choice, value in fnmr.items()}


def normalised(vectors: Floats, people: NDArray[np.str_], cohort: Rows, nearest: int) -> Score:
    """Adaptive symmetric normalisation (Matejka et al., Interspeech 2017): each score in deviations of what either photograph
    scores against its `nearest` nearest of a cohort of other people.
    """
    vectors = unit(vectors)
    against = vectors @ vectors[cohort].T
    against[people[:, None] == people[cohort][None, :]] = -2.0
    top = np.partition(against, -nearest, axis=1)[:, -nearest:]
    mean, deviation = top.mean(axis=1), top.std(axis=1)

    def score(rows: Rows) -> Floats:
        cosines = vectors[rows] @ vectors[rows].T
        sides = (cosines - mean[rows][:, None]) / deviation[rows][:, None]
        return ((sides + ((cosines - mean[rows]) / deviation[rows])) / 2).astype(np.float32)

    return score


def whitened(vectors: Floats, people: NDArray[np.str_], learn: Rows, shrinkage: float) -> Score:
    """Within-class covariance normalisation (Hatch et al., Interspeech 2006), shrunk towards a multiple of the identity."""
    vectors = unit(vectors)
    names, person, counts = np.unique(people[learn], return_inverse=True, return_counts=True)
    means = np.zeros((len(names), vectors.shape[1]))
    np.add.at(means, person, vectors[learn])
    several = counts[person] > 1
    spread = (vectors[learn] - (means / counts[:, None])[person])[several]
    within = spread.T @ spread / (len(spread) - np.count_nonzero(counts > 1))
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    values, axes = np.linalg.eigh(within)
    return cosine((vectors @ (axes / np.sqrt(values)) @ axes.T).astype(np.float32))


def ideas(found: Found, people: NDArray[np.str_], train: Set, halves: tuple[Rows, Set]) -> tuple[list[Idea], dict[str, Any]]:
    """Every idea, tuned; and what tuning saw."""
    plain, both = views(found, "plain"), views(found, "plain", "plain_mirrored")
    moved = ["plain", *MOVES]
    every = [*moved, *(f"{name}_mirrored" for name in moved)]
    cohort = train.rows[np.unique(people[train.rows], return_index=True)[1]]
    tuned: dict[str, Any] = {}

    def tune(name: str, choices: tuple[Any, ...], score: Callable[[Any], Score], on: Set = train) -> Any:
        choice, tuned[name] = best(choices, score, on)
        return choice

    def normal(words: str, vectors: Floats, cost: dict[str, int]) -> Idea:
        size = tune(words, COHORTS, lambda nearest: normalised(vectors, people, cohort, nearest))
        return Idea(words, normalised(vectors, people, cohort, size), cost, chosen=f"{size} nearest")

    def white(words: str, vectors: Floats, cost: dict[str, int]) -> Idea:
        share = tune(words, SHRINKAGES, lambda share: whitened(vectors, people, halves[0], share), halves[1])
        return Idea(words, whitened(vectors, people, train.rows, share), cost, chosen=f"shrinkage {share}")

    listed = [
        Idea("`fast`: one look", cosine(plain), {}),
        Idea("landmarks: mean of two crops", cosine(found["two_crops"]), {"landmarks": 1}),
        Idea("landmarks: again on the aligned face", cosine(found["refined"]), {"landmarks": 1, "align": 2}),
        Idea("mirrored (default `accurate`)", cosine(both), {"embedding": 1}),
        Idea("mirrored, views weighted by length", cosine(found["plain"] + found["plain_mirrored"]), {"embedding": 1}),
        Idea("7 views: shifted 2 px, scaled 5 %", cosine(views(found, *moved)), {"embedding": 6, "align": 6}),
        Idea("14 views: these and their mirrors", cosine(views(found, *every)), {"embedding": 13, "align": 6}),
        normal("score normalisation, one look", plain, {}),
        normal("score normalisation, mirrored", both, {"embedding": 1}),
        white("within-class whitening, one look", plain, {}),
    ]
    if f"{SECOND}.plain" not in found:
        return listed, tuned
    second = views(found, f"{SECOND}.plain", f"{SECOND}.plain_mirrored")
    once = views(found, f"{SECOND}.plain")
    single = tune("second embedder, one look of each", WEIGHTS, lambda weight: cosine(beside(plain, once, weight)))
    weight = tune("second embedder, both mirrored", WEIGHTS, lambda weight: cosine(beside(both, second, weight)))
    two = beside(both, second, weight)
    lengths = [found[name] / np.median(np.linalg.norm(found[name], axis=1)) for name in ("plain", f"{SECOND}.plain")]
    by_length = unit(np.concatenate([lengths[0], single * lengths[1]], axis=1))
    more = {"embedding": 1, SECOND: 2}
    listed += [
        Idea("second embedder alone, mirrored", cosine(second), {SECOND: 2, "embedding": -1}),
        Idea("second embedder, one look of each", cosine(beside(plain, once, single)), {SECOND: 1}, chosen=f"weight {single}"),
        Idea("the same, weighted by length too", cosine(by_length), {SECOND: 1}, chosen=f"weight {single}"),
        Idea("second embedder, both mirrored", cosine(two), more, chosen=f"weight {weight}"),
        Idea(
            "the same with 14 views of the first",
            cosine(beside(views(found, *every), second, weight)),
            {"embedding": 13, "align": 6, SECOND: 2},
            chosen=f"weight {weight}",
        ),
        normal("both mirrored, score normalisation", two, more),
        white("both mirrored, within-class whitening", two, more),
    ]
    return listed, tuned


def main() -> int:
    """Exit code."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    if not data:
        print("IDVERIFY_DATA is not set: there is nothing to measure on", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    began = time.perf_counter()
    recogniser = load_recogniser(load_settings())
    looks = Views(recogniser)
    lists = [set(read_pairs(Path(data, "lfw", f"pairsDev{part}.txt")).people) for part in ("Train", "Test")]
    images = images_of(Path(data, "lfw"), lists[0] | lists[1])
    made_by = f"{recogniser.pack.spelled} {recogniser.engine.provider}"
    found = views_of(list(images.values()), looks, made_by, CACHE, _progress)
    people = np.array([image.person for image in images])
    rows = [np.flatnonzero(np.isin(people, list(names))) for names in lists]
    train, test, everyone = (Set(people, some) for some in (*rows, np.arange(len(people))))
    named = np.unique(people[rows[0]])
    halves = [np.flatnonzero(np.isin(people, named[part::2])) for part in (0, 1)]
    listed, tuned = ideas(found, people, train, (halves[0], Set(people, halves[1])))
    kept, crossed = without([str(image) for image in images], read_exclusions(ROOT / "benchmarks" / "lfw_exclusions.toml"))
    cleaned = Set(people, kept, crossed)
    times = looks.milliseconds(sample(SAME_MAN))
    base: tuple[Rates, ...] | None = None
    table = []
    for idea in listed:
        print(f"{time.perf_counter() - began:5.0f} s  {idea.words}", file=sys.stderr)
        judged = test.measure(idea.score, train.measure(idea.score).thresholds)
        measured = judged, test.measure(idea.score), everyone.measure(idea.score), cleaned.measure(idea.score)
        base = base or measured
        cost = sum(count * times[kind] for kind, count in idea.cost.items())
        table.append({"idea": idea.words, "chosen": idea.chosen, "added_ms": round(cost, 2)})
        table[-1] |= _described(measured, base)
    report = {
        "ideas": table,
        "tuned_on_train_fnmr_at_1e-4": tuned,
        "sets": {
            name: {"people": some.people, "n_mated": some.n_mated, "n_non_mated": some.n_non_mated}
            for name, some in (("train", train), ("test", test), ("all", everyone), ("all_without_label_errors", cleaned))
        },
        "milliseconds": times,
        "sessions": accuracy_sessions.measure(looks, Path(data, "video"), unit(found["plain"])),
        "interval": "95 %, 1,000 draws of people; thresholds found anew in each but where they come from other people",
        "seconds": round(time.perf_counter() - began),
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
        "command": "python benchmarks/accuracy_ideas.py",
    }
    write_report(RESULTS, report, "accuracy_ideas.json")
    (RESULTS / "accuracy_ideas.md").write_text(markdown(report), encoding="utf-8")
    print(markdown(report))
    return 0


def _described(measured: tuple[Rates, Rates, Rates, Rates], base: tuple[Rates, ...]) -> dict[str, Any]:
    def rate(rates: Rates, target: float, other: Rates) -> dict[str, float]:
        low, high = rates.interval(target)
        change, change_low, change_high = rates.change(other, target)
        return {
            "fnmr": rates.fnmr[target],
            "fnmr_low": low,
            "fnmr_high": high,
            "change": change,
            "change_low": change_low,
            "change_high": change_high,
            "threshold": rates.thresholds[target],
            "fmr": float((rates.non_mated >= rates.thresholds[target]).mean()),
        }

    names = ("test_at_train_threshold", "test", "all", "all_without_label_errors")
    return {
        name: {f"{target:.0e}".replace("e-0", "e-"): rate(rates, target, other) for target in (STRICT, LOOSE)}
        for name, rates, other in zip(names, measured, base, strict=True)
    }


def markdown(report: dict[str, Any]) -> str:
    """The table of the decision."""

    def cell(found: dict[str, float]) -> str:
        return f"{found['fnmr']:.2%} ({found['fnmr_low']:.2%} to {found['fnmr_high']:.2%})"

    def change(found: dict[str, float]) -> str:
        return f"{100 * found['change']:+.2f} ({100 * found['change_low']:+.2f} to {100 * found['change_high']:+.2f})"

    lines = [
        "| idea | ms | other people, FMR 1e-4 | their FMR | all pairs, FMR 1e-4 | change, points | all pairs, FMR 1e-3 "
        "| without label errors, 1e-4 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["ideas"]:
        judged, everyone = row["test_at_train_threshold"]["1e-4"], row["all"]
        words = row["idea"] + (f", {row['chosen']} †" if row["chosen"] else "")
        lines.append(
            f"| {words} | {row['added_ms']:+.1f} | {cell(judged)} | {judged['fmr']:.1e} | {cell(everyone['1e-4'])} "
            f"| {change(everyone['1e-4'])} | {cell(everyone['1e-3'])} | {row['all_without_label_errors']['1e-4']['fnmr']:.2%} |"
        )
    return "\n".join([*lines, "", accuracy_sessions.markdown(report["sessions"])])


def _progress(done: int, everything: int) -> None:
    print(f"\rviews of {done} of {everything} photographs", end="\n" if done == everything else "", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
