"""A long stream sealed in pieces, so that neither writing nor reading holds it whole, and none can be cut, moved or dropped.

AES-256-GCM under one fresh data key, wrapped by the key-encryption key; nonce = 7 random bytes, 4 that count, 1 that is set on
the last piece alone (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, 2015). The first line, in clear, is bound to every piece.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.errors import InvalidInput, RecordTampered
from idverify.keys import Wrapper

PIECE = 64 * 1024
TAG = 16
_WRAP_DATA = b"idverify backup data key 1"
_FORMAT = "idverify-backup-1"
_LONGEST_HEADER = 4096


def write_sealed(out: BinaryIO, lines: Iterable[bytes], wrapper: Wrapper, *, data_key: bytes, prefix: bytes) -> int:
    """Seal the lines into `out`, and return how many. data_key: 32 fresh random bytes; prefix: 7. Raises KeyUnavailable."""
    version = wrapper.version
    header = _header(version, wrapper.wrap(data_key, _WRAP_DATA, version), prefix)
    out.write(header)
    cipher, buffer, number, count = AESGCM(data_key), bytearray(), 0, 0
    for line in lines:
        buffer += line
        count += 1
        while len(buffer) > PIECE:
            out.write(cipher.encrypt(_nonce(prefix, number, last=False), bytes(buffer[:PIECE]), header))
            del buffer[:PIECE]
            number += 1
    out.write(cipher.encrypt(_nonce(prefix, number, last=True), bytes(buffer), header))
    return count


def read_sealed(source: BinaryIO, wrapper: Wrapper) -> Iterator[bytes]:
    """The lines again, each without its line feed. What was yielded counts only once the iteration has ended.

    Raises RecordTampered when a bit differs or the end is missing, KeyUnavailable without the key-encryption key it was made
    under, InvalidInput when it is no backup.
    """
    header = source.readline(_LONGEST_HEADER)
    version, wrapped, prefix = _parsed(header)
    cipher = AESGCM(wrapper.unwrap(wrapped, _WRAP_DATA, version))
    rest = b""
    for number, (piece, last) in enumerate(_pieces(source)):
        try:
            rest += cipher.decrypt(_nonce(prefix, number, last=last), piece, header)
        except (InvalidTag, ValueError):
            raise RecordTampered("the backup was altered or cut short") from None
        *complete, rest = rest.split(b"\n")
        yield from complete
    if rest:
        raise RecordTampered("the backup ends within a line")


def _pieces(source: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Each sealed piece, and whether it is the last: only the next read can tell."""
    piece = source.read(PIECE + TAG)
    while True:
        following = source.read(PIECE + TAG)
        yield piece, not following
        if not following:
            return
        piece = following


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _header(version: str, wrapped: bytes, prefix: bytes) -> bytes:
    fields = {"key_version": version, "wrapped_key": _spelled(wrapped), "prefix": _spelled(prefix)}
    return json.dumps({"format": _FORMAT, **fields}).encode("ascii") + b"\n"


def _parsed(header: bytes) -> tuple[str, bytes, bytes]:
    try:
        fields: dict[str, Any] = json.loads(header)
        wrapped, prefix = (base64.b64decode(fields[name], validate=True) for name in ("wrapped_key", "prefix"))
        version = fields["key_version"]
        sound = fields["format"] == _FORMAT and isinstance(version, str) and version.isascii() and len(prefix) == 7
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise InvalidInput("this file is not a backup of idverify")
    return version, wrapped, prefix


def _spelled(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
