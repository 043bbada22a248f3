"""The vectors of presented mdocs; each differs in one thing from one that holds, and each check is missed by some of them."""

from collections import Counter

import pytest

from idverify.credentials import (
    believed,
    certificates,
    credential_checks,
    mdoc_checks,
    mdoc_errors,
    mdoc_presentation,
)

from . import mdocs, vectors

VECTORS = vectors.of_kind("mdoc")
ACCEPTED = [name for name, one in VECTORS.items() if one["expect"]["code"] == "accepted"]
REFUSED = [name for name in VECTORS if name not in ACCEPTED]
HELD = {name: vectors.believed(one) for name, one in VECTORS.items()}
PLACES = [
    (mdoc_presentation, "ISSUER_CHECKS"),
    (mdoc_presentation, "DEVICE_CHECKS"),
    (credential_checks, "CHECKS"),
    (certificates, "CHECKS"),
    (certificates, "TIME_CHECKS"),
    (believed, "CHECKS"),
]
# Fields that change because another one did.
FOLLOW = {"text", "payload", "signature", "device.signature", "mso.valueDigests", "leaf.signature", "x5chain"}


def outcome(name):
    """What our validator says of a vector."""
    certificates.examined.cache_clear()
    return mdocs.outcome(VECTORS[name], HELD[name])


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_found_to_be_what_it_says(name):
    """Authentic, holder bound, status and code."""
    assert outcome(name) == VECTORS[name]["expect"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_vector_differs_from_an_accepted_one_in_the_field_it_names(name):
    """And in nothing else, but for signatures and digests over it."""
    vector = VECTORS[name]
    differs = vector["differs"]
    assert VECTORS[vector["base"]]["expect"]["code"] == "accepted"
    if differs == "text":
        assert vector["text"] != VECTORS[vector["base"]]["text"]
        return
    one, other = mdocs.fields(vector), mdocs.fields(VECTORS[vector["base"]])
    changed = {field for field in one.keys() | other.keys() if one.get(field) != other.get(field)}
    within = {
        "x5chain": ("leaf",),
        "payload": ("mso",),
        "documents": ("document", "issuerSigned", "deviceSigned", "items", "header", "mso", "leaf", "said", "device"),
        "deviceSigned": ("said", "device"),
        "deviceAuth": ("device",),
        "mso.docType": ("document.docType",),
        "trust": ("anchor.",),
    }.get(differs, ())
    changed = {field for field in changed if not (within and field.startswith(within)) or field == differs}
    named = {differs}
    if differs.startswith("anchor."):
        part = differs.partition(".")[2]
        named |= {f"anchor.0.{part}", "anchor.0.signature", "trust"}
        changed.add(differs)
    assert differs in changed
    assert changed - FOLLOW <= named


@pytest.mark.parametrize("name", sorted({check.__name__ for module, place in PLACES for check in getattr(module, place)}))
def test_a_check_that_is_taken_out_is_missed_by_a_vector(name, monkeypatch):
    """Mutation by construction: without any one check, some vector is found to be something else."""
    for module, place in PLACES:
        kept = tuple(check for check in getattr(module, place) if check.__name__ != name)
        monkeypatch.setattr(module, place, kept)
    assert any(outcome(one) != VECTORS[one]["expect"] for one in REFUSED)


def test_each_code_of_mdocs_has_three_vectors():
    """Those that are ours alone; what every credential shares is in the vectors of presentations."""
    counted = Counter(VECTORS[name]["expect"]["code"] for name in REFUSED)
    codes = {one.code for one in mdoc_errors.REFUSALS}
    assert {code: counted[code] for code in (*codes, "binding_missing", "binding_replayed") if counted[code] < 3} == {}


@pytest.mark.checkout
def test_the_files_are_what_their_maker_writes():
    """Nobody edits a vector by hand."""
    make_vectors = pytest.importorskip("tests.vectors.credentials.make_mdoc_vectors")
    for name, content in make_vectors.files().items():
        assert (vectors.FOLDER / name).read_text() == make_vectors.spelled(content), name
    assert mdoc_checks.ISSUER_CHECKS == mdoc_presentation.ISSUER_CHECKS
