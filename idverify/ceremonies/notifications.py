"""What a wallet says of credentials that it was given: kept, not usable, deleted (OpenID4VCI 1.0 section 11).

An identifier names one answer of the credential endpoint. It is chance and a MAC over it, the grant and the configuration: it
costs no row until it is used, and a wallet speaks of its own credentials alone. What it says is audited and changes nothing: a
wallet's word neither revokes nor restores. The same word about the same answer is taken again, and noted once.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Literal

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.grant_record import Grant, grant_shown, grant_used
from idverify.ceremonies.offering import configurations
from idverify.credentials import dpop
from idverify.credentials.reading import exact_base64url
from idverify.errors import IssuanceRefused, TokenInvalid
from idverify.keys.jwk import base64url
from idverify.store import spent

PATH = "/v1/credentials/notification"
UNKNOWN = "invalid_notification_id"
Word = Literal["credential_accepted", "credential_failure", "credential_deleted"]
_CHANCE, _TAG = 16, 16


def notification_url(vault: Vault) -> str:
    """The address that a wallet's DPoP proof must name."""
    return vault.issuer.rstrip("/") + PATH


def new_identifier(vault: Vault, grant: Grant, configuration: str) -> str:
    """Names one answer that gives copies of the configuration on the grant."""
    chance = vault.random_bytes(_CHANCE)
    return base64url(chance + _tag(vault, grant, configuration, chance))


def take_notification(vault: Vault, *, access_token: str, proof: str, identifier: str, word: Word) -> None:
    """Audit what the wallet says. proof: the request's DPoP header; the token may be a newer one of the same grant.

    Raises a leaf of TokenInvalid for the DPoP proof; IssuanceRefused: invalid_token, invalid_notification_id.
    """
    shown = dpop.validate(proof, dpop.Expected("POST", notification_url(vault), access_token, vault.now()))
    with vault.store.reading() as tx:  # who has no token of ours must not make writers wait
        grant_shown(vault, tx, access_token, shown)
    with vault.store.transaction() as tx:
        grant = grant_used(vault, tx, access_token, shown)
        configuration = _configuration(vault, grant, identifier, configurations(grant.types))
        digest = hashlib.sha256(f"notification\n{identifier}\n{word}".encode()).hexdigest()
        if spent.spend(tx, digest, grant.ends):
            record_event(
                vault,
                tx,
                Event.CREDENTIAL_NOTIFIED,
                actor=grant.foundation.client_id,
                subject_id=grant.foundation.subject_id,
                credential_id=grant.credential_id(configuration.partition(".")[0]),
                configuration=configuration,
                notification=identifier,
                word=word,
            )


def _configuration(vault: Vault, grant: Grant, identifier: str, named: Iterable[str]) -> str:
    """Of these, the one that the identifier was made for on this grant. Raises IssuanceRefused."""
    try:
        content = exact_base64url(identifier)
    except TokenInvalid:
        content = b""
    chance, tag = content[:_CHANCE], content[_CHANCE:]
    found = [name for name in named if hmac.compare_digest(_tag(vault, grant, name, chance), tag)]
    if not found:
        raise IssuanceRefused(UNKNOWN, "no such notification_id on this grant")
    return found[0]


def _tag(vault: Vault, grant: Grant, configuration: str, chance: bytes) -> bytes:
    message = f"notification\x00{grant.grant_id}\x00{configuration}\x00".encode() + chance
    return hmac.digest(vault.secrets.client_keys, message, hashlib.sha256)[:_TAG]
