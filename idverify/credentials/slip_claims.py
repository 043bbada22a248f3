"""What an issuer says in a QR slip: a CWT claims set (RFC 8392), and the disclosures of a selective one.

All that no registered claim says stands in one claim of ours, an array: each key of one's own costs five bytes of a code.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from idverify.credentials import cose
from idverify.credentials.credential_types import CredentialType, SlipKind
from idverify.credentials.status_bits import ENTRIES
from idverify.credentials.status_reference import LARGEST_NUMBER

VCT_PREFIX = "urn:idverify:vct:"
# What the issuer's signature is of, and the device's: external data, known to both sides and sent by neither (RFC 9052 section
# 4.3), so that nothing else that the same key signed passes for a slip or an envelope.
SLIP, ENVELOPE = b"urn:idverify:qr:slip:1", b"urn:idverify:qr:envelope:1"
KEY_ID_BYTES = 8
SALT_BYTES = 16
DIGEST_BYTES = 32
LONGEST_SECONDS = 24 * 3600
ENVIRONMENTS = ("dev", "sandbox")

# RFC 8392 section 4; RFC 8747 section 3.1 (cnf and its COSE_Key); 11 of the draft on SD-CWT; ours, of those for private use.
ISS, EXP, IAT, CNF, VCT, OURS = 1, 4, 6, 8, 11, -70001
CNF_KEY = 1


class Ours(NamedTuple):
    """The claim of ours, in its order. said: the claims by name; of a selective slip, the digests of its disclosures instead.

    list_number, list_index: where its status stands. env: left out in production.
    """

    list_number: int
    list_index: int
    purpose: str
    said: Any
    env: str | None = None

    @property
    def selective(self) -> bool:
        """Whether its holder chooses what to disclose."""
        return type(self.said) is list

    @property
    def claims(self) -> Mapping[str, Any]:
        """What it says to every reader; bytes where the type's schema has base64."""
        return {} if self.selective else self.said

    @property
    def digests(self) -> Sequence[bytes]:
        """SHA-256 of what it may disclose, ascending."""
        return self.said if self.selective else ()


def claims_set(
    *,
    issuer: str,
    vct: str,
    purpose: str,
    said: Mapping[str, Any] | Sequence[bytes],
    device_key: Mapping[int, Any],
    list_number: int,
    list_index: int,
    issued_at: int,
    expires_at: int,
    environment: str,
) -> dict[int, Any]:
    """The claims of a slip. said: see Ours."""
    return {
        ISS: issuer,
        EXP: expires_at,
        IAT: issued_at,
        CNF: {CNF_KEY: device_key},
        VCT: vct.removeprefix(VCT_PREFIX),
        OURS: [list_number, list_index, purpose, said, *(() if environment == "production" else (environment,))],
    }


def ours(claims: Mapping[int, Any]) -> Ours:
    """The claim of ours; of claims that are well formed."""
    return Ours(*claims[OURS])


def well_formed(claims: Any) -> bool:
    """Whether the claims are exactly those of a slip, each of its type."""
    if type(claims) is not dict or claims.keys() != _FITS.keys():
        return False
    return all(_FITS[name](value) for name, value in claims.items())


def disclosure(name: str, value: Any, salt: bytes) -> bytes:
    """One claim that its holder may disclose: CBOR of [salt, name, value]."""
    return cose.encode([salt, name, value])


def read_disclosure(data: bytes) -> tuple[str, Any] | None:
    """Name and value; None where the bytes are no disclosure."""
    try:
        parts = cose.decode(data)
    except cose.CborInvalid:
        return None
    if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not bytes or type(parts[1]) is not str:
        return None
    sound = len(parts[0]) == SALT_BYTES and _is_text(parts[1]) and _is_value(parts[2]) and cose.encode(parts) == data
    return (parts[1], parts[2]) if sound else None


def digests(disclosures: Sequence[bytes]) -> list[bytes]:
    """SHA-256 of each, sorted, so that their order tells nothing."""
    return sorted(hashlib.sha256(one).digest() for one in disclosures)


def carried(type_: CredentialType, kind: SlipKind, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the claims that this kind of slip declares. What its type has in base64 travels as bytes, a quarter shorter."""
    chosen = {name: claims[name] for name in kind.claims if name in claims}
    return {name: b64decode(value) if _is_base64(type_, name) else value for name, value in chosen.items()}


def spelled(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims as every other format of credential has them: bytes as base64."""
    return {name: b64encode(value).decode("ascii") if type(value) is bytes else value for name, value in claims.items()}


def _is_base64(type_: CredentialType, name: str) -> bool:
    return bool(type_.schema["properties"][name].get("contentEncoding") == "base64")


def _is_text(value: Any) -> bool:
    return type(value) is str and value != ""


def _is_uint(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_confirmation(value: Any) -> bool:
    if type(value) is not dict or value.keys() != {CNF_KEY}:
        return False
    try:
        cose.compressed(value[CNF_KEY])
    except cose.CborInvalid:
        return False
    return True


def _is_ours(value: Any) -> bool:
    if type(value) is not list or len(value) not in (4, 5):
        return False
    number, index, purpose, said, *env = value
    placed = _is_uint(number) and 1 <= number <= LARGEST_NUMBER and _is_uint(index) and index < ENTRIES
    return placed and all(_is_text(one) for one in (purpose, *env)) and (_are_claims(said) or _are_digests(said))


def _is_value(value: Any) -> bool:
    """What a claim can be: text, a number, yes or no, bytes, or a list of texts."""
    return type(value) in (str, int, bool, bytes) or (type(value) is list and all(type(one) is str for one in value))


def _are_claims(value: Any) -> bool:
    return type(value) is dict and all(_is_text(name) and _is_value(one) for name, one in value.items())


def _are_digests(value: Any) -> bool:
    if type(value) is not list or not all(type(one) is bytes and len(one) == DIGEST_BYTES for one in value):
        return False
    return sorted(set(value)) == value


_FITS: Mapping[int, Callable[[Any], bool]] = {
    ISS: _is_text,
    EXP: _is_uint,
    IAT: _is_uint,
    CNF: _is_confirmation,
    VCT: _is_text,
    OURS: _is_ours,
}
