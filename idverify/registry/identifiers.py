"""The caller's name for a subject: looked up by its HMAC, so that the database alone does not tell who is enrolled."""

import hmac
import re
import unicodedata

from idverify.errors import InvalidInput
from idverify.registry.claims import is_plain_text

LONGEST = 256
_SUBJECT_ID = re.compile(r"sub_[0-9a-f]{32}")


def parse_identifier(text: object) -> str:
    """The identifier, 1 to 256 characters of Unicode in normal form C. Raises InvalidInput, without repeating it.

    Two spellings of one string (é as one code point or two) are one identifier; upper and lower case stay apart.
    """
    identifier = unicodedata.normalize("NFC", text) if isinstance(text, str) and len(text) <= 4 * LONGEST else ""
    if not is_plain_text(identifier, LONGEST):
        raise InvalidInput("a subject identifier has 1 to 256 characters, no controls, and no space at its ends")
    return identifier


def lookup(secret: bytes, identifier: str) -> str:
    """HMAC-SHA256 of a parsed identifier, 64 hex digits."""
    return hmac.digest(secret, b"idverify subject identifier 1\0" + identifier.encode(), "sha256").hex()


def subject_id(chance: bytes) -> str:
    """An opaque id from 16 random bytes. It says nothing about the person, the caller or the order of enrolment."""
    return "sub_" + chance.hex()


def is_subject_id(text: str) -> bool:
    """Whether the text has the form of an id made here; nothing else needs to reach the database."""
    return _SUBJECT_ID.fullmatch(text) is not None
