"""Rotating keys: the one that signs, and the one that wraps all others. Servers that run meanwhile notice by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.gallery_file import drop_snapshot
from idverify.ceremonies.records import context_of
from idverify.errors import InvalidInput, KeyUnavailable, RecordTampered
from idverify.keys import secrets
from idverify.keys.signing import Rotation
from idverify.registry.sealing import Sealed, wrap_anew
from idverify.store import subjects
from idverify.store.subjects import Record


@dataclass(frozen=True, slots=True)
class KekRotation:
    """What a rotation of the key-encryption key did.

    version: the one that wraps now. dropped: those that were destroyed. records: how many were wrapped anew.
    """

    version: str
    dropped: tuple[str, ...]
    records: int


def rotate_signing(vault: Vault, *, actor: str, hasty: bool = False) -> Rotation:
    """The key that was published ahead signs from now on, and the next one is published.

    hasty: also where it was published for less than twice the time that relying parties may keep a key set, and some would
    refuse what it signs. Raises InvalidInput where that is so and not hasty: then nothing changed. Raises KeyUnavailable,
    StoreUnavailable; after either it may be repeated.
    """
    wait = vault.signing.next_known_at() - vault.now()
    if wait > 0 and not hasty:
        raise InvalidInput(
            f"the next key may be unknown to relying parties for another {ceil(wait)} s: rotate then, or with --now after a "
            "theft"
        )
    with vault.store.transaction() as tx:
        done = vault.signing.rotate()
        record_event(
            vault, tx, Event.SIGNING_KEY_ROTATED, actor=actor, current=done.current, retired=done.retired, next=done.next
        )
    return done


def rotate_kek(vault: Vault, keys_folder: Path, *, actor: str, progress: Callable[[int, int], None]) -> KekRotation:
    """Add a version, wrap every record and the secrets under it, and destroy the older ones once nothing needs them.

    Broken off, it goes on where it stopped. progress: told how many records are done, of how many. Raises RecordTampered or
    KeyUnavailable naming the subject whose record does not open, StoreUnavailable; the older versions then stand.
    """
    # More than one version means that an earlier rotation was interrupted: it goes on instead of beginning another.
    if len(vault.wrapper.versions) == 1:
        vault.wrapper.add_version()
    secrets.rewrap(keys_folder, vault.wrapper)
    total, records = pending(vault), 0
    dropped: tuple[str, ...] | None = None
    while dropped is None:
        for wrapped in rewrap(vault, actor=actor):
            records += wrapped
            progress(records, max(records, total))
        dropped = _drop_if_unused(vault, actor)
    drop_snapshot(vault.gallery_file)  # sealed under a version that is gone; the next start builds the index from the records
    return KekRotation(vault.wrapper.version, dropped, records)


def pending(vault: Vault) -> int:
    """How many records are wrapped under an older version. Raises StoreUnavailable, KeyUnavailable."""
    with vault.store.reading() as tx:
        return subjects.count_under_other_key(tx, vault.wrapper.version)


def rewrap(vault: Vault, *, actor: str, batch: int = 500) -> Iterator[int]:
    """Wrap every record's data key under the newest version, a batch a transaction, yielding how many each one had.

    Broken off, it goes on where it stopped. The installation's secrets have their own (idverify.keys.secrets.rewrap). Raises
    RecordTampered or KeyUnavailable naming the subject whose record does not open: erasing that subject, which opens nothing,
    clears the way. Raises StoreUnavailable.
    """
    total = 0
    while True:
        with vault.store.transaction() as tx:
            found = subjects.under_other_key(tx, vault.wrapper.version, batch)
            for record in found:
                subjects.replace_key(tx, replace(record, sealed=_wrapped_anew(vault, record)))
            total += len(found)
            if not found and total:
                record_event(vault, tx, Event.KEK_ROTATED, actor=actor, version=vault.wrapper.version, records=total)
        if not found:
            return
        yield len(found)


def _wrapped_anew(vault: Vault, record: Record) -> Sealed:
    try:
        return wrap_anew(record.sealed, context_of(vault, record), vault.wrapper)
    except (RecordTampered, KeyUnavailable) as error:
        raise type(error)(f"{error.message} (the {record.kind} record of {record.subject_id})") from error


def _drop_if_unused(vault: Vault, actor: str) -> tuple[str, ...] | None:
    """The versions destroyed, or None if a server wrapped under one of them in the meantime. Writers wait while it looks."""
    with vault.store.transaction() as tx:
        *old, newest = vault.wrapper.versions
        if subjects.count_under_other_key(tx, newest):
            return None
        record_event(vault, tx, Event.KEK_DROPPED, actor=actor, version=newest, dropped=[*old])
        return vault.wrapper.drop_old_versions()
