"""A live session as the person's own user agent sees it: looked at, begun, extended, its outcome read.

Who calls shows two secrets: the client token, which came with the link, and the secret of its user agent, which the first to
begin was given. A link that was sent on opens for one user agent only.
"""

import hmac
from dataclasses import dataclass, replace
from typing import Any, Literal

from idverify.attestation import Expected, check
from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.return_url import returning
from idverify.ceremonies.session_record import Held, load, note, require_open, save
from idverify.ceremonies.stream_signature import kept
from idverify.ceremonies.wallet_secrets import secret_hash
from idverify.errors import AttestationRefused, SessionNotFound, SessionTaken
from idverify.keys.jwk import base64url
from idverify.sessions import state
from idverify.sessions.state import State
from idverify.store import Connection

Outcome = Literal["pending", "approved", "declined", "retake", "review", "over"]

OUTCOMES: dict[State, Outcome] = {
    State.APPROVED: "approved",
    State.DECLINED: "declined",
    State.RESUBMISSION_REQUESTED: "retake",
    State.REVIEW: "review",
    State.EXPIRED: "over",
    State.ABANDONED: "over",
    State.CANCELLED: "over",
    State.FAILED: "over",
}
"""What the person is told of each state; of any other, `pending`."""


_TAKEN = "another browser or app began this session"


@dataclass(frozen=True, slots=True, repr=False)
class Bearer:
    """Who calls. token: of the link. agent: secret of the user agent; None before it has one."""

    token: str
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is for, before and after anybody began.

    audience: who the verdict is for. consent_at: seconds since the epoch. seconds_left: until the link ends, 0 or more.
    second: it is the link of a hand-over. begun: this user agent has begun, or opened that link. camera: it is the one whose
    camera may be used. code: to type on the first device, for the second alone. ended: which end, where the outcome is `over`.
    return_to: where the first device goes, of a session that ended without a code to carry there.
    """

    client_name: str
    audience: str
    purpose: str
    profile: str
    consent_version: str
    consent_at: float
    seconds_left: float
    extendable: bool
    attempts_left: int
    second: bool
    begun: bool
    camera: bool
    code: str | None
    outcome: Outcome
    ended: str | None
    return_to: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """How it went, and what to do better. Of an approved session: the code to carry back to the relying party, and return_to,
    the URL that carries it, where the session was asked for with one.
    """

    outcome: Outcome
    guidance: tuple[str, ...]
    code: str | None = None
    return_to: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """What the person's page needs. agent: the new user agent's secret, None where the caller has it. nonce: hex."""

    agent: str | None
    nonce: str
    client_name: str
    purpose: str
    profile: str
    expires_at: float
    attempts_left: int


def link(vault: Vault, session_id: str, bearer: Bearer) -> Link:
    """What a link is for. Looking claims nothing: who opened it in a browser without a camera may open it in another.

    Raises SessionNotFound, and SessionTaken for any user agent but the one that began, or that opened a hand-over's link.
    """
    with vault.store.reading() as tx:
        held = load(vault, tx, session_id)
    handover: dict[str, Any] = held.handover or {}
    second = _is_handover(held, bearer.token)
    owner = handover.get("agent") if second else held.agent_hash
    if not second:
        _require_first(held, bearer)
    elif owner is not None:
        _require_agent(owner, bearer.agent)
    confirmed = bool(handover.get("confirmed"))
    told = OUTCOMES.get(held.session.state, "pending")
    ended = held.session.state.value if told == "over" else None
    return Link(
        client_name=held.order.client_name,
        audience=held.order.audience,
        purpose=held.order.purpose,
        profile=held.order.profile,
        consent_version=held.order.consent_version,
        consent_at=held.order.consent_at,
        seconds_left=max(0.0, held.session.link_expires_at - held.session.seen_at),
        extendable=not held.session.extended,
        attempts_left=state.MAX_ATTEMPTS - held.session.attempt,
        second=second,
        begun=owner is not None,
        camera=confirmed == second,
        code=handover["code"] if second and owner is not None and not confirmed else None,
        outcome=told,
        ended=ended,
        return_to=_returning(held, ended or told) if told in {"declined", "review", "over"} and not second else None,
    )


def begin(
    parts: Parts, session_id: str, bearer: Bearer, *, movement: bool | None = None, flashing: bool | None = None
) -> Begun:
    """Begin, or come back to, a session. movement, flashing: what may be asked of the person; None: as before.

    The second device comes here too, once its code was typed on the first: then, and not before, it is told the nonce.

    Raises SessionNotFound, SessionTaken for a second user agent, SessionExpired, SessionFinished.
    """
    agent = None
    with parts.store.transaction() as tx:
        held = load(parts, tx, session_id)
        taken = _is_taken(held, bearer)
        if not taken:
            require_open(held)
            if held.agent_hash is None:
                agent = base64url(parts.random_bytes(32))
                held = replace(held, agent_hash=secret_hash(agent))
                note(parts, tx, Event.SESSION_STARTED, held)
            if held.session.state is State.CREATED:
                held = replace(held, session=state.start(held.session, parts.now()))
            held = replace(
                held,
                movement=held.movement if movement is None else movement,
                flashing=held.flashing if flashing is None else flashing,
            )
            save(parts, tx, held)
        elif held.session.state not in state.TERMINAL:  # the link of one that is over would write into the audit for ever
            note(parts, tx, Event.SESSION_CONNECTION_REFUSED, held, code=SessionTaken.code)
    if taken:  # not before what was noted is kept
        raise SessionTaken(_TAKEN)
    return Begun(
        agent=agent,
        nonce=held.order.nonce,
        client_name=held.order.client_name,
        purpose=held.order.purpose,
        profile=held.order.profile,
        expires_at=held.session.link_expires_at,
        attempts_left=state.MAX_ATTEMPTS - held.session.attempt,
    )


def _is_taken(held: Held, bearer: Bearer) -> bool:
    """Whether somebody else began than who calls. Raises SessionNotFound; SessionTaken of the link of a hand-over."""
    if _is_handover(held, bearer.token):
        _require_camera(held, bearer)
        return False
    _require_token(held, bearer.token)
    return held.agent_hash is not None and not _is_agent(held.agent_hash, bearer.agent)


def extend(vault: Vault, session_id: str, bearer: Bearer) -> float:
    """Ten more minutes, once (WCAG 2.2.1), also before anybody began: who reads slowly needs them most. The link's new end.

    Raises SessionNotFound, SessionTaken, SessionFinished.
    """
    with vault.store.transaction() as tx:
        held = load(vault, tx, session_id)
        _require_first(held, bearer)
        held = save(vault, tx, replace(held, session=state.extend(held.session, vault.now())))
        note(vault, tx, Event.SESSION_EXTENDED, held)
    return held.session.link_expires_at


def outcome(vault: Vault, session_id: str, bearer: Bearer) -> Result:
    """How it went. The code goes to the user agent that began, on whichever device the camera was.

    Raises SessionNotFound, SessionTaken.
    """
    with vault.store.reading() as tx:
        held = by_first(vault, tx, session_id, bearer)
    told = OUTCOMES.get(held.session.state, "pending")
    guidance = tuple((held.decision or {}).get("retake", ())) if told == "retake" else ()
    if told != "approved":
        return Result(told, guidance)
    return Result(told, guidance, held.code, _returning(held, told, held.code))


def _returning(held: Held, outcome: str, code: str | None = None) -> str | None:
    return returning(held.order.return_url, held.order.state, outcome, code)


def attest(parts: Parts, session_id: str, bearer: Bearer, kind: str, data: bytes) -> str:
    """Check what the camera's device says of itself, over this session's nonce; the level that it has shown.

    kind, data: see idverify.attestation. The attested key will be asked to sign the stream. A refusal costs nothing but trust:
    it is audited, and the profiles that need attestation stay out of reach. Raises AttestationRefused, SessionNotFound,
    SessionTaken, SessionExpired, SessionFinished.
    """
    with parts.store.transaction() as tx:
        held = by_camera(parts, tx, session_id, bearer)
        require_open(held)
        expected = Expected(bytes.fromhex(held.order.nonce), parts.now(), parts.attestation)
        try:
            attested = check(kind, data, expected)
            refusal = None
        except AttestationRefused as error:
            refusal = error
            note(parts, tx, Event.SESSION_ATTESTATION_REFUSED, held, reason=error.reason)
        else:
            save(parts, tx, replace(held, attested=attested.level, attested_key=kept(attested.key)))
            note(parts, tx, Event.SESSION_ATTESTED, held, level=attested.level)
    if refusal is not None:
        raise refusal
    return attested.level


def by_first(vault: Vault, tx: Connection, session_id: str, bearer: Bearer) -> Held:
    """The session, for the user agent that began it. Raises SessionNotFound, SessionTaken, RecordTampered."""
    held = load(vault, tx, session_id)
    _require_who_began(held, bearer)
    return held


def by_camera(vault: Vault, tx: Connection, session_id: str, bearer: Bearer) -> Held:
    """The session, for the user agent whose camera is used: the second device once it was handed over, else the first.

    Raises SessionNotFound, SessionTaken, RecordTampered.
    """
    held = load(vault, tx, session_id)
    _require_camera(held, bearer)
    return held


def handover_of(held: Held, token: str) -> dict[str, Any]:
    """What is known of the hand-over whose link has this token. Raises SessionNotFound."""
    if not _is_handover(held, token):
        raise SessionNotFound("no such session")
    return held.handover or {}


def _is_handover(held: Held, token: str) -> bool:
    return hmac.compare_digest(secret_hash(token), (held.handover or {}).get("token", ""))


def _require_token(held: Held, token: str) -> None:
    if not hmac.compare_digest(secret_hash(token), held.token_hash):
        raise SessionNotFound("no such session")


def _require_who_began(held: Held, bearer: Bearer) -> None:
    _require_token(held, bearer.token)
    _require_agent(held.agent_hash, bearer.agent)


def _require_camera(held: Held, bearer: Bearer) -> None:
    handover: dict[str, Any] = held.handover or {}
    if handover.get("confirmed"):
        handover_of(held, bearer.token)
        _require_agent(handover["agent"], bearer.agent)
    else:
        _require_who_began(held, bearer)


def _require_first(held: Held, bearer: Bearer) -> None:
    """The user agent that began, or any that has the link while none has."""
    _require_token(held, bearer.token)
    if held.agent_hash is not None:
        _require_agent(held.agent_hash, bearer.agent)


def _is_agent(expected: str | None, agent: str | None) -> bool:
    return expected is not None and agent is not None and hmac.compare_digest(secret_hash(agent), expected)


def _require_agent(expected: str | None, agent: str | None) -> None:
    if not _is_agent(expected, agent):
        raise SessionTaken(_TAKEN)
