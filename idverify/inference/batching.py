"""An Engine around an Engine: calls of one model that come together run together. For accelerators; off unless asked for.

No thread of its own: one of the callers runs the batch for all, so there is nothing to start and nothing to shut down. While a
model runs, further calls of it gather. A caller that finds its model free waits for company only while others who could bring
it are about (`attending`), never longer than the window: whoever is alone never waits.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from idverify.inference import Engine
from idverify.values import Floats, Variant


@dataclass(slots=True, eq=False)
class _Call:
    """One caller's batch, and what became of it: outputs, an exception, or neither where whoever ran it was cut short."""

    batch: Floats
    outputs: tuple[Floats, ...] | None = None
    error: Exception | None = None
    ended: bool = False


@dataclass(slots=True)
class _Gathering:
    """Of one model: calls in the order they came, and whether somebody waits for more, or runs some, at this moment."""

    waiting: list[_Call]
    led: bool = False

    def rows(self) -> int:
        return sum(len(call.batch) for call in self.waiting)


class BatchingEngine:
    """Runs the models of `engine` on the calls of several threads at a time. Safe from many threads.

    window_ms: longest wait of one call for others. most: rows of one batch; a single call with more runs as it came.
    """

    def __init__(self, engine: Engine, *, window_ms: float, most: int) -> None:
        self._engine = engine
        self._window = window_ms / 1000
        self._most = most
        self._changed = threading.Condition()
        self._attending = 0
        self._gatherings = {role: _Gathering([]) for role in engine.digests}

    @property
    def pack(self) -> str:
        """The pack as NAME@DIGEST."""
        return self._engine.pack

    @property
    def provider(self) -> str:
        """What really runs."""
        return self._engine.provider

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256, hex, of each model's file, by role."""
        return self._engine.digests

    @property
    def variant(self) -> Variant:
        """How the pack makes templates."""
        return self._engine.variant

    def warm_up(self) -> None:
        """As the engine does."""
        self._engine.warm_up()

    @contextmanager
    def attending(self) -> Iterator[None]:
        """For the length of the block, this caller is one whom others wait for: it is at work that runs models."""
        with self._changed:
            self._attending += 1
        try:
            yield
        finally:
            with self._changed:
                self._attending -= 1
                self._changed.notify_all()

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """Outputs of the model of that role for this batch alone, whoever's rows ran beside it.

        Raises what the engine raises for this batch: when a shared run fails, each of its calls is run by itself.
        """
        if not len(batch):  # unnoticed among other rows, it would not meet the refusal that it meets alone
            return self._engine.run(model, batch)
        gathering, call = self._gatherings[model], _Call(batch)
        try:
            if self._leads(gathering, call):
                self._lead(model, gathering)
        finally:
            self._leave(gathering, call)
        if call.error is not None:
            raise call.error
        # Neither outputs nor an error: the thread that ran the batch was interrupted in it. This one was not.
        return call.outputs if call.outputs is not None else self._engine.run(model, batch)

    def _leads(self, gathering: _Gathering, call: _Call) -> bool:
        """Once somebody ran it, False; True once its turn has come and its caller must run it, and others beside it."""
        with self._changed:
            gathering.waiting.append(call)
            self._changed.notify_all()
            self._changed.wait_for(lambda: call.ended or (not gathering.led and gathering.waiting[0] is call))
            if call.ended:
                return False
            gathering.led = True
            return True

    def _leave(self, gathering: _Gathering, call: _Call) -> None:
        """Whoever is interrupted while it waits stands in nobody's way."""
        with self._changed:
            if call in gathering.waiting:
                gathering.waiting.remove(call)
                self._changed.notify_all()

    def _lead(self, model: str, gathering: _Gathering) -> None:
        calls: list[_Call] = []
        try:
            with self._changed:
                self._await_company(gathering)
                calls = self._taken(gathering)
            self._run(model, calls)
        finally:
            with self._changed:
                gathering.led = False
                for call in calls:
                    call.ended = True
                self._changed.notify_all()

    def _await_company(self, gathering: _Gathering) -> None:
        """Until enough have come, nobody more can come, or the window has passed."""
        due = time.monotonic() + self._window
        while gathering.rows() < self._most and len(gathering.waiting) < self._attending:
            if (left := due - time.monotonic()) <= 0:
                return
            self._changed.wait(left)

    def _taken(self, gathering: _Gathering) -> list[_Call]:
        """The oldest call, and those after it that fit."""
        rows = np.cumsum([len(call.batch) for call in gathering.waiting])
        fitting = max(1, int(np.searchsorted(rows, self._most, side="right")))
        calls = gathering.waiting[:fitting]
        del gathering.waiting[:fitting]
        return calls

    def _run(self, model: str, calls: list[_Call]) -> None:
        if len(calls) > 1:
            try:
                outputs = self._engine.run(model, np.concatenate([call.batch for call in calls]))
            except Exception:  # noqa: S110 -- one caller's rows may have spoilt it for all: each learns about its own below
                pass
            else:
                ends = np.cumsum([len(call.batch) for call in calls])[:-1]
                parts = [np.split(output, ends) for output in outputs]
                for index, call in enumerate(calls):
                    call.outputs = tuple(part[index] for part in parts)
                return
        for call in calls:
            try:
                call.outputs = self._engine.run(model, call.batch)
            except Exception as error:
                call.error = error
