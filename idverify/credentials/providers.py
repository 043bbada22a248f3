"""Wallet providers: whose word counts about wallets and the keys in them, and what is asked of wallets.

A provider's root is an anchor of its own kind: nothing under it issues, and nothing under a root that issues attests. Two
things hold them apart: the extended key usage of the leaf, which is never one of ISSUING, and that the two sets of roots share
no key (idverify.ceremonies.wallet_trust sees to the second).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from idverify.credentials import certified_jws, jws
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import Leaf, leaf_under
from idverify.credentials.credential_errors import CertificateForeign
from idverify.credentials.errors import TokenIssuer
from idverify.credentials.purposes import ISSUING, WALLET_PROVIDER
from idverify.credentials.trust import Jwk
from idverify.keys.jwk import MEMBERS

LARGEST = 12_288
"""Characters of an attestation: thirty keys and a certificate take about seven thousand."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. roots: DER. issuers: the `iss` that it may name. clients: the client_id of the wallets it speaks for.

    usage: object identifier of the one extended key usage of its certificates; never one of those that issue (ValueError).
    """

    name: str
    roots: tuple[bytes, ...]
    issuers: frozenset[str]
    clients: frozenset[str] = frozenset()
    usage: str = WALLET_PROVIDER

    def __post_init__(self) -> None:
        if self.usage in ISSUING:
            raise ValueError("a certificate that issues does not attest")

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Its roots, trusted for no type of credential."""
        return tuple(Anchor(self.name, root, frozenset(), tuple(sorted(self.issuers))) for root in self.roots)


@dataclass(frozen=True, slots=True)
class Demand:
    """At which levels the keys of a credential are to be attested (OpenID4VCI 1.0 appendix D.2); empty: at any, or none."""

    key_storage: frozenset[str] = frozenset()
    user_authentication: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WalletTrust:
    """What an installation believes and asks of wallets. demands: by name of the credential type; none for any other.

    client_attestation: whether tokens are for attested wallets alone.
    """

    providers: tuple[Provider, ...] = ()
    demands: Mapping[str, Demand] = field(default_factory=lambda: MappingProxyType({}))
    client_attestation: bool = False

    @property
    def vouches_for_clients(self) -> bool:
        """Whether any provider speaks for any wallet."""
        return any(one.clients for one in self.providers)


class _Attestation(certified_jws.Certified):
    """A token under examination, signed by some provider. A header without kid names no other key than its certificate's."""

    def __init__(self, text: str, typ: str, providers: Sequence[Provider], now: float) -> None:
        super().__init__(text, typ, (), WALLET_PROVIDER, now, LARGEST)
        self.providers = providers

    @cached_property
    def vouched(self) -> tuple[Provider, Leaf]:
        """Who signed, and the certificate. Raises what leaf_under raises."""
        for one in self.providers:
            try:
                return one, leaf_under(self.chain, one.anchors, purpose=one.usage, now=self.now)
            except CertificateForeign:
                continue
        raise CertificateForeign

    @cached_property
    def leaf(self) -> Leaf:
        return self.vouched[1]

    @cached_property
    def matching(self) -> list[Jwk]:
        key = self.leaf.jwk
        return [key] if self.header.get("kid", key["kid"]) == key["kid"] else []


def validate(text: str | bytes, typ: str, providers: Sequence[Provider], now: float) -> tuple[dict[str, Any], Provider]:
    """The payload of an attestation of that kind, and whose word it is. now: seconds since the epoch.

    The payload's times are the caller's to examine. The JWS wrapper's checks, a leaf directly under a provider's root, and an
    `iss`, where there is one, that the provider may name. Raises a leaf of TokenInvalid, and nothing else.
    """
    candidate = _Attestation(jws.ascii_text(text), typ, providers, now)
    for header_check in jws.HEADER_CHECKS:
        header_check(candidate)
    for check in certified_jws.CHECKS:
        check(candidate)
    for body_check in jws.BODY_CHECKS:
        body_check(candidate)
    iss_is_the_providers(candidate.payload, candidate.vouched[0])
    return candidate.payload, candidate.vouched[0]


def is_described_key(jwk: object) -> bool:
    """Whether it is a public key on P-256, in which what else stands only describes it; no private half."""
    if not isinstance(jwk, dict) or not {*MEMBERS} <= jwk.keys() <= {*MEMBERS, "kid", "use", "alg", "key_ops"}:
        return False
    return (jwk["kty"], jwk["crv"]) == ("EC", "P-256") and jws.is_point(jwk["x"], jwk["y"])


def iss_is_the_providers(payload: Mapping[str, Any], provider: Provider) -> None:
    """Each provider speaks in its own name. The standards ask for none; the certificate says who it is."""
    if "iss" in payload and not (isinstance(payload["iss"], str) and payload["iss"] in provider.issuers):
        raise TokenIssuer
