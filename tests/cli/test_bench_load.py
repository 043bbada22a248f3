"""`idverify bench load`, as a shell sees it: real services on loopback ports, which are gone afterwards whatever happens."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from idverify.errors import Fault
from idverify.evaluation import served as service
from idverify.evaluation.frames import upright_frame
from idverify.evaluation.hardware import processor_seconds, resident_mb
from idverify.evaluation.load import offer, saturate, summarised

COMMAND = [sys.executable, "-m", "idverify.cli.main", "bench", "load"]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is read")


def children_of(pid):
    """Process ids whose parent that is."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def words_of(pid):
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def test_both_sweeps_are_measured_and_the_installation_in_use_is_left_alone(tmp_path):
    """Keys of the report, plots, the client's processor time beside the server's; not a file in the operator's data folder."""
    environment = {
        **os.environ,
        "IDVERIFY_DATA_DIR": str(tmp_path / "in-use"),
        "IDVERIFY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "IDVERIFY_KEK_FILE": str(tmp_path / "missing"),
        "TMPDIR": str(tmp_path),
    }
    arguments = ["--rate", "5", "--seconds", "0.4", "--out", str(tmp_path / "out"), "--json"]
    ran = subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    for name in ("in_process", "http"):
        step = report[name]["steps"][0]
        assert (step["sent"], step["offered_per_s"]) == (2, 5)
        assert step["failed"] == {}
        assert step["answered"] + sum(step["refused"].values()) == 2
        assert (tmp_path / "out" / f"load-{name}.png").stat().st_size > 5000
        assert (tmp_path / "out" / f"load-{name}.svg").stat().st_size > 5000
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<figure>") == 2
    assert "Knee over HTTP" in page
    over_http = report["http"]
    assert 0 <= over_http["steps"][0]["client_cpu_s"] < 2
    assert 0 < over_http["steps"][0]["server_cpu_s"] < 5
    assert 50 < over_http["server_rss_mb"]["at_first"] < 450
    assert over_http["server"]["provider"] == report["provider"]
    assert 0 < over_http["start_to_ready_s"] < 60
    if len(os.sched_getaffinity(0)) > 1:
        assert report["in_process"]["scaling"]["one_core_per_s"] > 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("in-use", "idverify-load"))] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_service_too(tmp_path, number):
    """Ctrl-C, or whoever ends the benchmark, in the middle of a step: exit 130, no service left, no folder left."""
    arguments = ["--http", "--rate", "5", "--seconds", "60", "--out", str(tmp_path / "out"), "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    bench = subprocess.Popen([*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started, deadline = [], time.monotonic() + 60
    while not any(b"request" in log.read_bytes() for log in tmp_path.glob("idverify-load-*/service.log")):
        assert bench.poll() is None, bench.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = [pid for pid in children_of(bench.pid) if "serve" in words_of(pid)]
    assert len(started) == 1
    bench.send_signal(number)
    out, _ = bench.communicate(timeout=60)
    assert bench.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert "serve" not in words_of(started[0])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("idverify-load")] == []


def test_a_service_that_cannot_start_is_quoted(tmp_path, monkeypatch):
    """Whatever it said on standard error is what a person needs to see."""
    monkeypatch.setenv("IDVERIFY_MODELS_DIR", str(tmp_path / "nowhere"))
    with (
        pytest.raises(Fault, match=r"did not start.*nowhere|did not start.*model_refused"),
        service.served(tmp_path, concurrency=1, cores=frozenset()),
    ):
        pytest.fail("it started")


def test_a_service_that_dies_in_the_middle_is_a_fault_and_no_measurement(tmp_path, samples):
    """Killed by the machine for its memory, say: its facts are unknown from then on, and the block ends with what it said."""

    def work():
        with service.served(tmp_path, concurrency=1, cores=frozenset()) as running:
            os.kill(running.pid, signal.SIGKILL)
            deadline = time.monotonic() + 20
            process = Path(f"/proc/{running.pid}")  # over once its first thread is a zombie, and every other one gone
            while (
                process.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "Z"
                or len([*(process / "task").iterdir()]) > 1
            ):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert resident_mb(running.pid) == {"now": None, "peak": None}
            with pytest.raises(Fault, match="could not be enrolled: Connection"):
                service.Caller(running, [b""]).enrol((samples / "obama.jpg").read_bytes())

    with pytest.raises(Fault, match="ended in the middle of it, with status -9"):
        work()


def test_a_rate_beyond_every_bound_is_refused_before_anything_starts(tmp_path):
    """Usage, exit 2: what would be kept about each request must fit."""
    arguments = ["--rate", "10000", "--seconds", "600", "--out", str(tmp_path / "out"), "--json"]
    ran = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert "lower --rate or --seconds" in json.loads(ran.stdout)["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_a_photograph_without_a_face_is_named(tmp_path, samples):
    """Exit 3 and which one, before the load: a refusal would be counted against the service."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes((samples / "obama.jpg").read_bytes())
    (tmp_path / "photos" / "b.jpg").write_bytes(_grey())
    arguments = ["--photos", str(tmp_path / "photos"), "--out", str(tmp_path / "out"), "--json"]
    ran = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 3
    assert "b.jpg cannot be used as a load: no_face" in json.loads(ran.stdout)["error"]["message"]


def _grey():
    import cv2
    import numpy as np

    return cv2.imencode(".jpg", np.full((480, 640, 3), 127, np.uint8))[1].tobytes()


def test_far_past_the_knee_the_service_refuses_and_goes_on(tmp_path, samples, acquirer):
    """Three times what it can answer: no collapse (half of its best at the least), the rest 429, no error, memory as before, and
    a lone caller is soon answered. Best of three, and far from the 80 % that `bench load` reports: other tests run beside this.
    """
    frames = [
        upright_frame((samples / name).read_bytes(), lambda photo: acquirer.acquire(photo).face)
        for name in ("obama.jpg", "obama2.jpg")
    ]
    shares = []
    with service.served(tmp_path, concurrency=1, cores=frozenset()) as running:
        caller = service.Caller(running, frames)
        caller.enrol(frames[0])
        assert caller.verify(0) == "answered"
        for _ in range(3):
            capacity = saturate(caller.verify, threads=1, seconds=1)
            before = resident_mb(running.pid)["now"]
            step = summarised(offer(caller.verify, rate=3 * capacity, seconds=1.5), rate=3 * capacity)
            began = time.monotonic()
            while caller.verify(0) != "answered":
                assert time.monotonic() - began < 5
            assert (step["failed"], step["refused"]["attempts_exhausted"]) == ({}, 0)
            assert step["refused"]["overloaded"] > 0
            assert resident_mb(running.pid)["now"] < before + 100
            shares.append(step["goodput_per_s"] / capacity)
            if shares[-1] >= 0.5:
                break
        else:
            pytest.fail(f"goodput over capacity: {shares}")
        assert processor_seconds(running.pid) > 0
        port = running.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert processor_seconds(running.pid) is None
