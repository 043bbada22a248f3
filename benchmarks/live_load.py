"""Many live sessions at one time: does the service take every frame in, and how soon does it answer?

    python benchmarks/live_load.py [--sessions 20] [--seconds 24] [--out benchmarks/results/live_load.json]
    python benchmarks/live_load.py --profile passive --out benchmarks/results/live_decisions.json

`idverify serve --dev` in a process of its own, held to two cores; the clients, in this process, share them. Each session
sends prepared JPEGs (a sample photograph under fresh noise, 640x480) ten times a second under the profile `active`: it is
guided, and then asked for steps that a photograph never does, until the deadline ends the attempt. Each frame is answered, so
an answer that comes late is a frame that waited. Under `--profile passive` nothing is asked, so each attempt goes to a real
decision, whose time counts from the last frame's arrival. What the service analysed is read off its metrics. Prints one JSON
object.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from websockets.asyncio.client import connect

from idverify.evaluation.hardware import describe_hardware, processor_seconds
from idverify.evaluation.served import AUDIENCE, PURPOSE, Served, served
from idverify.keys.jwk import base64url
from idverify.sessions.envelope import Chain, seal_frame, stream_key

PERIOD = 0.1
FRAMES = 120


def prepared() -> list[bytes]:
    """Frames, each under noise of its own."""
    photo = cv2.imdecode(np.frombuffer((files("idverify") / "samples/obama.jpg").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert photo is not None
    scaled = cv2.resize(photo, (640, round(640 * photo.shape[0] / photo.shape[1])), interpolation=cv2.INTER_AREA)[:480]
    canvas = np.full((480, 640, 3), 90.0)
    canvas[: len(scaled)] = scaled
    random = np.random.default_rng(1)
    noisy = (np.clip(canvas + random.normal(0, 2, canvas.shape), 0, 255).astype(np.uint8) for _ in range(FRAMES))
    return [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for one in noisy]


async def asked(http: httpx.AsyncClient, key: str, profile: str) -> tuple[dict[str, Any], str]:
    """A new session, begun: what the backend was told, and the user agent's secret."""
    reference = base64.b64encode((files("idverify") / "samples/obama2.jpg").read_bytes()).decode()
    body = {
        "audience": AUDIENCE,
        "purpose": PURPOSE,
        "profile": profile,
        "consent": {"version": "1", "accepted_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        "code_challenge": base64url(hashlib.sha256(b"v" * 43).digest()),
        "reference": reference,
    }
    while True:
        answer = await http.post("/v1/sessions", json=body, headers={"Authorization": f"Bearer {key}"})
        if answer.status_code == 429:
            await asyncio.sleep(0.2)
            continue
        session = answer.raise_for_status().json()
        begun = await http.post(
            f"/v1/sessions/{session['session_id']}/begin",
            json={},
            headers={"Authorization": f"Bearer {session['client_token']}"},
        )
        return session, begun.raise_for_status().json()["agent"]


async def stream(
    service: Served, http: httpx.AsyncClient, profile: str, frames: list[bytes], until: float, waits: list[float]
) -> dict[str, int]:
    """Sessions one after another until then; the seconds from each frame to the answer to it go to `waits`."""
    counts = {"sessions": 0, "frames": 0, "answers": 0, "errors": 0}
    while time.monotonic() < until:
        session, agent = await asked(http, service.key, profile)
        counts["sessions"] += 1
        headers = {"Authorization": f"Bearer {session['client_token']}", "X-Session-Agent": agent}
        url = f"ws://127.0.0.1:{service.port}/v1/sessions/{session['session_id']}/stream"
        async with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
            await _film(socket, session, frames, until, waits, counts)
    return counts


async def _film(
    socket: Any, session: dict[str, Any], frames: list[bytes], until: float, waits: list[float], counts: dict[str, int]
) -> None:
    hello = json.loads(await socket.recv())
    nonce = bytes.fromhex(session["nonce"])
    name, attempt = session["session_id"], hello["attempt"]
    key = stream_key(nonce, _unpadded(hello["salt"]), name, attempt)
    chain = Chain.start(name, attempt, nonce, bytes.fromhex(hello["commitment"]), key)
    due, number = time.monotonic(), 0
    while time.monotonic() < until:
        message, chain = seal_frame(chain, frames[number % len(frames)])
        sent, number = time.monotonic(), number + 1
        await socket.send(message)
        counts["frames"] += 1
        said = json.loads(await asyncio.wait_for(socket.recv(), 10))
        waits.append(time.monotonic() - sent)
        counts["answers"] += 1
        if "reveal" in said:
            chain = chain.revealed(_unpadded(said["reveal"]))
        if said["type"] in {"checking", "result", "error"}:
            counts["errors"] += said["type"] == "error"
            return
        due += PERIOD
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def samples(exposition: str) -> dict[str, float]:
    """The value of each series of Prometheus's text format."""
    lines = (line.rpartition(" ") for line in exposition.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def measure(sessions: int, seconds: float, profile: str) -> dict[str, Any]:
    """One run."""
    frames = prepared()
    waits: list[float] = []
    cores = set(sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), concurrency=2, cores=cores) as service:
        began = processor_seconds(service.pid) or 0.0
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30, trust_env=False) as http:
            started = time.monotonic()
            found = await asyncio.gather(
                *(stream(service, http, profile, frames, started + seconds, waits) for _ in range(sessions))
            )
            took = time.monotonic() - started
            counted = samples(
                (await http.get("/metrics", headers={"Authorization": f"Bearer {service.key}"})).raise_for_status().text
            )
        used = (processor_seconds(service.pid) or 0.0) - began
    total = {name: sum(one[name] for one in found) for name in found[0]}
    decided = counted.get("idverify_live_decision_seconds_count", 0.0)
    within = counted.get('idverify_live_decision_seconds_bucket{le="0.64"}', 0.0)
    analysed = counted.get('idverify_live_frames_total{kind="analysed"}', 0.0)
    quantiles = {f"p{q}": round(1000 * float(np.quantile(waits, q / 100)), 1) for q in (50, 95, 99)}
    return {
        "profile": profile,
        "sessions_at_once": sessions,
        "seconds": round(took, 1),
        **total,
        "frames_per_second": round(total["frames"] / took, 1),
        "answer_ms": {**quantiles, "max": round(1000 * max(waits), 1)},
        "analysed_per_second_and_session": round(analysed / took / sessions, 2),
        "decided": round(decided),
        "decided_within_640_ms_of_the_last_frame": round(within),
        "service_processors": round(used / took, 2),
        "jpeg_bytes": round(float(np.mean([len(one) for one in frames]))),
        "hardware": describe_hardware(),
        "command": f"python benchmarks/live_load.py --sessions {sessions} --seconds {seconds:g} --profile {profile}",
    }


def main() -> None:
    """Measure, print, and write."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sessions", type=int, default=20)
    arguments.add_argument("--seconds", type=float, default=24.0)
    arguments.add_argument("--profile", choices=("active", "passive"), default="active")
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    found = json.dumps(asyncio.run(measure(given.sessions, given.seconds, given.profile)), indent=2)
    sys.stdout.write(found + "\n")
    if given.out:
        given.out.write_text(found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
