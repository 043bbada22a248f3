"""Renewing templates after a change of model, from the sealed portraits. Templates of two models are never compared."""

from collections.abc import Iterator
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.kept_portraits import is_current, kept_portraits, reference_template, renew_reference
from idverify.ceremonies.reference import require_subject
from idverify.errors import InputError, RecordTampered, SubjectNotFound
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

    Of several portraits all must do. One that the new models cannot use, or a record that does not open, is reported and stays
    as it is; its subject cannot be verified until that portrait is removed, or the subject enrolled anew.

    Raises KeyUnavailable, StoreUnavailable.
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
        while True:
            with parts.store.reading() as tx:
                kept = kept_portraits(parts, tx, subject_id)
            renewed = reference_template([parts.acquirer.acquire(portrait.picture).template for portrait in kept.portraits])
            with parts.store.transaction() as tx:
                require_subject(tx, subject_id)
                if is_current(parts, tx, subject_id, kept):
                    renew_reference(parts, tx, subject_id, renewed, Event.SUBJECT_REEMBEDDED, actor=actor)
                    return Reembedded(subject_id)
    except SubjectNotFound:
        return Reembedded(subject_id)  # erased meanwhile
    except (InputError, RecordTampered) as error:
        return Reembedded(subject_id, error.code)
