"""Enrolment: a person's claims and registry portrait become a subject with a sealed reference."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.duplicates import Check, find_duplicates
from idverify.ceremonies.records import CLAIMS, IDENTIFIER, KINDS, PORTRAIT, TEMPLATE, sealed_record
from idverify.errors import FailureToAssess, InvalidInput, PossibleDuplicate, SubjectExists
from idverify.registry import claims as claims_record
from idverify.registry import templates
from idverify.registry.claims import TEST_BASIS, Claims, parse_legal_basis
from idverify.registry.identifiers import lookup, parse_identifier, subject_id
from idverify.store import Connection, subjects
from idverify.values import Probe


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new subject. portrait_digest: SHA-256, hex. retake: what a better portrait would do, in words; empty when nothing.

    duplicate_check: for the operator, and for callers who may know whether a face is enrolled already.
    """

    subject_id: str
    created_at: float
    portrait_digest: str
    retake: tuple[str, ...]
    duplicate_check: Check = "off"


def enrol(parts: Parts, *, identifier: str, claims: Claims, legal_basis: str, portrait: bytes, actor: str) -> Enrolled:
    """Enrol one person. All records and the audit event are committed together, or nothing is.

    legal_basis: `KIND` or `KIND: reference` (idverify.registry.claims). Raises InvalidInput, SubjectExists, PossibleDuplicate,
    ImageRejected, TooLarge, NoFace, MultipleFaces, FailureToAssess, KeyUnavailable, StoreUnavailable, and as `find_duplicates`.
    """
    # 1. What was said.
    named = parse_identifier(identifier)
    basis = parse_legal_basis(legal_basis)
    if basis.kind == TEST_BASIS and parts.environment not in ("dev", "sandbox"):
        raise InvalidInput(f"{TEST_BASIS} is refused outside a development installation")

    # 2. What was sent: a face that can be measured, before any transaction is open.
    probe = parts.acquirer.acquire(portrait)
    require_assessed(probe)

    # 3. Is the face here already? Searched under the writer's lock: of two who enrol it at once, the second sees the first.
    # 4. Sealed and written, all of it, under the same lock, which is also held when a key-encryption key is destroyed: none can
    #    go between the sealing and the writing.
    if parts.duplicates is not None:
        parts.duplicates.ready(parts)
    now = parts.now()
    new = subject_id(parts.random_bytes(16))
    looked_up = lookup(parts.secrets.lookup, named)
    with parts.store.transaction() as tx:
        if subjects.by_lookup(tx, looked_up) is not None:
            raise SubjectExists("this identifier is enrolled already")
        found = find_duplicates(parts, tx, probe.template)
        if found is not None and found.refuse:
            record_event(parts, tx, Event.DUPLICATE_REFUSED, actor=actor, others=[*found.others], policy=found.policy)
        else:
            subjects.add(tx, subject_id=new, lookup=looked_up, at=now)
            contents = {
                IDENTIFIER: named.encode(),
                CLAIMS: claims_record.to_bytes(claims, basis),
                PORTRAIT: portrait,
                TEMPLATE: templates.to_bytes(probe.template),
            }
            _write(parts, tx, new, contents, probe.template.model_digest, basis.kind, actor)
            if found is not None and found.others:
                record_event(
                    parts,
                    tx,
                    Event.POSSIBLE_DUPLICATE,
                    actor=actor,
                    subject_id=new,
                    others=[*found.others],
                    policy=found.policy,
                )
    if found is not None and found.refuse:
        raise PossibleDuplicate("this person is probably enrolled already, under another identifier")
    check: Check = "off" if found is None else found.check
    return Enrolled(new, now, hashlib.sha256(portrait).hexdigest(), probe.quality.retake, check)


def _write(
    parts: Parts, tx: Connection, new: str, contents: Mapping[str, bytes], model_digest: str, basis: str, actor: str
) -> None:
    for kind, content in contents.items():
        subjects.put(tx, sealed_record(parts, new, kind, content, model_digest=model_digest if kind == TEMPLATE else ""))
    record_event(
        parts,
        tx,
        Event.SUBJECT_ENROLLED,
        actor=actor,
        subject_id=new,
        versions=dict.fromkeys(KINDS, 1),
        legal_basis=basis,
        model_digest=model_digest,
    )


def require_assessed(probe: Probe) -> None:
    """A reference of unknown quality would spoil every later comparison. Raises FailureToAssess."""
    missing = [component.name for component in probe.quality.components if component.value is None]
    if missing or not probe.quality.components:
        raise FailureToAssess("the quality of the portrait could not be assessed: " + ", ".join(missing), probe.quality.retake)
