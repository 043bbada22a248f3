"""An mdoc, read: what the issuer signed of it and the elements that came along, as leniently as they can be read.

What a lenient reader accepts, mdoc_checks.py refuses.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from idverify.credentials import cose
from idverify.credentials.credential_types import CredentialType, type_of_doctype
from idverify.credentials.mdoc import ABOUT
from idverify.credentials.mdoc_elements import claim_of, seconds_of
from idverify.credentials.mdoc_errors import MdocElementValue, MdocItem, MdocMalformed, MdocSecurityObject
from idverify.credentials.reading import exact_base64url
from idverify.credentials.status_reference import StatusReference
from idverify.errors import TokenInvalid


class Item(NamedTuple):
    """An IssuerSignedItem. tag: as it came, whose bytes the digest is of. content: the map in it."""

    namespace: str
    tag: Any
    content: Mapping[Any, Any]

    @property
    def number(self) -> Any:
        """Of its digest."""
        return self.content.get("digestID")

    @property
    def digest(self) -> bytes:
        """SHA-256 of it as it came, tag and all (section 9.1.2.5)."""
        return hashlib.sha256(cose.encode(self.tag)).digest()

    @property
    def element(self) -> Any:
        """Its name."""
        return self.content.get("elementIdentifier")


class IssuerSigned:
    """The structure of that name (ISO/IEC 18013-5 section 8.3.2.1.2.2)."""

    def __init__(self, held: Any) -> None:
        """held: as CBOR reads it. Raises MdocMalformed where it is no map."""
        if type(held) is not dict:
            raise MdocMalformed
        self.held: Mapping[Any, Any] = held

    @classmethod
    def read(cls, value: str) -> "IssuerSigned":
        """From base64url, as a wallet receives it. Raises a leaf of TokenInvalid."""
        return cls(whole(exact_base64url(value)))

    @cached_property
    def auth(self) -> cose.Sign1:
        """The issuer's signature. Raises MdocMalformed."""
        try:
            return cose.Sign1.of(self.held.get("issuerAuth"))
        except cose.CborInvalid:
            raise MdocMalformed from None

    @cached_property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates (DER) that came with it: one as bytes, several in an array (RFC 9360 section 2)."""
        found = self.auth.unprotected.get(cose.X5CHAIN)
        listed = found if type(found) is list and len(found) > 1 else [found]
        return tuple(one for one in listed if type(one) is bytes)

    @cached_property
    def security_object(self) -> Mapping[Any, Any]:
        """What was signed. Raises MdocSecurityObject."""
        try:
            found = cose.decode_whole(cose.embedded(cose.decode_whole(self.auth.payload)))
        except cose.CborInvalid:
            raise MdocSecurityObject from None
        if type(found) is not dict:
            raise MdocSecurityObject
        return found

    @property
    def doctype(self) -> Any:
        """As signed. Raises MdocSecurityObject."""
        return self.security_object.get("docType")

    @property
    def type(self) -> CredentialType | None:
        """The type of that doctype, where there is one."""
        return type_of_doctype(self.doctype) if type(self.doctype) is str else None

    @property
    def device_key_info(self) -> Mapping[Any, Any]:
        """The member deviceKeyInfo; empty where it is none."""
        return _map(self.security_object.get("deviceKeyInfo"))

    @property
    def about(self) -> Mapping[Any, Any]:
        """What it rests on, as `keyInfo` has it; empty where it has none."""
        return _map(_map(self.device_key_info.get("keyInfo")).get(ABOUT))

    @property
    def holder(self) -> dict[str, str]:
        """The device key as a JWK; empty where it is none on P-256 with both coordinates."""
        try:
            return cose.jwk_of(self.device_key_info.get("deviceKey"))
        except cose.CborInvalid:
            return {}

    @property
    def times(self) -> dict[str, int | None]:
        """signed, validFrom and validUntil in seconds since the epoch; None for what is no time."""
        validity = _map(self.security_object.get("validityInfo"))
        return {name: seconds_of(validity.get(name)) for name in ("signed", "validFrom", "validUntil")}

    @property
    def digests(self) -> Mapping[Any, Any]:
        """The digests by namespace; of what is well formed."""
        return _map(self.security_object.get("valueDigests"))

    @property
    def status(self) -> StatusReference:
        """Where its status stands; of what holds."""
        entry = self.security_object["status"]["status_list"]
        return StatusReference(entry["uri"], entry["idx"])

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The elements, in the order in which they came. Raises MdocItem, MdocMalformed."""
        namespaces = self.held.get("nameSpaces", {})
        if type(namespaces) is not dict or not all(type(tags) is list and tags for tags in namespaces.values()):
            raise MdocMalformed
        return tuple(_item(namespace, tag) for namespace, tags in namespaces.items() for tag in tags)

    def claims(self, type_: CredentialType) -> list[tuple[str, Any]]:
        """Name and value of the claim that each element says, of elements that the type has. Raises MdocElementValue."""
        found = []
        for one in self.items:
            claim = type_.mdoc.namespaces.get(one.namespace, {}).get(one.element)
            if claim is not None:
                try:
                    found.append((claim, claim_of(type_, claim, one.content.get("elementValue"))))
                except ValueError:
                    raise MdocElementValue from None
        return found


def whole(data: bytes) -> Any:
    """The CBOR. Raises MdocMalformed."""
    try:
        return cose.decode_whole(data)
    except cose.CborInvalid:
        raise MdocMalformed from None


def status_of(text: str) -> StatusReference | None:
    """Where the status of the document in a DeviceResponse stands; None where it cannot be read. Nothing of it is validated."""
    try:
        return IssuerSigned(whole(exact_base64url(text))["documents"][0]["issuerSigned"]).status
    except (TokenInvalid, KeyError, TypeError, IndexError):
        return None


def _item(namespace: str, tag: Any) -> Item:
    try:
        content = cose.decode_whole(cose.embedded(tag))
    except cose.CborInvalid:
        raise MdocItem from None
    if type(content) is not dict or type(content.get("elementIdentifier")) is not str:
        raise MdocItem
    return Item(namespace, tag, content)


def _map(value: Any) -> Mapping[Any, Any]:
    return value if type(value) is dict else {}
