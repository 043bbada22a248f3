"""Keeping the index of references while the service runs: loaded before the first enrolment, level, and sealed on disk."""

import logging
from collections.abc import Awaitable, Callable

from idverify.ceremonies import Parts

logger = logging.getLogger("idverify.api")

Runner = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a synchronous piece of work in a pool."""


class IndexKeeper:
    """Looks after the index of one installation; does nothing where duplicates are not searched."""

    def __init__(self, parts: Parts, look_up: Runner) -> None:
        self._parts = parts
        self._look_up = look_up

    async def tend(self) -> None:
        """Load what is not loaded, apply what other workers committed, write the sealed file if it is due. Raises Fault."""
        if self._parts.duplicates is not None:
            await self._look_up(self._tend)

    def _tend(self) -> None:
        index = self._parts.duplicates
        assert index is not None
        done = index.refresh(self._parts)
        index.save(self._parts)
        if done.file != "kept":
            logger.info("index of references", extra={"detail": f"{done.references} loaded, file {done.file}"})
