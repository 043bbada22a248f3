"""Only a verified user's key that cannot leave an authenticator of a chosen model, answering this nonce here, is level `device`."""

import hashlib
import json
from base64 import urlsafe_b64decode
from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.attestation import AttestationRefused, Revocations, check, check_signature, webauthn

from . import forge
from .forge import (
    REGISTERED,
    Authority,
    android_leaf,
    assertion,
    attestation_leaf,
    authenticator_data,
    client_data,
    credential_data,
    expected,
    key_description,
    registration,
)


def refusal(kind, data, **changed):
    """The reason under which it is refused."""
    with pytest.raises(AttestationRefused) as refused:
        answered(data, **changed) if kind == "webauthn_get" else check(kind, data, expected(**changed))
    return refused.value.reason


def answered(data, key=REGISTERED, **trusted):
    """The key after an assertion over NONCE."""
    return webauthn.check_assertion(data, forge.NONCE, key, forge.trust(**trusted))


def test_a_registered_key_answers_and_its_counter_moves_on():
    """From the registration to an assertion over a statement, whose digest the browser was given as the challenge."""
    made = check("webauthn_create", registration(), expected())
    assert (made.level, made.hardware, made.key) == ("device", "authenticator", REGISTERED)
    client = client_data("get", challenge=forge.b64(hashlib.sha256(b"a statement").digest()))
    found = check_signature(made.key, assertion(client=client), b"a statement", forge.trust())
    assert found == replace(REGISTERED, sign_count=2)
    for statement in (b"another statement", forge.NONCE):
        with pytest.raises(AttestationRefused) as refused:
            check_signature(made.key, assertion(client=client), statement, forge.trust())
        assert refused.value.reason == "nonce_wrong"


def test_a_key_of_another_session_is_refused_and_the_caller_told_what_to_do():
    """None is kept, whoever it belongs to, so this tells nothing of what was found."""
    with pytest.raises(AttestationRefused, match="send it as webauthn_create") as refused:
        check("webauthn_get", assertion(), expected())
    assert refused.value.reason == "key_not_kept"


def test_a_platform_key_of_android_is_a_device_and_never_our_app():
    """The browser asked for the key, and the description names the browser."""
    found = check("webauthn_create", registration(form="android-key"), expected(apps=frozenset()))
    assert (found.level, found.key.public_key) == ("device", forge.spki(forge.KEY))


@pytest.mark.parametrize(("kind", "make"), [("webauthn_create", registration), ("webauthn_get", assertion)])
@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("nonce_wrong", {"challenge": forge.b64(b"another nonce, as long as needed")}),
        ("nonce_wrong", {"challenge": ""}),
        ("malformed", {"challenge": None}),
        ("malformed", {"challenge": forge.b64(forge.NONCE) + "="}),
        ("kind_wrong", {"type": "payment.get"}),
        ("origin_wrong", {"origin": "https://id.example.evil"}),
        ("origin_wrong", {"origin": "http://id.example"}),
        ("origin_wrong", {"origin": ["https://id.example"]}),
        ("origin_wrong", {"crossOrigin": True}),
        ("origin_wrong", {"crossOrigin": "false"}),
        ("origin_wrong", {"topOrigin": "https://evil.example"}),
    ],
)
def test_what_the_browser_says_otherwise_is_refused(kind, make, reason, said):
    """Another nonce, another ceremony, another origin, a frame: signed by the genuine key all the same."""
    client = client_data(kind.removeprefix("webauthn_"), **said)
    assert refusal(kind, make(client=client)) == reason


def test_one_ceremony_does_not_pass_for_the_other():
    """A registration is no assertion, and the other way round."""
    assert refusal("webauthn_create", registration(client=client_data("get"))) == "kind_wrong"
    assert refusal("webauthn_get", assertion(client=client_data("create"))) == "kind_wrong"
    assert refusal("webauthn_get", registration()) == "kind_wrong"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("user_unverified", {"flags": 0x01}),
        ("user_unverified", {"flags": 0x04}),
        ("key_may_leave_device", {"flags": 0x0D}),
        ("key_may_leave_device", {"flags": 0x1D}),
        ("malformed", {"flags": 0x85}),
        ("malformed", {"flags": 0x45}),
        ("malformed", {"credential": b"\x00"}),
        ("rp_id_wrong", {"rp_id": "evil.example"}),
        ("counter_went_back", {"counter": 1}),
        ("counter_went_back", {"counter": 0}),
    ],
)
def test_what_the_authenticator_says_otherwise_is_refused(reason, said):
    """No person, no verification, a key that is synchronised, another relying party, a counter that a copy would have."""
    assert refusal("webauthn_get", assertion(data=authenticator_data(**({"flags": 0x05, "counter": 2} | said)))) == reason


@pytest.mark.parametrize("length", [1, 31, 32, 36])
def test_authenticator_data_that_is_cut_short_is_refused(length):
    """Signed as it is; a counter of three octets would be read as another number."""
    data = authenticator_data(flags=0x05, counter=0x20000)[:length]
    assert refusal("webauthn_get", assertion(data=data)) == "malformed"


def test_an_authenticator_without_a_counter_is_taken():
    """Zero and zero: many have none (WebAuthn section 6.1.1)."""
    data = authenticator_data(flags=0x05, counter=0)
    assert answered(assertion(data=data), replace(REGISTERED, sign_count=0)).sign_count == 0


def test_only_the_registered_key_answers():
    """Another key, another credential, a key that is no credential."""
    assert refusal("webauthn_get", assertion(signer=forge.new_key())) == "signature_wrong"
    assert refusal("webauthn_get", assertion(identifier=b"another")) == "credential_unknown"
    assert refusal("webauthn_get", assertion(), key=replace(REGISTERED, credential_id=None)) == "credential_unknown"


@pytest.mark.parametrize(
    ("reason", "made"),
    [
        ("user_unverified", {"data": authenticator_data(flags=0x41, credential=credential_data())}),
        ("key_may_leave_device", {"data": authenticator_data(flags=0x4D, credential=credential_data())}),
        ("malformed", {"data": authenticator_data(flags=0x05)}),
        ("malformed", {"data": authenticator_data(flags=0xC5, credential=credential_data() + cbor2.dumps({}))}),
        ("malformed", {"data": authenticator_data()[:36]}),
        ("malformed", {"data": authenticator_data(credential=b"\x00" * 10)}),
        ("malformed", {"data": authenticator_data(credential=forge.AAGUID + b"\x00\x00" + forge.cose(forge.KEY))}),
        ("key_unsuitable", {"data": authenticator_data(credential=credential_data() + b"\x00")}),
        ("key_unsuitable", {"public": forge.cose(forge.KEY)[:-1] + bytes([forge.cose(forge.KEY)[-1] ^ 1])}),
        ("key_unsuitable", {"public": cbor2.dumps({1: 1, 3: -8, -1: 6, -2: b"x" * 32})}),
        ("key_unsuitable", {"public": forge.cose(forge.KEY).replace(b"\x03\x26", b"\x03\x27", 1)}),
        ("authenticator_unknown", {"aaguid": b"another model..."}),
        ("signature_wrong", {"signer": forge.new_key()}),
        ("format_unknown", {"form": "none", "statement": {"alg": None, "sig": None, "x5c": None}}),
        ("format_unknown", {"form": "fido-u2f"}),
        ("format_unknown", {"form": "android-safetynet"}),
        ("format_unknown", {"statement": {"x5c": None}}),
        ("format_unknown", {"statement": {"ecdaaKeyId": b"1"}}),
        ("chain_length", {"statement": {"x5c": []}}),
        ("malformed", {"statement": {"x5c": 5}}),
        ("malformed", {"statement": {"x5c": ["text"]}}),
        ("malformed", {"statement": {"x5c": [b"noise"]}}),
        ("key_unsuitable", {"statement": {"alg": -257}}),
        ("key_unsuitable", {"statement": {"sig": "text"}}),
        ("root_unknown", {"leaf": attestation_leaf(Authority()), "authority": Authority()}),
        ("root_unknown", {"leaf": attestation_leaf(forge.MAKER), "authority": forge.MAKER}),
        ("certificate_unsuitable", {"leaf": attestation_leaf(unit="Something Else")}),
        ("certificate_unsuitable", {"leaf": attestation_leaf(unit=None)}),
        ("issuer_is_no_authority", {"leaf": attestation_leaf(), "authority": None, "statement": {}}),
        ("authenticator_unknown", {"leaf": attestation_leaf(aaguid=b"another model...")}),
        ("expired", {"leaf": attestation_leaf(until=2030)}),
        ("revoked", {"leaf": attestation_leaf(serial=12345)}),
        ("malformed", {"leaf": forge.without_version(attestation_leaf(), forge.FIDO.middle_key)}),
        ("key_unsuitable", {"leaf": attestation_leaf(key=forge.new_key(ec.SECP384R1()))}),
    ],
)
def test_a_registration_that_is_not_sound_is_refused(reason, made):
    """Each fault alone, everything else as it should be."""
    if reason == "issuer_is_no_authority":
        weak = Authority(ca=False, length=None)
        made = {"leaf": attestation_leaf(weak), "authority": weak}
        assert refusal("webauthn_create", registration(**made), authenticator_roots=(weak.root,)) == reason
    else:
        assert refusal("webauthn_create", registration(**made)) == reason


def test_a_credential_is_kept_under_its_own_name_alone():
    """What is attested names it, not the page: else one person's key could be kept as another's."""
    named = forge.b64(b"somebody else's")
    assert (
        refusal("webauthn_create", json.dumps(json.loads(registration()) | {"id": named, "rawId": named}).encode())
        == "credential_unknown"
    )


def test_an_attestation_certificate_that_may_issue_is_refused():
    """Section 8.2.1: it is an end's, not an authority's."""
    maker = Authority(length=1)
    leaf = attestation_leaf(maker, ca=True)
    data = registration(leaf=leaf, authority=maker)
    assert refusal("webauthn_create", data, authenticator_roots=(maker.root,)) == "certificate_unsuitable"


@pytest.mark.parametrize(
    ("reason", "leaf"),
    [
        ("nonce_wrong", android_leaf(description=key_description())),
        ("key_unsuitable", android_leaf(key=forge.new_key())),
        ("description_missing", android_leaf(description=b"")),
        ("root_unknown", attestation_leaf(forge.FIDO, key=forge.KEY)),
    ],
)
def test_an_android_key_that_speaks_of_something_else_is_refused(reason, leaf):
    """Another challenge, another key, no description, an authenticator's root in place of Android's."""
    authority = forge.FIDO if reason == "root_unknown" else None
    assert refusal("webauthn_create", registration(form="android-key", leaf=leaf, authority=authority)) == reason


def test_what_is_not_configured_trusts_nobody():
    """No origin, no relying party, no model, no root, no revocation list."""
    nothing = frozenset()
    for reason, missing in [
        ("origin_wrong", {"origins": nothing}),
        ("rp_id_wrong", {"rp_id": ""}),
        ("authenticator_unknown", {"authenticators": nothing}),
        ("root_unknown", {"authenticator_roots": ()}),
        ("revocation_unknown", {"revocations": None}),
        ("revocation_unknown", {"revocations": Revocations(nothing, forge.NOW - 8 * 86_400)}),
    ]:
        assert refusal("webauthn_create", registration(), **missing) == reason


def _trailing(value):
    return cbor2.dumps(value) + b"\x00"


def _indefinite(value):
    return b"\xbf" + cbor2.dumps(value)[1:] + b"\xff"


def _twice(value):
    return b"\xa4" + cbor2.dumps(value)[1:] + cbor2.dumps("fmt") + cbor2.dumps("packed")


def _deep(_):
    return b"\x81" * 8000 + b"\x00"


def _tagged(value):
    return cbor2.dumps(cbor2.CBORTag(55799, value))


def _not_a_map(value):
    return cbor2.dumps(list(value.values()))


def _statement_is_a_list(value):
    return cbor2.dumps(value | {"attStmt": [1]})


def _data_is_text(value):
    return cbor2.dumps(value | {"authData": "text"})


def _format_is_a_number(value):
    return cbor2.dumps(value | {"fmt": 1})


TYPES = [_statement_is_a_list, _data_is_text, _format_is_a_number]


@pytest.mark.parametrize("encode", [*TYPES, _trailing, _indefinite, _twice, _deep, _tagged, _not_a_map])
def test_cbor_that_has_a_second_spelling_is_refused(encode):
    """Trailing bytes, indefinite lengths, a name twice, depth, tags, another type."""
    assert refusal("webauthn_create", registration(encode=encode)) == "malformed"


SOUND = {"webauthn_create": registration(), "webauthn_get": assertion()}


def _edited(kind, **changes):
    outer = json.loads(SOUND[kind])
    return json.dumps(outer | changes).encode()


@pytest.mark.parametrize("kind", list(SOUND))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 16_000,
        b"9" * 5000,
        "edit:response",
        "edit:rawId",
        "edit:id",
        "edit:type",
        "twice",
        "padded",
    ],
)
def test_json_that_is_not_an_answer_is_refused(kind, data):
    """Noise, depth, a member missing, a member twice, base64 spelled otherwise."""
    if data == "twice":
        data = SOUND[kind][:-1] + b', "type": "public-key"}'
    elif data == "padded":
        outer = json.loads(SOUND[kind])
        data = _edited(kind, id=outer["id"] + "=", rawId=outer["rawId"] + "=")
    elif isinstance(data, str):
        data = _edited(kind, **{data.removeprefix("edit:"): None})
    assert refusal(kind, data) == "malformed"


@pytest.mark.parametrize("kind", ["android_key", *SOUND])
def test_what_is_oversized_is_refused_before_it_is_parsed(kind):
    """A hundred megabytes cost a comparison of lengths."""
    assert refusal(kind, b" " * 100_000_000) == "too_large"


def test_a_kind_that_is_not_known_is_refused():
    """Also one that is no text."""
    for kind in ("", "webauthn", "play_integrity", "ANDROID_KEY", None):
        assert refusal(kind, b"") == "unknown_kind"


@pytest.mark.parametrize("kind", list(SOUND))
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_flipped_bit_of_what_is_signed_passes(kind, data):
    """In the bytes that count; the JSON around them may hold what it likes."""
    outer = json.loads(SOUND[kind])
    fields = outer["response"]
    name = data.draw(st.sampled_from(sorted(fields)))
    content = bytearray(urlsafe_b64decode(fields[name] + "=="))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    changed = json.dumps(outer | {"response": fields | {name: forge.b64(content)}}).encode()
    refusal(kind, changed)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(SOUND)), st.binary(max_size=300))
def test_no_bytes_meet_anything_but_a_refusal(kind, noise):
    """Whatever a stranger sends."""
    refusal(kind, noise)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(list(SOUND)),
    name=st.sampled_from(["challenge", "origin", "type", "crossOrigin", "topOrigin"]),
    value=JSON,
)
def test_no_value_of_the_client_data_meets_anything_but_a_refusal(kind, name, value):
    """Unless it is the value that was there."""
    if (name, value) != ("crossOrigin", False) and value is not None:
        make = {"webauthn_create": registration, "webauthn_get": assertion}[kind]
        refusal(kind, make(client=client_data(kind.removeprefix("webauthn_"), **{name: value})))
