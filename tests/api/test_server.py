"""The process: TLS, proxies, what it refuses to listen on, how it stops, what it logs."""

import datetime
import io
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idverify.api.server import LOGGERS, Listening, log_to, require_safe, server_for
from idverify.ceremonies import Parts
from idverify.errors import ConfigurationInvalid

from .support import Running, asked, code_of, enrolment, in_base64, serving


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return tmp_path / "cert.pem", tmp_path / "key.pem"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_tls_is_spoken_with_the_certificate_given(
    make_parts: Callable[..., Parts], tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    """HTTPS works for a caller who trusts the certificate, asks for HTTPS from then on, and refuses TLS 1.1."""
    listening = Listening("127.0.0.1", 0, *certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with serving(make_parts(), tmp_path, listening=listening, require_tls=True) as service:
        answer = httpx.get(f"{service.url}/.well-known/jwks.json", verify=trusting, trust_env=False)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/healthz", verify=old, trust_env=False)


def test_an_unusable_certificate_stops_the_start(make_parts: Callable[..., Parts], tmp_path: Path) -> None:
    """A file that is no certificate is a configuration error, not a traceback."""
    (tmp_path / "cert.pem").write_text("not a certificate")
    with pytest.raises(ConfigurationInvalid, match="--tls-cert"):
        server_for(None, Listening("127.0.0.1", 0, tmp_path / "cert.pem", tmp_path / "cert.pem"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listening", "dev"),
    [
        (Listening("0.0.0.0", 8000), False),
        (Listening("192.0.2.1", 8000), False),
        (Listening("0.0.0.0", 8000), True),
        (Listening("0.0.0.0", 8000, Path("c"), Path("k")), True),
        (Listening("127.0.0.1", 8000, Path("c"), None), False),
        *[
            (Listening("0.0.0.0", 8000, trusted_proxies=trusted), False)
            for trusted in (
                "*",
                "0.0.0.0/0",
                "::/0",
                "10.0.0.7, 0.0.0.0/0",
                "0.0.0.0/1,128.0.0.0/1",
                "proxy",
                "10.0.0.7/24",
                " ",
            )
        ],
    ],
    ids=lambda value: str(getattr(value, "trusted_proxies", "") or getattr(value, "host", value)),
)
def test_an_unsafe_address_is_refused(listening: Listening, dev: bool) -> None:
    """Plain HTTP beyond loopback, dev beyond loopback, half a key pair and trust in everyone stop the start."""
    with pytest.raises(ConfigurationInvalid):
        require_safe(listening, dev=dev)


@pytest.mark.parametrize(
    ("listening", "dev"),
    [
        (Listening("127.0.0.1", 8000), True),
        (Listening("::1", 8000), False),
        (Listening("0.0.0.0", 443, Path("c"), Path("k")), False),
        (Listening("0.0.0.0", 8000, trusted_proxies="10.0.0.7"), False),
        (Listening("0.0.0.0", 8000, trusted_proxies="10.0.0.0/8, fd00::7"), False),
    ],
)
def test_a_safe_address_is_not(listening: Listening, dev: bool) -> None:
    """Loopback, TLS, and named proxies are what a service may listen on or behind."""
    require_safe(listening, dev=dev)


@pytest.mark.parametrize(("trusted", "believed"), [("", False), ("192.0.2.7", False), ("127.0.0.1", True)])
def test_forwarding_headers_are_believed_from_named_proxies_only(
    make_parts: Callable[..., Parts], tmp_path: Path, trusted: str, believed: bool
) -> None:
    """`X-Forwarded-Proto: https` makes a request pass for TLS only when the proxy that sends it is named by the setting."""
    listening = Listening("127.0.0.1", 0, trusted_proxies=trusted)
    with serving(make_parts(), tmp_path, listening=listening, require_tls=True) as service, service.stranger() as client:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        answer = client.get("/.well-known/jwks.json", headers=forwarded)
        plain = client.get("/.well-known/jwks.json")
        probe = client.get("/healthz")
    assert (answer.status_code == 200) is believed
    assert ("Strict-Transport-Security" in answer.headers) is believed
    assert code_of(plain) == (403, "insecure_transport")
    assert probe.status_code == 200


def test_stopping_lets_a_running_request_end(make_parts: Callable[..., Parts], tmp_path: Path, samples: Path) -> None:
    """A verification that runs when the service is told to stop is answered, then the port is closed, and the head written."""
    body = asked((samples / "obama3.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    answers: list[httpx.Response] = []
    with serving(make_parts(), tmp_path, concurrency=1, head_seconds=3600) as service, service.client() as client:
        caller = threading.Thread(target=lambda: answers.append(client.post("/v1/verifications", json=body)))
        caller.start()
        gauge = service.app.state.service.metrics
        deadline = time.monotonic() + 5
        while b"idverify_ceremonies_running 1.0" not in gauge.exposition() and time.monotonic() < deadline:
            time.sleep(0.001)
        written = (tmp_path / "audit-head.jws").read_text()
        service.stop()
        caller.join(10)
        with service.stranger() as late, pytest.raises(httpx.ConnectError):
            late.get("/healthz")
    assert answers[0].json()["decision"] == "accepted"
    assert (tmp_path / "audit-head.jws").read_text() != written


def test_nobody_who_has_had_an_answer_keeps_the_service_from_stopping(
    make_parts: Callable[..., Parts], tmp_path: Path, certificate: tuple[Path, Path], samples: Path
) -> None:
    """Over TLS callers ought to end their side too. Who keeps a connection for later, has said nothing yet, or leaves the end of a
    WebSocket unanswered does not: the service waits for none of them, and a request that runs is answered nevertheless.
    """
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    body = asked((samples / "obama3.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    listening, answers = Listening("127.0.0.1", 0, *certificate), []
    with serving(make_parts(), tmp_path, listening=listening, require_tls=True) as service, ExitStack() as stack:
        _, key = service.new_key()

        def connected(said: bytes) -> ssl.SSLSocket:
            plain = socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=10)
            caller = stack.enter_context(trusting.wrap_socket(plain, server_hostname="127.0.0.1"))
            caller.sendall(said)
            return caller

        assert connected(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").recv(1 << 16).startswith(b"HTTP/1.1 200")
        connected(b"")
        upgrade = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        stream = b"GET /v1/sessions/ses_1/stream HTTP/1.1\r\n" + upgrade + b"Sec-WebSocket-Key: " + b"A" * 22 + b"==\r\n\r\n"
        assert connected(stream).recv(1 << 16).startswith(b"HTTP/1.1 101")

        def verify() -> None:
            headers = {"Authorization": f"Bearer {key}"}
            answers.append(
                httpx.post(f"{service.url}/v1/verifications", json=body, headers=headers, verify=trusting, trust_env=False)
            )

        running = threading.Thread(target=verify)
        running.start()
        deadline = time.monotonic() + 5
        while b"idverify_ceremonies_running 1.0" not in service.app.state.service.metrics.exposition():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        began = time.monotonic()
        service.stop()
        took = time.monotonic() - began
        running.join(10)
    assert took < 8, "uvicorn and the event loop would wait for thirty seconds"
    assert answers[0].json()["decision"] == "accepted"


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """Everything that idverify and uvicorn log, as a file would get it."""
    stream = io.StringIO()
    before = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate) for name in LOGGERS}
    log_to(stream)
    try:
        yield stream
    finally:
        for name, (handlers, propagate) in before.items():
            logging.getLogger(name).handlers, logging.getLogger(name).propagate = handlers, propagate


def test_logs_hold_one_line_a_request_and_nothing_personal(
    make_parts: Callable[..., Parts], tmp_path: Path, samples: Path
) -> None:
    """After good, bad and failing calls no name, number, identifier, id, key, photograph or address is in the log."""
    portrait = (samples / "obama.jpg").read_bytes()
    parts = make_parts()
    with captured() as log, serving(parts, tmp_path) as service, service.client() as client:
        subject_id = client.post("/v1/subjects", json=enrolment(portrait, "citizen-4711")).json()["subject_id"]
        client.post("/v1/subjects", json=enrolment(portrait, "citizen-4711"))
        client.post("/v1/subjects", json={**enrolment(portrait, "citizen-4711"), "claims": {"Jane Specimen": 1}})
        client.post("/v1/verifications", json=asked((samples / "obama2.jpg").read_bytes(), subject_id=subject_id))
        client.get(f"/v1/subjects/{subject_id}?name=Jane%20Specimen")
        client.get("/v1/citizen-4711")
        key = client.headers["Authorization"].removeprefix("Bearer ")
        parts.store.close()
        request_id = client.delete(f"/v1/subjects/{subject_id}").headers["X-Request-Id"]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 7
    assert all(set(line) >= {"request_id", "method", "route", "status", "code", "ms"} for line in requests)
    assert [line["request_id"] for line in requests][-1] == request_id
    personal = (
        "Jane",
        "Specimen",
        "X1234567",
        "4711",
        subject_id,
        "sub_",
        "cli_",
        key,
        "idvk_",
        in_base64(portrait)[:40],
        "127.0.0",
    )
    assert [word for word in personal if word in log.getvalue()] == []


def test_an_exception_that_nobody_fetched_is_logged_without_its_message() -> None:
    """What asyncio says of a lost exception quotes it; the log keeps the first line and the type."""
    context = "Future exception was never retrieved\nfuture: <Future exception=RuntimeError('Jane Specimen')>"
    with captured() as log:
        logging.getLogger("asyncio").error(context, exc_info=(RuntimeError, RuntimeError("Jane Specimen"), None))
    line = json.loads(log.getvalue())
    assert (line["event"], line["error"]) == ("Future exception was never retrieved", "RuntimeError")
    assert "Jane" not in log.getvalue()


def test_an_unforeseen_exception_is_a_500_that_quotes_nothing(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug's message may quote its input: neither the answer nor the log repeats it, and both carry the request id."""
    with captured() as log, serving(make_parts(), tmp_path) as service, service.stranger() as client:

        def broken() -> None:
            raise RuntimeError("Jane Specimen")

        monkeypatch.setattr(service.app.state.service, "readiness", broken)
        answer = client.get("/readyz")
    assert code_of(answer) == (500, "internal")
    assert "Jane" not in answer.text + log.getvalue()
    (line,) = [json.loads(line) for line in log.getvalue().splitlines() if "unforeseen" in line]
    assert (line["error"], line["request_id"]) == ("RuntimeError", answer.json()["request_id"])
    assert any(place.startswith("test_server.py:") for place in line["at"])


def test_every_answer_carries_the_security_headers(service: Running) -> None:
    """Good and bad answers alike; and the server does not say what it is."""
    with service.stranger() as client:
        for path in ("/healthz", "/nothing", "/docs", "/v1/subjects/x"):
            headers = client.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["Cache-Control"]
            assert "Server" not in headers
