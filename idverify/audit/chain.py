"""The audit chain: every event carries the hash of the one before it, under a key that the database does not hold.

``hash = HMAC-SHA256(key, canonical JSON of [seq, at, actor, event, subject_id, details, previous])``. Who can write to the
database but lacks the key can neither edit, insert, remove nor reorder events unseen. Who can cut off the end can: that is
what signed heads are for (idverify.audit.heads).
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]

GENESIS = "0" * 64
"""What the first event has in place of a previous hash."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the chain. seq: 1, 2, 3, ... at: seconds since the epoch. previous, hash: 64 hex digits."""

    seq: int
    at: float
    actor: str
    event: str
    subject_id: str | None
    details: Mapping[str, JSON]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and at which event."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """The chain as found. count, hash: of its last event (0 and GENESIS when empty). findings: empty when it holds."""

    count: int
    hash: str
    findings: tuple[Finding, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def link(
    key: bytes,
    previous: Entry | None,
    *,
    at: float,
    actor: str,
    event: str,
    subject_id: str | None,
    details: Mapping[str, JSON],
) -> Entry:
    """The next event after `previous` (None: the first)."""
    seq, last = (1, GENESIS) if previous is None else (previous.seq + 1, previous.hash)
    entry = Entry(seq, float(at), actor, str(event), subject_id, details, last, "")
    return replace(entry, hash=mac(key, entry))


def mac(key: bytes, entry: Entry) -> str:
    """The hash that the entry ought to have, hex."""
    fields = [entry.seq, entry.at, entry.actor, entry.event, entry.subject_id, entry.details, entry.previous]
    return hmac.digest(key, canonical(fields).encode(), "sha256").hex()


def authentic(key: bytes, entry: Entry) -> bool:
    """Whether the entry was written under this key and not altered since; its place in the chain is not looked at."""
    try:
        return hmac.compare_digest(mac(key, entry), entry.hash)
    except (TypeError, ValueError):  # SQLite lets any type stand in any column
        return False


def canonical(value: object) -> str:
    """One spelling for one JSON value: sorted names, no spaces, ASCII, no NaN. Raises ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def check_chain(key: bytes, entries: Iterable[Entry], most: int = 100) -> Report:
    """Walk the chain from its first event. Stops looking after `most` findings."""
    findings: list[Finding] = []
    seq, last = 0, GENESIS
    for entry in entries:
        if entry.seq != seq + 1:
            gap = f"events {seq + 1} to {entry.seq - 1} are missing"
            findings.append(Finding(seq + 1, gap if entry.seq > seq else f"an event numbered {entry.seq} stands here"))
        elif entry.previous != last:
            findings.append(Finding(entry.seq, "does not follow the event before it"))
        if not authentic(key, entry):
            findings.append(Finding(entry.seq, "was altered, or written without the key"))
        seq, last = entry.seq, entry.hash
        if len(findings) >= most:
            break
    return Report(seq, last, tuple(findings))
