"""The wallet's folder (0700), its files (0600): the device key, a file for each grant, a file for each credential held, and the
record of what was shown.

A file is replaced at once or not at all, under a lock on the folder. What is about to be shown is recorded first; then a copy
leaves the folder, or the counter of a slip moves, and then only is either handed out: after a crash a copy or a number is lost,
or a showing recorded that never was, and nothing is used twice or shown unrecorded.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from idverify.errors import InvalidInput, KeyUnavailable
from idverify.keys.file import FileSigner
from idverify.keys.private_files import LARGEST, create_private, locked, make_private_folder, read_private, replace_private
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.held import Copy, Grant, Holding, parse_grant, parse_holding, spell_grant, spell_holding
from idverify.wallet.shown import BEGUN, DAMAGED, EMPTY, EVENT, History, Showing, log_key, parse, spell

DEVICE = "device.json"
GRANTS, HELD = "grant-", "held-"
SUFFIX = ".json"
SHOWN = "shown.json"
LARGEST_SHOWN = 32 * 1024 * 1024
_Value = TypeVar("_Value")


class Folder:
    """A wallet. Safe from many threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises KeyUnavailable where there is none, or where other accounts may look into it."""
        try:
            status = os.stat(path)
        except OSError:
            raise KeyUnavailable(f"{path} is no wallet: `idverify wallet init` makes one") from None
        if not stat.S_ISDIR(status.st_mode) or not (path / DEVICE).exists():
            raise KeyUnavailable(f"{path} is no wallet: `idverify wallet init` makes one")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise KeyUnavailable(f"{path} can be used by other accounts: chmod 700 it")
        self.path = path
        self.device, self.log_key, self._records = _parsed(path / DEVICE, _device)

    @classmethod
    def create(cls, path: Path) -> "Folder":
        """A new wallet with a device key of its own. Raises KeyUnavailable, also where there is one already."""
        make_private_folder(path)
        key = HeldKey.new()
        create_private(path / DEVICE, _spelled({"secret": key.secret, "records": True}))
        create_private(path / SHOWN, spell(EMPTY, log_key(key)))
        return cls(path)

    def grants(self) -> tuple[Grant, ...]:
        """Every grant, in a stable order. Raises KeyUnavailable."""
        return self._all(GRANTS, parse_grant)

    def holdings(self) -> tuple[Holding, ...]:
        """All that is held, by configuration, then issuer. Raises KeyUnavailable."""
        return tuple(sorted(self._all(HELD, parse_holding), key=lambda one: (one.configuration, one.issuer)))

    def holding(self, configuration: str, issuer: str | None = None) -> Holding:
        """What is held of a configuration. issuer: needed only where several issued it. Raises CredentialUnavailable."""
        found = [one for one in self.holdings() if one.configuration == configuration and issuer in (None, one.issuer)]
        if not found:
            raise CredentialUnavailable(f"the wallet holds no {configuration}: `idverify wallet list` shows what it holds")
        if len(found) > 1:
            names = ", ".join(one.issuer for one in found)
            raise CredentialUnavailable(f"several issuers gave a {configuration}: name one of {names}")
        return found[0]

    def keep_grant(self, grant: Grant) -> None:
        """In place of the earlier one of that id. Raises KeyUnavailable."""
        with locked(self.path):
            replace_private(self._grant_file(grant), _spelled(spell_grant(grant)))

    def rotate(self, grant: Grant, refresh_token: str) -> None:
        """Renew the grant with another token from now on, if it is still here. Raises KeyUnavailable."""
        with locked(self.path):
            held = self._grant(grant.id)
            if held is not None:
                replace_private(self._grant_file(held), _spelled(spell_grant(replace(held, refresh_token=refresh_token))))

    def keep(self, holding: Holding) -> None:
        """In place of what was held of it; a grant that nothing comes from any more goes too. Raises KeyUnavailable."""
        with locked(self.path):
            replace_private(self._file(holding), _spelled(spell_holding(holding)))
            self._drop_grants()

    def forget(self, holding: Holding) -> Grant | None:
        """Delete it with its keys and the leave to ask for more; where it came from, its grant. Raises KeyUnavailable."""
        with locked(self.path):
            self._file(holding).unlink(missing_ok=True)
            found = self._grant(holding.grant)
            if found is not None:
                left = tuple(one for one in found.configurations if one != holding.configuration)
                replace_private(self._grant_file(found), _spelled(spell_grant(replace(found, configurations=left))))
                self._drop_grants()
        return found

    def wanted(self, grant: Grant) -> tuple[str, ...]:
        """Of its configurations, those that were last taken from this grant, or were never taken. Raises KeyUnavailable."""
        others = {one.configuration for one in self.holdings() if one.issuer == grant.issuer and one.grant != grant.id}
        return tuple(configuration for configuration in grant.configurations if configuration not in others)

    def take(
        self, configuration: str, showing: Callable[[Holding, Copy], Showing], *, now: float, issuer: str | None = None
    ) -> Copy:
        """A copy never used before; the folder records what is shown of it, then forgets it and its key.

        showing: says what will be, or raises where the copy would not do; it then stays. now: seconds since the epoch. Raises
        CredentialUnavailable when none is left, AuditBroken where the record does not hold.
        """
        with locked(self.path):
            holding = self.holding(configuration, issuer)
            if holding.is_slip:
                raise CredentialUnavailable(f"{configuration} is a slip for QR codes: `idverify wallet qr {configuration}`")
            if not holding.copies:
                raise CredentialUnavailable(f"every copy of {configuration} is used: `idverify wallet renew` fetches new ones")
            first, *rest = holding.copies
            self._record(showing(holding, first), now)
            replace_private(self._file(holding), _spelled(spell_holding(replace(holding, copies=tuple(rest)))))
        return first

    def count(
        self, configuration: str, showing: Callable[[Holding, Copy], Showing], *, now: float, issuer: str | None = None
    ) -> tuple[Copy, int]:
        """The slip and the number of its next code, which no later call gives again; recorded first, and raises, as `take`."""
        with locked(self.path):
            holding = self.holding(configuration, issuer)
            if not holding.is_slip:
                raise CredentialUnavailable(f"{configuration} is no slip: `idverify wallet list` shows which are")
            self._record(showing(holding, holding.copies[0]), now)
            replace_private(self._file(holding), _spelled(spell_holding(replace(holding, counter=holding.counter + 1))))
        return holding.copies[0], holding.counter

    def _drop_grants(self) -> None:
        for grant in self.grants():
            if not self.wanted(grant):
                self._grant_file(grant).unlink(missing_ok=True)

    def _grant(self, id_: str | None) -> Grant | None:
        return next((one for one in self.grants() if one.id == id_), None)

    def _grant_file(self, grant: Grant) -> Path:
        return self.path / f"{GRANTS}{grant.id}{SUFFIX}"

    def history(self) -> History:
        """The record of what was shown, whole or not. Raises KeyUnavailable where the file cannot be read."""
        path = self.path / SHOWN
        if not path.exists():
            return DAMAGED if self._records else EMPTY  # a wallet of an earlier version has none yet
        return parse(read_private(path, LARGEST_SHOWN), self.log_key)

    def begin_history(self, *, now: float) -> Path | None:
        """Put a record that does not hold aside and begin another, whose first event says so; where the old one lies now.

        Raises InvalidInput for a record that holds: nobody needs another.
        """
        with locked(self.path):
            path, found = self.path / SHOWN, self.history()
            if found.checked(self.log_key).intact:
                raise InvalidInput("the record holds: it goes on as it is")
            aside = path.with_name(f"shown-broken-{int(now)}{SUFFIX}") if path.exists() else None
            if aside is not None:
                create_private(aside, read_private(path, LARGEST_SHOWN))
            replace_private(path, spell(EMPTY.after(self.log_key, BEGUN, {}, now), self.log_key))
        return aside

    def _record(self, showing: Showing, now: float) -> None:
        found = self.history().after(self.log_key, EVENT, showing.details(), now)
        replace_private(self.path / SHOWN, spell(found, self.log_key))

    def _file(self, holding: Holding) -> Path:
        name = hashlib.sha256(f"{holding.issuer}\n{holding.configuration}".encode()).hexdigest()[:24]
        return self.path / f"{HELD}{name}{SUFFIX}"

    def _all(self, prefix: str, parse: Callable[[Mapping[str, Any]], _Value]) -> tuple[_Value, ...]:
        return tuple(_parsed(path, parse) for path in sorted(self.path.glob(f"{prefix}*{SUFFIX}")))


def _device(raw: Mapping[str, Any]) -> tuple[FileSigner, bytes, bool]:
    """The device key, the key of the record, and whether there must be a record."""
    key = HeldKey(raw["secret"])
    return key.signer, log_key(key), raw.get("records") is True


def _spelled(value: Mapping[str, Any]) -> bytes:
    """Raises CredentialUnavailable for more than is read again: one such file would shut the whole wallet."""
    content = (json.dumps(value, indent=1) + "\n").encode("ascii")
    if len(content) >= LARGEST:
        raise CredentialUnavailable("the issuer gives more than a wallet can keep")
    return content


def _parsed(path: Path, parse: Callable[[Mapping[str, Any]], _Value]) -> _Value:
    try:
        return parse(json.loads(read_private(path)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyUnavailable(f"{path} is damaged: it is not what the wallet wrote") from None
