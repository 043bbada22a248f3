"""Statuses packed into bytes and compressed (draft-ietf-oauth-status-list sections 4.1 and 4.2).

The status of index 0 stands in the least significant bits of the first byte. A status has 1, 2, 4 or 8 bits.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from idverify.credentials.findings import Status
from idverify.credentials.status_errors import StatusListCompression
from idverify.keys.jwk import base64url

ENTRIES = 2**20
"""Indexes of one list."""

SIZES = (1, 2, 4, 8)

VALUES: Mapping[Status, int] = MappingProxyType({Status.VALID: 0, Status.REVOKED: 1, Status.SUSPENDED: 2})
"""What stands in a list for each status (section 7.1)."""


def size_of(bits: int, entries: int = ENTRIES) -> int:
    """Bytes of a list whose statuses have that many bits."""
    return entries * bits // 8


def pack(bits: int, statuses: Iterable[tuple[int, int]], base: bytes | None = None) -> bytes:
    """The list: `base` (None: all zero, of ENTRIES) with the statuses of these indexes set. Raises ValueError."""
    if bits not in SIZES:
        raise ValueError("a status has 1, 2, 4 or 8 bits")
    packed = bytearray(base if base is not None else size_of(bits))
    each, mask = 8 // bits, 2**bits - 1
    for index, status in statuses:
        if not (0 <= index < len(packed) * each and 0 <= status <= mask):
            raise ValueError("an index or a status is out of its range")
        at, shift = index // each, index % each * bits
        packed[at] = packed[at] & ~(mask << shift) | status << shift
    return bytes(packed)


def status_at(packed: bytes, bits: int, index: int) -> int | None:
    """The status of that index; None beyond the list."""
    each = 8 // bits
    if not 0 <= index < len(packed) * each:
        return None
    return (packed[index // each] >> index % each * bits) & ((1 << bits) - 1)


def encode(packed: bytes) -> str:
    """The member `lst`: zlib at its highest level, then base64url without padding."""
    return base64url(zlib.compress(packed, 9))


@dataclass(frozen=True, slots=True)
class Inflated:
    """What a compressed list gave. whole: the stream ended, its sum holds, and nothing follows it."""

    content: bytes
    whole: bool


def inflate(compressed: bytes, largest: int) -> Inflated:
    """Inflate a zlib stream (RFC 1950) up to one byte beyond `largest` and never further. Raises StatusListCompression."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(compressed, largest + 1)
    except zlib.error:
        raise StatusListCompression from None
    return Inflated(content, stream.eof and not stream.unused_data)
