"""What a credential says of its subject: from enrolment, from the document on file, and what follows from either.

No claim has two sources. `age_over_18` follows from the date of birth and today; `period`, for a proof of life, is the
half-year in which the person was before a camera or a registrar, and the credential ends with it; `portrait` is a small picture
made of the registry's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from idverify.ceremonies import Vault
from idverify.ceremonies.documents import document_of
from idverify.ceremonies.founding import Foundation
from idverify.ceremonies.records import CLAIMS, open_record, require_current
from idverify.ceremonies.reference import require_subject
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.periods import end_of, half_year
from idverify.credentials.type_schema import fitting
from idverify.errors import DocumentMissing, NoReference
from idverify.registry import claims as claims_record
from idverify.registry.claims import Claims
from idverify.store import Connection, subjects

ADULT = 18


@dataclass(frozen=True, slots=True)
class Said:
    """The claims, and when the first of what they rest on ends (seconds since the epoch); None where nothing does."""

    claims: Mapping[str, Any]
    ends: float | None


def claims_of(
    vault: Vault, tx: Connection, type_: CredentialType, foundation: Foundation, *, portrait: str | None = None
) -> Said:
    """What a credential of the type says. portrait: the small picture in base64, where the type has one.

    Raises SubjectNotFound; NoReference outside the validity of the registry record; DocumentMissing where what the type
    requires is not on file, or the document has ended; RecordTampered, KeyUnavailable.
    """
    require_subject(tx, foundation.subject_id)
    records = subjects.records_of(tx, foundation.subject_id, CLAIMS)
    require_current(vault, tx, foundation.subject_id, records, CLAIMS)
    enrolled, _ = claims_record.from_bytes(open_record(vault, records[CLAIMS]))
    today = datetime.fromtimestamp(vault.now(), UTC).date()
    if not enrolled.valid_on(today):
        raise NoReference("the registry record is outside its validity")
    document = document_of(vault, tx, foundation.subject_id, type_.name) or {}
    found = {name: getattr(enrolled, source) for name, source in type_.registry.items()}
    found |= _derived(enrolled, foundation, today) | {"portrait": portrait}
    found = {name: value for name, value in found.items() if value is not None and name in type_.claims} | document
    missing = [name for name in type_.schema.get("required", ()) if name not in found]
    if missing:
        raise DocumentMissing(f"{type_.name}: not on file for this subject: {', '.join(missing)}")
    fitting(type_, found)
    days = [day for day in (enrolled.valid_until, found.get(type_.ends_with or "")) if day is not None]
    ends = min((end_of(day) for day in days), default=None)
    if ends is not None and ends <= vault.now():
        raise DocumentMissing(f"{type_.name}: what it would say has ended ({type_.ends_with or 'validity of the record'})")
    return Said(found, ends)


def _derived(enrolled: Claims, foundation: Foundation, today: date) -> dict[str, Any]:
    adult = None if enrolled.date_of_birth is None else _age(date.fromisoformat(enrolled.date_of_birth), today) >= ADULT
    return {"age_over_18": adult, "period": half_year(foundation.auth_time)}


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
