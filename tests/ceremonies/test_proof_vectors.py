"""The vectors of wallets' proofs, as an issuer reads them, with its grants and its memory of what was used; and mutation: with each
check taken out in turn, some vector notices.
"""

from collections import Counter
from typing import Any

import pytest
from credentials import jws_vectors
from credentials.vectors import FOLDER, of_kind

from idverify.ceremonies import Parts
from idverify.ceremonies.founding import Foundation
from idverify.ceremonies.grant_record import ACCESS_SECONDS, Grant, add_grant, grant_shown
from idverify.ceremonies.wallet_secrets import secret_hash
from idverify.credentials import dpop, possession, proof_errors, self_signed
from idverify.credentials.assurance import SUPERVISED
from idverify.errors import TokenInvalid
from idverify.store import Connection, spent

VECTORS = of_kind("dpop") | {f"possession {name}": one for name, one in of_kind("possession").items()}
BASES = {kind: of_kind(kind) for kind in ("dpop", "possession")}
REFUSED = [name for name, one in VECTORS.items() if one["expect"]["code"] != "accepted"]
PLACES = [(dpop, "CHECKS"), (possession, "CHECKS"), (self_signed, "CHECKS")]
NAMES = {check.__name__ for module, place in PLACES for check in getattr(module, place)}
BACKED = {"signature_has_64_bytes"}  # the library refuses with the same code: see credentials/test_checks.py


def granted(parts: Parts, tx: Connection, vector: dict[str, Any]) -> None:
    """The access token was granted to that key."""
    person = Foundation("sub_1", "cli_1", "https://hotel.example", SUPERVISED, (), vector["now"])
    until = vector["now"] + ACCESS_SECONDS
    grant = Grant(
        "crd_1", secret_hash(vector["access_token"]), None, vector["bound_to"], person, ("identity_card",), until, True
    )
    add_grant(parts, tx, grant)


def read(parts: Parts, tx: Connection, vector: dict[str, Any]) -> None:
    """As the credential endpoint does, or the token endpoint where there is no access token. Raises TokenInvalid."""
    if vector["kind"] == "possession":
        possession.validate(vector["text"], issuer=vector["issuer"], now=vector["now"])
        return
    expected = dpop.Expected(vector["method"], vector["url"], vector["access_token"], vector["now"])
    for text in vector["seen"]:
        earlier = dpop.validate(text, expected)
        assert spent.spend(tx, earlier.digest, earlier.expires_at)
    proof = dpop.validate(vector["text"], expected)
    if vector["access_token"] is not None:
        granted(parts, tx, vector)
        grant_shown(parts, tx, vector["access_token"], proof)
    if not spent.spend(tx, proof.digest, proof.expires_at):
        raise proof_errors.ProofReplayed


def outcome(parts: Parts, vector: dict[str, Any]) -> dict[str, Any]:
    """What the reader says, or what it broke with."""
    try:
        with parts.store.transaction() as tx:
            read(parts, tx, vector)
            tx.rollback()  # the next vector finds the store as it was
    except TokenInvalid as refused:
        return {"code": refused.code}
    except Exception as error:
        return {"broke": type(error).__name__}
    return {"code": "accepted"}


def test_every_vector_ends_as_it_says(parts):
    """Accepted ones, and ones that differ from those in one thing."""
    found = {name: outcome(parts, one) for name, one in VECTORS.items()}
    assert {name: one for name, one in found.items() if one != VECTORS[name]["expect"]} == {}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_vector_differs_from_an_accepted_one_in_the_field_it_names(name):
    """And in nothing else."""
    vector = VECTORS[name]
    jws_vectors.assert_differs_in_its_field_alone(vector, BASES[vector["kind"]][vector["base"]])


@pytest.mark.parametrize("name", sorted(NAMES - BACKED))
def test_without_any_one_check_some_vector_notices(name, monkeypatch, parts):
    """No check is idle, and none is unwatched."""
    jws_vectors.assert_missed(monkeypatch, PLACES, name, VECTORS, lambda vector: outcome(parts, vector))


def test_each_refusal_of_a_proof_has_three_vectors_at_least():
    """All that proof_errors.py names of proofs, and what else one of possession must say."""
    shown = Counter((VECTORS[name]["kind"], VECTORS[name]["expect"]["code"]) for name in REFUSED)
    wanted = [("dpop", one.code) for one in proof_errors.REFUSALS if one.code.startswith("proof_")]
    assert len(wanted) == 9
    wanted += [("possession", code) for code in ("proof_header", "proof_key", "proof_stale", "token_audience", "token_nonce")]
    assert {one: shown[one] for one in wanted if shown[one] < 3} == {}


@pytest.mark.checkout
def test_the_files_are_what_their_maker_writes():
    """Nobody edits a vector by hand."""
    maker = pytest.importorskip("tests.vectors.credentials.make_proof_vectors")
    for name, content in maker.files().items():
        assert (FOLDER / name).read_text() == content, name
    assert len(maker.DPOP.made) + len(maker.POSSESSION.made) == len(VECTORS), "two vectors have one name"
