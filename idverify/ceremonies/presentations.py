"""Having a presented credential validated here, and the answer signed, so that it can be shown to others later.

It is the validator that works offline (idverify.credentials.presentation), on what this installation believes. A refusal is an
answer, not an error. Whoever asks learns no more than was disclosed to it; a credential of ours is also given the name that its
subject has towards the asking audience, and towards no other.

Each validation is recorded for the person too (idverify.ceremonies.history): who asked, what for, the paths of the claims that
were asked for and of those that the asker was given. A path is a name that the credential's type declares, never a value.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.believing import believed_here, own_anchors
from idverify.ceremonies.clients import audience_of, purpose_of
from idverify.ceremonies.nonces import new_nonce, spend_nonce
from idverify.credentials import credential, jws, presented
from idverify.credentials.credential_types import CredentialType, type_of_vct
from idverify.credentials.findings import Finding
from idverify.credentials.mdoc_session import Session
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.status_reference import list_number
from idverify.errors import InvalidInput
from idverify.keys.jwk import base64url
from idverify.store import Connection, statuses
from idverify.store.clients import Client

TYPE = "presentation-result+jwt"
NOT_AS_ASKED = "presentation_not_as_asked"


@dataclass(frozen=True, slots=True)
class Query:
    """A credential that is asked for, and which of its claims beside those that every reader sees."""

    type: CredentialType
    claims: tuple[str, ...]
    format: str = credential.FORMAT

    def narrowed(self, found: Finding, format_: str) -> Finding:
        """What was found, without a claim that was not asked for; none for another type or format, or where one is missing."""
        if not (found.authentic and found.holder_bound):
            return found
        if (found.type, format_) != (self.type.vct, self.format) or set(self.claims) - found.claims.keys():
            return replace(found, code=NOT_AS_ASKED, claims={})
        unasked = self.type.claims - set(self.claims) - self.type.disclosed
        return replace(found, claims={name: value for name, value in found.claims.items() if name not in unasked})


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say. subject: pairwise for the audience, of a credential issued here; None otherwise.

    claims: what was disclosed, the holder's name towards others (`sub`) excepted. evidence: all of it, signed.
    """

    finding: Finding
    subject: str | None
    claims: Mapping[str, Any]
    evidence: str


def new_request(vault: Vault, client: Client, audience: str | None) -> tuple[str, str, float]:
    """The audience, a nonce for one presentation to it, and when that ends. Raises InvalidInput, AudienceNotAllowed."""
    named = audience_of(client, audience)
    nonce, ends = new_nonce(vault, _use(client, named))
    return named, nonce, ends


def validate_presentation(
    vault: Vault,
    client: Client,
    text: str,
    *,
    audience: str | None,
    nonce: str,
    made_here: bool,
    purpose: str | None = None,
) -> Answer:
    """What a presentation to the client's audience is worth now.

    nonce: that the presentation must answer. made_here: it came from `new_request`, and is used up whatever the outcome;
    otherwise that it is used once is the client's to see to. purpose: one of the client's, None where it has one only. Raises
    InvalidInput for a nonce that is not ours or was used, AudienceNotAllowed, PurposeNotAllowed, any Fault.
    """
    named, what_for = audience_of(client, audience), purpose_of(client, purpose)
    with vault.store.transaction() as tx:
        if made_here and not spend_nonce(vault, tx, _use(client, named), nonce):
            raise InvalidInput("request_nonce: not one of yours for this audience, or it ended or was used: ask for another")
        session = Session.plain(named, nonce)
        return answer_to(vault, tx, text, client_id=client.id, audience=named, purpose=what_for, session=session)


def answer_to(
    vault: Vault,
    tx: Connection,
    text: str,
    *,
    client_id: str,
    audience: str,
    purpose: str,
    session: Session,
    query: Query | None = None,
) -> Answer:
    """Validate, audit and sign, in the caller's transaction. That the nonce is used once is the caller's to see to.

    audience: whom the answer is for. session: what the presentation must be made for. query: what it must be. Raises any Fault.
    """
    believed, allow_dev = believed_here(vault, tx), vault.environment != "production"
    found = presented.validate(text, believed, session=session, now=vault.now(), allow_dev=allow_dev)
    subject_id = _subject_of(vault, tx, text, found)  # for the person's own history; the asker may be told less
    found = found if query is None else query.narrowed(found, presented.format_of(text))
    named = subject_id is not None and found.code != NOT_AS_ASKED
    subject = pairwise_subject(vault.secrets.pairwise, subject_id, audience) if subject_id and named else None
    claims = {name: value for name, value in found.claims.items() if name != "sub"}
    evidence_id = base64url(vault.random_bytes(16))
    record_event(
        vault,
        tx,
        Event.PRESENTATION_VALIDATED,
        actor=client_id,
        subject_id=subject_id,
        audience=audience,
        purpose=purpose,
        evidence_id=evidence_id,
        type=found.type,
        result=found.code,
        status=found.status.value,
        asked=None if query is None else _paths(query.type, query.claims),
        disclosed=_paths(None if found.type is None else type_of_vct(found.type), claims),
    )
    told = {"aud": audience, "azp": client_id, "nonce": session.nonce, "purpose": purpose, "jti": evidence_id}
    evidence = _signed(vault, {**told, **found.told(), "vct": found.type, "claims": claims}, subject)
    return Answer(found, subject, claims, evidence)


def _paths(type_: CredentialType | None, names: Collection[str]) -> list[JSON]:
    """The claims as paths (OpenID4VP 1.0 section 7): those that the type declares, and no word that somebody made up."""
    return [[name] for name in sorted(set(names) & type_.claims)] if type_ is not None else []


def _signed(vault: Vault, told: Mapping[str, Any], subject: str | None) -> str:
    payload = {"iss": vault.issuer, "iat": int(vault.now()), **told}
    optional = {"sub": subject, "env": None if vault.environment == "production" else vault.environment}
    payload |= {name: value for name, value in optional.items() if value is not None}
    return jws.sign(payload, vault.signing.current, TYPE)


def _subject_of(vault: Vault, tx: Connection, text: str, found: Finding) -> str | None:
    """Whose the credential is, where it holds and was issued here."""
    ours = {one.fingerprint for one in own_anchors(vault)}
    if not (found.authentic and found.holder_bound) or found.trust_anchor not in ours or found.claims["iss"] != vault.issuer:
        return None
    place = presented.status_of(text)
    number = None if place is None else list_number(vault.issuer, place.uri)
    return None if place is None or number is None else statuses.subject_of(tx, number, place.index)


def _use(client: Client, audience: str) -> str:
    return f"presentation\n{client.id}\n{audience}"
