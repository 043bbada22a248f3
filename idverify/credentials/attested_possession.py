"""A proof of possession with a key attestation in its header (OpenID4VCI 1.0 appendix F.1): one key signs, all that are
attested get a copy.

The key that signs stands in the header as `jwk`, or `kid` is its place in the attestation, counted from 0. CHECKS are those of
jws.py with that key in place of a key set, and of possession.py.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from idverify.credentials import jws, key_attestation, possession
from idverify.credentials.attestation_errors import KeyNotAttested
from idverify.credentials.errors import TokenMalformed, TokenNonce
from idverify.credentials.key_attestation import KeyAttestation
from idverify.credentials.proof_errors import ProofHeader, ProofKey
from idverify.credentials.providers import LARGEST, Provider
from idverify.credentials.self_signed import key_is_bare
from idverify.credentials.trust import Jwk
from idverify.errors import TokenInvalid

HEADER = "key_attestation"
LARGEST_PROOF = LARGEST * 4 // 3 + 1024
_PLACE = re.compile("0|[1-9][0-9]?")


class Candidate(jws.Candidate):
    """A proof under examination, whose one trusted key is the one that its header points to."""

    members = frozenset({"alg", "typ", "jwk", "kid", HEADER})

    def __init__(self, text: str, providers: Sequence[Provider], now: float) -> None:
        super().__init__(text, (), possession.TYPE, LARGEST_PROOF)
        self.providers, self.now = providers, now

    @cached_property
    def attestation(self) -> KeyAttestation:
        """As it stands in the header, validated. Raises a leaf of TokenInvalid."""
        text = self.header.get(HEADER)
        if not isinstance(text, str):
            raise TokenMalformed
        return key_attestation.validate(text, self.providers, now=self.now, ends=True)

    @cached_property
    def matching(self) -> list[Jwk]:
        """The key in the header, or at the place that it names."""
        if "jwk" in self.header:
            if not isinstance(self.header["jwk"], dict):
                raise ProofKey
            return [self.header["jwk"]]
        place, keys = self.header.get("kid"), self.attestation.keys
        if not isinstance(place, str) or not _PLACE.fullmatch(place) or int(place) >= len(keys):
            raise KeyNotAttested
        return [keys[int(place)].jwk]


def header_is_exact(token: Candidate) -> None:
    """Either the key or its place, so that no two readers take two keys."""
    if token.header.keys() not in ({"alg", "typ", "jwk", HEADER}, {"alg", "typ", "kid", HEADER}):
        raise ProofHeader


def key_is_attested(token: Candidate) -> None:
    """The one that signs is among those attested: else anybody's key would vouch for theirs."""
    if not any(all(token.key.get(name) == one.jwk[name] for name in one.jwk) for one in token.attestation.keys):
        raise KeyNotAttested


CHECKS: tuple[Callable[[Candidate], None], ...] = (header_is_exact, key_is_bare, key_is_attested)


def nonce_is_the_attestations(token: Candidate) -> None:
    """Both were made for the same request."""
    if token.payload.get("nonce") != token.attestation.nonce:
        raise TokenNonce


def carries_attestation(text: str) -> bool:
    """Whether a proof, of which nothing is believed yet, brings an attestation along."""
    try:
        return HEADER in jws.Candidate(jws.ascii_text(text), (), possession.TYPE).header
    except TokenInvalid:
        return False


def validate(text: str, providers: Sequence[Provider], *, issuer: str, now: float) -> KeyAttestation:
    """What is attested of the keys, one of which signed this proof. Raises a leaf of TokenInvalid, and nothing else."""
    candidate = Candidate(jws.ascii_text(text), providers, now)
    for check in jws.HEADER_CHECKS:
        check(candidate)
    for own in CHECKS:
        own(candidate)
    for check in jws.BODY_CHECKS:
        check(candidate)
    nonce_is_the_attestations(candidate)
    for said in possession.CHECKS:
        said(candidate.payload, issuer, now)
    return candidate.attestation
