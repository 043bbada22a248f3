"""The parts of the JavaScript validator read what strangers wrote exactly as those of the Python validator do.

Two readers that differ are two tokens in one: each case here is a sound text with a few bytes changed.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

import base45
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idverify.credentials import cose
from idverify.credentials.certificates import leaf_under
from idverify.credentials.purposes import Purpose
from idverify.credentials.reading import decode_base64url, no_constant, parse_object, unique_members
from idverify.credentials.status_bits import inflate
from idverify.errors import TokenInvalid
from idverify.keys.jwk import base64url
from tests.credentials.authority import Authority, public, signer
from tests.web.javascript import node

pytestmark = pytest.mark.checkout

NOW = 1_800_000_000.0
MOST = 64


def b64(data: bytes) -> str:
    """As cases carry bytes."""
    return base64.b64encode(data).decode("ascii")


def changed(data: bytes, pieces: tuple[bytes, ...], random: Random) -> bytes:
    """Up to three changes: a piece put in, some bytes taken out, or a byte replaced."""
    found = bytearray(data)
    for _ in range(random.randint(0, 3)):
        at, kind = random.randrange(len(found) + 1), random.randrange(3)
        if kind == 0:
            found[at:at] = random.choice(pieces)
        elif kind == 1:
            del found[at : at + random.randint(1, 3)]
        elif at < len(found):
            found[at] = random.randrange(256)
    return bytes(found)


def shown(value: Any, kind: str) -> Any:
    """A value as answers.mjs shows it. kind: of what a dict is."""
    if isinstance(value, bytes):
        return {"bytes": b64(value)}
    if isinstance(value, list):
        return [shown(one, kind) for one in value]
    if isinstance(value, dict):
        pairs = [[str(name), shown(one, kind)] for name, one in value.items()]
        return {kind: sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))}
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        return {"number": "not a safe integer"}
    return value


JSON_SOUND = '{"a": [1, -0, 2.5, 1e3, true, null, "\\u00e9\\ud83d\\ude00é\\n"], "b": {"c": "d", "": {}}, "e": 10}'.encode()
JSON_PIECES = (
    *(b'"a":1,', b'"\\u0061": 2,', b"NaN", b"-Infinity", b"\\", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"1.0", b"01"),
    *(b"\xef\xbb\xbf", b",", b"{", b"[", b"]", b"}", b" ", b"\x0b", b"\xc2\xa0", b"-", b"1e400", b"9" * 30, b"/*", b"'", b"+"),
)


def json_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """Objects, under each strictness, with what Python makes of them."""
    bounds = [b'{"a":' + b"[" * depth + b"]" * depth + b"}" for depth in (8, 9, 200, 5000)]
    digits = [b'{"a":' + b"9" * count + b"}" for count in (4300, 4301)]
    for data in (*bounds, *digits, *(changed(JSON_SOUND, JSON_PIECES, random) for _ in range(1500))):
        for unique, finite in ((False, False), (True, False), (False, True)):
            hooks = {"object_pairs_hook": unique_members if unique else None, "parse_constant": no_constant if finite else None}
            try:
                expected = shown(parse_object(data, **hooks), "object")
            except TokenInvalid as error:
                expected = {"refused": error.code}
            yield {"part": "json", "input": b64(data), "unique": unique, "finite": finite}, expected


def base64url_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """Short texts, where left-over bits are most of what there is."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" * 3 + "+/= \n.é"
    for _ in range(1500):
        text = "".join(random.choice(alphabet) for _ in range(random.randrange(10)))
        try:
            decoded = decode_base64url(text)
        except (TokenInvalid, UnicodeError):
            decoded = None
        sound = decoded is not None and base64url(decoded) == text
        yield {"part": "base64url", "input": text}, b64(decoded) if decoded is not None and sound else None


def base45_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """Texts in the alphabet, and a few characters beside it."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" * 3 + ":::a\n_é"
    for _ in range(1500):
        text = "".join(random.choice(alphabet) for _ in range(random.randrange(9)))
        try:
            expected = b64(bytes(base45.b45decode(text.encode("ascii"))))
        except ValueError:
            expected = None
        yield {"part": "base45", "input": text}, expected


CBOR_SOUND = cose.encode(
    {1: "text", 4: [b"bytes", -7, 24, 256, 65536, 2**32, 2**53 - 1], -3: True, "n": {"x": None, "yy": False}}
)
CBOR_PIECES = tuple(
    bytes.fromhex(one)
    for one in (
        *(
            "00",
            "1800",
            "190000",
            "1b0000000000000001",
            "1bffffffffffffffff",
            "3b001fffffffffffff",
            "3b001ffffffffffffe",
            "5f",
            "ff",
        ),
        *(
            "f5",
            "f6",
            "f7",
            "f0",
            "f820",
            "f90000",
            "fb0000000000000000",
            "c0",
            "c2",
            "d2",
            "a0",
            "a10102",
            "80",
            "60",
            "7818",
            "81" * 9,
        ),
    )
)


def cbor_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """What it says where it is CBOR in its one spelling. (Python takes true and 1 for one key: it finds the spelling wrong.)"""
    for _ in range(4000):
        data = changed(CBOR_SOUND, CBOR_PIECES, random)
        try:
            value = cose.decode(data)
            expected: Any = shown(value, "map") if cose.encode(value) == data else {"refused": "invalid"}
        except cose.CborInvalid:
            expected = {"refused": "invalid"}
        yield {"part": "cbor", "input": b64(data)}, expected


def zlib_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """Streams that inflate to about as much as is allowed."""
    for _ in range(300):
        data = zlib.compress(random.randbytes(4) * random.choice((1, 16, 17)), 9)
        data = changed(data, (b"\x00", data[-4:], data), random) if random.random() < 0.8 else data
        try:
            found = inflate(data, MOST)
            expected = b64(found.content) if found.whole and len(found.content) <= MOST else None
        except TokenInvalid:
            expected = None
        yield {"part": "zlib", "input": b64(data), "most": MOST}, expected


def point_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """X coordinates, half of which belong to no point."""
    for _ in range(100):
        x, odd = random.randbytes(random.choice((32, 32, 32, 31))), random.random() < 0.5
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes([3 if odd else 2]) + x)
            expected: Any = b64(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        except ValueError:
            expected = {"refused": "invalid"}
        yield {"part": "point", "input": b64(x), "odd": odd}, expected


@pytest.mark.parametrize("cases", [json_cases, base64url_cases, base45_cases, cbor_cases, zlib_cases, point_cases])
def test_a_text_means_the_same_in_both_languages(cases):
    """The same value, or a refusal on both sides, with the same code where there is one."""
    asked = list(cases(Random(5)))
    answers = json.loads(node("answers.mjs", given=json.dumps([case for case, _ in asked])))
    different = [
        (case, expected, answer) for (case, expected), answer in zip(asked, answers, strict=True) if answer != expected
    ]
    assert different[:5] == []
    refused = sum(expected is None or (isinstance(expected, dict) and "refused" in expected) for _, expected in asked)
    assert 0.05 < refused / len(asked) < 0.95, "cases that are all refused, or all sound, show nothing"


SERIAL = 11  # Python reads a negative serial number with a warning, and will not for long; JavaScript refuses it already


def certificate_cases(random: Random) -> Iterator[tuple[dict[str, Any], Any]]:
    """Certificates with a byte changed, signed by the root all the same: what is left is how each language reads them."""
    root, key = Authority("City", begins=NOW - 86_400), signer()
    leaf = root.certify(public(key), "https://id.example", begins=NOW - 86_400)
    body = leaf[4 : 8 + int.from_bytes(leaf[6:8], "big")]
    for at in (one for one in range(len(body)) if one != SERIAL):
        altered = bytearray(body)
        altered[at] = random.randrange(256)
        signature = root.key.sign(bytes(altered), ec.ECDSA(hashes.SHA256()))
        content = (
            bytes(altered) + bytes.fromhex("300a06082a8648ce3d040302") + b"\x03" + bytes([len(signature) + 1, 0]) + signature
        )
        data = b"\x30\x82" + len(content).to_bytes(2, "big") + content
        try:
            found = leaf_under((data,), (root.anchor(),), purpose=Purpose.CREDENTIAL, now=NOW)
            expected: Any = found.jwk["kid"]
        except TokenInvalid as error:
            expected = {"refused": error.code}
        case = {
            "part": "leaf",
            "input": b64(data),
            "root": b64(root.certificate),
            "purpose": str(Purpose.CREDENTIAL),
            "now": NOW,
        }
        yield case, expected


def test_an_altered_certificate_is_trusted_in_both_languages_or_in_neither():
    """Codes may differ where one parser gives up earlier than the other; trust may not."""
    asked = list(certificate_cases(Random(5)))
    answers = json.loads(node("answers.mjs", given=json.dumps([case for case, _ in asked])))
    different = [
        (at, expected, answer)
        for at, ((_, expected), answer) in enumerate(zip(asked, answers, strict=True))
        if (expected if isinstance(expected, str) else None) != (answer if isinstance(answer, str) else None)
    ]
    assert different == []
    assert {type(expected) for _, expected in asked} == {str, dict}
