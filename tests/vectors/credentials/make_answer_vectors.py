"""Writes answer.json: encrypted answers of wallets that open, and answers that differ from one of those in what `differs` names.

    python -m tests.vectors.credentials.make_answer_vectors

A vector's key is the private JWK of the request; an accepted one's `expect` has the content. Each is encrypted anew by the
arithmetic of RFC 7518 section 4.6, spelled out here, since a library makes none that is wrong. Keys and nonces are the same at every run.
"""

import json
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from idverify.credentials.jwe import LARGEST
from idverify.keys.jwk import base64url
from tests.credentials.city import drip, dump, key

FILE = Path(__file__).with_name("answer.json")
BYTES = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "ECDH-ES+A128KW": 16}
SPELLED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CONTENT = {"vp_token": {"identity_card": ["header.payload.signature~disclosure~binding"]}, "state": "7c1f"}
VECTORS: list[dict[str, Any]] = []


def jwk(one: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Its public half: four members."""
    at = one.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": base64url(at.x.to_bytes(32, "big")), "y": base64url(at.y.to_bytes(32, "big"))}


def private(one: ec.EllipticCurvePrivateKey, kid: str = "k1") -> dict[str, str]:
    """Its private half, under that kid."""
    return {**jwk(one), "d": base64url(one.private_numbers().private_value.to_bytes(32, "big")), "kid": kid}


READER, WALLET, OTHER = key("request"), key("ephemeral"), key("other request")
HEADER = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k1", "epk": jwk(WALLET)}


def encrypted(
    content: bytes,
    header: Mapping[str, Any],
    *,
    to: ec.EllipticCurvePrivateKey = READER,
    head: Callable[[bytes], bytes] = bytes,
) -> str:
    """A compact JWE under that header, `...` leaving a member out; one whose enc or alg is no such thing is encrypted as usual."""
    members = {name: value for name, value in header.items() if value is not ...}
    first = base64url(head(dump(members)))
    alg, enc = (members.get(name) for name in ("alg", "enc"))
    wraps = alg == "ECDH-ES+A128KW"
    named = alg if wraps else enc if isinstance(enc, str) and enc in BYTES else "A256GCM"
    shared = WALLET.exchange(ec.ECDH(), to.public_key())
    info = len(named).to_bytes(4, "big") + named.encode() + bytes(8) + (8 * BYTES[named]).to_bytes(4, "big")
    agreed = ConcatKDFHash(hashes.SHA256(), BYTES[named], info).derive(shared)
    used = drip("content key")(32) if wraps else agreed
    sealed = AESGCM(used).encrypt(iv := drip("iv")(12), content, first.encode())
    parts = (keywrap.aes_key_wrap(agreed, used) if wraps else b"", iv, sealed[:-16], sealed[-16:])
    return ".".join([first, *map(base64url, parts)])


def holds(name: str, text: str, content: Any = CONTENT, **reader: Any) -> None:
    """One that opens."""
    expect = {"code": "accepted", "content": content}
    VECTORS.append({"name": name, "base": None, "differs": None, **reader, "text": text, "expect": expect})


def refused(differs: str, note: str, text: str, **reader: Any) -> None:
    """One that does not."""
    made = {"name": f"answer_unreadable: {differs}, {note}", "base": "whole", "differs": differs, **reader, "text": text}
    VECTORS.append(made | {"expect": {"code": "answer_unreadable"}})


def make() -> None:
    """All of them."""
    content = dump(CONTENT)
    whole = encrypted(content, HEADER)
    holds("whole", whole)
    holds("with the other encryption", encrypted(content, HEADER | {"enc": "A128GCM"}))
    holds("saying what it is", encrypted(content, HEADER | {"typ": "JWE", "cty": "json"}))
    holds("with a portrait", encrypted(dump({"vp_token": "x" * 4096}), HEADER), {"vp_token": "x" * 4096})
    head, _, iv, sealed, tag = whole.split(".")
    altered = "A" if sealed[0] != "A" else "B"
    for note, text in {
        "four parts": ".".join([head, iv, sealed, tag]),
        "six parts": f"{whole}.AAAA",
        "empty": "",
        "not encrypted": json.dumps(CONTENT),
        "padded": f"{whole}==",
        "a space": f"{whole[:60]} {whole[60:]}",
        "left-over bits": whole[:-1] + SPELLED[SPELLED.index(whole[-1]) + 1],
        "with a key that nobody needs": ".".join([head, base64url(drip("key")(32)), iv, sealed, tag]),
        "an altered byte": ".".join([head, "", iv, altered + sealed[1:], tag]),
        "a short tag": ".".join([head, "", iv, sealed, tag[:-6]]),
    }.items():
        refused("text", note, text)
    for name, values in {
        "alg": ("ECDH-ES+A128KW", "dir", "none", ["ECDH-ES"], ...),
        "enc": ("A192GCM", "A256CBC-HS512", "a256gcm", ["A256GCM"], ...),
        "kid": ("k2", "", ["k1"], ...),
        "epk": (
            {**HEADER["epk"], "kid": "k1"},
            {**HEADER["epk"], "crv": "P-384"},
            {**HEADER["epk"], "x": HEADER["epk"]["y"]},
            "x",
            ...,
        ),
        "jku": ("https://evil.example",),
        "crit": (["exp"],),
        "extra": (1,),
    }.items():
        for value in values:
            note = (
                "missing"
                if value is ...
                else json.dumps(value)[:120] + ("" if name != "epk" else f" ({len(json.dumps(value))})")
            )
            refused(f"header.{name}", note, encrypted(content, HEADER | {name: value}))
    packer = zlib.compressobj(wbits=-15)
    refused("header.zip", "compressed", encrypted(packer.compress(content) + packer.flush(), HEADER | {"zip": "DEF"}))
    refused("header.zip", "said alone", encrypted(content, HEADER | {"zip": "DEF"}))
    refused("header.kid", "twice", encrypted(content, HEADER, head=lambda text: b'{"kid":"k2",' + text[1:]))
    for note, other in {
        "a list": b"[1]",
        "text": b"text",
        "nothing": b"",
        "a member twice": b'{"state":"a",' + content[1:],
        "not a number": b'{"state":NaN}',
        "nine levels": b'{"a":' * 9 + b"1" + b"}" * 9,
        "no UTF-8": b'{"state":"\xff"}',
        "larger than any answer": dump({"vp_token": "x" * (LARGEST * 3 // 4 - 90)}),
    }.items():
        refused("content", note, encrypted(other, HEADER))
    refused("content", "to another request", encrypted(content, HEADER, to=OTHER))
    refused("key", "of another request", whole, key=private(OTHER))
    refused("key", "the same under another name", whole, key=private(READER, "k2"))


def content() -> str:
    """Of the file."""
    VECTORS.clear()
    make()
    common = {"kind": "answer", "key": private(READER)}
    return json.dumps({"common": common, "vectors": VECTORS}, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(content(), encoding="ascii")
    sys.stdout.write(f"{FILE.name}: {len(VECTORS)}\n")
