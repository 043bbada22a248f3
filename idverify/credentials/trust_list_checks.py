"""What a trust list must satisfy once its signature holds: CHECKS, small functions that run in order, each with a refusal
of its own. Tests take each out in turn and show what then gets through.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from idverify.credentials import certificates
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.trust_list_document import CREDENTIAL_ISSUERS, VERSION, Document
from idverify.credentials.trust_list_errors import (
    TrustListAnchor,
    TrustListCritical,
    TrustListEquivocal,
    TrustListExpired,
    TrustListFuture,
    TrustListKind,
    TrustListLifetime,
    TrustListRepeated,
    TrustListRolledBack,
    TrustListUnnamed,
    TrustListUnscoped,
    TrustListVersion,
)
from idverify.errors import TokenInvalid

LIFETIME_SECONDS = 31 * 86_400


@dataclass(frozen=True, slots=True)
class Held:
    """The list that a reader accepted last. digest: SHA-256 of its payload, hex."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Reader:
    """What a list is held against. digest: of this list. now: seconds since the epoch."""

    now: float
    digest: str
    held: Held | None


def version_is_known(list_: Document, reader: Reader) -> None:
    """Version 1 of the format."""
    if list_.version != VERSION or isinstance(list_.version, bool):
        raise TrustListVersion


def kind_is_issuers(list_: Document, reader: Reader) -> None:
    """A list of another kind of entity vouches for something else."""
    if list_.kind != CREDENTIAL_ISSUERS:
        raise TrustListKind


def issued_before_now(list_: Document, reader: Reader) -> None:
    """Issued in the past; clocks may differ by a minute."""
    if list_.issued_at > reader.now + SKEW_SECONDS:
        raise TrustListFuture


def lifetime_is_capped(list_: Document, reader: Reader) -> None:
    """31 days at most, whatever the operator wrote: who cannot refresh for longer does not know whom to trust."""
    if not 0 < list_.next_update - list_.issued_at <= LIFETIME_SECONDS:
        raise TrustListLifetime


def not_expired(list_: Document, reader: Reader) -> None:
    """On or after NextUpdate the list vouches for nobody."""
    if list_.next_update <= reader.now:
        raise TrustListExpired


def sequence_never_goes_back(list_: Document, reader: Reader) -> None:
    """An older list, replayed, would bring back a root that was taken off."""
    if reader.held is not None and list_.sequence < reader.held.sequence:
        raise TrustListRolledBack


def sequence_says_one_thing(list_: Document, reader: Reader) -> None:
    """Two lists under one number: the operator tells two readers different things, or its key is in other hands."""
    held = reader.held
    if held is not None and list_.sequence == held.sequence and reader.digest != held.digest:
        raise TrustListEquivocal


def nothing_unknown_is_critical(list_: Document, reader: Reader) -> None:
    """No critical extension: one that is not understood may narrow what the list or an entry vouches for."""
    if list_.critical:
        raise TrustListCritical


def issuers_are_scoped(list_: Document, reader: Reader) -> None:
    """Each root with the types of credential that it may issue; none is trusted for everything by silence."""
    if any("" in one.anchor.types for one in list_.entities):
        raise TrustListUnscoped


def issuers_are_named(list_: Document, reader: Reader) -> None:
    """Each root with the issuers that it speaks for; none is believed in any name by silence."""
    if not all(one.anchor.issuers for one in list_.entities):
        raise TrustListUnnamed


def anchors_are_roots(list_: Document, reader: Reader) -> None:
    """Each certificate is one that leaves can be held against: self-signed, P-256, an authority for leaves alone."""
    for one in list_.entities:
        try:
            chain = certificates.Chain(one.anchor.certificate, (one.anchor,), Purpose.CREDENTIAL)
            for check in _ROOT_CHECKS:
                check(chain)
            certificates.public_key_of(one.anchor.certificate)
        except TokenInvalid:
            raise TrustListAnchor from None


def anchors_are_distinct(list_: Document, reader: Reader) -> None:
    """One root, one entry, with the same issuers for all that it issues."""
    if any(count > 1 for count in Counter(one.anchor.certificate for one in list_.entities).values()):
        raise TrustListRepeated


_ROOT_CHECKS = (
    certificates.root_signed_it,
    certificates.root_may_certify,
    certificates.nothing_unknown_is_critical,
)

Check = Callable[[Document, Reader], None]

CHECKS: tuple[Check, ...] = (
    version_is_known,
    kind_is_issuers,
    issued_before_now,
    lifetime_is_capped,
    not_expired,
    sequence_never_goes_back,
    sequence_says_one_thing,
    nothing_unknown_is_critical,
    issuers_are_scoped,
    issuers_are_named,
    anchors_are_roots,
    anchors_are_distinct,
)
