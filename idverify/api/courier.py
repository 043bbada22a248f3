"""The courier: brings webhook messages to their receivers while the service runs, in threads of its own.

One message a client at a time, so that a receiver that hangs holds up its own messages and one thread, and nobody else's. Each
attempt ends in ten seconds, and whose last one was slow shares a few threads with all that are: receivers that hang, however
many and whatever waits for them, hold the others up once. Any number of workers may run one each: the store hands a message
to one of them (idverify.ceremonies.webhooks.take).
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from idverify.api import outbound
from idverify.api.metrics import Metrics
from idverify.ceremonies import Vault
from idverify.ceremonies.webhook_address import target_of
from idverify.ceremonies.webhooks import Message, headers, settle, take
from idverify.errors import Fault, InvalidInput

logger = logging.getLogger("idverify.api")

THREADS = 16
SLOW_THREADS = 4
"""Of them, for the receivers whose last attempt was slow."""

SLOW_SECONDS = 2.0


class Courier:
    """Delivers for one installation. seconds: how often it looks for something to do."""

    def __init__(self, vault: Vault, seconds: float, metrics: Metrics) -> None:
        self._vault = vault
        self._seconds = seconds
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(THREADS, "courier")
        self._underway: dict[str, asyncio.Future[float]] = {}
        self._slow: set[str] = set()

    async def keep_delivering(self) -> None:
        """Deliver what is due, for as long as the service runs. A failure is logged and counted, and tried again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await self._next(loop)
            except Exception as error:
                message = None
                self._failed(error)
            if message is not None:
                client_id = message.delivery.client_id
                self._underway[client_id] = loop.run_in_executor(self._pool, self._bring, message)
            elif self._underway:  # a message that arrived may have another of its client's behind it
                await asyncio.wait(self._underway.values(), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(self._seconds)
            self._ended()

    def _ended(self) -> None:
        for client, work in list(self._underway.items()):
            if work.done():
                del self._underway[client]
                remember = self._slow.add if work.result() > SLOW_SECONDS else self._slow.discard
                remember(client)

    async def _next(self, loop: asyncio.AbstractEventLoop) -> Message | None:
        """What to bring next, when a thread is free to bring it."""
        if len(self._underway) >= THREADS - 1:  # the last thread looks
            return None
        crowded = len(self._slow & self._underway.keys()) >= SLOW_THREADS
        busy = tuple(self._underway.keys() | (self._slow if crowded else set()))
        return await loop.run_in_executor(self._pool, lambda: take(self._vault, but_not=busy))

    def close(self) -> None:
        """Return when what is on its way has arrived or failed. What was not sent is still due."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _bring(self, message: Message) -> float:
        """Send one message and write what came of it; the seconds it took. Never raises, so that what failed is seen here."""
        started = time.perf_counter()
        try:
            sent = self._sent(message)
            became = settle(self._vault, message, delivered=sent.accepted, cause=sent.cause)
        except Exception as error:
            self._failed(error)
            return time.perf_counter() - started
        self._metrics.webhook(became)
        seconds = time.perf_counter() - started
        logger.info("webhook", extra={"code": became, "detail": sent.cause, "ms": round(1000 * seconds, 1)})
        return seconds

    def _failed(self, error: Exception) -> None:
        """Count and log it; the message is still due, or will be again. Only a Fault's own words can be shown."""
        self._metrics.webhook("failed")
        facts = {"code": error.code, "detail": error.message} if isinstance(error, Fault) else {"code": Fault.code}
        logger.error("webhook", extra=facts, exc_info=error)

    def _sent(self, message: Message) -> outbound.Answer:
        try:
            target = target_of(message.delivery.url, dev=self._vault.environment == "dev")
        except InvalidInput:  # it was set while developing
            return outbound.Answer(None, "address_refused")
        return outbound.post(target, message.delivery.body, headers(message, self._vault.now()))
