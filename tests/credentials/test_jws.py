"""Whatever the input: the payload of a sound token, or a refusal; nothing else escapes."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet

from idverify.credentials import jws
from idverify.credentials.verdict import TYPE
from idverify.errors import SigningUnavailable, TokenInvalid
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url

from .forge import AUDIENCE, FORGE, ISSUER, dump

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refusal(token, **held):
    """The code under which the hotel refuses."""
    with pytest.raises(TokenInvalid) as refused:
        FORGE.validate(token, **held)
    return refused.value.code


def test_pyjwt_and_joserfc_accept_what_we_issue(forge):
    """Two oracles that did not make it, each as strict as it can be."""
    key = jwt.PyJWK.from_dict(forge.signer.public_jwk())
    options = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "aud", "iss", "jti"]}
    claims = jwt.decode(forge.token, key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER, options=options)
    assert claims == forge.payload
    found = joserfc_jws.deserialize_compact(forge.token, KeySet.import_key_set(forge.trust), algorithms=["ES256"])
    assert json.loads(found.payload) == forge.payload
    assert found.headers() == {"alg": "ES256", "kid": forge.signer.kid, "typ": TYPE}


@pytest.mark.parametrize("at", range(0, len(FORGE.token), 7))
def test_no_flipped_bit_of_a_token_validates(at):
    """Every bit of every seventh character; the property below draws the others."""
    for bit in range(8):
        flipped = bytearray(FORGE.token.encode())
        flipped[at] ^= 1 << bit
        refusal(bytes(flipped))


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(FORGE.token) - 1), character=st.sampled_from(ALPHABET + ".=+/ \n\0é"))
def test_no_replaced_character_of_a_token_validates(at, character):
    """Any place, any character of the alphabet and some from outside it."""
    if FORGE.token[at] != character:
        refusal(FORGE.token[:at] + character + FORGE.token[at + 1 :])


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(FORGE.token)), insert=st.text(ALPHABET + ".= \n", min_size=1, max_size=4))
def test_no_insertion_and_no_cut_validates(at, insert):
    """White space and padding included."""
    refusal(FORGE.token[:at] + insert + FORGE.token[at:])
    if at < len(FORGE.token):
        refusal(FORGE.token[:at])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=400), st.binary(max_size=400), st.text(ALPHABET + ".", max_size=200)))
@example("")
@example("..")
@example("\ud800")
@example(b"\xff.\xff.\xff")
@example("." * 8192)
@example("A" * 100_000)
def test_no_text_and_no_bytes_meet_anything_but_a_refusal(token):
    """Strings, bytes and base64url-like noise."""
    refusal(token)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from([*FORGE.payload, "nbf", "env", "reference_digest", "x"]), value=JSON)
def test_no_value_of_any_claim_meets_anything_but_claims_or_a_refusal(name, value):
    """Signed with the genuine key, as a careless issuer might."""
    changed = dump(FORGE.payload | {name: value})
    try:
        claims = FORGE.validate(FORGE.raw(dump(FORGE.header), changed))
    except TokenInvalid:
        return
    assert claims.audience == AUDIENCE
    assert claims.expires_at - claims.issued_at <= 600


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(["alg", "typ", "kid", "crit", "b64", "x"]), value=JSON)
def test_no_value_of_any_header_member_meets_anything_but_a_refusal(name, value):
    """Unless it is the value that was there."""
    if FORGE.header.get(name) != value:
        refusal(FORGE.raw(dump(FORGE.header | {name: value}), dump(FORGE.payload)))


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(["kty", "crv", "x", "y", "use", "alg", "key_ops", "d"]), value=JSON)
def test_no_value_in_a_trusted_key_meets_anything_but_a_refusal(name, value):
    """A broken key set refuses tokens; it does not crash the relying party."""
    if FORGE.signer.public_jwk().get(name) != value:
        try:
            FORGE.validate(FORGE.token, trust=FORGE.trusting(**{name: value}))
        except TokenInvalid:
            return
        assert name == "key_ops"
        assert "verify" in value


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "token_malformed"),
        (b"[]", "token_malformed"),
        (b"null", "token_malformed"),
        (b"\xff", "token_malformed"),
        (b"\xef\xbb\xbf{}", "token_malformed"),
        ("{}".encode("utf-16"), "token_malformed"),
        (b"{} {}", "token_malformed"),
        (b'{"exp":' + b"9" * 5000 + b"}", "token_malformed"),
        (b"[" * 5000, "token_nesting"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "token_nesting"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":1e400'), "token_number"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":"1800000600"'), "token_time"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":true'), "token_time"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":null'), "token_time"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":' + b"9" * 400), "token_number"),
        (dump(FORGE.payload).replace(b'"exp":1800000600', b'"exp":Infinity'), "token_number"),
    ],
)
def test_odd_payloads_under_a_genuine_signature_are_refused(payload, code):
    """Not an object, not UTF-8, not JSON, too deep, times that are no times."""
    token = FORGE.raw(dump(FORGE.header), payload)
    assert refusal(token) == code


def test_the_payload_is_not_read_before_the_signature_holds(forge, monkeypatch):
    """A stranger's JSON is not parsed at all."""
    monkeypatch.setattr(jws.Candidate, "payload", property(lambda _: pytest.fail("read")))
    stranger = FileSigner.new()
    signed = f"{base64url(dump(forge.header))}.{base64url(b'[' * 5000)}"
    assert refusal(f"{signed}.{base64url(stranger.sign(signed.encode()))}") == "token_signature"


def test_the_public_key_does_not_pass_as_an_hmac_secret(forge):
    """HS256 keyed with the PEM and with the coordinates of the public key (RFC 8725 section 2.1)."""
    pem = forge.signer._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = f"{base64url(dump(forge.header | {'alg': 'HS256'}))}.{base64url(dump(forge.payload))}"
    for secret in (pem, json.dumps(forge.signer.public_jwk()).encode()):
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        assert refusal(f"{signed}.{base64url(mac)}") == "token_algorithm"


def test_es384_is_refused_with_its_genuine_key_in_the_key_set(forge):
    """Algorithm agility is a door."""
    key = ec.generate_private_key(ec.SECP384R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-384", "kid": "k", "alg": "ES384"}
    jwk |= {"x": base64url(numbers.x.to_bytes(48, "big")), "y": base64url(numbers.y.to_bytes(48, "big"))}
    for alg, code in (("ES384", "token_algorithm"), ("ES256", "token_key_unsuitable")):
        signed = f"{base64url(dump(forge.header | {'alg': alg, 'kid': 'k'}))}.{base64url(dump(forge.payload))}"
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA384())))
        signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
        assert refusal(f"{signed}.{base64url(signature)}", trust={"keys": [jwk]}) == code


def test_the_kid_of_another_trusted_key_is_refused(forge):
    """Each key answers for its own tokens only; an unknown or missing kid selects nothing."""
    other = FileSigner.new()
    trust = {"keys": [forge.signer.public_jwk(), other.public_jwk()]}
    assert forge.validate(forge.token, trust=trust)
    assert refusal(forge.with_header(kid=other.kid), trust=trust) == "token_signature"
    assert refusal(forge.with_header(kid="../../etc/passwd"), trust=trust) == "token_key_unknown"
    assert refusal(forge.with_header("kid"), trust=trust) == "token_key_unknown"
    assert refusal(forge.with_header(kid=None), trust={"keys": [{"kty": "EC"}]}) == "token_key_unknown"


def test_a_point_off_the_curve_is_refused_as_a_key(forge):
    """Invalid-curve keys do not reach the arithmetic."""
    assert refusal(forge.token, trust=forge.trusting(x=base64url(bytes(32)))) == "token_key_unsuitable"


@pytest.mark.parametrize("shape", ["flattened", "general", "detached", "jwe"])
def test_other_serialisations_are_refused(forge, shape):
    """Compact JWS or nothing."""
    header, payload, signature = forge.token.split(".")
    token = {
        "flattened": json.dumps({"protected": header, "payload": payload, "signature": signature}),
        "general": json.dumps({"payload": payload, "signatures": [{"protected": header, "signature": signature}]}),
        "detached": f"{header}..{signature}",
        "jwe": f"{header}.{payload}.{signature}.{payload}.{signature}",
    }[shape]
    assert refusal(token) in ("token_malformed", "token_encoding")


@pytest.mark.parametrize("wrap", [" {}", "{}\n", "\t{}", "{}=", "{}==", "Bearer {}", '"{}"', "{}\0"])
def test_nothing_around_a_token_is_overlooked(forge, wrap):
    """White space, padding, quotes."""
    assert refusal(wrap.format(forge.token)) in ("token_encoding", "token_malformed")


@pytest.mark.parametrize("thing", [None, 7, [], {}, object(), 1.5])
def test_what_is_no_text_is_malformed(thing):
    """A caller's mistake does not become a crash."""
    assert refusal(thing) == "token_malformed"


def test_bytes_and_text_are_the_same_token(forge):
    """As it comes from a header or a file."""
    assert forge.validate(forge.token.encode()) == forge.validate(forge.token)


def test_a_signer_that_returns_der_makes_no_token():
    """The length is checked before the token exists."""

    class Der:
        kid = "k"

        def sign(self, _):
            return b"0" * 70

    with pytest.raises(SigningUnavailable):
        jws.sign({"a": 1}, Der(), TYPE)


def test_a_payload_that_is_not_json_makes_no_token(forge):
    """NaN would be refused by every strict reader."""
    with pytest.raises(ValueError, match="JSON"):
        jws.sign({"a": float("nan")}, forge.signer, TYPE)


def test_validating_from_many_threads_mixes_nothing_up(forge):
    """Tokens for eight audiences at once."""

    def there_and_back(number):
        audience = f"https://hotel-{number % 8}.example"
        return forge.validate(forge.issue(audience=audience), audience=audience).audience == audience

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(64)))
