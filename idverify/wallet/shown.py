"""What the wallet showed: a chained record of who asked, what for, and the paths of the claims. Never a value.

It is the audit's chain (idverify.audit.chain) under a key that is derived from the device key, and a head of its own in the
same file, so that who lacks the key can neither edit, insert, remove, reorder nor cut off the end unseen. Who holds the folder
holds the key too: against that, only a head that was written down elsewhere helps. docs/reference/wallet-history.md has the
format.
"""

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idverify.audit.chain import GENESIS, JSON, Entry, Finding, Report, canonical, link
from idverify.audit.heads import Head, check
from idverify.errors import AuditBroken, InvalidInput
from idverify.wallet.device import HeldKey

FORMAT = "idverify-shown-1"
EVENT = "wallet.shown"
BEGUN = "wallet.history_begun"
ACTOR = "wallet"
LONGEST_WORD = 256
MOST_PATHS = 64
OTHER = "(other)"
"""In the place of a claim's name that is none: an issuer might spell a value as one."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}")
_MEMBERS = ("seq", "at", "actor", "event", "subject_id", "details", "previous", "hash")

Paths = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Showing:
    """What is about to be shown. way: `presentation`, `request` (over the network) or `qr`.

    requester: as they gave their name; None where whoever reads the code is meant. reader: the host that asks for them, by its
    certificate. purpose: as they said, or of the slip. asked: None where nobody said; shown: with what every reader sees.
    """

    way: str
    configuration: str
    issuer: str
    requester: str | None
    purpose: str | None
    asked: Paths | None
    shown: Paths
    reader: str | None = None

    def details(self) -> dict[str, JSON]:
        """As the record keeps it. Raises InvalidInput for words that no person could read as one line."""
        for name in ("requester", "purpose", "reader"):
            word = getattr(self, name)
            if word is not None and not (word.isprintable() and 0 < len(word) <= LONGEST_WORD):
                raise InvalidInput(f"{name}: one line of 1 to {LONGEST_WORD} characters")
        told = asdict(self)
        return told | {"asked": None if self.asked is None else _spelled(self.asked), "shown": _spelled(self.shown)}


def paths(names: Iterable[str]) -> Paths:
    """Claims at the top of a credential, as paths."""
    return tuple((name,) for name in sorted(set(names)))


def log_key(device: HeldKey) -> bytes:
    """The key of the record, for who has the device key. 32 bytes."""
    return hmac.digest(device.secret.encode("ascii"), b"idverify wallet history 1", "sha256")


@dataclass(frozen=True, slots=True)
class History:
    """The record as found. head: what it says of its own length; None where its head is not genuine."""

    entries: tuple[Entry, ...]
    head: tuple[int, str] | None

    def checked(self, key: bytes, kept: tuple[int, str] | None = None) -> Report:
        """Where it is broken, if it is. kept: count and hash of a head that was written down."""
        report = check(key, self.entries, Head("", *(self.head or (0, GENESIS)), 0))
        if self.head is None:
            report = Report(report.count, report.hash, (*report.findings, _HEADLESS))
        elif not report.findings and report.count > self.head[0]:
            report = Report(report.count, report.hash, (Finding(self.head[0] + 1, "stands beyond the end of the record"),))
        if kept is not None and not report.findings:
            report = check(key, self.entries, Head("", *kept, 0))
        return report

    def after(self, key: bytes, event: str, details: Mapping[str, JSON], at: float) -> "History":
        """With one more event. Raises AuditBroken where the record does not hold: nothing is built on it, and nothing shown."""
        findings = self.checked(key).findings
        if findings:
            raise AuditBroken(
                f"the record of what this wallet showed is broken at {findings[0].seq}, so nothing is shown: see "
                "`idverify wallet history`; with --begin-anew it is put aside and another begun"
            )
        last = self.entries[-1] if self.entries else None
        new = link(key, last, at=at, actor=ACTOR, event=event, subject_id=None, details=details)
        return History((*self.entries, new), (new.seq, new.hash))


EMPTY = History((), (0, GENESIS))
_HEADLESS = Finding(0, "the head was altered, or written without the key")
DAMAGED = History((), None)
"""A file that is not what the wallet wrote, or that is not there and should be."""


def spell(history: History, key: bytes) -> bytes:
    """The file."""
    count, last = history.head or (0, GENESIS)
    head = {"count": count, "hash": last, "mac": _mac(key, count, last)}
    entries = [[getattr(one, name) for name in _MEMBERS] for one in history.entries]
    lines = ",\n".join(canonical(one) for one in entries)
    return f'{{"format":"{FORMAT}","head":{canonical(head)},"entries":[\n{lines}\n]}}\n'.encode("ascii")


def parse(data: bytes, key: bytes) -> History:
    """The file again; DAMAGED for any other."""
    try:
        raw = json.loads(data)
        entries = tuple(_entry(one) for one in raw["entries"])
        count, last, mac = raw["head"]["count"], raw["head"]["hash"], raw["head"]["mac"]
        genuine = raw["format"] == FORMAT and type(count) is int and hmac.compare_digest(_mac(key, count, last), mac)
    except (ValueError, KeyError, TypeError, RecursionError):
        return DAMAGED
    return History(entries, (count, last) if genuine else None)


def _entry(raw: Any) -> Entry:
    entry = Entry(*raw)
    if type(entry.seq) is not int or not isinstance(entry.details, dict) or not isinstance(entry.hash, str):
        raise ValueError("not an event")
    return entry


def _mac(key: bytes, count: int, last: str) -> str:
    return hmac.digest(key, canonical(["head", count, last]).encode(), "sha256").hex()


def _spelled(found: Paths) -> list[JSON]:
    return [[name if _NAME.fullmatch(name) else OTHER for name in path] for path in found[:MOST_PATHS]]
