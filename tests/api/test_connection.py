"""What one connection of a stranger can cost: heads without an end, answers that nobody takes, requests by the thousand."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from idverify.api.connection import HEAD_BYTES, HEADERS, PIPELINED
from idverify.ceremonies import Parts

from .support import Running, serving
from .test_server import captured

GET = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
START = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def tight(make_parts: Callable[..., Parts], tmp_path: Path) -> Iterator[Running]:
    """A service with four places for requests."""
    with serving(make_parts(), tmp_path, concurrency=1, in_flight=4) as running:
        yield running


def connected(service: Running, *, receive_buffer: int | None = None) -> socket.socket:
    """A connection to the service."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(10)
    connection.connect((host, int(port)))
    return connection


def received(connection: socket.socket) -> bytes:
    """Everything until the service closes the connection, one way or the other."""
    parts = []
    with suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            parts.append(piece)
    return b"".join(parts)


@pytest.fixture
def slow_readers(tight: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Twice as many callers as there are places, who ask for far more than the kernel buffers and read none of it."""
    monkeypatch.setattr("idverify.api.connection.PIPELINED", 1000)
    with ExitStack() as stack:
        callers = [stack.enter_context(connected(tight, receive_buffer=4096)) for _ in range(8)]
        for caller in callers:
            caller.sendall(100 * GET)
        time.sleep(0.5)
        yield callers


def test_callers_who_do_not_read_hold_no_place(tight: Running, slow_readers: list[socket.socket]) -> None:
    """While they wait for nobody but themselves, everyone else is served."""
    with tight.stranger() as client:
        assert client.get("/.well-known/jwks.json").status_code == 200


def test_answers_that_nobody_takes_end_the_connection(tight: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the connection is dropped with what waits on it, and the log takes it for what it is: no bug of ours."""
    monkeypatch.setattr("idverify.api.connection.PIPELINED", 1000)
    monkeypatch.setattr("idverify.api.connection.TAKE_SECONDS", 0.3)
    with captured() as log, tight.stranger() as client, connected(tight, receive_buffer=4096) as caller:
        whole = len(client.get("/openapi.json").content)
        caller.sendall(100 * GET)
        time.sleep(1.0)
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        assert len(received(caller)) < 50 * whole
    assert {line["event"] for line in lines} == {"request"}
    assert max(line["ms"] for line in lines) > 250  # the one that waited for the caller ended, though nothing was read


def test_whoever_reads_slowly_gets_everything(tight: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is for a caller who takes nothing at all: many answers, taken little by little, arrive whole."""
    monkeypatch.setattr("idverify.api.connection.TAKE_SECONDS", 0.5)
    answers = b""
    began = time.monotonic()
    with connected(tight, receive_buffer=1 << 16) as caller:
        caller.sendall(59 * GET + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        while piece := caller.recv(1 << 16):
            answers += piece
            time.sleep(0.004)
    assert answers.count(b"HTTP/1.1 200 OK") == 60
    assert time.monotonic() - began > 1.0


@pytest.mark.parametrize(
    ("start", "more"),
    [(START + b"A: ", b"b" * 65536), (b"GET /", b"b" * 65536), (START, b"A: b\r\n" * 1000)],
    ids=["a header without an end", "a path without an end", "headers without an end"],
)
def test_a_head_without_an_end_is_refused(tight: Running, start: bytes, more: bytes) -> None:
    """The connection is closed before much of it was sent, on a second request as on the first."""
    for before in (b"", START + b"\r\n"):
        with connected(tight) as caller:
            caller.sendall(before)
            if before:
                assert caller.recv(4096).startswith(b"HTTP/1.1 200")
            caller.sendall(start)
            sent = 0
            with suppress(ConnectionError):
                while sent < 24 * 2**20:
                    caller.sendall(more)
                    sent += len(more)
            assert sent < 16 * 2**20  # what the kernel's buffers hold is not the service's


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (START + b"A: " + b"b" * HEAD_BYTES, b"431"),
        (START + b"A: " + b"b" * (HEAD_BYTES - 100), b"200"),
        (START + b"A: b\r\n" * HEADERS, b"400"),
        (START + b"A: b\r\n" * (HEADERS - 2) + b"A: b", b"200"),
    ],
    ids=["too long", "long", "too many headers", "many headers"],
)
def test_the_bounds_of_a_head(tight: Running, head: bytes, status: bytes) -> None:
    """What is just within is served, what is just beyond is refused."""
    with connected(tight) as caller:
        caller.sendall(head + b"\r\n\r\n")
        assert caller.recv(4096).startswith(b"HTTP/1.1 " + status)


def test_a_body_does_not_count_as_head(tight: Running) -> None:
    """A body of many times the bound arrives, and the head after it has the whole bound again."""
    _, key = tight.new_key()
    body = b"[" + b" " * (12 * HEAD_BYTES)
    head = f"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    with connected(tight) as caller:
        caller.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert caller.recv(4096).startswith(b"HTTP/1.1 400")
        caller.sendall(START + b"A: " + b"b" * (HEAD_BYTES - 100) + b"\r\n\r\n")
        assert caller.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_flood_of_requests_on_one_connection_is_refused(tight: Running) -> None:
    """Thousands of requests in one write are not kept waiting behind each other; a few are answered."""
    request = b"GET /healthz HTTP/1.1\r\n\r\n"
    with connected(tight) as caller:
        caller.sendall(2 * PIPELINED * request)
        assert received(caller).count(b"200 OK") < 2 * PIPELINED
    with connected(tight) as caller:
        caller.sendall(5 * request + b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert received(caller).count(b"200 OK") == 6


def test_a_stranger_who_pings_and_never_reads_costs_no_memory_and_is_cut_off(tight: Running) -> None:
    """Each ping brings a pong. Before any session: the upgrade alone is enough."""
    upgrade = (
        b"GET /v1/sessions/ses_00/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    ping = b"\x89\xfd\0\0\0\0" + b"x" * 125
    with connected(tight, receive_buffer=4096) as caller:
        caller.sendall(upgrade)
        time.sleep(0.3)
        caller.settimeout(2)
        sent, began = 0, time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < 8 and sent < 100_000_000:
                sent += caller.send(1000 * ping)
        assert sent < 20_000_000
