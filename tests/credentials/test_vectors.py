"""The vectors of presentations, which every validator of these credentials is held to, and ours first."""

from collections import Counter

import pytest

from idverify.credentials import (
    believed,
    certificates,
    certified_jws,
    credential_checks,
    credential_errors,
    errors,
    jws,
    key_binding,
    sd_jwt,
)

from . import vectors

VECTORS = vectors.of_kind("presentation")
ACCEPTED = [name for name, one in VECTORS.items() if one["expect"]["code"] == "accepted"]
REFUSED = [name for name in VECTORS if name not in ACCEPTED]
PLACES = [
    (jws, "HEADER_CHECKS"),
    (jws, "BODY_CHECKS"),
    (jws, "CHECKS"),
    (certified_jws, "CHECKS"),
    (certificates, "CHECKS"),
    (certificates, "TIME_CHECKS"),
    (credential_checks, "CHECKS"),
    (sd_jwt, "CHECKS"),
    (key_binding, "CHECKS"),
    (believed, "CHECKS"),
]
# Of key sets, which a certificate's key and a holder's key cannot fail; and one that the library backs. See test_checks.py.
OF_KEY_SETS = {
    "kid_selects_one_key",
    "key_is_p256",
    "key_use_is_signature",
    "key_ops_allow_verification",
    "key_alg_agrees",
    "signature_has_64_bytes",
}
# Fields that change because another one did.
FOLLOW = {"jwt.signature", "binding.signature", "leaf.signature", "binding.sd_hash", "text", "jwt", "binding"}


def outcome(name):
    """What our validator says of a vector."""
    vector = VECTORS[name]
    certificates.examined.cache_clear()
    return vectors.outcome(vector, vectors.believed(vector))


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_found_to_be_what_it_says(name):
    """Authentic, holder bound, status and code."""
    assert outcome(name) == VECTORS[name]["expect"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_vector_differs_from_an_accepted_one_in_the_field_it_names(name):
    """And in nothing else, but for signatures and hashes over it."""
    vector = VECTORS[name]
    assert VECTORS[vector["base"]]["expect"]["code"] == "accepted"
    one, other = vectors.fields(vector), vectors.fields(VECTORS[vector["base"]])
    changed = {field for field in one.keys() | other.keys() if one.get(field) != other.get(field)}
    named = {vector["differs"]}
    if vector["differs"] in ("text", "jwt", "binding"):  # not to be taken apart: the rest of the text stands
        within = {"text": "", "jwt": "header. payload. leaf", "binding": "binding."}[vector["differs"]].split()
        changed = {field for field in changed if vector["differs"] != "text" and not field.startswith(tuple(within))}
        changed |= named
    if "disclosures" in named:
        named.add("payload._sd")
    if any(field.startswith("leaf.") for field in named):
        named |= {"header.x5c", "leaf.signature"}
    if vector["differs"] == "header.x5c":
        changed = {field for field in changed if not field.startswith("leaf")}
    if vector["differs"].startswith("anchor."):
        part = vector["differs"].partition(".")[2]
        named |= {f"anchor.0.{part}", "anchor.0.signature", "trust"}
        changed.add(vector["differs"])
    if vector["differs"] == "trust":
        changed = {field for field in changed if not field.startswith("anchor.")}
    assert vector["differs"] in changed
    assert changed - FOLLOW <= named


@pytest.mark.parametrize(
    "name", sorted({check.__name__ for module, place in PLACES for check in getattr(module, place)} - OF_KEY_SETS)
)
def test_a_check_that_is_taken_out_is_missed_by_a_vector(name, monkeypatch):
    """Mutation by construction: without any one check, some vector is found to be something else."""
    for module, place in PLACES:
        kept = tuple(check for check in getattr(module, place) if check.__name__ != name)
        monkeypatch.setattr(module, place, kept)
    assert any(outcome(one) != VECTORS[one]["expect"] for one in REFUSED)


def test_each_code_has_three_vectors():
    """Those that a presentation can meet; keys come from certificates and credentials here, not from key sets."""
    counted = Counter(VECTORS[name]["expect"]["code"] for name in REFUSED)
    codes = {one.code for one in credential_errors.REFUSALS} | {"credential_revoked", "credential_suspended"}
    shared = {one.code for one in errors.REFUSALS if not issubclass(one, credential_errors._CredentialRefused)}
    of_verdicts = {
        "token_key_ambiguous",
        "token_key_unsuitable",
        "token_time",
        "token_expired",
        "token_not_yet_valid",
        "token_from_the_future",
        "token_lifetime",
        "token_audience",
        "token_issuer",
        "token_nonce",
        "token_claim",
        "token_assurance",
        "token_methods",
        "token_reference",
    }
    assert {code for code, number in counted.items() if number >= 3} == codes | (shared - of_verdicts) | {"trust_list_expired"}


@pytest.mark.checkout
def test_the_files_are_what_their_maker_writes():
    """Nobody edits a vector by hand."""
    make_vectors = pytest.importorskip("tests.vectors.credentials.make_vectors")
    for name, content in make_vectors.files().items():
        assert (vectors.FOLDER / name).read_text() == make_vectors.spelled(content), name
