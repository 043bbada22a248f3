"""The holder's proof (RFC 9901 section 4.3): a KB-JWT that signs one presentation, for one audience, now."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from idverify.credentials import jws, sd_jwt
from idverify.credentials.credential_errors import (
    BindingAudience,
    BindingClaim,
    BindingHash,
    BindingMissing,
    BindingNonce,
    BindingReplayed,
    BindingSignature,
    BindingTime,
)
from idverify.credentials.errors import TokenSignature
from idverify.credentials.reading import is_seconds
from idverify.credentials.replays import Replays
from idverify.credentials.trust import Jwk
from idverify.keys import Signer

TYPE = "kb+jwt"
WINDOW_SECONDS = 60
_CLAIMS = frozenset({"iat", "aud", "nonce", "sd_hash"})


def sign(selected: str, signer: Signer, *, audience: str, nonce: str, now: float) -> str:
    """The presentation: what sd_jwt.select gave, followed by the holder's signature over it. now: seconds since the epoch.

    Raises SigningUnavailable.
    """
    payload = {"iat": int(now), "aud": audience, "nonce": nonce, "sd_hash": sd_jwt.digest(selected)}
    return selected + jws.sign(payload, signer, TYPE, {})


class _Candidate(jws.Candidate):
    """A KB-JWT: without kid, since its key is the credential's."""

    members = jws.Candidate.members - {"kid"}

    @cached_property
    def matching(self) -> list[Jwk]:
        """The holder's key."""
        return list(self.keys)


@dataclass(frozen=True, slots=True)
class Binding:
    """A key binding whose signature holds, and what the reader holds it against."""

    payload: Mapping[str, Any]
    parts: sd_jwt.Parts
    audience: str
    nonce: str | None
    now: float
    replays: Replays | None


def claims_have_their_types(binding: Binding) -> None:
    """Exactly iat, aud, nonce and sd_hash."""
    others = [binding.payload.get(name) for name in ("nonce", "sd_hash")]
    if binding.payload.keys() != _CLAIMS or not all(isinstance(one, str) and one for one in others):
        raise BindingClaim
    if not is_seconds(binding.payload.get("iat")):
        raise BindingClaim


def made_now(binding: Binding) -> None:
    """Within a minute, either way."""
    if not abs(binding.payload["iat"] - binding.now) <= WINDOW_SECONDS:
        raise BindingTime


def audience_is_ours_alone(binding: Binding) -> None:
    """One string, ours."""
    if binding.payload.get("aud") != binding.audience:
        raise BindingAudience


def nonce_is_ours(binding: Binding) -> None:
    """Compared in constant time where the reader gave one."""
    if binding.nonce is not None:
        found = binding.payload["nonce"].encode("utf-8", "replace")
        if not hmac.compare_digest(found, binding.nonce.encode("utf-8", "replace")):
            raise BindingNonce


def this_presentation_was_signed(binding: Binding) -> None:
    """The sd_hash is that of the text before the key binding: no disclosure was added or taken away."""
    if binding.payload.get("sd_hash") != sd_jwt.digest(binding.parts.bound):
        raise BindingHash


def shown_for_the_first_time(binding: Binding) -> None:
    """Remembered by what was signed, not by the signature: ECDSA has a second one, (r, n - s), that anyone can compute."""
    if binding.replays is not None:
        signed = (binding.parts.binding or "").rpartition(".")[0]
        key, until = hashlib.sha256(signed.encode("ascii")).digest(), binding.payload["iat"] + WINDOW_SECONDS
        if not binding.replays.first_time(key, until, binding.now):
            raise BindingReplayed


CHECKS: tuple[Callable[[Binding], None], ...] = (
    claims_have_their_types,
    made_now,
    audience_is_ours_alone,
    nonce_is_ours,
    this_presentation_was_signed,
    shown_for_the_first_time,
)


def validate(
    parts: sd_jwt.Parts, holder: Jwk, *, audience: str, nonce: str | None, now: float, replays: Replays | None
) -> None:
    """Return when the holder's key (JWK) signed exactly this, for the audience, within a minute of `now`.

    nonce: compared where given. replays: what was shown before, where the reader remembers. Raises a leaf of TokenInvalid, and
    Overloaded when `replays` is full.
    """
    if parts.binding is None:
        raise BindingMissing
    try:
        payload = jws.examine(_Candidate(parts.binding, [holder], TYPE))
    except TokenSignature:
        raise BindingSignature from None
    binding = Binding(payload, parts, audience, nonce, now, replays)
    for check in CHECKS:
        check(binding)
