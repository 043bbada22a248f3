"""What a relying party is told of a presentation, whatever it is shown. The refusals themselves: test_vectors.py."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idverify.credentials import certificates, key_binding, presentation, sd_jwt, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.findings import Status
from idverify.credentials.replays import Replays
from idverify.errors import Overloaded
from idverify.keys.jwk import base64url

from .authority import DAY
from .city import AUDIENCE, CITY, HOLDER, ISSUER, LIST_OF_TWO, NONCE, NOW, REVOKED, Draft
from .presentation_cases import mirrored

ANCHORS = (CITY.root.anchor(),)
READER = Believed(ANCHORS, {one.uri: one for one in [status_list.read(CITY.list(), ANCHORS, NOW)]})
CREDENTIAL = CITY.credential()
TEXT = Draft(CITY, CREDENTIAL, ("name", "age_over_18")).text()


def validate(text, reader=READER, **changes):
    """As the hotel does."""
    return presentation.validate(text, reader, **({"audience": AUDIENCE, "nonce": NONCE, "now": NOW} | changes))


def test_what_is_told_is_what_was_shown_and_how_it_is_known():
    """The whole finding: the claims disclosed, and beside them issuer, end, assurance, methods and the day of the session."""
    found = validate(TEXT)
    assert found.accepted
    assert (found.authentic, found.holder_bound, found.status, found.status_age) == (True, True, Status.VALID, 600.0)
    assert (found.trust_anchor, found.type) == (ANCHORS[0].fingerprint, "urn:idverify:vct:identity-card:1")
    assert found.claims == {
        "name": "李雷",
        "age_over_18": True,
        "iss": ISSUER,
        "exp": 1_801_094_400,
        "acr": "urn:idverify:acr:live-active",
        "amr": ["face"],
        "auth_time": 1_799_107_200,
    }


def test_a_holder_presents_what_it_chose():
    """With the functions that a wallet calls."""
    shown = key_binding.sign(sd_jwt.select(CREDENTIAL, {"sub"}), HOLDER, audience=AUDIENCE, nonce=NONCE, now=NOW)
    assert validate(shown).claims.keys() - {"iss", "exp", "acr", "amr", "auth_time"} == {"sub"}
    assert validate(shown.encode()) == validate(shown)


def test_a_revoked_credential_is_authentic_and_its_holder_is_who_he_is():
    """What was revoked is a fact beside the others, and not a reason to deny them."""
    draft = Draft(CITY, CREDENTIAL, ("name",))
    draft.payload["status"]["status_list"]["idx"] = REVOKED
    found = validate(draft.text())
    assert (found.authentic, found.holder_bound, found.status, found.code) == (True, True, Status.REVOKED, "credential_revoked")
    assert not found.accepted
    assert found.claims["name"] == "李雷"


def test_whoever_cannot_prove_to_hold_the_key_is_told_apart_from_a_forgery():
    """Authentic and of known status, but nobody's: no claims."""
    found = validate(TEXT, audience="https://police.example")
    assert (found.authentic, found.holder_bound, found.status) == (True, False, Status.VALID)
    assert found.claims == {}
    forged = validate(TEXT, Believed((Anchor("x", b"no certificate", frozenset(), ()),)))
    assert (forged.authentic, forged.trust_anchor, forged.type, forged.claims) == (False, None, None, {})


def test_a_list_that_ran_out_since_it_was_read_says_nothing_any_more():
    """Neither valid nor revoked, from that second on, although the same reader held it valid before."""
    for now, status in ((NOW + DAY - 601, Status.VALID), (NOW + DAY - 600, Status.UNKNOWN)):
        draft = Draft(CITY, CREDENTIAL, ("name",))
        draft.binding["iat"] = int(now)
        found = validate(draft.text(), now=now)
        assert (found.authentic, found.holder_bound, found.status) == (True, True, status)
    assert found.code == "status_unknown"
    assert found.status_age is None


def test_an_index_that_the_list_does_not_have_is_unknown():
    """A list may be shorter than it could be."""
    short = status_list.read(
        status_list.sign(
            bytes(2),
            2,
            uri=LIST_OF_TWO,
            issuer=ISSUER,
            aggregation_uri=f"{ISSUER}/v1/status-lists",
            signer=CITY.status_signer,
            chain=(CITY.status_leaf,),
            now=NOW,
        ),
        ANCHORS,
        NOW,
    )
    found = validate(Draft(CITY, CITY.credential("driving_licence"), ()).text(), Believed(ANCHORS, {short.uri: short}))
    assert (found.status, found.code) == (Status.UNKNOWN, "status_unknown")


def test_a_certificate_that_is_remembered_is_still_held_against_the_clock():
    """Parsed and chained once; its end is looked at each time."""
    draft = Draft(CITY, CREDENTIAL, ("name",))
    draft.certified(CITY.certify(days=30 + 10 / DAY))
    text = draft.text()
    assert validate(text).accepted
    before = certificates.examined.cache_info().misses
    assert validate(text, now=NOW + 11).code == "certificate_expired"
    assert certificates.examined.cache_info().misses == before


def test_a_root_that_is_no_longer_trusted_vouches_for_nothing_that_it_signed_before():
    """What is remembered belongs to the anchors it was found under."""
    assert validate(TEXT).accepted
    assert validate(TEXT, Believed(())).code == "certificate_foreign"
    assert validate(TEXT, Believed((CITY.root.anchor(frozenset()),))).code == "credential_type_not_trusted"


def test_a_presentation_counts_once_from_however_many_doors():
    """Sixteen threads with one memory; the second signature that ECDSA has of it counts as the same."""
    replays = Replays()
    texts = [TEXT, mirrored(TEXT)] * 8
    assert validate(mirrored(TEXT)).accepted
    with ThreadPoolExecutor(16) as pool:
        codes = sorted(one.code for one in pool.map(lambda text: validate(text, replays=replays), texts))
    assert codes == ["accepted"] + ["binding_replayed"] * 15


def test_what_is_refused_for_another_reason_is_not_remembered():
    """A stranger cannot use up a presentation by showing it at the wrong door."""
    replays = Replays()
    assert validate(TEXT, audience="https://police.example", replays=replays).code == "binding_audience"
    assert len(replays) == 0
    assert validate(TEXT, replays=replays).accepted


def test_a_full_memory_refuses_rather_than_forgets():
    """What could still be replayed is never forgotten; what could not, is."""
    replays = Replays(capacity=2)
    assert replays.first_time(b"a", NOW + 1, NOW)
    assert replays.first_time(b"b", NOW + 9, NOW)
    with pytest.raises(Overloaded):
        replays.first_time(b"c", NOW + 9, NOW + 1)
    assert validate(TEXT, replays=replays).code == "overloaded"
    assert not replays.first_time(b"b", NOW + 9, NOW + 1)
    assert replays.first_time(b"c", NOW + 9, NOW + 2)
    assert len(replays) == 2


def test_without_a_nonce_of_its_own_a_reader_takes_any():
    """Offline at a door nobody asked for one; then the minute and the memory are what stands against a replay."""
    assert validate(TEXT, nonce=None).accepted
    assert validate(TEXT, nonce="").code == "binding_nonce"


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), character=st.sampled_from("ABab01-_~.=+/ \n\0é"))
def test_no_replaced_character_is_accepted(at, character):
    """Any place, and whatever is found, it is a finding."""
    if TEXT[at] != character:
        assert not validate(TEXT[:at] + character + TEXT[at + 1 :]).accepted


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300), st.text("aA1-_~.", max_size=300)))
@example("")
@example("~")
@example("~" * 100_000)
@example("\ud800~")
@example(b"\xff~\xff")
@example(None)
@example(7)
def test_no_text_and_no_bytes_meet_anything_but_a_finding(text):
    """Strings, bytes, noise that looks like a token, and what is no text at all."""
    found = validate(text)
    assert (found.authentic, found.holder_bound, found.claims) == (False, False, {})


def json_values(floats):
    """Whatever json.dumps writes, strictly or not."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | floats | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=8,
    )


JSON, STRICT = json_values(st.floats()), json_values(st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(["header", "payload", "binding_header", "binding", "disclosure"]), data=st.data())
def test_no_value_that_a_careless_issuer_or_holder_signs_meets_anything_but_a_finding(place, data):
    """Any member of any signed part, with the genuine keys."""
    draft, value = Draft(CITY, CREDENTIAL, ("name",)), data.draw(STRICT if place == "disclosure" else JSON)
    if place == "disclosure":
        spelled = json.dumps(["c2FsdA", data.draw(st.sampled_from(["address", "exp", "x", 7])), value])
        draft.disclose("x", 0, text=base64url(spelled.encode()))
    else:
        members = getattr(draft, place)
        members[data.draw(st.sampled_from([*members, "x"]))] = value
    found = validate(draft.text())
    assert found.holder_bound <= found.authentic
    if place in ("header", "binding_header", "binding"):
        assert not found.accepted or draft.text() == Draft(CITY, CREDENTIAL, ("name",)).text()


@pytest.mark.parametrize("value", [b"1e400", b"-1e400", b"[1e999]", b"9" * 400])
def test_a_disclosed_number_beyond_a_double_is_no_infinity(value):
    """JSON has none: whoever writes the finding down, or signs it, would write something else or nothing."""
    draft = Draft(CITY, CREDENTIAL, ("name",))
    draft.disclose("address", None, text=base64url(b'["' + b"s" * 22 + b'","address",' + value + b"]"))
    assert validate(draft.text()).code == "disclosure_malformed"
