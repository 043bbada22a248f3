"""Many live sessions at one time: does the service take every frame in, how soon does it answer, and is any deadline missed?

    python benchmarks/live_load.py [--sessions 20] [--seconds 60] [--out benchmarks/results/live_load.json]

`idverify serve --dev` in a process of its own, held to two cores; the clients, in this process, share them. Each session sends
frames that were prepared beforehand, ten a second, 480x480: a synthetic head that does each step as soon as it is asked and
answers each colour. So an attempt ends in a real decision, whose time counts from the last frame's arrival; one that ends
because a step was not done in time is counted by the reasons that its backend reads. Each frame is answered before the next is
sent: an answer that comes late is a frame that waited, and then the next one is late too. What the service analysed is read off
its metrics. Prints one JSON object.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from live_performance import Player, Prepared, prepare
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from idverify.acquisition import Acquirer
from idverify.evaluation.hardware import processor_seconds
from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.report import origin
from idverify.evaluation.served import AUDIENCE, PURPOSE, Served, served
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.inference.onnx import OnnxEngine
from idverify.keys.jwk import base64url
from idverify.sessions.envelope import Chain, seal_frame, stream_key
from idverify.tracking import Tracker

PERIOD = 0.1
JITTER = 0.004
"""Seconds of standard deviation between frames: even ones are no camera's (docs/security/live.md)."""
ANSWER_SECONDS = 10.0
LATE = 0.05
"""Seconds after its time from which on a frame was sent late."""


@dataclass
class Counts:
    """What the clients saw, all together. waits: seconds from each frame to the answer to it."""

    sessions: int = 0
    frames: int = 0
    late_frames: int = 0
    errors: int = 0
    seconds_asked: float = 0.0
    waits: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


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
    service: Served, http: httpx.AsyncClient, profile: str, prepared: Prepared, start: int, until: float, counts: Counts
) -> None:
    """Sessions one after another until then; one that has begun is led to its end."""
    await asyncio.sleep(PERIOD * start / 20)
    while time.monotonic() < until:
        session, agent = await asked(http, service.key, profile)
        counts.sessions += 1
        headers = {"Authorization": f"Bearer {session['client_token']}", "X-Session-Agent": agent}
        url = f"ws://127.0.0.1:{service.port}/v1/sessions/{session['session_id']}/stream"
        async with connect(url, additional_headers=headers, proxy=None, compression=None) as socket:
            outcome = await _film(socket, session, Player(prepared, 7 * start), counts)
        counts.outcomes[outcome] += 1
        if outcome != "approved":
            told = await http.get(f"/v1/sessions/{session['session_id']}", headers={"Authorization": f"Bearer {service.key}"})
            counts.reasons.update(told.raise_for_status().json()["reasons"])


async def _film(socket: Any, session: dict[str, Any], player: Player, counts: Counts) -> str:
    """Film until there is a result; its outcome, or the code of what ended it."""
    said = json.loads(await socket.recv())
    nonce = bytes.fromhex(session["nonce"])
    name, attempt = session["session_id"], said["attempt"]
    key = stream_key(nonce, _unpadded(said["salt"]), name, attempt)
    chain = Chain.start(name, attempt, nonce, bytes.fromhex(said["commitment"]), key)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    reading = asyncio.create_task(_read(socket, heard))
    due, first_step = time.monotonic(), None
    try:
        while True:
            message, chain = seal_frame(chain, player.frame())
            sent = time.monotonic()
            counts.late_frames += sent - due > LATE
            with suppress(ConnectionClosed):  # what it said before is still to be read
                await socket.send(message)
            counts.frames += 1
            said = await asyncio.wait_for(heard.get(), ANSWER_SECONDS)
            counts.waits.append(time.monotonic() - sent)
            while said["type"] not in {"result", "error"}:
                if "reveal" in said:
                    first_step = sent if first_step is None else first_step
                    chain = chain.revealed(_unpadded(said["reveal"]))
                player.hear(said)
                if heard.empty() and said["type"] != "checking":
                    break
                said = await asyncio.wait_for(heard.get(), ANSWER_SECONDS)
            else:
                counts.seconds_asked += 0.0 if first_step is None else time.monotonic() - first_step
                counts.errors += said["type"] == "error"
                return str(said.get("outcome", said.get("code")))
            due += PERIOD
            await asyncio.sleep(max(0.0, due + random.gauss(0, JITTER) - time.monotonic()))
    finally:
        reading.cancel()


async def _read(socket: Any, heard: "asyncio.Queue[dict[str, Any]]") -> None:
    with suppress(ConnectionClosed):
        while True:
            heard.put_nowait(json.loads(await socket.recv()))


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def samples(exposition: str) -> dict[str, float]:
    """The value of each series of Prometheus's text format."""
    lines = (line.rpartition(" ") for line in exposition.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def measure(sessions: int, seconds: float, profile: str) -> dict[str, Any]:
    """One run."""
    engine = OnnxEngine(load_pack(default_models_folder(), "default"))
    prepared = prepare(Tracker(Acquirer(engine)))
    counts = Counts()
    cores = set(sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), concurrency=2, cores=cores) as service:
        began = processor_seconds(service.pid) or 0.0
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30, trust_env=False) as http:
            started = time.monotonic()
            await asyncio.gather(
                *(stream(service, http, profile, prepared, start, started + seconds, counts) for start in range(sessions))
            )
            took = time.monotonic() - started
            counted = samples(
                (await http.get("/metrics", headers={"Authorization": f"Bearer {service.key}"})).raise_for_status().text
            )
        used = (processor_seconds(service.pid) or 0.0) - began
    decided = counted.get("idverify_live_decision_seconds_count", 0.0)
    within = counted.get('idverify_live_decision_seconds_bucket{le="0.64"}', 0.0)
    analysed = counted.get('idverify_live_frames_total{kind="analysed"}', 0.0)
    quantiles = {f"p{q}": round(1000 * float(np.quantile(counts.waits, q / 100)), 1) for q in (50, 95, 99)}
    missed = counts.reasons["challenge_not_passed"]
    a_second = round(analysed / counts.seconds_asked, 2) if counts.seconds_asked else None
    return {
        "kind": "live_load",
        "profile": profile,
        "sessions_at_once": sessions,
        "seconds": round(took, 1),
        "sessions": counts.sessions,
        "frames": counts.frames,
        "late_frames": counts.late_frames,
        "errors": counts.errors,
        "answer_ms": {**quantiles, "max": round(1000 * max(counts.waits), 1)},
        "analysed_per_second_after_the_first_reveal": a_second,
        "outcomes": dict(counts.outcomes),
        "reasons": dict(counts.reasons),
        "deadlines_missed": missed,
        "deadlines_missed_high": clopper_pearson(missed, counts.sessions)[1],
        "decided": round(decided),
        "decided_within_640_ms_of_the_last_frame": round(within),
        "service_processors": round(used / took, 2),
        **service_named(service, sys.argv),
    }


def service_named(service: Served, arguments: Sequence[str]) -> dict[str, Any]:
    """Where the figures come from: the commit and machine, and the models and engine that the service said it runs."""
    said = {name: service.ready[name] for name in ("pack", "provider") if name in service.ready}
    made = origin(arguments=arguments[1:], now=time.time())
    return {**made, **said, "command": " ".join(["python benchmarks/live_load.py", *arguments[1:]])}


def main() -> None:
    """Measure, print, and write."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sessions", type=int, default=20)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--profile", choices=("active", "passive"), default="active")
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    found = json.dumps(asyncio.run(measure(given.sessions, given.seconds, given.profile)), indent=2)
    sys.stdout.write(found + "\n")
    if given.out:
        given.out.write_text(found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
