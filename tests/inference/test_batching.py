"""Callers that come together run together, get what they would get alone, and nobody waits for nobody."""

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

import numpy as np
import pytest

from idverify.errors import Fault
from idverify.inference.batching import BatchingEngine
from idverify.inference.manifest import ROLES, default_models_folder, describe_pack

POISON = np.float32(13)


class Recorded:
    """The real engine, with a list of what it was asked to run: (role, rows)."""

    def __init__(self, engine):
        self._engine = engine
        self.calls = []

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def run(self, model, batch):
        self.calls.append((model, len(batch)))
        return self._engine.run(model, batch)


class Held:
    """Doubles its rows, one call at a time and each only when told: what is tested is who runs with whom."""

    def __init__(self):
        self.digests = {"pad": "0" * 64, "eyes": "1" * 64}
        self.calls = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def run(self, model, batch):
        self.calls.append((model, batch.ravel().tolist()))
        self.begun.release()
        assert self.may_end.acquire(timeout=10)
        if POISON in batch:
            raise Fault("these rows cannot be run")
        return batch * 2, batch + 1

    def go(self, times=1):
        self.may_end.release(times)


def rows(*values):
    """Rows of one number each."""
    return np.array(values, dtype=np.float32)[:, None]


def gathered(engine, role, calls):
    """Wait until that many calls of the role stand in line behind one that runs."""
    deadline = time.monotonic() + 5
    while len(engine._gatherings[role].waiting) != calls:
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def pool():
    """More threads than any test has callers."""
    with ThreadPoolExecutor(16) as threads:
        yield threads


@pytest.fixture
def one_at_a_time(pool):
    """Submit calls so that they stand in line in this order, behind a first one that runs."""

    def submit(engine, held, batches):
        futures = [pool.submit(engine.run, "pad", rows(0))]
        assert held.begun.acquire(timeout=5)
        for count, batch in enumerate(batches, 1):
            futures.append(pool.submit(engine.run, "pad", batch))
            gathered(engine, "pad", count)
        return futures

    return submit


@pytest.mark.parametrize("role", ROLES)
def test_a_shared_batch_gives_each_caller_what_it_gets_alone(engine, pool, role):
    """Real models, eight callers at a time with one to three rows each: within 1e-5 of the plain engine, which shared runs."""
    shape = describe_pack(default_models_folder(), "default").models[role].input.shape
    generator = np.random.default_rng(3)
    batches = [generator.normal(size=(1 + i % 3, *shape)).astype(np.float32) for i in range(16)]
    recorded = Recorded(engine)
    together = BatchingEngine(recorded, window_ms=50, most=8)
    with ExitStack() as present:
        for _ in batches:
            present.enter_context(together.attending())
        found = list(pool.map(lambda batch: together.run(role, batch), batches))
    assert len(recorded.calls) < len(batches)
    for batch, outputs in zip(batches, found, strict=True):
        for output, expected in zip(outputs, engine.run(role, batch), strict=True):
            np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5)


def test_many_threads_of_all_models_never_get_each_others_answers(engine):
    """Twelve threads, two small models, rows that say whose they are, callers that come and go: 600 calls, each its own."""
    together = BatchingEngine(engine, window_ms=1, most=5)
    shapes = {
        role: describe_pack(default_models_folder(), "default").models[role].input.shape for role in ("eyes", "landmarks")
    }
    inputs = {role: np.random.default_rng(5).normal(size=(20, *shape)).astype(np.float32) for role, shape in shapes.items()}
    expected = {role: engine.run(role, batch)[0] for role, batch in inputs.items()}

    def life(seed):
        chance = random.Random(seed)
        for _ in range(50):
            role, first, count = chance.choice(["eyes", "landmarks"]), chance.randrange(17), chance.randint(1, 3)
            with together.attending():
                (output,) = together.run(role, inputs[role][first : first + count])
            np.testing.assert_allclose(output, expected[role][first : first + count], rtol=0, atol=1e-5)
        return True

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(life, range(12)))


def test_what_gathers_while_a_model_runs_is_run_at_once_in_order(one_at_a_time):
    """Three calls that came during one are one call; each gets its own rows of both outputs."""
    held = Held()
    engine = BatchingEngine(held, window_ms=0, most=8)
    futures = one_at_a_time(engine, held, [rows(1), rows(2, 3), rows(4)])
    held.go(2)
    outputs = [future.result(5) for future in futures]
    assert held.calls == [("pad", [0]), ("pad", [1, 2, 3, 4])]
    assert [[output.ravel().tolist() for output in both] for both in outputs] == [
        [[0], [1]],
        [[2], [2]],
        [[4, 6], [3, 4]],
        [[8], [5]],
    ]


def test_a_batch_is_bounded_and_a_call_is_never_cut(one_at_a_time):
    """At most four rows together; five in one call run as they came; nobody overtakes."""
    held = Held()
    engine = BatchingEngine(held, window_ms=0, most=4)
    futures = one_at_a_time(engine, held, [rows(1, 1), rows(2, 2), rows(3), rows(4, 4, 4, 4, 4), rows(5)])
    held.go(5)
    wait(futures, 5)
    assert [numbers for _, numbers in held.calls] == [[0], [1, 1, 2, 2], [3], [4] * 5, [5]]


@pytest.mark.parametrize("attending", [0, 1])
def test_whoever_is_alone_never_waits(attending):
    """With a window of a minute, the only caller is through at once."""
    held = Held()
    held.go()
    engine = BatchingEngine(held, window_ms=60_000, most=8)
    began = time.monotonic()
    with ExitStack() as present:
        for _ in range(attending):
            present.enter_context(engine.attending())
        engine.run("pad", rows(1))
    assert time.monotonic() - began < 1


def test_company_that_does_not_come_is_waited_for_no_longer_than_the_window():
    """Somebody else is about and never calls: 80 milliseconds, then the call runs alone."""
    held = Held()
    held.go()
    engine = BatchingEngine(held, window_ms=80, most=8)
    with engine.attending(), engine.attending():
        began = time.monotonic()
        engine.run("pad", rows(1))
    assert 0.08 <= time.monotonic() - began < 1


def test_company_that_comes_is_taken_along_and_ends_the_wait(pool):
    """Two about, window of a minute: when the second calls, both run as one; nobody is left to wait for."""
    held = Held()
    held.go()
    engine = BatchingEngine(held, window_ms=60_000, most=8)
    with engine.attending(), engine.attending():
        first = pool.submit(engine.run, "pad", rows(1))
        gathered(engine, "pad", 1)
        assert held.calls == []
        second = pool.submit(engine.run, "pad", rows(2))
        assert {float(future.result(5)[0][0, 0]) for future in (first, second)} == {2, 4}
    assert held.calls == [("pad", [1, 2])]


def test_whoever_leaves_is_no_longer_waited_for(pool):
    """The other caller's work ends without this model: the one that waits for it goes at once, a minute's window or not."""
    held = Held()
    held.go()
    engine = BatchingEngine(held, window_ms=60_000, most=8)
    with engine.attending():
        with engine.attending():
            waiting = pool.submit(engine.run, "pad", rows(1))
            gathered(engine, "pad", 1)
            assert not waiting.done()
        assert float(waiting.result(5)[0][0, 0]) == 2


def test_models_do_not_wait_for_each_other(pool):
    """While one model runs for one caller, another model runs for another."""
    held = Held()
    engine = BatchingEngine(held, window_ms=0, most=8)
    futures = [pool.submit(engine.run, role, rows(1)) for role in ("pad", "eyes")]
    assert held.begun.acquire(timeout=5)
    assert held.begun.acquire(timeout=5)
    held.go(2)
    assert all(float(future.result(5)[0][0, 0]) == 2 for future in futures)


def test_a_fault_is_the_callers_whose_rows_caused_it(one_at_a_time):
    """Of three that run together one cannot be run: it alone gets the fault, the others their answers."""
    held = Held()
    engine = BatchingEngine(held, window_ms=0, most=8)
    futures = one_at_a_time(engine, held, [rows(1), rows(POISON), rows(2)])
    held.go(5)
    good = [float(futures[i].result(5)[0][0, 0]) for i in (1, 3)]
    with pytest.raises(Fault, match="cannot be run"):
        futures[2].result(5)
    assert good == [2, 4]
    held.go()
    assert float(engine.run("pad", rows(5))[0][0, 0]) == 10


def test_a_fault_of_all_reaches_all(one_at_a_time):
    """An engine that is broken for everyone leaves nobody waiting and nobody with an answer."""
    held = Held()
    engine = BatchingEngine(held, window_ms=0, most=8)
    futures = one_at_a_time(engine, held, [rows(POISON)] * 4)
    held.go(6)
    assert futures[0].result(5)
    for future in futures[1:]:
        with pytest.raises(Fault):
            future.result(5)


def test_a_batch_of_another_type_spoils_nobody_elses(engine, pool):
    """Real model: callers that send float64, another shape, or nothing are refused as they are alone; the rest are answered."""
    together = BatchingEngine(engine, window_ms=200, most=8)
    good = np.ones((1, 1, 24, 24), dtype=np.float32)
    bad = [np.ones((1, 1, 24, 24)), np.ones((1, 1, 24, 25), dtype=np.float32), np.zeros((0, 1, 24, 24), dtype=np.float32)]

    def ask(batch):
        with together.attending():
            return together.run("eyes", batch)

    futures: list[Future] = [pool.submit(ask, batch) for batch in [good, *bad, good, good]]
    for index, future in enumerate(futures):
        if index in {1, 2, 3}:
            with pytest.raises(ValueError, match="eyes takes float32"):
                future.result(10)
        else:
            np.testing.assert_allclose(future.result(10)[0], engine.run("eyes", good)[0], rtol=0, atol=1e-5)


def test_an_interrupted_run_leaves_nobody_behind(one_at_a_time):
    """The thread that ran for three is interrupted in the middle: it ends, the other two run by themselves."""

    class Interrupted(Held):
        def run(self, model, batch):
            answer = super().run(model, batch)
            if len(batch) > 1:
                raise KeyboardInterrupt
            return answer

    held = Interrupted()
    engine = BatchingEngine(held, window_ms=0, most=8)
    futures = one_at_a_time(engine, held, [rows(1), rows(2), rows(3)])
    held.go(4)
    with pytest.raises(KeyboardInterrupt):
        futures[1].result(5)
    assert [float(futures[i].result(5)[0][0, 0]) for i in (2, 3)] == [4, 6]


def test_it_names_what_really_runs(engine):
    """Reports, tokens and policies see the engine within."""
    together = BatchingEngine(engine, window_ms=1, most=2)
    assert (together.pack, together.provider, together.digests) == (engine.pack, engine.provider, engine.digests)
    assert together.variant == engine.variant
