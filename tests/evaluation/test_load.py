"""A constant rate stays constant, a stall is counted against whoever stalls, and the knee is where it is."""

import os
import threading
import time
from collections import Counter

import pytest

from idverify.api.app import load_recogniser
from idverify.config import load_settings
from idverify.errors import Fault
from idverify.evaluation.frames import upright_frame
from idverify.evaluation.html import write_page
from idverify.evaluation.load import (
    ANSWERED,
    OVERLOADED,
    Sent,
    knee_of,
    offer,
    rates_around,
    saturate,
    summarised,
    sweep,
)
from idverify.evaluation.load_page import load_page
from idverify.evaluation.paths import OurPath
from idverify.evaluation.scaling import measure_scaling


class OnePlace:
    """A service that takes ten milliseconds a request and refuses whoever comes meanwhile: at most a hundred a second."""

    def __init__(self):
        self.place = threading.Lock()

    def __call__(self, _turn):
        if not self.place.acquire(blocking=False):
            return OVERLOADED
        try:
            time.sleep(0.01)
            return ANSWERED
        finally:
            self.place.release()


def test_a_stall_counts_for_every_request_that_was_due_in_it():
    """One sender, the first answer takes 400 ms, the others none: whoever was due meanwhile waited, and the report says so."""

    def send(turn):
        if turn == 0:
            time.sleep(0.4)
        return ANSWERED

    step = summarised(offer(send, rate=100, seconds=0.5, senders=1), rate=100)
    assert step["sent"] == step["answered"] == 50
    assert 150 < step["latency"]["p50_ms"] < 500
    assert step["latency"]["p95_ms"] > 350
    assert step["rate_kept"] is False


def test_requests_are_due_evenly_and_never_sent_early():
    """A rate is so many a second, whatever becomes of those before; each number is sent once."""
    turns = []

    def send(turn):
        turns.append(turn)
        time.sleep(0.05)
        return ANSWERED

    sent = sorted(offer(send, rate=200, seconds=0.3), key=lambda one: one.due)
    assert sorted(turns) == list(range(60))
    assert [round(one.due, 6) for one in sent] == [round(turn / 200, 6) for turn in range(60)]
    assert all(one.due <= one.started <= one.ended for one in sent)


def test_what_a_sender_raises_ends_the_run():
    """A mistake in the sender is no outcome of the service: nothing more is sent, and it is raised."""
    turns = []

    def send(turn):
        turns.append(turn)
        raise KeyError("body")

    with pytest.raises(KeyError, match="body"):
        offer(send, rate=100, seconds=60, senders=4)
    assert len(turns) <= 8


def test_a_step_is_summed_up_by_outcome():
    """Two kinds of refusal are counted apart, anything else failed, and only answers have a latency, from when they were due."""
    codes = [ANSWERED, ANSWERED, OVERLOADED, "attempts_exhausted", "internal", "RemoteDisconnected", "internal", ANSWERED]
    sent = [Sent(i / 4, i / 4 + 0.001, i / 4 + 0.010 * (1 + i), code) for i, code in enumerate(codes)]
    step = summarised(sent, rate=4)
    assert (step["sent"], step["answered"], step["goodput_per_s"]) == (8, 3, 1.5)
    assert step["refused"] == {"overloaded": 1, "attempts_exhausted": 1}
    assert step["failed"] == {"RemoteDisconnected": 1, "internal": 2}
    assert step["latency"]["p50_ms"] == pytest.approx(20)
    assert step["sent_late_p99_ms"] == pytest.approx(1)
    assert summarised(sent[2:3], rate=4)["latency"] is None


def _step(rate, p95_ms, answered=100):
    latency = {"p50_ms": 1.0, "p95_ms": p95_ms, "p99_ms": p95_ms} if answered else None
    return {"offered_per_s": rate, "sent": 100, "answered": answered, "latency": latency}


@pytest.mark.parametrize(
    ("steps", "knee"),
    [
        ([_step(10, 20), _step(20, 30), _step(30, 90)], 20),
        ([_step(10, 20), _step(20, 20, answered=99), _step(30, 20, answered=50)], 10),
        ([_step(10, 20), _step(20, 20, answered=99), _step(20, 20), _step(40, 0, answered=0)], 20),
        ([_step(10, 51)], None),
        ([], None),
    ],
)
def test_the_knee_is_the_highest_rate_at_which_all_are_answered_in_time(steps, knee):
    """One refusal, one failure or a p95 beyond the bound, and a rate was not withstood."""
    found = knee_of(steps, p95_ms=50)
    assert (found and found["offered_per_s"]) == knee


def test_a_sweep_finds_the_knee_and_what_lies_past_it(tmp_path):
    """A hundred a second at most: 20 and 40 are withstood, 400 is not; at twice the knee goodput holds, and it recovers."""
    counters = Counter()

    def around():
        counters["cpu"] += 0.5
        return {"cpu_s": counters["cpu"], "rss_mb": 300.0, "server_cpu_s": None}

    told = []
    found = sweep(
        OnePlace(),
        rates=[400, 20, 40],
        seconds=0.5,
        p95_ms=1000,
        around=around,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found["knee"]["offered_per_s"] in {20, 40}
    assert found["knee_is_below_a_rate_that_failed"]
    over = found["steps"][-1]
    assert over["offered_per_s"] == 400
    assert over["refused"]["overloaded"] > 100
    assert over["failed"] == {}
    assert 25 < over["goodput_per_s"] < 105
    assert found["past_the_knee"]["goodput_over_knee"] > 0.8
    assert found["past_the_knee"]["recovered_after_ms"] < 1000
    assert (over["cpu_s"], over["rss_mb"]) == (0.5, 300.0)
    assert "server_cpu_s" not in over
    assert told[-1] == (4, 4)
    page = load_page(tmp_path, report_of(found))
    assert all((tmp_path / f"load-in_process.{kind}").stat().st_size > 5000 for kind in ("png", "svg"))
    knee = f"{found['knee']['offered_per_s']:.1f}"
    assert page.headlines[0].value == f"{knee} /s"
    (section,) = page.sections
    rates = [row[0] for row in section.tables[0].rows]
    assert [rate.split()[0] for rate in rates] == ["20.0", "40.0", "400.0", f"{2 * float(knee):.1f}"]
    assert [rate for rate in rates if "(knee)" in rate] == [f"{knee} (knee)"]


def report_of(found, scaling=None):
    """A report of `bench load` in process, of that sweep."""
    facts = {"input": "frames", "frames": 3, "cores": 1, "concurrency": 2, "batch_window_ms": 0.0, "provider": "none"}
    return facts | {"in_process": {**found, "scaling": scaling}}


def test_the_page_of_a_service_that_never_kept_up_says_so(tmp_path):
    """No knee, nobody answered, a foreign code, a sender that was late, and two cores that were not ours: words, and no figure."""
    sent = [Sent(number / 10, number / 10 + 0.5, number / 10 + 0.6, "<b>gone</b>") for number in range(10)]
    found = {
        "p95_bound_ms": 100, "seconds": 1, "steps": [summarised(sent, rate=10.0)], "knee": None,
        "knee_is_below_a_rate_that_failed": False, "past_the_knee": None,
    }  # fmt: skip
    row = {"one_core_per_s": 100.0, "two_cores_per_s": 98.0, "yardstick_one": 500.0, "yardstick_two": 510.0}
    scaling = {"ratio": 0.98, "yardstick_ratio": 1.02, "rounds": [row], **row}
    text = write_page(tmp_path, load_page(tmp_path, report_of(found, scaling))).read_text()
    assert "at none of these rates were all answered" in text
    assert "&lt;b&gt;gone&lt;/b&gt;: 10" in text
    assert "At 1 of the rates the sender could not keep up" in text
    assert "Two cores were not ours" in text


def test_a_rate_that_one_hiccup_spoilt_is_offered_again_and_both_tries_are_told():
    """Of fifty requests one is refused: the rate gets a second chance. Where most are refused it gets none."""
    refusals = iter([True])

    def hiccup(turn):
        return OVERLOADED if turn == 7 and next(refusals, False) else ANSWERED

    def tried(send):
        found = sweep(send, rates=[100], seconds=0.5, p95_ms=1000, around=dict, progress=lambda _done, _total: None)
        return [step["answered"] for step in found["steps"]], found["knee"] and found["knee"]["answered"]

    assert tried(hiccup) == ([49, 50], 50)
    assert tried(lambda turn: OVERLOADED if turn % 2 else ANSWERED) == ([25], None)


def test_a_service_that_never_answers_is_reported_not_waited_for(monkeypatch):
    """No knee, no division by nothing; and a caller who is never answered again stops asking."""
    monkeypatch.setattr("idverify.evaluation.load.PATIENCE_SECONDS", 0.05)
    found = sweep(lambda _: "internal", rates=[50], seconds=0.2, p95_ms=100, around=dict, progress=lambda _done, _total: None)
    assert (found["knee"], found["past_the_knee"]) == (None, None)
    assert found["steps"][0]["failed"] == {"internal": 10}
    turns = []
    found = sweep(
        lambda turn: turns.append(turn) or (ANSWERED if len(turns) <= 10 else OVERLOADED),
        rates=[50], seconds=0.2, p95_ms=100, around=dict, progress=lambda _done, _total: None,
    )  # fmt: skip
    assert found["past_the_knee"]["recovered_after_ms"] is None
    assert found["past_the_knee"]["goodput_over_knee"] == 0


def test_rates_are_chosen_on_both_sides_of_the_capacity():
    """Some that will be withstood and some that will not; and none is nothing."""
    assert rates_around(100) == [25, 50, 70, 80, 90, 100, 120, 150]
    assert min(rates_around(0)) > 0


def test_saturation_counts_answers_only():
    """Three callers who never rest, every other one refused: what is refused is not throughput."""
    answered = []

    def send(turn):
        time.sleep(0.005)
        if turn % 2:
            return OVERLOADED
        answered.append(turn)
        return ANSWERED

    found = saturate(send, threads=3, seconds=0.3)
    assert 0.5 * len(answered) / 0.3 < found <= len(answered) / 0.3
    with pytest.raises(Fault):
        saturate(_failing, threads=2, seconds=5)


def _failing(_turn):
    raise Fault("broken")


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs two cores that can be pinned"
)
def test_two_threads_do_not_take_turns(samples):
    """Where two computations that share nothing get twice the work done, verifications that waited for each other would get
    half of that. `bench load` says how near to twice it is; other tests run beside this one, so the bound is far from both.
    """
    recogniser = load_recogniser(load_settings(concurrency=2))
    photos = [(samples / name).read_bytes() for name in ("obama.jpg", "obama2.jpg", "biden.jpg")]
    frames = [upright_frame(photo, lambda photo: recogniser.acquirer.acquire(photo).face) for photo in photos]
    verify = OurPath(recogniser.acquirer, recogniser.policies["fmr-1e-4"]).against(frames[0])

    def work(turn):
        assert verify(frames[turn % len(frames)]).score is not None
        return ANSWERED

    found = []
    for _ in range(4):
        measured = measure_scaling(work, seconds=0.4, rounds=6)
        found.append((round(measured["ratio"], 2), round(measured["yardstick_ratio"], 2)))
        if measured["ratio"] >= 0.6 * measured["yardstick_ratio"]:
            break
    else:
        pytest.fail(f"(ratio, yardstick): {found}")
