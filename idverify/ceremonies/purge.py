"""Deleting what is kept for a time only. The profile `photo` keeps no probe image at all, so there is none to delete."""

from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.store import attempts, idempotency


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows went."""

    attempts: int
    responses: int


def purge(vault: Vault, *, retention_seconds: float, actor: str) -> Purged:
    """Delete kept responses older than the retention, and attempts that are older than it and no limit counts any more.

    Raises StoreUnavailable.
    """
    now = vault.now()
    with vault.store.transaction() as tx:
        gone = Purged(
            attempts=attempts.purge(tx, now - max(retention_seconds, vault.limits.window_seconds)),
            responses=idempotency.purge(tx, now - retention_seconds),
        )
        record_event(vault, tx, Event.EVIDENCE_PURGED, actor=actor, attempts=gone.attempts, responses=gone.responses)
    vault.store.tidy()
    return gone
