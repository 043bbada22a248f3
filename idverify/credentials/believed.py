"""What a relying party holds when it examines a credential, with no network: anchors, status lists, issuers' certificates.

CHECKS of the status list run in order; what they refuse is of unknown status, never revoked. Tests take each out in turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import Leaf
from idverify.credentials.credential_errors import StatusForeign, StatusUnknown
from idverify.credentials.findings import Status
from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.status_reference import StatusReference
from idverify.errors import TokenInvalid

if TYPE_CHECKING:
    from idverify.credentials.status_list import StatusList  # type: ignore[import-untyped, unused-ignore]


class Standing(NamedTuple):
    """The status of one credential. age: seconds since its list was signed. code: None where the status is VALID."""

    status: Status
    age: float | None
    code: str | None


_CODES = {Status.VALID: None, Status.REVOKED: "credential_revoked", Status.SUSPENDED: "credential_suspended"}


class Asked(NamedTuple):
    """A list that is asked about a credential of this leaf, which calls itself `issuer`."""

    list: "StatusList"
    leaf: Leaf
    issuer: str
    now: float


def list_is_in_time(asked: Asked) -> None:
    """A stale list proves nothing: what was valid yesterday may be revoked today."""
    if asked.list.expires_at <= asked.now:
        raise StatusUnknown


def list_is_not_from_the_future(asked: Asked) -> None:
    """A clock that was put back would keep an old list fresh; clocks may differ by a minute."""
    if asked.list.issued_at > asked.now + SKEW_SECONDS:
        raise StatusUnknown


def list_is_the_issuers(asked: Asked) -> None:
    """The one who issued says what was revoked, and nobody else does."""
    if asked.list.issuer != asked.issuer:
        raise StatusForeign


def list_is_under_the_same_anchor(asked: Asked) -> None:
    """Two roots may both certify a name; each answers for its own credentials."""
    if asked.list.anchor != asked.leaf.anchor.fingerprint:
        raise StatusForeign


CHECKS: tuple[Callable[[Asked], None], ...] = (
    list_is_in_time,
    list_is_not_from_the_future,
    list_is_the_issuers,
    list_is_under_the_same_anchor,
)


@dataclass(frozen=True, slots=True)
class Believed:
    """What is held. anchors: whom to believe. statuses: validated lists by uri. issuer_leaves: by fingerprint8, for QR slips.

    ended: anchors of trust lists whose time is over; they vouch for nobody, and tell who needs a fresh list from a stranger.
    """

    anchors: tuple[Anchor, ...]
    statuses: Mapping[str, "StatusList"] = field(default_factory=dict)
    issuer_leaves: Mapping[bytes, Leaf] = field(default_factory=dict)
    ended: tuple[Anchor, ...] = ()

    def standing(self, reference: StatusReference, leaf: Leaf, issuer: str, now: float) -> Standing:
        """What the issuer's list says of the credential that this leaf signed. Never raises.

        UNKNOWN without a list, with one past its end or from the future, with another issuer's (`status_foreign`), and for an
        index that the list does not have.
        """
        held = self.statuses.get(reference.uri)
        if held is None:
            return Standing(Status.UNKNOWN, None, StatusUnknown.code)
        try:
            for check in CHECKS:
                check(Asked(held, leaf, issuer, now))
        except TokenInvalid as refused:
            return Standing(Status.UNKNOWN, None, refused.code)
        status = held.status(reference.index)
        return Standing(status, max(0.0, now - held.issued_at), _CODES.get(status, StatusUnknown.code))
