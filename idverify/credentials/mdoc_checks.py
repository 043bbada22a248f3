"""What a presented mdoc must be, as checks that run in order, each with a refusal of its own; tests take each out in turn.

What the issuer says is not read before its signature holds. What it says of itself, its type, its time and its holder's key is
held to credential_checks.py, as that of every other format is: `Candidate.payload` says it in the words of an SD-JWT VC.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from idverify.credentials import cose, mdoc
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_errors import BindingMissing, BindingReplayed, CredentialTypeUnknown
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.mdoc_errors import (
    MdocAlgorithm,
    MdocDeviceAuth,
    MdocDeviceElements,
    MdocDeviceHeader,
    MdocDeviceSignature,
    MdocDigest,
    MdocDigestAlgorithm,
    MdocDoctype,
    MdocDocuments,
    MdocElementRepeated,
    MdocElementUndeclared,
    MdocEncoding,
    MdocHeader,
    MdocItem,
    MdocMalformed,
    MdocResponse,
    MdocSecurityObject,
    MdocSignature,
    MdocSigned,
    MdocTooLarge,
)
from idverify.credentials.mdoc_reading import IssuerSigned, whole
from idverify.credentials.mdoc_session import Session, device_authentication
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import decode_base64url
from idverify.credentials.replays import Replays
from idverify.errors import TokenInvalid
from idverify.keys.jwk import base64url, point_of

LARGEST = 65_536
MOST_ELEMENTS = 64
FEWEST_SALT_BYTES = 16  # section 9.1.2.5
_SIGNED = {"version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"}
_ITEM = {"random", "digestID", "elementValue", "elementIdentifier"}
_ABOUT = {"iss", "acr", "amr", "auth_time", "env"}


class Candidate:
    """A presentation under examination. Each property reads as leniently as it can; a check refuses what it lets through."""

    def __init__(self, text: str, believed: Believed, now: float, session: Session, replays: Replays | None) -> None:
        self.text, self.believed, self.now, self.session, self.replays = text, believed, now, session, replays

    @cached_property
    def raw(self) -> bytes:
        """The bytes of the text. Raises MdocEncoding."""
        try:
            return decode_base64url(self.text)
        except TokenInvalid:
            raise MdocEncoding from None

    @cached_property
    def response(self) -> Mapping[Any, Any]:
        """The DeviceResponse. Raises MdocMalformed."""
        found = whole(self.raw)
        if type(found) is not dict or type(found.get("documents", [])) is not list:
            raise MdocMalformed
        return found

    @cached_property
    def document(self) -> Mapping[Any, Any]:
        """Its first document. Raises MdocDocuments where there is none, MdocMalformed where it is no map."""
        documents = self.response.get("documents", [])
        if not documents:
            raise MdocDocuments
        if type(documents[0]) is not dict:
            raise MdocMalformed
        found: Mapping[Any, Any] = documents[0]
        return found

    @cached_property
    def issued(self) -> IssuerSigned:
        """What comes from the issuer. Raises MdocMalformed."""
        return IssuerSigned(self.document.get("issuerSigned"))

    @cached_property
    def leaf(self) -> Leaf:
        """The certificate, chained. Raises what leaf_under raises."""
        anchors, ended = self.believed.anchors, self.believed.ended
        return leaf_under(self.issued.chain, anchors, purpose=Purpose.CREDENTIAL, now=self.now, ended=ended)

    @property
    def type(self) -> CredentialType:
        """The type of its doctype. Raises CredentialTypeUnknown."""
        found = self.issued.type
        if found is None:
            raise CredentialTypeUnknown
        return found

    @cached_property
    def claims(self) -> dict[str, Any]:
        """What its elements say. Raises as `IssuerSigned.claims`."""
        return dict(self.issued.claims(self.type))

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """What was signed, in the words of an SD-JWT VC, with what every reader must see."""
        signed, about, times = self.issued.security_object, self.issued.about, self.issued.times
        visible = {name: value for name, value in self.claims.items() if name in self.type.disclosed}
        status = {"status": signed["status"]} if "status" in signed else {}
        return {
            **about,
            "vct": self.type.vct,
            "iat": times["signed"],
            "nbf": times["validFrom"],
            "exp": times["validUntil"],
            "cnf": {"jwk": self.issued.holder},
            **status,
            **visible,
        }

    @cached_property
    def device_signed(self) -> Mapping[Any, Any]:
        """What comes from the device. Raises MdocDeviceAuth where it is no map."""
        found = self.document.get("deviceSigned")
        if type(found) is not dict or type(found.get("deviceAuth")) is not dict:
            raise MdocDeviceAuth
        return found

    @cached_property
    def said(self) -> bytes:
        """DeviceNameSpaces as it was signed. Raises MdocDeviceElements where it is nothing of the kind."""
        try:
            return cose.embedded(self.device_signed.get("nameSpaces"))
        except cose.CborInvalid:
            raise MdocDeviceElements from None

    @cached_property
    def authentication(self) -> bytes:
        """What the device must have signed for this session."""
        return device_authentication(self.session, self.issued.doctype, self.said)

    @cached_property
    def device(self) -> cose.Sign1:
        """Its signature. Raises MdocDeviceAuth."""
        try:
            return cose.Sign1.of(self.device_signed["deviceAuth"].get("deviceSignature"), self.authentication)
        except cose.CborInvalid:
            raise MdocDeviceAuth from None


def text_is_bounded(shown: Candidate) -> None:
    """As long as any presentation may be."""
    if len(shown.text) > LARGEST:
        raise MdocTooLarge


def text_is_canonical(shown: Candidate) -> None:
    """It is what encoding its bytes gives."""
    if base64url(shown.raw) != shown.text:
        raise MdocEncoding


def response_is_whole(shown: Candidate) -> None:
    """Version 1.0, status 0 (section 8.3.2.1.2.3), and no word of errors."""
    found = shown.response
    if found.keys() != {"version", "documents", "status"} or found["version"] != mdoc.VERSION:
        raise MdocResponse
    if type(found["status"]) is not int or found["status"] != 0:
        raise MdocResponse


def document_is_alone(shown: Candidate) -> None:
    """One presentation is of one credential, and one finding says what it is worth."""
    if len(shown.response["documents"]) != 1:
        raise MdocDocuments


def document_is_whole(shown: Candidate) -> None:
    """What the issuer signed, what the device signed, and nothing else."""
    if not shown.document.keys() <= {"docType", "issuerSigned", "deviceSigned"}:
        raise MdocMalformed
    if not shown.issued.held.keys() <= {"nameSpaces", "issuerAuth"}:
        raise MdocMalformed


def algorithm_is_pinned(shown: Candidate) -> None:
    """ES256: the reader chooses the algorithm, not the document."""
    if shown.issued.auth.header.get(cose.ALGORITHM) != cose.ES256:
        raise MdocAlgorithm


def header_is_exact(shown: Candidate) -> None:
    """The algorithm, protected; the certificate, unprotected (section 9.1.2.4)."""
    auth = shown.issued.auth
    if auth.header.keys() != {cose.ALGORITHM} or not auth.unprotected.keys() <= {cose.X5CHAIN}:
        raise MdocHeader


def signature_holds(shown: Candidate) -> None:
    """The key of a certificate under a trusted root signed it."""
    if not shown.issued.auth.signed_by(cose.public_key(point_of(shown.leaf.jwk)), b""):
        raise MdocSignature


def security_object_is_whole(shown: Candidate) -> None:
    """Version 1.0; digests by number and namespace; a device key, and what it was bound upon. `status` is looked at later."""
    signed, about = shown.issued.security_object, shown.issued.about
    if not _SIGNED <= signed.keys() <= {*_SIGNED, "status"} or signed["version"] != mdoc.VERSION:
        raise MdocSecurityObject
    if not shown.issued.digests or not all(type(one) is dict for one in shown.issued.digests.values()):
        raise MdocSecurityObject
    if shown.issued.device_key_info.keys() != {"deviceKey", "keyInfo"} or not about.keys() <= _ABOUT:
        raise MdocSecurityObject


def digests_are_sha256(shown: Candidate) -> None:
    """Of those that section 9.1.2.5 allows, the one that is used here."""
    if shown.issued.security_object["digestAlgorithm"] != mdoc.DIGEST_ALGORITHM:
        raise MdocDigestAlgorithm


def doctype_is_the_signed_one(shown: Candidate) -> None:
    """The one of the document around it is nobody's word (section 9.3.1)."""
    if shown.document.get("docType") != shown.issued.doctype:
        raise MdocDoctype


def signed_while_certified(shown: Candidate) -> None:
    """Section 9.3.1: the time of signing lies in the certificate's. One that is no time is refused later."""
    signed = shown.issued.times["signed"]
    if signed is not None and not shown.leaf.not_before <= signed <= shown.leaf.not_after:
        raise MdocSigned


def elements_are_bounded(shown: Candidate) -> None:
    """Several times as many as any type has."""
    if len(shown.issued.items) > MOST_ELEMENTS:
        raise MdocTooLarge


def items_are_whole(shown: Candidate) -> None:
    """Exactly four members, each of its type, and salt enough that a value cannot be guessed from its digest."""
    for one in shown.issued.items:
        salt = one.content.get("random")
        if one.content.keys() != _ITEM or type(salt) is not bytes or len(salt) < FEWEST_SALT_BYTES:
            raise MdocItem


def elements_are_signed(shown: Candidate) -> None:
    """The digest of each, of its bytes as they came, stands under its number in its namespace (section 9.3.1)."""
    for one in shown.issued.items:
        signed = shown.issued.digests.get(one.namespace, {})
        if type(one.number) is not int or signed.get(one.number) != one.digest:
            raise MdocDigest


def elements_are_declared(shown: Candidate) -> None:
    """Even a signed element is refused where the type does not have it: nobody could say what it means."""
    declared = shown.type.mdoc.namespaces
    if any(one.element not in declared.get(one.namespace, {}) for one in shown.issued.items):
        raise MdocElementUndeclared


def elements_are_unique(shown: Candidate) -> None:
    """No claim is said twice."""
    said = shown.issued.claims(shown.type)
    if len({name for name, _ in said}) != len(said):
        raise MdocElementRepeated


def holder_proves_itself(shown: Candidate) -> None:
    """A document without a proof may have been found."""
    if "deviceSigned" not in shown.document:
        raise BindingMissing


def proof_is_a_signature(shown: Candidate) -> None:
    """A MAC needs a key that reader and device agreed upon, and here they agree upon none."""
    if shown.device_signed.keys() != {"nameSpaces", "deviceAuth"} or shown.device_signed["deviceAuth"].keys() != _PROOF:
        raise MdocDeviceAuth


def device_says_nothing(shown: Candidate) -> None:
    """No issuer here lets a device speak for itself (keyAuthorizations, section 9.1.2.4)."""
    try:
        silent = cose.decode_whole(shown.said) == {}
    except cose.CborInvalid:
        silent = False
    if not silent:
        raise MdocDeviceElements


def device_algorithm_is_pinned(shown: Candidate) -> None:
    """ES256."""
    if shown.device.header.get(cose.ALGORITHM) != cose.ES256:
        raise MdocAlgorithm


def device_header_is_exact(shown: Candidate) -> None:
    """The algorithm alone."""
    if shown.device.header.keys() != {cose.ALGORITHM} or shown.device.unprotected:
        raise MdocDeviceHeader


def device_signature_holds(shown: Candidate) -> None:
    """The key that the document was issued to signed this session: the reader, its nonce, the address, the type."""
    if not shown.device.signed_by(cose.public_key(point_of(shown.issued.holder)), b""):
        raise MdocDeviceSignature


def shown_for_the_first_time(shown: Candidate) -> None:
    """Remembered by what was signed and by whom, until the document ends: a session has no time of its own."""
    if shown.replays is not None:
        key = hashlib.sha256(shown.authentication + point_of(shown.issued.holder)).digest()
        if not shown.replays.first_time(key, shown.payload["exp"], shown.now):
            raise BindingReplayed


_PROOF = {"deviceSignature"}

Check = Callable[[Candidate], None]

ISSUER_CHECKS: tuple[Check, ...] = (
    text_is_bounded,
    text_is_canonical,
    response_is_whole,
    document_is_alone,
    document_is_whole,
    algorithm_is_pinned,
    header_is_exact,
    signature_holds,
    security_object_is_whole,
    digests_are_sha256,
    doctype_is_the_signed_one,
    signed_while_certified,
    elements_are_bounded,
    items_are_whole,
    elements_are_signed,
    elements_are_declared,
    elements_are_unique,
)
DEVICE_CHECKS: tuple[Check, ...] = (
    holder_proves_itself,
    proof_is_a_signature,
    device_says_nothing,
    device_algorithm_is_pinned,
    device_header_is_exact,
    device_signature_holds,
    shown_for_the_first_time,
)
