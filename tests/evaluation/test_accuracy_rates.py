"""The bootstrap behind the table of ideas: FNMR at a fixed FMR, its threshold found anew in every replicate."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from idverify.evaluation.error_rates import fnmr, threshold_at_fmr
from idverify.evaluation.exclusions import Exclusion

pytestmark = pytest.mark.checkout

IMAGES = np.array([f"{'abcdefghij'[index % 10]}{index % 140}" for index in range(400)])


@pytest.fixture(scope="module")
def rates():
    """benchmarks/accuracy_rates.py, which is a script's neighbour and in no package."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "accuracy_rates.py"
    spec = importlib.util.spec_from_file_location("accuracy_rates", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scores():
    """Symmetric scores among all photographs; mated ones are higher, and not far enough."""
    random = np.random.default_rng(3)
    found = random.normal(size=(400, 400))
    found = ((found + found.T) / 2 + 1.9 * (IMAGES[:, None] == IMAGES[None, :])).astype(np.float32)
    return lambda rows: found[np.ix_(rows, rows)]


def split(scores, rows, crossed=()):
    """Mated and non-mated scores of photographs, by people whose copies in a replicate are never compared with each other."""
    mated, non_mated = [], []
    matrix = scores(np.asarray(rows))
    for i in range(len(rows)):
        for j in range(i + 1, len(rows)):
            one, other = IMAGES[rows[i]], IMAGES[rows[j]]
            if one == other:
                mated.append(matrix[i, j])
            elif {one, other} not in crossed:
                non_mated.append(matrix[i, j])
    return np.array(mated, np.float32), np.array(non_mated, np.float32)


def test_the_rates_are_those_of_all_pairs(rates, scores):
    """Each pair once, thresholds as everywhere else; also without label errors, and at thresholds from elsewhere."""
    rows = np.arange(0, 400)
    names = [f"{name}_{index:04d}" for index, name in enumerate(IMAGES)]
    wrong = (Exclusion((), (names[7], names[9]), "seen"), Exclusion(("a0", "b1"), (), "one person"))
    kept, crossed = rates.without(names, wrong)
    assert kept.tolist() == [row for row in rows if row not in {7, 9}]
    for chosen, apart in ((rows, []), (kept, crossed)):
        mated, non_mated = split(scores, chosen, [set(pair) for pair in apart])
        some = rates.Set(IMAGES, chosen, apart)
        assert (some.n_mated, some.n_non_mated) == (mated.size, non_mated.size)
        found = some.measure(scores)
        for target in (1e-3, 1e-4):
            threshold = threshold_at_fmr(non_mated, target)
            assert found.thresholds[target] == threshold
            assert found.fnmr[target] == pytest.approx(fnmr(mated, threshold))
        elsewhere = some.measure(scores, {1e-3: 1.0, 1e-4: 2.0})
        assert elsewhere.fnmr[1e-4] == pytest.approx(fnmr(mated, 2.0))


def test_a_replicate_is_what_its_people_would_give(rates, scores):
    """One replicate enumerated by hand: every comparison counted as often as its people were drawn together."""
    some = rates.Set(IMAGES, np.arange(400))
    found = some.measure(scores)
    people, person = np.unique(IMAGES, return_inverse=True)
    matrix = scores(np.arange(400))
    first, second = np.triu_indices(400, 1)
    values, same = matrix[first, second], person[first] == person[second]
    for replicate in (0, 1, 999):
        draws = rates.draw_people(len(people), 1000, np.random.default_rng(1))[replicate].astype(int)
        times = np.where(same, draws[person[first]], draws[person[first]] * draws[person[second]])
        mated, non_mated = (np.repeat(values[chosen], times[chosen]) for chosen in (same, ~same))
        for target in (1e-3, 1e-4):
            assert found.replicates[target][replicate] == pytest.approx(fnmr(mated, threshold_at_fmr(non_mated, target)))


def test_an_idea_less_itself_changes_nothing_and_a_better_one_lowers_the_rate(rates, scores):
    """The same replicates meet both, so that the interval of a change is narrower than those of the rates."""
    some = rates.Set(IMAGES, np.arange(400))
    one = some.measure(scores)
    same = IMAGES[:, None] == IMAGES[None, :]
    better = some.measure(lambda rows: scores(rows) + np.float32(0.3) * same[np.ix_(rows, rows)])
    assert one.change(one, 1e-3) == (0, 0, 0)
    change, low, high = better.change(one, 1e-3)
    assert low <= change <= high < 0
    assert one.interval(1e-3)[0] < one.fnmr[1e-3] < one.interval(1e-3)[1]
