"""Writing what happened into the audit, in the transaction of what it records."""

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.store import Connection, audit


def record_event(
    vault: Vault, tx: Connection, event: Event, *, actor: str, subject_id: str | None = None, **details: JSON
) -> None:
    """Add the event to the chain: it is committed with the rest of `tx`, or neither is.

    actor: id of the client, or the operator. details: nothing that names a person. Raises AuditBroken, StoreUnavailable.
    """
    audit.append(tx, vault.secrets.audit, event, at=vault.now(), actor=actor, subject_id=subject_id, details=details)
