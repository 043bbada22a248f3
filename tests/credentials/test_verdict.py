"""What a verdict token says, and what it never says."""

import json
import re
import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.credentials import assurance, verdict
from idverify.credentials.errors import REFUSALS
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.trust import parse_trust, trusted_keys
from idverify.errors import InvalidInput, TokenInvalid
from idverify.values import Accepted, Inconclusive, Rejected

from .forge import AUDIENCE, FORGE, ISSUER, NONCE, NOW


def test_a_token_carries_these_claims_and_no_others(forge):
    """The whole payload of a registry verification, as docs/reference/verdict-token.md shows it."""
    assert forge.payload == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "azp": "hotel-app",
        "iat": 1_800_000_000,
        "exp": 1_800_000_600,
        "jti": "AAECAwQFBgcICQoLDA0ODw",
        "txn": "b" * 32,
        "purpose": "check-in",
        "policy": {"name": "fmr-1e-4", "target_fmr": 1e-4, "fmr_high": 2e-4},
        "checks": ["quality", "comparison"],
        "amr": ["face"],
        "acr": "urn:idverify:acr:photo-match-no-liveness",
        "liveness_level": "none",
        "model_pack": "default@0123456789abcdef",
        "reference_source": "registry",
        "sub": "pairwise-subject",
        "nonce": NONCE,
    }


@pytest.mark.checkout
def test_the_documentation_shows_the_payload_that_is_issued(forge):
    """Same members, same types."""
    page = (Path(__file__).parents[2] / "docs/reference/verdict-token.md").read_text()
    shown = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    assert {name: type(value) for name, value in shown.items()} == {name: type(value) for name, value in forge.payload.items()}
    assert [refusal.code for refusal in REFUSALS if f"`{refusal.code}`" not in page] == []


def test_a_reference_that_the_caller_sent_names_nobody(forge):
    """Its digest stands in place of a subject."""
    claims = forge.validate(forge.issue(subject=None, reference_digest="ab" * 32))
    assert (claims.reference_source, claims.reference_digest, claims.subject) == ("caller", "ab" * 32, None)


@pytest.mark.parametrize(("subject", "digest"), [(None, None), ("s", "ab" * 32)])
def test_a_reference_is_the_registrys_or_the_callers(forge, subject, digest):
    """Neither and both are mistakes."""
    with pytest.raises(ValueError, match="exactly one"):
        forge.issue(subject=subject, reference_digest=digest)


@pytest.mark.parametrize(
    "decision",
    [Rejected("p", (), ("non_match",)), Inconclusive("p", (), ("not_compared",)), None, True, "accepted", {"policy": "p"}],
)
def test_only_an_accepted_decision_becomes_a_token(forge, decision):
    """By its type, not by its look."""
    with pytest.raises(TypeError, match="Accepted"):
        forge.issue(decision=decision)


def test_a_subclass_does_not_pass_as_an_accepted_decision(forge):
    """Nobody derives an acceptance."""

    class Mine(Accepted):
        pass

    with pytest.raises(TypeError, match="Accepted"):
        forge.issue(decision=Mine("p", ("comparison",)))


def test_face_is_claimed_only_where_a_comparison_ran(forge):
    """Presentation attack detection and quality are no authentication methods."""
    assert forge.validate(forge.issue(decision=Accepted("p", ("quality", "pad")))).amr == ()
    assert forge.validate(forge.issue(decision=Accepted("p", ("quality", "pad", "comparison")))).amr == ("face",)


def test_a_photo_match_may_found_neither_credential_nor_login(forge):
    """Whatever else the token says; and it says so in words."""
    claims = forge.validate(forge.token)
    assert not verdict.may_found_credential(claims)
    assert claims.meaning == "photo match, no liveness"
    for better in ({"liveness_level": "high"}, {"acr": "urn:example:gold", "liveness_level": "high"}):
        assert not verdict.may_found_credential(replace(claims, **better))


def test_what_may_found_a_credential_needs_liveness_the_registry_and_production(forge, monkeypatch):
    """An acr of a later profile, and each condition taken away from it."""
    good = replace(forge.validate(forge.token), acr="urn:later", liveness_level="high")
    later = {"urn:later": assurance.Assurance("live", liveness_level="high", founds_credential=True)}
    monkeypatch.setattr(verdict, "ASSURANCES", later)
    assert verdict.may_found_credential(good)
    for worse in ({"environment": "dev"}, {"reference_source": "caller"}, {"liveness_level": "none"}, {"acr": "urn:other"}):
        assert not verdict.may_found_credential(replace(good, **worse))


def test_development_and_sandbox_are_marked_and_accepted_only_when_asked_for(forge):
    """Production is marked by nothing, so that no reader can overlook a mark."""
    for environment in ("dev", "sandbox"):
        token = forge.issue(environment=environment)
        assert forge.validate(token, allow_dev=True).environment == environment
        with pytest.raises(TokenInvalid, match="development"):
            forge.validate(token)
    assert forge.validate(forge.token, allow_dev=True).environment == "production"
    with pytest.raises(ValueError, match="environment"):
        forge.issue(environment="staging")


@pytest.mark.parametrize(
    ("after", "code"), [(-60, None), (-60.5, "token_from_the_future"), (0, None), (599.9, None), (600, "token_expired")]
)
def test_a_token_lives_from_a_minute_before_its_time_for_ten_minutes(forge, after, code):
    """The edges of its life, to the second."""
    if code is None:
        assert forge.validate(forge.token, now=NOW + after)
    else:
        with pytest.raises(TokenInvalid) as refused:
            forge.validate(forge.token, now=NOW + after)
        assert refused.value.code == code


def test_what_the_audience_does_not_ask_for_is_not_compared(forge):
    """Issuer and nonce; the audience itself is always compared."""
    assert forge.validate(forge.token, issuer=None, nonce=None).nonce == NONCE
    with pytest.raises(TokenInvalid):
        forge.validate(forge.token, audience="")


def test_a_token_without_a_nonce_answers_no_nonce(forge):
    """And validates where none was asked for."""
    token = forge.issue(nonce=None)
    assert forge.validate(token, nonce=None).nonce is None
    with pytest.raises(TokenInvalid):
        forge.validate(token)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(max_examples=100, deadline=None)
@given(audience=TEXT, purpose=TEXT, nonce=TEXT, subject=TEXT, now=st.floats(1, 1e11))
def test_whatever_is_issued_validates_and_says_what_was_put_in(audience, purpose, nonce, subject, now):
    """Any Unicode, any time."""
    token = FORGE.issue(audience=audience, purpose=purpose, nonce=nonce, subject=subject, now=now)
    claims = FORGE.validate(token, audience=audience, nonce=nonce, now=now)
    assert (claims.audience, claims.purpose, claims.nonce, claims.subject) == (audience, purpose, nonce, subject)


@pytest.mark.parametrize("trust", [{}, {"keys": []}, {"keys": {}}, {"keys": ["k"]}, [], None, {"keys": None}])
def test_what_is_no_key_set_is_the_callers_mistake_and_not_the_tokens(forge, trust):
    """So that a relying party does not take its own misconfiguration for forgery."""
    with pytest.raises(InvalidInput, match="trust"):
        trusted_keys(trust)
    with pytest.raises(InvalidInput, match="trust"):
        parse_trust(json.dumps(trust).encode())


@given(st.binary(max_size=300))
def test_no_bytes_of_a_key_set_meet_another_exception(raw):
    """Whatever was saved under that name."""
    with pytest.raises(InvalidInput):
        parse_trust(raw)


def test_a_key_set_with_a_member_named_twice_is_refused(forge):
    """Two readers could trust two different keys."""
    with pytest.raises(InvalidInput, match="twice"):
        parse_trust(b'{"keys":[],"keys":[{"kty":"EC"}]}')
    assert parse_trust(json.dumps(forge.trust).encode()) == forge.trust


@given(st.tuples(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_a_pairwise_subject_tells_two_subjects_and_two_audiences_apart(one, other):
    """Also where their texts run into each other."""
    secret = bytes(32)
    assert (pairwise_subject(secret, *one) == pairwise_subject(secret, *other)) == (one == other)
    assert pairwise_subject(secret, "ab", "c") != pairwise_subject(secret, "a", "bc")
    assert pairwise_subject(secret, *one) != pairwise_subject(b"\1" * 32, *one)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", pairwise_subject(secret, *one))


def test_issuing_and_validating_take_a_millisecond_at_most(forge):
    """The budget, as a median; of several rounds the best, because the machine is shared."""

    def median_ms(call):
        def once():
            started = time.perf_counter()
            call()
            return 1000 * (time.perf_counter() - started)

        return min(statistics.median(once() for _ in range(100)) for _ in range(5))

    assert median_ms(forge.issue) <= 1.0
    assert median_ms(lambda: forge.validate(forge.token)) <= 1.0


def test_every_profile_of_live_sessions_has_an_assurance_that_says_what_it_is_worth():
    """Decision and credentials do not import each other: this holds their two lists together."""
    from idverify.credentials.assurance import ASSURANCES
    from idverify.decision.profiles import PROFILES

    levels = {profile.name: ASSURANCES[profile.acr] for profile in PROFILES.values()}
    assert {name: one.liveness_level for name, one in levels.items()} == {
        "passive": "passive",
        "active": "active",
        "active-high": "active-attested",
    }
    assert [name for name, one in levels.items() if one.founds_credential] == ["active", "active-high"]


@pytest.mark.checkout
def test_each_acr_has_a_row_that_says_which_levels_of_others_it_is_not():
    """IAL, AAL, FAL, eIDAS and the reason: what stands in no table would be read as whatever its reader hopes."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "verdict-token.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")]
    found = {row[0].strip("`"): row[1:] for row in rows if len(row) == 6 and row[0] != "`acr`"}
    assert found.keys() == {acr.removeprefix("urn:idverify:acr:") for acr in assurance.ASSURANCES}
    for acr, meaning in assurance.ASSURANCES.items():
        ial, aal, fal, eidas, reason = found[acr.removeprefix("urn:idverify:acr:")]
        assert (ial != "none") == (fal != "none") == (eidas != "none") == meaning.founds_credential, acr
        assert aal == "none"
        assert len(reason) > 40
