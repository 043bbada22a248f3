"""PDFs written by hand, object by object, and what an attacker appends to them."""

import re
from collections.abc import Mapping, Sequence

CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
FONT = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources " + FONT + b" >>"


def stream(content: bytes, more: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n" % (len(content), more) + content + b"\nendstream"


def words(text: str) -> bytes:
    """The content of a page that says this."""
    return stream(b"BT /F1 24 Tf 72 720 Td (" + text.encode("ascii") + b") Tj ET")


def paper(text: str = "Zoe owes 100", *, catalog: bytes = b"", more: Sequence[bytes] = (), trailer: bytes = b"") -> bytes:
    """One page. catalog: more of it; more: objects from number 5 on; trailer: more of it."""
    objects = [CATALOG % catalog, PAGES, PAGE, words(text), *more]
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ending = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + ending


def appended(document: bytes, objects: Mapping[int, bytes], *, places: Mapping[int, int] | None = None) -> bytes:
    """The document with an incremental update behind it. objects: by number; places: objects that are there already."""
    previous = int(re.findall(rb"startxref\s+(\d+)", document)[-1])
    size = max([*objects, *(places or {}), *(int(one) for one in re.findall(rb"/Size (\d+)", document))]) + 1
    out, found = document, dict(places or {})
    for number, one in objects.items():
        found[number] = len(out)
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(found.items()))
    root = re.findall(rb"/Root (\d+ \d+ R)", document)[-1]
    ending = b"trailer\n<< /Size %d /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size, root, previous, len(out))
    return out + b"xref\n" + table + ending


def byte_range(document: bytes) -> list[int]:
    """Of the seal."""
    (found,) = re.findall(rb"/ByteRange \[ ?(\d+) (\d+) (\d+) (\d+) *\]", document)
    return [int(one) for one in found]


def message_of(document: bytes) -> bytes:
    """The seal's message (CMS) with its padding."""
    _, start, end, _ = byte_range(document)
    return bytes.fromhex(document[start + 1 : end - 1].decode("ascii"))


def with_message(document: bytes, message: bytes) -> bytes:
    """The document with another message in the place of its own, padded to the same length."""
    _, start, end, _ = byte_range(document)
    room = end - start - 2
    assert 2 * len(message) <= room
    return document[: start + 1] + message.hex().encode("ascii").ljust(room, b"0") + document[end - 1 :]


def seal_number(document: bytes) -> int:
    """The object that is the seal's dictionary."""
    start = document.rindex(b" obj", 0, byte_range(document)[1])
    return int(re.findall(rb"(\d+) \d+$", document[:start])[-1])
