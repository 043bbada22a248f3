"""Keeping the index of references while the service runs: loaded before the first enrolment, level, and sealed on disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from idverify.ceremonies import Parts
from idverify.errors import Fault

logger = logging.getLogger("idverify.api")

Runner = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a synchronous piece of work in a pool."""


class IndexKeeper:
    """Looks after the index of one installation; does nothing where duplicates are not searched."""

    def __init__(self, parts: Parts, seconds: float, look_up: Runner) -> None:
        self._parts = parts
        self._seconds = seconds
        self._look_up = look_up

    async def tend(self) -> None:
        """Load what is not loaded, apply what other workers committed, write the sealed file if it is due. Raises Fault."""
        if self._parts.duplicates is not None:
            await self._look_up(self._tend)

    async def keep_tending(self) -> None:
        """Tend it now and then, for as long as the service runs. A failure is logged and tried again."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self.tend()
            except Fault:  # logged where it arose
                continue
            except Exception:  # memory that runs out, say: who was erased elsewhere must still be forgotten here
                logger.exception("index of references", extra={"code": Fault.code})

    def _tend(self) -> None:
        index = self._parts.duplicates
        assert index is not None
        try:
            done = index.refresh(self._parts)
            index.save(self._parts)
        except Fault as error:
            logger.error("index of references", extra={"code": error.code, "detail": error.message})  # noqa: TRY400
            raise
        if done.file != "kept":
            logger.info("index of references", extra={"detail": f"{done.references} loaded, file {done.file}"})
