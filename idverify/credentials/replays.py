"""What was shown before: a bounded memory of presentations that would still be in time if somebody showed them again."""

import heapq
import threading

from idverify.errors import Overloaded

CAPACITY = 262_144
RETRY_SECONDS = 60


class Replays:
    """Safe from many threads. It forgets a key when its time is over, and never one that could still be replayed."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """capacity: keys remembered at one time."""
        self._capacity = capacity
        self._lock = threading.Lock()
        self._seen: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def first_time(self, key: bytes, until: float, now: float) -> bool:
        """Whether `key` is new, and remember it until after `until` (seconds since the epoch).

        Raises Overloaded when the memory is full of keys that may not be forgotten yet.
        """
        with self._lock:
            while self._ends and self._ends[0][0] < now:
                self._seen.discard(heapq.heappop(self._ends)[1])
            if key in self._seen:
                return False
            if len(self._seen) >= self._capacity:
                raise Overloaded("more presentations within two minutes than can be remembered", retry_after=RETRY_SECONDS)
            self._seen.add(key)
            heapq.heappush(self._ends, (until, key))
            return True
