"""A strict reader of DER (ITU-T X.690), one level at a time: definite and shortest lengths only, nothing left over.

The description in an Android certificate is read with it. Lists there gain members with every version, so a fixed schema would
refuse the next phone; here the caller picks the members that it knows. Descending is the caller's doing: no input nests deeper
than the code that reads it.
"""

from typing import NamedTuple

from idverify.errors import AttestationRefused

BOOLEAN, INTEGER, OCTET_STRING, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31
_MOST_ELEMENTS = 256
_MOST_LENGTH_OCTETS = 3
_MOST_INTEGER_OCTETS = 9
_HIGH_TAG = 0x1F
_CONTEXT_CONSTRUCTED = 0xA0


class Element(NamedTuple):
    """One element. tag: identifier octet; number: the tag's number, which differs from the octet's where it is 31 or more."""

    tag: int
    number: int
    content: bytes
    raw: bytes


def elements(data: bytes) -> list[Element]:
    """The elements that `data` is made of, at most 256. Raises AttestationRefused."""
    found: list[Element] = []
    at = 0
    while at < len(data):
        if len(found) == _MOST_ELEMENTS:
            raise AttestationRefused("malformed")
        start = at
        tag = data[at]
        number, at = _number(data, at)
        length, at = _length(data, at)
        if at + length > len(data):
            raise AttestationRefused("malformed")
        found.append(Element(tag, number, data[at : at + length], data[start : at + length]))
        at += length
    return found


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element, of this tag, that `data` is. Raises AttestationRefused."""
    found = elements(data)
    if len(found) != 1:
        raise AttestationRefused("malformed")
    return content(found[0], tag)


def content(element: Element, tag: int) -> bytes:
    """The element's content, if it has this tag. Raises AttestationRefused."""
    if element.tag != tag:
        raise AttestationRefused("malformed")
    return element.content


def integer(octets: bytes) -> int:
    """A non-negative INTEGER's or ENUMERATED's content, in its shortest form. Raises AttestationRefused."""
    shortest = len(octets) == 1 or (1 < len(octets) <= _MOST_INTEGER_OCTETS and (octets[0] != 0 or octets[1] >= 0x80))
    if not shortest or octets[0] >= 0x80:
        raise AttestationRefused("malformed")
    return int.from_bytes(octets, "big")


def boolean(octets: bytes) -> bool:
    """A BOOLEAN's content, 00 or FF. Raises AttestationRefused."""
    if octets not in {b"\x00", b"\xff"}:
        raise AttestationRefused("malformed")
    return octets == b"\xff"


def explicit(octets: bytes) -> dict[int, bytes]:
    """The members of a list of explicitly tagged ones, by tag number, none twice. Raises AttestationRefused."""
    members: dict[int, bytes] = {}
    for element in elements(octets):
        if element.tag & 0xE0 != _CONTEXT_CONSTRUCTED or element.number in members:
            raise AttestationRefused("malformed")
        members[element.number] = element.content
    return members


def _number(data: bytes, at: int) -> tuple[int, int]:
    low = data[at] & _HIGH_TAG
    at += 1
    if low != _HIGH_TAG:
        return low, at
    number = 0
    for octet in data[at : at + 3]:
        at += 1
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            if number < _HIGH_TAG:
                break
            return number, at
        if number == 0:
            break
    raise AttestationRefused("malformed")


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise AttestationRefused("malformed")
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    octets = data[at : at + (first & 0x7F)]
    count = len(octets)
    shortest = 0 < count <= _MOST_LENGTH_OCTETS and octets[0] != 0 and (count > 1 or octets[0] >= 0x80)
    if not shortest or count != first & 0x7F:
        raise AttestationRefused("malformed")
    return int.from_bytes(octets, "big"), at + count
