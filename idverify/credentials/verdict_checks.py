"""What a verdict token must satisfy once its signature holds: CHECKS, small functions that run in order, each with a refusal of
its own. Tests take each out in turn and show what then gets through.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials.assurance import ASSURANCES, methods_of
from idverify.credentials.errors import (
    TokenAssurance,
    TokenAudience,
    TokenClaim,
    TokenEnvironment,
    TokenExpired,
    TokenFromTheFuture,
    TokenIssuer,
    TokenLifetime,
    TokenMethods,
    TokenNonce,
    TokenNotYetValid,
    TokenReference,
    TokenTime,
)
from idverify.credentials.reading import SKEW_SECONDS

LIFETIME_SECONDS = 600
_LATEST = 2**53 - 1  # beyond it two whole numbers are one to JavaScript, so that two readers would differ


@dataclass(frozen=True, slots=True)
class Expected:
    """What the audience holds a token against."""

    audience: str
    issuer: str | None
    nonce: str | None
    allow_dev: bool
    now: float


def times_are_numbers(claims: Mapping[str, Any], expected: Expected) -> None:
    """RFC 7519 section 2, NumericDate: not a string, not true, not infinite (1e400 is read so). iat and exp are required."""
    times = (claims.get("iat"), claims.get("exp"), claims.get("nbf", 0))
    if not all(_is_number(value, 0, _LATEST) for value in times):
        raise TokenTime


def issued_before_now(claims: Mapping[str, Any], expected: Expected) -> None:
    """Issued in the past; clocks may differ by a minute."""
    if claims["iat"] > expected.now + SKEW_SECONDS:
        raise TokenFromTheFuture


def begun(claims: Mapping[str, Any], expected: Expected) -> None:
    """RFC 7519 section 4.1.5, where nbf is present; clocks may differ by a minute."""
    if claims.get("nbf", 0) > expected.now + SKEW_SECONDS:
        raise TokenNotYetValid


def not_expired(claims: Mapping[str, Any], expected: Expected) -> None:
    """RFC 7519 section 4.1.4: on or after exp the token is refused. No leeway: ten minutes are enough."""
    if claims["exp"] <= expected.now:
        raise TokenExpired


def lifetime_is_capped(claims: Mapping[str, Any], expected: Expected) -> None:
    """Ten minutes at most, whatever the issuer wrote."""
    if not 0 < claims["exp"] - claims["iat"] <= LIFETIME_SECONDS:
        raise TokenLifetime


def audience_is_ours_alone(claims: Mapping[str, Any], expected: Expected) -> None:
    """One string, ours. A list, even with our name in it, is a token that another may present."""
    if claims.get("aud") != expected.audience:
        raise TokenAudience


def issuer_is_expected(claims: Mapping[str, Any], expected: Expected) -> None:
    """Compared where the audience names an issuer."""
    if expected.issuer is not None and claims.get("iss") != expected.issuer:
        raise TokenIssuer


def nonce_is_ours(claims: Mapping[str, Any], expected: Expected) -> None:
    """Compared in constant time where the audience sent a nonce."""
    if expected.nonce is not None:
        found = claims.get("nonce")
        if not isinstance(found, str) or not hmac.compare_digest(found.encode(), expected.nonce.encode("utf-8", "replace")):
            raise TokenNonce


def environment_is_production(claims: Mapping[str, Any], expected: Expected) -> None:
    """Tokens of development and sandbox are refused unless asked for; an unknown environment always is."""
    if "env" in claims and not (expected.allow_dev and claims["env"] in ("dev", "sandbox")):
        raise TokenEnvironment


def claims_have_their_types(claims: Mapping[str, Any], expected: Expected) -> None:
    """Required claims are present, and all that are known have their type."""
    if not all(fits(claims.get(name)) for name, fits in _REQUIRED.items()):
        raise TokenClaim
    if not all(isinstance(claims[name], str) for name in _OPTIONAL if name in claims):
        raise TokenClaim


def acr_is_known(claims: Mapping[str, Any], expected: Expected) -> None:
    """An acr that this validator does not know promises nothing."""
    if claims["acr"] not in ASSURANCES:
        raise TokenAssurance


def liveness_is_what_acr_says(claims: Mapping[str, Any], expected: Expected) -> None:
    """The liveness level cannot promise more than the acr."""
    if any(claims["liveness_level"] != one.liveness_level for acr, one in ASSURANCES.items() if acr == claims["acr"]):
        raise TokenAssurance


def methods_were_earned(claims: Mapping[str, Any], expected: Expected) -> None:
    """Amr lists only methods whose check ran."""
    if not set(claims["amr"]) <= set(methods_of(claims["checks"])):
        raise TokenMethods


def reference_source_is_known(claims: Mapping[str, Any], expected: Expected) -> None:
    """The registry, or the caller."""
    if claims["reference_source"] not in ("registry", "caller"):
        raise TokenReference


def reference_names_the_right_thing(claims: Mapping[str, Any], expected: Expected) -> None:
    """A registry reference names a subject and no digest; a caller's reference names its digest and nobody."""
    if claims["reference_source"] == "registry" and not ("sub" in claims and "reference_digest" not in claims):
        raise TokenReference
    if claims["reference_source"] == "caller" and not ("sub" not in claims and _is_sha256(claims.get("reference_digest"))):
        raise TokenReference


Check = Callable[[Mapping[str, Any], Expected], None]

CHECKS: tuple[Check, ...] = (
    times_are_numbers,
    issued_before_now,
    begun,
    not_expired,
    lifetime_is_capped,
    audience_is_ours_alone,
    issuer_is_expected,
    nonce_is_ours,
    environment_is_production,
    claims_have_their_types,
    acr_is_known,
    liveness_is_what_acr_says,
    methods_were_earned,
    reference_source_is_known,
    reference_names_the_right_thing,
)


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(one) for one in value)


def _is_policy(value: Any) -> bool:
    if not isinstance(value, dict) or not _is_text(value.get("name")):
        return False
    return all(_is_number(value.get(rate), 0, 1) for rate in ("target_fmr", "fmr_high"))


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


_REQUIRED: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("iss", "azp", "jti", "txn", "purpose", "acr", "liveness_level", "model_pack", "reference_source"), _is_text
    ),
    "policy": _is_policy,
    "checks": _is_texts,
    "amr": _is_texts,
}
_OPTIONAL = ("sub", "nonce", "reference_digest")
