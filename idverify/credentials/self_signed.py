"""A JWS that brings its own key: what a wallet signs to show that it holds one. The key is believed in nothing but that.

The checks of jws.py hold here too, all but those of a key that the reader knew before; in their place stand those of the key in
the header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials import jws
from idverify.credentials.proof_errors import ProofHeader, ProofKey
from idverify.keys.jwk import thumbprint

_MEMBERS = ("crv", "kty", "x", "y")


class Candidate(jws.Candidate):
    """As in jws.py, with the header's own key."""

    @property
    def key(self) -> Mapping[str, Any]:
        """The key in the header. Raises ProofKey."""
        key = self.header.get("jwk")
        if not isinstance(key, dict):
            raise ProofKey
        return key


def header_is_exact(token: jws.Candidate) -> None:
    """Alg, typ and jwk; no x5c, jku or kid that could name another key."""
    if token.header.keys() != {"alg", "typ", "jwk"}:
        raise ProofHeader


def key_is_bare(token: jws.Candidate) -> None:
    """Nothing but the four members of a public EC key (RFC 7518 section 6.2.1), each a text; no private half."""
    key = token.key
    if tuple(sorted(key)) != _MEMBERS or not all(isinstance(value, str) for value in key.values()):
        raise ProofKey


CHECKS: tuple[jws.Check, ...] = (
    jws.size_is_bounded,
    jws.three_parts,
    jws.base64url_is_canonical,
    jws.header_has_no_duplicates,
    jws.nothing_is_critical,
    jws.algorithm_is_pinned,
    jws.type_is_exact,
    header_is_exact,
    key_is_bare,
    jws.key_is_p256,
    jws.signature_has_64_bytes,
    jws.signature_holds,
    jws.payload_has_no_duplicates,
    jws.payload_numbers_are_json,
    jws.payload_is_shallow,
    jws.payload_text_is_unicode,
)


@dataclass(frozen=True, slots=True)
class SelfSigned:
    """What was signed, and the key that did. thumbprint: of the key (RFC 7638)."""

    payload: Mapping[str, Any]
    jwk: Mapping[str, str]
    thumbprint: str


def validate(token: str | bytes, typ: str) -> SelfSigned:
    """A compact JWS of kind `typ` by the key in its header. Raises a leaf of TokenInvalid, and nothing else."""
    candidate = Candidate(jws.ascii_text(token), (), typ)
    for check in CHECKS:
        check(candidate)
    key = dict(candidate.key)
    return SelfSigned(candidate.payload, key, thumbprint(key["x"], key["y"]))
