"""Live sessions over real sockets: an ordinary WebSocket library, a real service, real models."""

import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from phone import CODE_CHALLENGE, VERIFIER, Phone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from idverify.api import stream
from idverify.audit.events import Event
from idverify.ceremonies import Limits, Parts
from idverify.store import audit

from .support import AUDIENCE, PURPOSE, Running, code_of, in_base64, serving

FRAMES_PER_SECOND = 12
MANY = 60


def body(**rest: object) -> dict[str, object]:
    """What a backend sends to ask for a session."""
    return {
        "audience": AUDIENCE,
        "purpose": PURPOSE,
        "profile": "passive",
        "consent": {"version": "1", "accepted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
        "code_challenge": CODE_CHALLENGE,
        **rest,
    }


class Visit:
    """One person's way through one session, over HTTP and the stream."""

    def __init__(self, service: Running, **rest: object) -> None:
        self.service = service
        self.backend = service.client("sessions:create")
        self.created = self.backend.post("/v1/sessions", json=body(**rest)).raise_for_status().json()
        self.id = self.created["session_id"]
        self.person = service.stranger(headers={"Authorization": f"Bearer {self.created['client_token']}"})
        self.agent = self.post("begin").json()["agent"]

    def post(self, what: str, document: object = None) -> object:
        """A call of the person's."""
        return self.person.post(f"/v1/sessions/{self.id}/{what}", json={} if document is None else document)

    def stream(self, *, token: str | None = None, agent: str | None = None, protocol: bool = False) -> ClientConnection:
        """A connection, as an app makes one, or as a browser does."""
        token = token or self.created["client_token"]
        url = self.service.url.replace("http", "ws") + f"/v1/sessions/{self.id}/stream"
        if protocol:
            cookie = f"idverify_{self.id}={agent or self.agent}"
            return connect(
                url, subprotocols=["idverify.stream.1", f"token.{token}"], additional_headers={"Cookie": cookie}, proxy=None
            )
        headers = {"Authorization": f"Bearer {token}", "X-Session-Agent": agent or self.agent}
        return connect(url, additional_headers=headers, proxy=None)

    def film(self, socket: ClientConnection, *, until: str = "result", seconds: float = 20) -> Phone:
        """Frames at a phone's pace until the service has said something of that kind; slower where this machine is busy."""
        phone = Phone(self.id, self.created["nonce"], json.loads(socket.recv(timeout=5)))
        deadline = time.monotonic() + seconds
        while not any(said["type"] in {until, "result", "error"} for said in phone.heard):
            assert time.monotonic() < deadline, phone.heard[-3:]
            with contextlib.suppress(ConnectionClosed):
                socket.send(phone.message())
            heard, sent_at = len(phone.heard), time.monotonic()
            listen = sent_at + 1 / FRAMES_PER_SECOND + random.gauss(0, 0.004)
            while (left := (listen if len(phone.heard) > heard else sent_at + 1) - time.monotonic()) > 0:
                try:
                    phone.hear(json.loads(socket.recv(timeout=left)))
                except (TimeoutError, ConnectionClosed):
                    break
        return phone

    def status(self) -> dict[str, object]:
        """What the backend sees."""
        return dict(self.backend.get(f"/v1/sessions/{self.id}").raise_for_status().json())


@pytest.fixture(scope="module")
def visit(service: Running, samples: Path) -> Callable[..., Visit]:
    """Makes visits of the man on obama2.jpg, by a reference sent along."""
    reference = in_base64((samples / "obama2.jpg").read_bytes())
    return lambda **rest: Visit(service, **{"reference": reference, **rest})


def lost_connections(visit: Visit) -> int:
    """How many the audit has of the session."""
    with visit.service.parts.store.reading() as tx:
        of_it = [entry for entry in audit.events(tx) if entry.details.get("session_id") == visit.id]
    return sum(entry.event == Event.SESSION_CONNECTION_LOST for entry in of_it)


def wait_for(true: Callable[[], bool]) -> None:
    """For ten seconds at most."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def codes_until_closed(socket: ClientConnection) -> tuple[list[str], int]:
    """The codes of errors, and the code of closing."""
    codes = []
    try:
        while True:
            said = json.loads(socket.recv(timeout=10))
            if said["type"] == "error":
                codes.append(said["code"])
    except ConnectionClosed as closed:
        return codes, closed.rcvd.code if closed.rcvd else 0


@pytest.mark.parametrize("browser", [False, True], ids=["app", "browser"])
def test_a_session_from_link_to_verdict_over_the_wire(visit: Callable[..., Visit], browser: bool) -> None:
    """Guidance, then a step, the outcome, and a verdict for code and verifier."""
    one = visit()
    with one.stream(protocol=browser) as socket:
        phone = one.film(socket)
        assert codes_until_closed(socket) == ([], 1000)
    assert phone.result is not None
    assert phone.result["outcome"] == "approved"
    assert one.status()["decision"] is None
    answer = one.backend.post(
        f"/v1/sessions/{one.id}/redeem", json={"code": phone.result["code"], "verifier": VERIFIER}
    ).raise_for_status()
    assert answer.json()["token"].count(".") == 2
    assert (one.status()["status"], one.status()["decision"]) == ("approved", "accepted")
    assert (
        one.person.get(f"/v1/sessions/{one.id}/outcome", headers={"X-Session-Agent": one.agent}).json()["outcome"] == "approved"
    )


def test_every_frame_is_answered(visit: Callable[..., Visit], monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a camera of five frames a second or more brings guidance as often, whatever the phase: here with no other cause."""
    monkeypatch.setattr(stream, "TICK_SECONDS", 60.0)
    one = visit()
    with one.stream() as socket:
        phone = Phone(one.id, one.created["nonce"], json.loads(socket.recv(timeout=10)))
        while phone.result is None:
            began, heard = time.monotonic(), len(phone.heard)
            socket.send(phone.message())
            while len(phone.heard) == heard or phone.heard[-1]["type"] == "checking":
                phone.hear(json.loads(socket.recv(timeout=10)))
            time.sleep(max(0.0, began + 1 / FRAMES_PER_SECOND + random.gauss(0, 0.004) - time.monotonic()))
    assert phone.result["outcome"] == "approved"


def test_a_person_whose_frames_do_not_arrive_is_guided_five_times_a_second(visit: Callable[..., Visit]) -> None:
    """What was said last is said again: in the best second of many, since this machine may be busy in others."""
    one = visit()
    with one.stream() as socket:
        phone = Phone(one.id, one.created["nonce"], json.loads(socket.recv(timeout=10)))
        socket.send(phone.message())
        heard: list[float] = []
        while not any(heard[-1] - first < 1 for first in heard[-6:-5]):
            assert len(heard) < MANY
            assert json.loads(socket.recv(timeout=10))["type"] == "guidance"
            heard.append(time.monotonic())


def test_a_silent_client_is_gone_after_a_quarter_of_a_minute_and_its_place_is_free(
    make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifteen seconds on the service's own clock: the audit has it, and the next one gets in."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(stream, "time", SimpleNamespace(monotonic=lambda: clock.now))
    reference = in_base64((samples / "obama2.jpg").read_bytes())
    with serving(make_parts(), tmp_path_factory.mktemp("silent"), streams=1) as service:
        first, second = Visit(service, reference=reference), Visit(service, reference=reference)
        with first.stream() as silent:
            phone = Phone(first.id, first.created["nonce"], json.loads(silent.recv(timeout=10)))
            silent.send(phone.message())
            silent.recv(timeout=10)
            clock.now += 14.9
            for _ in range(4):
                assert json.loads(silent.recv(timeout=10))["type"] == "guidance"
            with second.stream() as refused:
                assert codes_until_closed(refused) == (["overloaded"], 1013)
            clock.now += 0.2
            wait_for(lambda: lost_connections(first) == 1)
            with second.stream() as socket:
                assert json.loads(socket.recv(timeout=10))["type"] == "hello"


def test_frames_and_outcomes_are_counted(visit: Callable[..., Visit]) -> None:
    """An operator sees how many frames were analysed, and how long people wait for their outcome."""

    def counted(series: str) -> float:
        told = one.service.client("metrics:read").get("/metrics").text
        return next((float(line.rpartition(" ")[2]) for line in told.splitlines() if line.startswith(series + " ")), 0.0)

    one = visit()
    names = ('idverify_live_frames_total{kind="tracked"}', 'idverify_live_frames_total{kind="analysed"}')
    before = [counted(name) for name in (*names, "idverify_live_decision_seconds_count")]
    with one.stream() as socket:
        phone = one.film(socket)
    tracked, analysed, decided = (
        counted(name) - was for name, was in zip((*names, "idverify_live_decision_seconds_count"), before, strict=True)
    )
    assert phone.result is not None
    assert decided == 1
    assert analysed >= 4
    assert tracked > analysed


def test_two_connections_at_once_and_one_is_refused_with_a_code(visit: Callable[..., Visit]) -> None:
    """From two threads at one moment: one says hello, the other challenge_replayed."""
    one = visit()
    said: list[str] = []
    barrier = threading.Barrier(2)

    def connect_now() -> None:
        barrier.wait()
        with one.stream() as socket:
            first = json.loads(socket.recv(timeout=5))
            said.append(first.get("code", first["type"]))
            barrier.wait()

    threads = [threading.Thread(target=connect_now) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["challenge_replayed", "hello"]


@pytest.mark.parametrize("message", ["text", b"", b"\0" * 100, b"\0" * 299_000], ids=["text", "empty", "stump", "long"])
def test_what_is_no_frame_closes_the_connection_with_a_code(visit: Callable[..., Visit], message: str | bytes) -> None:
    """Text on the binary channel, nothing, a stump and noise; the session goes on from where it was."""
    one = visit()
    with one.stream() as socket:
        socket.recv(timeout=5)
        socket.send(message)
        assert codes_until_closed(socket) == (["frame_refused"], 1008)
    refused_and_nothing_lost(one)


def refused_and_nothing_lost(one: Visit) -> None:
    """The session is where it was, one event tells of the connection, no attempt was spent, and there is no token."""
    wait_for(lambda: lost_connections(one) == 1)
    assert (one.status()["status"], one.status()["attempts"], one.status()["decision"]) == ("started", 0, None)
    redeemed = one.backend.post(f"/v1/sessions/{one.id}/redeem", json={"code": "c" * 43, "verifier": VERIFIER})
    assert code_of(redeemed) == (409, "session_finished")


def test_a_frame_of_100_megabytes_is_not_even_received(visit: Callable[..., Visit]) -> None:
    """The connection closes at its header, whatever follows."""
    one = visit()
    with one.stream() as socket:
        socket.recv(timeout=5)
        with contextlib.suppress(ConnectionClosed, OSError):
            socket.send(b"\0" * 100_000_000)
        assert codes_until_closed(socket)[1] in {1009, 0}
    refused_and_nothing_lost(one)


def test_a_jpeg_bomb_closes_the_connection_with_a_code(visit: Callable[..., Visit]) -> None:
    """Well sealed, 60,000 pixels a side by its header, and never decoded."""
    one = visit()
    bomb = bytes.fromhex("ffd8ffc00011080ea60ea603012200021101031101") + b"\0" * 100 + b"\xff\xd9"
    with one.stream() as socket:
        phone = Phone(one.id, one.created["nonce"], json.loads(socket.recv(timeout=5)))
        socket.send(phone.message(bomb))
        assert codes_until_closed(socket)[0] == ["image_rejected"]
    refused_and_nothing_lost(one)


def test_a_client_that_vanishes_before_the_first_step_has_lost_nothing(visit: Callable[..., Visit]) -> None:
    """It comes back and is approved."""
    one = visit()
    with one.stream() as socket:
        socket.recv(timeout=5)
        socket.socket.shutdown(2)  # no goodbye
    wait_for(lambda: lost_connections(one) == 1)
    assert one.status()["attempts"] == 0
    with one.stream() as again:
        assert (one.film(again).result or {})["outcome"] == "approved"


def test_a_client_that_vanishes_after_the_first_step_may_come_back_once(visit: Callable[..., Visit]) -> None:
    """The attempt is spent, and the second loss ends it."""
    one = visit(profile="active")
    for times, expected in ((1, "started"), (2, "resubmission_requested")):
        with one.stream() as socket:
            one.film(socket, until="step")
        wait_for(lambda times=times: lost_connections(one) == times)
        assert (one.status()["status"], one.status()["attempts"]) == (expected, 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"token": "idvs_" + "A" * 43}, "session_not_found"),
        ({"token": "idvk_" + "A" * 43}, "unauthenticated"),
        ({"agent": "B" * 43}, "session_taken"),
    ],
)
def test_a_stranger_gets_no_stream(visit: Callable[..., Visit], given: dict[str, str], code: str) -> None:
    """Neither with another token, nor with a client key, nor from another user agent."""
    one = visit()
    with one.stream(**given) as socket:
        assert codes_until_closed(socket) == ([code], 1008)


def test_a_second_user_agent_cannot_begin_and_the_first_may_come_back(visit: Callable[..., Visit]) -> None:
    """The secret was given once."""
    one = visit()
    assert code_of(one.service.stranger(headers=one.person.headers).post(f"/v1/sessions/{one.id}/begin", json={})) == (
        409,
        "session_taken",
    )
    other = visit()
    begun = one.service.stranger(headers={"Authorization": f"Bearer {other.created['client_token']}"})
    answer = begun.post(f"/v1/sessions/{other.id}/begin", json={}, headers={"X-Session-Agent": other.agent})
    assert answer.status_code == 200
    assert answer.json()["agent"] is None


def test_every_place_taken_is_refused_with_try_again_later(
    make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory, samples: Path
) -> None:
    """A silent client holds one place of two, and costs nothing else."""
    reference = in_base64((samples / "obama2.jpg").read_bytes())
    with serving(make_parts(), tmp_path_factory.mktemp("small"), streams=1) as service:
        first, second = Visit(service, reference=reference), Visit(service, reference=reference)
        with first.stream() as held:
            held.recv(timeout=5)
            with second.stream() as refused:
                assert codes_until_closed(refused) == (["overloaded"], 1013)
        wait_for(lambda: lost_connections(first) == 1)
        with second.stream() as socket:
            assert json.loads(socket.recv(timeout=5))["type"] == "hello"


def test_backend_calls_answer_with_codes(visit: Callable[..., Visit]) -> None:
    """Another client's session, a cancelled one, and an idempotent creation."""
    one = visit()
    with one.service.client("sessions:create") as other:
        assert code_of(other.get(f"/v1/sessions/{one.id}")) == (404, "session_not_found")
    key = {"Idempotency-Key": "the-same-key"}
    asked = body(reference=in_base64(b"no picture"))
    assert code_of(one.backend.post("/v1/sessions", json=asked, headers=key))[0] == 422
    assert one.backend.delete(f"/v1/sessions/{one.id}").status_code == 204
    assert code_of(one.backend.delete(f"/v1/sessions/{one.id}")) == (409, "session_finished")
    assert code_of(one.backend.post(f"/v1/sessions/{one.id}/redeem", json={"code": "c" * 43, "verifier": VERIFIER})) == (
        409,
        "session_finished",
    )


def test_a_handover_over_http(visit: Callable[..., Visit]) -> None:
    """The second device streams only once its code was typed on the first."""
    one = visit()
    mine = {"X-Session-Agent": one.agent}
    offered = one.person.post(f"/v1/sessions/{one.id}/handover", headers=mine).json()["token"]
    with one.service.stranger(headers={"Authorization": f"Bearer {offered}"}) as second:
        opened = second.post(f"/v1/sessions/{one.id}/handover/open").raise_for_status().json()
    assert (opened["client_name"], opened["purpose"]) == ("test", PURPOSE)
    with one.stream(token=offered, agent=opened["agent"]) as socket:
        assert codes_until_closed(socket)[0] == ["session_not_found"]
    wrong = f"{(int(opened['code']) + 1) % 10**6:06d}"
    confirm = f"/v1/sessions/{one.id}/handover/confirm"
    assert code_of(one.person.post(confirm, json={"code": wrong}, headers=mine)) == (400, "invalid_input")
    assert one.person.post(confirm, json={"code": opened["code"]}, headers=mine).status_code == 204
    with one.stream(token=offered, agent=opened["agent"]) as socket:
        phone = one.film(socket)
    assert phone.result == {"type": "result", "outcome": "approved"}
    assert "code" in one.person.get(f"/v1/sessions/{one.id}/outcome", headers=mine).json()


def test_limits_of_a_subject_reach_the_client_as_a_code(
    make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory, samples: Path
) -> None:
    """After the last attempt of the day the stream says attempts_exhausted."""
    from .support import enrolment

    parts = make_parts(limits=Limits(client_subject=10, subject=20, window_seconds=3600, live_subject=1))
    with serving(parts, tmp_path_factory.mktemp("limited")) as service, service.client("subjects:write") as client:
        subject = client.post("/v1/subjects", json=enrolment((samples / "obama2.jpg").read_bytes(), "limited")).json()
        first = Visit(service, subject_id=subject["subject_id"])
        with first.stream() as socket:
            assert (first.film(socket).result or {})["outcome"] == "approved"
        second = Visit(service, subject_id=subject["subject_id"])
        with second.stream() as socket:
            assert codes_until_closed(socket)[0] == ["attempts_exhausted"]


def test_who_reloads_before_the_first_word_finds_the_session_free(visit: Callable[..., Visit]) -> None:
    """A connection that was gone before it was accepted holds no claim for half a minute."""
    one = visit()
    host, port = one.service.url.removeprefix("http://").split(":")
    for _ in range(3):
        with socket.create_connection((host, int(port))) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(
                f"GET /v1/sessions/{one.id}/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Authorization: Bearer {one.created['client_token']}\r\nX-Session-Agent: {one.agent}\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            time.sleep(0.002)
    time.sleep(1)
    with one.stream() as again:
        assert json.loads(again.recv(timeout=5))["type"] == "hello"


def test_a_handover_link_opened_in_the_browser_that_began_is_refused_and_costs_nothing(visit: Callable[..., Visit]) -> None:
    """Else its cookie would be replaced, and the browser would no longer be the one that began."""
    one = visit()
    mine = {"Cookie": f"idverify_{one.id}={one.agent}"}
    offered = one.person.post(f"/v1/sessions/{one.id}/handover", headers=mine).json()["token"]
    with one.service.stranger(headers={"Authorization": f"Bearer {offered}"}) as second:
        here = second.post(f"/v1/sessions/{one.id}/handover/open", headers=mine)
        assert code_of(here) == (409, "session_taken")
        assert "set-cookie" not in here.headers
        assert second.post(f"/v1/sessions/{one.id}/handover/open").status_code == 200


@pytest.mark.parametrize("fault", [RuntimeError, TimeoutError, OSError])
def test_a_fault_of_ours_is_never_taken_for_a_client_that_is_gone(
    visit: Callable[..., Visit], monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Whatever its type: the client hears of it, and the attempt is given back."""
    one = visit()

    def broken(*_args: object, **_rest: object) -> None:
        raise fault

    with one.stream() as socket:
        phone = one.film(socket, until="step")
        monkeypatch.setattr("idverify.ceremonies.live.receive", broken)
        socket.send(phone.message())
        assert codes_until_closed(socket) == (["internal"], 1013)
    assert (one.status()["status"], one.status()["attempts"]) == ("resubmission_requested", 0)
