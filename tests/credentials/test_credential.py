"""What a credential says, what it refuses to say, and what its copies have in common."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from idverify.credentials import credential, presentation, sd_jwt
from idverify.credentials.assurance import ASSURANCES, PASSIVE, PHOTO, SUPERVISED
from idverify.credentials.certificates import public_key_of
from idverify.credentials.credential_errors import REFUSALS
from idverify.credentials.credential_types import credential_types
from idverify.credentials.status_reference import StatusReference
from idverify.errors import InvalidInput, SigningUnavailable

from .authority import DAY, public
from .city import CITY, CLAIMS, HOLDER, ISSUER, LIST, NOW, STRANGER, SteadySigner, decoded, drip

CARD = credential_types()["identity_card"]
FACTS = credential.CredentialFacts(ISSUER, "urn:idverify:acr:live-active", ("face",), NOW - DAY, "production", "sub-1")
PAGE = Path(__file__).parents[2] / "docs/reference/credentials.md"


def issue(claims=None, facts=FACTS, **changes):
    """A card of today."""
    held = {
        "holder_jwk": HOLDER.public_jwk(),
        "status": StatusReference(LIST, 7),
        "signer": CITY.signer,
        "chain": (CITY.leaf,),
        "now": NOW,
        "random_bytes": drip("card"),
    }
    return credential.issue(CARD, CLAIMS["identity_card"] if claims is None else claims, facts, **(held | changes))


def names(text):
    """What can be disclosed."""
    return {sd_jwt.read(one)[0] for one in sd_jwt.parse(text).disclosures}


@pytest.mark.checkout
def test_the_documentation_shows_the_header_and_the_payload_that_are_issued():
    """Same members, same types; and every code of a refusal."""
    header, payload = (json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)[:2])
    text = CITY.credential("proof_of_life", environment="dev")
    for shown, at in ((header, 0), (payload, 1)):
        issued = decoded(text, at)
        assert {name: type(value) for name, value in shown.items()} == {name: type(value) for name, value in issued.items()}
    codes = {one.code for one in REFUSALS} | {"credential_revoked", "credential_suspended", "overloaded"}
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE.read_text()] == []


def test_nothing_of_the_person_is_visible_but_what_the_type_shows_to_everybody():
    """Neither a name nor the pairwise subject stands in the signed part."""
    for name, type_ in credential_types().items():
        if name not in CLAIMS:
            continue
        text = CITY.credential(name)
        visible = decoded(text, 1).keys() - credential.RESERVED
        assert visible == type_.disclosed & CLAIMS[name].keys()
        assert names(text) == (CLAIMS[name].keys() - type_.disclosed) | {"sub"}


def test_the_count_of_digests_does_not_tell_how_much_is_known_of_a_person():
    """Two claims or eight: the digests are as many, and at least two of them are decoys."""
    few = {name: CLAIMS["identity_card"][name] for name in ("name", "document_number")}
    counts = {len(decoded(text, 1)["_sd"]) for text in (issue(), issue(few), issue(few, replace(FACTS, subject=None)))}
    assert counts == {len(CARD.claims) + 3}
    listed = decoded(issue(), 1)["_sd"]
    assert listed == sorted(listed)


def test_times_are_rounded_to_the_day_so_that_a_second_links_no_copies():
    """At any hour: begins at the day's start, ends at a day's end, and the session is told by its day."""
    for hour in (0, 1, 43_200, 86_399):
        now = NOW - NOW % DAY + hour
        payload = decoded(issue(facts=replace(FACTS, auth_time=now - 100), now=now), 1)
        assert [payload[name] % DAY for name in ("iat", "nbf", "exp", "auth_time")] == [0, 0, 0, 0]
        assert payload["iat"] <= now < payload["exp"]
        assert payload["exp"] >= now + CARD.validity_days * DAY
        assert payload["auth_time"] <= now - 100


def test_copies_of_one_credential_share_neither_key_nor_place_nor_salt():
    """Thirty at once; what remains the same is what every card of that day has."""
    holders = [SteadySigner(f"copy {number}") for number in range(30)]
    copies = [(one.public_jwk(), StatusReference(LIST, number)) for number, one in enumerate(holders)]
    made = credential.issue_batch(
        CARD,
        CLAIMS["identity_card"],
        FACTS,
        copies=copies,
        signer=CITY.signer,
        chain=(CITY.leaf,),
        now=NOW,
        random_bytes=drip("batch"),
    )
    payloads = [decoded(text, 1) for text in made]
    assert len({one["cnf"]["jwk"]["x"] for one in payloads}) == 30
    assert len({one["status"]["status_list"]["idx"] for one in payloads}) == 30
    digests = [digest for one in payloads for digest in one["_sd"]]
    texts = [text for one in made for text in sd_jwt.parse(one).disclosures]
    assert len(set(digests)) == len(digests)
    assert len(set(texts)) == len(texts)
    same = {name for name in payloads[0] if len({json.dumps(one[name]) for one in payloads}) == 1}
    assert same == {"iss", "vct", "iat", "nbf", "exp", "acr", "amr", "auth_time", "_sd_alg"}


def test_only_the_public_half_of_the_holders_key_is_taken():
    """Names that link, such as a kid, are left out; a private key is refused, and a point off the curve."""
    key = HOLDER.public_jwk()
    assert decoded(issue(holder_jwk=key), 1)["cnf"] == {"jwk": {name: key[name] for name in ("kty", "crv", "x", "y")}}
    for wrong in (key | {"d": "AAAA"}, key | {"crv": "P-384"}, key | {"x": "A" * 43}, key | {"y": None}, {}):
        with pytest.raises(InvalidInput, match="holder's key"):
            issue(holder_jwk=wrong)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": 7}, "name: does not fit"),
        ({"date_of_birth": "1990-02-30"}, "date_of_birth: does not fit"),
        ({"date_of_birth": "19900101"}, "date_of_birth: does not fit"),
        ({"nationality": "Chinese"}, "nationality: does not fit"),
        ({"role": "secret-value"}, "not of this type"),
        ({"name": ...}, "missing: name"),
        ({"address": "\ud800"}, "Unicode"),
        ({"address": float("nan")}, "not JSON"),
    ],
)
def test_claims_that_do_not_fit_the_type_are_refused_without_being_repeated(changed, says):
    """The message names the claim and not its value, since it may be logged."""
    claims = {name: value for name, value in (CLAIMS["identity_card"] | changed).items() if value is not ...}
    with pytest.raises(InvalidInput, match=says) as refused:
        issue(claims)
    assert "secret-value" not in refused.value.message
    assert "Chinese" not in refused.value.message


def test_a_photo_founds_no_credential_and_a_registrar_does():
    """By the acr: neither a photo nor a passive check; a supervised check is recorded as what it was."""
    for acr in (PHOTO, PASSIVE, "urn:example:gold"):
        with pytest.raises(ValueError, match="acr"):
            issue(facts=replace(FACTS, acr=acr))
    payload = decoded(issue(facts=replace(FACTS, acr=SUPERVISED, amr=())), 1)
    assert (payload["acr"], payload["amr"]) == (SUPERVISED, [])
    assert ASSURANCES[SUPERVISED].liveness_level == "in-person"
    with pytest.raises(ValueError, match="amr"):
        issue(facts=replace(FACTS, amr=("face", "telepathy")))


def test_the_live_session_is_at_most_ninety_days_back():
    """To the second, and never ahead."""
    assert issue(facts=replace(FACTS, auth_time=NOW - 90 * DAY))
    for wrong in (NOW - 90 * DAY - 1, NOW + 1):
        with pytest.raises(ValueError, match="90 days"):
            issue(facts=replace(FACTS, auth_time=wrong))


def test_development_is_marked_and_production_is_marked_by_nothing():
    """And there is no third kind."""
    assert "env" not in decoded(issue(), 1)
    assert decoded(issue(facts=replace(FACTS, environment="sandbox")), 1)["env"] == "sandbox"
    with pytest.raises(ValueError, match="environment"):
        issue(facts=replace(FACTS, environment="staging"))


def test_nothing_is_issued_that_its_certificate_would_not_carry():
    """Of another key, unreadable, missing, or ending before the credential by more than the rounding."""
    for chain in ((), (b"no certificate",), (CITY.certify(public(STRANGER)),), (CITY.certify(days=43),)):
        with pytest.raises(SigningUnavailable):
            issue(chain=chain)
    barely = CITY.certify(days=44)
    assert decoded(issue(chain=(barely,)), 1)["exp"] <= NOW + 14 * DAY
    assert public_key_of(barely)["kid"] == CITY.signer.kid


def test_the_holder_chooses_what_to_show():
    """Those names and no others; asking for one that is not there is a mistake that is named."""
    text = issue()
    assert names(sd_jwt.select(text, {"name", "sub"})) == {"name", "sub"}
    assert names(sd_jwt.select(text, ())) == set()
    with pytest.raises(KeyError, match="portrait"):
        sd_jwt.select(text, {"name", "portrait"})
    assert presentation.credential.SUBJECT == "sub"
