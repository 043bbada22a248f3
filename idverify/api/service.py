"""What the routes share: the parts, the pools, the places, the counters, and whether the service is ready.

Ceremonies are synchronous and run in a pool with as many threads as there are places, so nothing ever waits in its queue.
Look-ups (clients, subjects, tokens) run in a second small pool, so that a full house still answers them, and the check of
readiness on a thread of its own, so that anyone who probes holds no look-up back.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from idverify import __version__
from idverify.api.chores import attempt, keep_doing
from idverify.api.courier import Courier
from idverify.api.examples import SAME_MAN, sample
from idverify.api.heads import Heads
from idverify.api.index_keeper import IndexKeeper
from idverify.api.limits import Places
from idverify.api.metrics import Metrics
from idverify.api.problems import InsecureTransport, NotReady
from idverify.api.sandbox import Sandbox
from idverify.api.status_lists import StatusLists
from idverify.api.sweeper import Sweeper
from idverify.ceremonies import Parts
from idverify.ceremonies.session_record import SANDBOX_PREFIX
from idverify.ceremonies.wallet_secrets import is_of_sandbox
from idverify.errors import Fault

T = TypeVar("T")
logger = logging.getLogger("idverify.api")

LOOKUP_THREADS = 4
HEAD, INDEX = "audit head", "index of references"
SWEEP_SECONDS = 5.0
READINESS_SECONDS = 1.0
"""How long an answer of /readyz is reused: whoever probes in a loop must not keep the signing key busy."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the HTTP layer needs to know of an installation. streams: live sessions before a camera at one time.

    head_file: where the signed audit head is written, every head_seconds and at shutdown; the index of references
    is tended as often. courier_seconds: how often webhook messages are looked for. concurrency: ceremonies at one time.
    uploads, in_flight: bodies with images on their way, and requests, at one time; more of either with more concurrency.
    body_seconds: for a whole body to arrive. require_tls: refuse plain HTTP, health probes excepted. attending: entered for the
    length of each ceremony, so that an engine which gathers calls knows whether there is anyone to wait for.
    """

    head_file: Path
    head_seconds: float = 60.0
    courier_seconds: float = 1.0
    concurrency: int = 2
    uploads: int = 16
    in_flight: int = 128
    body_seconds: float = 20.0
    streams: int = 64
    require_tls: bool = False
    attending: Callable[[], AbstractContextManager[None]] = nullcontext


class Service:
    """One running service over one set of parts."""

    def __init__(self, parts: Parts, options: Options) -> None:
        self.parts = parts
        self.options = options
        self.metrics = Metrics()
        self.sandbox = Sandbox(parts)
        self.uploads = Places(max(options.uploads, 2 * options.concurrency))
        self.in_flight = Places(max(options.in_flight, 4 * options.concurrency))
        self.streams = Places(options.streams)
        self.heads = Heads(parts, options.head_file, self.metrics, self.look_up)
        self.index = IndexKeeper(parts, self.look_up)
        self.status_lists = StatusLists(parts, self.sandbox, self.look_up)
        self.sweeper = Sweeper(parts, self.sandbox)
        self.courier = Courier(parts, options.courier_seconds, self.metrics)
        self._places = Places(options.concurrency)
        self._ceremonies = ThreadPoolExecutor(options.concurrency, "ceremony")
        self._frames = ThreadPoolExecutor(options.concurrency, "frame")
        self._lookups = ThreadPoolExecutor(LOOKUP_THREADS, "lookup")
        self._readiness = ThreadPoolExecutor(1, "readiness")
        self._warm = False
        self._ready: asyncio.Future[tuple[dict[str, str], float]] | None = None

    def require_tls(self, scheme: str) -> None:
        """Raises InsecureTransport where the installation answers over TLS only and the caller came by http or ws."""
        if self.options.require_tls and scheme not in {"https", "wss"}:
            raise InsecureTransport("this installation answers over TLS only")

    async def ceremony(self, work: Callable[[], T]) -> T:
        """Run one ceremony. Raises Overloaded when every place is taken, and whatever `work` raises.

        The place is given back when the work ends, not when the caller hangs up: an abandoned ceremony still costs.
        """
        self._places.take()
        try:
            future = self._ceremonies.submit(self._attended, work)
        except BaseException:
            self._places.give_back()
            raise
        self.metrics.ceremonies.inc()
        future.add_done_callback(self._ended)
        return await asyncio.shield(asyncio.wrap_future(future))

    def _attended(self, work: Callable[[], T]) -> T:
        with self.options.attending():
            return work()

    def _ended(self, _future: object) -> None:
        self.metrics.ceremonies.dec()
        self._places.give_back()

    async def look_up(self, work: Callable[[], T]) -> T:
        """Run a short piece of work that may touch the store. Raises whatever it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._lookups, work)

    async def frame(self, work: Callable[[], T]) -> T:
        """Run what one frame of a live session brings. A connection has one on its way at most, so little ever waits here."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._frames, work))

    def parts_of(self, session_id: str) -> Parts:
        """The installation that a live session belongs to, by its id. May touch the disk: call it in a pool."""
        return self.sandbox.parts() if session_id.startswith(SANDBOX_PREFIX) else self.parts

    def parts_of_wallet(self, secret: str) -> Parts:
        """The installation that a wallet's secret belongs to. May touch the disk: call it in a pool."""
        return self.sandbox.parts() if is_of_sandbox(secret) else self.parts

    async def start(self) -> None:
        """Send a sample photograph through every model and load the index, so that no caller waits. Raises whatever fails."""
        started = time.perf_counter()
        await self.look_up(lambda: self.parts.acquirer.acquire(sample(SAME_MAN)))
        self._warm = True
        logger.info("models warm", extra={"ms": round(1000 * (time.perf_counter() - started), 1)})
        await self.index.tend()

    def chores(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What goes on beside requests, for as long as the service runs."""
        return (
            keep_doing(HEAD, self.heads.write, self.options.head_seconds),
            keep_doing(INDEX, self.index.tend, self.options.head_seconds),
            keep_doing("sweeping of sessions", lambda: self.look_up(self.sweeper.sweep), SWEEP_SECONDS),
            self.courier.keep_delivering(),
        )

    async def finish(self) -> None:
        """Let running work end, write the last audit head, and let go of threads and of the sandbox's folder."""
        self._ceremonies.shutdown(wait=True)
        self._frames.shutdown(wait=True)
        self.courier.close()
        await attempt(HEAD, self.heads.write)
        await attempt(INDEX, self.index.tend)
        self._lookups.shutdown(wait=True)
        self._readiness.shutdown(wait=True)
        self.sandbox.close()

    async def readiness(self) -> dict[str, Any]:
        """What runs, when the service can do its work. Raises NotReady naming what does not answer.

        One check at a time, on a thread of its own, whose outcome goes to all who ask meanwhile: a store that does not answer
        would otherwise lend its silence to every look-up.
        """
        if self._ready is None or (self._ready.done() and self._stale(self._ready)):
            self._ready = asyncio.get_running_loop().run_in_executor(self._readiness, self._checks)
        checks, _ = await asyncio.shield(self._ready)
        if set(checks.values()) != {"ok"}:
            raise NotReady("the service is not ready", checks)
        engine = self.parts.acquirer.engine
        runs = {"pack": engine.pack, "variant": engine.variant.name, "provider": engine.provider, "version": __version__}
        return {"status": "ready", "checks": checks, **runs}

    @staticmethod
    def _stale(ready: asyncio.Future[tuple[dict[str, str], float]]) -> bool:
        return ready.exception() is not None or time.monotonic() - ready.result()[1] > READINESS_SECONDS

    def _checks(self) -> tuple[dict[str, str], float]:
        """Each check by name, "ok" or "failed", and when they ended."""
        found = {"models": "ok" if self._warm else "failed", "audit": "failed" if self.heads.broken else "ok"}
        # What is signed holds no full stop, so it can never be taken for a token.
        probes: dict[str, Callable[[], object]] = {
            "store": self.parts.store.ping,
            "signing": lambda: self.parts.signing.current.sign(b"idverify readiness"),
        }
        for name, probe in probes.items():
            try:
                probe()
                found[name] = "ok"
            except Fault as error:
                found[name] = "failed"
                logger.error("not ready", extra={"code": error.code, "detail": error.message})  # noqa: TRY400
        return found, time.monotonic()
