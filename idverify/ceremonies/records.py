"""Sealing and opening a subject's records with the parts at hand, and the witness that they are the current ones."""

from collections.abc import Mapping

from idverify.audit.chain import authentic
from idverify.ceremonies import Vault
from idverify.errors import RecordTampered
from idverify.registry.sealing import Context, open_sealed, seal
from idverify.store import Connection, audit
from idverify.store.subjects import Record

IDENTIFIER, CLAIMS, PORTRAIT, TEMPLATE = "identifier", "claims", "portrait", "template"
KINDS = (IDENTIFIER, CLAIMS, PORTRAIT, TEMPLATE)


def context_of(vault: Vault, record: Record) -> Context:
    """What the record's seal is bound to."""
    return Context(vault.deployment, record.subject_id, record.kind, record.model_digest, record.row_version)


def sealed_record(
    vault: Vault, subject_id: str, kind: str, content: bytes, *, model_digest: str = "", row_version: int = 1
) -> Record:
    """A record ready to be written. Raises KeyUnavailable."""
    context = Context(vault.deployment, subject_id, kind, model_digest, row_version)
    return Record(subject_id, kind, model_digest, row_version, seal(content, context, vault.wrapper))


def open_record(vault: Vault, record: Record) -> bytes:
    """The record's content. Raises RecordTampered, KeyUnavailable."""
    return open_sealed(record.sealed, context_of(vault, record), vault.wrapper)


def current_versions(vault: Vault, tx: Connection, subject_id: str) -> Mapping[str, int]:
    """Row versions by kind, as the newest audit event about the subject has them. Raises RecordTampered.

    A row alone cannot show that it is the newest: an older one, put back, opens as well as it ever did. The witness stands
    outside the row and under another key. Who puts back the row and removes the event too is found by `audit verify`.
    """
    witness = audit.newest_naming_versions(tx, subject_id)
    if witness is None or not authentic(vault.secrets.audit, witness):
        raise RecordTampered("the audit does not vouch for this subject's records")
    versions = witness.details.get("versions")
    assert isinstance(versions, dict)
    return {kind: version for kind, version in versions.items() if isinstance(version, int)}


def require_current(vault: Vault, tx: Connection, subject_id: str, records: Mapping[str, Record], *kinds: str) -> None:
    """Return when each of the kinds is there in its current version. Raises RecordTampered otherwise."""
    current = current_versions(vault, tx, subject_id)
    for kind in kinds:
        record = records.get(kind)
        if record is None or record.row_version != current.get(kind):
            raise RecordTampered(f"the {kind} record is missing, or is not the one the audit names")
