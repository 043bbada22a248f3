"""A person's own history: who asked for what of them here, what for, what was given, and how it went. Newest first.

It is read from the audit, where each of these events was written for the installation's sake already; nothing is kept twice.
The person is who holds the device key of one of their grants: the access token alone opens nothing (RFC 9449), and what a
client sends, its key or a presentation, opens it never. Told are names that clients are registered by, purposes, names of
claims and outcomes; no value, score or reason, no number of the chain, and nothing of anybody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from idverify.audit.chain import Entry, authentic
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.grant_record import Grant, grant_shown
from idverify.ceremonies.presentations import NOT_AS_ASKED
from idverify.ceremonies.reference import require_subject
from idverify.ceremonies.standing import is_out
from idverify.credentials import dpop
from idverify.credentials.credential_types import credential_types, type_of_vct
from idverify.credentials.findings import ACCEPTED, Status
from idverify.credentials.proof_errors import ProofReplayed
from idverify.errors import AuditBroken, InvalidInput, IssuanceRefused, SubjectNotFound
from idverify.store import Connection, Store, audit, clients, spent

PATH = "/v1/me/history"
DAYS = 365
"""How far back it goes. The audit itself is never cut."""
MOST = 50
USUAL = 20
_DAY = 86_400.0

KINDS: Mapping[Event, str] = {
    Event.PRESENTATION_VALIDATED: "presentation",
    Event.VERIFICATION_DECIDED: "verification",
    Event.VERIFICATION_FAILED: "verification",
    Event.ATTEMPT_REFUSED: "attempt_refused",
    Event.SESSION_CREATED: "session_started",
    Event.SESSION_ENDED: "session_ended",
    Event.REVIEW_VIEWED: "pictures_reviewed",
    Event.SUBJECT_READ: "record_read",
    Event.DOCUMENT_READ: "record_read",
    Event.OFFER_REDEEMED: "device_added",
    Event.HISTORY_READ: "history_read",
}
"""What a person is told of, by the word that tells it. Another kind here gives the entries of every history other numbers."""

Paths = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened. number: 1, 2, 3, ... of this person. at: seconds since the epoch.

    requester: the name that the client is registered by; None where the installation's own operator acted. outcome: a word,
    where there is one. types: names of credential types that it was about. asked, disclosed: paths of claims; None where not
    known. reference: what the other side knows it by (of a verification, a session, or the evidence of a presentation).
    device: thumbprint (RFC 7638) of a device's key; own: whether it is the reader's.
    """

    number: int
    at: float
    kind: str
    requester: str | None
    purpose: str | None
    outcome: str | None
    types: tuple[str, ...]
    asked: Paths | None
    disclosed: Paths | None
    reference: str | None
    device: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a history. older: what to pass as `before` for what came before; None where there is no more."""

    entries: tuple[Happened, ...]
    older: int | None


def history_url(vault: Vault) -> str:
    """The address that a wallet's DPoP proof must name."""
    return vault.issuer.rstrip("/") + PATH


def read_history(
    vault: Vault, *, access_token: str, proof: str, before: int | None = None, limit: int = USUAL, registered: Store
) -> Page:
    """The newest `limit` (1 to MOST) entries, of those numbered below `before`.

    proof: the request's DPoP header. registered: the store that holds the clients, which the sandbox's own does not. The first
    reading of a day by a device is an entry itself, for the person's other devices to see. Raises InvalidInput; a leaf of
    TokenInvalid for the proof; IssuanceRefused, invalid_token, for a token that is unknown or has ended, for a person who is no
    longer enrolled, and for a wallet whose every credential was revoked or is suspended, as one that was lost is; AuditBroken
    where an event was not written by this installation; any Fault.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"limit: 1 to {MOST}")
    shown = dpop.validate(proof, dpop.Expected("GET", history_url(vault), access_token, vault.now()))
    with vault.store.reading() as tx:  # who has no token of ours takes no writer's lock
        grant_shown(vault, tx, access_token, shown)
    with vault.store.transaction() as tx:
        grant = grant_shown(vault, tx, access_token, shown)
        _require_enrolled(tx, grant)
        if is_out(tx, grant):
            raise IssuanceRefused("invalid_token", "every credential of this wallet is revoked or suspended")
        if not spent.spend(tx, shown.digest, shown.expires_at):
            raise ProofReplayed
        found = _entries(vault, tx, grant, before, limit + 1)
        _note_the_reading(vault, tx, grant)
    names = _names(registered, {_requester_id(entry) for _, entry in found})
    entries = tuple(_told(number, entry, names, grant) for number, entry in found[:limit])
    return Page(entries, entries[-1].number if len(found) > limit else None)


def _entries(vault: Vault, tx: Connection, grant: Grant, before: int | None, limit: int) -> list[tuple[int, Entry]]:
    """Events with their numbers. Raises AuditBroken: who writes to the database cannot write into people's histories."""
    since = vault.now() - DAYS * _DAY
    found = audit.about(tx, grant.foundation.subject_id, *KINDS, since=since, before=before, limit=limit)
    if not all(authentic(vault.secrets.audit, entry) for _, entry in found):
        raise AuditBroken("an event was altered, or written without the key: run `idverify audit verify`")
    return found


def _note_the_reading(vault: Vault, tx: Connection, grant: Grant) -> None:
    subject_id, since = grant.foundation.subject_id, vault.now() - _DAY
    today = audit.about(tx, subject_id, Event.HISTORY_READ, since=since, before=None, limit=MOST)
    if not any(entry.details.get("key") == grant.thumbprint for _, entry in today):
        actor, key = grant.foundation.client_id, grant.thumbprint
        record_event(vault, tx, Event.HISTORY_READ, actor=actor, subject_id=subject_id, grant_id=grant.grant_id, key=key)


def _require_enrolled(tx: Connection, grant: Grant) -> None:
    try:
        require_subject(tx, grant.foundation.subject_id)
    except SubjectNotFound:
        raise IssuanceRefused("invalid_token", "the person is no longer enrolled") from None


def _names(registered: Store, ids: set[str | None]) -> dict[str, str]:
    with registered.reading() as tx:
        found = [clients.by_id(tx, one) for one in sorted(one for one in ids if one is not None)]
    return {one.id: one.name for one in found if one is not None}


def _requester_id(entry: Entry) -> str | None:
    """Who asked. A session may be ended by the clock or a reviewer; a person's own reading is nobody's asking."""
    if entry.event == Event.HISTORY_READ:
        return None
    return _text(entry.details, "client_id") or entry.actor


def _told(number: int, entry: Entry, names: Mapping[str, str], grant: Grant) -> Happened:
    details = entry.details
    device = _text(details, "key")
    return Happened(
        number=number,
        at=entry.at,
        kind=KINDS[Event(entry.event)],
        requester=names.get(_requester_id(entry) or ""),
        purpose=_text(details, "purpose"),
        outcome=_outcome(entry),
        types=_types(details),
        asked=_paths(details, "asked"),
        disclosed=_paths(details, "disclosed"),
        reference=next((_text(details, name) for name in _REFERENCES if _text(details, name)), None),
        device=device,
        own=device is not None and device == grant.thumbprint,
    )


_REFERENCES = ("transaction_id", "evidence_id", "session_id")


def _outcome(entry: Entry) -> str | None:
    """A class of outcomes. What the one who asked was told, never more."""
    details = entry.details
    match entry.event:
        case Event.PRESENTATION_VALIDATED:
            if details.get("result") in {ACCEPTED, NOT_AS_ASKED}:
                return ACCEPTED if details["result"] == ACCEPTED else "not_as_asked"
            return "unclear" if details.get("status") == Status.UNKNOWN.value else "refused"
        case Event.VERIFICATION_DECIDED:
            return _text(details, "decision")
        case Event.VERIFICATION_FAILED:
            return "failed"
        case Event.SESSION_ENDED:
            return _text(details, "state")
        case _:
            return None


def _types(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of credential types; a vct that is none of ours has none."""
    named = details.get("types") or [details.get("type")]
    known = [type_of_vct(one) or credential_types().get(one) for one in named if isinstance(one, str)]
    return tuple(one.name for one in known if one is not None)


def _paths(details: Mapping[str, Any], name: str) -> Paths | None:
    """Events of earlier versions name claims without paths."""
    found = cast("list[str | list[str]] | None", details.get(name))
    return None if found is None else tuple((one,) if isinstance(one, str) else tuple(one) for one in found)


def _text(details: Mapping[str, Any], name: str) -> str | None:
    value = details.get(name)
    return value if isinstance(value, str) else None
