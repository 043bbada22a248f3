"""Attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth-11): a provider vouches for a wallet.

Two tokens: the attestation binds the wallet to a key of its own (section 4), and a proof by that key is for us, now, and once
(section 5.1). A DPoP proof by the same key is as good (section 5.2). CHECKS and PROOF_CHECKS run in order, each with a refusal
of its own. Whether a proof was used before, the caller looks up: `Shown.digest` and `Shown.expires_at` are made for that.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idverify.credentials import jws, providers
from idverify.credentials.attestation_errors import ClientKey, ClientUnknown
from idverify.credentials.dpop import WINDOW_SECONDS
from idverify.credentials.errors import (
    TokenAudience,
    TokenExpired,
    TokenFromTheFuture,
    TokenLifetime,
    TokenNotYetValid,
    TokenTime,
)
from idverify.credentials.proof_errors import ProofIdentifier, ProofStale
from idverify.credentials.providers import Provider
from idverify.credentials.reading import SKEW_SECONDS, is_seconds
from idverify.credentials.trust import Jwk
from idverify.keys.jwk import bare, thumbprint

TYPE = "oauth-client-attestation+jwt"
PROOF_TYPE = "oauth-client-attestation-pop+jwt"
LONGEST_SECONDS = 2 * 86_400
"""A day, the beginning of which may be rounded (section 11.1): its status is not followed meanwhile."""


@dataclass(frozen=True, slots=True)
class ClientAttestation:
    """A wallet that a provider vouches for. jwk: kty, crv, x and y of its key. thumbprint: of that (RFC 7638)."""

    provider: str
    client_id: str
    jwk: Mapping[str, str]
    thumbprint: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A proof that holds. digest: names this very proof, refused from expires_at on."""

    digest: str
    expires_at: float


def times_are_numbers(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """RFC 7519 section 2; iat and exp are required."""
    if not all(is_seconds(one) for one in (claims.get("iat"), claims.get("exp"), claims.get("nbf", 0))):
        raise TokenTime


def has_begun(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """Clocks may differ by a minute."""
    if claims["iat"] > now + SKEW_SECONDS:
        raise TokenFromTheFuture
    if claims.get("nbf", 0) > now + SKEW_SECONDS:
        raise TokenNotYetValid


def has_not_ended(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """On or after exp it is refused."""
    if claims["exp"] <= now:
        raise TokenExpired


def lifetime_is_capped(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """A provider that no longer vouches for a wallet stops attesting it; what is out there must end by itself."""
    if claims["exp"] - claims["iat"] > LONGEST_SECONDS:
        raise TokenLifetime


def client_is_the_providers(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """Each provider speaks for the wallets that it is listed with."""
    if not isinstance(claims.get("sub"), str) or claims["sub"] not in provider.clients:
        raise ClientUnknown


def key_is_confirmed(claims: Mapping[str, Any], provider: Provider, now: float) -> None:
    """Exactly cnf.jwk (RFC 7800 section 3.2): one public key on P-256."""
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, dict) or confirmation.keys() != {"jwk"}:
        raise ClientKey
    if not providers.is_described_key(confirmation["jwk"]):
        raise ClientKey


CHECKS: tuple[Callable[[Mapping[str, Any], Provider, float], None], ...] = (
    times_are_numbers,
    has_begun,
    has_not_ended,
    lifetime_is_capped,
    client_is_the_providers,
    key_is_confirmed,
)


def is_for_us(claims: Mapping[str, Any], audience: str, now: float) -> None:
    """One audience, our issuer's URL as a text: a proof for another server cannot be passed on to us."""
    if claims.get("aud") != audience:
        raise TokenAudience


def was_made_now(claims: Mapping[str, Any], audience: str, now: float) -> None:
    """Within a minute, either way."""
    iat: Any = claims.get("iat")
    if not is_seconds(iat) or not now - WINDOW_SECONDS <= iat <= now + WINDOW_SECONDS:
        raise ProofStale


def has_an_identifier(claims: Mapping[str, Any], audience: str, now: float) -> None:
    """Without a jti a replay could not be told; a long one would fill the memory of them."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 16 <= len(jti) <= 128:
        raise ProofIdentifier


PROOF_CHECKS: tuple[Callable[[Mapping[str, Any], str, float], None], ...] = (is_for_us, was_made_now, has_an_identifier)


def validate(text: str | bytes, trusted: Sequence[Provider], *, now: float) -> ClientAttestation:
    """The wallet that one of the trusted providers vouches for. Raises a leaf of TokenInvalid, and nothing else."""
    claims, provider = providers.validate(text, TYPE, trusted, now)
    for check in CHECKS:
        check(claims, provider, now)
    jwk = bare(claims["cnf"]["jwk"])
    return ClientAttestation(provider.name, claims["sub"], jwk, thumbprint(jwk["x"], jwk["y"]))


class _Proof(jws.Candidate):
    """A proof under examination, whose one trusted key is the attested one. Its header names no key."""

    members = frozenset({"alg", "typ"})

    def __init__(self, text: str, key: Jwk) -> None:
        super().__init__(text, (), PROOF_TYPE)
        self.matching = [key]


def validate_proof(text: str | bytes, attestation: ClientAttestation, *, audience: str, now: float) -> Shown:
    """The proof that the attested wallet sends along. audience: our issuer's URL. Raises a leaf of TokenInvalid."""
    claims = jws.examine(_Proof(jws.ascii_text(text), attestation.jwk))
    for check in PROOF_CHECKS:
        check(claims, audience, now)
    name = f"client attestation\n{attestation.thumbprint}\n{claims['jti']}"
    return Shown(hashlib.sha256(name.encode()).hexdigest(), claims["iat"] + WINDOW_SECONDS)
