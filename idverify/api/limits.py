"""Bounds on what a caller can make us hold: places that are taken or refused, and bodies bounded in bytes and in time.

Nothing here queues. A caller who finds every place taken is refused at once and told when to come back.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from idverify.api.problems import BodyTimeout, UnsupportedMediaType
from idverify.errors import Overloaded, TooLarge
from idverify.face.image import MAX_BYTES

ONE_IMAGE_BODY = 4 * -(-MAX_BYTES // 3) + 64 * 1024
"""Largest body that carries one image in base64, and 64 KiB of everything else."""

TWO_IMAGE_BODY = 2 * ONE_IMAGE_BODY
NO_IMAGE_BODY = 64 * 1024
RETRY_AFTER_SECONDS = 1


class Places:
    """A fixed number of places. Safe from many threads."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> None:
        """Take a place, now. Raises Overloaded when there is none."""
        if not self._free.acquire(blocking=False):
            raise Overloaded("every place is taken; nothing was queued", RETRY_AFTER_SECONDS)

    def give_back(self) -> None:
        """Give a place back. Raises ValueError when none was taken."""
        self._free.release()

    @contextmanager
    def held(self) -> Iterator[None]:
        """A place for the length of a block. Raises Overloaded."""
        self.take()
        try:
            yield
        finally:
            self.give_back()


async def bounded_body(request: Request, *, limit: int, seconds: float, media_type: str = "application/json") -> bytes:
    """The body, at most `limit` bytes, all of it within `seconds`. What Content-Length claims is not believed, only counted on.

    Raises UnsupportedMediaType, TooLarge, BodyTimeout, and ClientDisconnect when the caller hung up.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != media_type:
        raise UnsupportedMediaType(f"send the body as {media_type}")
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise TooLarge(f"the body exceeds {limit} bytes")
    chunks: list[bytes] = []
    held = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                held += len(chunk)
                if held > limit:
                    raise TooLarge(f"the body exceeds {limit} bytes")
                chunks.append(chunk)
    except TimeoutError:
        raise BodyTimeout(f"the body did not arrive within {seconds:g} seconds") from None
    return b"".join(chunks)
