"""Writes proof-dpop.json and proof-possession.json: what wallets sign, whole, and different from that in the one field of `differs`.

    python -m tests.vectors.credentials.make_proof_vectors

Members beside those of every vector. Of a DPoP proof: method and url of the request it came with, access_token (null: at the token
endpoint), bound_to, the thumbprint of the key that the token was granted to, and seen, proofs that the same reader took before. Of a
proof of possession: issuer. Keys and signatures are the same at every run.
"""

import hashlib
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from idverify.keys.jwk import base64url
from tests.credentials.city import ORDER, SteadySigner, dump
from tests.credentials.proofs import bare_jwk

HERE = Path(__file__).parent
NOW = 1_800_000_000.0
ISSUER = "https://id.example"
URL = f"{ISSUER}/v1/credentials"
TOKEN, OTHER_TOKEN = (f"idva_{letter * 43}" for letter in "AB")
WALLET, OTHER = SteadySigner("wallet"), SteadySigner("other wallet")
JWK, OTHER_JWK = bare_jwk(WALLET), bare_jwk(OTHER)
SPELLED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def proof(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    by: SteadySigner = WALLET,
    *,
    raw: bytes | None = None,
    head: bytes | None = None,
) -> str:
    """Signed; `...` leaves a member out. raw, head: the payload and the header as they are spelled."""
    parts = ({name: value for name, value in one.items() if value is not ...} for one in (header, claims))
    first, second = (given or dump(one) for given, one in zip((head, raw), parts, strict=True))
    text = f"{base64url(first)}.{base64url(second)}"
    return f"{text}.{base64url(by.sign(text.encode()))}"


class Kind(NamedTuple):
    """One kind of proof. common: of its file. header, claims: of a proof that holds."""

    common: dict[str, Any]
    header: dict[str, Any]
    claims: dict[str, Any]
    made: list[dict[str, Any]]

    def text(self, **claims: Any) -> str:
        """A proof with other claims."""
        return proof(self.header, self.claims | claims)

    def holds(self, name: str, text: str, **reader: Any) -> None:
        """A vector that is accepted."""
        self.made.append({"name": name, "base": None, "differs": None, **reader, "text": text, "expect": {"code": "accepted"}})

    def refused(self, code: str, differs: str, note: str, text: str, base: str = "whole", **reader: Any) -> None:
        """A vector that is not."""
        of = "" if base == "whole" else f" ({base})"
        made = {"name": f"{code}: {differs}, {note}{of}", "base": base, "differs": differs, **reader, "text": text}
        self.made.append(made | {"expect": {"code": code}})

    def claim(self, code: str, name: str, *values: Any) -> None:
        """That claim has another value; `...`: none."""
        for value in values:
            self.refused(code, f"payload.{name}", noted(value), self.text(**{name: value}))

    def head(self, code: str, name: str, *values: Any) -> None:
        """That member of the header, likewise."""
        for value in values:
            self.refused(code, f"header.{name}", noted(value), proof(self.header | {name: value}, self.claims))

    def reader(self, code: str, name: str, *values: Any) -> None:
        """Whoever reads it has something else in mind."""
        for value in values:
            self.refused(code, name, noted(value), self.text(), **{name: value})

    def form(self) -> None:
        """What every token must be, and what a key in a header must."""
        text = self.text()
        first, second, third = text.split(".")
        swapped = base64url(signature_of(text, lambda r, s: (s, r)))
        self.claim("token_too_large", "extra", "x" * 9000)
        self.refused("token_malformed", "text", "four parts", text + ".AAAA")
        self.refused("token_malformed", "text", "no signature", f"{first}.{second}.")
        self.refused("token_encoding", "text", "padded", text + "==")
        self.refused("token_encoding", "text", "left-over bits", text[:-1] + SPELLED[SPELLED.index(text[-1]) + 1])
        doubled = b'{"alg":"none",' + dump(self.header)[1:]
        self.refused("token_duplicate_member", "header.alg", "twice", proof(self.header, self.claims, head=doubled))
        doubled = b'{"iat":1,' + dump(self.claims)[1:]
        self.refused("token_duplicate_member", "payload.iat", "twice", proof(self.header, self.claims, raw=doubled))
        self.head("token_critical", "crit", ["b64"])
        self.head("token_algorithm", "alg", "none", "HS256", ...)
        self.head("token_type", "typ", "JWT", "verification-result+jwt", ...)
        self.head("proof_header", "kid", WALLET.kid)
        self.head("proof_header", "x5c", [])
        self.head("proof_header", "jku", "https://evil.example")
        self.head("proof_header", "jwk", ...)
        self.head(
            "proof_key", "jwk", "x", {}, {**JWK, "d": "AAAA"}, {**JWK, "kid": "x"}, {**JWK, "x": 7}, {"kty": "oct", "k": "AAAA"}
        )
        wrong = ({"crv": "P-384"}, {"kty": "RSA"}, {"x": JWK["y"]}, {"x": JWK["x"] + "="}, {"x": "AA" + JWK["x"]})
        self.head("token_key_unsuitable", "jwk", *(JWK | one for one in wrong))
        self.head("token_signature", "jwk", OTHER_JWK)
        self.refused("token_signature", "jwt.signature", "halves swapped", f"{first}.{second}.{swapped}")
        self.refused("token_signature", "jwt.signature", "a byte less", f"{first}.{second}.{third[:-2]}")
        self.claim("token_number", "extra", float("nan"))
        self.claim("token_nesting", "extra", json.loads("[" * 8 + "]" * 8))
        self.claim("token_text", "extra", "\ud800")


DPOP = Kind(
    {"kind": "dpop", "method": "POST", "url": URL, "access_token": TOKEN, "bound_to": WALLET.kid, "now": NOW, "seen": []},
    {"alg": "ES256", "typ": "dpop+jwt", "jwk": JWK},
    {
        "jti": "0123456789abcdef",
        "htm": "POST",
        "htu": URL,
        "iat": int(NOW),
        "ath": base64url(hashlib.sha256(TOKEN.encode()).digest()),
    },
    [],
)
POSSESSION = Kind(
    {"kind": "possession", "issuer": ISSUER, "now": NOW},
    {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": JWK},
    {"aud": ISSUER, "iat": int(NOW), "nonce": "n-0S6_WzA2Mj"},
    [],
)


def signature_of(text: str, change: Callable[[int, int], tuple[int, int]]) -> bytes:
    """The signature of a token with its two numbers changed."""
    raw = urlsafe_b64decode(text.rpartition(".")[2] + "==")
    r, s = change(*(int.from_bytes(half, "big") for half in (raw[:32], raw[32:])))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def noted(value: Any) -> str:
    """A value in a name."""
    if value is ...:
        return "missing"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({hashlib.sha256(text.encode()).hexdigest()[:4]})"


def dpop() -> None:
    """With a request."""
    whole = DPOP.text()
    twin = whole.rpartition(".")[0] + "." + base64url(signature_of(whole, lambda r, s: (r, ORDER - s)))
    DPOP.holds("whole", whole)
    DPOP.holds("at the token endpoint", DPOP.text(ath=...), access_token=None, bound_to=None)
    DPOP.holds("a minute old", DPOP.text(iat=int(NOW) - 60))
    DPOP.holds("a minute early", DPOP.text(iat=int(NOW) + 60))
    DPOP.holds("the second signature of it", twin)
    DPOP.holds("after another proof", whole, seen=[DPOP.text(jti="fedcba9876543210")])
    others = proof(DPOP.header | {"jwk": OTHER_JWK}, DPOP.claims, OTHER)
    DPOP.holds("after another wallet's proof of the same name", whole, seen=[others])
    DPOP.form()
    DPOP.claim("proof_identifier", "jti", ..., "", "1", "x" * 15, "x" * 129, 7, ["0123456789abcdef"])
    DPOP.claim("proof_method", "htm", "GET", "post", ["POST"], ...)
    DPOP.reader("proof_method", "method", "GET")
    wrong = (URL + "/token", URL + "?a", URL + "/", URL.replace("https", "http"), URL.upper(), [URL], ...)
    DPOP.claim("proof_target", "htu", *wrong)
    DPOP.reader("proof_target", "url", "https://id.example/v1/me/history")
    DPOP.claim("proof_stale", "iat", NOW - 61, NOW + 61, str(int(NOW)), True, None, 10**300, ...)
    DPOP.reader("proof_stale", "now", NOW + 61, NOW - 61)
    DPOP.claim(
        "proof_token_hash",
        "ath",
        ...,
        "",
        TOKEN,
        base64url(hashlib.sha256(OTHER_TOKEN.encode()).digest()),
        [DPOP.claims["ath"]],
    )
    DPOP.reader("proof_token_hash", "access_token", OTHER_TOKEN)
    DPOP.refused("proof_replayed", "seen", "itself", whole, seen=[whole])
    DPOP.refused("proof_replayed", "seen", "its second signature", whole, seen=[twin])
    DPOP.refused("proof_replayed", "seen", "of the same name, a second earlier", whole, seen=[DPOP.text(iat=int(NOW) - 1)])
    DPOP.refused("proof_replayed", "seen", "itself and another since", whole, seen=[whole, DPOP.text(jti="fedcba9876543210")])
    DPOP.reader("proof_not_bound", "bound_to", OTHER.kid, WALLET.kid[:-1], "")
    for note, key in (("another wallet's", OTHER), ("a third one's", SteadySigner("third wallet"))):
        stolen = proof(DPOP.header | {"jwk": bare_jwk(key)}, DPOP.claims, key)
        DPOP.refused("proof_not_bound", "header.jwk", f"{note}, signed with it", stolen)


def possession() -> None:
    """Of a key that a credential is to be bound to."""
    POSSESSION.holds("whole", POSSESSION.text())
    POSSESSION.holds("five minutes old", POSSESSION.text(iat=int(NOW) - 300))
    POSSESSION.holds("a minute early", POSSESSION.text(iat=int(NOW) + 60))
    POSSESSION.holds("with the name of the client", POSSESSION.text(iss="wallet"))
    POSSESSION.form()
    POSSESSION.head("token_type", "typ", "dpop+jwt")
    POSSESSION.claim(
        "token_audience", "aud", "https://evil.example", [ISSUER], [ISSUER, "https://evil.example"], ISSUER + "/", ...
    )
    POSSESSION.reader("token_audience", "issuer", "https://other.example")
    POSSESSION.claim("proof_stale", "iat", NOW - 301, NOW + 61, str(int(NOW)), True, ...)
    POSSESSION.reader("proof_stale", "now", NOW + 301, NOW - 61)
    POSSESSION.claim("token_nonce", "nonce", ..., "", "n" * 257, 7, ["n"])


def files() -> dict[str, str]:
    """What each file holds, by name."""
    for kind, make in ((DPOP, dpop), (POSSESSION, possession)):
        kind.made.clear()
        make()
    contents = {f"proof-{one.common['kind']}.json": {"common": one.common, "vectors": one.made} for one in (DPOP, POSSESSION)}
    return {name: json.dumps(content, indent=1, ensure_ascii=True) + "\n" for name, content in contents.items()}


if __name__ == "__main__":
    for file_name, content in files().items():
        (HERE / file_name).write_text(content, encoding="ascii")
        sys.stdout.write(f"{file_name}: {len(json.loads(content)['vectors'])}\n")
