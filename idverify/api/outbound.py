"""One HTTP request to a webhook's URL, bounded in every way: where it goes, how long it takes, how much is read.

The name is resolved once; every address is judged, and the connection is made to one of those that were, so that a name
which answers differently the second time gains nothing. The certificate must be the name's. Redirects are not followed,
proxies of the environment are not used, and of the answer only the status is looked at.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from idverify.ceremonies.webhook_address import Target, addresses_of

SECONDS = 10.0
"""From the first connection to the end of the answer's headers. A look-up of the name is bounded by the resolver's patience."""

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read before it counts as none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request. status: of the answer, None when there was none. cause: of that, a word for the log."""

    status: int | None
    cause: str

    @property
    def accepted(self) -> bool:
        """Whether the receiver said that it has the message."""
        return self.status is not None and 200 <= self.status < 300


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float = SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send the body, and say what came of it. Never raises for what a receiver, a resolver or a network does.

    tls: whom to trust; the system's authorities when None.
    """
    try:
        addresses = addresses_of(target.host, target.port)
        if not all(target.permits(address) for address in addresses):
            return Answer(None, "address_refused")
        until = time.monotonic() + seconds
        status = _exchange(_connected(target, addresses, until, tls), target, body, headers, until)
    except (socket.gaierror, UnicodeError):
        return Answer(None, "name_unknown")
    except TimeoutError:
        return Answer(None, "too_slow")
    except ssl.SSLError:
        return Answer(None, "tls_refused")
    except http.client.HTTPException:
        return Answer(None, "not_http")
    except OSError:
        return Answer(None, "unreachable")
    return Answer(status, f"status_{status}")


def _connected(target: Target, addresses: list[str], until: float, tls: ssl.SSLContext | None) -> socket.socket:
    """A connection to the first address that answers; with TLS, to the holder of a certificate for the name."""
    connection = _first_that_answers(addresses, target.port, until)
    if not target.https:
        return connection
    try:
        connection.settimeout(_left(until))
        return (tls or _system_trust()).wrap_socket(connection, server_hostname=target.host.removesuffix("."))
    except BaseException:
        connection.close()
        raise


def _first_that_answers(addresses: list[str], port: int, until: float) -> socket.socket:
    failure = OSError("the name has no address")
    for position, address in enumerate(addresses):
        try:
            # Its share of the time that is left, so that a dead first address leaves some to the second.
            return socket.create_connection((address, port), _left(until) / (len(addresses) - position))
        except OSError as error:
            failure = error
    raise failure


def _exchange(connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], until: float) -> int:
    with connection:
        connection.settimeout(_left(until))
        spoken = http.client.HTTPConnection(target.host, target.port)
        if target.https:
            spoken.default_port = http.client.HTTPS_PORT  # the port is named in Host only where it is another
        spoken.sock = connection
        spoken.request("POST", target.path, body, {"Connection": "close", **headers})
        answer = http.client.HTTPResponse(_Bounded(connection, until), method="POST")  # type: ignore[arg-type]
        answer.begin()
        return answer.status


class _Bounded(io.RawIOBase):
    """Reading from a connection until a moment and up to a size, whatever the pace at which bytes come."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._size = 0

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As http.client wants a socket to have it."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read once. Raises TimeoutError past the moment, HTTPException past the size, OSError."""
        self._connection.settimeout(_left(self._until))
        count = self._connection.recv_into(buffer)
        self._size += count
        if self._size > LARGEST_ANSWER:
            raise http.client.HTTPException
        return count


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()
