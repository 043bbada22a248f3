"""Requests at a constant rate, whatever becomes of those before, and what is made of them.

Latency counts from the moment a request was due. Were it counted from the moment it was sent, a service that stalls would hide
its stall: a caller who waits for it sends nothing meanwhile (coordinated omission).
"""

import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from idverify.evaluation.latency import percentiles

ANSWERED: Final = "answered"
FAILED: Final = "failure_to_acquire"
OVERLOADED: Final = "overloaded"
REFUSALS: Final = (OVERLOADED, "attempts_exhausted")
"""What a service says that cannot take a request now: every place is taken; one client asked too often about one subject."""

SENDERS: Final = 64
LATE_MS: Final = 20.0
"""Sent later than this, at the 99th percentile, the rate was not what it claims to be: the sender could not keep up."""

PATIENCE_SECONDS: Final = 10.0
NEARLY: Final = 0.95
"""A rate that was not withstood and at which at least this share was answered is offered once more. Both tries are reported."""

Send = Callable[[int], str]
"""Send the request of that number, wait for its end, and return ANSWERED or the code of the refusal or error."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: seconds since the run began when it was due, was sent and had its outcome; and that outcome, as a code."""

    due: float
    started: float
    ended: float
    code: str


def offer(send: Send, *, rate: float, seconds: float, senders: int = SENDERS) -> list[Sent]:
    """Send `rate` requests a second for `seconds`, evenly, at most `senders` at a time, and wait for the last to end.

    Raises whatever `send` raises, and KeyboardInterrupt, after the requests under way have ended.
    """
    sent: list[Sent] = []
    turns = itertools.count()
    stopped = threading.Event()
    total = max(1, round(rate * seconds))
    began = time.perf_counter() + 0.02

    def work() -> None:
        while (turn := next(turns)) < total:
            due = turn / rate
            if stopped.wait(max(0.0, began + due - time.perf_counter())):
                return
            started = time.perf_counter() - began
            code = send(turn)
            sent.append(Sent(due, started, time.perf_counter() - began, code))

    _in_threads(work, min(senders, total), stopped)
    return sent


def saturate(send: Send, *, threads: int, seconds: float) -> float:
    """Answers a second of so many callers, each of whom asks again as soon as it has its answer."""
    turns = itertools.count()
    stopped = threading.Event()
    began = time.perf_counter()
    answers: list[str] = []

    def work() -> None:
        while time.perf_counter() - began < seconds and not stopped.is_set():
            answers.append(send(next(turns)))

    _in_threads(work, threads, stopped)
    return answers.count(ANSWERED) / (time.perf_counter() - began)


def _in_threads(work: Callable[[], None], threads: int, stopped: threading.Event) -> None:
    with ThreadPoolExecutor(threads, "sender") as pool:
        try:
            for future in [pool.submit(work) for _ in range(threads)]:
                future.result()
        except BaseException:
            stopped.set()
            raise


def summarised(sent: Sequence[Sent], *, rate: float) -> dict[str, Any]:
    """One step of a sweep: keys of the report. Latencies are those of the answered, from when they were due."""
    answered = [one for one in sent if one.code == ANSWERED]
    codes = Counter(one.code for one in sent)
    elapsed = max(len(sent) / rate, *(one.ended for one in sent))
    late = percentiles([1000 * (one.started - one.due) for one in sent])["p99_ms"]
    return {
        "offered_per_s": rate,
        "sent": len(sent),
        "answered": len(answered),
        "goodput_per_s": len(answered) / elapsed,
        "latency": percentiles([1000 * (one.ended - one.due) for one in answered]) if answered else None,
        "refused": {code: codes[code] for code in REFUSALS},
        "failed": {code: count for code, count in sorted(codes.items()) if code not in {ANSWERED, *REFUSALS}},
        "sent_late_p99_ms": late,
        "rate_kept": late <= LATE_MS,
    }


def withstood(step: Mapping[str, Any], p95_ms: float) -> bool:
    """Whether at this rate everyone was answered, and 95 of 100 within the bound."""
    return step["latency"] is not None and step["answered"] == step["sent"] and step["latency"]["p95_ms"] <= p95_ms


def knee_of(steps: Sequence[Mapping[str, Any]], p95_ms: float) -> Mapping[str, Any] | None:
    """The step of the highest rate that was withstood; None if none was."""
    return max((step for step in steps if withstood(step, p95_ms)), key=lambda step: float(step["offered_per_s"]), default=None)


def rates_around(capacity: float) -> list[float]:
    """Rates from a quarter to three halves of what was answered by a service that never rested, rounded to a tenth."""
    fractions = (0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
    return [max(0.1, math.floor(10 * capacity * fraction) / 10) for fraction in fractions]


def sweep(
    send: Send,
    *,
    rates: Sequence[float],
    seconds: float,
    p95_ms: float,
    around: Callable[[], Mapping[str, Any]],
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Offer each rate, find the knee, offer twice the knee, and see how soon a lone caller is answered again.

    around: cumulative facts read before and after each step (processor seconds of either side) and as they stand (memory).
    """
    steps: list[dict[str, Any]] = []
    for done, rate in enumerate(sorted(rates)):
        progress(done, len(rates) + 1)
        steps.append(_step(send, rate, seconds, around))
        if not withstood(steps[-1], p95_ms) and steps[-1]["answered"] >= NEARLY * steps[-1]["sent"]:
            steps.append(_step(send, rate, seconds, around))  # one hiccup of a shared machine is not a limit of the service
    knee = knee_of(steps, p95_ms)
    past: dict[str, Any] | None = None
    if knee is not None:
        progress(len(rates), len(rates) + 1)
        past = _step(send, 2 * knee["offered_per_s"], seconds, around)
        past["goodput_over_knee"] = past["goodput_per_s"] / knee["goodput_per_s"]
        past["recovered_after_ms"] = _recovered_after_ms(send)
    progress(len(rates) + 1, len(rates) + 1)
    higher = knee is not None and any(step["offered_per_s"] > knee["offered_per_s"] for step in steps)
    return {
        "p95_bound_ms": p95_ms,
        "seconds": seconds,
        "steps": steps,
        "knee": knee,
        "knee_is_below_a_rate_that_failed": higher,
        "past_the_knee": past,
    }


def _recovered_after_ms(send: Send) -> float | None:
    """Milliseconds until a caller who asks again and again is answered; None if PATIENCE_SECONDS pass first."""
    began = time.perf_counter()
    for turn in itertools.count():
        if send(turn) == ANSWERED:
            return 1000 * (time.perf_counter() - began)
        if time.perf_counter() - began > PATIENCE_SECONDS:
            return None
        time.sleep(0.005)
    raise AssertionError  # count() has no end


def _step(send: Send, rate: float, seconds: float, around: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    before = around()
    step = summarised(offer(send, rate=rate, seconds=seconds), rate=rate)
    after = around()
    used = {name: round(after[name] - before[name], 3) for name in after if name.endswith("_s") and after[name] is not None}
    return {**step, **used, **{name: value for name, value in after.items() if not name.endswith("_s")}}
