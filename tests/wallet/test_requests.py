"""What the wallet asks of a reader before it asks the person: a signature, a name, a place, and a key to encrypt to."""

import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from credentials.authority import Authority, public, signer
from credentials.slips import CITY
from cryptography import x509
from roots import copied_parts

from idverify.credentials import certified_jws, jwe, request_object
from idverify.credentials.purposes import Purpose
from idverify.errors import InvalidInput
from idverify.keys.jwk import base64url
from idverify.wallet.errors import CredentialUnavailable, IssuerRefused
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, Holding
from idverify.wallet.requests import answer, asked, choose, read_request
from idverify.wallet.transport import Answer

from .issued import cards, mdocs

NOW = 1_800_000_000.0
MISSING = object()
READER = "https://verify.example"
URI = f"{READER}/v1/presentations/requests/idvp_x/object"
KEY = jwe.new_key("k1")
METADATA = {
    "client_name": "https://hotel.example",
    "jwks": {"keys": [jwe.public_half(KEY)]},
    "encrypted_response_enc_values_supported": ["A256GCM"],
}
DRIVING_LICENCE = {
    "id": "dl",
    "format": "mso_mdoc",
    "meta": {"doctype_value": "org.iso.18013.5.1.mDL"},
    "claims": [{"path": ["org.iso.18013.5.1", "document_number"]}],
}
QUERY = {
    "id": "card",
    "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:idverify:vct:identity-card:1"]},
    "claims": [{"path": ["name"]}],
}
MDOC_QUERY = {
    "id": "card",
    "format": "mso_mdoc",
    "meta": {"doctype_value": "urn:idverify:doctype:identity-card:1"},
    "claims": [{"path": ["urn:idverify:namespace:identity-card:1", "name"]}],
}


class Reader:
    """A reader with a certificate, which may ask in any way."""

    def __init__(self, folder):
        self.signing = copied_parts(folder, READER, lambda: NOW)["reader_keys"].current
        self.client_id = request_object.client_id_of(self.signing.chain[0])
        self.posted = []

    def said(self, **changes):
        """A request object."""
        payload = {
            "client_id": self.client_id,
            "aud": request_object.AUDIENCE,
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt",
            "response_uri": f"{READER}/v1/presentations/requests/idvp_x/response",
            "nonce": "n" * 22,
            "state": "s" * 22,
            "dcql_query": {"credentials": [QUERY]},
            "client_metadata": METADATA,
        }
        payload = {name: value for name, value in (payload | changes).items() if value is not MISSING}
        return certified_jws.sign(payload, self.signing.signer, self.signing.chain, request_object.TYPE)

    def read(self, text=None, uri=URI, **changes):
        """The wallet reads it."""

        def send(method, url, headers, body):
            assert (method, url, body) == ("GET", uri, None)
            return Answer(200, {}, (self.said(**changes) if text is None else text).encode())

        link = f"openid4vp://?client_id={quote(self.client_id, safe='')}&request_uri={quote(uri, safe='')}"
        return read_request(link, send, now=NOW)


@pytest.fixture
def reader(tmp_path):
    """It behaves, until told otherwise."""
    return Reader(tmp_path / "keys")


def test_the_person_is_told_who_asks_for_what(reader):
    """By the words of the certificate, and of the service for whom it asks."""
    found = reader.read()
    assert (found.name, found.reader, found.certified_by) == (
        "https://hotel.example",
        READER,
        "CN=City of Test,O=City of Test,C=XX",
    )
    assert [(one.id, one.claims) for one in found.wanted] == [("card", ("name",))]


def test_an_mdoc_is_asked_for_by_doctype_namespace_and_element(reader):
    """And named to the person by the claim that the element says."""
    (wanted,) = reader.read(dcql_query={"credentials": [DRIVING_LICENCE]}).wanted
    assert (wanted.format, wanted.kinds, wanted.claims) == ("mso_mdoc", ("org.iso.18013.5.1.mDL",), ("licence_number",))
    for wrong in (
        {"meta": {"vct_values": ["x"]}},
        {"meta": {"doctype_value": "org.iso.7367.1.mVRC"}},
        {"claims": [{"path": ["document_number"]}]},
        {"claims": [{"path": ["org.iso.18013.5.1", "portrait"]}]},
        {"claims": [{"path": ["org.iso.18013.5.1", 0]}]},
    ):
        with pytest.raises(IssuerRefused):
            reader.read(dcql_query={"credentials": [DRIVING_LICENCE | wrong]})


@pytest.mark.parametrize(
    "changes",
    [
        {"response_uri": "https://evil.example/response"},
        {"response_uri": None},
        {"response_mode": "direct_post"},
        {"response_type": "code"},
        {"client_id": "x509_hash:" + "A" * 43},
        {"aud": "https://hotel.example"},
        {"exp": NOW},
        {"nonce": None},
        {"state": None},
        {"transaction_data": ["e30"]},
        {"dcql_query": {"credentials": [QUERY], "credential_sets": [{"options": [["card"]]}]}},
        {"dcql_query": {"credentials": [QUERY | {"claim_sets": [["a"]]}]}},
        {"dcql_query": {"credentials": [QUERY | {"claims": [{"path": ["name"], "values": ["Jane"]}]}]}},
        {"dcql_query": {"credentials": [DRIVING_LICENCE | {"claim_sets": [["a"]]}]}},
        {"dcql_query": {"credentials": [DRIVING_LICENCE | {"claims": [DRIVING_LICENCE["claims"][0] | {"values": ["D1"]}]}]}},
        {"dcql_query": {"credentials": [QUERY, QUERY | {"claims": []}]}},
        {"dcql_query": {"credentials": [QUERY | {"claims": 5}]}},
        {"dcql_query": {"credentials": [QUERY | {"claims": None}]}},
        {"dcql_query": {"credentials": [QUERY | {"format": "ldp_vc"}]}},
        {"dcql_query": {"credentials": [QUERY | {"claims": [{"path": ["address", "city"]}]}]}},
        {"dcql_query": {"credentials": ["card"]}},
        {"client_metadata": METADATA | {"client_name": "hotel\x1b[2Jbank"}},
        {"client_metadata": METADATA | {"client_name": "x" * 257}},
        {"client_metadata": METADATA | {"jwks": {"keys": []}}},
        {"client_metadata": METADATA | {"jwks": {"keys": [{"kty": "RSA", "kid": "k"}]}}},
        {"client_metadata": METADATA | {"jwks": {"keys": [jwe.public_half(KEY) | {"use": "sig"}]}}},
        {"client_metadata": METADATA | {"jwks": {"keys": ["k1", {}]}}},
        {"client_metadata": METADATA | {"client_name": None}},
        {"client_metadata": METADATA | {"encrypted_response_enc_values_supported": ["A128CBC-HS256"]}},
        {"client_metadata": METADATA | {"encrypted_response_enc_values_supported": "A256GCM"}},
        {"text": json.dumps({"client_id": "x"})},
        {"text": ""},
        {"uri": "https://evil.example/v1/presentations/requests/idvp_x/object"},
        {"uri": "https://evil.example/object", "response_uri": "https://evil.example/response"},
    ],
)
def test_a_reader_that_asks_in_another_way_is_refused(reader, changes):
    """Answers in the clear or to another place, another reader's name, an ended request, a format or a path we do not know."""
    with pytest.raises(IssuerRefused):
        reader.read(**changes)


def test_a_reader_may_be_named_by_its_host_and_need_not_say_what_the_standard_knows(reader):
    """No name of its own, no state, no encryption: A128GCM then; another key before the one that fits; a DNS name in capitals."""
    own, key = Authority("City of Test", begins=NOW - 60), signer()
    names = x509.SubjectAlternativeName([x509.DNSName("VERIFY.example")])
    leaf = own.certify(public(key), READER, begins=NOW - 60, purpose=None, names=(names, False))
    reader.signing = replace(reader.signing, signer=key, chain=(leaf,))
    reader.client_id = request_object.client_id_of(leaf)
    metadata = {"jwks": {"keys": [{"kty": "RSA", "kid": "k0"}, jwe.public_half(KEY)]}}
    found = reader.read(client_metadata=metadata, state=MISSING)
    assert (found.name, found.reader, found.state, found.encryption) == (READER, READER, None, "A128GCM")
    assert found.key["kid"] == "k1"
    with pytest.raises(IssuerRefused, match="does not name the place"):
        reader.read(uri="https://bank.example/object", response_uri="https://bank.example/response", client_metadata=metadata)


def test_a_reader_whose_certificate_would_move_the_cursor_is_refused(reader):
    """Anybody makes a certificate of their own, and the person reads the address in it before they say yes."""
    own, key = Authority("City of Test", begins=NOW - 60), signer()
    leaf = own.certify(public(key), f"{READER}/\x1b[2Jhotel", begins=NOW - 60, purpose=Purpose.READER)
    reader.signing = replace(reader.signing, signer=key, chain=(leaf,))
    reader.client_id = request_object.client_id_of(leaf)
    with pytest.raises(IssuerRefused, match="cannot be shown"):
        reader.read()


def test_algorithm_none_is_refused(reader):
    """As any other than the one there is."""
    head, payload, _ = reader.said().split(".")
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    header = json.loads(urlsafe_b64decode(head + "=="))
    for changed in ("none", "HS256", "ES384"):
        spelled = urlsafe_b64encode(json.dumps(header | {"alg": changed}).encode()).rstrip(b"=").decode()
        with pytest.raises(IssuerRefused) as caught:
            reader.read(text=f"{spelled}.{payload}.{'A' * 86}")
        assert caught.value.reason == "token_algorithm"


def test_all_that_is_asked_of_one_credential_stands_before_the_person(reader):
    """A reader that asks for it twice, for much and then for little, gets both: the person is asked for both."""
    more = QUERY | {"claims": [{"path": ["name"]}, {"path": ["birth_date"]}]}
    request = reader.read(dcql_query={"credentials": [more, QUERY | {"id": "again"}, QUERY | {"id": "age", "claims": []}]})
    held = Holding("https://id.example", "identity_card", "dc+sd-jwt", 0, ())
    assert asked(request, {one.id: held for one in request.wanted}) == {"identity_card": ["name", "birth_date"]}


def test_an_empty_wallet_says_so_and_a_key_off_the_curve_gets_nothing(reader, folder):
    """Before a copy is used; a link that is none is told as such."""
    with pytest.raises(CredentialUnavailable, match="name"):
        choose(folder, reader.read(), now=NOW)
    bad = METADATA | {"jwks": {"keys": [jwe.public_half(KEY) | {"x": KEY["y"]}]}}
    nothing = reader.read(client_metadata=bad, dcql_query={"credentials": []})
    with pytest.raises(IssuerRefused, match="P-256"):
        answer(folder, nothing, {}, lambda *_: Answer(200, {}, b"{}"), now=NOW)
    with pytest.raises(InvalidInput):
        read_request("openid4vp://[", lambda *_: Answer(200, {}, b""), now=NOW)


def card_of(issuer, authority, made=cards, configuration="identity_card", format_=SD_JWT_FORMAT):
    """A holding of that issuer, whose key a root of that key identifier certified; None: of a root that has none."""
    named = {} if authority is None else {"authority": (x509.AuthorityKeyIdentifier(authority, None, None), False)}
    leaf = CITY.certified(CITY.signer, **named)
    copies = tuple(made(1, chain=(leaf,)))
    return Holding(issuer=issuer, configuration=configuration, format=format_, received_at=1, copies=copies)


@pytest.mark.parametrize(
    ("configuration", "format_", "made", "query"),
    [("identity_card", SD_JWT_FORMAT, cards, QUERY), ("identity_card.mdoc", MDOC_FORMAT, mdocs, MDOC_QUERY)],
)
def test_of_two_issuers_cards_the_one_is_chosen_whose_root_the_reader_believes(
    reader, folder, configuration, format_, made, query
):
    """The other's copy would be used up for a refusal; where the reader believes neither, nothing is shown at all."""
    kind = (made, configuration, format_)
    ours, theirs = (f"https://{name}.example" for name in ("a", "b"))
    for issuer, authority in ((ours, b"root-a"), (theirs, b"root-b"), ("https://c.example", None)):
        folder.keep(card_of(issuer, authority, *kind))

    def chosen(*named):
        asked = query | ({"trusted_authorities": list(named)} if named else {})
        return choose(folder, reader.read(dcql_query={"credentials": [asked]}), now=NOW)["card"].issuer

    by_key = [{"type": "aki", "values": [base64url(one)]} for one in (b"root-a", b"root-b")]
    other = {"type": "etsi_tl", "values": ["https://lotl.example"]}
    assert [chosen(one) for one in by_key] == [ours, theirs]
    assert chosen(other, by_key[1]) == theirs
    assert chosen() in (ours, theirs, "https://c.example")
    for nobody in ({"type": "aki", "values": [base64url(b"root-z")]}, {"type": "aki", "values": []}, other):
        with pytest.raises(CredentialUnavailable, match="authority that the reader believes"):
            chosen(nobody)
    for broken in ("aki", {"type": "aki"}, {"type": "aki", "values": [1]}, {"values": ["x"]}):
        with pytest.raises(IssuerRefused, match="whose credentials it believes"):
            chosen(broken)
