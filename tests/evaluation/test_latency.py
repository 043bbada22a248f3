"""What is timed: real frames, both paths, one core."""

import hashlib
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from idverify.decision.policy import policies_from
from idverify.evaluation import naive as naive_module
from idverify.evaluation.agreement import agreement
from idverify.evaluation.frames import frames_of, upright_frame
from idverify.evaluation.hardware import describe_hardware, matrix_product_ms, one_core, resident_mb
from idverify.evaluation.latency import NAIVE_MS, PRODUCT_MS, Pair, percentiles, summarise, time_both, void_because
from idverify.evaluation.naive import STAGES, NaivePath
from idverify.evaluation.paths import OurPath, Seen, YardstickPath
from idverify.inference.manifest import default_models_folder, describe_pack

# The yardstick of every ratio that was ever published. A change here makes older ratios incomparable: write a new naive path
# beside this one instead, and publish both.
FROZEN = {
    "naive.py": "2268d971bde262e5514e7e30c6b519a4e3001ae820eba40702e0fb7110442220",
    "detection.onnx": "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854",
    "embedding.onnx": "0d7539059695eeb20386808ee0a7ec1c67ea10f31a7b26ba547b713ec2250029",
    "landmarks.onnx": "9ab4828f8c7d51228e8de8931efb25ee716d63b84fadc6f0c042cac5c86b12d5",
    "pad.onnx": "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
}


def test_the_naive_path_is_the_one_that_was_frozen():
    """Its source and its models, byte for byte."""
    files = [Path(naive_module.__file__), *(default_models_folder() / "naive").glob("*.onnx")]
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == FROZEN


@pytest.fixture(scope="module")
def calm(samples, acquirer):
    """Makes the upright frame of a sample."""
    return lambda name: upright_frame((samples / f"{name}.jpg").read_bytes(), lambda data: acquirer.acquire(data).face)


@pytest.fixture(scope="module")
def policy(engine):
    """The default operating point."""
    return policies_from(describe_pack(default_models_folder(), "default").policies, engine.variant.digest)["fmr-1e-4"]


def test_the_naive_path_is_a_working_verification(samples, calm):
    """It must do the job it is timed for: one man's photographs are alike, another man's is not."""
    naive = NaivePath(default_models_folder() / "naive")
    reference = naive.embed(calm("obama"))
    same, pad, timings = naive.verify(calm("obama2"), reference)
    other, _, _ = naive.verify(calm("biden"), reference)
    assert same > 0.4 > 0.25 > other
    assert 0 <= pad <= 1
    assert tuple(timings) == STAGES
    with pytest.raises(ValueError, match="max"):  # nothing to choose the largest from
        naive.embed(cv2.imencode(".jpg", np.zeros((480, 640, 3), np.uint8))[1].tobytes())


def test_both_paths_see_the_same_in_hard_frames(samples, acquirer, policy):
    """Small, frame-filling, tilted and turned faces of four photographs: no more failures to acquire, the same verdicts."""
    locate = lambda data: acquirer.acquire(data).face  # noqa: E731
    photographs = [(samples / f"{name}.jpg").read_bytes() for name in ("biden", "obama", "obama2", "obama3")]
    frames = frames_of(photographs, 24, locate, np.random.default_rng(5))
    references = [upright_frame(photographs[(index + 1) % 4], locate) for index in range(4)]
    ours, naive = OurPath(acquirer, policy), YardstickPath(NaivePath(default_models_folder() / "naive"))
    against = {index: (ours.against(reference), naive.against(reference)) for index, reference in enumerate(references)}
    pairs = time_both(frames, against, lambda done, of: None)
    found = agreement(pairs, policy.threshold, policy.minimum_pad)
    assert found["failures_to_acquire"] <= found["naive_failures_to_acquire"]
    assert found["comparison"]["outcomes_that_differ"] == 0
    assert found["comparison"]["difference_p50"] < 0.05
    report = summarise(pairs)
    assert report["n"] == 24
    assert report["ratio_to_naive"] > 0  # how much, only a quiet machine can tell: `bench latency`


def test_a_failure_to_acquire_of_ours_is_counted_and_not_timed():
    """A path that gives up early must not look fast for it."""
    stages = {"embed": 1.0}
    pairs = [
        Pair(Seen(0.5, 0.9, 4.0, stages), Seen(0.5, 0.9, 8.0, stages)),
        Pair(Seen(None, None, 0.1), Seen(0.3, 0.9, 8.0, stages)),
    ]
    found = agreement(pairs, 0.4, None)
    assert (found["failures_to_acquire"], found["naive_failures_to_acquire"], found["failed_where_naive_did_not"]) == (1, 0, 1)
    report = summarise(pairs)
    assert (report["n"], report["total"]["p50_ms"], report["ratio_to_naive"]) == (1, 4.0, 2.0)
    with pytest.raises(ValueError, match="no frame"):
        summarise(pairs[1:])


def test_outcomes_that_differ_are_counted_at_the_gate():
    """A score that moves across the threshold is another verdict, however little it moved."""
    pairs = [Pair(Seen(0.41, 0.9, 1.0, {}), Seen(0.39, 0.9, 1.0, {})), Pair(Seen(0.9, 0.4, 1.0, {}), Seen(0.5, 0.2, 1.0, {}))]
    found = agreement(pairs, 0.4, None)
    assert found["comparison"]["outcomes_that_differ"] == 1
    assert found["comparison"]["difference_max"] == pytest.approx(0.4)
    assert found["pad"]["outcomes_that_differ"] == 0
    assert agreement(pairs, 0.4, 0.3)["pad"]["outcomes_that_differ"] == 1


def test_a_run_is_void_when_a_naive_stage_was_held_up():
    """Thirty per cent, relative to the matrix product: half as slow a machine is believed, a busy one is not."""
    usual = {stage: {"p50_ms": ms} for stage, ms in NAIVE_MS.items()} | {"align": {"p50_ms": 9.0}, "compare": {"p50_ms": 9.0}}
    assert void_because(usual, PRODUCT_MS) is None
    assert void_because({stage: {"p50_ms": 2 * one["p50_ms"]} for stage, one in usual.items()}, 2 * PRODUCT_MS) is None
    held_up = usual | {"embed": {"p50_ms": 1.31 * NAIVE_MS["embed"]}}
    assert "embed took 1.31 times" in str(void_because(held_up, PRODUCT_MS))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin a process to a core")
def test_every_thread_is_held_to_one_core_and_let_go_again():
    """Threads that were there before, and threads started meanwhile."""
    before, seen, go, end = os.sched_getaffinity(0), {}, threading.Event(), threading.Event()

    def older():
        go.wait(10)
        seen["older"] = os.sched_getaffinity(0)
        end.wait(10)
        seen["later"] = os.sched_getaffinity(0)

    thread = threading.Thread(target=older)
    thread.start()
    with one_core() as core:
        newer = threading.Thread(target=lambda: seen.update(newer=os.sched_getaffinity(0)))
        newer.start()
        newer.join()
        go.set()
        while "older" not in seen:
            pass
    end.set()
    thread.join()
    assert seen == {"older": {core}, "newer": {core}, "later": before}
    assert os.sched_getaffinity(0) == before


def test_percentiles_are_those_of_the_sample():
    """The 50th, 95th and 99th of a hundred and one milliseconds."""
    assert percentiles([float(value) for value in range(101)]) == {"p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0}


def test_the_hardware_is_described_so_that_a_figure_can_be_placed():
    """Something for each, on any system."""
    facts = describe_hardware()
    assert facts["cpu"]
    assert facts["cores"] >= 1
    assert resident_mb()["peak"] > 10
    assert matrix_product_ms(64, 3) > 0
