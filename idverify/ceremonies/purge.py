"""Deleting what is kept for a time only. No probe image is among it: the frames of a reviewed session go when it is decided."""

from dataclasses import asdict, dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.attempts import LIVE_WINDOW_SECONDS
from idverify.ceremonies.auditing import record_event
from idverify.store import attempts, grants, idempotency, offers, presentation_requests, sessions, spent, statuses, webhooks


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows went."""

    attempts: int
    responses: int
    sessions: int
    deliveries: int
    credentials: int
    offers: int
    grants: int


def purge(vault: Vault, *, retention_seconds: float, actor: str) -> Purged:
    """Delete responses, ended sessions and deliveries older than the retention, attempts that no limit counts any more, and the
    names of credentials, offers and grants that ended longer ago than the retention, with their subjects'.

    Raises StoreUnavailable.
    """
    now = vault.now()
    with vault.store.transaction() as tx:
        gone = Purged(
            attempts=attempts.purge(tx, now - max(retention_seconds, vault.limits.window_seconds, LIVE_WINDOW_SECONDS)),
            responses=idempotency.purge(tx, now - retention_seconds),
            sessions=sessions.purge(tx, now - retention_seconds),
            deliveries=webhooks.purge(tx, now - retention_seconds),
            credentials=statuses.forget_expired(tx, now - retention_seconds),
            offers=offers.purge(tx, now - retention_seconds),
            grants=grants.purge(tx, now - retention_seconds),
        )
        spent.purge(tx, now)
        presentation_requests.purge(tx, now)
        record_event(vault, tx, Event.EVIDENCE_PURGED, actor=actor, **asdict(gone))
    vault.store.tidy()
    return gone
