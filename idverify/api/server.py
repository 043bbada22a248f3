"""Running the app: uvicorn with bounds on connections and shutdown, and logs of one JSON object a line."""

import asyncio
import ipaddress
import json
import logging
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from idverify.api.connection import BoundedHttp, BoundedWebSocket
from idverify.errors import ConfigurationInvalid, Fault
from idverify.sessions.envelope import HEADER_BYTES, MAX_FRAME_BYTES

KEEP_ALIVE_SECONDS = 15
PING_SECONDS = 10
SHUTDOWN_SECONDS = 30
START_SECONDS = 20
CONNECTIONS = 1024
BACKLOG = 256
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LOGGERS = ("idverify", "uvicorn", "uvicorn.error", "asyncio")
_FACTS = ("request_id", "method", "route", "status", "code", "ms", "detail", "error", "at")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how to listen. port 0: any free one. trusted_proxies: addresses whose forwarding headers are believed."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: str = ""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOOPBACK

    @property
    def tls(self) -> bool:
        """Whether this process speaks TLS itself."""
        return self.tls_cert is not None


def require_safe(listening: Listening, *, dev: bool) -> None:
    """Raises ConfigurationInvalid for an address that this environment must not listen on."""
    if (listening.tls_cert is None) != (listening.tls_key is None):
        raise ConfigurationInvalid("give --tls-cert and --tls-key together")
    if dev and not listening.loopback:
        raise ConfigurationInvalid("--dev listens on loopback only: its keys and tokens are for trying things out")
    if listening.trusted_proxies and not all(_names_few(entry) for entry in listening.trusted_proxies.split(",")):
        raise ConfigurationInvalid(
            "IDVERIFY_TRUSTED_PROXIES must name addresses, or networks no wider than /8: believing everyone is believing nobody"
        )
    if not (dev or listening.loopback or listening.tls or listening.trusted_proxies):
        raise ConfigurationInvalid(
            "photographs would cross the network in the clear: give --tls-cert and --tls-key, "
            "or name the proxies that speak TLS in IDVERIFY_TRUSTED_PROXIES"
        )


def _names_few(entry: str) -> bool:
    """Whether this is an address, or a network that is not a large part of the world."""
    try:
        return ipaddress.ip_network(entry.strip()).prefixlen >= 8
    except ValueError:
        return False


class JsonLines(logging.Formatter):
    """One JSON object a line. Of an exception only its type is told: a message could quote what a caller sent."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts = {name: getattr(record, name) for name in _FACTS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            facts["error"] = record.exc_info[0].__name__
        line = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname.lower()}
        # One line only: what asyncio adds below it shows exceptions with their messages.
        event = record.getMessage().partition("\n")[0]
        return json.dumps({**line, "event": event, **facts}, ensure_ascii=False)


def log_to(stream: Any = None) -> None:
    """Send the logs of idverify, uvicorn and asyncio to standard error, or to `stream`, as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO if name == "idverify" else logging.WARNING)
        logger.handlers = [handler]
        logger.propagate = False


def listen(listening: Listening) -> socket.socket:
    """A bound socket. Raises ConfigurationInvalid when the address cannot be had."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family, backlog=BACKLOG)
    except OSError as error:
        where = f"{listening.host} port {listening.port}"
        raise ConfigurationInvalid(f"cannot listen on {where}: {error.strerror or type(error).__name__}") from error


def run(server: uvicorn.Server, listening_on: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests end. An interrupt is raised on as KeyboardInterrupt.

    uvicorn sends itself the signal again when it is done; for SIGTERM that would end the process before it has tidied up.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        server.run(sockets=[listening_on])
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def in_background(server: uvicorn.Server, listening_on: socket.socket) -> Iterator[Callable[[], None]]:
    """Serve from a thread of this process for the length of a block, which is handed what ends it earlier. Raises Fault."""

    def serve() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:  # the loop that `server.run` takes
            runner.run(server.serve([listening_on]))

    def stop() -> None:
        server.should_exit = True
        thread.join(SHUTDOWN_SECONDS + 10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise Fault("the service did not start")
            time.sleep(0.01)
        yield stop
    finally:
        stop()
        listening_on.close()


def server_for(app: FastAPI, listening: Listening) -> uvicorn.Server:
    """The server, not yet running. Raises ConfigurationInvalid when the certificate or key cannot be used."""
    config = uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        http=BoundedHttp,
        ws=BoundedWebSocket,
        ws_max_size=HEADER_BYTES + MAX_FRAME_BYTES,
        ws_per_message_deflate=False,  # JPEGs do not shrink, and a frame that inflates is a bomb
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(listening.trusted_proxies),
        forwarded_allow_ips=listening.trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        limit_concurrency=CONNECTIONS,
        backlog=BACKLOG,
        ssl_certfile=listening.tls_cert,
        ssl_keyfile=listening.tls_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationInvalid(f"--tls-cert or --tls-key cannot be used: {type(error).__name__}") from error
    return uvicorn.Server(config)
