"""What is kept of a live session while it lasts: one sealed value a row, read and written whole.

Bound to the session and the row's version. Putting back an older row of the same session is not prevented; the audit shows it,
and attempts are counted in rows of their own.
"""

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.row_sealing import SESSION_ROW, open_row, seal_row
from idverify.errors import RecordTampered, SessionExpired, SessionFinished, SessionNotFound, StoreUnavailable
from idverify.keys.jwk import base64url
from idverify.sessions import state
from idverify.sessions.state import Session, State
from idverify.store import Connection, sessions
from idverify.store.sessions import Row

_PREFIX = "ses_"
SANDBOX_PREFIX = "ses_sandbox_"
_ID = re.compile(f"({_PREFIX}|{SANDBOX_PREFIX})[0-9a-f]{{32}}")
TOKEN_PREFIX = "idvs_"  # noqa: S105
"""Of the tokens that open one session, so that secret scanners can recognise them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the relying party asked for; never changes. consent_at: seconds since the epoch. nonce: hex.

    Exactly one of subject_id and reference is given; reference: base64 of a template's float32, reference_digest of its image.
    code_challenge: BASE64URL(SHA-256(verifier)) of a verifier that the user agent which began alone can produce (RFC 7636).
    return_url: where the person goes at the end, with state, which is the relying party's own.
    """

    client_id: str
    client_name: str
    audience: str
    purpose: str
    profile: str
    consent_version: str
    consent_at: float
    code_challenge: str
    nonce: str
    subject_id: str | None = None
    reference: str | None = None
    reference_model: str | None = None
    reference_digest: str | None = None
    token_nonce: str | None = None
    return_url: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One live session, as it is kept.

    token_hash, agent_hash: SHA-256, hex, of the client token, and of the secret of the user agent that began. connection: id of
    the one that holds the challenge. lease: until when it is taken to live. seed: hex, of the challenge of the attempt under
    way; committed: whether the audit has the commitment to it, and not the seed itself. kinds: of its steps. attempt_id: its
    row in the attempts. movement, flashing: what the person allows; allowed_when_drawn: what they allowed when the steps were,
    and how many the profile asked for.
    decision: what it was, for the backend. verdict: the token, to be redeemed until it expires. code: what the person's client
    carries back. attested: level of attestation that was checked; attested_key: whose (idverify.ceremonies.stream_signature);
    device: RFC 7638 thumbprint of the app's key that signed the stream which was decided on.
    handover: to another device, as idverify.ceremonies.handover has it. review: a reviewer's blind answer.
    """

    session_id: str
    session: Session
    order: Order
    token_hash: str
    version: int = 1
    connection: str | None = None
    agent_hash: str | None = None
    allowed_when_drawn: dict[str, int] | None = None
    movement: bool = True
    flashing: bool = True
    seed: str | None = None
    committed: bool = False
    kinds: list[str] | None = None
    attempt_id: str | None = None
    lease: float = 0.0
    attested: str | None = None
    attested_key: dict[str, Any] | None = None
    device: str | None = None
    decision: dict[str, Any] | None = None
    verdict: str | None = None
    signed_at: float | None = None
    code: str | None = None
    redeemed_at: float | None = None
    handover: dict[str, Any] | None = None
    review: dict[str, Any] | None = None


def is_session_id(text: str) -> bool:
    """Whether the text could be the id of a session made here."""
    return _ID.fullmatch(text) is not None


def new_session_id(vault: Vault) -> str:
    """A fresh id, 128 random bits."""
    prefix = SANDBOX_PREFIX if vault.environment == "sandbox" else _PREFIX
    return prefix + vault.random_bytes(16).hex()


def new_token(vault: Vault) -> str:
    """A fresh token of 256 random bits."""
    return TOKEN_PREFIX + base64url(vault.random_bytes(32))


def add(vault: Vault, tx: Connection, held: Held) -> None:
    """Write a new session. Raises StoreUnavailable."""
    sessions.add(tx, _row(vault, held))


def load(vault: Vault, tx: Connection, session_id: str) -> Held:
    """The session, its clock brought up to now. Raises SessionNotFound, RecordTampered."""
    row = sessions.get(tx, session_id) if is_session_id(session_id) else None
    if row is None:
        raise SessionNotFound("no such session")
    parsed = open_row(vault, SESSION_ROW, row.sealed, *_bound(row))
    try:
        held = Held(
            session_id=row.session_id,
            version=row.version,
            session=state.from_json(parsed.pop("session")),
            order=Order(**parsed.pop("order")),
            **parsed,
        )
    except (TypeError, KeyError):
        raise RecordTampered("a live session's record is of another version") from None
    return replace(held, session=state.expire(held.session, vault.now()))


def save(vault: Vault, tx: Connection, held: Held) -> Held:
    """Write the session as its next version. Raises StoreUnavailable when another writer was first."""
    newer = replace(held, version=held.version + 1)
    if not sessions.replace(tx, _row(vault, newer), held.version):
        raise StoreUnavailable("the session was changed meanwhile")
    return newer


def _row(vault: Vault, held: Held) -> Row:
    final = held.session.state in state.TERMINAL
    row = Row(
        session_id=held.session_id,
        client_id=held.order.client_id,
        subject_id=held.order.subject_id,
        state=held.session.state.value,
        due_at=None if final else held.session.due,
        ended_at=held.session.entered_at if final else None,
        version=held.version,
        sealed=b"",
    )
    kept = asdict(held)
    del kept["session_id"], kept["version"]
    kept["session"] = state.to_json(held.session)
    return replace(row, sealed=seal_row(vault, SESSION_ROW, kept, *_bound(row)))


def _bound(row: Row) -> tuple[str, ...]:
    return "record", row.session_id, row.client_id, str(row.version)


def note(vault: Vault, tx: Connection, event: Event, held: Held, *, actor: str | None = None, **details: JSON) -> None:
    """Add an event about the session to the audit. actor: the client that ordered it, if None. Raises as `record_event`."""
    actor = actor or held.order.client_id
    record_event(vault, tx, event, actor=actor, subject_id=held.order.subject_id, session_id=held.session_id, **details)


def require_open(held: Held) -> None:
    """Return while a person can still begin or go on. Raises SessionExpired, SessionFinished."""
    if held.session.state is State.EXPIRED:
        raise SessionExpired("this session has expired")
    if held.session.state not in {State.CREATED, State.STARTED, State.RESUBMISSION_REQUESTED}:
        raise SessionFinished("this session has ended, or awaits its outcome")
