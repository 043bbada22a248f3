"""What the two validators say of one verdict token is the same, code and claims, whatever the right key signed and the reader holds."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from idverify.credentials import verdict
from idverify.errors import TokenInvalid
from idverify.keys.file import FileSigner
from tests.credentials import vectors
from tests.credentials.forge import AUDIENCE, ISSUER, NONCE, NOW, Forge, dump
from tests.web.javascript import node

pytestmark = pytest.mark.checkout

TOKENS = 600
OTHER = FileSigner.new().public_jwk()
ODD = tuple(
    one.encode()
    for one in (
        *(
            "null",
            "true",
            "0",
            "-1",
            "1",
            "-0",
            "5.0",
            "0.5",
            "1e400",
            "NaN",
            "9" * 400,
            "[]",
            "{}",
            '""',
            '"a"',
            '["face"]',
            "[1]",
        ),
        *('"\\ud800"', '"\\u0061"', '"__proto__"', '{"__proto__":1}', '{"a":1,"a":2}', "01", "'a'", "[[[[[[[[1]]]]]]]]"),
        *(str(number) for number in (2**53 - 1, 2**53, 2**53 + 1, int(NOW) + 60, NOW + 65.5, int(NOW) + 600, NOW + 599.5)),
        *(json.dumps(one) for one in (AUDIENCE, [AUDIENCE], ISSUER, NONCE, "registry", "caller", "dev", "ab" * 32, "é张")),
        *('"urn:idverify:acr:live-passive"', '"passive"', '"none"', '{"name":"p","target_fmr":1,"fmr_high":0.0}'),
    )
)


def spelled(content: dict[str, Any], random: Random) -> bytes:
    """A JSON object in which up to two members are odd, missing, doubled or new."""
    members = {name: dump(value) for name, value in content.items()}
    for _ in range(random.randint(0, 2)):
        name = random.choice([*content, "nbf", "env", "reference_digest", "extra", "crit", "__proto__", "constructor"])
        if random.random() < 0.15:
            members.pop(name, None)
        else:
            members[name] = random.choice(ODD)
    doubled = [random.choice(list(members.items()))] if random.random() < 0.05 else []
    return b"{" + b",".join(dump(name) + b":" + value for name, value in [*members.items(), *doubled]) + b"}"


def tried(random: Random, forge: Forge) -> dict[str, Any]:
    """A vector: a token that the right key signed, and a reader; one of the two, or the text, may be odd."""
    header, payload, trust = dump(forge.header), dump(forge.payload), dict(forge.trust)
    which = random.random()
    if which < 0.6:
        payload = spelled(forge.payload, random)
    elif which < 0.7:
        header = spelled(forge.header, random)
    elif which < 0.9:
        jwk = forge.signer.public_jwk()
        odd = (
            None,
            True,
            [],
            "",
            "sig",
            "enc",
            "verify",
            ["verify"],
            ["sign"],
            "EC",
            "P-384",
            "ES384",
            jwk["x"] + "=",
            jwk["y"],
            1,
        )
        changed = jwk | {random.choice((*jwk, "use", "key_ops", "alg", "d", "x", "y")): random.choice(odd)}
        trust = {"keys": random.choice(([changed], [OTHER, changed], [changed, jwk], [OTHER | {"kid": jwk["kid"]}, jwk]))}
    text = list(forge.raw(header, payload))
    if which >= 0.9:
        at = random.randrange(len(text))
        text[at : at + random.randint(0, 1)] = random.choice(("", "A", "w", ".", "=", "-", "é", "\n", "+", "/"))
    reader = {
        "audience": AUDIENCE,
        "issuer": random.choice((ISSUER, None)),
        "nonce": random.choice((NONCE, None)),
        "now": NOW + 5,
        "allow_dev": random.random() < 0.5,
    }
    return {"kind": "verdict", "trust": trust, "text": "".join(text), **reader}


def said(vector: dict[str, Any]) -> dict[str, Any]:
    """What Python says, the claims under the names that a token gives them."""
    facts = {name: vector[name] for name in ("audience", "issuer", "nonce", "now", "allow_dev")}
    try:
        found = verdict.validate(vector["text"], vector["trust"], **facts)
    except TokenInvalid as refused:
        return {"code": refused.code, "claims": {}}
    claims = {
        **{"jti": found.token_id, "iss": found.issuer, "aud": found.audience, "azp": found.client_id, "sub": found.subject},
        **{"txn": found.transaction_id, "nonce": found.nonce, "purpose": found.purpose, "checks": list(found.checks)},
        **{"policy": {"name": found.policy, "target_fmr": found.target_fmr, "fmr_high": found.fmr_high}},
        **{"amr": list(found.amr), "acr": found.acr, "liveness_level": found.liveness_level, "model_pack": found.model_pack},
        **{"reference_source": found.reference_source, "reference_digest": found.reference_digest},
        **{"iat": found.issued_at, "exp": found.expires_at},
        "env": None if found.environment == "production" else found.environment,
    }
    return {"code": "accepted", "claims": {name: value for name, value in claims.items() if value is not None}}


def test_both_validators_say_the_same_of_a_verdict():
    """Every shared vector, and tokens that differ from a sound one in up to two things."""
    random, forge = Random(5), Forge()
    asked = [*vectors.of_kind("verdict").values(), *(tried(random, forge) for _ in range(TOKENS))]
    answers = json.loads(node("answers.mjs", given=json.dumps([{"part": "whole", "vector": one} for one in asked])))
    counted: Counter[str] = Counter()
    for vector, answer in zip(asked, answers, strict=True):
        answer["claims"].pop("nbf", None)  # Python names no claim for it
        assert answer == said(vector), vector
        counted[answer["code"]] += 1
    assert len(counted) > 25, "codes that all end alike show nothing"
    assert counted["accepted"] > 50
