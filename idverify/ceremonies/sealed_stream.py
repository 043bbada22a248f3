"""A long stream sealed in pieces, so that neither writing nor reading holds it whole, and none can be cut, moved or dropped.

AES-256-GCM under one fresh data key, wrapped by the key-encryption key; nonce = 7 random bytes, 4 that count, 1 that is set on
the last piece alone (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, 2015). The first line, in clear, is bound to every piece.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.errors import InvalidInput, RecordTampered
from idverify.keys import Wrapper

PIECE = 64 * 1024
TAG = 16
_LONGEST_HEADER = 4096

Facts = Mapping[str, str | int]
"""What the first line says besides, in clear, bound to every piece as it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a stream is: `format` in its first line, and what its wrapped key is bound to; `words` name it in messages."""

    format: str
    wrap_data: bytes
    words: str


BACKUP = Kind("idverify-backup-1", b"idverify backup data key 1", "backup")


def write_sealed(
    out: BinaryIO,
    parts: Iterable[bytes],
    wrapper: Wrapper,
    *,
    data_key: bytes,
    prefix: bytes,
    kind: Kind = BACKUP,
    facts: Facts | None = None,
) -> int:
    """Seal the parts, one after the other, into `out`, and return how many. data_key: 32 fresh random bytes; prefix: 7.

    facts: few and short, for whoever must know them before the stream is opened. Raises KeyUnavailable.
    """
    version = wrapper.version
    wrapped = wrapper.wrap(data_key, kind.wrap_data, version)
    fields = {"key_version": version, "wrapped_key": _spelled(wrapped), "prefix": _spelled(prefix)}
    header = json.dumps({"format": kind.format, **fields, **(facts or {})}).encode("ascii") + b"\n"
    out.write(header)
    cipher, buffer, number, count = AESGCM(data_key), bytearray(), 0, 0
    for part in parts:
        buffer += part
        count += 1
        whole = max(len(buffer) - 1, 0) // PIECE * PIECE  # something stays behind for the last piece
        for start in range(0, whole, PIECE):
            out.write(cipher.encrypt(_nonce(prefix, number, last=False), bytes(buffer[start : start + PIECE]), header))
            number += 1
        del buffer[:whole]
    out.write(cipher.encrypt(_nonce(prefix, number, last=True), bytes(buffer), header))
    return count


def read_facts(source: BinaryIO, kind: Kind) -> tuple[dict[str, Any], bytes]:
    """The fields of the first line, not yet authenticated, and the line itself, for `read_pieces`. Raises InvalidInput."""
    header = source.readline(_LONGEST_HEADER)
    try:
        fields: dict[str, Any] = json.loads(header)
        sound = fields["format"] == kind.format and isinstance(fields["key_version"], str) and fields["key_version"].isascii()
        sound = sound and len(_read(fields["prefix"])) == 7 and bool(_read(fields["wrapped_key"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise InvalidInput(f"this file is not a {kind.words} of idverify")
    return fields, header


def read_pieces(source: BinaryIO, header: bytes, wrapper: Wrapper, kind: Kind) -> Iterator[bytes]:
    """The content after the first line, which `read_facts` read, in pieces. It counts only once the iteration has ended.

    Raises RecordTampered when a bit differs or the end is missing, KeyUnavailable without its key-encryption key.
    """
    fields = json.loads(header)
    prefix = _read(fields["prefix"])
    cipher = AESGCM(wrapper.unwrap(_read(fields["wrapped_key"]), kind.wrap_data, fields["key_version"]))
    for number, (piece, last) in enumerate(_pieces(source)):
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=last), piece, header)
        except (InvalidTag, ValueError):
            raise RecordTampered(f"the {kind.words} was altered or cut short") from None


def read_sealed(source: BinaryIO, wrapper: Wrapper) -> Iterator[bytes]:
    """The lines of a backup, each without its line feed. What was yielded counts only once the iteration has ended.

    Raises as `read_facts` and `read_pieces` do.
    """
    _, header = read_facts(source, BACKUP)
    rest = b""
    for piece in read_pieces(source, header, wrapper, BACKUP):
        *complete, rest = (rest + piece).split(b"\n")
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


def _spelled(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _read(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
