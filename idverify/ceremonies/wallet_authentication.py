"""Which wallet asks for tokens, where a provider vouches for it (draft-ietf-oauth-attestation-based-client-auth-11).

Demanded of everybody or of nobody, as the operator says; what is sent without being demanded is examined all the same, once any
provider is believed about wallets, and binds the grant. A grant that was given to an attested wallet is renewed by it alone
(section 10.3).
"""

import hmac
from dataclasses import dataclass

from idverify.ceremonies import Vault
from idverify.ceremonies.wallet_trust import attesters
from idverify.credentials import client_attestation, dpop
from idverify.credentials.attestation_errors import ClientAttestationMissing, ClientNotBound, ClientUnknown
from idverify.credentials.client_attestation import Shown
from idverify.credentials.errors import TokenExpired
from idverify.errors import IssuanceRefused, TokenInvalid
from idverify.store import Connection, spent


@dataclass(frozen=True, slots=True)
class Brought:
    """What a request for tokens brought: the two headers, and the parameter client_id. None: was not there."""

    attestation: str | None = None
    proof: str | None = None
    client_id: str | None = None


NOTHING = Brought()


@dataclass(frozen=True, slots=True)
class Instance:
    """An attested wallet. thumbprint: of its key. shown: its proof, to be used once; None where the DPoP proof was that."""

    provider: str
    client_id: str
    thumbprint: str
    shown: Shown | None

    @property
    def name(self) -> str:
        """What a grant is bound to: this key, as this wallet's."""
        return f"{self.thumbprint} {self.client_id}"

    def spend(self, tx: Connection) -> bool:
        """Whether the proof was not used before."""
        return self.shown is None or spent.spend(tx, self.shown.digest, self.shown.expires_at)


def authenticated(vault: Vault, brought: Brought, device: dpop.Proof, *, bound_to: str | None = None) -> Instance | None:
    """The wallet that a provider vouches for; None where none does and none has to.

    device: the request's DPoP proof, which also is the proof of the attested key where no other came. bound_to: name of the
    wallet that the grant is bound to. Raises IssuanceRefused: invalid_client, invalid_client_attestation,
    use_fresh_attestation.
    """
    if not vault.wallets.vouches_for_clients and bound_to is None:
        return None
    if brought.attestation is None:
        if vault.wallets.client_attestation or bound_to is not None or brought.proof is not None:
            raise refused_client(ClientAttestationMissing())
        return None
    try:
        return _examined(vault, brought, brought.attestation, device, bound_to)
    except TokenInvalid as error:
        raise refused_client(error) from None


def refused_client(error: TokenInvalid) -> IssuanceRefused:
    """In OAuth's words (section 7.4 of the draft)."""
    words: dict[type[TokenInvalid], str] = {
        ClientAttestationMissing: "invalid_client",
        ClientUnknown: "invalid_client",
        TokenExpired: "use_fresh_attestation",
    }
    return IssuanceRefused(words.get(type(error), "invalid_client_attestation"), f"{error.code}: {error.message}")


def _examined(vault: Vault, brought: Brought, text: str, device: dpop.Proof, bound_to: str | None) -> Instance:
    """Raises a leaf of TokenInvalid."""
    now = vault.now()
    found = client_attestation.validate(text, attesters(vault), now=now)
    if brought.client_id not in (None, found.client_id):
        raise ClientUnknown
    shown = None
    if brought.proof is not None:
        shown = client_attestation.validate_proof(brought.proof, found, audience=vault.issuer, now=now)
    elif not hmac.compare_digest(found.thumbprint, device.thumbprint):
        raise ClientNotBound
    instance = Instance(found.provider, found.client_id, found.thumbprint, shown)
    if bound_to is not None and not hmac.compare_digest(instance.name.encode(), bound_to.encode()):
        raise ClientNotBound
    return instance
