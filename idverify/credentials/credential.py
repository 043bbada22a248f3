"""Issuing a credential: an SD-JWT VC (draft-ietf-oauth-sd-jwt-vc) bound to the holder's key. docs/reference/credentials.md."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from idverify.credentials import certified_jws, jws, sd_jwt
from idverify.credentials.assurance import ASSURANCES, HARDWARE_KEY, METHODS
from idverify.credentials.certificates import end_of
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.type_schema import fitting
from idverify.errors import InvalidInput, SigningUnavailable, TokenInvalid
from idverify.keys import Signer
from idverify.keys.jwk import bare

TYPE = FORMAT = "dc+sd-jwt"  # of the JWT, and among the formats of OpenID4VCI and OpenID4VP
DAY = 86_400
# A new copy may be issued without a new live session for so long after the last; the credential shows the time of that.
REISSUE_SECONDS = 90 * DAY
FEWEST_DECOYS = 2
SUBJECT = "sub"
# What every reader must see, and the words of the format itself: never disclosed one by one.
RESERVED = frozenset(
    {"iss", "iat", "nbf", "exp", "cnf", "vct", "status", "acr", "amr", "auth_time", "env", "_sd", "_sd_alg", "..."}
)
Environment = Literal["production", "dev", "sandbox"]


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What a credential rests on, beside its claims.

    issuer: URL, as in the certificate. acr: of the live session, or of the supervised check. amr: methods that were used.
    auth_time: seconds since the epoch of that session or check. subject: pairwise name; None where there is none to give.
    ends: when what it says ends (seconds since the epoch), as a document on file may; None where it does not.
    """

    issuer: str
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    environment: Environment
    subject: str | None = None
    ends: float | None = None


def issue(
    type_: CredentialType,
    claims: Mapping[str, Any],
    facts: CredentialFacts,
    *,
    holder_jwk: Mapping[str, Any],
    status: StatusReference,
    signer: Signer,
    chain: Sequence[bytes],
    now: float,
    random_bytes: Callable[[int], bytes],
) -> str:
    """One credential: see issue_batch."""
    copies = [(holder_jwk, status)]
    return issue_batch(type_, claims, facts, copies=copies, signer=signer, chain=chain, now=now, random_bytes=random_bytes)[0]


def issue_batch(
    type_: CredentialType,
    claims: Mapping[str, Any],
    facts: CredentialFacts,
    *,
    copies: Sequence[tuple[Mapping[str, Any], StatusReference]],
    signer: Signer,
    chain: Sequence[bytes],
    now: float,
    random_bytes: Callable[[int], bytes],
) -> list[str]:
    """Copies of one credential (`JWT~disclosure~...~`), each with its own holder key (JWK, P-256), status entry and salts.

    claims: as the type's schema asks. chain: DER, the leaf first. now: seconds since the epoch; every time in a credential is
    rounded to the UTC day, so that copies issued together are not linked by the second.
    Raises InvalidInput for claims or keys that do not fit (never repeating a value), ValueError for an acr that founds no
    credential, for unknown methods, for an auth_time in the future or older than 90 days, SigningUnavailable, also where the
    certificate would end more than a day before the credential.
    """
    require_founded(facts, now)
    fitting(type_, claims)
    visible = {name: claims[name] for name in sorted(type_.disclosed) if name in claims}
    hidden = {name: value for name, value in claims.items() if name not in type_.disclosed}
    if facts.subject is not None:
        hidden[SUBJECT] = facts.subject
    total = len(type_.claims - type_.disclosed) + 1 + FEWEST_DECOYS
    day = math.floor(now / DAY) * DAY
    common: dict[str, Any] = {
        "iss": facts.issuer,
        "vct": type_.vct,
        "iat": day,
        "nbf": day,
        "exp": min(certified_until(type_, chain, now), latest_end(type_, now, facts.ends)),
        **grounds_of(facts),
        **visible,
    }
    issued = []
    for holder_jwk, status in copies:
        concealed, disclosures = sd_jwt.conceal(hidden, total, random_bytes)
        own = {
            "cnf": {"jwk": holder_key(holder_jwk)},
            "status": {"status_list": {"idx": status.index, "uri": status.uri}},
        }
        jwt = certified_jws.sign({**common, **own, **concealed}, signer, chain, TYPE)
        issued.append(sd_jwt.Parts(jwt, disclosures, None).bound)
    return issued


def latest_end(type_: CredentialType, now: float, ends: float | None = None) -> int:
    """When a credential that is issued now ends at the latest: with its type's validity, and not after `ends`; a midnight."""
    latest = math.ceil(now / DAY + type_.validity_days) * DAY
    return latest if ends is None else min(latest, math.floor(ends / DAY) * DAY)


def grounds_of(facts: CredentialFacts) -> dict[str, Any]:
    """What a credential says in either format of what it rests on: acr, amr, auth_time; outside production, env."""
    return {
        "acr": facts.acr,
        "amr": list(facts.amr),
        "auth_time": math.floor(facts.auth_time / DAY) * DAY,
        **({} if facts.environment == "production" else {"env": facts.environment}),
    }


def require_founded(facts: CredentialFacts, now: float) -> None:
    """Raise ValueError for facts that found no credential: see issue_batch."""
    assurance = ASSURANCES.get(facts.acr)
    if assurance is None or not assurance.founds_credential:
        raise ValueError("no credential rests on this acr")
    if not set(facts.amr) <= {*METHODS.values(), HARDWARE_KEY}:
        raise ValueError("unknown method in amr")
    if not now - REISSUE_SECONDS <= facts.auth_time <= now:
        raise ValueError("the live session or check lies in the future, or more than 90 days back")
    if facts.ends is not None and facts.ends <= now:
        raise ValueError("what the credential would say has ended")
    if facts.environment not in ("production", "dev", "sandbox"):
        raise ValueError("unknown environment")


def certified_until(type_: CredentialType, chain: Sequence[bytes], now: float) -> int:
    """The last midnight of the certificate: no credential outlives what makes it believed. Raises SigningUnavailable."""
    try:
        end = math.floor(end_of(chain[0]) / DAY) * DAY if chain else 0
    except TokenInvalid:
        end = 0
    if end < now + (type_.validity_days - 1) * DAY:
        raise SigningUnavailable(
            "the certificate ends before the credential would: `idverify pki issue` or `request` leads to another"
        )
    return end


def holder_key(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a public JWK on P-256 that identify it. Raises InvalidInput for any other key."""
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256") or "d" in jwk or not jws.is_point(jwk.get("x"), jwk.get("y")):
        raise InvalidInput("the holder's key is not a public key on P-256")
    return bare(jwk)
