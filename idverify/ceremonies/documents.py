"""Documents on file: what an authority says of a subject beyond enrolment, one record a credential type, sealed.

A driving licence's classes, a vehicle's plate, a policy's number. A document holds those claims of its type that neither
enrolment nor issuing itself supplies, so that no claim has two sources. It is sealed like every record, its row version stands
in the audit, and it goes with the subject.
"""

import json
from collections.abc import Mapping
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.records import current_versions, open_record, require_current, sealed_record
from idverify.ceremonies.reference import require_subject
from idverify.credentials.credential_types import CredentialType, credential_types
from idverify.credentials.type_schema import misfit
from idverify.errors import DocumentMissing, InvalidInput, UnknownCredentialType
from idverify.store import Connection, subjects

PREFIX = "document:"

DERIVED = frozenset({"age_over_18", "period", "portrait"})
"""Claims that issuing works out by itself (idverify.ceremonies.credential_claims)."""


def find_type(name: str) -> CredentialType:
    """The credential type of that name. Raises UnknownCredentialType."""
    found = credential_types().get(name)
    if found is None:
        raise UnknownCredentialType("no such credential type; known: " + ", ".join(credential_types()))
    return found


def claims_on_file(type_: CredentialType) -> frozenset[str]:
    """The names of the claims that a document of the type holds."""
    return type_.claims - set(type_.registry) - DERIVED


def put_document(vault: Vault, subject_id: str, type_name: str, claims: Mapping[str, Any], *, actor: str) -> int:
    """File a document, in place of the one of its type if there is one; its row version, from 1.

    Raises UnknownCredentialType, InvalidInput naming the claim and the rule, SubjectNotFound, KeyUnavailable, StoreUnavailable.
    """
    type_ = find_type(type_name)
    names = claims_on_file(type_)
    if not names:
        raise InvalidInput("a credential of this type needs no document: enrolment and issuing supply all its claims")
    wrong = misfit(type_, names, claims)
    if wrong is not None:
        raise InvalidInput(f"claims: {wrong}")
    kind = PREFIX + type_.name
    with vault.store.transaction() as tx:
        require_subject(tx, subject_id)
        versions = dict(current_versions(vault, tx, subject_id))
        versions[kind] = versions.get(kind, 0) + 1
        content = json.dumps(dict(claims), sort_keys=True).encode()
        subjects.put(tx, sealed_record(vault, subject_id, kind, content, row_version=versions[kind]))
        record_event(
            vault, tx, Event.DOCUMENT_FILED, actor=actor, subject_id=subject_id, versions={**versions}, type=type_.name
        )
    return versions[kind]


def read_document(vault: Vault, subject_id: str, type_name: str, *, actor: str) -> dict[str, Any]:
    """The claims of a document on file; the reading is audited.

    Raises DocumentMissing, SubjectNotFound, RecordTampered, KeyUnavailable, StoreUnavailable.
    """
    with vault.store.transaction() as tx:
        require_subject(tx, subject_id)
        claims = document_of(vault, tx, subject_id, type_name)
        if claims is None:
            raise DocumentMissing("no document of that type is on file")
        record_event(vault, tx, Event.DOCUMENT_READ, actor=actor, subject_id=subject_id, type=type_name)
    return claims


def document_of(vault: Vault, tx: Connection, subject_id: str, type_name: str) -> dict[str, Any] | None:
    """The claims of the subject's document of the type; None where none was ever filed. Raises RecordTampered, KeyUnavailable.

    A document that the audit names and the database has not is no missing document.
    """
    kind = PREFIX + type_name
    records = subjects.records_of(tx, subject_id, kind)
    if not records and kind not in current_versions(vault, tx, subject_id):
        return None
    require_current(vault, tx, subject_id, records, kind)
    claims: dict[str, Any] = json.loads(open_record(vault, records[kind]))
    return claims
