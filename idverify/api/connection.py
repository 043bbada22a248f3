"""One connection: uvicorn's HTTP protocol with the bounds that it lacks, each reachable by a caller without a key.

A head is bounded in seconds, bytes and headers: the parser keeps it in memory until it ends. What we wrote must be taken in
time: a caller who never reads would keep its connection for ever, for closing one waits until the last byte has gone. And
when the service stops, nobody makes it wait who has had its answer.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
HEADERS = 128
PIPELINED = 64
"""Requests of one connection that wait for the one before. Reading stops at the first, but one read may hold thousands."""

TAKE_SECONDS = 20.0
"""How long the answers that a caller has not taken may stay."""

END_SECONDS = 2.0
"""For a caller to end its side of a connection that we have closed because the service stops. Over TLS the event loop waits for
that, half a minute, and who keeps a connection for its next request, as browsers do, does not look at it before.
"""

UNTAKEN_BYTES = 64 * 1024
"""Of a WebSocket, that its caller has not taken. Each ping brings a pong: who pings and never reads would fill our memory."""

_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """The protocol of one connection."""

    _awaiting_head = True
    _head_bytes = 0
    _head_due: asyncio.TimerHandle | None = None
    _take_due: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _stopping = False
    _untaken = False

    def connection_made(self, transport: Any) -> None:
        """A connection has ten seconds to say what it wants."""
        super().connection_made(transport)
        # So that `pause_writing` tells of any byte that cannot be sent, not only of many.
        transport.set_write_buffer_limits(high=1, low=0)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is expected, and nothing more can be sent."""
        _cancel(self._head_due)
        if self._answering is not None:
            # uvicorn tells only the newest request, which of several on one connection is not the one being answered.
            self._answering.disconnected = True
        super().connection_lost(exc)
        _cancel(self._take_due)

    def data_received(self, data: bytes) -> None:
        """Parse what came, in pieces while a head is open, so that a head beyond its bound is met before its end."""
        while data and self._awaiting_head and not self.transport.is_closing():
            piece, data = data[: HEAD_BYTES - self._head_bytes], data[HEAD_BYTES - self._head_bytes :]
            self._head_bytes += len(piece)
            super().data_received(piece)
            if self._awaiting_head and self._head_bytes >= HEAD_BYTES:
                self._refuse_head()
        if data and not self.transport.is_closing():
            super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a request: its head must follow."""
        super().on_message_begin()
        self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Raises ValueError when there are too many, which uvicorn answers with 400 and a closed connection."""
        if len(self.headers) == HEADERS:
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here; the body has bounds of its own (limits.py). Raises ValueError when too many requests wait."""
        _cancel(self._head_due)
        self._awaiting_head = False
        if len(self.pipeline) >= PIPELINED:
            raise ValueError("too many requests at a time")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What follows is the head of another request."""
        super().on_message_complete()
        self._awaiting_head, self._head_bytes = True, 0

    def shutdown(self) -> None:
        """The service stops: a request that runs is answered, and then the connection ends."""
        super().shutdown()
        self._stopping = True
        self._end_soon()

    def on_response_complete(self) -> None:
        """The answer is written; of the last one before the service stops, the caller may take the rest."""
        super().on_response_complete()
        if self._stopping:
            self._end_soon()

    def pause_writing(self) -> None:
        """There is something that the caller does not take: it has twenty seconds to do so."""
        super().pause_writing()
        self._untaken = True
        self._take_due = self.loop.call_later(TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """All was taken."""
        super().resume_writing()
        self._untaken = False
        _cancel(self._take_due)

    def _end_soon(self) -> None:
        if self.transport.is_closing():
            self.loop.call_later(END_SECONDS, self._end)

    def _end(self) -> None:
        if self._untaken:
            self._end_soon()
        else:
            self.transport.abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _expect_head(self) -> None:
        _cancel(self._head_due)
        self._head_due = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _refuse_head(self) -> None:
        if self.cycle is None or self.cycle.response_complete:  # else it would pass for the answer to another request
            self.transport.write(_HEAD_TOO_LARGE)
        self.transport.close()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """The protocol of one connection that became a WebSocket: what we say must be taken in time, and not pile up."""

    _take_due: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more can be sent."""
        _cancel(self._take_due)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The service stops: the caller is told, and the connection ends whether it answers or not."""
        super().shutdown()
        self.loop.call_later(END_SECONDS, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """What came, unless too much waits for the caller already."""
        if self.transport.get_write_buffer_size() > UNTAKEN_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    def pause_writing(self) -> None:
        """There is something that the caller does not take: it has twenty seconds to do so, closed or not."""
        super().pause_writing()
        self._take_due = self.loop.call_later(TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """All was taken."""
        super().resume_writing()
        _cancel(self._take_due)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
