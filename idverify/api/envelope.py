"""What wraps every request: an id, a bound on how many run, security headers, one log line, one count.

The log line carries the request id, the route's template, status, code and milliseconds: no address, no path, no id of a
subject or a client. An unforeseen exception is logged by its type and place, never by its message, which could quote its input.
"""

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from idverify.api.problems import INTERNAL, Problem, problem_of
from idverify.api.service import Service
from idverify.errors import AccessDenied

logger = logging.getLogger("idverify.api")

PROBES = frozenset({"/healthz", "/readyz"})
"""Paths that are answered over plain HTTP and when every place is taken: whoever probes must learn that we live."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=63072000"
DRAIN_BYTES = 64 * 1024 * 1024
DRAIN_SECONDS = 1.0


class Envelope:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with ExitStack() as place:
            exchange = _Exchange(scope, receive, send, place.close)
            await self._answer(scope, exchange, place)
        self._record(scope, exchange)

    async def _answer(self, scope: Scope, exchange: "_Exchange", place: ExitStack) -> None:
        try:
            if scope["path"] not in PROBES:
                self._service.require_tls(scope["scheme"])
                place.enter_context(self._service.in_flight.held())
            await self._app(scope, exchange.receive, exchange.send)
        except AccessDenied as error:
            await exchange.refuse(problem_of(error))
        except Exception as error:
            facts = {"request_id": exchange.request_id, "error": type(error).__name__, "at": places_of(error)}
            logger.error("unforeseen", extra=facts)  # noqa: TRY400 -- logger.exception would write the message
            await exchange.refuse(INTERNAL)

    def _record(self, scope: Scope, exchange: "_Exchange") -> None:
        elapsed = time.perf_counter() - exchange.started
        route = getattr(scope.get("route"), "path", "unmatched")
        code = scope["state"]["code"]
        self._service.metrics.answered(scope["method"], route, exchange.status, code, elapsed)
        facts = {"route": route, "status": exchange.status, "code": code, "ms": round(1000 * elapsed, 1)}
        logger.info("request", extra={"request_id": exchange.request_id, "method": scope["method"], **facts})


def places_of(error: BaseException) -> list[str]:
    """Where an exception passed through, file and line: all that is logged of one that nobody foresaw."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames]


class _Exchange:
    """One request and its answer, as they pass.

    worked: called when the answer is ready. From then on we wait for the caller alone, to finish writing or to begin reading,
    and whoever is slow at that must hold no place that others need.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, worked: Callable[[], None]) -> None:
        headers = Headers(scope=scope)
        self.request_id = secrets.token_hex(8)
        self.started = time.perf_counter()
        self.status = 0
        self._scope = scope
        self._receive = receive
        self._send = send
        self._worked = worked
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._invited = "expect" not in headers
        scope.setdefault("state", {}).update(request_id=self.request_id, code="ok")

    async def receive(self) -> Message:
        """The next piece of the request."""
        self._invited = True
        message = await self._receive()
        self._unread = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """The next piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._worked()
            await self._drain()
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
            if self._scope["scheme"] == "https":
                headers["Strict-Transport-Security"] = STRICT_TRANSPORT
            if self._unread:
                headers["Connection"] = "close"
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer has begun."""
        if self.status == 0:
            self._scope["state"]["code"] = problem.code
            await problem.response(self.request_id)(self._scope, self.receive, self.send)

    async def _drain(self) -> None:
        """Read on a little when we answer before the body is in: a caller still writing may never see the answer."""
        if not self._unread or not self._invited:
            return
        held = 0
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._unread and held < DRAIN_BYTES:
                    held += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
