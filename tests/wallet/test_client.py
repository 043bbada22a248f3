"""Taking credentials from an issuer that is strict, and from issuers that are not honest."""

import json
import os
from urllib.parse import quote

import pytest

from idverify.credentials import sd_jwt
from idverify.errors import InvalidInput
from idverify.wallet.client import MOST_PAGES, Client
from idverify.wallet.errors import CredentialUnavailable, IssuerRefused
from idverify.wallet.offers import PRE_AUTHORISED, read_offer

from .issuer import NOW, URL, answer, credential

LINK = f"openid-credential-offer://?credential_offer_uri={quote(URL + '/v1/credentials/offers/1', safe='')}"


def client(folder, issuer):
    """The wallet's side."""
    return Client(folder, issuer.send, now=lambda: NOW, random_bytes=os.urandom)


def accept(folder, issuer, tx_code="123456"):
    """Whatever the offer gives."""
    return list(client(folder, issuer).accept(read_offer(LINK, issuer.send), tx_code=tx_code))


def test_an_offer_becomes_a_batch_of_copies_each_with_a_key_of_its_own(folder, issuer):
    """As many as the issuer allows; none of the keys is the device key, which alone speaks to the issuer."""
    [held] = accept(folder, issuer)
    assert folder.holdings() == (held,)
    assert len({copy.key.secret for copy in held.copies}) == 4
    assert folder.device.kid not in {copy.key.signer.kid for copy in held.copies}
    assert issuer.device["x"] == folder.device.public_jwk()["x"]


def test_an_offer_is_taken_as_a_link_by_value_as_json_or_as_the_address_itself(issuer):
    """Whatever a person can paste."""
    by_value = f"openid-credential-offer://?credential_offer={quote(json.dumps(issuer.offer))}"
    spellings = (LINK, by_value, json.dumps(issuer.offer), f"{URL}/v1/credentials/offers/1", f"  {LINK}\n")
    assert len({read_offer(text, issuer.send) for text in spellings}) == 1


def test_the_code_that_came_by_another_way_is_asked_for_before_anything_is_sent(folder, issuer):
    """A forgotten one burns no offer; a wrong one is the issuer's to refuse, in its own word."""
    offer = read_offer(LINK, issuer.send)
    issuer.asked.clear()
    with pytest.raises(InvalidInput, match="--tx-code"):
        list(client(folder, issuer).accept(offer))
    assert issuer.asked == []
    with pytest.raises(IssuerRefused) as refused:
        accept(folder, issuer, "654321")
    assert refused.value.reason == "invalid_grant"
    assert "new offer" in refused.value.message
    assert folder.holdings() == folder.grants() == ()


def test_nonces_are_fetched_again_once(folder, issuer):
    """A DPoP nonce when asked for, then kept; a proof's nonce that ran out on the way; the second refusal stands."""
    issuer.dpop_nonce = "dpop-1"
    issuer.stale_nonces = 1
    accept(folder, issuer)
    assert [path for _, path in issuer.asked].count("/v1/credentials/token") == 2
    assert [path for _, path in issuer.asked].count("/v1/credentials") == 2
    issuer.stale_nonces = 2
    with pytest.raises(IssuerRefused) as refused:
        accept(folder, issuer)
    assert refused.value.reason == "invalid_nonce"


def test_renewal_brings_new_keys_and_keeps_the_rotated_token(folder, issuer):
    """The unused old copies are gone: their keys were for the old ones."""
    [old] = accept(folder, issuer)
    [grant] = folder.grants()
    [new] = client(folder, issuer).renew(grant)
    assert not {copy.key.secret for copy in old.copies} & {copy.key.secret for copy in new.copies}
    assert folder.holdings() == (new,)
    assert [one.refresh_token for one in folder.grants()] == ["refresh-2"]
    assert list(client(folder, issuer).renew(folder.grants()[0], only=("driving_licence",))) == []


def test_what_could_not_be_fetched_at_first_is_fetched_by_renewal(folder, issuer):
    """The grant is kept before the credentials are asked for, since the code of the offer is spent by then."""
    issuer.offer["credential_configuration_ids"] = ["identity_card", "vehicle_licence"]
    issuer.credentials = lambda jwks: []
    with pytest.raises(IssuerRefused):
        accept(folder, issuer)
    issuer.credentials = lambda jwks: [credential(jwk) for jwk in jwks]
    renewed = list(client(folder, issuer).renew(folder.grants()[0]))
    assert [one.configuration for one in renewed] == ["identity_card", "vehicle_licence"]


@pytest.mark.parametrize("hears", [204, 400, 503, None])
def test_an_issuer_that_wants_to_know_is_told_what_became_of_its_credentials(folder, issuer, hears):
    """Kept, or not what they should be; whether it hears changes nothing."""
    issuer.hears = hears
    [held] = accept(folder, issuer)
    issuer.credentials = lambda jwks: ["Error"]
    with pytest.raises(IssuerRefused, match="cannot be read"):
        accept(folder, issuer)
    assert folder.holdings() == (held,)
    words = ("credential_accepted", "credential_failure")
    assert issuer.told == ([] if hears is None else [{"notification_id": "answer-1", "event": word} for word in words])
    assert [path for _, path in issuer.asked].count("/v1/credentials/notification") == 2


def test_an_issuer_that_wants_to_know_nothing_is_told_nothing(folder, issuer):
    """No name for the answer, or no address."""
    issuer.named = False
    accept(folder, issuer)
    issuer.named = True
    del issuer.metadata["notification_endpoint"]
    accept(folder, issuer)
    assert issuer.told == []


def test_what_is_deleted_is_gone_told_and_not_fetched_again(folder, issuer):
    """With its keys; the grant goes with the last of it."""
    issuer.offer["credential_configuration_ids"] = ["identity_card", "vehicle_licence"]
    accept(folder, issuer)
    issuer.told.clear()
    assert client(folder, issuer).delete("identity_card")
    assert issuer.told == [{"notification_id": "answer-1", "event": "credential_deleted"}]
    assert [one.configuration for one in folder.holdings()] == ["vehicle_licence"]
    [grant] = folder.grants()
    assert (grant.configurations, grant.refresh_token) == (("vehicle_licence",), "refresh-2")
    with pytest.raises(CredentialUnavailable):
        client(folder, issuer).delete("identity_card")
    issuer.hears = 400
    assert not client(folder, issuer).delete("vehicle_licence")
    assert folder.holdings() == folder.grants() == ()
    assert not any(file.name.startswith(("held-", "grant-")) for file in folder.path.iterdir())


@pytest.mark.parametrize("lost", ["grant", "name", "issuer"])
def test_what_is_deleted_is_gone_though_nobody_can_be_told(folder, issuer, lost):
    """Nothing renews it, or the issuer gave it no name, or gives no token any more."""
    if lost == "grant":
        del issuer.token["refresh_token"]
    issuer.named = lost != "name"
    accept(folder, issuer)
    issuer.told.clear()
    if lost == "issuer":
        issuer.token["refresh_token"] = "revoked"
    assert not client(folder, issuer).delete("identity_card")
    assert folder.holdings() == folder.grants() == ()
    assert issuer.told == []


def test_without_a_refresh_token_there_is_nothing_to_renew(folder, issuer):
    """As for a type that asks for a new live session each time."""
    del issuer.token["refresh_token"]
    [held] = accept(folder, issuer)
    assert held.grant is None
    assert folder.grants() == ()


ELSEWHERE = "https://thief.example/token"


def _change(part, **members):
    return lambda issuer: getattr(issuer, part).update(members)


def _credentials(made):
    return lambda issuer: setattr(issuer, "credentials", made)


OTHER_KEY = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}


@pytest.mark.parametrize(
    "misbehave",
    [
        _change("offer", credential_issuer="https://thief.example"),
        _change("offer", grants={"authorization_code": {}}),
        _change("offer", credential_configuration_ids=[]),
        _change("offer", credential_configuration_ids=[7]),
        _change("offer", grants={PRE_AUTHORISED: {"pre-authorized_code": 7}}),
        _change("metadata", credential_issuer="https://thief.example"),
        _change("metadata", authorization_servers=["https://thief.example"]),
        _change("metadata", credential_endpoint=ELSEWHERE),
        _change("metadata", nonce_endpoint="http://id.example/nonce"),
        _change("metadata", notification_endpoint=ELSEWHERE),
        _change("metadata", credential_endpoint="https://id.example:444/v1/credentials"),
        _change("metadata", credential_configurations_supported=[]),
        _change("server", token_endpoint=ELSEWHERE),
        _change("server", issuer="https://thief.example"),
        _change("token", token_type="Bearer"),
        _change("token", access_token="two\r\nlines"),
        _credentials(lambda jwks: []),
        _credentials(lambda jwks: [credential(jwks[0]), credential(jwks[0])]),
        _credentials(lambda jwks: [credential(OTHER_KEY)]),
        _credentials(lambda jwks: [credential(jwks[0] | {"d": "A" * 43})]),
        _credentials(lambda jwks: [credential(jwks[0], vct="urn:idverify:vct:driving-licence:1")]),
        _credentials(lambda jwks: [credential(jwks[0]) + sd_jwt.disclosure("name", "Someone Else", bytes(16)) + "~"]),
        _credentials(lambda jwks: ["Error"]),
        _credentials(lambda jwks: ["e30.!!!.e30~"]),
        _credentials(lambda jwks: [7]),
        _credentials(lambda jwks: [credential(jwks[0]) + "A" * 20_000]),
    ],
)
def test_an_issuer_that_misbehaves_gets_nothing_kept(folder, issuer, misbehave):
    """Sent elsewhere, named otherwise, unbound tokens, credentials for other keys or of another type: all refused."""
    misbehave(issuer)
    with pytest.raises(IssuerRefused) as refused:
        accept(folder, issuer)
    assert refused.value.reason == "answer"
    assert folder.holdings() == ()


def test_an_unknown_format_is_not_taken(folder, issuer):
    """It could not be shown."""
    for name in ("identity_card.ldp", "unheard_of"):
        issuer.offer["credential_configuration_ids"] = [name]
        with pytest.raises(CredentialUnavailable, match=name):
            accept(folder, issuer)


@pytest.mark.parametrize(
    "text",
    ["openid-credential-offer://", "openid-credential-offer://?credential_offer_uri=a&credential_offer=b", "https://[::1"],
)
def test_a_link_without_an_offer_is_no_offer(issuer, text):
    """A person may paste anything."""
    with pytest.raises(InvalidInput):
        read_offer(text, issuer.send)


@pytest.mark.parametrize("body", [b"", b"Error", b"[]", b"[" * 5000, b'{"error": "\\u001b[31m"}', b'{"error": 7}', b"\xff"])
def test_an_answer_that_is_no_json_is_refused_and_never_echoed(body):
    """Of a bad answer the wallet repeats one printable word at most."""
    for status in (200, 400, 302, 500):
        with pytest.raises(IssuerRefused) as refused:
            read_offer(f"{URL}/offer", lambda *_, status=status: answer(body, status))
        assert "\x1b" not in refused.value.message
        assert "Error" not in refused.value.message


def test_the_issuers_history_is_read_page_by_page_with_the_device_key(folder, issuer):
    """A proof for each page, over a token of its own; without end from an issuer that has none."""
    accept(folder, issuer)
    issuer.dpop_nonce = "n-1"
    pages = {None: ([{"number": 3}, {"number": 2}], 2), "2": ([{"number": 1}], None)}

    def history(query):
        assert query["limit"] == ["50"]
        entries, older = pages[query.get("before", [None])[0]]
        return {"entries": entries, "older": older}

    issuer.history = history
    (grant,) = folder.grants()
    assert [one["number"] for one in client(folder, issuer).history(grant)] == [3, 2, 1]
    (grant,) = folder.grants()
    issuer.history = lambda query: {"entries": [{}], "older": 7}
    assert len(list(client(folder, issuer).history(grant))) == MOST_PAGES


@pytest.mark.parametrize(
    ("page", "metadata"),
    [
        ([], {}),
        ({"entries": 1}, {}),
        ({"entries": ["x"], "older": None}, {}),
        ({"entries": [], "older": "x"}, {}),
        ({"entries": []}, {"history_endpoint": "https://thief.example/v1/me/history"}),
        ({"entries": []}, {"history_endpoint": 1}),
    ],
)
def test_a_history_that_is_none_is_refused(folder, issuer, page, metadata):
    """And the token goes to no other place."""
    accept(folder, issuer)
    issuer.history = lambda _: page
    issuer.metadata |= metadata
    with pytest.raises(IssuerRefused):
        list(client(folder, issuer).history(folder.grants()[0]))


def test_an_issuer_without_a_history_is_said_to_have_none(folder, issuer):
    """Others' issuers know no such thing."""
    accept(folder, issuer)
    del issuer.metadata["history_endpoint"]
    with pytest.raises(CredentialUnavailable, match="no history"):
        list(client(folder, issuer).history(folder.grants()[0]))
