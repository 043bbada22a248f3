"""The keys that get copies: each proven by itself, or all attested at once by a wallet provider (OpenID4VCI 1.0 appendix F)."""

from collections.abc import Sequence
from dataclasses import dataclass

from idverify.ceremonies import Vault
from idverify.ceremonies.wallet_trust import attesters
from idverify.credentials import attested_possession, key_attestation, possession
from idverify.credentials.assurance import HARDWARE_KEY
from idverify.credentials.attestation_errors import AttestationMissing, AttestationNotAlone
from idverify.credentials.errors import TokenNonce
from idverify.credentials.key_attestation import MOST_KEYS, KeyAttestation
from idverify.credentials.possession import Possession
from idverify.credentials.providers import Demand
from idverify.errors import IssuanceRefused, TokenInvalid

BATCH = MOST_KEYS


@dataclass(frozen=True, slots=True)
class Proven:
    """Between one key and BATCH, no two alike, over one nonce. attestation: what a provider says of them, None where none did.

    possessed: whether the wallet itself showed that it holds a key.
    """

    keys: tuple[Possession, ...]
    attestation: KeyAttestation | None = None
    possessed: bool = True

    @property
    def nonce(self) -> str:
        """The one that all of it answers; the caller spends it."""
        return self.keys[0].nonce

    @property
    def methods(self) -> tuple[str, ...]:
        """What this adds to amr: hwk, where the wallet proved possession of a key that hardware keeps."""
        in_hardware = self.attestation is not None and self.attestation.in_hardware
        return (HARDWARE_KEY,) if in_hardware and self.possessed else ()


def proven(vault: Vault, proofs: Sequence[str], attestations: Sequence[str], demand: Demand | None) -> Proven:
    """The keys in a request's proofs. attestations: of the proof type of that name. demand: None where none need be attested.

    Raises IssuanceRefused: invalid_credential_request, invalid_proof, invalid_nonce.
    """
    if attestations and proofs:
        raise IssuanceRefused("invalid_credential_request", "proofs: of one type")
    if attestations:
        found = _attested(vault, attestations)
    elif any(attested_possession.carries_attestation(one) for one in proofs):
        found = _attested_and_shown(vault, proofs)
    else:
        found = _shown(vault, proofs)
    if demand is not None:
        try:
            _required(found.attestation).require(demand)
        except TokenInvalid as error:
            raise _refused("proofs", error) from None
    return found


def _attested(vault: Vault, attestations: Sequence[str]) -> Proven:
    try:
        (text,) = attestations
    except ValueError:
        raise IssuanceRefused("invalid_credential_request", "proofs: attestation holds exactly one") from None
    try:
        found = key_attestation.validate(text, attesters(vault), now=vault.now())
    except TokenInvalid as error:
        raise _refused("attestation", error) from None
    return Proven(found.keys, found, possessed=False)


def _attested_and_shown(vault: Vault, proofs: Sequence[str]) -> Proven:
    try:
        if len(proofs) > 1:
            raise AttestationNotAlone
        found = attested_possession.validate(proofs[0], attesters(vault), issuer=vault.issuer, now=vault.now())
    except TokenInvalid as error:
        raise _refused("proof 1", error) from None
    return Proven(found.keys, found)


def _shown(vault: Vault, proofs: Sequence[str]) -> Proven:
    """Equal keys would link two copies."""
    if not 1 <= len(proofs) <= BATCH:
        raise IssuanceRefused("invalid_credential_request", f"proofs: jwt holds 1 to {BATCH} proofs")
    keys = []
    for number, text in enumerate(proofs, start=1):
        try:
            keys.append(possession.validate(text, issuer=vault.issuer, now=vault.now()))
        except TokenInvalid as error:
            raise _refused(f"proof {number}", error) from None
    if len({one.thumbprint for one in keys}) < len(keys):
        raise IssuanceRefused("invalid_proof", "proofs: each copy needs a key of its own")
    if len({one.nonce for one in keys}) > 1:
        raise IssuanceRefused("invalid_nonce", "proofs: all of a request answer one nonce")
    return Proven(tuple(keys))


def _required(attestation: KeyAttestation | None) -> KeyAttestation:
    if attestation is None:
        raise AttestationMissing
    return attestation


def _refused(where: str, error: TokenInvalid) -> IssuanceRefused:
    word = "invalid_nonce" if isinstance(error, TokenNonce) else "invalid_proof"
    return IssuanceRefused(word, f"{where}: {error.code}: {error.message}")
