"""/v1/sessions/{id}/stream: the WebSocket of a live session.

One task reads and stamps each message as it arrives; another takes them in, one at a time, in the pool of frames. The queue
between them is short, so a client that sends more than is taken in fills its own socket and nothing of ours. Whatever happens,
the session ends in a defined state, with an audit event.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable
from contextlib import suppress

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from idverify.api.envelope import places_of
from idverify.api.problems import INTERNAL
from idverify.api.routes_person import AGENT, COOKIE_PREFIX
from idverify.api.security import session_token
from idverify.api.service import Service
from idverify.ceremonies import Parts
from idverify.ceremonies import live as capture
from idverify.ceremonies.live import LOST
from idverify.ceremonies.live_connection import Live, Said
from idverify.ceremonies.person import Bearer
from idverify.errors import Fault, FrameRefused, IdverifyError, Overloaded

logger = logging.getLogger("idverify.api")
router = APIRouter()

PROTOCOL = "idverify.stream.1"
TICK_SECONDS = 0.15
"""Of silence, after which what was said last is said again: five times a second, with time to say it in."""

QUEUED = 4
SILENT_SECONDS = 15.0
"""Without a frame: whoever sends none keeps no place."""

SEND_SECONDS = 5.0
"""For the client to take what is said to it."""

OK, GOING, UNSUPPORTED, REFUSED, TRY_LATER = 1000, 1001, 1003, 1008, 1013

Arrived = tuple[bytes | None, float]
"""A message, None for one that was not binary, and when it came."""


@router.websocket("/v1/sessions/{session_id}/stream")
async def stream(socket: WebSocket, session_id: str) -> None:
    """The stream of one connection, from the first word to the last."""
    service: Service = socket.app.state.service
    try:
        service.require_tls(socket.url.scheme)
        bearer = _bearer(socket, session_id)
        with service.streams.held():
            parts = await service.look_up(lambda: service.parts_of(session_id))
            connected = await service.look_up(lambda: capture.connect(parts, session_id, bearer, at=time.monotonic()))
            await _Connection(service, socket, parts, *connected).run()
    except IdverifyError as error:
        await _refuse(socket, error)
    except Exception as error:
        logger.error("unforeseen", extra={"error": type(error).__name__, "at": places_of(error)})  # noqa: TRY400
        await _refuse(socket, Fault("unforeseen"))


def _bearer(socket: WebSocket, session_id: str) -> Bearer:
    """From headers, as an app sends them, or, since a browser cannot, from the subprotocols it offers and its cookie."""
    offered = dict.fromkeys(socket.scope["subprotocols"])
    header = socket.headers.get("authorization")
    token = next((f"Bearer {name.removeprefix('token.')}" for name in offered if name.startswith("token.")), None)
    agent = socket.headers.get(AGENT) or socket.cookies.get(COOKIE_PREFIX + session_id)
    return Bearer(session_token(header or token), agent)


async def _accept(socket: WebSocket) -> None:
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)


async def _refuse(socket: WebSocket, error: IdverifyError) -> None:
    """Say the code, never a fault's message, and close."""
    if isinstance(error, Fault):
        logger.error("fault", extra={"code": error.code, "detail": error.message})
    code = "internal" if isinstance(error, Fault) else error.code
    closing = TRY_LATER if isinstance(error, Overloaded | Fault) else REFUSED
    with suppress(RuntimeError, WebSocketDisconnect, OSError):
        if socket.application_state is WebSocketState.CONNECTING:
            await _accept(socket)
        await socket.send_text(json.dumps({"type": "error", "code": code}))
        await socket.close(closing, code)


class _Connection:
    """One connection under way."""

    def __init__(self, service: Service, socket: WebSocket, parts: Parts, live: Live, said: list[Said]) -> None:
        self._service = service
        self._socket = socket
        self._parts = parts
        self._live = live
        self._greeting = said
        self._arrived: asyncio.Queue[Arrived] = asyncio.Queue(QUEUED)
        self._heard_at = time.monotonic()

    async def run(self) -> None:
        """Until the attempt is over or the client is gone. Raises what ended it, once it is written down."""
        reader: asyncio.Task[None] | None = None
        code, ours = LOST, False
        try:
            await self._told(_accept(self._socket))
            reader = asyncio.create_task(self._read())
            await self._say(self._greeting)
            while not self._live.over:
                await self._next(reader)
            await self._told(self._socket.close(OK))
        except WebSocketDisconnect:
            pass  # the client is gone: `dropped` says what that means for its attempt
        except IdverifyError as error:
            code, ours = error.code, isinstance(error, Fault)
            raise
        except Exception:
            code, ours = INTERNAL.code, True
            raise
        finally:
            if reader is not None:
                reader.cancel()
            if not self._live.over:
                await self._dropped(code, ours=ours)

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            at = time.monotonic()
            if message["type"] == "websocket.disconnect":
                return
            await self._arrived.put((message.get("bytes"), at))

    async def _next(self, reader: asyncio.Task[None]) -> None:
        """Take in one message, or what a moment of silence brings."""
        try:
            message, at = await asyncio.wait_for(self._arrived.get(), TICK_SECONDS)
        except TimeoutError:
            await self._silence(reader)
            return
        if message is None:
            raise FrameRefused("only binary messages are taken")
        self._heard_at = at
        before = self._live
        self._live, said = await self._service.frame(lambda: capture.receive(self._parts, before, message, at=at))
        if before.signature_due is None:
            self._service.metrics.live_frame(analysed=len(self._live.conductor.looked) > len(before.conductor.looked))
        if self._live.over:
            self._service.metrics.live_decided(time.monotonic() - at)
        await self._say(said)

    async def _silence(self, reader: asyncio.Task[None]) -> None:
        now = time.monotonic()
        due = self._live.signature_due or 0.0  # a person who is asked for a finger sends no frames
        if reader.done() or now > max(due + SEND_SECONDS, self._heard_at + SILENT_SECONDS):
            raise WebSocketDisconnect(GOING)
        self._live, said = await self._service.frame(lambda: capture.passed_time(self._parts, self._live, at=now))
        await self._say(said)

    async def _say(self, said: list[Said]) -> None:
        for one in said:
            await self._told(self._socket.send_text(json.dumps(one)))

    async def _told(self, telling: Awaitable[None]) -> None:
        """What the client must take in time. Raises WebSocketDisconnect when it does not, or is gone.

        Here alone these errors are the client's: anywhere else they are a fault of ours, which is logged and credited.
        """
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await telling
        except (TimeoutError, RuntimeError, OSError):
            raise WebSocketDisconnect(GOING) from None

    async def _dropped(self, code: str, *, ours: bool) -> None:
        """Write down how it ended; a store that is down then is logged, and the lease frees the session later."""
        try:
            await self._service.look_up(lambda: capture.dropped(self._parts, self._live, code=code, ours=ours))
        except Fault as error:
            logger.error("a lost connection was not written", extra={"code": error.code})  # noqa: TRY400
