"""Trust lists against the shared vectors: each refused under its code; with each check taken out in turn, some vector notices."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from idverify.credentials import certified_jws, credential_errors, jws, trust_list, trust_list_checks, trust_list_errors
from idverify.credentials import errors as token_errors
from idverify.credentials.anchors import Anchor
from idverify.credentials.trust_list_checks import Held
from idverify.credentials.trust_list_document import Document, Entity
from idverify.errors import SigningUnavailable, TokenInvalid
from idverify.keys.certified import Certified

from .authority import Authority, public, signer

FILE = Path(__file__).parents[1] / "vectors" / "credentials" / "trust_lists.json"
_CONTENT = json.loads(FILE.read_text())
VECTORS = [_CONTENT["common"] | one for one in _CONTENT["vectors"]]
NOW = 1_800_000_000.0

# Nothing that a list brings along can reach these: its one key is the leaf's, which is P-256 and has only what a certificate gives.
UNREACHABLE = {"key_is_p256", "key_use_is_signature", "key_ops_allow_verification", "key_alg_agrees"}
# Taken out, the library behind them refuses with the same code: tests/credentials/test_checks.py shows them apart.
BACKED = {"signature_has_64_bytes"}
# The leaf is examined when its key is asked for: these say when, and the code is the same without them.
ORDER_ONLY = {"kid_selects_one_key"}


def examine(vector: dict[str, Any]) -> tuple[str, dict[str, dict[str, list[str]]]]:
    """The code, and whom the list vouches for."""
    held = vector["held"] and Held(vector["held"]["sequence"], vector["held"]["sha256"])
    try:
        found = trust_list.validate(vector["text"] + vector["pad"] * "A", pin=vector["pin"], now=vector["now"], held=held)
    except TokenInvalid as error:
        return error.code, {}
    return "accepted", {one.fingerprint: {"types": sorted(one.types), "issuers": [*one.issuers]} for one in found.anchors}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["name"])
def test_a_vector_is_answered_with_its_code(vector):
    """And an accepted list vouches for its roots, for their types and issuers, and for nobody else."""
    code, anchors = examine(vector)
    assert code == vector["expect"]["code"]
    assert anchors == vector["expect"].get("anchors", {})


def test_every_code_has_three_vectors_that_differ_from_an_accepted_one_in_a_named_field():
    """Those that a trust list can meet: a code that is added needs its vectors."""
    counted = Counter(one["expect"]["code"] for one in VECTORS)
    assert all(one["differs"] for one in VECTORS)
    assert len({one["name"] for one in VECTORS}) == len(VECTORS)
    assert min(counted.values()) >= 3
    mine = {one.code for one in trust_list_errors.REFUSALS}
    certificates = {one.code for one in credential_errors.REFUSALS if one.code.startswith("certificate_")}
    signatures = {
        one.code
        for one in token_errors.REFUSALS
        if one.code not in {"token_key_ambiguous", "token_key_unsuitable"}
        and one.__name__ not in {"TokenTime", "TokenExpired", "TokenNotYetValid", "TokenFromTheFuture", "TokenLifetime"}
        and one.__name__ not in {"TokenAudience", "TokenIssuer", "TokenNonce", "TokenEnvironment", "TokenClaim"}
        and one.__name__ not in {"TokenAssurance", "TokenMethods", "TokenReference"}
    }
    assert set(counted) == {"accepted"} | mine | certificates | signatures


CHECKS = (*trust_list.SIGNATURE_CHECKS, *trust_list_checks.CHECKS)


@pytest.mark.parametrize("name", [one.__name__ for one in CHECKS if one.__name__ not in UNREACHABLE | BACKED | ORDER_ONLY])
def test_with_a_check_taken_out_some_vector_notices(name, monkeypatch):
    """Each check earns its place."""
    for module, tuples in ((trust_list, "SIGNATURE_CHECKS"), (trust_list_checks, "CHECKS")):
        monkeypatch.setattr(module, tuples, tuple(one for one in getattr(module, tuples) if one.__name__ != name))
    assert any(examine(one)[0] != one["expect"]["code"] for one in VECTORS)


def test_the_checks_of_a_root_earn_their_place_too(monkeypatch):
    """Each of the four that stand for a usable root."""
    for check in trust_list_checks._ROOT_CHECKS:
        with monkeypatch.context() as changed:
            rest = tuple(one for one in trust_list_checks._ROOT_CHECKS if one is not check)
            changed.setattr(trust_list_checks, "_ROOT_CHECKS", rest)
            assert any(examine(one)[0] != one["expect"]["code"] for one in VECTORS), check.__name__


def test_no_check_is_left_out_of_the_lists():
    """The exemptions name checks that exist, and every check of signed tokens is among those of a list."""
    names = {one.__name__ for one in CHECKS}
    assert names >= UNREACHABLE | BACKED | ORDER_ONLY
    assert names >= {one.__name__ for one in (*jws.CHECKS, *certified_jws.CHECKS)}


def listed(by: Authority, key: Any, document: Document) -> str:
    """A list of that operator."""
    leaf = by.certify(public(key), "https://trust.example", begins=NOW - 60, purpose=trust_list.Purpose.TRUST_LIST)
    return trust_list.sign(document, Certified(key, (leaf,), by.certificate, NOW + 60))


def test_a_list_is_read_as_it_was_written():
    """Names in two languages, a territory, an issuer's URL."""
    operator, city = Authority("Operator", begins=NOW - 60), Authority("City", begins=NOW - 60)
    entity = Entity(Anchor("City", city.certificate, frozenset({"urn:idverify:vct:identity-card:1"}), ("https://id.example",)))
    names = {"zh-CN": "信任列表", "en": "Operator"}
    document = Document(3, names, "CN", NOW, NOW + trust_list.UPDATE_SECONDS, (entity,))
    pin = hashlib.sha256(operator.certificate).hexdigest()
    found = trust_list.validate(listed(operator, signer(), document), pin=pin, now=NOW)
    assert found.document == document
    assert found.anchors == (entity.anchor,)


def test_a_list_that_is_only_signed_again_is_the_same_list():
    """Another signature, another key under the same root: the held digest is of what it says."""
    operator = Authority("Operator", begins=NOW - 60)
    document = Document(3, {"en": "Operator"}, None, NOW, NOW + 60, ())
    pin = hashlib.sha256(operator.certificate).hexdigest()
    first = trust_list.validate(listed(operator, signer(), document), pin=pin, now=NOW)
    again = trust_list.validate(listed(operator, signer(), document), pin=pin, now=NOW, held=first.held)
    assert again == first


def test_a_list_is_not_signed_with_a_key_that_the_certificate_is_not_of():
    """No reader would accept it."""
    operator, key = Authority("Operator", begins=NOW - 60), signer()
    leaf = operator.certify(public(signer()), "https://trust.example", begins=NOW)
    with pytest.raises(SigningUnavailable):
        trust_list.sign(
            Document(1, {"en": "x"}, None, NOW, NOW + 60, ()), Certified(key, (leaf,), operator.certificate, NOW + 60)
        )
