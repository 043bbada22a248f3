"""What is timed: real frames, both paths, one core."""

import os
import threading

import cv2
import numpy as np
import pytest

from idverify.evaluation.hardware import describe_hardware, matrix_product_ms, one_core, resident_mb
from idverify.evaluation.latency import camera_frame, percentiles
from idverify.evaluation.naive import STAGES, NaivePath
from idverify.inference.manifest import default_models_folder


def test_a_photograph_becomes_a_frame_of_640_by_480_whole_and_upright(samples):
    """Proportions are kept: a portrait has grey borders left and right, and none above."""
    frame = cv2.imdecode(np.frombuffer(camera_frame((samples / "obama.jpg").read_bytes()), np.uint8), cv2.IMREAD_COLOR)
    assert frame.shape == (480, 640, 3)
    original = cv2.imdecode(np.frombuffer((samples / "obama.jpg").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert original.shape[0] > original.shape[1]
    assert np.abs(frame[:, :20].astype(int) - 127).max() < 8
    assert frame[:20, 300:340].std() > 8


def test_the_naive_path_is_a_working_verification(samples):
    """It must do the job it is timed for: one man's photographs are alike, another man's is not."""
    naive = NaivePath(default_models_folder() / "naive")
    reference = naive.embed(camera_frame((samples / "obama.jpg").read_bytes()))
    same, timings = naive.verify(camera_frame((samples / "obama2.jpg").read_bytes()), reference)
    other, _ = naive.verify(camera_frame((samples / "biden.jpg").read_bytes()), reference)
    assert same > 0.4 > 0.25 > other
    assert tuple(timings) == STAGES
    with pytest.raises(IndexError):
        naive.embed(cv2.imencode(".jpg", np.zeros((480, 640, 3), np.uint8))[1].tobytes())


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
