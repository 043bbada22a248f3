"""Key attestations (OpenID4VCI 1.0 appendix D): a wallet provider says where keys are kept and what guards their use.

Alone (proof type `attestation`, appendix F.3) or in the header of a proof of possession by one of the keys (F.1). Either way it
answers our nonce and names exactly the keys that get a copy. CHECKS run in order, each with a refusal of its own.

Its `status` is not followed: it was made for this nonce, minutes ago, by the one who would also say that it is revoked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idverify.credentials import possession, providers
from idverify.credentials.attestation_errors import AttestationLevel, AttestedKeys
from idverify.credentials.errors import TokenClaim, TokenExpired, TokenTime
from idverify.credentials.possession import Possession
from idverify.credentials.providers import Demand, Provider
from idverify.credentials.reading import is_seconds
from idverify.keys.jwk import bare, thumbprint

TYPE = "key-attestation+jwt"
MOST_KEYS = 30
MOST_LEVELS = 8
HARDWARE = frozenset({"iso_18045_high", "iso_18045_moderate"})
"""Attack potentials (ISO/IEC 18045; AVA_VAN.5 and .4) that no storage in software alone withstands."""


@dataclass(frozen=True, slots=True)
class KeyAttestation:
    """What was attested. keys: each as if it had been shown, over the attestation's nonce. provider: whose word it is."""

    keys: tuple[Possession, ...]
    nonce: str
    key_storage: frozenset[str]
    user_authentication: frozenset[str]
    provider: str

    @property
    def in_hardware(self) -> bool:
        """Whether the keys are kept where software cannot take them out."""
        return bool(self.key_storage & HARDWARE)

    def require(self, demand: Demand) -> None:
        """Raise AttestationLevel unless storage and user authentication are each at one of the levels asked for."""
        for asked, attested in (
            (demand.key_storage, self.key_storage),
            (demand.user_authentication, self.user_authentication),
        ):
            if asked and not asked & attested:
                raise AttestationLevel


@dataclass(frozen=True, slots=True)
class Expected:
    """The reader's side. ends: whether `exp` must be there, as beside a proof of possession (appendix D.1)."""

    now: float
    ends: bool


def was_made_lately(claims: Mapping[str, Any], expected: Expected) -> None:
    """Five minutes at most, as a proof of possession."""
    possession.was_made_lately(claims, "", expected.now)


def has_not_ended(claims: Mapping[str, Any], expected: Expected) -> None:
    """Where it says when the keys end, that is a time, and ahead of us."""
    ends = claims.get("exp", None if expected.ends else expected.now + 1)
    if not is_seconds(ends):
        raise TokenTime
    if ends <= expected.now:
        raise TokenExpired


def answers_a_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    """It was made for this request; without that, yesterday's attestation would do."""
    possession.answers_a_nonce(claims, "", expected.now)


def keys_are_keys(claims: Mapping[str, Any], expected: Expected) -> None:
    """1 to 30 public keys on P-256, no two alike, nor mirrored (one x): who holds one of such a pair holds both."""
    keys = claims.get("attested_keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS or not all(map(providers.is_described_key, keys)):
        raise AttestedKeys
    if len({one["x"] for one in keys}) < len(keys):
        raise AttestedKeys


def levels_are_words(claims: Mapping[str, Any], expected: Expected) -> None:
    """Lists of words, where they are there; the rest has its type, though it is not used."""
    if not all(_are_words(claims[name]) for name in ("key_storage", "user_authentication") if name in claims):
        raise TokenClaim
    if not isinstance(claims.get("certification", ""), str) or not isinstance(claims.get("status", {}), dict):
        raise TokenClaim


CHECKS: tuple[Callable[[Mapping[str, Any], Expected], None], ...] = (
    was_made_lately,
    has_not_ended,
    answers_a_nonce,
    keys_are_keys,
    levels_are_words,
)


def validate(text: str | bytes, trusted: Sequence[Provider], *, now: float, ends: bool = False) -> KeyAttestation:
    """What the attestation says, once one of the trusted providers has signed it. Raises a leaf of TokenInvalid, nothing else.

    now: seconds since the epoch. ends: whether it must say when the keys end. The nonce is the caller's to spend.
    """
    claims, provider = providers.validate(text, TYPE, trusted, now)
    for check in CHECKS:
        check(claims, Expected(now, ends))
    keys = [bare(one) for one in claims["attested_keys"]]
    return KeyAttestation(
        keys=tuple(Possession(one, thumbprint(one["x"], one["y"]), claims["nonce"]) for one in keys),
        nonce=claims["nonce"],
        key_storage=frozenset(claims.get("key_storage", ())),
        user_authentication=frozenset(claims.get("user_authentication", ())),
        provider=provider.name,
    )


def _are_words(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= MOST_LEVELS and all(isinstance(one, str) and one for one in value)
