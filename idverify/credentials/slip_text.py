"""The text of a QR code: EID1: and base45 (RFC 9285), which a QR code writes in its alphanumeric mode, 5.5 bits a character."""

import base45

from idverify.credentials.slip_errors import SlipEncoding

PREFIX = "EID1:"
LARGEST = 4296  # characters: what a QR code of version 40 holds at its lowest error correction (ISO/IEC 18004)


def written(data: bytes) -> str:
    """The text of these bytes."""
    return PREFIX + str(base45.b45encode(data), "ascii")


def read(text: str) -> bytes:
    """The bytes after five characters of prefix. Base45 knows one spelling of bytes. Raises SlipEncoding."""
    try:
        return bytes(base45.b45decode(text[len(PREFIX) :].encode("ascii")))
    except ValueError:
        raise SlipEncoding from None
