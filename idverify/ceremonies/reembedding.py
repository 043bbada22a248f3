"""Renewing templates after a change of model, from the sealed portraits. Templates of two models are never compared."""

from collections.abc import Iterator
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.records import PORTRAIT, TEMPLATE, current_versions, open_record, require_current, sealed_record
from idverify.ceremonies.reference import require_subject
from idverify.errors import InputError, RecordTampered, SubjectNotFound
from idverify.registry import templates
from idverify.store import subjects


@dataclass(frozen=True, slots=True)
class Reembedded:
    """One subject done. refusal: the code of why its template could not be renewed, None when it was."""

    subject_id: str
    refusal: str | None = None


def pending(parts: Parts) -> int:
    """How many templates belong to another model than the loaded one. Raises StoreUnavailable."""
    with parts.store.reading() as tx:
        return subjects.count_with_other_model(tx, parts.acquirer.embedding_digest)


def reembed(parts: Parts, *, actor: str, batch: int = 100) -> Iterator[Reembedded]:
    """Renew every template of another model, one subject a transaction: broken off, it goes on where it stopped.

    A portrait that the new models cannot use, or a record that does not open, is reported and stays as it is; its subject
    cannot be verified until it is enrolled anew. Raises KeyUnavailable, StoreUnavailable.
    """
    after = ""
    while True:
        with parts.store.reading() as tx:
            found = subjects.with_other_model(tx, parts.acquirer.embedding_digest, after=after, limit=batch)
        for subject_id in found:
            yield _renewed(parts, subject_id, actor)
        if len(found) < batch:
            return
        after = found[-1]


def _renewed(parts: Parts, subject_id: str, actor: str) -> Reembedded:
    try:
        with parts.store.reading() as tx:
            records = subjects.records_of(tx, subject_id, PORTRAIT)
            require_current(parts, tx, subject_id, records, PORTRAIT)
        probe = parts.acquirer.acquire(open_record(parts, records[PORTRAIT]))
        _write(parts, subject_id, templates.to_bytes(probe.template), probe.template.model_digest, actor)
    except SubjectNotFound:
        return Reembedded(subject_id)  # erased meanwhile
    except (InputError, RecordTampered) as error:
        return Reembedded(subject_id, error.code)
    return Reembedded(subject_id)


def _write(parts: Parts, subject_id: str, template: bytes, model_digest: str, actor: str) -> None:
    with parts.store.transaction() as tx:
        require_subject(tx, subject_id)
        versions = dict(current_versions(parts, tx, subject_id))
        versions[TEMPLATE] = versions.get(TEMPLATE, 0) + 1
        record = sealed_record(parts, subject_id, TEMPLATE, template, model_digest=model_digest, row_version=versions[TEMPLATE])
        subjects.put(tx, record)
        record_event(
            parts,
            tx,
            Event.SUBJECT_REEMBEDDED,
            actor=actor,
            subject_id=subject_id,
            versions={**versions},
            model_digest=model_digest,
        )
