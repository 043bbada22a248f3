"""Enrolment: a person's claims and registry portrait become a subject with a sealed reference."""

import hashlib
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.records import CLAIMS, IDENTIFIER, KINDS, PORTRAIT, TEMPLATE, sealed_record
from idverify.errors import FailureToAssess, InvalidInput
from idverify.registry import claims as claims_record
from idverify.registry import templates
from idverify.registry.claims import TEST_BASIS, Claims, parse_legal_basis
from idverify.registry.identifiers import lookup, parse_identifier, subject_id
from idverify.store import subjects
from idverify.values import Probe


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new subject. portrait_digest: SHA-256, hex. retake: what a better portrait would do, in words; empty when nothing."""

    subject_id: str
    created_at: float
    portrait_digest: str
    retake: tuple[str, ...]


def enrol(parts: Parts, *, identifier: str, claims: Claims, legal_basis: str, portrait: bytes, actor: str) -> Enrolled:
    """Enrol one person. All records and the audit event are committed together, or nothing is.

    legal_basis: `KIND` or `KIND: reference` (idverify.registry.claims). Raises InvalidInput, SubjectExists, ImageRejected,
    TooLarge, NoFace, MultipleFaces, FailureToAssess, KeyUnavailable, StoreUnavailable.
    """
    # 1. What was said.
    named = parse_identifier(identifier)
    basis = parse_legal_basis(legal_basis)
    if basis.kind == TEST_BASIS and parts.environment not in ("dev", "sandbox"):
        raise InvalidInput(f"{TEST_BASIS} is refused outside a development installation")

    # 2. What was sent: a face that can be measured, before any transaction is open.
    probe = parts.acquirer.acquire(portrait)
    _require_assessed(probe)

    # 3. Sealed and written, all of it. Sealed under the writer's lock, which is also held when a key-encryption key is
    #    destroyed: none can go between the sealing and the writing.
    now = parts.now()
    new = subject_id(parts.random_bytes(16))
    model_digest = probe.template.model_digest
    with parts.store.transaction() as tx:
        subjects.add(tx, subject_id=new, lookup=lookup(parts.secrets.lookup, named), at=now)
        subjects.put(tx, sealed_record(parts, new, IDENTIFIER, named.encode()))
        subjects.put(tx, sealed_record(parts, new, CLAIMS, claims_record.to_bytes(claims, basis)))
        subjects.put(tx, sealed_record(parts, new, PORTRAIT, portrait))
        template = templates.to_bytes(probe.template)
        subjects.put(tx, sealed_record(parts, new, TEMPLATE, template, model_digest=model_digest))
        record_event(
            parts,
            tx,
            Event.SUBJECT_ENROLLED,
            actor=actor,
            subject_id=new,
            versions=dict.fromkeys(KINDS, 1),
            legal_basis=basis.kind,
            model_digest=model_digest,
        )
    return Enrolled(new, now, hashlib.sha256(portrait).hexdigest(), probe.quality.retake)


def _require_assessed(probe: Probe) -> None:
    """A reference of unknown quality would spoil every later comparison. Raises FailureToAssess."""
    missing = [component.name for component in probe.quality.components if component.value is None]
    if missing or not probe.quality.components:
        raise FailureToAssess("the quality of the portrait could not be assessed: " + ", ".join(missing), probe.quality.retake)
