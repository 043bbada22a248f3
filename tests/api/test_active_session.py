"""A person before a camera, in a session of profile `active` that nothing eases, to a credential that a hotel believes offline.

The person is a clip's, re-timed to the challenge and lit by the screen (idverify.evaluation.attacks), over a real WebSocket to a
real service. Frames are stamped in the camera's own time, so that a busy machine changes nothing.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from phone import VERIFIER
from websockets.sync.client import ClientConnection, connect

from idverify.acquisition import Acquirer
from idverify.api import stream
from idverify.cli import trust
from idverify.credentials import verdict
from idverify.credentials.assurance import ACTIVE
from idverify.decision import profiles
from idverify.evaluation.attacks.capture import Props
from idverify.evaluation.attacks.clips import read_clip
from idverify.evaluation.attacks.device import Opened
from idverify.evaluation.attacks.people import Subject, of_clip
from idverify.evaluation.attacks.shots import Said
from idverify.evaluation.attacks.species import Cast, bona_fide
from idverify.evaluation.attacks.trial import Verdict, run
from idverify.evaluation.attacks.watching import watcher
from idverify.liveness.challenge import SEED_BYTES, TURNS, Kind, Options, Step, draw
from idverify.liveness.observation import Seen
from idverify.tracking import Tracker

from .support import AUDIENCE, Running, enrolment
from .test_stream import body
from .test_wallet import NONCE, City, refresh, running

__all__ = ["running"]

CLIP, SHOWN = "d9", (range(145), range(300, 330))
"""Somebody who rests, blinks and turns to the left, and the frames in which that is; at the others nobody needs to look."""

ATTEMPTS = 3
BUSY_SECONDS = 30.0
"""For this machine to make a frame and to take it in."""


@pytest.fixture(scope="module")
def person(evaluation_data: Path, acquirer: Acquirer) -> Subject:
    """Somebody who does what is asked."""
    path = evaluation_data / "video" / f"{CLIP}.mp4"
    if not path.is_file():
        pytest.skip("IDVERIFY_DATA is not set: real faces for measuring are absent")
    look, numbers = watcher(Tracker(acquirer)), count()

    def chosen(jpeg: bytes, before: Seen | None) -> Seen | None:
        number = next(numbers)
        return look(jpeg, before) if any(number in frames for frames in SHOWN) else None

    return of_clip(CLIP, read_clip(path, chosen))


class Drawn:
    """Random bytes of a service: the next challenge's seed where a test chose it, the same on every run within a stream."""

    def __init__(self) -> None:
        self.seed: bytes | None = None
        self._within_a_stream = np.random.default_rng(1)

    def __call__(self, length: int) -> bytes:
        """As os.urandom."""
        if length == SEED_BYTES and self.seed is not None:
            seed, self.seed = self.seed, None
            return seed
        if threading.current_thread().name.startswith("frame"):
            return self._within_a_stream.bytes(length)
        return os.urandom(length)


class Camera:
    """One connection's end of the stream (trial.Connection), in the camera's time."""

    def __init__(self, city: City, session: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 0.0
        self.outcome: dict[str, Any] | None = None
        self.opened = Opened(session["session_id"], bytes.fromhex(session["nonce"]))
        self.hello: Sequence[Said] = ()
        self.steps: tuple[Step, ...] = ()
        self._told: SimpleQueue[int] = SimpleQueue()
        service = city.service.app.state.service
        take_in = type(service).frame

        async def counted(work: Any) -> Any:
            live, said = await take_in(service, work)
            self._told.put(len(said))
            return live, said

        monkeypatch.setattr(service, "frame", counted)
        monkeypatch.setattr(stream, "time", SimpleNamespace(monotonic=lambda: self.at))
        monkeypatch.setattr(stream, "TICK_SECONDS", BUSY_SECONDS)  # silence of this machine is none of the camera's

    def connected(self, socket: ClientConnection) -> "Camera":
        """Hear the service's first words."""
        self._socket = socket
        self.hello = self._heard(1)
        return self

    def receive(self, message: bytes, at: float) -> Sequence[Said]:
        """Send one frame, and hear what the service says to it."""
        self.at = at
        self._socket.send(message)
        return self._heard(self._told.get(timeout=BUSY_SECONDS))

    def passed(self, at: float) -> Sequence[Said]:
        """Nothing: the service hears of the time with the next frame."""
        return ()

    def ended(self) -> Verdict | None:
        """How it ended."""
        return None if self.outcome is None else Verdict(self.outcome["outcome"])

    def _heard(self, number: int) -> list[Said]:
        said = [json.loads(self._socket.recv(timeout=BUSY_SECONDS)) for _ in range(number)]
        self.outcome = next((one for one in said if one["type"] == "result"), self.outcome)
        return said


def challenge_for(person: Subject, number: int) -> bytes:
    """A seed of a challenge that this person's clip can follow, with a turn and with blinking."""
    assert person.moves is not None
    for at in range(1000):
        seed = hashlib.sha256(f"challenge {number} {at}".encode()).digest()
        steps = draw(seed, Options(steps=3))
        if {one.kind for one in steps} >= {Kind.BLINK, Kind.COLOURS} and all(person.moves.able(one) for one in steps):
            assert any(one.kind in TURNS for one in steps)
            return seed
    raise AssertionError("the clip allows no challenge")


@pytest.fixture
def city(
    running: tuple[Running, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> City:
    """With nobody enrolled, an empty wallet and a hotel that trusts the city."""
    service, pin = running
    made = City(service, tmp_path, "", capsys, monkeypatch)
    assert made.wallet("init")[0] == 0
    hotel = ("--trust", str(tmp_path / "trust"))
    assert made.run(trust.app, "add", f"{service.url}/v1/trust-list", "--pin", pin, *hotel)[0] == 0
    return made


def test_who_turns_blinks_and_is_lit_gets_a_card_that_tells_how_it_was_found_out(
    city: City, person: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for over HTTP, filmed over the stream, redeemed, offered, taken by a wallet, believed by a hotel without network."""
    drawn, service = Drawn(), city.service.app.state.service
    assert service.parts.profiles["active"] == profiles.ACTIVE
    monkeypatch.setattr(service, "parts", replace(service.parts, random_bytes=drawn))
    backend = city.service.client()
    holder = enrolment(person.reference, "A-17")
    subject_id = backend.post("/v1/subjects", json=holder).raise_for_status().json()["subject_id"]
    session = backend.post("/v1/sessions", json=body(profile="active", subject_id=subject_id)).raise_for_status().json()
    where = f"/v1/sessions/{session['session_id']}"
    device = city.service.stranger(headers={"Authorization": f"Bearer {session['client_token']}"})
    agent = device.post(f"{where}/begin", json={}).raise_for_status().json()["agent"]

    for attempt in range(ATTEMPTS):  # as people do whose blink was not seen
        drawn.seed = challenge_for(person, attempt)
        camera = Camera(city, session, monkeypatch)
        held = {"Authorization": f"Bearer {session['client_token']}", "X-Session-Agent": agent}
        with connect(city.service.url.replace("http", "ws") + where + "/stream", additional_headers=held, proxy=None) as socket:
            phone = bona_fide(Cast(person, (person,), Props(np.random.default_rng(attempt))))
            fared = run(camera.connected(socket), phone)
        if fared.verdict.outcome != "retake":
            break
    assert fared.verdict.outcome == "approved"
    assert fared.frames > 100

    halves = {"code": camera.outcome["code"], "verifier": VERIFIER}
    token = backend.post(f"{where}/redeem", json=halves).raise_for_status().json()["token"]
    told = verdict.validate(token, backend.get("/.well-known/jwks.json").json(), audience=AUDIENCE, now=time.time())
    assert (told.acr, told.amr, told.liveness_level) == (ACTIVE, ("face",), "active")
    assert {"challenge", "pad", "comparison", "parallax", "flash", "continuity", "injection"} <= set(told.checks)
    offer = backend.post(
        "/v1/credentials/offers", json={"session_id": session["session_id"], "types": ["identity_card"]}
    ).raise_for_status()
    code, taken = city.wallet("accept", offer.json()["offer"], "--tx-code", offer.json()["tx_code"], "--copies", "1")
    assert code == 0, taken
    refresh(city)
    shown = city.wallet("present", "identity_card", "--audience", AUDIENCE, "--nonce", NONCE, "--show", "name")[1]
    code, found = city.hotel(shown["presentation"])
    assert (code, found["code"], found["status"]) == (0, "accepted", "VALID")
    assert (found["claims"]["acr"], found["claims"]["amr"]) == (ACTIVE, ["face"])
    assert (found["claims"]["name"], found["claims"]["auth_time"] % 86_400) == ("Jane Specimen", 0)
    assert 0 <= time.time() - found["claims"]["auth_time"] < 2 * 86_400
