"""The folder (0700) of a relying party: accepted trust lists, issuers' certificates, status lists. All of it is public and none
of it is believed unread: what lies there is validated again when it is loaded.
"""

import hashlib
import json
import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from idverify.credentials import status_list_cwt, trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import TIME_CHECKS, Leaf, leaf_under
from idverify.credentials.credential_errors import CertificateExpired
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import strict_object
from idverify.credentials.status_list import StatusList
from idverify.credentials.trust_list import TrustList
from idverify.credentials.trust_list_checks import Held
from idverify.credentials.trust_list_errors import TrustListExpired
from idverify.errors import InvalidInput, KeyUnavailable, TokenInvalid
from idverify.keys.private_files import fingerprint, locked, make_private_folder, read_private, replace_private

T = TypeVar("T")
MOST_KEYS = 64
"""Certificates that one issuer may publish at a time; a document with more is refused."""
_LISTS, _STATUSES, _LEAVES = "lists", "statuses", "issuers"
_JWT, _CWT = _TOKENS = (".jwt", ".cwt")
"""A status list comes in either format, and the newer one is held; where a folder has both, the newer one counts."""
_LARGEST_FILE = 2 * trust_list.LARGEST
"""Bytes: the largest list that is accepted, with what stands around it, must be read again."""


@dataclass(frozen=True, slots=True)
class HeldList:
    """A list as it was accepted. types: the only ones that it is believed for, or None. source: where newer ones are."""

    pin: str
    sequence: int
    digest: str
    source: str | None
    types: frozenset[str] | None
    text: str

    @property
    def held(self) -> Held:
        """What a newer one is held against."""
        return Held(self.sequence, self.digest)

    def read(self, now: float) -> TrustList:
        """Validated again. Raises a leaf of TokenInvalid, TrustListExpired among them."""
        return trust_list.validate(self.text, pin=self.pin, now=now)

    def vouched(self, found: TrustList) -> tuple[Anchor, ...]:
        """Whom the list, read, vouches for: each for no more types than it is believed for."""
        narrowed = (one if self.types is None else replace(one, types=one.types & self.types) for one in found.anchors)
        return tuple(one for one in narrowed if one.types)


class _Vouched(NamedTuple):
    """Whom a list vouches for until it ends (seconds since the epoch)."""

    anchors: tuple[Anchor, ...]
    ends: float


class Holdings:
    """What the folder holds. It is made when the first list is accepted; until then it is empty. Safe from many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, tuple[tuple[int, int, int], Any]] = {}

    def accept_list(
        self, raw: str | bytes, pin: str, types: frozenset[str] | None = None, *, source: str | None = None, now: float
    ) -> TrustList:
        """Keep a list, if it is under the pinned root and not older than the one held under that pin.

        types: believe it for these credential types alone; source: an https URL of newer ones; None: as before. Raises
        InvalidInput for what is no pin, a leaf of TokenInvalid, KeyUnavailable.
        """
        pin = normal_pin(pin)
        trust_list.validate(raw, pin=pin, now=now)  # before anything is made: what does not hold leaves no trace
        self._make(_LISTS)
        with locked(self.folder / _LISTS):
            before = self._held(pin)
            found = trust_list.validate(raw, pin=pin, now=now, held=None if before is None else before.held)
            if before is not None:
                types, source = before.types if types is None else types, source or before.source
            text = raw if isinstance(raw, str) else raw.decode("ascii")
            held = HeldList(pin, found.document.sequence, found.digest, source, types, text)
            self._write(_LISTS, f"{pin}.json", _spelled(held))
        return found

    def lists(self) -> tuple[HeldList, ...]:
        """Every list, whether or not its time is over. Raises KeyUnavailable."""
        return tuple(held for path in self._files(_LISTS, ".json") if (held := self._held(path.stem)) is not None)

    def forget_list(self, pin: str) -> None:
        """Let go of a list, with the number that it had reached. Raises InvalidInput where it is not held."""
        pin = normal_pin(pin)
        if self._held(pin) is None:
            raise InvalidInput("no trust list with that pin is held")
        (self.folder / _LISTS / f"{pin}.json").unlink()

    def anchors(self, now: float) -> tuple[Anchor, ...]:
        """Whom the lists in force vouch for, each narrowed to what its list is believed for.

        Raises TrustListExpired where there are lists and the time of every one of them is over; another leaf of TokenInvalid
        for a list that was altered in the folder; KeyUnavailable.
        """
        return self._anchors(now)[0]

    def believed(self, now: float) -> Believed:
        """All that examines a credential offline. What no longer holds is left out. Raises as `anchors` does."""
        anchors, ended = self._anchors(now)
        statuses = self._statuses(anchors, now).values()
        leaves = self._leaves((*anchors, *ended), now).values()
        return Believed(
            anchors,
            {one.uri: one for one in sorted(filter(None, statuses), key=lambda one: one.issued_at)},
            {one.fingerprint8: one for one in leaves if one is not None},
            ended,
        )

    def store_status(self, token: str | bytes, *, now: float, uri: str | None = None) -> StatusList:
        """Keep a status list that a trusted issuer signed, unless one held for its address is newer; hand back the newest.

        uri: the address that was asked, where one was. Raises a leaf of TokenInvalid, KeyUnavailable.
        """
        anchors = self.anchors(now)
        found = status_list_cwt.read_any(token, anchors, now, uri=uri)
        name = hashlib.sha256(found.uri.encode()).hexdigest()
        self._make(_STATUSES)
        with locked(self.folder / _STATUSES):
            for ending in _TOKENS:
                path = self.folder / _STATUSES / (name + ending)
                held = self._status(path, anchors, now) if path.exists() else None
                held = held if held is not None and held.anchor in {one.fingerprint for one in anchors} else None
                if held is not None and held.issued_at > found.issued_at:
                    return held  # an older list, replayed, would bring a revoked credential back to life
            ending = _CWT if status_list_cwt.is_cwt(token) else _JWT
            self._write(_STATUSES, name + ending, token.encode("ascii") if isinstance(token, str) else token)
            for other in set(_TOKENS) - {ending}:  # of one second's lists in two formats, an earlier one would count
                (self.folder / _STATUSES / (name + other)).unlink(missing_ok=True)
        return found

    def store_issuer_keys(self, raw: bytes, issuer: str, *, now: float) -> int:
        """Keep the certificates of an issuer's `/.well-known/jwt-vc-issuer` that are under an anchor and name it. How many?

        Others are passed over. Those held before stay until their time is over. Raises InvalidInput for another document, and
        KeyUnavailable.
        """
        anchors = self.anchors(now)
        certificates = _published(raw, issuer)
        self._make(_LEAVES)
        kept = 0
        for certificate in certificates:
            try:
                named = issuer in _chained(certificate, anchors, now).issuers
            except TokenInvalid:
                continue
            if named:
                with locked(self.folder / _LEAVES):
                    self._write(_LEAVES, hashlib.sha256(certificate).hexdigest() + ".der", certificate)
                kept += 1
        return kept

    def prune(self, now: float) -> None:
        """Delete status lists and certificates that hold no longer. Raises as `anchors` does.

        Certificates under a list that has ended stay: a code that names one is told from a stranger's, until the list is fresh.
        """
        anchors, ended = self._anchors(now)
        for path, held in self._statuses(anchors, now).items():
            if held is None or held.expires_at <= now:
                path.unlink(missing_ok=True)
        for path, leaf in self._leaves((*anchors, *ended), now).items():
            if leaf is None:
                path.unlink(missing_ok=True)

    def _held(self, pin: str) -> HeldList | None:
        path = self._path(pin)
        if path not in self._files(_LISTS, ".json"):
            return None
        return _unspelled(read_private(path, _LARGEST_FILE), path)

    def _anchors(self, now: float) -> tuple[tuple[Anchor, ...], tuple[Anchor, ...]]:
        """Those of the lists in force, and those of the lists that have ended. Raises as `anchors` does."""
        lists = [self._vouched(path, now) for path in self._files(_LISTS, ".json")]
        if lists and not any(one.ends > now for one in lists):
            raise TrustListExpired
        in_force, ended = (
            tuple(anchor for one in lists if (one.ends > now) == holds for anchor in one.anchors) for holds in (True, False)
        )
        return in_force, ended

    def _vouched(self, path: Path, now: float) -> _Vouched:
        """Past its end, or that of its certificate, a list stands in no other list's way, whatever it says by then."""

        def read(content: bytes) -> _Vouched:
            held = _unspelled(content, path)
            try:
                found = held.read(now)
            except (TrustListExpired, CertificateExpired):
                try:
                    found = trust_list.as_issued(held.text, pin=held.pin)
                except TokenInvalid:
                    return _Vouched((), -inf)
            return _Vouched(held.vouched(found), found.ends)

        return self._remembered(path, read)

    def _path(self, pin: str) -> Path:
        return self.folder / _LISTS / f"{pin}.json"

    def _statuses(self, anchors: tuple[Anchor, ...], now: float) -> dict[Path, StatusList | None]:
        roots = {one.fingerprint for one in anchors}
        paths = [path for ending in _TOKENS for path in self._files(_STATUSES, ending)]
        found = {path: self._status(path, anchors, now) for path in paths}
        return {path: held if held is not None and held.anchor in roots else None for path, held in found.items()}

    def _status(self, path: Path, anchors: tuple[Anchor, ...], now: float) -> StatusList | None:
        """None for a list that did not hold when it was loaded; that its root was taken off since is for the caller to see."""
        try:
            return self._remembered(path, lambda content: status_list_cwt.read_any(content, anchors, now))
        except (TokenInvalid, KeyUnavailable):
            return None

    def _leaves(self, anchors: tuple[Anchor, ...], now: float) -> dict[Path, Leaf | None]:
        roots = {one.certificate for one in anchors}
        found = {path: self._leaf(path, anchors, now) for path in self._files(_LEAVES, ".der")}
        return {path: leaf if leaf is not None and leaf.anchor.certificate in roots else None for path, leaf in found.items()}

    def _leaf(self, path: Path, anchors: tuple[Anchor, ...], now: float) -> Leaf | None:
        """Likewise. Chained once: under as many roots as a list can name, each code would wait for seconds otherwise."""
        try:
            leaf = self._remembered(path, lambda content: _chained(content, anchors, now))
            for check in TIME_CHECKS:
                check(leaf, now)
        except (TokenInvalid, KeyUnavailable):
            return None
        return leaf

    def _remembered(self, path: Path, read: Callable[[bytes], T]) -> T:
        seen = fingerprint(path)
        held = self._read.get(path)
        if held is None or held[0] != seen:
            self._read[path] = held = (seen, read(read_private(path, _LARGEST_FILE)))
        found: T = held[1]
        return found

    def _files(self, room: str, ending: str) -> list[Path]:
        """None where the room was never made; what is there and cannot be read is no empty room. Raises KeyUnavailable."""
        folder = self.folder / room
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise KeyUnavailable(f"cannot read {folder}: {error.strerror}") from None
        return sorted(folder / name for name in names if name.endswith(ending))

    def _make(self, room: str) -> None:
        make_private_folder(self.folder)
        make_private_folder(self.folder / room)

    def _write(self, room: str, name: str, content: bytes) -> None:
        replace_private(self.folder / room / name, content)


def _spelled(held: HeldList) -> bytes:
    return json.dumps(asdict(held), indent=1, default=sorted).encode("ascii")


def normal_pin(pin: str) -> str:
    """64 lower-case hex digits; colons and blanks, as tools print them, are passed over. Raises InvalidInput."""
    found = pin.replace(":", "").replace(" ", "").lower()
    if len(found) != 64 or not set(found) <= set("0123456789abcdef"):
        raise InvalidInput("a pin is the SHA-256 of the operator's root certificate: 64 hex digits")
    return found


def _unspelled(content: bytes, path: Path) -> HeldList:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        row = json.loads(content)
        if row["pin"] == path.stem and type(row["sequence"]) is int:
            return HeldList(**row | {"types": None if row["types"] is None else frozenset(row["types"])})
    raise KeyUnavailable(f"{path} is damaged: delete it and add the list again")


def _chained(certificate: bytes, anchors: tuple[Anchor, ...], now: float) -> Leaf:
    return leaf_under((certificate,), anchors, purpose=Purpose.CREDENTIAL, now=now)


def _published(raw: bytes, issuer: str) -> list[bytes]:
    """The certificates of an issuer's key set. Raises InvalidInput."""
    refused = InvalidInput(f"{issuer} does not publish its key set: expected issuer and jwks, each key with x5c")
    try:
        document = strict_object(raw)
        keys: list[Mapping[str, Any]] = document["jwks"]["keys"]
        certificates = [b64decode(key["x5c"][0], validate=True) for key in keys]
    except (TokenInvalid, KeyError, TypeError, IndexError, ValueError):
        raise refused from None
    if document.get("issuer") != issuer or len(certificates) > MOST_KEYS:
        raise refused
    return certificates
