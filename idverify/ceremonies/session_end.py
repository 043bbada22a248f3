"""How a live session ends, whoever ends it: audited, told by webhook, and nothing of it kept that has no further use."""

from dataclasses import replace

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault, webhooks
from idverify.ceremonies.attempts import credit_live_attempt
from idverify.ceremonies.challenge_record import disclosed
from idverify.ceremonies.session_record import Held, load, note, save
from idverify.errors import RecordTampered, SessionNotFound
from idverify.sessions import state
from idverify.sessions.state import State
from idverify.store import Connection, sessions

CLOCK = "clock"
"""Who ends a session whose time has run out, in the audit."""


def write(vault: Vault, tx: Connection, held: Held, *, actor: str) -> Held:
    """Write a session that came into another state: one that has come to its end by `ended`."""
    return ended(vault, tx, held, actor=actor) if held.session.state in state.TERMINAL else save(vault, tx, held)


def ended(vault: Vault, tx: Connection, held: Held, *, actor: str) -> Held:
    """Write a session that has come to its end, audited and told by webhook; frames kept for a reviewer go."""
    held = disclosed(vault, tx, held)
    kept = held if held.session.state is State.APPROVED else replace(held, verdict=None, code=None)
    saved = save(vault, tx, replace(kept, connection=None, attested_key=None))
    sessions.delete_frames(tx, held.session_id)
    facts: dict[str, JSON] = {"state": held.session.state.value, "attempts": held.session.attempt}
    facts |= {"client_id": held.order.client_id, "audience": held.order.audience, "purpose": held.order.purpose}
    note(vault, tx, Event.SESSION_ENDED, held, actor=actor, **facts)
    webhooks.queue(vault, tx, client_id=held.order.client_id, session_id=held.session_id, status=held.session.state.value)
    return saved


def sweep(vault: Vault) -> int:
    """Write what the clock alone did to sessions; how many were due. Safe with several workers.

    Raises RecordTampered for one whose record does not open, once every other was written; what was kept of it for a reviewer
    is gone then. Raises StoreUnavailable.
    """
    with vault.store.reading() as tx:
        due = sessions.due(tx, vault.now())
    tampered: RecordTampered | None = None
    for session_id in due:
        try:
            with vault.store.transaction() as tx:
                _by_the_clock(vault, tx, session_id)
        except SessionNotFound:
            continue  # erased with its subject meanwhile
        except RecordTampered as error:
            tampered = error
            with vault.store.transaction() as tx:
                sessions.delete_frames(tx, session_id)
    if tampered is not None:
        raise tampered
    return len(due)


def _by_the_clock(vault: Vault, tx: Connection, session_id: str) -> None:
    """A decision that never came is a fault of ours: the attempt is given back, though the session is over."""
    held = disclosed(vault, tx, load(vault, tx, session_id))
    if held.session.state is State.FAILED and held.attempt_id is not None:
        credit_live_attempt(vault, tx, held, "decision_lost")
    write(vault, tx, held, actor=CLOCK)
