"""One request to a webhook's URL: where it goes, how long it may take, how much is read. Real sockets throughout."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idverify.api import outbound
from idverify.api.outbound import LARGEST_ANSWER, Answer, post
from idverify.ceremonies.webhook_address import target_of

from .receivers import receiving

HEADERS = {"webhook-id": "dlv_1", "Content-Type": "application/json"}


def sent(url: str, **rest: object) -> Answer:
    """Post something there, as while developing."""
    return post(target_of(url, dev=True), b'{"a":1}', HEADERS, **rest)  # type: ignore[arg-type]


def test_a_message_arrives_whole_and_its_answer_is_the_status() -> None:
    """Method, path with query, headers, body; nothing of the environment's; the host with its port."""
    with receiving() as receiver:
        answer = sent(f"http://127.0.0.1:{receiver.port}/hook?key=1%202")
    assert answer == Answer(204, "status_204")
    assert answer.accepted
    (came,) = receiver.received
    assert (came.path, came.body) == ("/hook?key=1%202", b'{"a":1}')
    assert came.headers["webhook-id"] == "dlv_1"
    assert came.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert came.headers["content-length"] == "7"


@pytest.mark.parametrize("status", [200, 202, 299, 301, 302, 307, 308, 400, 401, 410, 429, 500, 503])
def test_only_a_2xx_is_acceptance_and_no_redirect_is_followed(status: int) -> None:
    """The second address would be one that nobody judged."""
    with receiving() as receiver:
        receiver.answer = lambda _: status
        answer = sent(f"http://127.0.0.1:{receiver.port}/")
    assert answer == Answer(status, f"status_{status}")
    assert answer.accepted == (200 <= status < 300)
    assert [came.path for came in receiver.received] == ["/"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, where nobody judges."""
    with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert sent(f"http://127.0.0.1:{receiver.port}/").accepted
    assert not proxy.received


def test_in_production_nothing_is_sent_to_this_machine_whatever_its_name() -> None:
    """`localhost` is a name like any other; no connection is even made."""
    with receiving() as receiver:
        answer = post(target_of(f"https://localhost:{receiver.port}/", dev=False), b"", HEADERS)
    assert answer == Answer(None, "address_refused")
    assert not receiver.received


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """From now on the name `hotel.example` has these addresses, each time the next ones; returns the names asked for."""
    real, asked = socket.getaddrinfo, []

    def resolve(host: str, port: int, *rest: object, **more: object) -> list[tuple[object, ...]]:
        if host != "hotel.example" or more.get("flags") == socket.AI_NUMERICHOST:
            return real(host, port, *rest, **more)  # type: ignore[arg-type]
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        if not found:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    "others", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["1.1.1.1", "169.254.169.254"]]
)
def test_one_address_that_is_not_public_spoils_the_name(monkeypatch: pytest.MonkeyPatch, others: list[str]) -> None:
    """A name of which one address is inside is a name that was made for it."""
    with receiving() as receiver:
        resolving(monkeypatch, others)
        target = target_of(f"https://hotel.example:{receiver.port}/", dev=False)
        assert post(target, b"", HEADERS, seconds=1) == Answer(None, "address_refused")
    assert not receiver.received


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name is asked once, and the connection goes to the address that was judged."""
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    asked = resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "create_connection", connect)
    assert post(target_of("https://hotel.example/", dev=False), b"", HEADERS) == Answer(None, "unreachable")
    assert connected == [("93.184.216.34", 443)]
    assert len(asked) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of `localhost`, by name alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_tls_is_for_the_name_and_to_authorities_that_are_trusted(certificate: Path) -> None:
    """The name is sent (SNI) and must be the certificate's: not its address, not without trust, not over TLS 1.1."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    names: list[str | None] = []
    serving.sni_callback = lambda _socket, name, _context: names.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with receiving(tls=serving) as receiver:
        answer = sent(f"https://localhost:{receiver.port}/", tls=trusting)
        by_address = sent(f"https://127.0.0.1:{receiver.port}/", tls=trusting)
        untrusted = sent(f"https://localhost:{receiver.port}/")
    assert answer.accepted
    assert names[0] == "localhost"
    assert by_address == untrusted == Answer(None, "tls_refused")
    assert [came.headers["host"] for came in receiver.received] == [f"localhost:{receiver.port}"]


@contextmanager
def saying(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that reads a request's beginning and then does what it is told; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                try:
                    speak(connection)
                except OSError:
                    return  # the other end hung up, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def drip(connection: socket.socket) -> None:
    """One byte now and then, so that no single read ever times out."""
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    """The same after a good beginning."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


def keep_silent(connection: socket.socket) -> None:
    """Not a byte until the other end hangs up."""
    connection.settimeout(5)
    while connection.recv(4096):
        pass


@pytest.mark.parametrize("speak", [drip, drip_headers, keep_silent])
def test_the_time_is_bounded_for_the_whole_and_not_for_each_read(speak: Callable[[socket.socket], None]) -> None:
    """A receiver that dribbles is cut off like one that says nothing."""
    begun = time.monotonic()
    with saying(speak) as port:
        answer = sent(f"http://127.0.0.1:{port}/", seconds=0.4)
        took = time.monotonic() - begun
    assert answer == Answer(None, "too_slow")
    assert took < 1.5


def endless(connection: socket.socket) -> None:
    """Headers for ever, as fast as they go."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: " + b"y" * 60_000 + b"\r\n")


def endless_interim(connection: socket.socket) -> None:
    """Promises of an answer, without end."""
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def nonsense(connection: socket.socket) -> None:
    """Another protocol."""
    connection.sendall(b"220 mail.example ESMTP\r\n")


def nothing(_connection: socket.socket) -> None:
    """Hang up."""


def too_many_headers(connection: socket.socket) -> None:
    """Short ones."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n")


@pytest.mark.parametrize("speak", [endless, endless_interim, nonsense, nothing, too_many_headers])
def test_what_is_no_bounded_http_answer_is_no_acceptance(speak: Callable[[socket.socket], None]) -> None:
    """Nothing is raised, nothing is collected, and it is over at once."""
    with saying(speak) as port:
        begun = time.monotonic()
        answer = sent(f"http://127.0.0.1:{port}/", seconds=5)
    assert answer.cause in {"not_http", "unreachable"}
    assert time.monotonic() - begun < 3


def test_a_large_body_of_an_answer_is_not_waited_for() -> None:
    """The status counts; a receiver that sends a film is hung up on."""

    def film(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            connection.sendall(b"y" * LARGEST_ANSWER)

    with saying(film) as port:
        assert sent(f"http://127.0.0.1:{port}/").accepted


def test_a_name_that_leads_nowhere_is_a_cause_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver may be back tomorrow."""
    resolving(monkeypatch, [])
    assert post(target_of("https://hotel.example/", dev=False), b"", HEADERS) == Answer(None, "name_unknown")


def test_a_closed_port_is_unreachable_and_a_second_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two judged addresses the one that answers is taken."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert sent(f"http://127.0.0.1:{port}/") == Answer(None, "unreachable")
    with receiving() as receiver:
        monkeypatch.setattr(outbound, "addresses_of", lambda *_: ["127.0.0.2", "127.0.0.1"])
        assert sent(f"http://localhost:{receiver.port}/").accepted
