"""Opening a stranger's PDF with pyHanko: bounded in everything that takes time or room, and with nothing active in it.

The library reads a byte or a few at a time, in Python, so that a file of some megabytes can keep it busy for minutes, and it
looks for each object of an object stream from the stream's beginning. Its reads are therefore counted, and object streams are
read here.
"""

import io
import logging
from typing import Any

from pyhanko.pdf_utils.decode_limits import DecodeLimits, DecodePurpose, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.generic import IndirectObject, Reference, StreamObject, read_object
from pyhanko.pdf_utils.reader import PdfFileReader

from idverify.errors import TooLarge
from idverify.seals.content import active_part
from idverify.seals.errors import DocumentActive, DocumentEncrypted, DocumentUnreadable

LARGEST = 32 * 1024 * 1024
"""Bytes of a document."""
MOST_OBJECTS = 100_000
MOST_REVISIONS = 200
MOST_READS = 2_000_000
"""Some ten seconds of a slow core; a page takes five hundred, a thousand pages two hundred thousand."""
_MOST_LOOKUPS = 2_000_000
"""Objects times revisions: the newest place of each object is looked for in each revision."""
_MIB = 1024 * 1024
_LIMITS = DecodeLimits(  # of what is unpacked here: tables of contents and streams of objects, never what a page shows
    per_stream=StreamDecodeLimits(max_output_size=16 * _MIB),
    document_budget=DocumentDecodeBudget(base_allowance=32 * _MIB, max_ratio=0),
)
logging.getLogger("pyhanko").addHandler(logging.NullHandler())  # what it has to say of a stranger's file is said by our codes
logging.getLogger("pyhanko_certvalidator").addHandler(logging.NullHandler())


def opened(document: bytes) -> "Reader":
    """Every object of it has been read, and none is active.

    Raises TooLarge, DocumentEncrypted, DocumentActive, DocumentUnreadable, or anything else that the library comes across.
    """
    if len(document) > LARGEST:
        raise TooLarge(f"a document of more than {LARGEST // _MIB} MiB is not read")
    reader = Reader(document)
    if "/Encrypt" in reader.trailer:
        raise DocumentEncrypted
    if reader.xrefs.hybrid_xrefs_present:
        raise DocumentUnreadable("it has two tables of contents, which readers choose between")
    if reader.total_revisions > MOST_REVISIONS:
        raise TooLarge(f"a document with more than {MOST_REVISIONS} revisions is not read")
    references = {one for number in range(reader.total_revisions) for one in reader.xrefs.explicit_refs_in_revision(number)}
    if len(references) > MOST_OBJECTS or len(references) * reader.total_revisions > _MOST_LOOKUPS:
        raise TooLarge(f"a document with more than {MOST_OBJECTS} objects, or with many revisions of many, is not read")
    for reference in references:
        if reader.xrefs[reference] is None:
            continue  # freed: no reader shows it
        one = reader.get_object(reference)
        found = active_part(one, is_stream=isinstance(one, StreamObject))
        if found is not None:
            raise DocumentActive(found)
    return reader


class _Meter:
    """How many reads are left."""

    def __init__(self) -> None:
        self.left = MOST_READS

    def step(self) -> None:
        """One less. Raises TooLarge after the last."""
        self.left -= 1
        if self.left < 0:
            raise TooLarge("reading the document takes more steps than any paper")


class _Metered(io.BytesIO):
    """Bytes whose reading is counted."""

    def __init__(self, content: bytes, meter: _Meter) -> None:
        super().__init__(content)
        self._meter = meter

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any stream. Raises TooLarge."""
        self._meter.step()
        return super().read(size)


class Reader(PdfFileReader):
    """The library's reader, strict, with a bound on its reads, that goes through an object stream's own table once."""

    def __init__(self, document: bytes) -> None:
        """Raises whatever the library raises."""
        self._meter = _Meter()
        self._unpacked: dict[int, tuple[_Metered, list[tuple[int, int]]]] = {}
        super().__init__(_Metered(document, self._meter), strict=True, decode_limits=_LIMITS)

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        """The object at that place in the stream (ISO 32000-2 section 7.5.7). Raises DocumentUnreadable."""
        if stmnum not in self._unpacked:
            self._unpacked[stmnum] = self._unpack(stmnum)
        content, places = self._unpacked[stmnum]
        if not 0 <= idx < len(places) or places[idx][0] != idnum:
            raise DocumentUnreadable("an object is not where the table of contents says")
        content.seek(places[idx][1])
        one = read_object(content, Reference(idnum, 0, self))
        if isinstance(one, StreamObject | IndirectObject):
            raise DocumentUnreadable("an object stream holds what may not be in one")
        return one

    def _unpack(self, stmnum: int) -> tuple[_Metered, list[tuple[int, int]]]:
        """The stream's content, and number and place of each object in it."""
        stream = Reference(stmnum, 0, self).get_object()
        if not isinstance(stream, StreamObject) or stream["/Type"] != "/ObjStm":
            raise DocumentUnreadable("an object stream is none")
        content, count, first = stream.read_data(DecodePurpose.OBJECT_STREAM), int(stream["/N"]), int(stream["/First"])
        table = [int(one) for one in content[:first].split()]
        if not 0 <= 2 * count <= len(table):
            raise DocumentUnreadable("an object stream says that it holds more than it does")
        return _Metered(content, self._meter), [(table[2 * at], first + table[2 * at + 1]) for at in range(count)]
