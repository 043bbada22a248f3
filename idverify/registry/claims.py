"""What a subject's document says, and why it may be kept. Both are sealed together."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from idverify.errors import InvalidInput, RecordTampered

LEGAL_BASES: Mapping[str, str] = {
    "consent": "explicit and separate consent (GDPR Art. 6(1)(a) with 9(2)(a); PIPL Art. 13(1) with 29)",
    "legal_obligation": "a duty laid down by law (GDPR Art. 6(1)(c) with 9(2)(g); PIPL Art. 13(3))",
    "public_task": "a task in the public interest that law provides for (GDPR Art. 6(1)(e) with 9(2)(g); PIPL Art. 13(3))",
    "vital_interests": "life and safety in an emergency (GDPR Art. 6(1)(d) with 9(2)(c); PIPL Art. 13(4))",
    "published_test_data": "photographs published for testing; refused outside a development installation",
}
"""Legal bases by name. Contract and legitimate interests are not among them: they do not carry biometric data."""

TEST_BASIS = "published_test_data"

_DOCUMENT_TYPE = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims about a subject; None: not known. Making one checks it and raises InvalidInput, naming the field only.

    name: 1 to 200 characters. document_type: like `passport` or `resident_id`. document_number: 1 to 64 characters.
    The three dates are YYYY-MM-DD; the record is valid from the first to the last moment (UTC) of the two days, inclusive.
    """

    name: str | None = None
    document_type: str | None = None
    document_number: str | None = None
    date_of_birth: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None

    def __post_init__(self) -> None:
        _check_text("name", self.name, 200)
        _check_text("document_number", self.document_number, 64)
        if self.document_type is not None and not _DOCUMENT_TYPE.fullmatch(_string("document_type", self.document_type)):
            raise InvalidInput("document_type must be 1 to 32 of a-z, 0-9 and _, beginning with a letter")
        for field in ("date_of_birth", "valid_from", "valid_until"):
            _check_date(field, getattr(self, field))
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise InvalidInput("valid_until must not be before valid_from")

    def valid_on(self, day: date) -> bool:
        """Whether the record is within its validity on that day (UTC). Open ends are valid."""
        spelled = day.isoformat()
        return (self.valid_from or spelled) <= spelled <= (self.valid_until or spelled)


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """Why this person's face may be kept. kind: of LEGAL_BASES. reference: law, decision or file, up to 200 characters."""

    kind: str
    reference: str = ""


def parse_claims(values: Mapping[str, Any]) -> Claims:
    """Claims from untrusted names and values. Raises InvalidInput on an unknown name or an unusable value."""
    unknown = set(values) - {field.name for field in fields(Claims)}
    if unknown:
        raise InvalidInput("unknown claim: " + ", ".join(sorted(repr(name)[:40] for name in unknown)))
    return Claims(**values)


def parse_legal_basis(text: str) -> LegalBasis:
    """A legal basis from `KIND` or `KIND: reference`. Raises InvalidInput: without a basis nobody is enrolled."""
    kind, _, reference = _string("legal_basis", text).partition(":")
    basis = LegalBasis(kind.strip(), reference.strip())
    if basis.kind not in LEGAL_BASES:
        raise InvalidInput("legal_basis must be one of " + ", ".join(LEGAL_BASES) + ", and may go on with ': reference'")
    if basis.reference:
        _check_text("legal_basis reference", basis.reference, 200)
    return basis


def to_bytes(claims: Claims, basis: LegalBasis) -> bytes:
    """What is sealed as the record `claims`."""
    return json.dumps({"claims": asdict(claims), "legal_basis": asdict(basis)}, sort_keys=True).encode()


def from_bytes(data: bytes) -> tuple[Claims, LegalBasis]:
    """The inverse of `to_bytes`. Raises RecordTampered: what was sealed by us always parses."""
    try:
        parsed = json.loads(data)
        return Claims(**parsed["claims"]), LegalBasis(**parsed["legal_basis"])
    except (ValueError, TypeError, KeyError, InvalidInput):
        raise RecordTampered("a claims record is malformed") from None


def _string(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{field} must be a string")
    return value


def _check_text(field: str, value: str | None, longest: int) -> None:
    if value is not None and not is_plain_text(_string(field, value), longest):
        raise InvalidInput(f"{field} must have 1 to {longest} characters, none of them a control, and no space at its ends")


def is_plain_text(value: str, longest: int) -> bool:
    """Whether the value is 1 to `longest` characters of Unicode text: no controls, surrogates or unassigned, trimmed."""
    if not 1 <= len(value) <= longest or value != value.strip():
        return False
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"} for character in value)


def _check_date(field: str, value: str | None) -> None:
    if value is None:
        return
    try:
        spelled = date.fromisoformat(_string(field, value)).isoformat()
    except ValueError:
        spelled = ""
    if spelled != value:  # fromisoformat reads other spellings too
        raise InvalidInput(f"{field} must be a date spelled YYYY-MM-DD")
