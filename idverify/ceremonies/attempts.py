"""Spending an attempt: counted and audited in a transaction of its own, before anything is decoded or compared.

Two limits hold in a sliding window: one per client and subject, and a wider one per subject over all clients. A client that
used up its own is refused, while the person can still be verified at another. A store that is down refuses.
"""

import math

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.errors import AttemptsExhausted, SubjectNotFound
from idverify.registry.identifiers import is_subject_id
from idverify.store import Connection, attempts


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
