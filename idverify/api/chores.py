"""Work that goes on for as long as the service runs: whatever goes wrong once is said, and tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from idverify.errors import Fault

logger = logging.getLogger("idverify.api")


async def attempt(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do it once. What it raises is logged and ends nothing: a task that died would be missed by nobody until it mattered.

    name: of the chore, in the log. Of an exception that nobody foresaw the log has where it arose, and the code of a fault.
    """
    try:
        await work()
    except Fault as error:
        logger.error(name, extra={"code": error.code, "detail": error.message})  # noqa: TRY400
    except Exception:
        logger.exception(name, extra={"code": Fault.code})


async def keep_doing(name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Do it at once and then every so many seconds, until the task is cancelled."""
    while True:
        await attempt(name, work)
        await asyncio.sleep(seconds)
