"""Erasure: a subject's data keys and everything sealed under them are destroyed, live sessions under way with the frames that
await a reviewer among it, and its credentials are revoked, its wallets' grants gone; a tombstone and the audit remain.

What this cannot reach is named in docs/security/registry.md.
"""

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.gallery_file import drop_snapshot
from idverify.ceremonies.reference import require_subject
from idverify.ceremonies.statuses import revoke_all_of
from idverify.store import grants, offers, sessions, standings, subjects


def erase(vault: Vault, subject_id: str, *, actor: str) -> None:
    """Erase the subject. It opens no record, so a damaged one or a lost key does not stand in its way.

    The index of references goes from the disk at once, and is written anew without the subject by who next has cause to; this
    process forgets the reference now, others when they next bring their index up to date. The identifier is free to be enrolled
    again, as another subject. Raises SubjectNotFound, StoreUnavailable.
    """
    with vault.store.transaction() as tx:
        require_subject(tx, subject_id)
        subjects.erase(tx, subject_id, vault.now())
        sessions.erase_those_of(tx, subject_id)
        offers.erase_those_of(tx, subject_id)
        grants.erase_those_of(tx, subject_id)
        standings.erase_those_of(tx, subject_id)
        revoke_all_of(vault, tx, subject_id, actor=actor)
        record_event(vault, tx, Event.SUBJECT_ERASED, actor=actor, subject_id=subject_id, versions={})
    vault.store.tidy()
    drop_snapshot(vault.gallery_file)
    if vault.duplicates is not None:
        vault.duplicates.level(vault)
