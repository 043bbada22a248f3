"""The wallet's folder (0700), its files (0600): the device key, a file for each grant, a file for each credential held.

A file is replaced at once or not at all, under a lock on the folder. A copy leaves the folder before it is handed out, and the
counter of a slip moves before its code is: after a crash a copy or a number is lost, and never used twice.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from idverify.errors import KeyUnavailable
from idverify.keys.file import FileSigner
from idverify.keys.private_files import create_private, locked, make_private_folder, read_private, replace_private
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.held import Copy, Grant, Holding, parse_grant, parse_holding, spell_grant, spell_holding

DEVICE = "device.json"
GRANTS, HELD = "grant-", "held-"
SUFFIX = ".json"
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
        self.device: FileSigner = _parsed(path / DEVICE, lambda raw: HeldKey(raw["secret"]).signer)

    @classmethod
    def create(cls, path: Path) -> "Folder":
        """A new wallet with a device key of its own. Raises KeyUnavailable, also where there is one already."""
        make_private_folder(path)
        create_private(path / DEVICE, _spelled({"secret": HeldKey.new().secret}))
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

    def keep(self, holding: Holding) -> None:
        """In place of what was held of it; a grant that nothing comes from any more goes too. Raises KeyUnavailable."""
        with locked(self.path):
            replace_private(self._file(holding), _spelled(spell_holding(holding)))
            self._drop_grants()

    def forget(self, holding: Holding) -> Grant | None:
        """Delete it with its keys and the leave to ask for more; where it came from, its grant. Raises KeyUnavailable."""
        with locked(self.path):
            self._file(holding).unlink(missing_ok=True)
            found = next((one for one in self.grants() if one.id == holding.grant), None)
            if found is not None:
                left = tuple(one for one in found.configurations if one != holding.configuration)
                replace_private(self._grant_file(found), _spelled(spell_grant(replace(found, configurations=left))))
                self._drop_grants()
        return found

    def wanted(self, grant: Grant) -> tuple[str, ...]:
        """Of its configurations, those that were last taken from this grant, or were never taken. Raises KeyUnavailable."""
        others = {one.configuration for one in self.holdings() if one.issuer == grant.issuer and one.grant != grant.id}
        return tuple(configuration for configuration in grant.configurations if configuration not in others)

    def take(self, configuration: str, issuer: str | None = None, fits: Callable[[Copy], None] = lambda _: None) -> Copy:
        """A copy never used before; the folder forgets it and its key. fits: raises where the copy would not do; it then stays.

        Raises CredentialUnavailable when none is left.
        """
        with locked(self.path):
            holding = self.holding(configuration, issuer)
            if holding.is_slip:
                raise CredentialUnavailable(f"{configuration} is a slip for QR codes: `idverify wallet qr {configuration}`")
            if not holding.copies:
                raise CredentialUnavailable(f"every copy of {configuration} is used: `idverify wallet renew` fetches new ones")
            first, *rest = holding.copies
            fits(first)
            replace_private(self._file(holding), _spelled(spell_holding(replace(holding, copies=tuple(rest)))))
        return first

    def count(self, configuration: str, issuer: str | None = None) -> tuple[Copy, int]:
        """The slip and the number of its next code, which no later call gives again. Raises CredentialUnavailable."""
        with locked(self.path):
            holding = self.holding(configuration, issuer)
            if not holding.is_slip:
                raise CredentialUnavailable(f"{configuration} is no slip: `idverify wallet list` shows which are")
            replace_private(self._file(holding), _spelled(spell_holding(replace(holding, counter=holding.counter + 1))))
        return holding.copies[0], holding.counter

    def _drop_grants(self) -> None:
        for grant in self.grants():
            if not self.wanted(grant):
                self._grant_file(grant).unlink(missing_ok=True)

    def _grant_file(self, grant: Grant) -> Path:
        return self.path / f"{GRANTS}{grant.id}{SUFFIX}"

    def _file(self, holding: Holding) -> Path:
        name = hashlib.sha256(f"{holding.issuer}\n{holding.configuration}".encode()).hexdigest()[:24]
        return self.path / f"{HELD}{name}{SUFFIX}"

    def _all(self, prefix: str, parse: Callable[[Mapping[str, Any]], _Value]) -> tuple[_Value, ...]:
        return tuple(_parsed(path, parse) for path in sorted(self.path.glob(f"{prefix}*{SUFFIX}")))


def _spelled(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode("ascii")


def _parsed(path: Path, parse: Callable[[Mapping[str, Any]], _Value]) -> _Value:
    try:
        return parse(json.loads(read_private(path)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyUnavailable(f"{path} is damaged: it is not what the wallet wrote") from None
