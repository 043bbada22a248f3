"""Mutation by construction: each check of the validator is taken out in turn, and what it kept out is shown to get in.

ALONE: attacks that exactly one check stands against. COVERED: attacks that a second line would stop too (joserfc, or a later
check); there the refusal changes when the check is taken out, so that its absence is seen all the same.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from idverify.credentials import jws, verdict, verdict_checks
from idverify.credentials.errors import REFUSALS
from idverify.errors import TokenInvalid
from idverify.keys.file import FileSigner

from .forge import AUDIENCE, NOW, Forge, dump

ALL = tuple(check.__name__ for check in (*jws.CHECKS, *verdict_checks.CHECKS))


class Attack(NamedTuple):
    """check: the one that refuses it. code: of the refusal. token: as the attacker makes it. held: what the hotel passes."""

    check: str
    code: str
    token: Callable[[Forge], Any]
    held: Callable[[Forge], dict[str, Any]] = lambda _: {}


def duplicated(text: bytes, name: str, value: object) -> bytes:
    """A JSON object that names a member twice, the other value first: most readers take the last."""
    return b"{" + dump(name) + b":" + dump(value) + b"," + text[1:]


def left_over_bits(forge: Forge) -> str:
    """Another last character, whose four unused bits are not zero: the same 64 bytes to a lenient reader."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return forge.token[:-1] + alphabet[alphabet.index(forge.token[-1]) + 1]


def two_keys(forge: Forge) -> dict[str, Any]:
    """A key set in which two keys answer to one kid."""
    other = FileSigner.new().public_jwk()
    return {"trust": {"keys": [*forge.trust["keys"], other | {"kid": forge.signer.kid}]}}


def caller_reference(forge: Forge, *gone: str, **claims: Any) -> str:
    """A token over a reference that the caller sent, changed."""
    honest = forge.payload | {"reference_source": "caller", "reference_digest": "ab" * 32} | claims
    return forge.raw(dump(forge.header), dump({name: value for name, value in honest.items() if name not in gone}))


ALONE = [
    Attack("size_is_bounded", "token_too_large", lambda f: f.with_claims(purpose="x" * 9000)),
    Attack(
        "header_has_no_duplicates",
        "token_duplicate_member",
        lambda f: f.raw(duplicated(dump(f.header), "alg", "none"), dump(f.payload)),
    ),
    Attack("nothing_is_critical", "token_critical", lambda f: f.with_header(crit=["kid"])),
    Attack("header_members_are_known", "token_header_forbidden", lambda f: f.with_header(jku="https://evil.example/jwks")),
    Attack("header_members_are_known", "token_header_forbidden", lambda f: f.with_header(x5u="https://evil.example/x5u")),
    Attack("header_members_are_known", "token_header_forbidden", lambda f: f.with_header(jwk=f.signer.public_jwk())),
    Attack("header_members_are_known", "token_header_forbidden", lambda f: f.with_header(x5c=["MIIB"])),
    Attack("header_members_are_known", "token_header_forbidden", lambda f: f.with_header(cty="JWT")),
    Attack("type_is_exact", "token_type", lambda f: f.with_header(typ="JWT")),
    Attack("type_is_exact", "token_type", lambda f: f.with_header("typ")),
    Attack("type_is_exact", "token_type", lambda f: f.with_header(typ="Verification-Result+JWT")),
    Attack("kid_selects_one_key", "token_key_ambiguous", lambda f: f.token, two_keys),
    Attack("key_is_p256", "token_key_unsuitable", lambda f: f.token, lambda f: {"trust": f.trusting(d="AAAA")}),
    Attack("key_is_p256", "token_key_unsuitable", lambda f: f.token, lambda f: {"trust": f.trusting(crv="P-384")}),
    Attack("key_is_p256", "token_key_unsuitable", lambda f: f.token, lambda f: {"trust": f.trusting(kty="oct")}),
    Attack("key_use_is_signature", "token_key_unsuitable", lambda f: f.token, lambda f: {"trust": f.trusting(use="enc")}),
    Attack(
        "key_ops_allow_verification",
        "token_key_unsuitable",
        lambda f: f.token,
        lambda f: {"trust": f.trusting(key_ops=["sign"])},
    ),
    Attack(
        "key_ops_allow_verification",
        "token_key_unsuitable",
        lambda f: f.token,
        lambda f: {"trust": f.trusting(key_ops="verify")},
    ),
    Attack("key_alg_agrees", "token_key_unsuitable", lambda f: f.token, lambda f: {"trust": f.trusting(alg="ES384")}),
    Attack(
        "signature_holds",
        "token_signature",
        lambda f: f.with_signature(FileSigner.new().sign(f.token.rpartition(".")[0].encode())),
    ),
    Attack("signature_holds", "token_signature", lambda f: f.with_signature(bytes(64))),
    Attack(
        "payload_has_no_duplicates",
        "token_duplicate_member",
        lambda f: f.raw(dump(f.header), duplicated(dump(f.payload), "aud", "https://police.example")),
    ),
    Attack(
        "payload_has_no_duplicates",
        "token_duplicate_member",
        lambda f: f.raw(dump(f.header), dump(f.payload).replace(b'"policy":{', b'"policy":{"fmr_high":0.5,')),
    ),
    Attack("payload_numbers_are_json", "token_number", lambda f: f.with_claims(extra=float("nan"))),
    Attack("payload_numbers_are_json", "token_number", lambda f: f.with_claims(extra=float("-inf"))),
    Attack("payload_is_shallow", "token_nesting", lambda f: f.with_claims(extra=json.loads("[" * 8 + "]" * 8))),
    Attack("payload_text_is_unicode", "token_text", lambda f: f.with_claims(purpose="\ud800")),
    Attack("payload_text_is_unicode", "token_text", lambda f: f.with_claims(**{"\udfff": 1})),
    Attack("times_are_numbers", "token_time", lambda f: f.with_claims(nbf=True)),
    Attack("times_are_numbers", "token_time", lambda f: f.with_claims(nbf=-1)),
    Attack("issued_before_now", "token_from_the_future", lambda f: f.with_claims(iat=NOW + 66, exp=NOW + 600)),
    Attack("begun", "token_not_yet_valid", lambda f: f.with_claims(nbf=NOW + 66)),
    Attack("not_expired", "token_expired", lambda f: f.token, lambda _: {"now": NOW + 600}),
    Attack("lifetime_is_capped", "token_lifetime", lambda f: f.with_claims(exp=NOW + 601)),
    Attack("lifetime_is_capped", "token_lifetime", lambda f: f.with_claims(iat=NOW + 30, exp=NOW + 20)),
    Attack("audience_is_ours_alone", "token_audience", lambda f: f.with_claims(aud="https://police.example")),
    Attack("audience_is_ours_alone", "token_audience", lambda f: f.with_claims(aud=[AUDIENCE])),
    Attack("audience_is_ours_alone", "token_audience", lambda f: f.with_claims(aud=[AUDIENCE, "https://police.example"])),
    Attack("audience_is_ours_alone", "token_audience", lambda f: f.with_claims(aud=AUDIENCE + "/")),
    Attack("issuer_is_expected", "token_issuer", lambda f: f.with_claims(iss="https://other.example")),
    Attack("nonce_is_ours", "token_nonce", lambda f: f.with_claims(nonce="another-nonce")),
    Attack("nonce_is_ours", "token_nonce", lambda f: f.with_claims("nonce")),
    Attack("environment_is_production", "token_environment", lambda f: f.issue(environment="dev")),
    Attack("environment_is_production", "token_environment", lambda f: f.issue(environment="sandbox")),
    Attack(
        "environment_is_production", "token_environment", lambda f: f.with_claims(env="staging"), lambda _: {"allow_dev": True}
    ),
    Attack("claims_have_their_types", "token_claim", lambda f: f.with_claims(purpose=["check-in"])),
    Attack("claims_have_their_types", "token_claim", lambda f: f.with_claims(sub={"name": "x"})),
    Attack(
        "claims_have_their_types",
        "token_claim",
        lambda f: f.with_claims(policy={"name": "p", "target_fmr": True, "fmr_high": 0.1}),
    ),
    Attack(
        "claims_have_their_types",
        "token_claim",
        lambda f: f.with_claims(policy={"name": "p", "target_fmr": 0.1, "fmr_high": 1.5}),
    ),
    Attack("liveness_is_what_acr_says", "token_assurance", lambda f: f.with_claims(liveness_level="high")),
    Attack("methods_were_earned", "token_methods", lambda f: f.with_claims(amr=["face", "pin"])),
    Attack("methods_were_earned", "token_methods", lambda f: f.with_claims(checks=["quality"])),
    Attack("reference_source_is_known", "token_reference", lambda f: f.with_claims(reference_source="self")),
    Attack("reference_names_the_right_thing", "token_reference", caller_reference),
    Attack("reference_names_the_right_thing", "token_reference", lambda f: caller_reference(f, "sub", reference_digest="ab")),
    Attack("reference_names_the_right_thing", "token_reference", lambda f: caller_reference(f, "sub", "reference_digest")),
    Attack("reference_names_the_right_thing", "token_reference", lambda f: f.with_claims("sub")),
    Attack("reference_names_the_right_thing", "token_reference", lambda f: f.with_claims(reference_digest="ab" * 32)),
    Attack("acr_is_known", "token_assurance", lambda f: f.with_claims(acr="urn:example:gold")),
]

COVERED = [
    (Attack("base64url_is_canonical", "token_encoding", left_over_bits), "token_signature"),
    (Attack("base64url_is_canonical", "token_encoding", lambda f: f.token + "=="), "token_signature"),
    (Attack("base64url_is_canonical", "token_encoding", lambda f: f.token[:60] + " " + f.token[60:]), "token_signature"),
    (Attack("base64url_is_canonical", "token_encoding", lambda f: f.token[:60] + "!" + f.token[60:]), "token_signature"),
    (Attack("three_parts", "token_malformed", lambda f: f.token + ".AAAA"), "token_signature"),
    (Attack("three_parts", "token_malformed", lambda f: f.token.rpartition(".")[0] + "."), "token_signature"),
    (Attack("algorithm_is_pinned", "token_algorithm", lambda f: f.with_header(alg="none")), "token_signature"),
    (Attack("algorithm_is_pinned", "token_algorithm", lambda f: f.with_header(alg="HS256")), "token_signature"),
    (Attack("algorithm_is_pinned", "token_algorithm", lambda f: f.with_header(alg="ES384")), "token_signature"),
    (Attack("algorithm_is_pinned", "token_algorithm", lambda f: f.with_header(alg=["ES256"])), "token_signature"),
    (Attack("algorithm_is_pinned", "token_algorithm", lambda f: f.with_header("alg")), "token_signature"),
]


def without(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Take one check out, wherever it stands."""
    for module, used_by in ((jws, jws), (verdict_checks, verdict)):
        monkeypatch.setattr(used_by, "CHECKS", tuple(check for check in module.CHECKS if check.__name__ != name))


@pytest.mark.parametrize("attack", ALONE, ids=[f"{number}-{one.check}" for number, one in enumerate(ALONE)])
def test_an_attack_is_refused_by_its_check_and_would_get_in_without_it(forge, monkeypatch, attack):
    """Refused under its code; accepted as soon as that one check is gone, and refused when any other is."""
    token, held = attack.token(forge), attack.held(forge)
    for name in ALL:
        with monkeypatch.context() as changed:
            without(changed, name)
            if name == attack.check:
                assert forge.validate(token, **held)
            else:
                with pytest.raises(TokenInvalid) as refused:
                    forge.validate(token, **held)
                assert refused.value.code == attack.code


@pytest.mark.parametrize(("attack", "second"), COVERED)
def test_an_attack_with_two_lines_against_it_is_refused_by_the_first(forge, monkeypatch, attack, second):
    """With the check gone the library still refuses, under another code."""
    token = attack.token(forge)
    with pytest.raises(TokenInvalid) as refused:
        forge.validate(token)
    assert refused.value.code == attack.code
    without(monkeypatch, attack.check)
    with pytest.raises(TokenInvalid) as refused:
        forge.validate(token)
    assert refused.value.code == second


def test_a_signature_of_another_length_is_refused_before_the_library_sees_it(forge, monkeypatch):
    """DER, over-long r || s with leading zeros, and a short one; the library would refuse them too."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = forge.signature[:32], forge.signature[32:]
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    shapes = [der, b"\0" + r + b"\0" + s, r + s + b"\0", r + s[:-1], b"\0" * 32 + r + s, b""]
    library = []
    monkeypatch.setattr(jws.joserfc_jws, "deserialize_compact", lambda *_, **__: library.append(1))
    for shape in shapes[:-1]:
        with pytest.raises(TokenInvalid) as refused:
            forge.validate(forge.with_signature(shape))
        assert refused.value.code == "token_signature"
    assert library == []
    without(monkeypatch, "signature_has_64_bytes")
    for shape in shapes[:-1]:
        assert forge.validate(forge.with_signature(shape))


def test_no_check_is_without_an_attack():
    """A check that is added needs its attack here."""
    shown = {attack.check for attack in ALONE} | {attack.check for attack, _ in COVERED} | {"signature_has_64_bytes"}
    assert shown == set(ALL)


def test_no_refusal_is_without_an_attack_and_each_has_its_own_code():
    """Those that no check raises belong to the lenient readers, and are met in test_jws.py."""
    codes = [refusal.code for refusal in REFUSALS]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("token_") for code in codes)
    shown = {attack.code for attack in ALONE} | {attack.code for attack, _ in COVERED}
    assert set(codes) - shown == {"token_key_unknown"}


def test_the_genuine_token_passes_every_check(forge):
    """The base on which each attack changes one thing."""
    assert forge.validate(forge.token).audience == AUDIENCE
