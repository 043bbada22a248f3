"""What a caller can make the service hold: places, bytes, seconds."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from idverify.api import envelope, limits
from idverify.ceremonies import Parts

from .support import AUDIENCE, Running, asked, code_of, in_base64, serving


@pytest.fixture
def small(make_parts: Callable[..., Parts], tmp_path: Path) -> Iterator[Running]:
    """A service with one place for ceremonies, two for uploads, and little patience."""
    with serving(make_parts(), tmp_path, concurrency=1, uploads=2, in_flight=4, body_seconds=0.6) as running:
        yield running


def raw(service: Running, head: str, *pieces: bytes, wait: float = 0.0) -> bytes:
    """What comes back when these bytes are written, one piece after another."""
    address = service.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=15) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(wait)
        answer = b""
        while received := connection.recv(65536):
            answer += received
            if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                break
        return answer


def post_head(service: Running, *headers: str, path: str = "/v1/verifications") -> str:
    """The head of a POST with a good key."""
    _, key = service.new_key()
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", "Content-Type: application/json", *headers)
    return "\n".join(lines)


def test_more_requests_than_places_are_refused_not_queued(
    make_parts: Callable[..., Parts], tmp_path: Path, samples: Path
) -> None:
    """Of many at once some are answered and the others get 429 with Retry-After; none a 5xx, and none waits."""
    body = asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    with (
        serving(make_parts(), tmp_path, concurrency=1, uploads=64, in_flight=64) as service,
        service.client("verifications:create") as client,
        ThreadPoolExecutor(12) as pool,
    ):
        answers = list(pool.map(lambda _: client.post("/v1/verifications", json=body), range(36)))
        after = client.post("/v1/verifications", json=body)
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {code_of(answer) for answer in refused} == {(429, "overloaded")}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert after.status_code == 200


def test_a_full_house_still_answers_probes(small: Running) -> None:
    """/healthz and /readyz answer while every place of the house is taken; other calls are refused."""
    held = [small.app.state.service.in_flight.take() for _ in range(4)]
    try:
        with small.stranger() as client:
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 200
            assert code_of(client.get("/.well-known/jwks.json")) == (429, "overloaded")
    finally:
        for _ in held:
            small.app.state.service.in_flight.give_back()


def test_a_chunked_body_bomb_is_cut_off(small: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that never says how long it is ends at the limit, with 413, whatever the caller goes on sending."""
    monkeypatch.setattr(envelope, "DRAIN_SECONDS", 0.2)
    chunk = b"100000\r\n" + b"A" * 0x100000 + b"\r\n"
    pieces = (limits.TWO_IMAGE_BODY // 0x100000 + 8) * [chunk]
    answer = raw(small, post_head(small, "Transfer-Encoding: chunked"), *pieces)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b'"too_large"' in answer


def test_a_body_announced_too_large_is_refused_before_it_comes(small: Running) -> None:
    """Content-Length beyond the limit is refused at once; with Expect: 100-continue nothing is asked for."""
    head = post_head(small, "Content-Length: 99999999", "Expect: 100-continue")
    began = time.monotonic()
    answer = raw(small, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - began < 0.5


def test_a_body_that_trickles_is_not_waited_for(small: Running) -> None:
    """A body that does not arrive in time is 408, and its place is free again."""
    for _ in range(3):  # more often than there are places for uploads
        answer = raw(small, post_head(small, "Content-Length: 1000"), *(10 * [b"{"]), wait=0.12)
        assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
        assert b'"request_timeout"' in answer


def test_uploads_are_bounded_too(small: Running) -> None:
    """While every upload place is held by bodies that do not come, another one is refused at once."""
    held = [small.app.state.service.uploads.take() for _ in range(2)]
    try:
        with small.client() as client:
            for path in ("/v1/subjects", "/v1/verifications"):
                assert code_of(client.post(path, json={})) == (429, "overloaded")
    finally:
        for _ in held:
            small.app.state.service.uploads.give_back()


def test_strangers_whose_bodies_do_not_come_hold_no_place(small: Running) -> None:
    """While the answers to more keyless callers than there are places wait for their bodies, everyone else is served."""
    host, port = small.url.removeprefix("http://").split(":")
    with ExitStack() as stalled:
        for _ in range(8):
            caller = stalled.enter_context(socket.create_connection((host, int(port)), timeout=30))
            caller.sendall(b"POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        time.sleep(0.2)  # all of them are being refused; envelope.DRAIN_SECONDS has not passed
        with small.stranger() as client:
            assert client.get("/.well-known/jwks.json").status_code == 200
        assert caller.recv(100).startswith(b"HTTP/1.1 401")


def test_a_connection_that_says_nothing_is_closed(small: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither silence nor half a head keeps a connection open, the first request's nor a later one's."""
    monkeypatch.setattr("idverify.api.connection.HEAD_SECONDS", 0.3)
    host, port = small.url.removeprefix("http://").split(":")
    for said in (b"", b"GET /healthz HTTP/1.1\r\nHost:"):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(said)
            assert connection.recv(100) == b""
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b'"alive"}'):
            answer += connection.recv(4096)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        assert connection.recv(100) == b""


def test_a_stranger_cannot_make_us_read_a_body(small: Running) -> None:
    """Without a good key the answer comes before the body is read as a request."""
    head = f"POST /v1/verifications HTTP/1.1\nHost: x\nAuthorization: Bearer idvk_{'A' * 43}\nContent-Length: 5000000\nExpect: 100-continue"
    answer = raw(small, head)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data; boundary=x", "image/jpeg", ""])
def test_only_json_is_read(small: Running, media_type: str) -> None:
    """Another media type is refused by name, so that no form or upload parser is ever reached."""
    with small.client() as client:
        answer = client.post("/v1/tokens/introspect", content=b"{}", headers={"Content-Type": media_type})
    assert code_of(answer) == (415, "unsupported_media_type")


def test_json_with_a_charset_parameter_is_json(small: Running) -> None:
    """A parameter of the media type does no harm."""
    body = json.dumps({"token": "x", "audience": AUDIENCE})
    with small.client() as client:
        answer = client.post("/v1/tokens/introspect", content=body, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.json() == {"active": False, "code": "token_malformed"}


def test_a_caller_who_hangs_up_keeps_no_place(small: Running, samples: Path) -> None:
    """Callers that leave in the middle of a body or of a ceremony leave their places behind."""
    body = json.dumps(asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes())))
    host, port = small.url.removeprefix("http://").split(":")
    for sent in (body[:1000], body) * 3:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            head = post_head(small, f"Content-Length: {len(body)}").replace("\n", "\r\n").encode()
            connection.sendall(head + b"\r\n\r\n" + sent.encode())
    deadline = time.monotonic() + 5
    with small.client() as client:
        while (
            answer := client.post("/v1/verifications", content=body, headers={"Content-Type": "application/json"})
        ).status_code:
            if answer.status_code == 200 or time.monotonic() > deadline:
                break
            time.sleep(0.1)
    assert answer.status_code == 200
