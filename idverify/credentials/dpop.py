"""DPoP proofs (RFC 9449 section 4.3): that who sends a request holds the key which the token is bound to.

Whether a proof was used before, the caller looks up: `Proof.digest` and `Proof.expires_at` are made for that.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials import self_signed
from idverify.credentials.proof_errors import ProofIdentifier, ProofMethod, ProofStale, ProofTarget, ProofTokenHash
from idverify.credentials.reading import is_seconds
from idverify.keys.jwk import base64url

TYPE = "dpop+jwt"
WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """The request that the proof came with. url: without query. access_token: None at the token endpoint."""

    method: str
    url: str
    access_token: str | None
    now: float


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds. thumbprint: of its key (RFC 7638). digest: names this very proof, refused from expires_at on."""

    thumbprint: str
    digest: str
    expires_at: float


def has_an_identifier(claims: Mapping[str, Any], expected: Expected) -> None:
    """Without a jti a replay could not be told; a long one would fill the memory of them."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 16 <= len(jti) <= 128:
        raise ProofIdentifier


def is_for_this_method(claims: Mapping[str, Any], expected: Expected) -> None:
    """RFC 9110 section 9.1: case counts."""
    if claims.get("htm") != expected.method:
        raise ProofMethod


def is_for_this_address(claims: Mapping[str, Any], expected: Expected) -> None:
    """The address as our metadata spells it, letter by letter: a wallet has no other source for it."""
    if claims.get("htu") != expected.url:
        raise ProofTarget


def was_made_now(claims: Mapping[str, Any], expected: Expected) -> None:
    """Within a minute, either way."""
    iat: Any = claims.get("iat")
    if not is_seconds(iat) or not expected.now - WINDOW_SECONDS <= iat <= expected.now + WINDOW_SECONDS:
        raise ProofStale


def is_for_this_token(claims: Mapping[str, Any], expected: Expected) -> None:
    """RFC 9449 section 4.2, ath; at the token endpoint there is no token yet."""
    ath = claims.get("ath")
    if expected.access_token is None:
        return
    wanted = base64url(hashlib.sha256(expected.access_token.encode()).digest())
    if not isinstance(ath, str) or not hmac.compare_digest(ath.encode(), wanted.encode()):
        raise ProofTokenHash


Check = Callable[[Mapping[str, Any], Expected], None]

CHECKS: tuple[Check, ...] = (
    has_an_identifier,
    is_for_this_method,
    is_for_this_address,
    was_made_now,
    is_for_this_token,
)


def validate(text: str, expected: Expected) -> Proof:
    """The proof in a DPoP header. Raises a leaf of TokenInvalid, and nothing else."""
    signed = self_signed.validate(text, TYPE)
    for check in CHECKS:
        check(signed.payload, expected)
    name = f"dpop\n{signed.thumbprint}\n{signed.payload['jti']}"
    return Proof(
        thumbprint=signed.thumbprint,
        digest=hashlib.sha256(name.encode()).hexdigest(),
        expires_at=signed.payload["iat"] + WINDOW_SECONDS,
    )
