"""The signing keys of an installation over time, so that a key set that anyone fetched is never without the right key.

A key is published as `next` before it signs, signs as `current`, and stays published as `retired` until the last token it
signed has expired. Its private half is destroyed the moment it retires. `index.json` (0600) is the truth: a PEM that it does
not name is a leftover. The index keeps every public key for good, so that long-lived signatures (audit heads) can be checked.
"""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from idverify.errors import KeyUnavailable, SigningUnavailable
from idverify.keys import Signer
from idverify.keys.file import FileSigner
from idverify.keys.private_files import fingerprint, locked, make_private_folder, read_private, replace_private

INDEX = "index.json"
_FORMAT = "idverify-signing-keys-1"

# A token lives 600 s and validators allow 60 s of clock skew (credentials/; a test holds the two together).
PUBLISHED_AFTER_RETIREMENT = 660.0
# Twice the time for which relying parties may keep a fetched key set: a key published for less may be unknown to them.
CACHE_SECONDS = 600.0

State = Literal["next", "current", "retired"]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key of the index. since: seconds since the epoch at which it entered its state. public: its JWK."""

    kid: str
    state: State
    since: float
    public: dict[str, str]


class Holder(Protocol):
    """Where private halves live: a folder of PEMs, or a PKCS#11 token (keys/pkcs11.py)."""

    def create(self) -> Signer:
        """A new key pair. Raises KeyUnavailable."""
        ...

    def load(self, kid: str) -> Signer:
        """The key pair of that kid. Raises KeyUnavailable."""
        ...

    def destroy(self, kid: str) -> None:
        """Destroy the private key of that kid; nothing happens where it is gone already. Raises KeyUnavailable."""
        ...


class FileHolder:
    """PEM files (0600) in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self) -> Signer:
        """See Holder."""
        return FileSigner.create(self._folder)

    def load(self, kid: str) -> Signer:
        """See Holder."""
        return FileSigner.load(self._folder / f"{kid}.pem")

    def destroy(self, kid: str) -> None:
        """See Holder."""
        try:
            (self._folder / f"{kid}.pem").unlink(missing_ok=True)
        except OSError as error:
            raise KeyUnavailable(f"cannot delete a retired key: {error.strerror}") from None


class SigningKeys:
    """The keys as they stand now. A rotation by another process is noticed at the next use (one `stat` each)."""

    def __init__(self, folder: Path, now: Callable[[], float], holder: Holder) -> None:
        """Read the index and the current key. Raises KeyUnavailable."""
        self._folder, self._now, self._holder = folder, now, holder
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._records: tuple[KeyRecord, ...] = ()
        self._signer: Signer | None = None
        self._fresh()

    def __repr__(self) -> str:
        return f"SigningKeys({str(self._folder)!r})"

    @property
    def current(self) -> Signer:
        """The key that signs now. Raises SigningUnavailable."""
        try:
            return self._fresh()[1]
        except KeyUnavailable as error:
            raise SigningUnavailable(error.message) from None

    def signer(self, kid: str) -> Signer:
        """A key that has not retired. Raises KeyUnavailable."""
        return self._holder.load(kid)

    def now(self) -> float:
        """Seconds since the epoch, by the clock that these keys were opened with."""
        return self._now()

    def records(self) -> tuple[KeyRecord, ...]:
        """Every key ever, newest first. Raises KeyUnavailable."""
        return self._fresh()[0]

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """JWK Set (RFC 7517) to publish: the next, the current, and retired ones that a living token may name.

        Raises KeyUnavailable.
        """
        oldest = self._now() - PUBLISHED_AFTER_RETIREMENT
        kept = [one for one in self.records() if one.state != "retired" or one.since >= oldest]
        return {"keys": [dict(one.public) for one in kept]}

    def history(self) -> dict[str, list[dict[str, str]]]:
        """JWK Set of every key that ever signed or will, for what is checked long after: audit heads. Never for tokens.

        Raises KeyUnavailable.
        """
        return {"keys": [dict(one.public) for one in self.records()]}

    def next_known_at(self) -> float:
        """When the next key may sign (seconds since the epoch): every relying party has fetched it by then.

        Raises KeyUnavailable.
        """
        return _only(self.records(), "next").since + CACHE_SECONDS

    def rotate(self) -> "Rotation":
        """See `rotate` below. Raises KeyUnavailable."""
        return rotate(self._folder, self._now, self._holder)

    def _fresh(self) -> tuple[tuple[KeyRecord, ...], Signer]:
        with self._lock:
            seen = fingerprint(self._folder / INDEX)
            if seen != self._seen or self._signer is None:
                records = _read(self._folder)
                try:
                    signer = self._holder.load(_only(records, "current").kid)
                except KeyUnavailable:
                    # A rotation may have fallen between reading the index and the key: look once more, under its lock.
                    with locked(self._folder):
                        seen, records = fingerprint(self._folder / INDEX), _read(self._folder)
                        signer = self._holder.load(_only(records, "current").kid)
                if signer.kid != _only(records, "current").kid:
                    raise KeyUnavailable("the current signing key is not the one that the index names")
                self._seen, self._records, self._signer = seen, records, signer
            return self._records, self._signer


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. published_for: seconds that the new current key had been published before it began to sign.

    Below CACHE_SECONDS a relying party may hold a key set without it, until it fetches again.
    """

    current: str
    retired: str
    next: str
    published_for: float


def load(folder: Path, now: Callable[[], float], holder: Holder | None = None) -> SigningKeys:
    """The keys of the folder. Raises KeyUnavailable when there are none."""
    return SigningKeys(folder, now, holder or FileHolder(folder))


def load_or_create(folder: Path, now: Callable[[], float], holder: Holder | None = None) -> SigningKeys:
    """The keys of the folder, made on first start: one that signs and one published for the next rotation.

    Raises KeyUnavailable.
    """
    holder = holder or FileHolder(folder)
    make_private_folder(folder)
    with locked(folder):
        if not (folder / INDEX).exists():
            records = (_made(holder, "next", now()), _made(holder, "current", now()))
            _write(folder, records)
    return load(folder, now, holder)


def rotate(folder: Path, now: Callable[[], float], holder: Holder | None = None) -> Rotation:
    """The next key signs from now on, the current one retires, a new next one is published. Safe to repeat after a crash.

    The index changes in one step; private halves that it no longer needs are destroyed after it. Raises KeyUnavailable.
    """
    holder = holder or FileHolder(folder)
    with locked(folder):
        records = _read(folder)
        coming, going = _only(records, "next"), _only(records, "current")
        at = now()
        made = _made(holder, "next", at)
        promoted, retired = replace(coming, state="current", since=at), replace(going, state="retired", since=at)
        past = tuple(one for one in records if one.state == "retired")
        _write(folder, (made, promoted, retired, *past))
        for one in (retired, *past):  # past ones too: an earlier rotation may have been cut short here
            holder.destroy(one.kid)
    return Rotation(promoted.kid, retired.kid, made.kid, at - coming.since)


def _made(holder: Holder, state: State, at: float) -> KeyRecord:
    signer = holder.create()
    return KeyRecord(signer.kid, state, at, signer.public_jwk())


def _only(records: tuple[KeyRecord, ...], state: State) -> KeyRecord:
    return next(one for one in records if one.state == state)


def _write(folder: Path, records: tuple[KeyRecord, ...]) -> None:
    content = {"format": _FORMAT, "keys": [asdict(one) for one in records]}
    replace_private(folder / INDEX, (json.dumps(content, indent=2) + "\n").encode("ascii"))


def _read(folder: Path) -> tuple[KeyRecord, ...]:
    content = read_private(folder / INDEX)
    records: list[KeyRecord] = []
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        parsed = json.loads(content)
        if parsed["format"] == _FORMAT:
            records = [KeyRecord(**row) for row in parsed["keys"]]
    if not _sound(records):
        raise KeyUnavailable(f"{folder / INDEX} is damaged: restore it from a backup")
    return tuple(records)


def _sound(records: list[KeyRecord]) -> bool:
    states = [one.state for one in records]
    if states.count("current") != 1 or states.count("next") != 1 or len({one.kid for one in records}) != len(records):
        return False
    return all(isinstance(one.public, dict) and one.public.get("kid") == one.kid and "d" not in one.public for one in records)
