"""COSE_Sign1 (RFC 9052 section 4.2) with ES256, and the little of CBOR (RFC 8949) that credentials need.

Read are integers, byte and text strings, arrays, maps, true, false and null, and tag 18 in front of a signature; where an mdoc
is read (`decode_whole`), tags 0, 24 and 1004 too. A number that JavaScript cannot hold exactly, a float, another tag, a length
left open, and a key that stands twice or is neither integer nor text (Python takes true for 1) are refused. What is written has
one spelling (section 4.2.1): for the keys of these maps its order and that of RFC 7049, which cbor2 writes, are the same.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from types import NoneType
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idverify.errors import SigningUnavailable
from idverify.keys import Signer, p256
from idverify.keys.jwk import base64url

SIGN1_TAG = 18
ALGORITHM, KEY_ID, TYPE, X5CHAIN = 1, 4, 16, 33
ES256 = -7
SIGNATURE_BYTES = 64
COORDINATE = 32
DEEPEST = 8
LARGEST_INTEGER = 2**53 - 1

# COSE_Key (RFC 9052 section 7, RFC 9053 section 7.1.1): an EC2 key on P-256 with x and the sign of y.
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_EC2, _P256 = 2, 1

Tag = cbor2.CBORTag
# RFC 8949 sections 3.4.1 and 3.4.5.1, RFC 8943: a time, CBOR within a byte string, a day.
DATE_TIME, EMBEDDED, FULL_DATE = 0, 24, 1004

_ECDSA = ec.ECDSA(hashes.SHA256())


class CborInvalid(ValueError):
    """The bytes are not CBOR, or CBOR that no credential has."""


def encode(value: Any) -> bytes:
    """The one spelling of the value."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes) -> Any:
    """The value in these bytes, however they spell it. Raises CborInvalid."""
    try:
        value = cbor2.loads(data, **_STRICT)
    except Exception:  # a decoder of many types fails in many ways
        raise CborInvalid("not CBOR") from None
    if not _plain(value):
        raise CborInvalid("a type that no slip has")
    return value


def decode_whole(data: bytes) -> Any:
    """The value that these bytes are, with nothing behind it; a `Tag` for what is tagged 0, 24 or 1004. Raises CborInvalid."""
    decoder = cbor2.CBORDecoder(BytesIO(data), **_STRICT_WITH_TAGS)
    try:
        value = decoder.decode()
    except Exception:  # as above
        raise CborInvalid("not CBOR") from None
    if not _plain(value, tags=True):
        raise CborInvalid("a type that no mdoc has")
    try:
        decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return value
    raise CborInvalid("something stands behind it")


def embed(value: Any) -> Tag:
    """The value as CBOR within a byte string, so that what was signed or digested stays as it was (`#6.24(bstr .cbor ...)`)."""
    return Tag(EMBEDDED, encode(value))


def embedded(tag: Any) -> bytes:
    """The bytes within such a tag. Raises CborInvalid."""
    if type(tag) is not Tag or tag.tag != EMBEDDED or type(tag.value) is not bytes:
        raise CborInvalid("not CBOR within a byte string")
    return tag.value


@dataclass(frozen=True, slots=True)
class Sign1:
    """One COSE_Sign1. protected, payload: the bytes that were signed, as they came. header: the protected one, read."""

    protected: bytes
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes
    header: Mapping[Any, Any]

    @classmethod
    def read(cls, data: bytes) -> "Sign1":
        """The structure in these bytes, tag 18 first; no signature is checked. Raises CborInvalid."""
        if not data or data[0] != _TAGGED:
            raise CborInvalid("not a tagged COSE_Sign1")
        parts = decode(data[1:])
        if type(parts) is not list or [type(one) for one in parts] != [bytes, dict, bytes, bytes]:
            raise CborInvalid("not a COSE_Sign1")
        protected, unprotected, payload, signature = parts
        header = decode(protected)
        if type(header) is not dict:
            raise CborInvalid("the protected header is not a map")
        return cls(protected, unprotected, payload, signature, header)

    @classmethod
    def of(cls, parts: Any, detached: bytes | None = None) -> "Sign1":
        """The structure of four parts that stands untagged within other CBOR, as `decode_whole` read it. Raises CborInvalid.

        detached: the payload, where it is sent by other means and null stands in its place.
        """
        held = bytes if detached is None else NoneType
        if type(parts) is not list or [type(one) for one in parts] != [bytes, dict, held, bytes]:
            raise CborInvalid("not a COSE_Sign1")
        protected, unprotected, payload, signature = parts
        header = decode_whole(protected)
        if type(header) is not dict:
            raise CborInvalid("the protected header is not a map")
        return cls(protected, unprotected, payload if detached is None else detached, signature, header)

    @property
    def spelled(self) -> bytes:
        """The one spelling of what was read, its protected header respelled too."""
        return _tagged([encode(self.header), self.unprotected, self.payload, self.signature])

    def signed_by(self, key: ec.EllipticCurvePublicKey, external: bytes) -> bool:
        """Whether that key made the signature, of r || s in 64 bytes: not DER, not longer, not shorter.

        external: what it signed beside header and payload, known to both sides and sent by neither (RFC 9052 section 4.3).
        """
        if len(self.signature) != SIGNATURE_BYTES:
            return False
        r, s = (int.from_bytes(half, "big") for half in (self.signature[:COORDINATE], self.signature[COORDINATE:]))
        try:
            key.verify(encode_dss_signature(r, s), _to_be_signed(self.protected, external, self.payload), _ECDSA)
        except InvalidSignature:
            return False
        return True


def sign1(header: Mapping[int, Any], payload: bytes, signer: Signer, external: bytes) -> bytes:
    """A tagged COSE_Sign1 with ES256; `header` is protected, nothing is unprotected. external: see Sign1.signed_by.

    Raises SigningUnavailable.
    """
    return _tagged(sign1_parts(header, {}, payload, signer, external))


def sign1_parts(
    header: Mapping[int, Any], unprotected: Mapping[int, Any], payload: bytes, signer: Signer, external: bytes = b""
) -> list[Any]:
    """The four parts of a COSE_Sign1, to stand within other CBOR. Raises SigningUnavailable."""
    protected = encode({ALGORITHM: ES256, **header})
    signature = signer.sign(_to_be_signed(protected, external, payload))
    if len(signature) != SIGNATURE_BYTES:
        raise SigningUnavailable("the signer did not return r || s")
    return [protected, dict(unprotected), payload, signature]


def tagged_sign1(parts: list[Any]) -> bytes:
    """Those four parts with tag 18, to stand alone."""
    return _tagged(parts)


def point_of(jwk: Mapping[str, Any]) -> bytes:
    """The compressed point (33 bytes, SEC 1 section 2.3.3) of a P-256 key. Raises ValueError where the JWK is not one."""
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise ValueError("not a P-256 key")
    try:
        x, y = (urlsafe_b64decode(jwk[name] + "=") for name in ("x", "y"))
    except (KeyError, TypeError):
        raise ValueError("not a P-256 key") from None
    if len(x) != COORDINATE or len(y) != COORDINATE:
        raise ValueError("not a P-256 key")
    return bytes([3 if y[-1] & 1 else 2]) + x


def cose_key(point: bytes) -> dict[int, Any]:
    """The COSE_Key of a compressed point."""
    return {_KTY: _EC2, _CRV: _P256, _X: point[1:], _Y: point[0] == 3}


def whole_cose_key(jwk: Mapping[str, Any]) -> dict[int, Any]:
    """The COSE_Key of a public JWK on P-256 with both coordinates, which more readers take than a sign of y."""
    x, y = (urlsafe_b64decode(jwk[name] + "=") for name in ("x", "y"))
    return {_KTY: _EC2, _CRV: _P256, _X: x, _Y: y}


def jwk_of(key: Any) -> dict[str, str]:
    """The JWK (kty, crv, x, y) of a COSE_Key that has exactly the members of `whole_cose_key`. Raises CborInvalid."""
    if not _is_point_of_p256(key) or not all(type(key[at]) is bytes and len(key[at]) == COORDINATE for at in (_X, _Y)):
        raise CborInvalid("not the COSE_Key of a P-256 point")
    return {"kty": "EC", "crv": "P-256", "x": base64url(key[_X]), "y": base64url(key[_Y])}


def compressed(key: Any) -> bytes:
    """The compressed point in a COSE_Key that has exactly those members. Raises CborInvalid."""
    if not _is_point_of_p256(key) or type(key[_X]) is not bytes or len(key[_X]) != COORDINATE or type(key[_Y]) is not bool:
        raise CborInvalid("not the COSE_Key of a P-256 point")
    return bytes([3 if key[_Y] else 2]) + bytes(key[_X])


def _is_point_of_p256(key: Any) -> bool:
    found = type(key) is dict and key.keys() == {_KTY, _CRV, _X, _Y} and (key[_KTY], key[_CRV]) == (_EC2, _P256)
    return found and type(key[_CRV]) is int  # to Python true is 1


@lru_cache(maxsize=256)
def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """The P-256 key of a point, compressed or not. Raises ValueError for a point off the curve."""
    return p256.public_key(point)


_TAGGED = 0xC0 | SIGN1_TAG
SIGN1 = bytes([_TAGGED])
"""What a tagged COSE_Sign1 begins with."""


def _tagged(parts: list[Any]) -> bytes:
    return bytes([_TAGGED]) + encode(parts)


def _to_be_signed(protected: bytes, external: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 section 4.4."""
    return encode(["Signature1", protected, external, payload])


def _plain(value: Any, *, tags: bool = False) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if tags and type(one) is Tag and one.tag in _TAGS:
            waiting.append(one.value)
        elif type(one) is dict:
            if not all(type(key) in (int, str) for key in one):
                return False
            waiting += one.keys()
            waiting += one.values()
        elif type(one) is list:
            waiting += one
        elif type(one) is int:
            if abs(one) > LARGEST_INTEGER:
                return False
        elif type(one) not in (str, bytes, bool) and one is not None:
            return False
    return True


def _refuse(*_: Any) -> Any:
    raise CborInvalid("a tag")


# Every tag to which cbor2 gives a meaning (dates, numbers without bounds, regular expressions, references): none has one here.
_NO_MEANING: Mapping[int, Callable[..., Any]] = dict.fromkeys(
    (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799), _refuse
)
_STRICT: Mapping[str, Any] = {
    "max_depth": DEEPEST,
    "allow_indefinite": False,
    "allow_duplicate_keys": False,
    "semantic_decoders": _NO_MEANING,
}
_TAGS = (DATE_TIME, EMBEDDED, FULL_DATE)
_STRICT_WITH_TAGS: Mapping[str, Any] = {
    **_STRICT,
    "semantic_decoders": {**_NO_MEANING, **{tag: lambda value, _, tag=tag: Tag(tag, value) for tag in _TAGS}},
}
