"""The portraits of a subject: the one of enrolment, and up to four from elsewhere, each as bytes for sealing.

The first is sealed as the file that was sent. A further one has its source and its time before the file: a line of JSON.
"""

import json
from dataclasses import dataclass
from typing import Final

from idverify.errors import RecordTampered

MOST: Final = 5
"""Portraits of one subject. Three were measured (docs/decisions/0007-accuracy.md); an office that has more picks."""

FIRST: Final = "first"
"""Id of the portrait of enrolment, for every subject; further ones have random ids and are never called by another's."""

ENROLMENT: Final = "enrolment"
SOURCES: Final = ("household_register", "identity_card", "driving_licence", "passport", "renewal", "other")
"""Where a further portrait may come from; the first has the source `enrolment`."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One portrait. added_at: seconds since the epoch. picture: the file, byte for byte as it was sent."""

    portrait_id: str
    added_at: float
    source: str
    picture: bytes


def portrait_id(random: bytes) -> str:
    """Id of a further portrait, of 16 random bytes."""
    return f"por_{random.hex()}"


def to_bytes(portrait: Portrait) -> bytes:
    """A further portrait as it is sealed."""
    head = json.dumps({"added_at": portrait.added_at, "source": portrait.source})
    return head.encode("ascii") + b"\n" + portrait.picture


def from_bytes(data: bytes, portrait_id: str) -> Portrait:
    """The inverse of `to_bytes`. Raises RecordTampered."""
    head, _, picture = data.partition(b"\n")
    try:
        told = json.loads(head)
        return Portrait(portrait_id, float(told["added_at"]), str(told["source"]), picture)
    except (ValueError, TypeError, KeyError):
        raise RecordTampered("a portrait record is malformed") from None
