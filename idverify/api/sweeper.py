"""Ending the live sessions whose time has run out, so that they do so also when nobody asks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from idverify.api.sandbox import Sandbox
from idverify.ceremonies import Parts
from idverify.ceremonies.session_end import sweep
from idverify.errors import Fault

logger = logging.getLogger("idverify.api")

EVERY_SECONDS = 5.0


class Sweeper:
    """One sweeper of one worker; several may sweep at once."""

    def __init__(self, parts: Parts, sandbox: Sandbox, look_up: Callable[[Callable[[], int]], Awaitable[Any]]) -> None:
        self._parts = parts
        self._sandbox = sandbox
        self._look_up = look_up

    def sweep(self) -> int:
        """Sweep the installation, and the sandbox where there is one: cameras film people there too. Raises any Fault."""
        tried = self._sandbox.made
        return (0 if tried is None else sweep(tried)) + sweep(self._parts)

    async def keep_sweeping(self) -> None:
        """For as long as the service runs. A fault is logged, and the next time tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self._look_up(self.sweep)
            except Fault as error:
                logger.error("sessions were not swept", extra={"code": error.code, "detail": error.message})  # noqa: TRY400
