"""Status lists: one bit or two for each credential, signed together, so that asking about one tells nobody which
(draft-ietf-oauth-status-list).

`read` runs the checks of the signature and the certificate, then CHECKS: small functions that run in order, each with a
refusal of its own. Tests take each out in turn and show what then gets through. What a list that was read says of one
credential, and whether its time is over, is for Believed.standing to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from idverify.credentials import certified_jws
from idverify.credentials.anchors import Anchor, may_name
from idverify.credentials.certificates import Leaf
from idverify.credentials.findings import Status
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import SKEW_SECONDS, decode_base64url, is_seconds
from idverify.credentials.status_bits import VALUES, Inflated, encode, inflate, size_of, status_at
from idverify.credentials.status_errors import (
    StatusListBits,
    StatusListClaim,
    StatusListCompression,
    StatusListEncoding,
    StatusListExpired,
    StatusListFuture,
    StatusListIssuer,
    StatusListIssuerNotTrusted,
    StatusListLifetime,
    StatusListSubject,
    StatusListTime,
    StatusListTooLarge,
)
from idverify.errors import TokenInvalid
from idverify.keys import Signer
from idverify.keys.jwk import base64url

TYPE = "statuslist+jwt"
LIFETIME_SECONDS = 86_400
TTL_SECONDS = 900
LARGEST = 600_000
"""Characters of a token: 2^20 statuses of two bits that do not compress at all make 466,000."""

_MEANING: Mapping[int | None, Status] = {value: status for status, value in VALUES.items()}


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list that held when it was read. anchor: fingerprint of the trusted root. content: packed statuses, at most 256 KiB.

    issued_at, expires_at: seconds since the epoch. ttl: seconds after which whoever is online asks for a newer one.
    """

    uri: str
    issuer: str
    anchor: str
    bits: int
    content: bytes
    issued_at: float
    expires_at: float
    ttl: float

    def status(self, index: int) -> Status:
        """What the list says of an index; UNKNOWN beyond its end, or where it says what we have no word for."""
        return _MEANING.get(status_at(self.content, self.bits, index), Status.UNKNOWN)


def sign(
    content: bytes,
    bits: int,
    *,
    uri: str,
    issuer: str,
    aggregation_uri: str,
    signer: Signer,
    chain: Sequence[bytes],
    now: float,
) -> str:
    """A status list token. chain: DER of the certificate for status lists. Raises SigningUnavailable."""
    said = statement(content, bits, uri=uri, issuer=issuer, aggregation_uri=aggregation_uri, now=now)
    return certified_jws.sign(said, signer, chain, TYPE)


def statement(content: bytes, bits: int, *, uri: str, issuer: str, aggregation_uri: str, now: float) -> dict[str, Any]:
    """What a list says, in whichever format it is signed. It compresses, which takes milliseconds."""
    issued_at = int(now)
    return {
        "iss": issuer,
        "sub": uri,
        "iat": issued_at,
        "exp": issued_at + LIFETIME_SECONDS,
        "ttl": TTL_SECONDS,
        "status_list": {"bits": bits, "lst": encode(content), "aggregation_uri": aggregation_uri},
    }


class Candidate:
    """A list under examination, its signature and certificate found to hold. uri: the address that was asked, where one was."""

    def __init__(self, claims: Mapping[str, Any], leaf: Leaf, anchors: Sequence[Anchor], now: float, uri: str | None) -> None:
        self.claims, self.leaf, self.anchors, self.now, self.uri = claims, leaf, anchors, now, uri

    @property
    def held(self) -> Any:
        """The member status_list."""
        return self.claims.get("status_list")

    @cached_property
    def compressed(self) -> bytes:
        """The list without its base64url, to a lenient reader. Raises StatusListEncoding."""
        try:
            return decode_base64url(self.held["lst"])
        except TokenInvalid:
            raise StatusListEncoding from None

    @cached_property
    def inflated(self) -> Inflated:
        """The list, inflated no further than is needed to see that it is too large. Raises StatusListCompression."""
        return inflate(self.compressed, size_of(self.held["bits"]))


def claims_have_their_types(token: Candidate) -> None:
    """Iss and sub are text; status_list is an object with a text lst and, where present, a text aggregation_uri."""
    if not all(isinstance(token.claims.get(name), str) for name in ("iss", "sub")) or not isinstance(token.held, dict):
        raise StatusListClaim
    if not isinstance(token.held.get("lst"), str) or not isinstance(token.held.get("aggregation_uri", ""), str):
        raise StatusListClaim


def times_are_numbers(token: Candidate) -> None:
    """RFC 7519 section 2, NumericDate; exp and ttl are required here: a list without an end is never stale."""
    if not all(is_seconds(token.claims.get(name)) for name in ("iat", "exp", "ttl")):
        raise StatusListTime


def issued_before_now(token: Candidate) -> None:
    """Issued in the past; clocks may differ by a minute."""
    if token.claims["iat"] > token.now + SKEW_SECONDS:
        raise StatusListFuture


def not_expired(token: Candidate) -> None:
    """On or after exp the list is refused. Its credentials are then of unknown status, not revoked (section 8.3)."""
    if token.claims["exp"] <= token.now:
        raise StatusListExpired


def lifetime_is_capped(token: Candidate) -> None:
    """A day at most, whatever the issuer wrote: this bounds for how long a revocation can be kept from a reader."""
    if not 0 < token.claims["exp"] - token.claims["iat"] <= LIFETIME_SECONDS:
        raise StatusListLifetime


def issuer_is_certified(token: Candidate) -> None:
    """The certificate names the issuer: one issuer cannot revoke what another issued."""
    if token.claims["iss"] not in token.leaf.issuers:
        raise StatusListIssuer


def issuer_is_trusted(token: Candidate) -> None:
    """The root is listed with this issuer: a city cannot speak of the credentials of another."""
    if not may_name(token.anchors, token.leaf.anchor.certificate, token.claims["iss"]):
        raise StatusListIssuerNotTrusted


def subject_is_the_issuers(token: Candidate) -> None:
    """The address is under the issuer's own: no issuer can put a list of its own in the place of another's."""
    if not token.claims["sub"].startswith(token.claims["iss"].rstrip("/") + "/"):
        raise StatusListSubject


def subject_is_the_one_asked_for(token: Candidate) -> None:
    """Section 8.3: sub is the address that the credential names."""
    if token.uri is not None and token.claims["sub"] != token.uri:
        raise StatusListSubject


def bits_are_one_or_two(token: Candidate) -> None:
    """More bits carry statuses that each application names for itself; none is named here."""
    bits = token.held.get("bits")
    if type(bits) is not int or bits not in (1, 2):
        raise StatusListBits


def list_is_canonical(token: Candidate) -> None:
    """Base64url without padding, white space or left-over bits."""
    if base64url(token.compressed) != token.held["lst"]:
        raise StatusListEncoding


def list_is_bounded(token: Candidate) -> None:
    """2^20 statuses at most: a small token cannot fill its reader's memory."""
    if len(token.inflated.content) > size_of(token.held["bits"]):
        raise StatusListTooLarge


def list_is_one_stream(token: Candidate) -> None:
    """Section 4.1: zlib, whole, its sum right, with nothing behind it."""
    if not token.inflated.whole:
        raise StatusListCompression


Check = Callable[[Candidate], None]

CHECKS: tuple[Check, ...] = (
    claims_have_their_types,
    times_are_numbers,
    issued_before_now,
    not_expired,
    lifetime_is_capped,
    issuer_is_certified,
    issuer_is_trusted,
    subject_is_the_issuers,
    subject_is_the_one_asked_for,
    bits_are_one_or_two,
    list_is_canonical,
    list_is_bounded,
    list_is_one_stream,
)


def read(token: str | bytes, anchors: Sequence[Anchor], now: float, *, uri: str | None = None) -> StatusList:
    """The list in a token that holds at `now` (seconds since the epoch). uri: the address that was asked, where one was.

    Raises a leaf of TokenInvalid for any token whatsoever that does not hold.
    """
    claims, leaf = certified_jws.validate(token, TYPE, anchors, Purpose.STATUS, now, largest=LARGEST)
    return examined(claims, leaf, anchors, now, uri)


def examined(claims: Mapping[str, Any], leaf: Leaf, anchors: Sequence[Anchor], now: float, uri: str | None) -> StatusList:
    """The list that the key of this leaf has signed, in whichever format. Raises as `read`."""
    candidate = Candidate(claims, leaf, anchors, now, uri)
    for check in CHECKS:
        check(candidate)
    return StatusList(
        uri=claims["sub"],
        issuer=claims["iss"],
        anchor=leaf.anchor.fingerprint,
        bits=candidate.held["bits"],
        content=candidate.inflated.content,
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        ttl=claims["ttl"],
    )
