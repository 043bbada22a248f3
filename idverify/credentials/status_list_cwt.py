"""The same status lists in CBOR, for readers of mdocs (draft-ietf-oauth-status-list section 5.2): a CWT in a COSE_Sign1.

What a list says is held to CHECKS of status_list.py, whichever format it comes in; those here are of its form and signature.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from idverify.credentials import certified_jws, cose, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_errors import CertificateMissing
from idverify.credentials.errors import TokenTooLarge
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import decode_base64url
from idverify.credentials.status_errors import StatusListForm, StatusListSignature
from idverify.credentials.status_list import StatusList
from idverify.keys import Signer
from idverify.keys.jwk import base64url, point_of

TYPE = "application/statuslist+cwt"
LARGEST = 450_000
"""Bytes: base64url makes 600,000 characters of them, as many as a list in JSON may have."""

# RFC 8392 section 4; of the draft, section 14.2.
_ISS, _SUB, _EXP, _IAT, _STATUS_LIST, _TTL = 1, 2, 4, 6, 65533, 65534
_NAMES = {_ISS: "iss", _SUB: "sub", _EXP: "exp", _IAT: "iat", _TTL: "ttl"}


def sign(said: Mapping[str, Any], signer: Signer, chain: Sequence[bytes]) -> bytes:
    """A status list token of what `status_list.statement` gave. chain: DER, one certificate. Raises SigningUnavailable."""
    certified_jws.require_certified(signer, chain)
    held = said["status_list"]
    claims = {number: said[name] for number, name in _NAMES.items()}
    claims[_STATUS_LIST] = {**held, "lst": decode_base64url(held["lst"])}
    parts = cose.sign1_parts({cose.TYPE: TYPE}, {cose.X5CHAIN: chain[0]}, cose.encode(claims), signer)
    return cose.tagged(parts)


class Candidate:
    """A token under examination. Each property reads as leniently as it can; a check refuses what it lets through."""

    def __init__(self, token: bytes, anchors: Sequence[Anchor], now: float) -> None:
        self.token, self.anchors, self.now = token, anchors, now

    @cached_property
    def signed(self) -> cose.Sign1:
        """The structure behind its tag. Raises StatusListForm."""
        try:
            return cose.Sign1.of(cose.decode_whole(self.token[1:]))
        except cose.CborInvalid:
            raise StatusListForm from None

    @cached_property
    def leaf(self) -> Leaf:
        """The certificate, chained. Raises what leaf_under raises."""
        certificate = self.signed.unprotected.get(cose.X5CHAIN)
        if type(certificate) is not bytes:
            raise CertificateMissing
        return leaf_under((certificate,), self.anchors, purpose=Purpose.STATUS, now=self.now)

    @cached_property
    def content(self) -> Mapping[Any, Any]:
        """The claims by number. Raises StatusListForm."""
        try:
            found = cose.decode_whole(self.signed.payload)
        except cose.CborInvalid:
            raise StatusListForm from None
        if type(found) is not dict:
            raise StatusListForm
        return found

    @property
    def claims(self) -> dict[str, Any]:
        """The same by name, as a list in JSON has them."""
        held = self.content.get(_STATUS_LIST)
        if type(held) is dict and type(held.get("lst")) is bytes:
            held = {**held, "lst": base64url(held["lst"])}
        return {**{name: self.content.get(number) for number, name in _NAMES.items()}, "status_list": held}


def size_is_bounded(token: Candidate) -> None:
    """Twice as long as the longest list that there is."""
    if len(token.token) > LARGEST:
        raise TokenTooLarge


def tag_is_sign1(token: Candidate) -> None:
    """Section 5.2: the structure is tagged."""
    if token.token[:1] != cose.SIGN1:
        raise StatusListForm


def header_is_exact(token: Candidate) -> None:
    """Algorithm and type, protected; the certificate, unprotected."""
    if token.signed.header.keys() != {cose.ALGORITHM, cose.TYPE} or not token.signed.unprotected.keys() <= {cose.X5CHAIN}:
        raise StatusListForm


def algorithm_is_pinned(token: Candidate) -> None:
    """ES256."""
    if token.signed.header.get(cose.ALGORITHM) != cose.ES256:
        raise StatusListForm


def type_is_exact(token: Candidate) -> None:
    """RFC 9596: one kind of token never passes for another."""
    if token.signed.header.get(cose.TYPE) != TYPE:
        raise StatusListForm


def signature_holds(token: Candidate) -> None:
    """The key of a certificate for status lists, under a trusted root, signed it."""
    if not token.signed.signed_by(cose.public_key(point_of(token.leaf.jwk)), b""):
        raise StatusListSignature


def list_is_bytes(token: Candidate) -> None:
    """Section 4.3: in CBOR the compressed list stands as it is, and not as text."""
    held = token.content.get(_STATUS_LIST)
    if type(held) is not dict or type(held.get("lst")) is not bytes:
        raise StatusListForm


CHECKS: tuple[Callable[[Candidate], None], ...] = (
    size_is_bounded,
    tag_is_sign1,
    header_is_exact,
    algorithm_is_pinned,
    type_is_exact,
    signature_holds,
    list_is_bytes,
)


def read(token: bytes, anchors: Sequence[Anchor], now: float, *, uri: str | None = None) -> StatusList:
    """The list in a token that holds at `now` (seconds since the epoch). uri: the address that was asked, where one was.

    Raises a leaf of TokenInvalid for any bytes whatsoever that do not hold.
    """
    candidate = Candidate(token, anchors, now)
    for check in CHECKS:
        check(candidate)
    return status_list.examined(candidate.claims, candidate.leaf, anchors, now, uri)


def is_cwt(token: str | bytes) -> bool:
    """Whether a status list token is in CBOR: one in JSON never begins like this."""
    return isinstance(token, bytes) and token[:1] == cose.SIGN1


def read_any(token: str | bytes, anchors: Sequence[Anchor], now: float, *, uri: str | None = None) -> StatusList:
    """The list, whichever of the two formats it is in. Raises as `read`."""
    if isinstance(token, bytes) and is_cwt(token):
        return read(token, anchors, now, uri=uri)
    return status_list.read(token, anchors, now, uri=uri)
