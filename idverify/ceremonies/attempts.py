"""Spending an attempt. With one photograph: counted and audited in a transaction of its own, before anything is decoded or
compared.

Two limits hold in a sliding window: one per client and subject, and a wider one per subject over all clients. A client that
used up its own is refused, while the person can still be verified at another. A store that is down refuses. Attempts at live
sessions are counted apart, by the day and the subject, in the transaction that reveals their first step.
"""

import math

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.session_record import Held, note
from idverify.errors import AttemptsExhausted, SubjectNotFound
from idverify.registry.identifiers import is_subject_id
from idverify.store import Connection, attempts

LIVE_WINDOW_SECONDS = 86_400.0
"""Attempts at live sessions are limited by the day, whatever the window of the others is."""


def spend_attempt(vault: Vault, *, client_id: str, subject_id: str | None, transaction_id: str) -> None:
    """Count one attempt, or refuse it. Either is audited and stays, whatever becomes of the verification.

    subject_id None (the caller sent the reference along): counted and audited, but there is no subject whose limit it could
    reach. transaction_id: unique. Raises AttemptsExhausted with the seconds until a place is free, SubjectNotFound for an id
    that was never made here, StoreUnavailable.
    """
    if subject_id is not None and not is_subject_id(subject_id):
        raise SubjectNotFound("no such subject")
    now = vault.now()
    with vault.store.transaction() as tx:
        wait = None if subject_id is None else _wait(vault, tx, client_id, subject_id, now)
        if wait is None:
            attempts.record(tx, attempt_id=transaction_id, client_id=client_id, subject_id=subject_id, at=now)
        event = Event.ATTEMPT_COUNTED if wait is None else Event.ATTEMPT_REFUSED
        record_event(vault, tx, event, actor=client_id, subject_id=subject_id, transaction_id=transaction_id)
    if wait is not None:
        raise AttemptsExhausted("too many attempts on this subject", wait)


def _wait(vault: Vault, tx: Connection, client_id: str, subject_id: str, now: float) -> int | None:
    """Whole seconds until every limit has a place again; None when each has one now."""
    since = now - vault.limits.window_seconds
    waits = []
    for limit, of_client in ((vault.limits.client_subject, client_id), (vault.limits.subject, None)):
        if attempts.count(tx, subject_id=subject_id, client_id=of_client, since=since) >= limit:
            oldest = attempts.oldest(tx, subject_id=subject_id, client_id=of_client, since=since)
            waits.append(math.ceil((now if oldest is None else oldest) - since))
    return max(waits, default=None)


def require_live_attempt(vault: Vault, tx: Connection, subject_id: str | None) -> None:
    """Return while the subject has an attempt at a live session left, over all clients. Raises AttemptsExhausted.

    subject_id None: the caller sent the reference along; the limit of the session itself is all there is.
    """
    if subject_id is None:
        return
    since = vault.now() - LIVE_WINDOW_SECONDS
    times = attempts.live(tx, subject_id=subject_id, since=since)
    if len(times) >= vault.limits.live_subject:
        raise AttemptsExhausted("too many attempts on this subject", math.ceil(times[0] - since))


def spend_live_attempt(vault: Vault, tx: Connection, held: Held, attempt_id: str) -> None:
    """Count an attempt at a live session, in the transaction that reveals its first step. Raises AttemptsExhausted."""
    order = held.order
    require_live_attempt(vault, tx, order.subject_id)
    attempts.record(
        tx,
        attempt_id=attempt_id,
        client_id=order.client_id,
        subject_id=order.subject_id,
        at=vault.now(),
        session_id=held.session_id,
    )
    note(vault, tx, Event.ATTEMPT_COUNTED, held, transaction_id=attempt_id)


def credit_live_attempt(vault: Vault, tx: Connection, held: Held, code: str) -> None:
    """Give the attempt under way back: a fault of ours ended it, and no client that fell silent. code: of the fault."""
    assert held.attempt_id is not None
    attempts.credit(tx, held.attempt_id)
    note(vault, tx, Event.ATTEMPT_CREDITED, held, transaction_id=held.attempt_id, code=code)
