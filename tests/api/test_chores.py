"""What goes on beside requests goes on for as long as the service runs, whatever goes wrong once."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

from idverify.api.chores import keep_doing
from idverify.api.index_keeper import IndexKeeper
from idverify.ceremonies.duplicate_index import Refreshed
from idverify.errors import Fault, StoreUnavailable


class Failing:
    """An index that fails in another way each time, and then does not."""

    def __init__(self):
        self.saved = 0
        self.failures = [StoreUnavailable("the disk is full"), MemoryError(), ValueError("a flaw")]

    def refresh(self, _parts):
        if self.failures:
            raise self.failures.pop(0)
        return Refreshed(3, "kept", 1)

    def save(self, _parts):
        self.saved += 1


def test_a_failure_that_nobody_foresaw_is_logged_and_the_index_is_tended_again(caplog):
    """Else a process would go on with the reference of who was erased elsewhere, and the sealed file would never be renewed."""
    index = Failing()

    async def look_up(work):
        work()

    async def main():
        keeper = IndexKeeper(SimpleNamespace(duplicates=index), look_up)
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                task = asyncio.create_task(keep_doing("index of references", keeper.tend, 0.001))
                while not index.saved and not task.done():
                    await asyncio.sleep(0.001)
                task.cancel()

    with caplog.at_level("ERROR", logger="idverify.api"):
        asyncio.run(main())
    assert index.saved
    assert [record.code for record in caplog.records] == ["store_unavailable", Fault.code, Fault.code]


def test_a_chore_that_is_cancelled_ends():
    """At shutdown nothing is tried once more."""
    done = []

    async def work():
        done.append(1)

    async def main():
        task = asyncio.create_task(keep_doing("a chore", work, 60))
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert asyncio.run(main())
    assert done == [1]
