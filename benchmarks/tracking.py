"""What a frame of a live session costs: benchmarks/results/tracking.json. Needs no data; half a minute.

    python benchmarks/tracking.py [--rounds 150]

Frames of 640x480, quality 85, of the sample photographs, shifted a few pixels from one to the next as a hand moves. Timed on
one thread: a decoding alone, a frame tracked after the one before it, one searched for faces, and one analysed after it was
searched. Milliseconds depend on the machine and its other work, those of the processor (`p50_cpu_ms`) less so;
`over_decode` is a ratio of medians of these.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from idverify.acquisition import Acquirer
from idverify.api.app import load_engine
from idverify.config import default_provider
from idverify.evaluation.frames import upright_frame
from idverify.evaluation.report import provenance, write_report
from idverify.face import image
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.tracking import Tracked, Tracker

RESULTS = Path(__file__).resolve().parent / "results"
SAMPLES = ("obama", "obama2", "obama3", "biden")
WAY = (0, 2, 4, 6, 4, 2)  # pixels to the right


def main() -> int:
    """Measure, write, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=150)
    rounds = arguments.parse_args().rounds
    cv2.setNumThreads(1)
    pack = load_pack(default_models_folder(), "default")
    engines = {name: load_engine(pack, name) for name in dict.fromkeys((default_provider(), "cpu"))}
    report: dict[str, Any] = {
        "engines": {engine.provider: timed(engine, rounds) for engine in engines.values()},
        **provenance(engines[default_provider()], arguments=[], now=time.time()),
        "command": f"python benchmarks/tracking.py --rounds {rounds}",
    }
    print(write_report(RESULTS, report, "tracking.json"), report["engines"], sep="\n")
    return 0


def timed(engine: Any, rounds: int) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds by kind of frame."""
    acquirer = Acquirer(engine, faces="dominant")
    tracker = Tracker(acquirer)
    clips = [frames(acquirer, name) for name in SAMPLES]
    taken: dict[str, list[tuple[float, float]]] = {"decode": [], "tracked": [], "searched": [], "analysed": []}

    def clock(kind: str, work: Callable[[], Any]) -> Any:
        began, worked = time.perf_counter(), time.process_time()
        done = work()
        taken[kind].append(((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000))
        return done

    followed = 0
    for turn in range(rounds + 5):
        clip = clips[turn % len(clips)]
        first, second = clip[turn % len(clip)], clip[(turn + 1) % len(clip)]
        if turn == 5:  # what came before warmed up
            followed, taken = 0, {kind: [] for kind in taken}
        clock("decode", lambda data=first: image.decode(data))
        before = clock("searched", lambda data=first: tracker.track(None, data, sequence=0, at=0.0, reveals=0, look=True))
        after = clock("tracked", lambda data=second, one=before: follow(tracker, one, data))
        clock("analysed", lambda one=before: tracker.analyse(one))
        followed += not after.searched
    decode = float(np.median(taken["decode"], axis=0)[1])
    rows = {
        kind: {
            "p50_ms": float(np.median(ms, axis=0)[0]),
            "p95_ms": float(np.percentile(ms, 95, axis=0)[0]),
            "p50_cpu_ms": float(np.median(ms, axis=0)[1]),
            "over_decode": float(np.median(ms, axis=0)[1]) / decode,
            "n": len(ms),
        }
        for kind, ms in taken.items()
    }
    return {**rows, "followed": followed}


def follow(tracker: Tracker, before: Tracked, data: bytes) -> Tracked:
    """The frame after it."""
    return tracker.track(before.observation, data, sequence=1, at=0.1, reveals=0)


def frames(acquirer: Acquirer, name: str) -> list[bytes]:
    """JPEGs of one photograph's 640x480 frame, shifted."""
    photograph = (files("idverify.samples") / f"{name}.jpg").read_bytes()
    pixels = image.decode(upright_frame(photograph, lambda data: acquirer.acquire(data).face)).pixels
    shifted = [np.roll(pixels, shift, axis=1) for shift in WAY]
    return [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for one in shifted]


if __name__ == "__main__":
    sys.exit(main())
