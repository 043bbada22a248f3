"""Wrapping every record's data key under the newest key-encryption key, so that the older ones can be destroyed."""

from collections.abc import Iterator
from dataclasses import replace

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.records import context_of
from idverify.errors import KeyUnavailable, RecordTampered
from idverify.registry.sealing import Sealed, wrap_anew
from idverify.store import audit, subjects
from idverify.store.subjects import Record


def pending(vault: Vault) -> int:
    """How many records are wrapped under an older version. Raises StoreUnavailable, KeyUnavailable."""
    with vault.store.reading() as tx:
        return subjects.count_under_other_key(tx, vault.wrapper.version)


def rewrap(vault: Vault, *, batch: int = 500, actor: str = "operator") -> Iterator[int]:
    """Wrap anew, a batch a transaction, yielding how many are done: broken off, it goes on where it stopped.

    The installation's secrets have their own (idverify.keys.secrets.rewrap). Once both are done nothing needs the older
    versions. Raises RecordTampered or KeyUnavailable naming the subject whose record does not open: erasing that subject, which
    opens nothing, clears the way. Raises StoreUnavailable.
    """
    total = 0
    while True:
        with vault.store.transaction() as tx:
            found = subjects.under_other_key(tx, vault.wrapper.version, batch)
            for record in found:
                subjects.replace_key(tx, replace(record, sealed=_wrapped_anew(vault, record)))
            total += len(found)
            if not found and total:
                audit.append(
                    tx,
                    vault.secrets.audit,
                    Event.KEK_ROTATED,
                    at=vault.now(),
                    actor=actor,
                    subject_id=None,
                    details={"version": vault.wrapper.version, "records": total},
                )
        if not found:
            return
        yield total


def _wrapped_anew(vault: Vault, record: Record) -> Sealed:
    try:
        return wrap_anew(record.sealed, context_of(vault, record), vault.wrapper)
    except (RecordTampered, KeyUnavailable) as error:
        raise type(error)(f"{error.message} (the {record.kind} record of {record.subject_id})") from error
