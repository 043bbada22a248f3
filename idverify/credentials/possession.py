"""Proofs of possession (OpenID4VCI 1.0 appendix F.1): the wallet holds the key that a credential is to be bound to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials import self_signed
from idverify.credentials.errors import TokenAudience, TokenNonce
from idverify.credentials.proof_errors import ProofStale
from idverify.credentials.reading import SKEW_SECONDS, is_seconds

TYPE = "openid4vci-proof+jwt"
OLDEST_SECONDS = 300
LONGEST_NONCE = 256


@dataclass(frozen=True, slots=True)
class Possession:
    """A key that was shown. jwk: kty, crv, x and y. nonce: the one that the proof answers; the caller spends it."""

    jwk: Mapping[str, str]
    thumbprint: str
    nonce: str


def is_for_us(claims: Mapping[str, Any], issuer: str, now: float) -> None:
    """One audience, the credential issuer; a proof for another cannot be passed on to us."""
    if claims.get("aud") != issuer:
        raise TokenAudience


def was_made_lately(claims: Mapping[str, Any], issuer: str, now: float) -> None:
    """Five minutes at most: what really binds it to now is the nonce."""
    iat: Any = claims.get("iat")
    if not is_seconds(iat) or not now - OLDEST_SECONDS <= iat <= now + SKEW_SECONDS:
        raise ProofStale


def answers_a_nonce(claims: Mapping[str, Any], issuer: str, now: float) -> None:
    """A nonce endpoint is published, so a nonce is due."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not 1 <= len(nonce) <= LONGEST_NONCE:
        raise TokenNonce


Check = Callable[[Mapping[str, Any], str, float], None]

CHECKS: tuple[Check, ...] = (is_for_us, was_made_lately, answers_a_nonce)


def validate(text: str, *, issuer: str, now: float) -> Possession:
    """The key that the proof shows. Raises a leaf of TokenInvalid, and nothing else."""
    signed = self_signed.validate(text, TYPE)
    for check in CHECKS:
        check(signed.payload, issuer, now)
    return Possession(signed.jwk, signed.thumbprint, signed.payload["nonce"])
