"""An mdoc: the claims of the SD-JWT VC of its type, to whom it is issued and how its holder shows it, byte by byte."""

from base64 import urlsafe_b64decode
from collections import Counter

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.credentials import cose, mdoc, mdoc_presentation, mdoc_response, presentation, sd_jwt, status_list
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.believed import Believed
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.credential_types import credential_types, type_of_doctype
from idverify.credentials.mdoc_elements import claim_of, element_of
from idverify.credentials.mdoc_reading import IssuerSigned, status_of
from idverify.credentials.mdoc_session import Session
from idverify.credentials.status_reference import StatusReference
from idverify.errors import InvalidInput, SigningUnavailable, TokenInvalid
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url, thumbprint

from .city import AUDIENCE, CITY, CLAIMS, DAY, HOLDER, LIST, NONCE, NOW, VALID, drip
from .city import key as key_named
from .mdocs import issued

ANCHORS = (CITY.root.anchor(),)
READER = Believed(ANCHORS, {one.uri: one for one in (status_list.read(CITY.list(bits), ANCHORS, NOW) for bits in (1, 2))})
SESSION = Session.plain(AUDIENCE, NONCE)
TYPES = [credential_types()[name] for name in CLAIMS]


def shown(type_, names):
    """What a reader finds."""
    text = mdoc_response.present(issued(CITY, type_.name), names, HOLDER, SESSION)
    return mdoc_presentation.validate(text, READER, session=SESSION, now=NOW)


@pytest.mark.parametrize("type_", credential_types().values(), ids=lambda one: one.name)
def test_every_claim_of_a_type_is_said_by_one_element(type_):
    """And the holder's name towards others by one too; no doctype stands for two types, and no slip is called like an mdoc."""
    said = Counter(claim for elements in type_.mdoc.namespaces.values() for claim in elements.values())
    assert said == Counter([*type_.claims, "sub"])
    assert type_of_doctype(type_.mdoc.doctype) is type_
    assert mdoc.CONFIGURATION not in type_.slips


@pytest.mark.parametrize("type_", TYPES, ids=lambda one: one.name)
def test_a_reader_finds_the_same_whichever_format_it_is_shown(type_):
    """Claims, names and all: who moves from one format to the other changes nothing but the validator that is called."""
    from idverify.credentials import key_binding

    text = sd_jwt.select(CITY.credential(type_.name), set(CLAIMS[type_.name]) - type_.disclosed)
    bound = key_binding.sign(text, HOLDER, audience=AUDIENCE, nonce=NONCE, now=NOW)
    one = presentation.validate(bound, READER, audience=AUDIENCE, nonce=NONCE, now=NOW)
    assert one.accepted
    assert shown(type_, CLAIMS[type_.name]) == one


@pytest.mark.parametrize("type_", TYPES, ids=lambda one: one.name)
def test_a_holder_shows_what_it_names_and_what_every_reader_sees(type_):
    """Nothing else of the person; a claim that the document does not say is named."""
    first = sorted(set(CLAIMS[type_.name]) - type_.disclosed)[0]
    found = shown(type_, [first])
    assert set(found.claims) == {"iss", "exp", "acr", "amr", "auth_time", first} | type_.disclosed
    with pytest.raises(KeyError, match="plate"):
        mdoc_response.present(issued(CITY), ["plate"], HOLDER, SESSION)


def test_copies_have_nothing_in_common_that_a_reader_could_link():
    """Random bytes of 32, digests, numbers and keys differ; each digest has a number, and their count says nothing."""
    copies = [FileSigner.new() for _ in range(20)]
    places = [(one.public_jwk(), StatusReference(LIST, at)) for at, one in enumerate(copies)]
    facts = CredentialFacts(CITY.issuer, ACTIVE, ("face",), NOW - DAY, "production", "sub")
    type_, claims = credential_types()["identity_card"], {"name": "李雷", "document_number": "1"}
    keys = {"signer": CITY.signer, "chain": (CITY.leaf,), "now": NOW, "random_bytes": drip("copies")}
    made = [IssuerSigned.read(one) for one in mdoc.issue_batch(type_, claims, facts, copies=places, **keys)]
    (namespace,) = type_.mdoc.namespaces
    digests = [one.digests[namespace] for one in made]
    assert {tuple(one) for one in digests} == {tuple(range(len(type_.claims) + 1 + 2))}
    assert len({value for one in digests for value in one.values()}) == sum(len(one) for one in digests)
    salts = [item.content["random"] for one in made for item in one.items]
    assert len(set(salts)) == len(salts) == 60
    assert {len(one) for one in salts} == {32}
    numbers = [tuple(item.number for item in one.items) for one in made]
    assert len(set(numbers)) > 10, "a number that follows from the element tells which claims there are"


def test_what_is_signed_is_as_the_standard_has_it():
    """Section 9.1.2.4: embedded CBOR, times in whole seconds, the certificate beside the signature, a COSE_Key with x and y."""
    raw = urlsafe_b64decode(issued(CITY) + "==")
    auth = cbor2.loads(raw)["issuerAuth"]
    assert cbor2.loads(auth[0]) == {1: -7}
    assert auth[1] == {33: CITY.leaf}
    assert auth[2][:2] == b"\xd8\x18"
    signed = cose.decode_whole(cose.embedded(cose.decode_whole(auth[2])))
    assert signed["deviceKeyInfo"]["deviceKey"].keys() == {1, -1, -2, -3}
    assert signed["status"] == {"status_list": {"idx": VALID, "uri": LIST}}
    assert [str(signed["validityInfo"][name].value) for name in ("signed", "validFrom", "validUntil")] == [
        "2027-01-13T00:00:00Z",
        "2027-01-13T00:00:00Z",
        "2027-01-28T00:00:00Z",
    ]
    assert signed["deviceKeyInfo"]["keyInfo"][mdoc.ABOUT] == {
        "iss": CITY.issuer,
        "acr": ACTIVE,
        "amr": ["face"],
        "auth_time": int(NOW - 10 * DAY) // DAY * DAY,
    }


def test_nothing_is_signed_before_its_certificate_holds():
    """On a key's first day the day's midnight lies before it; a strict reader refuses what was signed then."""
    leaf = CITY.certify(begins=NOW - 3600)
    made = IssuerSigned.read(issued(CITY, chain=(leaf,), now=NOW))
    assert made.times["signed"] == NOW - 3600
    text = mdoc_response.present(issued(CITY, chain=(leaf,), now=NOW), ["name"], HOLDER, SESSION)
    assert mdoc_presentation.validate(text, READER, session=SESSION, now=NOW).accepted


def test_the_session_is_that_of_the_standard():
    """The example of OpenID4VP 1.0 appendix B.2.6.1, from the parameters of its request to the bytes of its transcript."""
    key = {"x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0", "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc"}
    session = Session(
        "x509_san_dns:example.com",
        "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA",
        "https://example.com/response",
        urlsafe_b64decode(thumbprint(key["x"], key["y"]) + "="),
    )
    digest = "048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
    assert cose.encode(session.transcript).hex() == f"83f6f682714f70656e494434565048616e646f7665725820{digest}"


def test_what_cannot_be_issued_is_refused_before_anything_is_signed():
    """Claims that do not fit, a key that is none, a photo without liveness, a certificate of another key."""
    with pytest.raises(InvalidInput):
        issued(CITY, claims={"name": "李雷"})
    with pytest.raises(InvalidInput):
        issued(CITY, copies=[({"kty": "EC", "crv": "P-384"}, StatusReference(LIST, 1))])
    with pytest.raises(ValueError, match="acr"):
        issued(CITY, acr="urn:idverify:acr:photo-match-no-liveness")
    with pytest.raises(SigningUnavailable):
        issued(CITY, signer=FileSigner.new())


def test_a_picture_and_a_day_come_back_as_the_type_has_them():
    """Bytes and tagged days within, base64 and text without."""
    type_ = credential_types()["identity_card"]
    for claim, value, kind in (
        ("portrait", "AAEC", bytes),
        ("date_of_birth", "1990-05-17", cose.Tag),
        ("age_over_18", True, bool),
    ):
        element = element_of(type_, claim, value)
        assert type(element) is kind
        assert claim_of(type_, claim, element) == value


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_presentation_with_any_byte_changed_is_refused_and_nothing_breaks(data):
    """But for bytes that no signature covers and no reader reads: there are none here beside the device's second signature."""
    text = mdoc_response.present(issued(CITY), ["name", "age_over_18"], HOLDER, SESSION)
    raw = bytearray(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    found = mdoc_presentation.validate(base64url(bytes(raw)), READER, session=SESSION, now=NOW)
    assert not found.accepted
    assert not found.claims


@given(st.binary(max_size=200))
def test_any_bytes_whatsoever_are_a_refusal(data):
    """As text, as base64url of CBOR, and as a wallet reads them."""
    for text in (base64url(data), data):
        found = mdoc_presentation.validate(text, READER, session=SESSION, now=NOW)
        assert (found.authentic, found.claims) == (False, {})
    assert status_of(base64url(data)) is None
    with pytest.raises(TokenInvalid):
        _ = IssuerSigned.read(base64url(data)).security_object


def test_a_key_of_another_name_signs_nothing_for_the_holder():
    """A thief with the credential and a key of his own."""
    text = mdoc_response.present(issued(CITY), ["name"], FileSigner(key_named("thief")), SESSION)
    found = mdoc_presentation.validate(text, READER, session=SESSION, now=NOW)
    assert (found.authentic, found.holder_bound, found.code, found.claims) == (True, False, "mdoc_device_signature", {})
