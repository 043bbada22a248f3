"""What a validator says of a presented credential: always all of it, never a bare yes or no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

ACCEPTED = "accepted"


class Status(StrEnum):
    """What the issuer's status list says of a credential. UNKNOWN: no list that holds was at hand."""

    VALID = "VALID"
    REVOKED = "REVOKED"
    SUSPENDED = "SUSPENDED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Finding:
    """One presented credential, examined.

    authentic: a trusted anchor vouches for it, it is whole and within its time. holder_bound: the key it was issued to made
    this presentation, for this audience, now. status_age: seconds since the status list was signed; None where there was none.
    trust_anchor: fingerprint of the anchor. code: `accepted`, or the stable code of the first thing that is wrong.
    claims: what was disclosed; empty unless authentic and holder_bound.
    """

    authentic: bool
    holder_bound: bool
    status: Status
    status_age: float | None
    trust_anchor: str | None
    code: str
    type: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """What is to be said of it whoever is told, as JSON has it: all but what it is of and what was disclosed."""
        names = ("code", "authentic", "holder_bound", "status", "status_age", "trust_anchor")
        return {name: getattr(self, name) for name in names} | {"status": self.status.value}

    @property
    def accepted(self) -> bool:
        """Whether all of it holds. UNKNOWN is not accepted; who decides to let it pass does so knowingly."""
        return self.code == ACCEPTED
