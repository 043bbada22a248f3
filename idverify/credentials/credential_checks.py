"""What the signed part of a credential must satisfy once its signature holds: CHECKS, small functions that run in order, each
with a refusal of its own. Tests take each out in turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idverify.credentials import jws
from idverify.credentials.anchors import may_issue, may_name
from idverify.credentials.assurance import ASSURANCES
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import Leaf
from idverify.credentials.credential import DAY, RESERVED
from idverify.credentials.credential_errors import (
    CredentialAssurance,
    CredentialClaim,
    CredentialExpired,
    CredentialFromTheFuture,
    CredentialHolderKey,
    CredentialIssuer,
    CredentialIssuerNotTrusted,
    CredentialLifetime,
    CredentialNotYetValid,
    CredentialStatus,
    CredentialTime,
    CredentialTypeNotTrusted,
    CredentialTypeUnknown,
)
from idverify.credentials.credential_types import CredentialType, type_of_vct
from idverify.credentials.errors import TokenEnvironment
from idverify.credentials.reading import SKEW_SECONDS

MOST_ENTRIES = 2**20
_LATEST = 2**53


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential whose signature holds, and the reader's side. type: None for a vct that the reader does not know."""

    payload: Mapping[str, Any]
    leaf: Leaf
    type: CredentialType | None
    believed: Believed
    now: float
    allow_dev: bool

    @classmethod
    def of(cls, payload: Mapping[str, Any], leaf: Leaf, believed: Believed, now: float, allow_dev: bool) -> "Shown":
        """With its type looked up."""
        vct = payload.get("vct")
        return cls(payload, leaf, type_of_vct(vct) if isinstance(vct, str) else None, believed, now, allow_dev)

    @property
    def known_type(self) -> CredentialType:
        """The type. Raises CredentialTypeUnknown."""
        if self.type is None:
            raise CredentialTypeUnknown
        return self.type


def issuer_is_the_certificates(shown: Shown) -> None:
    """The iss is a URI in the certificate: a key speaks in no other name."""
    issuer = shown.payload.get("iss")
    if not isinstance(issuer, str) or issuer not in shown.leaf.issuers:
        raise CredentialIssuer


def issuer_is_trusted(shown: Shown) -> None:
    """The root is listed with this issuer: a city may certify a key in another's name, and is not believed in it."""
    if not may_name(shown.believed.anchors, shown.leaf.anchor.certificate, shown.payload["iss"]):
        raise CredentialIssuerNotTrusted


def type_is_trusted(shown: Shown) -> None:
    """Known, and one that the root may issue in this name: an insurer's root vouches for no identity card."""
    root, issuer = shown.leaf.anchor.certificate, shown.payload["iss"]
    if not may_issue(shown.believed.anchors, root, issuer, shown.known_type.vct):
        raise CredentialTypeNotTrusted


def times_are_numbers(shown: Shown) -> None:
    """All four are required, as seconds; the person was seen before the credential was issued."""
    times = [shown.payload.get(name) for name in ("iat", "nbf", "exp", "auth_time")]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= _LATEST for one in times):
        raise CredentialTime
    if shown.payload["auth_time"] > shown.payload["iat"]:
        raise CredentialTime


def issued_before_now(shown: Shown) -> None:
    """Clocks may differ by a minute."""
    if shown.payload["iat"] > shown.now + SKEW_SECONDS:
        raise CredentialFromTheFuture


def begun(shown: Shown) -> None:
    """Clocks may differ by a minute."""
    if shown.payload["nbf"] > shown.now + SKEW_SECONDS:
        raise CredentialNotYetValid


def not_expired(shown: Shown) -> None:
    """On or after exp the credential is refused."""
    if shown.payload["exp"] <= shown.now:
        raise CredentialExpired


def lifetime_is_capped(shown: Shown) -> None:
    """As long as its type says, and at most a day more from rounding."""
    if not 0 < shown.payload["exp"] - shown.payload["iat"] <= (shown.known_type.validity_days + 1) * DAY:
        raise CredentialLifetime


def environment_is_production(shown: Shown) -> None:
    """Development and sandbox are refused unless asked for; an unknown environment always is."""
    if shown.payload.get("env") not in ((None, "dev", "sandbox") if shown.allow_dev else (None,)):
        raise TokenEnvironment


def assurance_founds_a_credential(shown: Shown) -> None:
    """A photo match without liveness never does, whatever the issuer signed."""
    acr, amr = shown.payload.get("acr"), shown.payload.get("amr")
    assurance = ASSURANCES.get(acr) if isinstance(acr, str) else None
    if assurance is None or not assurance.founds_credential:
        raise CredentialAssurance
    if not isinstance(amr, list) or not all(isinstance(one, str) and one for one in amr):
        raise CredentialAssurance


def holder_key_is_p256(shown: Shown) -> None:
    """Exactly cnf.jwk with kty, crv, x and y (RFC 7800 section 3.2): one public key."""
    confirmation = shown.payload.get("cnf")
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) and confirmation.keys() == {"jwk"} else None
    if not isinstance(jwk, dict) or jwk.keys() != {"kty", "crv", "x", "y"}:
        raise CredentialHolderKey
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-256") or not jws.is_point(jwk["x"], jwk["y"]):
        raise CredentialHolderKey


def status_is_referenced(shown: Shown) -> None:
    """Exactly one entry of one list; a credential that cannot be revoked is not accepted."""
    status = shown.payload.get("status")
    entry = status.get("status_list") if isinstance(status, dict) and status.keys() == {"status_list"} else None
    if not isinstance(entry, dict) or entry.keys() != {"idx", "uri"}:
        raise CredentialStatus
    index, uri = entry["idx"], entry["uri"]
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < MOST_ENTRIES:
        raise CredentialStatus
    if not isinstance(uri, str) or not uri:
        raise CredentialStatus


def visible_claims_are_the_types(shown: Shown) -> None:
    """Every reader sees what the type says that every reader sees: nothing more of the person, and nothing less."""
    visible = shown.known_type.disclosed
    if not shown.payload.keys() <= RESERVED | visible:
        raise CredentialClaim
    if not visible & set(shown.known_type.schema["required"]) <= shown.payload.keys():
        raise CredentialClaim


CHECKS: tuple[Callable[[Shown], None], ...] = (
    issuer_is_the_certificates,
    issuer_is_trusted,
    type_is_trusted,
    times_are_numbers,
    issued_before_now,
    begun,
    not_expired,
    lifetime_is_capped,
    environment_is_production,
    assurance_founds_a_credential,
    holder_key_is_p256,
    status_is_referenced,
    visible_claims_are_the_types,
)
