"""The dynamic QR: what its holder shows, what a reader learns, and what no bytes whatsoever can do to it."""

import time
from itertools import combinations

import base45
import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idverify.credentials import cose, slip, slip_claims
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.slip_checks import EARLIEST_SECONDS, OLDEST_SECONDS
from idverify.credentials.status_reference import StatusReference
from idverify.errors import InvalidInput, SigningUnavailable

from .authority import signer
from .slips import CARD, CITY, ISSUER, LIST, NOW, PERSON, PHONE, Code, Seen, code, examine, gate, issued, status_list

TEXT = code("police", ["name", "sex"]).text
RAW = base45.b45decode(TEXT[5:])
HELD = gate()
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def refused(text, **held):
    """The code under which the gate refuses."""
    found = examine(text, HELD, **held)
    assert not found.accepted
    assert not found.claims
    return found.code


def shown(made, *names, **facts):
    """As PHONE shows it."""
    return slip.present(made.slip, made.showing(names), PHONE, **({"now": NOW, "counter": 1} | facts))


def test_a_gate_learns_what_the_purpose_declares_and_nothing_else():
    """Name and whether of age; no number, no date of birth, nowhere in the bytes."""
    made = issued("gate")
    text = shown(made)
    found = examine(text, purpose="gate")
    assert found.accepted
    assert (found.authentic, found.holder_bound, found.status, found.status_age) == (True, True, Status.VALID, 61)
    assert (found.type, found.trust_anchor) == (CARD.vct, CITY.anchor().fingerprint)
    told = {"iss": ISSUER, "exp": int(NOW) + 86_400, "purpose": "gate"}
    assert found.claims == told | {"name": PERSON["name"], "age_over_18": True}
    raw = base45.b45decode(text[5:])
    assert not any(PERSON[name].encode() in raw for name in ("date_of_birth", "document_number", "address"))


@pytest.mark.parametrize("names", [*combinations(CARD.slips["police"].claims, 2), CARD.slips["police"].claims, ()])
def test_police_learn_what_the_person_chose(names):
    """Any two, all, none; the others are digests."""
    made = issued("police")
    text = shown(made, *names)
    claims = dict(examine(text).claims)
    assert {name: claims[name] for name in names} == {name: PERSON[name] for name in names}
    assert claims.keys() == {"iss", "exp", "purpose", *names}
    raw = base45.b45decode(text[5:])
    assert not any(str(PERSON[name]).encode() in raw for name in set(made_names(made)) - set(names))


def made_names(made):
    """What a slip could show."""
    return [cose.decode(one)[1] for one in made.disclosures]


def test_two_slips_of_one_person_have_nothing_in_common_but_the_person():
    """Another key, other salts: digests of two visits do not meet."""
    first, second = (cose.decode(cose.Sign1.read(issued("police").slip).payload) for _ in range(2))
    assert not set(slip_claims.ours(first).digests) & set(slip_claims.ours(second).digests)


def test_a_slip_travels_as_a_wallet_receives_it():
    """base64url and tildes, there and back; another spelling is refused."""
    made = issued("police")
    assert slip.Slip.read(made.value) == made
    assert slip.Slip.read(issued("gate").value).disclosures == ()
    for bad in ("", "~", made.value + "~", made.value + "=", made.value.replace("~", "~~", 1), "é", " " + made.value):
        with pytest.raises(InvalidInput):
            slip.Slip.read(bad)
    with pytest.raises(InvalidInput, match="cannot show portrait"):
        made.showing(["portrait"])


@pytest.mark.parametrize(
    ("changes", "purpose"),
    [
        ({}, "bar"),
        ({"expires_at": NOW + 86_401}, "gate"),
        ({"expires_at": NOW}, "gate"),
        ({"claims": {"name": "x"}}, "gate"),
        ({"claims": PERSON | {"age_over_18": "yes"}}, "gate"),
        ({"claims": PERSON | {"hobby": "chess"}}, "gate"),
        ({"device_jwk": {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}}, "gate"),
        ({"device_jwk": PHONE.public_jwk() | {"x": "AA"}}, "gate"),
        ({"device_jwk": PHONE.public_jwk() | {"x": "A" * 43}}, "gate"),
        ({"device_jwk": {}}, "gate"),
        ({"status": StatusReference("https://id.other.example/v1/status-lists/7", 5)}, "gate"),
        ({"status": StatusReference(f"{ISSUER}/v1/status-lists/{2**31}", 5)}, "gate"),
        ({"status": StatusReference(f"{ISSUER}/v1/status-lists/07", 5)}, "gate"),
        ({"status": StatusReference(LIST, 2**20)}, "gate"),
    ],
)
def test_nothing_is_issued_that_no_reader_would_take(changes, purpose):
    """Purposes, lives, claims, keys and places."""
    with pytest.raises(InvalidInput):
        issued(purpose, **changes)


def test_no_slip_is_issued_under_the_certificate_of_another_key():
    """No reader would accept it."""
    for chain in ((), (CITY.certified(signer()),), (b"no certificate",)):
        with pytest.raises(SigningUnavailable):
            issued("gate", chain=chain)


def test_a_code_holds_for_a_minute_and_a_screenshot_no_longer():
    """To the second, on both sides; five minutes later it is a picture."""
    text = shown(issued("gate"))
    ends = {after: examine(text, now=NOW + after).code for after in (-31, -30, 0, 60, 61, 300)}
    assert ends == dict.fromkeys((-30, 0, 60), "accepted") | {-31: "slip_from_the_future", 61: "slip_stale", 300: "slip_stale"}
    assert slip.REFRESH_SECONDS <= OLDEST_SECONDS - EARLIEST_SECONDS


def test_a_slip_is_worthless_after_its_day_whatever_the_device_says():
    """A fresh envelope does not renew it."""
    made = issued("gate")
    late = NOW + 86_400
    assert examine(shown(made, now=late - 1, counter=2), gate(lists=[]), now=late - 1).code == "status_unknown"
    assert examine(shown(made, now=late, counter=3), gate(lists=[]), now=late).code == "slip_expired"


def test_a_reader_takes_each_code_once_and_counts_nothing_that_it_refused():
    """A stranger cannot use up a counter; a revoked holder's code is used up all the same."""
    seen, made = Seen(), issued("gate")
    text = shown(made, counter=5)
    assert examine(text, counters=seen, challenge=bytes(8)).code == "slip_challenge_missing"
    assert examine(text, counters=seen, now=NOW + 90).code == "slip_stale"
    assert examine(text, counters=seen).accepted
    assert examine(text, counters=seen).code == "slip_replayed"
    assert examine(shown(made, counter=4), counters=seen).code == "slip_replayed"
    revoked = gate(lists=[status_list(5)])
    text = shown(made, counter=6)
    assert examine(text, revoked, counters=seen).code == "credential_revoked"
    assert examine(text, revoked, counters=seen).code == "slip_replayed"


def test_a_revoked_slip_is_authentic_and_an_old_list_says_nothing():
    """VALID or REVOKED with a fresh list; UNKNOWN with a stale or missing one, whatever the slip's age."""
    text = shown(issued("gate"))
    found = examine(text, gate(lists=[status_list(5)]))
    assert (found.authentic, found.holder_bound, found.status) == (True, True, Status.REVOKED)
    assert found.claims["name"] == PERSON["name"]
    for lists in ([], [status_list(5, expires_at=NOW)], [status_list(expires_at=NOW)]):
        found = examine(text, gate(lists=lists))
        assert (found.status, found.code) == (Status.UNKNOWN, "status_unknown")


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(RAW) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_of_a_code_is_accepted(at, bit):
    """Of either signature, either header, the slip, a disclosure, the time."""
    flipped = bytearray(RAW)
    flipped[at] ^= 1 << bit
    refused("EID1:" + base45.b45encode(bytes(flipped)).decode())


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), character=st.sampled_from(ALPHABET + "a\n\0é"))
def test_no_replaced_character_and_no_cut_is_accepted(at, character):
    """Any place, any character of base45 and some from outside it."""
    refused(TEXT[:at])
    if TEXT[at] != character:
        refused(TEXT[:at] + character + TEXT[at + 1 :])


@settings(max_examples=120, deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300), st.text(ALPHABET, max_size=300).map("EID1:".__add__)))
@example("")
@example("EID1:")
@example("\ud800")
@example(b"EID1:\xff")
@example("EID1:" + "0" * 100_000)
@example("EID1:" + "0" * 4291)
def test_no_text_and_no_bytes_meet_anything_but_a_refusal(text):
    """Of strangers' QR codes there are many."""
    assert refused(text).startswith("slip_")


CBOR = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20) | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers() | st.text(max_size=8) | st.booleans(), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.sampled_from([0, 1, 2, 4, 18, 25, 28, 29, 30, 35, 258, 55799]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(CBOR)
@example(cbor2.CBORTag(4, [10**18, 1]))
@example(cbor2.CBORTag(35, "(a+)+$"))
def test_no_cbor_meets_anything_but_a_refusal(value):
    """As the envelope, as what the device signed, as the slip, as a disclosure, as a header."""
    data = cbor2.dumps(value)
    refused("EID1:" + base45.b45encode(data).decode())
    refused("EID1:" + base45.b45encode(b"\xd2" + data).decode())
    genuine = code("police", ["name"])
    for field in ("encode_shown", "encode_header"):
        refused(altered(genuine, **{field: lambda _: data}))
    refused(altered(genuine, tampered_slip=lambda _: data))
    refused(altered(genuine, disclosures=[data]))


@settings(max_examples=120, deadline=None)
@given(key=st.sampled_from([1, 4, 6, 8, 11, -70001, 65535, 7, "x"]), at=st.integers(0, 5), value=CBOR)
def test_no_value_of_any_claim_meets_anything_but_a_finding_that_can_be_printed(key, at, value):
    """Signed by a trusted city, as a careless one might: any claim, any part of the one that is ours, a part more."""
    one, other = code("gate"), code("gate")
    one.claims[key] = value
    other.claims[slip_claims.OURS][at : at + 1] = [value]
    for base in (one, other):
        found = examine(altered(base, encode_claims=lambda claims: cbor2.dumps(claims, canonical=True)), HELD)
        assert not found.claims or all(type(said) in (str, int, bool, list) for said in found.claims.values())


def altered(made: Code, **parts) -> str:
    """The text of a code with other parts."""
    for name, part in parts.items():
        setattr(made, name, part)
    return made.text


def test_the_orders_of_two_standards_are_one_for_the_maps_of_a_slip():
    """RFC 8949 section 4.2.1 sorts keys by their bytes, cbor2 by length first (RFC 7049 section 3.9)."""
    claims = [1, 4, 6, 8, 11, -70001]
    names = [name for one in credential_types().values() for name in one.claims]
    for keys in (claims, [1, 4], [1, -1, -2, -3], names):
        order = list(cbor2.loads(cose.encode(dict.fromkeys(keys))))
        assert order == sorted(set(keys), key=cbor2.dumps)


def test_a_hostile_code_of_the_largest_size_costs_little():
    """Nested, long, or full of empty maps: refused in well under a tenth of a second."""
    for inner in (b"\x81" * 2700, b"\xa0" * 2700, b"\x9a\xff\xff\xff\xff", b"\xbb" + b"\xff" * 8, b"\x5a\x7f\xff\xff\xff"):
        for data in (inner, b"\xd2" + inner, b"\xd2\x84\x43\xa1\x01\x26\xa0" + inner):
            began = time.perf_counter()
            refused("EID1:" + base45.b45encode(data[:2860]).decode())
            assert time.perf_counter() - began < 0.1


def test_a_curve_that_is_true_is_none():
    """To Python true is 1; to the other reader it is not."""
    key = cose.cose_key(b"\x02" + b"x" * 32)
    assert cose.compressed(key) == b"\x02" + b"x" * 32
    with pytest.raises(cose.CborInvalid):
        cose.compressed(key | {-1: True})
    whole = key | {-3: b"y" * 32}
    assert cose.jwk_of(whole)["crv"] == "P-256"
    with pytest.raises(cose.CborInvalid):
        cose.jwk_of(whole | {-1: True})
