"""What the folder holds, as values: grants of issuers, copies of credentials, slips."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idverify.credentials import credential, mdoc, slip
from idverify.wallet.device import HeldKey

SD_JWT_FORMAT = credential.FORMAT
MDOC_FORMAT = mdoc.FORMAT
SLIP_FORMAT = slip.FORMAT
FORMATS = (SD_JWT_FORMAT, MDOC_FORMAT, SLIP_FORMAT)


@dataclass(frozen=True, slots=True)
class Grant:
    """An issuer's leave to be asked again. configurations: what it may be asked for."""

    id: str
    issuer: str
    configurations: tuple[str, ...]
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """One single-use copy: the credential (SD-JWT VC, mdoc, or slip with its disclosures) and the key that it is bound to."""

    credential: str = field(repr=False)
    key: HeldKey


@dataclass(frozen=True, slots=True)
class Holding:
    """All that is held of one configuration of one issuer.

    copies: never used before, of an SD-JWT VC or an mdoc; the one slip, which is shown many times, of a slip. counter: of the
    next code of that slip. grant: where more comes from, None where nothing does. notification: what the issuer calls the
    answer that gave them.
    """

    issuer: str
    configuration: str
    format: str
    received_at: int
    copies: tuple[Copy, ...]
    counter: int = 1
    grant: str | None = None
    notification: str | None = None

    @property
    def is_slip(self) -> bool:
        """Whether it makes QR codes."""
        return self.format == SLIP_FORMAT


def spell_grant(grant: Grant) -> dict[str, Any]:
    """As the folder keeps it."""
    return {
        "id": grant.id,
        "issuer": grant.issuer,
        "configurations": list(grant.configurations),
        "refresh_token": grant.refresh_token,
    }


def parse_grant(raw: Mapping[str, Any]) -> Grant:
    """Again. Raises KeyError, TypeError for anything else."""
    return Grant(raw["id"], raw["issuer"], tuple(raw["configurations"]), raw["refresh_token"])


def spell_holding(holding: Holding) -> dict[str, Any]:
    """As the folder keeps it."""
    return {
        "issuer": holding.issuer,
        "configuration": holding.configuration,
        "format": holding.format,
        "received_at": holding.received_at,
        "copies": [{"credential": copy.credential, "key": copy.key.secret} for copy in holding.copies],
        "counter": holding.counter,
        "grant": holding.grant,
        "notification": holding.notification,
    }


def parse_holding(raw: Mapping[str, Any]) -> Holding:
    """Again. Raises KeyError, TypeError for anything else."""
    return Holding(
        issuer=raw["issuer"],
        configuration=raw["configuration"],
        format=raw["format"],
        received_at=int(raw["received_at"]),
        copies=tuple(Copy(one["credential"], HeldKey(one["key"])) for one in raw["copies"]),
        counter=int(raw["counter"]),
        grant=raw["grant"],
        notification=raw.get("notification"),  # not in wallets of before
    )
