"""Encrypted answers: what opens, and that whatever does not is refused alike."""

import base64
import json

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import ECKey, OctKey

from idverify.credentials import jwe
from idverify.credentials.proof_errors import AnswerUnreadable

KEY = jwe.new_key("k1")
ANSWER = {"vp_token": {"identity_card": ["x~y~"]}, "state": "s"}
EVERY = joserfc_jwe.JWERegistry(algorithms=["ECDH-ES", "ECDH-ES+A128KW", "dir", "A128GCM", "A256GCM", "A256CBC-HS512", "DEF"])


def encrypted(payload=None, *, key=None, **header):
    """By the library itself, with a header that may be wrong."""
    to = key or ECKey.import_key({name: KEY[name] for name in ("kty", "crv", "x", "y")})
    content = json.dumps(ANSWER).encode() if payload is None else payload
    members = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k1", **header}
    return joserfc_jwe.encrypt_compact(members, content, to, registry=EVERY)


def reheaded(**changes):
    """An answer whose header was changed after it was encrypted."""
    head, *rest = encrypted().split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    spelled = base64.urlsafe_b64encode(json.dumps({**header, **changes}).encode()).rstrip(b"=").decode()
    return ".".join([spelled, *rest])


def respelled(text):
    """The same bytes, with other left-over bits in the last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def test_an_answer_opens_with_the_key_of_its_request_alone():
    """Ours and one that the library makes; large ones too; no two texts are alike."""
    for text in (jwe.encrypt(ANSWER, jwe.public_half(KEY)), encrypted(), encrypted(enc="A128GCM", apu="YQ", apv="Yg")):
        assert jwe.decrypt(text, KEY) == ANSWER
        with pytest.raises(AnswerUnreadable):
            jwe.decrypt(text, jwe.new_key("k1"))
    large = {"vp_token": "x" * 60_000}
    assert jwe.decrypt(jwe.encrypt(large, jwe.public_half(KEY)), KEY) == large
    assert "d" not in jwe.public_half(KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "....",
        "\u00e9.b.c.d.e",
        json.dumps(ANSWER),
        encrypted()[:-4] + "AAAA",
        encrypted() + "=",
        respelled(encrypted()),
        encrypted(alg="ECDH-ES+A128KW"),
        encrypted(alg="dir", key=OctKey.generate_key(256)),
        reheaded(enc="A128GCM"),
        reheaded(enc=["A256GCM"]),
        encrypted(enc="A256CBC-HS512"),
        encrypted(zip="DEF"),
        encrypted(kid="k2"),
        encrypted(b"[1]"),
        encrypted(b"text"),
        encrypted(b'{"state": "a", "state": "b"}'),
        encrypted(b'{"state": NaN}'),
        encrypted(b'{"a":' * 9 + b"1" + b"}" * 9),
        encrypted(key=ECKey.generate_key("P-256")),
        jwe.encrypt({"x": "x" * jwe.LARGEST}, jwe.public_half(KEY)),
        reheaded(alg="none"),
        reheaded(jku="https://evil.example"),
        reheaded(crit=["exp"]),
        reheaded(epk={"kty": "EC", "crv": "P-256", "x": KEY["x"], "y": KEY["x"]}),
        reheaded(epk={"kty": "oct", "k": "AAAA"}),
        reheaded(epk=None),
    ],
)
def test_whatever_does_not_open_is_refused_alike(text):
    """Another algorithm, another key, an altered byte, compression, JSON that two readers read differently: one code."""
    with pytest.raises(AnswerUnreadable):
        jwe.decrypt(text, KEY)


@pytest.mark.parametrize("changes", [{"kty": "RSA"}, {"crv": "P-384"}, {"x": KEY["y"]}, {"x": None}])
def test_nothing_is_encrypted_to_a_key_that_is_none(changes):
    """The wallet says so instead of sending."""
    with pytest.raises(AnswerUnreadable):
        jwe.encrypt(ANSWER, jwe.public_half(KEY) | changes)
