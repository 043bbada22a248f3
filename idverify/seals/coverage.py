"""Whether a signature in a PDF covers the whole of it (ISO 32000-2 section 12.8.1): decided on the bytes, by nothing else.

The library's own answer is not asked: it counts how many bytes are covered and not where they are, so that a byte range which
leaves the end of the file out can pass for the whole file when its message is padded to the missing length.
"""

import re
from collections.abc import Sequence

from idverify.seals.errors import SealCoverage

_HEX = re.compile(rb"<[0-9A-Fa-f]*>")


def covered_until(document: bytes, byte_range: Sequence[object], message: bytes) -> int:
    """Where what the seal covers ends: the length of the document where it covers the whole.

    byte_range: start and length of the part before the message and of the part after it. message: of the seal, with its
    padding. Covered is all from the first byte on but the message, spelled in hex between < and >. Raises SealCoverage.
    """
    if len(byte_range) != 4 or not all(isinstance(one, int) and not isinstance(one, bool) for one in byte_range):
        raise SealCoverage
    start, before, resumed, after = (int(one) for one in byte_range if isinstance(one, int))
    if start != 0 or not 0 < before < resumed or after <= 0 or resumed + after > len(document):
        raise SealCoverage
    gap = document[before:resumed]
    if not _HEX.fullmatch(gap) or len(gap) % 2 or bytes.fromhex(gap[1:-1].decode("ascii")) != message:
        raise SealCoverage
    return resumed + after
