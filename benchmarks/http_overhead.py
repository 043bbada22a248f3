"""What HTTP costs: p50 of POST /v1/verifications over p50 of the same ceremony in this process, taken in turns.

    python benchmarks/http_overhead.py [--rounds 200]

One caller on a kept-alive connection to `idverify serve` in a process of its own, on the same database and keys, with a
photograph of about 60 kB in base64 JSON. Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from idverify.api.app import compose
from idverify.ceremonies.clients import add_client
from idverify.ceremonies.verification import Request, verify
from idverify.config import load_settings
from idverify.evaluation.load import ANSWERED
from idverify.evaluation.served import AUDIENCE, PURPOSE, Caller, Served, served

ENOUGH = {"IDVERIFY_ATTEMPTS_CLIENT_SUBJECT": "1000000", "IDVERIFY_ATTEMPTS_SUBJECT": "1000000", "IDVERIFY_ENV": "dev"}
WARM = 10


def photograph() -> bytes:
    """A sample at 640 pixels' height, as a JPEG near 60 kB."""
    pixels = cv2.imdecode(np.frombuffer((files("idverify") / "samples/obama2.jpg").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    small = cv2.resize(pixels, (round(640 * pixels.shape[1] / pixels.shape[0]), 640), interpolation=cv2.INTER_AREA)
    tries = (bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]) for quality in range(70, 100))
    return min(tries, key=lambda photo: abs(len(photo) - 60_000))


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=200)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), concurrency=2, cores=frozenset()) as service:
        os.environ.update(ENOUGH, IDVERIFY_DATA_DIR=str(Path(folder) / "data"))
        print(json.dumps(measured(rounds, service), indent=2))


def measured(rounds: int, service: Served) -> dict[str, object]:
    """Both medians, in milliseconds, and their ratio."""
    photo = photograph()
    caller = Caller(service, [photo])
    caller.enrol((files("idverify") / "samples/obama.jpg").read_bytes())
    parts = compose(load_settings())
    client, _ = add_client(
        parts, actor="benchmark", name="benchmark", scopes=["verifications:create"], audiences=[AUDIENCE], purposes=[PURPOSE]
    )
    request = Request(probe=photo, audience=AUDIENCE, purpose=PURPOSE, subject_id=caller.subject_id)
    inside, outside, spent = [], [], []
    for turn in range(rounds + WARM):
        began = time.perf_counter()
        verify(parts, client, request)
        between, own = time.perf_counter(), time.process_time()
        answer = caller.verify(turn)
        ended, spent_now = time.perf_counter(), time.process_time() - own
        if answer != ANSWERED:
            raise SystemExit(f"the service answered {answer}")
        if turn >= WARM:
            inside.append(1000 * (between - began))
            outside.append(1000 * (ended - between))
            spent.append(1000 * spent_now)
    p50 = statistics.median(inside), statistics.median(outside)
    return {
        "photo_bytes": len(photo),
        "rounds": rounds,
        "in_process_p50_ms": round(p50[0], 2),
        "http_p50_ms": round(p50[1], 2),
        "ratio": round(p50[1] / p50[0], 3),
        "callers_own_cpu_p50_ms": round(statistics.median(spent), 2),
        "added_p50_ms": round(statistics.median(after - before for before, after in zip(inside, outside, strict=True)), 2),
    }


if __name__ == "__main__":
    main()
