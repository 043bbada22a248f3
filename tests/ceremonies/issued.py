"""A minimal wallet and the offers it takes, at the ceremonies' own doors: no HTTP, and no code that the product's wallet has."""

import os
from dataclasses import replace

from credentials.proofs import dpop, possession
from phone import CODE_CHALLENGE

from idverify.ceremonies import session_record
from idverify.ceremonies.clients import add_client
from idverify.ceremonies.granting import redeem_code, renew, token_url
from idverify.ceremonies.issuance import NONCE_USE, credential_url, issue
from idverify.ceremonies.nonces import new_nonce
from idverify.ceremonies.offering import GRANT_TYPE, fetch_offer, offer_in_person, offer_on_session
from idverify.credentials import verdict
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.pairwise import pairwise_subject
from idverify.keys.file import FileSigner
from idverify.registry.claims import Claims
from idverify.sessions import state
from idverify.sessions.state import State
from idverify.values import Accepted

from .installed import enrolled

AUDIENCE, PURPOSE = "https://city.example", "e-ID"
CLAIMS = Claims(name="Zoë Ünïcode 王", document_number="X1", date_of_birth="1990-02-28")
LICENCE = {"licence_number": "4403-17", "vehicle_classes": ["C1"], "valid_until": "2031-05-01"}


def issuer_client(parts, *scopes, audiences=(AUDIENCE,)):
    """A client that may do everything about credentials."""
    scopes = scopes or ("sessions:create", "credentials:offer", "credentials:supervise")
    return add_client(parts, actor="tester", name="City", scopes=scopes, audiences=audiences, purposes=(PURPOSE,))[0]


def person(parts, identifier="A-17", claims=CLAIMS):
    """The id of somebody enrolled."""
    return enrolled(parts, identifier, claims=claims).subject_id


def approved_session(parts, client, subject_id, *, acr=ACTIVE, redeemed=True, **changes):
    """The id of a live session as it stands after redemption; its verdict is genuine, whatever it says."""
    session_id = session_record.new_session_id(parts)
    now = parts.now()
    order = session_record.Order(
        client_id=client.id,
        client_name=client.name,
        audience=AUDIENCE,
        purpose=PURPOSE,
        profile="active",
        consent_version="1",
        consent_at=now,
        code_challenge=CODE_CHALLENGE,
        nonce=os.urandom(32).hex(),
        subject_id=subject_id,
        token_nonce="n" * 16,
    )
    facts = {
        "acr": acr,
        "issuer": parts.issuer,
        "audience": AUDIENCE,
        "client_id": client.id,
        "subject": subject_id and pairwise_subject(parts.secrets.pairwise, subject_id, AUDIENCE),
        "reference_digest": None if subject_id else "0" * 64,
        "transaction_id": session_id,
        "purpose": PURPOSE,
        "nonce": "n" * 16,
        "target_fmr": 1e-4,
        "fmr_high": 2e-4,
        "model_pack": "default@0123456789abcdef",
        "environment": parts.environment,
        "signer": parts.signing.current,
        "now": now,
        "random_bytes": os.urandom,
    } | changes
    token = verdict.issue(Accepted("fmr-1e-4", ("challenge", "pad", "comparison")), **facts)
    decided = state.processing(state.submit(state.reveal(state.start(state.begin(now), now), now), now), now)
    held = session_record.Held(
        session_id=session_id,
        session=state.decide(decided, State.APPROVED, now),
        order=order,
        token_hash="0" * 64,
        decision={"name": "accepted", "at": now},
        verdict=token,
        signed_at=now,
        code="code",
        redeemed_at=now if redeemed else None,
    )
    with parts.store.transaction() as tx:
        session_record.add(parts, tx, held)
    return session_id


def change_session(parts, session_id, **changes):
    """Write other things into a session's sealed record, as a fault of ours would."""
    with parts.store.transaction() as tx:
        session_record.save(parts, tx, replace(session_record.load(parts, tx, session_id), **changes))


class Wallet:
    """Keys and tokens of one person's device."""

    def __init__(self, parts, device=None):
        self.parts = parts
        self.device = device or FileSigner.new()
        self.access = self.refresh = self.notification = None

    def accept(self, offered, *, tx_code=..., device=None, **brought):
        """Fetch the offer and redeem its code."""
        offer = fetch_offer(self.parts, offered.address.rpartition("/")[2])
        code = offer["grants"][GRANT_TYPE]["pre-authorized_code"]
        return self.redeem(code, offered.tx_code if tx_code is ... else tx_code, device=device, **brought)

    def redeem(self, code, tx_code, *, device=None, proof=None, **brought):
        """The token endpoint, with a code."""
        proof = proof or dpop(device or self.device, token_url(self.parts), self.parts.now())
        granted = redeem_code(self.parts, proof, code=code, tx_code=tx_code, **brought)
        self.access, self.refresh = granted.access_token, granted.refresh_token
        return self

    def renew(self, *, device=None, **brought):
        """The token endpoint, with the refresh token."""
        proof = dpop(device or self.device, token_url(self.parts), self.parts.now())
        self.access = renew(self.parts, proof, refresh_token=self.refresh, **brought).access_token
        return self

    def keys(self, count=1):
        """Fresh keys."""
        return [FileSigner.new() for _ in range(count)]

    def proofs(self, keys, nonce=None):
        """A proof for each, over a fresh nonce."""
        nonce = nonce or new_nonce(self.parts, NONCE_USE)[0]
        return [possession(key, self.parts.issuer, nonce, self.parts.now()) for key in keys]

    def get(self, configuration="identity_card", *, keys=None, proofs=None, device=None, proof=None, token=None, **rest):
        """The credential endpoint."""
        token = token or self.access
        proof = proof or dpop(device or self.device, credential_url(self.parts), self.parts.now(), token=token)
        proofs = self.proofs(keys or self.keys()) if proofs is None else proofs
        made = issue(self.parts, access_token=token, proof=proof, configuration=configuration, proofs=proofs, **rest)
        self.notification = made.notification_id
        return made.copies


def offer(parts, client, subject_id, *types, on=None, **options):
    """An offer on a live session of that moment, or of the one given."""
    session_id = on or approved_session(parts, client, subject_id)
    return offer_on_session(parts, client, session_id, types or ("identity_card",), **options)


def in_person(parts, client, subject_id, *types, **options):
    """An offer on a registrar's word."""
    options = {"registrar": "desk-4.r17", "method": "document_inspected"} | options
    return offer_in_person(parts, client, subject_id, types or ("identity_card",), **options)
