"""How fast signed answers are made and validated: a row for each kind of work, every call on an input of its own."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from idverify.evaluation.latency import percentiles

WARM: Final = 5  # calls of each kind before the clock counts


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work. calls: each does it once, on an input that no other call has. things: done by one call.

    budget_ms: the longest that one thing may take at the median; None where nothing was promised.
    """

    what: str
    calls: Sequence[Callable[[], object]]
    things: int = 1
    budget_ms: float | None = None


def token_rows(work: Sequence[Work], progress: Callable[[int, int], None]) -> list[dict[str, Any]]:
    """A row of the report for each: what, n (things timed), things (a call), p50_ms, p95_ms and p99_ms of one thing,
    per_second (at the median), budget_ms, within_budget. All of it runs on the thread that asks.

    A kind is timed in one go, as a batch is issued and a gate's queue is validated. The first calls of each are not counted.
    """
    total, done, rows = sum(len(one.calls) for one in work), 0, []
    for one in work:
        elapsed = []
        for number, call in enumerate(one.calls):
            started = time.perf_counter()
            call()
            spent = 1000 * (time.perf_counter() - started) / one.things
            if number >= WARM:
                elapsed.append(spent)
            progress(done := done + 1, total)
        rows.append(_row(one, elapsed))
    return rows


def _row(work: Work, elapsed: Sequence[float]) -> dict[str, Any]:
    found: Mapping[str, float] = percentiles(elapsed)
    return {
        "what": work.what,
        "n": len(elapsed) * work.things,
        "things": work.things,
        **found,
        "per_second": 1000 / found["p50_ms"],
        "budget_ms": work.budget_ms,
        "within_budget": None if work.budget_ms is None else found["p50_ms"] <= work.budget_ms,
    }
