"""Heads: what the chain was at one moment. Signed and kept elsewhere, a head shows what was cut off or written over later."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idverify.audit.chain import Entry, Finding, Report, check_chain

TYPE = "audit-head+jwt"
"""JWS header `typ` of a signed head."""

LIMITS = (
    "Events after the head could be cut off unseen.",
    "Events after the head could be written over by whoever holds the audit key.",
    "Nothing shows what was never recorded.",
)
"""What checking against a head cannot find."""

LIMITS_WITHOUT_HEAD = (
    "No head was given: events could be cut off at the end unseen.",
    "Whoever holds the audit key could have written the whole chain anew.",
    "Nothing shows what was never recorded.",
)


@dataclass(frozen=True, slots=True)
class Head:
    """Length of the chain and hash of its last event. iss: the installation's URL. iat: whole seconds since the epoch."""

    iss: str
    count: int
    hash: str
    iat: int


def to_claims(head: Head) -> dict[str, Any]:
    """The claims that are signed."""
    return asdict(head)


def from_claims(claims: Mapping[str, Any]) -> Head:
    """A head from claims whose signature was validated. Raises ValueError."""
    if set(claims) != {"iss", "count", "hash", "iat"}:
        raise ValueError("an audit head has iss, count, hash and iat")
    numbers = all(type(claims[name]) is int and claims[name] >= 0 for name in ("count", "iat"))
    if not (numbers and isinstance(claims["iss"], str) and isinstance(claims["hash"], str) and len(claims["hash"]) == 64):
        raise ValueError("an audit head has whole numbers and a hash of 64 digits")
    return Head(claims["iss"], claims["count"], claims["hash"], claims["iat"])


def check(key: bytes, entries: Iterable[Entry], head: Head | None) -> Report:
    """Walk the chain, and hold it against the head: the event that was last then must still be there, unchanged."""
    seen: dict[int, str] = {}
    report = check_chain(key, _watched(entries, head, seen))
    if head is None or head.count == 0:
        return report
    if report.count < head.count and len(report.findings) < 100:
        cut = Finding(report.count + 1, f"events {report.count + 1} to {head.count} were cut off: the head counts {head.count}")
        return Report(report.count, report.hash, (*report.findings, cut))
    if seen.get(head.count, head.hash) != head.hash:
        rewritten = Finding(head.count, "differs from the head: the chain up to here was written anew")
        return Report(report.count, report.hash, (*report.findings, rewritten))
    return report


def _watched(entries: Iterable[Entry], head: Head | None, seen: dict[int, str]) -> Iterator[Entry]:
    for entry in entries:
        if head is not None and entry.seq == head.count:
            seen[entry.seq] = entry.hash
        yield entry
