"""Claims and legal bases: strict on the way in, unchanged on the way back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import InvalidInput, RecordTampered
from idverify.registry.claims import (
    LEGAL_BASES,
    Claims,
    LegalBasis,
    from_bytes,
    parse_claims,
    parse_legal_basis,
    to_bytes,
)

days = st.dates().map(date.isoformat)
texts = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60)


@given(name=texts, number=texts, born=days, ends=days)
def test_claims_survive_their_record(name, number, born, ends):
    """Whatever the script the name is written in."""
    claims = Claims(name=name, document_type="id_card", document_number=number, date_of_birth=born, valid_until=ends)
    basis = LegalBasis("consent", "form 7")
    assert from_bytes(to_bytes(claims, basis)) == (claims, basis)


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": " x"},
        {"name": "a\x00"},
        {"name": "a\nb"},
        {"name": "x" * 201},
        {"name": 7},
        {"name": "\ud800"},
        {"document_type": "Passport"},
        {"document_type": "a b"},
        {"document_type": ["passport"]},
        {"document_number": "x" * 65},
        {"date_of_birth": "1990-2-3"},
        {"date_of_birth": "19900203"},
        {"date_of_birth": "1990-W05-1"},
        {"date_of_birth": "1990-02-30"},
        {"date_of_birth": "１９９０-02-03"},
        {"date_of_birth": date(1990, 2, 3)},
        {"valid_from": "2027-01-02", "valid_until": "2027-01-01"},
        {"nickname": "x"},
        {7: "x"},
    ],
)
def test_unusable_claims_are_refused_without_being_repeated(values):
    """The message names the field, never the value."""
    with pytest.raises(InvalidInput) as caught:
        parse_claims(values)
    assert "1990" not in caught.value.message


def test_validity_includes_both_days_and_open_ends():
    """A document is valid on its last day."""
    claims = Claims(valid_from="2027-01-01", valid_until="2027-01-02")
    assert [claims.valid_on(date(2026 + (n > 0), 12 if n == 0 else 1, 31 if n == 0 else n)) for n in range(4)] == [
        False,
        True,
        True,
        False,
    ]
    assert Claims().valid_on(date(1, 1, 1))


@pytest.mark.parametrize("kind", LEGAL_BASES)
def test_a_legal_basis_may_carry_its_reference(kind):
    """The kind, and after a colon the statute."""
    assert parse_legal_basis(kind) == LegalBasis(kind)
    assert parse_legal_basis(f"{kind}: Act 3: section 4") == LegalBasis(kind, "Act 3: section 4")


@pytest.mark.parametrize("text", ["", ":", "legitimate_interests", "CONSENT", "consent: a\x00", None])
def test_an_unknown_legal_basis_is_refused(text):
    """There is no default."""
    with pytest.raises(InvalidInput):
        parse_legal_basis(text)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"claims": {"x": 1}, "legal_basis": {"kind": "consent"}}'])
def test_a_record_that_does_not_parse_counts_as_tampered(data):
    """Only we seal records, so this cannot be a caller's mistake."""
    with pytest.raises(RecordTampered):
        from_bytes(data)
