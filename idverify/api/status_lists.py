"""The signed status lists that readers ask for again and again: kept at hand, and looked up anew every second."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from idverify.api.sandbox import Sandbox
from idverify.ceremonies import Parts
from idverify.ceremonies.status_publishing import SignedList, published

LOOKED_UP_EVERY_SECONDS = 1.0
KEPT = 128
"""Lists kept at hand, each in two formats: some 6 MB where one credential in a hundred is revoked, 105 MB at the very worst."""

Found = SignedList | None
Runner = Callable[[Callable[[], Found]], Awaitable[Found]]
"""Runs a synchronous piece of work in a pool."""


@dataclass(frozen=True, slots=True)
class _Kept:
    signed: SignedList
    at: float


class StatusLists:
    """The lists of one service, its sandbox's among them. Used from the event loop alone."""

    def __init__(self, parts: Parts, sandbox: Sandbox, look_up: Runner) -> None:
        self._parts = parts
        self._sandbox = sandbox
        self._look_up = look_up
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._asked: dict[int, asyncio.Future[Found]] = {}

    async def get(self, number: int) -> Found:
        """The list of that number, signed; None where there is none. However many ask at one time, one looks.

        Raises SigningUnavailable, StoreUnavailable.
        """
        kept = self._kept.get(number)
        if kept is not None and time.monotonic() - kept.at < LOOKED_UP_EVERY_SECONDS:
            return kept.signed
        asked = self._asked.get(number)
        if asked is None:
            work = partial(self._published, number, None if kept is None else kept.signed)
            asked = self._asked[number] = asyncio.ensure_future(self._look_up(work))
            asked.add_done_callback(partial(self._settle, number))
        return await asyncio.shield(asked)

    def _settle(self, number: int, asked: "asyncio.Future[Found]") -> None:
        self._asked.pop(number, None)
        self._kept.pop(number, None)
        found = None if asked.cancelled() or asked.exception() is not None else asked.result()
        if found is not None:
            self._kept[number] = _Kept(found, time.monotonic())
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def _published(self, number: int, earlier: Found) -> Found:
        tried = self._sandbox.made
        found = published(self._parts, number, earlier)
        return found if found is not None or tried is None else published(tried, number, earlier)
