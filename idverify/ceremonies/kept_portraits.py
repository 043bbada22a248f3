"""The portraits that a subject's reference is made of: read at one moment, and the reference renewed if they still are these.

Which portraits there are is what the audit says (idverify.ceremonies.records): a row that was added or put back past it is not
looked at, and one that is gone is missed. Faces are measured outside the writer's lock, so who renews the reference first looks
whether portraits and reference are the ones that were read, and begins again otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.records import PORTRAIT, TEMPLATE, current_versions, open_record, require_current, sealed_record
from idverify.ceremonies.reference import require_subject
from idverify.errors import RecordTampered
from idverify.face.embedding import reference_vector
from idverify.registry import portraits, templates
from idverify.registry.portraits import ENROLMENT, FIRST, Portrait
from idverify.store import Connection, subjects
from idverify.values import Template

_FURTHER = PORTRAIT + ":"


@dataclass(frozen=True, slots=True)
class Kept:
    """A subject's portraits, oldest first, and the row versions of them and of the template, by kind."""

    portraits: tuple[Portrait, ...]
    versions: Mapping[str, int]


def kept_portraits(vault: Vault, tx: Connection, subject_id: str) -> Kept:
    """All portraits of the subject, opened; at least one. Raises SubjectNotFound, RecordTampered, KeyUnavailable."""
    subject = require_subject(tx, subject_id)
    versions = _made_of(current_versions(vault, tx, subject_id))
    kinds = [kind for kind in versions if kind != TEMPLATE]
    if not kinds:
        raise RecordTampered("the audit names no portrait of this subject")
    records = subjects.records_of(tx, subject_id, *kinds)
    require_current(vault, tx, subject_id, records, *kinds)
    found = []
    for kind in kinds:
        content = open_record(vault, records[kind])
        if kind == PORTRAIT:
            found.append(Portrait(FIRST, subject.created_at, ENROLMENT, content))
        else:
            found.append(portraits.from_bytes(content, kind.removeprefix(_FURTHER)))
    return Kept(tuple(sorted(found, key=lambda one: (one.portrait_id != FIRST, one.added_at, one.portrait_id))), versions)


def oldest_portrait(vault: Vault, tx: Connection, subject_id: str) -> bytes:
    """The picture that stands for the subject before people's eyes.

    The oldest is the one that enrolment was founded on, and nobody who adds another changes what a reviewer or a gate sees.
    Raises SubjectNotFound, RecordTampered, KeyUnavailable.
    """
    require_subject(tx, subject_id)
    if PORTRAIT not in current_versions(vault, tx, subject_id):
        return kept_portraits(vault, tx, subject_id).portraits[0].picture
    records = subjects.records_of(tx, subject_id, PORTRAIT)
    require_current(vault, tx, subject_id, records, PORTRAIT)
    return open_record(vault, records[PORTRAIT])


def is_current(vault: Vault, tx: Connection, subject_id: str, kept: Kept) -> bool:
    """Whether portraits and template still are the ones that were read. tx: a write transaction. Raises RecordTampered."""
    return _made_of(current_versions(vault, tx, subject_id)) == kept.versions


def reference_template(of_portraits: Sequence[Template]) -> Template:
    """The reference of the portraits' templates, one or more, oldest first, of one model."""
    vectors = np.stack([template.vector for template in of_portraits])
    return Template(reference_vector(vectors), of_portraits[0].model_digest)


def renew_reference(
    vault: Vault,
    tx: Connection,
    subject_id: str,
    reference: Template,
    event: Event,
    *,
    actor: str,
    added: Portrait | None = None,
    removed: str | None = None,
    **details: JSON,
) -> None:
    """Seal the reference, the portrait that was added, delete the one that was removed (its id), and audit it, in `tx`.

    Raises RecordTampered, KeyUnavailable.
    """
    versions = dict(current_versions(vault, tx, subject_id))
    if added is not None:
        kind = _FURTHER + added.portrait_id
        versions[kind] = 1
        subjects.put(tx, sealed_record(vault, subject_id, kind, portraits.to_bytes(added)))
        details |= {"portrait_id": added.portrait_id, "source": added.source}
    if removed is not None:
        kind = PORTRAIT if removed == FIRST else _FURTHER + removed
        del versions[kind]
        subjects.remove(tx, subject_id, kind)
        details |= {"portrait_id": removed}
    digest = reference.model_digest
    versions[TEMPLATE] = versions.get(TEMPLATE, 0) + 1
    content = templates.to_bytes(reference)
    subjects.put(tx, sealed_record(vault, subject_id, TEMPLATE, content, model_digest=digest, row_version=versions[TEMPLATE]))
    record_event(vault, tx, event, actor=actor, subject_id=subject_id, versions={**versions}, model_digest=digest, **details)


def _made_of(versions: Mapping[str, int]) -> Mapping[str, int]:
    return {kind: version for kind, version in versions.items() if kind in {PORTRAIT, TEMPLATE} or kind.startswith(_FURTHER)}
