"""The token endpoint of issuance: an offer's code, or a refresh token, for an access token (OpenID4VCI 1.0 section 6).

Every token is bound to the key of the DPoP proof that it was asked with: the wallet's device key. Refresh tokens are bound
likewise, so they need no rotation (RFC 9700 section 4.14.2), and a wallet that missed an answer asks again. Renewing never
makes the check of the person younger: its time travels with the grant, and 90 days after it the grant ends.

An offer on a session whose app signed the stream with its attested key is for that key: the device key is the attested one.
"""

import hmac
from dataclasses import dataclass, replace

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.grant_record import (
    ACCESS_SECONDS,
    Grant,
    add_grant,
    grant_of_refresh,
    new_grant,
    save_grant,
    with_new_access,
)
from idverify.ceremonies.offering import WRONG_NUMBERS, Offer, offer_of_code, save_offer
from idverify.ceremonies.reference import require_subject
from idverify.ceremonies.wallet_authentication import NOTHING, Brought, Instance, authenticated, refused_client
from idverify.credentials import dpop
from idverify.credentials.proof_errors import ProofReplayed
from idverify.errors import IssuanceRefused, StoreUnavailable, SubjectNotFound
from idverify.store import Connection, clients, spent

PATH = "/v1/credentials/token"
INVALID_GRANT = "invalid_grant"


@dataclass(frozen=True, slots=True, repr=False)
class Granted:
    """Tokens for the wallet. refresh_token: None where there is none, or the wallet has it. seconds: the access token lives."""

    access_token: str
    refresh_token: str | None
    seconds: int


def token_url(vault: Vault) -> str:
    """The address that a wallet's proof must name."""
    return vault.issuer.rstrip("/") + PATH


def redeem_code(vault: Vault, proof: str, *, code: str, tx_code: str | None, wallet: Brought = NOTHING) -> Granted:
    """Tokens for an offer's pre-authorised code. proof: the request's DPoP header. wallet: what else came along.

    Raises a leaf of TokenInvalid for the proof; IssuanceRefused as `authenticated` does, and: invalid_grant for a code that is
    unknown, expired or used, for a wrong number and for another device than the session's, the fifth of which ends the offer;
    invalid_request where the number is missing or none was asked for.
    """
    shown = _proof(vault, proof)
    with vault.store.reading() as tx:  # who has no code of ours must not make writers wait
        _redeemable(vault, tx, code)
    instance = authenticated(vault, wallet, shown)
    with vault.store.transaction() as tx:
        offer = _redeemable(vault, tx, code)
        _spend(tx, shown, instance)
        elsewhere = _wrong_device(offer, shown)
        wrong = elsewhere or _wrong_number(offer, tx_code)
        if wrong is None:
            return _redeemed(vault, tx, offer, shown.thumbprint, instance)
        _noted(vault, tx, offer, counts=elsewhere is not None or (tx_code is not None and offer.tx_code is not None))
    raise wrong


def renew(vault: Vault, proof: str, *, refresh_token: str, wallet: Brought = NOTHING) -> Granted:
    """Another access token, for the device key that the refresh token is bound to. wallet: what else came along.

    Raises a leaf of TokenInvalid for the proof; IssuanceRefused as `authenticated` does, and invalid_grant for a token that is
    unknown or ended, and for another key; StoreUnavailable where a wallet was first that nobody had vouched for before.
    """
    shown = _proof(vault, proof)
    with vault.store.reading() as tx:
        known = _renewable(vault, tx, refresh_token, shown)
    instance = authenticated(vault, wallet, shown, bound_to=known.instance)
    with vault.store.transaction() as tx:
        grant = _renewable(vault, tx, refresh_token, shown)
        if grant.instance != known.instance:
            raise StoreUnavailable("the grant was bound to a wallet meanwhile")
        _require_enrolled(tx, grant)
        _spend(tx, shown, instance)
        grant, access = with_new_access(vault, grant)
        if instance is not None:  # a grant from before wallets were to be attested is bound from here on
            grant = replace(grant, instance=instance.name)
        save_grant(vault, tx, grant)
        record_event(
            vault,
            tx,
            Event.GRANT_RENEWED,
            actor=grant.foundation.client_id,
            subject_id=grant.foundation.subject_id,
            grant_id=grant.grant_id,
        )
    return Granted(access, None, int(grant.access_until - vault.now()))


def _redeemable(vault: Vault, tx: Connection, code: str) -> Offer:
    """The offer, while it may be redeemed; not any more when the client that made it was revoked. Raises IssuanceRefused."""
    offer = offer_of_code(vault, tx, code)
    if offer is not None and not offer.redeemed and offer.wrong < WRONG_NUMBERS:
        client = clients.by_id(tx, offer.foundation.client_id)  # None in the sandbox, whose clients are the real database's
        if client is None or client.revoked_at is None:
            return offer
    raise IssuanceRefused(INVALID_GRANT, "no such pre-authorised code, or it has expired or was used")


def _renewable(vault: Vault, tx: Connection, refresh_token: str, shown: dpop.Proof) -> Grant:
    """The grant, for the key that it is bound to. Raises IssuanceRefused."""
    grant = grant_of_refresh(vault, tx, refresh_token)
    if grant is None or not hmac.compare_digest(grant.thumbprint, shown.thumbprint):
        raise IssuanceRefused(INVALID_GRANT, "no such refresh token for this key, or the last live session is 90 days ago")
    return grant


def _redeemed(vault: Vault, tx: Connection, offer: Offer, thumbprint: str, instance: Instance | None) -> Granted:
    attested = None if instance is None else instance.name
    grant, access, refresh = new_grant(vault, offer.foundation, offer.types, thumbprint, attested)
    _require_enrolled(tx, grant)
    save_offer(vault, tx, replace(offer, redeemed=True))
    add_grant(vault, tx, grant)
    record_event(
        vault,
        tx,
        Event.OFFER_REDEEMED,
        actor=offer.foundation.client_id,
        subject_id=offer.foundation.subject_id,
        session_id=offer.foundation.session_id,
        grant_id=grant.grant_id,
        key=thumbprint,
        types=[*offer.types],
        wallet_provider=None if instance is None else instance.provider,
        wallet=None if instance is None else instance.client_id,
    )
    return Granted(access, refresh, int(ACCESS_SECONDS))


def _wrong_device(offer: Offer, shown: dpop.Proof) -> IssuanceRefused | None:
    """Why the device does not do; None where the offer is for any, or for this one."""
    device = offer.foundation.device
    if device is None or hmac.compare_digest(device, shown.thumbprint):
        return None
    return IssuanceRefused(INVALID_GRANT, "this offer is for the device whose app signed the live session, with that same key")


def _wrong_number(offer: Offer, tx_code: str | None) -> IssuanceRefused | None:
    """Why the number does not do (OpenID4VCI 1.0 section 6.3); None where it does."""
    if (offer.tx_code is None) != (tx_code is None):
        what = "this offer asks for the number that came with it" if tx_code is None else "this offer asks for no number"
        return IssuanceRefused("invalid_request", f"tx_code: {what}")
    if offer.tx_code is not None and not hmac.compare_digest(offer.tx_code.encode(), (tx_code or "").encode()):
        return IssuanceRefused(INVALID_GRANT, f"tx_code: wrong; after {WRONG_NUMBERS} wrong ones the offer ends")
    return None


def _noted(vault: Vault, tx: Connection, offer: Offer, *, counts: bool) -> None:
    if counts:
        offer = replace(offer, wrong=offer.wrong + 1)
        save_offer(vault, tx, offer)
    record_event(
        vault,
        tx,
        Event.OFFER_REFUSED,
        actor=offer.foundation.client_id,
        subject_id=offer.foundation.subject_id,
        session_id=offer.foundation.session_id,
        wrong=offer.wrong,
    )


def _proof(vault: Vault, text: str) -> dpop.Proof:
    return dpop.validate(text, dpop.Expected("POST", token_url(vault), None, vault.now()))


def _spend(tx: Connection, proof: dpop.Proof, instance: Instance | None) -> None:
    """Only once a secret of ours was shown: strangers make us write no row. Raises ProofReplayed, IssuanceRefused."""
    if not spent.spend(tx, proof.digest, proof.expires_at):
        raise ProofReplayed
    if instance is not None and not instance.spend(tx):
        raise refused_client(ProofReplayed())


def _require_enrolled(tx: Connection, grant: Grant) -> None:
    try:
        require_subject(tx, grant.foundation.subject_id)
    except SubjectNotFound:
        raise IssuanceRefused(INVALID_GRANT, "the person is no longer enrolled") from None
