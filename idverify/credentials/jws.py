"""The one strict wrapper around pyjwt, which signs, and joserfc, which checks signatures. Only jwe.py imports joserfc too.

Both libraries, called strictly, still accept another typ, several audiences, duplicate members and keys meant for something
else (RFC 8725; the Wycheproof vectors), and earlier releases more. What they leave open is closed here by CHECKS: small
functions that run in order, each with a refusal of its own. Tests take each out in turn and show what then gets through. The
payload is not read before the signature holds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter
from jwt.algorithms import Algorithm
from jwt.api_jws import PyJWS

from idverify.credentials.errors import (
    TokenAlgorithm,
    TokenCritical,
    TokenEncoding,
    TokenHeaderForbidden,
    TokenKeyAmbiguous,
    TokenKeyUnknown,
    TokenKeyUnsuitable,
    TokenMalformed,
    TokenNesting,
    TokenSignature,
    TokenText,
    TokenTooLarge,
    TokenType,
)
from idverify.credentials.reading import decode_base64url, no_constant, parse_object, unique_members, walk
from idverify.credentials.trust import Jwk
from idverify.errors import SigningUnavailable
from idverify.keys import Signer
from idverify.keys.jwk import base64url

ALGORITHM = "ES256"
SIGNATURE_BYTES = 64
COORDINATE_CHARACTERS = 43
LARGEST = 8192
DEEPEST = 8
_NAMED_BY_A_CHECK = frozenset({"alg", "typ", "kid", "crit"})


class _Registry(joserfc_jws.JWSRegistry):
    """joserfc's own bounds (a header of 512 bytes) are too small for a certificate; `largest` bounds the whole."""

    max_header_length = max_payload_length = 16 * 1024 * 1024


# The library refuses what it has not heard of; members that a kind has of its own are examined by its own checks.
_OWN = {"key_attestation": HeaderParameter("OpenID4VCI 1.0 appendix F.1", "str")}
_REGISTRY = _Registry(header_registry=_OWN, algorithms=[ALGORITHM])


class _HeldKey(Algorithm):
    """ES256 by a keys.Signer: the private key stays with its holder, which may be a PKCS#11 token."""

    def prepare_key(self, key: Signer) -> Signer:
        return key

    def sign(self, msg: bytes, key: Signer) -> bytes:
        signature = key.sign(msg)
        if len(signature) != SIGNATURE_BYTES:
            raise SigningUnavailable("the signer did not return r || s")
        return signature

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        raise NotImplementedError("joserfc checks signatures")

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:
        raise NotImplementedError("keys.Signer.public_jwk does this")

    @staticmethod
    def from_jwk(jwk: Any) -> Any:
        raise NotImplementedError("private keys are not JWKs here")


_SIGNING = PyJWS(algorithms=[])
_SIGNING.register_algorithm(ALGORITHM, _HeldKey())


def sign(payload: Mapping[str, Any], signer: Signer, typ: str, header: Mapping[str, Any] | None = None) -> str:
    """Compact JWS (RFC 7515 section 7.1) of a JSON object. header: beside alg and typ; the signer's kid alone when None.

    Raises SigningUnavailable, and ValueError for a payload that is not JSON.
    """
    members = {**({"kid": signer.kid} if header is None else header), "typ": typ}
    content = json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
    return _SIGNING.encode(content, signer, algorithm=ALGORITHM, headers=members)  # type: ignore[arg-type]


class Candidate:
    """A token under examination. Each property reads as leniently as it can; what a lenient reader accepts, a check refuses.

    members: the header members that its kind may have; each is examined by some check. largest: in characters. deepest: levels
    of the payload.
    """

    members = _NAMED_BY_A_CHECK
    deepest = DEEPEST

    def __init__(self, text: str, keys: Sequence[Jwk], typ: str, largest: int = LARGEST) -> None:
        self.text, self.keys, self.typ, self.largest = text, keys, typ, largest

    @cached_property
    def parts(self) -> list[str]:
        """The text between the dots."""
        return self.text.split(".")

    @cached_property
    def decoded(self) -> tuple[bytes, ...]:
        """The parts without their base64url."""
        return tuple(decode_base64url(part) for part in self.parts)

    @cached_property
    def header(self) -> dict[str, Any]:
        """The header as a reader sees it that takes the last of two equal names."""
        return parse_object(self.decoded[0])

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The payload, likewise."""
        return parse_object(self.decoded[1])

    @cached_property
    def matching(self) -> list[Jwk]:
        """Trusted keys with the header's kid."""
        kid = self.header.get("kid")
        return [key for key in self.keys if isinstance(kid, str) and key.get("kid") == kid]

    @property
    def key(self) -> Jwk:
        """The first of them. Raises TokenKeyUnknown."""
        if not self.matching:
            raise TokenKeyUnknown
        return self.matching[0]


def size_is_bounded(token: Candidate) -> None:
    """At most 8,192 characters (of some kinds more), all of ASCII."""
    if len(token.text) > token.largest:
        raise TokenTooLarge


def three_parts(token: Candidate) -> None:
    """Compact serialisation only; JSON serialisations, JWE and detached payloads are something else."""
    if len(token.parts) != 3 or not all(token.parts):
        raise TokenMalformed


def base64url_is_canonical(token: Candidate) -> None:
    """Each part is what encoding its bytes gives (RFC 4648 section 3.5): no part has a second spelling."""
    if any(base64url(data) != part for data, part in zip(token.decoded, token.parts, strict=True)):
        raise TokenEncoding


def header_has_no_duplicates(token: Candidate) -> None:
    """RFC 7515 section 4: header parameter names must be unique."""
    parse_object(token.decoded[0], object_pairs_hook=unique_members)


def nothing_is_critical(token: Candidate) -> None:
    """RFC 7515 section 4.1.11: an extension that is not understood must not be ignored; none is understood."""
    if "crit" in token.header:
        raise TokenCritical


def header_members_are_known(token: Candidate) -> None:
    """Nothing beyond what the other checks examine: no jku, jwk, x5u, b64, cty, zip, and no x5c but where it is chained."""
    if not token.header.keys() <= token.members:
        raise TokenHeaderForbidden


def algorithm_is_pinned(token: Candidate) -> None:
    """RFC 8725 section 3.1: the verifier chooses the algorithm, not the token."""
    if token.header.get("alg") != ALGORITHM:
        raise TokenAlgorithm


def type_is_exact(token: Candidate) -> None:
    """RFC 8725 section 3.11: one kind of token never passes for another."""
    if token.header.get("typ") != token.typ:
        raise TokenType


def kid_selects_one_key(token: Candidate) -> None:
    """The kid names a trusted key, and no two."""
    if token.key is not None and len(token.matching) > 1:
        raise TokenKeyAmbiguous


def key_is_p256(token: Candidate) -> None:
    """An EC key on P-256 (RFC 7518 section 3.4), and its public half alone."""
    key = token.key
    if (key.get("kty"), key.get("crv")) != ("EC", "P-256") or "d" in key:
        raise TokenKeyUnsuitable


def key_use_is_signature(token: Candidate) -> None:
    """RFC 7517 section 4.2."""
    if token.key.get("use", "sig") != "sig":
        raise TokenKeyUnsuitable


def key_ops_allow_verification(token: Candidate) -> None:
    """RFC 7517 section 4.3."""
    operations = token.key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise TokenKeyUnsuitable


def key_alg_agrees(token: Candidate) -> None:
    """RFC 7517 section 4.4."""
    if token.key.get("alg", ALGORITHM) != ALGORITHM:
        raise TokenKeyUnsuitable


def signature_has_64_bytes(token: Candidate) -> None:
    """R || s (RFC 7518 section 3.4): not DER, not longer, not shorter."""
    if len(token.decoded[2]) != SIGNATURE_BYTES:
        raise TokenSignature


def signature_holds(token: Candidate) -> None:
    """The selected key made this signature over the first two parts."""
    try:
        key = _public_key(token.key["x"], token.key["y"])
    except Exception:
        raise TokenKeyUnsuitable from None
    try:
        joserfc_jws.deserialize_compact(token.text, key, registry=_REGISTRY)
    except Exception:
        raise TokenSignature from None


def payload_has_no_duplicates(token: Candidate) -> None:
    """RFC 7519 section 4: claim names must be unique."""
    parse_object(token.decoded[1], object_pairs_hook=unique_members)


def payload_numbers_are_json(token: Candidate) -> None:
    """RFC 8259 section 6 knows neither NaN nor Infinity, and what no double holds is Infinity to half of all readers."""
    parse_object(token.decoded[1], parse_constant=no_constant)


def payload_is_shallow(token: Candidate) -> None:
    """At most eight levels of objects and arrays; a trust list has more."""
    if any(depth > token.deepest for depth, _ in walk(token.payload)):
        raise TokenNesting


def payload_text_is_unicode(token: Candidate) -> None:
    r"""No unpaired surrogate (RFC 8259 section 8.2), which `\ud800` smuggles past UTF-8."""
    for _, value in walk(token.payload):
        try:
            _ = isinstance(value, str) and value.encode("utf-8")  # in C: a status list is one string of 300,000 characters
        except UnicodeEncodeError:
            raise TokenText from None


Check = Callable[[Candidate], None]

HEADER_CHECKS: tuple[Check, ...] = (
    size_is_bounded,
    three_parts,
    base64url_is_canonical,
    header_has_no_duplicates,
    nothing_is_critical,
    header_members_are_known,
    algorithm_is_pinned,
    type_is_exact,
)
BODY_CHECKS: tuple[Check, ...] = (
    kid_selects_one_key,
    key_is_p256,
    key_use_is_signature,
    key_ops_allow_verification,
    key_alg_agrees,
    signature_has_64_bytes,
    signature_holds,
    payload_has_no_duplicates,
    payload_numbers_are_json,
    payload_is_shallow,
    payload_text_is_unicode,
)
CHECKS: tuple[Check, ...] = HEADER_CHECKS + BODY_CHECKS


def validate(token: str | bytes, keys: Sequence[Jwk], typ: str) -> dict[str, Any]:
    """The payload of a compact JWS of kind `typ` signed by one of `keys`. Raises a leaf of TokenInvalid, and nothing else."""
    return examine(Candidate(ascii_text(token), keys, typ))


def examine(candidate: Candidate) -> dict[str, Any]:
    """The payload, once every check holds. Raises a leaf of TokenInvalid."""
    for check in CHECKS:
        check(candidate)
    return candidate.payload


def ascii_text(token: str | bytes) -> str:
    """The token as text. Raises TokenMalformed where it holds anything but ASCII, or is no text."""
    try:
        return token.encode("ascii").decode() if isinstance(token, str) else bytes(token).decode("ascii")
    except (UnicodeError, TypeError):
        raise TokenMalformed from None


def is_point(x: object, y: object) -> bool:
    """Whether these are the coordinates (base64url) of a public key on P-256."""
    try:
        return isinstance(x, str) and isinstance(y, str) and _public_key(x, y) is not None
    except Exception:
        return False


@lru_cache(maxsize=256)
def _public_key(x: str, y: str) -> ECKey:
    # The library skips zeros in front: one key would have many spellings, and many thumbprints.
    if len(x) != COORDINATE_CHARACTERS or len(y) != COORDINATE_CHARACTERS:
        raise ValueError("a coordinate has 32 bytes (RFC 7518 section 6.2.1.2)")
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    _ = key.public_key  # joserfc parses the point at first use: a point off the curve is refused here
    return key
