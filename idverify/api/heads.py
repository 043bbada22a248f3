"""Signed heads of the audit chain: written to a file at intervals and at shutdown, and kept at hand for whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from idverify.api.metrics import Metrics
from idverify.ceremonies import Parts
from idverify.ceremonies.audit_head import SignedHead, write_head
from idverify.errors import AuditBroken

Runner = Callable[[Callable[[], SignedHead]], Awaitable[SignedHead]]
"""Runs a synchronous piece of work in a pool."""


class Heads:
    """The newest head of one installation."""

    def __init__(self, parts: Parts, file: Path, metrics: Metrics, look_up: Runner) -> None:
        self._parts = parts
        self._file = file
        self._metrics = metrics
        self._look_up = look_up
        self._newest: dict[str, Any] | None = None
        self._first: asyncio.Future[dict[str, Any]] | None = None
        self.broken = False
        """Whether the last attempt found that the chain does not continue from the head before."""

    async def write(self) -> dict[str, Any]:
        """Sign the head as it stands and write it. Whatever fails is counted, and raised: Fault, or what nobody foresaw."""
        try:
            signed = await self._look_up(lambda: write_head(self._parts, self._file))
        except Exception as error:
            self.broken = isinstance(error, AuditBroken)
            self._metrics.head("failed")
            raise
        self._metrics.head("written")
        self.broken = False
        self._newest = {"head": signed.jws, "count": signed.head.count, "hash": signed.head.hash, "iat": signed.head.iat}
        return self._newest

    async def current(self) -> dict[str, Any]:
        """The newest head that was written; one is written if there is none. Raises Fault."""
        if self._newest is not None:
            return self._newest
        if self._first is None or self._first.done():
            self._first = asyncio.ensure_future(self.write())
        return await asyncio.shield(self._first)  # one write for all who ask: anyone may, without a key
