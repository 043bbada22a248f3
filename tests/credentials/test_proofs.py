"""What a wallet signs to show that it holds a key: DPoP and proofs of possession, each wrong in one way at a time."""

from base64 import urlsafe_b64decode

import pytest

from idverify.credentials import dpop, possession, self_signed
from idverify.credentials.proof_errors import REFUSALS
from idverify.errors import TokenInvalid
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url

from . import proofs

NOW = 1_800_000_000.0
URL = "https://id.example/v1/credentials"
ISSUER = "https://id.example"
TOKEN = "idva_token"
KEY, OTHER = FileSigner.new(), FileSigner.new()


def check_dpop(text, **changes):
    """As the credential endpoint does."""
    return dpop.validate(text, dpop.Expected(**({"method": "POST", "url": URL, "access_token": TOKEN, "now": NOW} | changes)))


def made(**changes):
    """A proof with something changed."""
    return proofs.dpop(KEY, URL, NOW, **({"token": TOKEN} | changes))


def test_a_proof_that_holds_names_its_key_and_itself():
    """Two proofs of one key differ; the same proof is the same whenever it comes."""
    text = made()
    found = check_dpop(text)
    assert found.thumbprint == KEY.kid
    assert check_dpop(text, now=NOW + 60) == found
    assert check_dpop(made()).digest != found.digest
    assert found.expires_at == NOW + 60


JWK = proofs.bare_jwk(KEY)
BROKEN = {
    "jti missing": ({"jti": None}, "proof_identifier"),
    "jti short": ({"jti": "1"}, "proof_identifier"),
    "jti huge": ({"jti": "x" * 129}, "proof_identifier"),
    "method": ({"htm": "GET"}, "proof_method"),
    "method in lower case": ({"htm": "post"}, "proof_method"),
    "address of the token endpoint": ({"htu": URL + "/token"}, "proof_target"),
    "address with a query": ({"htu": URL + "?a"}, "proof_target"),
    "old": ({"iat": NOW - 61}, "proof_stale"),
    "from the future": ({"iat": NOW + 61}, "proof_stale"),
    "iat is text": ({"iat": str(int(NOW))}, "proof_stale"),
    "iat is true": ({"iat": True}, "proof_stale"),
    "iat beyond a double": ({"iat": 10**400}, "token_number"),
    "iat beyond whole numbers": ({"iat": 10**300}, "proof_stale"),
    "iat is missing": ({"iat": None}, "proof_stale"),
    "of another token": ({"token": "idva_other"}, "proof_token_hash"),
    "of no token": ({"token": None}, "proof_token_hash"),
    "typ of a verdict": ({"header": {"typ": "verification-result+jwt"}}, "token_type"),
    "none": ({"header": {"alg": "none"}}, "token_algorithm"),
    "another's key": ({"header": {"jwk": proofs.bare_jwk(OTHER)}}, "token_signature"),
    "a private key": ({"header": {"jwk": {**JWK, "d": "AAAA"}}}, "proof_key"),
    "a key with a kid": ({"header": {"jwk": {**JWK, "kid": "x"}}}, "proof_key"),
    "no object": ({"header": {"jwk": "x"}}, "proof_key"),
    "a symmetric key": ({"header": {"jwk": {"kty": "oct", "k": "AAAA"}}}, "proof_key"),
    "another curve": ({"header": {"jwk": {**JWK, "crv": "P-384"}}}, "token_key_unsuitable"),
    "a zero in front": (
        {"header": {"jwk": {**JWK, "x": base64url(b"\0" + urlsafe_b64decode(JWK["x"] + "="))}}},
        "token_key_unsuitable",
    ),
    "off the curve": ({"header": {"jwk": {**JWK, "x": JWK["y"]}}}, "token_key_unsuitable"),
    "a kid beside the key": ({"header": {"kid": KEY.kid}}, "proof_header"),
    "a certificate beside the key": ({"header": {"x5c": []}}, "proof_header"),
    "critical": ({"header": {"crit": ["b64"]}}, "token_critical"),
}


@pytest.mark.parametrize(("changes", "code"), BROKEN.values(), ids=BROKEN)
def test_a_dpop_proof_with_one_thing_wrong_is_refused(changes, code):
    """Each with its own code."""
    with pytest.raises(TokenInvalid) as caught:
        check_dpop(made(**changes))
    assert caught.value.code == code


@pytest.mark.parametrize("number", range(len(dpop.CHECKS)), ids=[one.__name__ for one in dpop.CHECKS])
def test_each_check_of_a_dpop_proof_is_needed(monkeypatch, number):
    """With it taken out, some proof above gets through, or ends as something that is no refusal."""
    monkeypatch.setattr(dpop, "CHECKS", dpop.CHECKS[:number] + dpop.CHECKS[number + 1 :])
    noticed = []
    for name, (changes, code) in BROKEN.items():
        try:
            check_dpop(made(**changes))
        except TokenInvalid as error:
            if error.code != code:
                noticed.append(name)
        except Exception:
            noticed.append(name)
        else:
            noticed.append(name)
    assert noticed


@pytest.mark.parametrize("check", [self_signed.header_is_exact, self_signed.key_is_bare], ids=lambda one: one.__name__)
def test_the_checks_of_the_key_in_the_header_are_needed(monkeypatch, check):
    """Without it a header with more in it, or a key with more in it, would be taken."""
    monkeypatch.setattr(self_signed, "CHECKS", tuple(one for one in self_signed.CHECKS if one is not check))
    let_through = []
    for name, (changes, _) in BROKEN.items():
        try:
            check_dpop(made(**changes))
            let_through.append(name)
        except Exception:
            continue
    assert let_through


POSSESSION = {
    "for another issuer": ({"aud": "https://evil.example"}, "token_audience"),
    "for two": ({"aud": [ISSUER, "https://evil.example"]}, "token_audience"),
    "old": ({"iat": NOW - 301}, "proof_stale"),
    "from the future": ({"iat": NOW + 61}, "proof_stale"),
    "nonce missing": ({"nonce": None}, "token_nonce"),
    "nonce huge": ({"nonce": "n" * 257}, "token_nonce"),
    "a DPoP proof": ({"header": {"typ": "dpop+jwt"}}, "token_type"),
}


@pytest.mark.parametrize(("changes", "code"), POSSESSION.values(), ids=POSSESSION)
def test_a_proof_of_possession_with_one_thing_wrong_is_refused(changes, code):
    """A proof that was made for another issuer cannot be passed on to us."""
    with pytest.raises(TokenInvalid) as caught:
        possession.validate(
            proofs.possession(KEY, **({"issuer": ISSUER, "nonce": "n", "now": NOW} | changes)), issuer=ISSUER, now=NOW
        )
    assert caught.value.code == code


def test_a_proof_of_possession_that_holds_gives_the_bare_key():
    """What goes into cnf.jwk."""
    found = possession.validate(proofs.possession(KEY, ISSUER, "nonce", NOW), issuer=ISSUER, now=NOW)
    assert (dict(found.jwk), found.thumbprint, found.nonce) == (JWK, KEY.kid, "nonce")


def test_every_refusal_speaks_and_has_a_code_of_its_own():
    """The message is the docstring, and no two share a code."""
    assert len({one.code for one in REFUSALS}) == len(REFUSALS)
    assert all(one().message.endswith(".") for one in REFUSALS)
