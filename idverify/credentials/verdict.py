"""The verdict token: a JWT that tells one audience that a verification was accepted, and what exactly was checked.

Issuing needs an Accepted decision made in this process. Validating runs the checks of jws.py and then those of
verdict_checks.py; docs/reference/verdict-token.md explains the claims. No score, template or image is ever in a token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from idverify.credentials import jws
from idverify.credentials.assurance import ASSURANCES, methods_of
from idverify.credentials.trust import trusted_keys
from idverify.credentials.verdict_checks import CHECKS, LIFETIME_SECONDS, Expected
from idverify.keys import Signer
from idverify.keys.jwk import base64url
from idverify.values import Accepted

TYPE = "verification-result+jwt"


@dataclass(frozen=True, slots=True)
class VerdictClaims:
    """The claims of a validated token. Times are seconds since the epoch.

    subject: pairwise name of the registry subject; None where the caller sent the reference, whose SHA-256 (hex) is then
    reference_digest. environment: `production` unless the token says otherwise. fmr_high: upper 95 % bound of the policy's FMR.
    """

    token_id: str
    issuer: str
    audience: str
    client_id: str
    subject: str | None
    transaction_id: str
    nonce: str | None
    purpose: str
    policy: str
    target_fmr: float
    fmr_high: float
    checks: tuple[str, ...]
    amr: tuple[str, ...]
    acr: str
    liveness_level: str
    model_pack: str
    reference_source: Literal["registry", "caller"]
    reference_digest: str | None
    environment: Literal["production", "dev", "sandbox"]
    issued_at: float
    expires_at: float

    @property
    def meaning(self) -> str:
        """The acr in words."""
        return ASSURANCES[self.acr].meaning


def may_found_credential(claims: VerdictClaims) -> bool:
    """Whether a credential or a login may rest on this verdict; never on a photo match without liveness."""
    assurance = ASSURANCES.get(claims.acr)
    real = claims.environment == "production" and claims.reference_source == "registry" and claims.liveness_level != "none"
    return assurance is not None and assurance.founds_credential and real


def issue(
    decision: Accepted,
    *,
    acr: str,
    issuer: str,
    audience: str,
    client_id: str,
    subject: str | None,
    reference_digest: str | None,
    transaction_id: str,
    purpose: str,
    nonce: str | None,
    target_fmr: float,
    fmr_high: float,
    model_pack: str,
    environment: str,
    signer: Signer,
    now: float,
    random_bytes: Callable[[int], bytes],
) -> str:
    """A signed verdict, valid for ten minutes from `now` (seconds since the epoch). acr: of the profile that was met.

    Exactly one of subject (pairwise, from credentials.pairwise) and reference_digest (SHA-256, hex, of the image that the
    caller sent) is given: a reference that the caller chose names nobody. target_fmr, fmr_high: of the policy that decided.
    model_pack: NAME@DIGEST, and /VARIANT unless `fast`. environment: `production`, `dev` or `sandbox`.
    Raises TypeError for anything but an Accepted, ValueError for contradictory facts, SigningUnavailable.
    """
    if type(decision) is not Accepted:
        raise TypeError("only an Accepted decision becomes a token")
    if (subject is None) == (reference_digest is None):
        raise ValueError("give exactly one of subject and reference_digest")
    if environment not in ("production", "dev", "sandbox"):
        raise ValueError("unknown environment")
    if acr not in ASSURANCES:
        raise ValueError("unknown acr")
    issued_at = int(now)
    payload: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "azp": client_id,
        "iat": issued_at,
        "exp": issued_at + LIFETIME_SECONDS,
        "jti": base64url(random_bytes(16)),
        "txn": transaction_id,
        "purpose": purpose,
        "policy": {"name": decision.policy, "target_fmr": target_fmr, "fmr_high": fmr_high},
        "checks": list(decision.checks),
        "amr": methods_of(decision.checks),
        "acr": acr,
        "liveness_level": ASSURANCES[acr].liveness_level,
        "model_pack": model_pack,
        "reference_source": "caller" if subject is None else "registry",
    }
    optional = {
        "sub": subject,
        "reference_digest": reference_digest,
        "nonce": nonce,
        "env": None if environment == "production" else environment,
    }
    payload |= {name: value for name, value in optional.items() if value is not None}
    return jws.sign(payload, signer, TYPE)


def validate(
    token: str | bytes,
    trust: Mapping[str, Any],
    *,
    audience: str,
    issuer: str | None = None,
    nonce: str | None = None,
    allow_dev: bool = False,
    now: float,
) -> VerdictClaims:
    """The claims of a token that holds for this audience at `now` (seconds since the epoch).

    trust: the issuer's JWK Set, fetched or saved. issuer, nonce: compared where given; an audience that sent a nonce passes it.
    Raises a leaf of TokenInvalid for any token whatsoever that does not hold, InvalidInput where `trust` is no JWK Set.
    """
    claims = jws.validate(token, trusted_keys(trust), TYPE)
    expected = Expected(audience, issuer, nonce, allow_dev, now)
    for check in CHECKS:
        check(claims, expected)
    return VerdictClaims(
        token_id=claims["jti"],
        issuer=claims["iss"],
        audience=claims["aud"],
        client_id=claims["azp"],
        subject=claims.get("sub"),
        transaction_id=claims["txn"],
        nonce=claims.get("nonce"),
        purpose=claims["purpose"],
        policy=claims["policy"]["name"],
        target_fmr=claims["policy"]["target_fmr"],
        fmr_high=claims["policy"]["fmr_high"],
        checks=tuple(claims["checks"]),
        amr=tuple(claims["amr"]),
        acr=claims["acr"],
        liveness_level=claims["liveness_level"],
        model_pack=claims["model_pack"],
        reference_source=claims["reference_source"],
        reference_digest=claims.get("reference_digest"),
        environment=claims.get("env", "production"),
        issued_at=claims["iat"],
        expires_at=claims["exp"],
    )
