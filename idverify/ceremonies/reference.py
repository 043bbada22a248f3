"""Finding a subject and opening its reference."""

from dataclasses import dataclass
from datetime import UTC, datetime

from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.records import CLAIMS, IDENTIFIER, TEMPLATE, open_record, require_current
from idverify.errors import NoReference, RecordTampered, SubjectNotFound, TemplateOutdated
from idverify.registry import claims as claims_record
from idverify.registry import templates
from idverify.registry.claims import Claims, LegalBasis
from idverify.registry.identifiers import is_subject_id, lookup, parse_identifier
from idverify.store import Connection, subjects
from idverify.store.subjects import Subject
from idverify.values import Reference


@dataclass(frozen=True, slots=True)
class Described:
    """What the registry holds about a subject, portrait and template excepted. created_at: seconds since the epoch."""

    subject_id: str
    identifier: str
    claims: Claims
    legal_basis: LegalBasis
    created_at: float
    template_model_digest: str


def find_subject(vault: Vault, identifier: str) -> str:
    """Id of the subject enrolled under that identifier. Raises InvalidInput, SubjectNotFound, RecordTampered.

    The look-up column is not sealed, so a writer to the database could point it at another person. The sealed identifier of
    the subject found must therefore be the one asked for.
    """
    wanted = parse_identifier(identifier)
    with vault.store.reading() as tx:
        subject_id = subjects.by_lookup(tx, lookup(vault.secrets.lookup, wanted))
        if subject_id is None:
            raise SubjectNotFound("no such subject")
        records = subjects.records_of(tx, subject_id, IDENTIFIER)
        require_current(vault, tx, subject_id, records, IDENTIFIER)
        if open_record(vault, records[IDENTIFIER]).decode() != wanted:
            raise RecordTampered("the look-up leads to another subject")
    return subject_id


def require_subject(tx: Connection, subject_id: str) -> Subject:
    """The subject, unless it was never enrolled or is erased. Raises SubjectNotFound."""
    subject = subjects.get(tx, subject_id) if is_subject_id(subject_id) else None
    if subject is None or subject.erased_at is not None:
        raise SubjectNotFound("no such subject")
    return subject


def reference_of(parts: Parts, tx: Connection, subject_id: str) -> Reference:
    """The subject's reference template, opened.

    Raises SubjectNotFound; NoReference outside the validity of the record; TemplateOutdated when the template belongs to
    another model, since templates of two models do not compare; RecordTampered, KeyUnavailable.
    """
    require_subject(tx, subject_id)
    records = subjects.records_of(tx, subject_id, CLAIMS, TEMPLATE)
    require_current(parts, tx, subject_id, records, CLAIMS, TEMPLATE)
    claims, _ = claims_record.from_bytes(open_record(parts, records[CLAIMS]))
    if not claims.valid_on(datetime.fromtimestamp(parts.now(), UTC).date()):
        raise NoReference("the registry record is outside its validity")
    record = records[TEMPLATE]
    template = templates.from_bytes(open_record(parts, record), record.model_digest)
    if record.model_digest != parts.acquirer.embedding_digest:
        raise TemplateOutdated("the reference belongs to another model: run `idverify registry reembed`")
    return Reference(template, "registry")


def described(vault: Vault, subject_id: str, *, actor: str) -> Described:
    """What is known about the subject, for who may read the registry; the reading is audited.

    Raises SubjectNotFound, RecordTampered, KeyUnavailable, StoreUnavailable.
    """
    with vault.store.transaction() as tx:
        subject = require_subject(tx, subject_id)
        records = subjects.records_of(tx, subject_id, IDENTIFIER, CLAIMS, TEMPLATE)
        require_current(vault, tx, subject_id, records, IDENTIFIER, CLAIMS, TEMPLATE)
        claims, basis = claims_record.from_bytes(open_record(vault, records[CLAIMS]))
        identifier = open_record(vault, records[IDENTIFIER]).decode()
        record_event(vault, tx, Event.SUBJECT_READ, actor=actor, subject_id=subject_id)
    return Described(subject_id, identifier, claims, basis, subject.created_at, records[TEMPLATE].model_digest)
