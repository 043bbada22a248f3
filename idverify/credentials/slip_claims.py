"""What an issuer says in a QR slip: a CWT claims set (RFC 8392), and the disclosures of a selective one.

Keys below 0 are ours: the purpose, the claims or the digests of what may be disclosed, and the environment.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from idverify.credentials import cose
from idverify.credentials.credential_types import CredentialType, SlipKind
from idverify.credentials.status_reference import StatusReference

VCT_PREFIX = "urn:idverify:vct:"
TYPE = "application/eid-slip+cwt"
KEY_ID_BYTES = 8
SALT_BYTES = 16
DIGEST_BYTES = 32
LONGEST_SECONDS = 24 * 3600
ENVIRONMENTS = ("dev", "sandbox")

# RFC 8392 section 4; RFC 8747 section 3.1 (cnf and its COSE_Key); 11 and 65535 of the drafts on SD-CWT and status lists.
ISS, EXP, IAT, CNF, VCT, STATUS = 1, 4, 6, 8, 11, 65535
PURPOSE, CLAIMS, DIGESTS, ENV = -70001, -70002, -70003, -70004
CNF_KEY = 1

_ALWAYS = frozenset({ISS, EXP, IAT, CNF, VCT, STATUS, PURPOSE})


def claims_set(
    *,
    issuer: str,
    vct: str,
    purpose: str,
    body: Mapping[int, Any],
    device_key: Mapping[int, Any],
    status: StatusReference,
    issued_at: int,
    expires_at: int,
    environment: str,
) -> dict[int, Any]:
    """The claims of a slip. body: {CLAIMS: ...} or {DIGESTS: ...}."""
    return {
        ISS: issuer,
        EXP: expires_at,
        IAT: issued_at,
        CNF: {CNF_KEY: device_key},
        VCT: vct.removeprefix(VCT_PREFIX),
        STATUS: {"status_list": {"idx": status.index, "uri": status.uri}},
        PURPOSE: purpose,
        **body,
        **({} if environment == "production" else {ENV: environment}),
    }


def well_formed(claims: Any) -> bool:
    """Whether the claims are exactly those of a slip, each of its type, with either claims or digests."""
    if type(claims) is not dict or claims.keys() - {ENV} not in (_ALWAYS | {CLAIMS}, _ALWAYS | {DIGESTS}):
        return False
    return all(_FITS[name](value) for name, value in claims.items())


def status_reference(claims: Mapping[int, Any]) -> StatusReference:
    """Where the slip's status stands; of claims that are well formed."""
    listed = claims[STATUS]["status_list"]
    return StatusReference(listed["uri"], listed["idx"])


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


def _is_status(value: Any) -> bool:
    listed = value.get("status_list") if type(value) is dict and len(value) == 1 else None
    return type(listed) is dict and listed.keys() == {"idx", "uri"} and _is_uint(listed["idx"]) and _is_text(listed["uri"])


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
    STATUS: _is_status,
    PURPOSE: _is_text,
    CLAIMS: _are_claims,
    DIGESTS: _are_digests,
    ENV: _is_text,
}
