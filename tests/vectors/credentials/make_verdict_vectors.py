"""Writes verdict.json: verdict tokens that hold, and tokens that differ from one of those in the single field that `differs` names.

    python -m tests.vectors.credentials.make_verdict_vectors

Members beside those of every vector: trust, the JWK Set that the reader holds; audience, issuer and nonce (null: not compared),
now and allow_dev, of the reader. Keys and signatures are the same at every run.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idverify.credentials.assurance import ACTIVE, ATTESTED, PHOTO
from tests.credentials.city import ORDER, SteadySigner
from tests.credentials.forge import AUDIENCE, ISSUER, NONCE, NOW, Forge, dump

FILE = Path(__file__).with_name("verdict.json")
CITY, STRANGER = Forge(SteadySigner("verdicts")), SteadySigner("stranger")
JWK = CITY.signer.public_jwk()
OTHER_JWK = STRANGER.public_jwk()
COMMON: dict[str, Any] = {
    "kind": "verdict",
    "trust": CITY.trust,
    "audience": AUDIENCE,
    "issuer": ISSUER,
    "nonce": NONCE,
    "now": NOW + 5,
    "allow_dev": False,
}
SPELLED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DIGEST = "ab" * 32


class Base(NamedTuple):
    """claims, gone: how its payload differs from a registry verdict's. reader: what its reader holds."""

    claims: dict[str, Any]
    gone: tuple[str, ...] = ()
    reader: Mapping[str, Any] = MappingProxyType({})


CHECKED = ["quality", "pad", "challenge", "comparison"]
CALLED = {"reference_source": "caller", "reference_digest": DIGEST}
BASES = {
    "registry": Base({}),
    "caller": Base(CALLED, ("sub",)),
    "live": Base({"acr": ACTIVE, "liveness_level": "active", "checks": CHECKED}),
    "development, allowed": Base({"env": "dev"}, reader={"allow_dev": True}),
    "sandbox, allowed": Base({"env": "sandbox"}, reader={"allow_dev": True}),
    "no nonce asked": Base({}, ("nonce",), {"nonce": None}),
    "any issuer": Base({"iss": "https://other.example"}, reader={"issuer": None}),
    "a second left": Base({}, reader={"now": NOW + 599}),
    "issued in a minute": Base({}, reader={"now": NOW - 60}),
    "begun in a minute": Base({"nbf": NOW + 65}),
    "a claim of others": Base({"extra": {"deep": [[[[[1]]]]]}}),
    "a key for signatures": Base({}, reader={"trust": CITY.trusting(use="sig", key_ops=["verify"], alg="ES256")}),
    "one key of two": Base({}, reader={"trust": {"keys": [OTHER_JWK, JWK]}}),
}
VECTORS: list[dict[str, Any]] = []


def payload_of(base: Base) -> dict[str, Any]:
    """Its claims."""
    return {name: value for name, value in CITY.payload.items() if name not in base.gone} | base.claims


def vector(expected: str, name: str, base: str | None, differs: str | None, text: str, **reader: Any) -> None:
    """One more."""
    made = {"name": name, "base": base, "differs": differs, **reader, "text": text, "expect": {"code": expected}}
    VECTORS.append(made)


def refused(code: str, differs: str, note: str, text: str, base: str = "registry", **reader: Any) -> None:
    """A token that differs from that base."""
    of = "" if base == "registry" else f" ({base})"
    vector(code, f"{code}: {differs}, {note}{of}", base, differs, text, **(BASES[base].reader | reader))


def claim(code: str, name: str, *values: Any, base: str = "registry") -> None:
    """That claim has another value, properly signed; `...`: it is missing."""
    honest = payload_of(BASES[base])
    for value in values:
        claims = {one: held for one, held in (honest | {name: value}).items() if held is not ...}
        note = "missing" if value is ... else noted(value)
        refused(code, f"payload.{name}", note, CITY.raw(dump(CITY.header), dump(claims)), base)


def header(code: str, name: str, *values: Any) -> None:
    """That member of the header has another value; likewise."""
    for value in values:
        text = CITY.with_header(name) if value is ... else CITY.with_header(**{name: value})
        refused(code, f"header.{name}", "missing" if value is ... else noted(value), text)


def key(code: str, name: str, *values: Any) -> None:
    """That member of the trusted key has another value; likewise."""
    for value in values:
        held = {one: known for one, known in (JWK | {name: value}).items() if known is not ...}
        refused(code, f"trust.{name}", "missing" if value is ... else noted(value), CITY.token, trust={"keys": [held]})


def reader(code: str, name: str, *values: Any, base: str = "registry") -> None:
    """The reader holds something else."""
    text = CITY.raw(dump(CITY.header), dump(payload_of(BASES[base])))
    for value in values:
        refused(code, name, noted(value), text, base, **{name: value})


def texts(code: str, **changed: str) -> None:
    """The text itself is another one."""
    for note, text in changed.items():
        refused(code, "text", note.replace("_", " "), text)


def signatures(**changed: bytes) -> None:
    """Another signature under the genuine token."""
    for note, signature in changed.items():
        refused("token_signature", "jwt.signature", note.replace("_", " "), CITY.with_signature(signature))


def noted(value: Any) -> str:
    """A value in a name."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}... ({len(text)})"


def duplicated(content: dict[str, Any], name: str, value: Any) -> bytes:
    """A JSON object that names a member twice, the other value first: most readers take the last."""
    return b"{" + dump(name) + b":" + dump(value) + b"," + dump(content)[1:]


def make() -> None:
    """All of them."""
    for name, base in BASES.items():
        vector("accepted", name, None, None, CITY.raw(dump(CITY.header), dump(payload_of(base))), **base.reader)
    r, s = (int.from_bytes(half, "big") for half in (CITY.signature[:32], CITY.signature[32:]))
    vector("accepted", "the second signature of it", None, None, CITY.with_signature(ecdsa(r, ORDER - s)))
    form(r, s)
    headers()
    keys()
    times()
    addressed()
    contents()


def ecdsa(r: int, s: int) -> bytes:
    """R || s."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def form(r: int, s: int) -> None:
    """Text, base64url, JSON, signature."""
    token, (first, second, third) = CITY.token, CITY.token.split(".")
    claim("token_too_large", "purpose", "x" * 9000)
    claim("token_too_large", "extra", "x" * 9000)
    header("token_too_large", "kid", "x" * 9000)
    texts("token_malformed", four_parts=token + ".AAAA", two_parts=f"{first}.{second}", no_signature=f"{first}.{second}.")
    texts("token_malformed", no_ASCII=token + "é", empty="", JSON=json.dumps({"payload": second, "signature": third}))
    for note, content in (("a list", b"[]"), ("cut", dump(CITY.payload)[:-1]), ("no UTF-8", b'{"iss":"\xff"}')):
        refused("token_malformed", "payload", note, CITY.raw(dump(CITY.header), content))
    left_over = token[:-1] + SPELLED[SPELLED.index(token[-1]) + 1]
    texts(
        "token_encoding",
        padded=token + "==",
        a_space=f"{token[:60]} {token[60:]}",
        a_foreign_character=f"{token[:60]}!{token[60:]}",
    )
    texts("token_encoding", left_over_bits=left_over, a_line_end=token + "\n", one_character_alone=f"{first}.{second}.A")
    for name, value in (("alg", "none"), ("kid", "other")):
        content = duplicated(CITY.header, name, value)
        refused("token_duplicate_member", f"header.{name}", "twice", CITY.raw(content, dump(CITY.payload)))
    for name, value in (("aud", "https://police.example"), ("sub", "another"), ("exp", NOW + 60)):
        content = duplicated(CITY.payload, name, value)
        refused("token_duplicate_member", f"payload.{name}", "twice", CITY.raw(dump(CITY.header), content))
    inner = dump(CITY.payload).replace(b'"policy":{', b'"policy":{"fmr_high":0.5,')
    refused("token_duplicate_member", "payload.policy", "a member twice", CITY.raw(dump(CITY.header), inner))
    claim("token_number", "extra", float("nan"), float("-inf"), 10**400)
    claim("token_number", "exp", float("inf"))
    claim("token_nesting", "extra", json.loads("[" * 8 + "]" * 8), json.loads('{"a":' * 8 + "1" + "}" * 8))
    claim("token_nesting", "policy", json.loads("[" * 200 + "]" * 200))
    claim("token_text", "purpose", "\ud800", "check-in\udc00")
    claim("token_text", "\udfff", 1)
    der = encode_dss_signature(r, s)
    signatures(DER=der, a_byte_more=ecdsa(r, s) + b"\0", a_byte_less=ecdsa(r, s)[:-1], zeros=bytes(64))
    signatures(numbers_of_33_bytes=b"\0" + ecdsa(r, s)[:32] + b"\0" + ecdsa(r, s)[32:], halves_swapped=ecdsa(s, r))
    signatures(of_a_stranger=STRANGER.sign(f"{first}.{second}".encode()))
    altered = CITY.with_claims(purpose="banking").rpartition(".")[0]
    refused("token_signature", "payload.purpose", "signed as it was", f"{altered}.{third}")


def headers() -> None:
    """What the token says of itself."""
    header("token_critical", "crit", ["kid"], ["b64"], [], None)
    header("token_header_forbidden", "jku", "https://evil.example/jwks")
    header("token_header_forbidden", "x5u", "https://evil.example/x5u")
    header("token_header_forbidden", "jwk", OTHER_JWK)
    header("token_header_forbidden", "x5c", ["MIIB"])
    header("token_header_forbidden", "cty", "JWT")
    header("token_algorithm", "alg", "none", "HS256", "ES384", "es256", ["ES256"], ...)
    header("token_type", "typ", "JWT", "dc+sd-jwt", "Verification-Result+JWT", ["verification-result+jwt"], ...)
    header("token_key_unknown", "kid", OTHER_JWK["kid"], [JWK["kid"]], None, ...)


def keys() -> None:
    """What the reader trusts."""
    key("token_key_unknown", "kid", "another", ...)
    key("token_key_unsuitable", "kty", "oct", "RSA", ...)
    key("token_key_unsuitable", "crv", "P-384", "secp256k1", ...)
    key("token_key_unsuitable", "d", "AAAA", None)
    key("token_key_unsuitable", "use", "enc", None)
    key("token_key_unsuitable", "key_ops", ["sign"], "verify", [], None)
    key("token_key_unsuitable", "alg", "ES384", None)
    key("token_key_unsuitable", "x", JWK["x"] + "=", JWK["y"], "AAAA", 7, ...)
    key("token_key_unsuitable", "y", "A" + JWK["y"], JWK["x"], None)
    twins = (OTHER_JWK | {"kid": JWK["kid"]}, JWK | {"use": "enc"}, JWK)
    for note, more in zip(("another key", "itself for encryption", "itself"), twins, strict=True):
        trust = {"keys": [JWK, more]}
        refused("token_key_ambiguous", "trust.more", f"{note} under its kid", CITY.token, trust=trust)


def times() -> None:
    """From when until when."""
    claim("token_time", "iat", str(int(NOW)), True, None, -1, [NOW], ...)
    claim("token_time", "exp", str(int(NOW)), True, None, -1, 2**53, ...)
    claim("token_time", "nbf", True, -1, "0", None, 2**53 + 1)
    claim("token_from_the_future", "iat", NOW + 66, NOW + 300.5)
    reader("token_from_the_future", "now", NOW - 61, NOW - 86_400)
    claim("token_not_yet_valid", "nbf", NOW + 66, NOW + 65.5, 2**53 - 1)
    reader("token_not_yet_valid", "now", NOW + 4, base="begun in a minute")
    reader("token_expired", "now", NOW + 600, NOW + 600.5, NOW + 86_400)
    claim("token_expired", "exp", NOW + 5, NOW + 1, 0)
    claim("token_lifetime", "exp", NOW + 601, NOW + 600.5, NOW + 86_400, 2**53 - 1)
    claim("token_lifetime", "iat", NOW - 1, 0)
    claim("token_lifetime", "iat", NOW + 600, NOW + 601, base="a second left")


def addressed() -> None:
    """By whom, for whom, in answer to what."""
    both = [AUDIENCE, "https://police.example"]
    claim("token_audience", "aud", "https://police.example", [AUDIENCE], both, AUDIENCE + "/", AUDIENCE.upper(), None, ...)
    reader("token_audience", "audience", "https://police.example")
    claim("token_issuer", "iss", "https://other.example", ISSUER + "/", [ISSUER], ...)
    reader("token_issuer", "issuer", "https://other.example")
    claim("token_nonce", "nonce", "another-nonce", NONCE[:-1], NONCE + "A", [NONCE], ...)
    reader("token_nonce", "nonce", "another-nonce")
    claim("token_environment", "env", "dev", "sandbox", "production", None)
    claim("token_environment", "env", "staging", ["dev"], None, base="development, allowed")
    reader("token_environment", "allow_dev", False, base="sandbox, allowed")


def contents() -> None:
    """What was found."""
    for name in ("azp", "jti", "txn", "purpose", "acr", "liveness_level", "model_pack", "reference_source"):
        claim("token_claim", name, ..., "", 7, ["text"])
    claim("token_claim", "iss", ..., "", base="any issuer")
    policy = CITY.payload["policy"]
    wrong: list[Any] = [
        {"target_fmr": True},
        {"fmr_high": 1.5},
        {"fmr_high": -0.5},
        {"target_fmr": "0"},
        {"name": ""},
        {"name": 7},
    ]
    claim("token_claim", "policy", ..., "fmr-1e-4", [policy], {"name": "p"}, *(policy | one for one in wrong))
    for name in ("checks", "amr"):
        claim("token_claim", name, ..., "face", ["face", 7], ["face", ""], {"face": 1})
    claim("token_claim", "sub", {"name": "x"}, None, 7)
    claim("token_claim", "nonce", 7, None, base="no nonce asked")
    claim("token_claim", "reference_digest", 7, base="caller")
    claim("token_assurance", "acr", "urn:example:gold", PHOTO.upper(), "__proto__", ACTIVE, ATTESTED)
    claim("token_assurance", "liveness_level", "high", "None", "active")
    claim("token_assurance", "acr", PHOTO, ATTESTED, base="live")
    claim("token_methods", "amr", ["face", "pin"], ["quality"], ["Face"])
    claim("token_methods", "checks", ["quality"], ["Comparison"], [])
    claim("token_reference", "reference_source", "self", "Registry", "caller")
    claim("token_reference", "sub", ...)
    claim("token_reference", "reference_digest", DIGEST)
    claim("token_reference", "reference_source", "registry", base="caller")
    claim("token_reference", "sub", "somebody", base="caller")
    claim("token_reference", "reference_digest", "ab", DIGEST.upper(), DIGEST + "\n", ..., base="caller")


def content() -> str:
    """Of the file."""
    VECTORS.clear()
    make()
    return json.dumps({"common": COMMON, "vectors": VECTORS}, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(content(), encoding="ascii")
    sys.stdout.write(f"{FILE.name}: {len(VECTORS)}\n")
