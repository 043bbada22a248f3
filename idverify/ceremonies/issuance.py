"""Issuing: a wallet with an access token shows new keys and gets a copy of a credential for each (OpenID4VCI 1.0 section 8).

1. The token, for the device key that it is bound to. 2. The proofs, of up to 30 keys, over one nonce, and what a wallet
provider attests of them. 3. In one transaction: the grant as it stands now, nonce and proof used up, what the person's records
say today, an index of a status list for each copy, the event; then the signatures, and only then the commit. Whatever fails, no
credential leaves.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.credential_claims import Said, claims_of
from idverify.ceremonies.documents import find_type
from idverify.ceremonies.grant_record import Grant, grant_shown, grant_used, save_grant
from idverify.ceremonies.nonces import spend_nonce
from idverify.ceremonies.notifications import new_identifier
from idverify.ceremonies.offering import configurations
from idverify.ceremonies.proven_keys import Proven, proven
from idverify.ceremonies.small_portrait import small_portrait
from idverify.ceremonies.standing import DENIED, require_standing
from idverify.ceremonies.statuses import allocate
from idverify.credentials import credential, dpop, mdoc, slip
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.possession import Possession
from idverify.credentials.slip_claims import LONGEST_SECONDS
from idverify.credentials.status_reference import StatusReference
from idverify.errors import AttemptsExhausted, DocumentMissing, IssuanceRefused, NoReference, SubjectNotFound
from idverify.store import Connection, spent

PATH = "/v1/credentials"
MOST_A_DAY = 1000
"""Copies on one grant: many times what a wallet needs, and few enough that none fills the status lists."""

SLIP_KEY_SECONDS = 2 * LONGEST_SECONDS

NONCE_USE = "c_nonce"
_DAY = 86_400

Claims = Mapping[str, Any]
Copies = Sequence[tuple[Mapping[str, str], StatusReference]]
"""For each the holder's key (JWK), and where its status stands."""


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """copies: a credential for each key, in their order. notification_id: what the wallet calls this answer by."""

    copies: list[str]
    notification_id: str


def credential_url(parts: Vault) -> str:
    """The address that a wallet's DPoP proof must name."""
    return parts.issuer.rstrip("/") + PATH


def issue(
    parts: Parts,
    *,
    access_token: str,
    proof: str,
    configuration: str,
    proofs: Sequence[str] = (),
    attestations: Sequence[str] = (),
) -> Issued:
    """A copy of the credential for each key that is proven or attested, in order. proof: the request's DPoP header.

    proofs: of type jwt; attestations: of type attestation. configuration: name of a credential type, `TYPE.mdoc`, or
    `TYPE.PURPOSE` for slips of at most a day. Raises a leaf of TokenInvalid for the DPoP proof; IssuanceRefused: invalid_token,
    unknown_credential_configuration, invalid_proof, invalid_nonce, credential_request_denied; AttemptsExhausted; any Fault, and
    then nothing was issued.
    """
    expected = dpop.Expected("POST", credential_url(parts), access_token, parts.now())
    shown = dpop.validate(proof, expected)
    with parts.store.reading() as tx:
        known = grant_shown(parts, tx, access_token, shown)
    type_, purpose, make = _wanted(known, configuration)
    shown_keys = proven(parts, proofs, attestations, parts.wallets.demands.get(type_.name))
    keys = shown_keys.keys
    portrait = small_portrait(parts, known.foundation.subject_id, type_, purpose)
    with parts.store.transaction() as tx:
        grant = grant_used(parts, tx, access_token, shown)
        if not spend_nonce(parts, tx, NONCE_USE, shown_keys.nonce):
            raise IssuanceRefused("invalid_nonce", "the nonce is not ours, has ended or was used: ask for another")
        if purpose is not None:
            _require_new_keys(tx, keys, parts.now())
        _require_renewable(grant, type_)
        require_standing(tx, grant, type_.name)
        save_grant(parts, tx, _counted(grant, len(keys), parts.now()))
        said = _said(parts, tx, type_, grant, portrait)
        ends = _ends(parts, type_, purpose, said)
        credential_id = grant.credential_id(type_.name)
        notification_id = new_identifier(parts, grant, configuration)
        places = allocate(
            parts,
            tx,
            credential_id=credential_id,
            subject_id=grant.foundation.subject_id,
            type_name=type_.name,
            bits=type_.status_bits,
            expires_at=ends,
            count=len(keys),
        )
        record_event(
            parts,
            tx,
            Event.CREDENTIAL_ISSUED,
            actor=grant.foundation.client_id,
            subject_id=grant.foundation.subject_id,
            credential_id=credential_id,
            type=type_.name,
            configuration=configuration,
            purpose=purpose,
            copies=len(keys),
            acr=grant.foundation.acr,
            auth_time=grant.foundation.auth_time,
            renewed=not grant.first,
            notification=notification_id,
            **_attested(shown_keys),
        )
        copies = [(key.jwk, place) for key, place in zip(keys, places, strict=True)]
        if purpose is None:
            facts = _facts(parts, grant, said, shown_keys.methods)
            return Issued(_credentials(parts, type_, said.claims, facts, copies, make), notification_id)
        return Issued(_slips(parts, type_, purpose, said.claims, copies, ends), notification_id)


def _wanted(grant: Grant, configuration: str) -> tuple[CredentialType, str | None, Callable[..., list[str]]]:
    """The type, the purpose of a slip, and what makes copies of anything else."""
    if configuration not in configurations(grant.types):
        raise IssuanceRefused("unknown_credential_configuration", "this grant has no such credential")
    name, _, purpose = configuration.partition(".")
    if purpose == mdoc.CONFIGURATION:
        return find_type(name), None, mdoc.issue_batch
    return find_type(name), purpose or None, credential.issue_batch


def _require_new_keys(tx: Connection, keys: Sequence[Possession], now: float) -> None:
    """Raise IssuanceRefused for a key that another slip had, whatever its purpose: two gates would know one person by it.

    Remembered by the digest alone, of whichever wallet, for twice as long as a slip can last.
    """
    for number, key in enumerate(keys, start=1):
        digest = hashlib.sha256(f"slip key\n{key.jwk['x']}".encode()).hexdigest()
        if not spent.spend(tx, digest, now + SLIP_KEY_SECONDS):
            raise IssuanceRefused("invalid_proof", f"proof {number}: another slip has that key: each needs a key of its own")


def _require_renewable(grant: Grant, type_: CredentialType) -> None:
    if type_.live_renewal and not grant.first:
        raise IssuanceRefused(DENIED, f"{type_.name}: each new one asks for a new live session")


def _counted(grant: Grant, copies: int, now: float) -> Grant:
    """Raises AttemptsExhausted."""
    day = int(now // _DAY)
    issued = copies + (grant.issued if grant.day == day else 0)
    if issued > MOST_A_DAY:
        raise AttemptsExhausted(f"at most {MOST_A_DAY} copies a day", int((day + 1) * _DAY - now) + 1)
    return replace(grant, day=day, issued=issued)


def _said(parts: Parts, tx: Connection, type_: CredentialType, grant: Grant, portrait: str | None) -> Said:
    try:
        return claims_of(parts, tx, type_, grant.foundation, portrait=portrait)
    except SubjectNotFound:
        raise IssuanceRefused("invalid_token", "the person is no longer enrolled") from None
    except (DocumentMissing, NoReference) as error:
        raise IssuanceRefused(DENIED, error.message) from None


def _attested(shown: Proven) -> dict[str, JSON]:
    """For the audit: whose word it is, and at which levels; nothing where no provider said anything."""
    if shown.attestation is None:
        return {}
    return {
        "wallet_provider": shown.attestation.provider,
        "key_storage": [*sorted(shown.attestation.key_storage)],
        "possession_shown": shown.possessed,
    }


def _facts(parts: Parts, grant: Grant, said: Said, methods: tuple[str, ...]) -> CredentialFacts:
    foundation = grant.foundation
    return CredentialFacts(
        issuer=parts.issuer,
        acr=foundation.acr,
        amr=(*foundation.amr, *methods),
        auth_time=foundation.auth_time,
        environment=_environment(parts),
        subject=pairwise_subject(parts.secrets.pairwise, foundation.subject_id, foundation.audience),
        ends=said.ends,
    )


def _ends(parts: Parts, type_: CredentialType, purpose: str | None, said: Said) -> float:
    now = parts.now()
    if purpose is None:
        return credential.latest_end(type_, now, said.ends)
    return min(now + LONGEST_SECONDS, said.ends or now + LONGEST_SECONDS)


def _credentials(
    parts: Parts,
    type_: CredentialType,
    claims: Claims,
    facts: CredentialFacts,
    copies: Copies,
    make: Callable[..., list[str]],
) -> list[str]:
    certified = parts.credential_keys.current
    return make(
        type_,
        claims,
        facts,
        copies=copies,
        signer=certified.signer,
        chain=certified.chain,
        now=parts.now(),
        random_bytes=parts.random_bytes,
    )


def _slips(
    parts: Parts,
    type_: CredentialType,
    purpose: str,
    claims: Claims,
    copies: Copies,
    ends: float,
) -> list[str]:
    certified = parts.credential_keys.current
    made = [
        slip.issue(
            type_,
            purpose,
            claims,
            issuer=parts.issuer,
            device_jwk=jwk,
            status=place,
            signer=certified.signer,
            chain=certified.chain,
            now=parts.now(),
            expires_at=ends,
            environment=_environment(parts),
            random_bytes=parts.random_bytes,
        )
        for jwk, place in copies
    ]
    return [one.value for one in made]


def _environment(parts: Parts) -> Literal["production", "dev", "sandbox"]:
    return cast(Literal["production", "dev", "sandbox"], parts.environment)
