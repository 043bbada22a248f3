"""A live session as the relying party's backend sees it: asked for, looked at, cancelled, redeemed.

What redemption demands makes a stolen link worthless (OAuth 2.0 for browsers, RFC 7636 and RFC 9700 section 4.5): the verifier
is known to the user agent that began at the relying party, and the code is given to the user agent whose camera was used. A
victim who is sent the link of a session that a stranger began carries the code to a relying party that has no verifier for
them, and the stranger, who has it, never sees the code.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault, review_decision
from idverify.ceremonies.clients import require_registered
from idverify.ceremonies.reference import reference_of
from idverify.ceremonies.return_url import require_return
from idverify.ceremonies.session_end import ended
from idverify.ceremonies.session_record import Held, Order, add, load, new_session_id, new_token, note, save
from idverify.ceremonies.wallet_secrets import secret_hash
from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.verdict_checks import LIFETIME_SECONDS
from idverify.decision.policy import find_policy
from idverify.decision.profile import find_profile
from idverify.errors import InvalidInput, SessionFinished, SessionNotFound
from idverify.keys.jwk import base64url
from idverify.registry.claims import is_plain_text
from idverify.sessions import state
from idverify.sessions.state import State
from idverify.store import Connection
from idverify.store.clients import Client

CONSENT_OLDEST = 24 * 3600
REVIEWED_SECONDS = 86_400.0
"""From a reviewer's approval to the redemption of its verdict, which is signed then."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a backend asks for. Exactly one of subject_id and reference (an image's bytes) is given.

    profile: of Parts.profiles. consent_version, consent_at: which notice the person agreed to, and when (seconds since the
    epoch). code_challenge: BASE64URL(SHA-256(verifier)), 43 characters; the verifier stays with the user agent that begins.
    nonce: copied into the verdict, 8 to 256 characters. return_url: a registered one, where the person goes at the end, with
    state in its query, 1 to 512 visible ASCII characters.
    """

    audience: str
    purpose: str
    profile: str
    consent_version: str
    consent_at: float
    code_challenge: str
    subject_id: str | None = None
    reference: bytes | None = None
    nonce: str | None = None
    return_url: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """A new session. client_token: opens this session alone, and is shown now or never. nonce: hex. expires_at: of the link."""

    session_id: str
    client_token: str
    nonce: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Told:
    """What the backend may know. decision and what belongs to it: of a session that was decided, and of an approved one only
    once it was redeemed. attempts: spent so far.
    """

    session_id: str
    status: str
    profile: str
    attempts: int
    created_at: float
    expires_at: float
    redeemed: bool
    decision: str | None
    reasons: tuple[str, ...]
    checks: tuple[str, ...]


def create(parts: Parts, client: Client, asked: Asked) -> Created:
    """A session, its link valid for ten minutes.

    Raises InvalidInput, AudienceNotAllowed, PurposeNotAllowed, ReturnUrlNotAllowed, PolicyUnknown, SubjectNotFound,
    NoReference, what acquiring the reference raises, and any Fault.
    """
    _check(asked, parts.now())
    require_registered(client, asked.audience, asked.purpose)
    require_return(client.return_urls, asked.return_url, asked.state)
    profile = find_profile(parts.profiles, asked.profile)
    for policy in (profile.policy, profile.lenient_policy):
        find_policy(parts.policies, policy)
    sent, digest = None, None
    if asked.reference is not None:
        probe = parts.acquirer.acquire(asked.reference)
        sent, digest = b64encode(probe.template.vector.tobytes()).decode(), probe.image_digest
    token = new_token(parts)
    now = parts.now()
    held = Held(
        session_id=new_session_id(parts),
        session=state.begin(now),
        token_hash=secret_hash(token),
        order=Order(
            client_id=client.id,
            client_name=client.name,
            audience=asked.audience,
            purpose=asked.purpose,
            profile=profile.name,
            consent_version=asked.consent_version,
            consent_at=asked.consent_at,
            code_challenge=asked.code_challenge,
            nonce=parts.random_bytes(32).hex(),
            subject_id=asked.subject_id,
            reference=sent,
            reference_model=None if sent is None else parts.acquirer.embedding_digest,
            reference_digest=digest,
            token_nonce=asked.nonce,
            return_url=asked.return_url,
            state=asked.state,
        ),
    )
    with parts.store.transaction() as tx:
        if asked.subject_id is not None:
            reference_of(parts, tx, asked.subject_id)
        add(parts, tx, held)
        note(
            parts,
            tx,
            Event.SESSION_CREATED,
            held,
            audience=asked.audience,
            purpose=asked.purpose,
            profile=profile.name,
            consent_version=asked.consent_version,
            consent_at=asked.consent_at,
        )
    return Created(held.session_id, token, held.order.nonce, held.session.link_expires_at)


def look(parts: Parts, client: Client, session_id: str) -> Told:
    """What has become of the client's session. Raises SessionNotFound, for another client's too."""
    with parts.store.reading() as tx:
        held = _of_client(parts, tx, client, session_id)
    shown = held.decision is not None and (held.session.state is not State.APPROVED or held.redeemed_at is not None)
    decision: dict[str, Any] = (held.decision or {}) if shown else {}
    return Told(
        session_id=session_id,
        status=held.session.state.value,
        profile=held.order.profile,
        attempts=held.session.attempt,
        created_at=held.session.created_at,
        expires_at=held.session.link_expires_at,
        redeemed=held.redeemed_at is not None,
        decision=decision.get("name"),
        reasons=tuple(decision.get("reasons", ())),
        checks=tuple(decision.get("checks", ())),
    )


def cancel(parts: Parts, client: Client, session_id: str) -> None:
    """End the session, whatever the person is doing. Raises SessionNotFound, SessionFinished."""
    with parts.store.transaction() as tx:
        held = _of_client(parts, tx, client, session_id)
        ended(parts, tx, replace(held, session=state.cancel(held.session, parts.now())), actor=client.id)


def redeem(parts: Parts, client: Client, session_id: str, *, code: str, verifier: str) -> str:
    """The verdict token of an approved session, for who brings both halves: the code and the verifier.

    May be repeated while the token is valid; the token is the same. Raises SessionNotFound for any half that is wrong,
    SessionFinished for a session that was not approved, or whose token has expired.
    """
    with parts.store.transaction() as tx:
        held = _of_client(parts, tx, client, session_id)
        _require_redeemable(held, parts.now())
        challenge = base64url(hashlib.sha256(verifier.encode()).digest())
        right = hmac.compare_digest(challenge, held.order.code_challenge)
        refused = not (hmac.compare_digest(code.encode(), (held.code or "").encode()) and right)
        if refused:
            note(parts, tx, Event.SESSION_REDEMPTION_REFUSED, held)
        elif held.redeemed_at is None:
            now = parts.now()
            if held.verdict is None:
                held = replace(held, verdict=review_decision.verdict_of(parts, held), signed_at=now)
            held = save(parts, tx, replace(held, redeemed_at=now))
            note(parts, tx, Event.SESSION_REDEEMED, held)
    if refused:
        raise SessionNotFound("no such session for this code and verifier")
    assert held.verdict is not None
    return held.verdict


def _require_redeemable(held: Held, now: float) -> None:
    """Raises SessionFinished unless there is a token that has not expired, or a reviewer's approval that is not a day old."""
    decided_at = (held.decision or {}).get("at", 0.0)
    if held.session.state is State.APPROVED and held.code is not None:
        if held.signed_at is not None and now < held.signed_at + LIFETIME_SECONDS:
            return
        if held.signed_at is None and now < decided_at + REVIEWED_SECONDS:
            return
    raise SessionFinished("this session has no verdict to redeem, or no longer")


def _of_client(parts: Vault, tx: Connection, client: Client, session_id: str) -> Held:
    held = load(parts, tx, session_id)
    if held.order.client_id != client.id:
        raise SessionNotFound("no such session")
    return held


def _check(asked: Asked, now: float) -> None:
    if (asked.subject_id is None) == (asked.reference is None):
        raise InvalidInput("send exactly one of subject_id and reference")
    if not _CHALLENGE.fullmatch(asked.code_challenge):
        raise InvalidInput("code_challenge must be BASE64URL(SHA-256(verifier)): 43 characters (RFC 7636, S256)")
    if not is_plain_text(asked.consent_version, 100):
        raise InvalidInput("consent version must have 1 to 100 characters, no controls, and no space at its ends")
    if not now - CONSENT_OLDEST <= asked.consent_at <= now + SKEW_SECONDS:
        raise InvalidInput("consent must have been given within the last day, and not in the future")
    if asked.nonce is not None and not 8 <= len(asked.nonce) <= 256:
        raise InvalidInput("nonce must have 8 to 256 characters")
