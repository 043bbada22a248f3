"""A wallet provider's bench: a root of its own, and attestations made under it, whole or with one thing wrong."""

import os
from base64 import b64encode
from typing import Any

from idverify.credentials.providers import Provider
from idverify.credentials.purposes import WALLET_PROVIDER
from idverify.keys.file import FileSigner

from .authority import Authority, public
from .proofs import bare_jwk, signed

URL = "https://wallet.example"
CLIENT = "https://wallet.example/app"
HIGH, MODERATE, BASIC = "iso_18045_high", "iso_18045_moderate", "iso_18045_basic"


class WalletProvider:
    """One. purpose: the key usage of its certificate. authority: whose root it stands under."""

    def __init__(
        self,
        begins: float,
        *,
        name: str = "wallets",
        purpose: str = WALLET_PROVIDER,
        authority: Authority | None = None,
        **leaf: Any,
    ) -> None:
        self.name, self.signer = name, FileSigner.new()
        self.authority = authority or Authority(name, begins=begins)
        self.leaf = self.authority.certify(public(self.signer), URL, begins=begins, purpose=purpose, **leaf)

    def trusted(self, **changes: Any) -> Provider:
        """As an operator lists it."""
        facts: dict[str, Any] = {
            "name": self.name,
            "roots": (self.authority.certificate,),
            "issuers": frozenset({URL}),
            "clients": frozenset({CLIENT}),
        }
        return Provider(**(facts | changes))

    def _signed(self, typ: str, claims: dict[str, Any], header: dict[str, Any] | None) -> str:
        whole = {"alg": "ES256", "typ": typ, "x5c": [b64encode(self.leaf).decode()]} | (header or {})
        return signed(
            self.signer,
            {name: value for name, value in whole.items() if value is not None},
            {name: value for name, value in claims.items() if value is not None},
        )

    def keys(
        self, keys: list[FileSigner], nonce: str, now: float, *, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A key attestation; a change to None leaves the claim out."""
        claims = {
            "iss": URL,
            "iat": int(now),
            "exp": int(now) + 86_400,
            "key_storage": [HIGH],
            "user_authentication": [MODERATE],
            "attested_keys": [bare_jwk(one) for one in keys],
            "nonce": nonce,
        }
        return self._signed("key-attestation+jwt", claims | changes, header)

    def client(self, key: FileSigner, now: float, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client attestation; likewise."""
        claims = {
            "iss": URL,
            "sub": CLIENT,
            "iat": int(now),
            "exp": int(now) + 3600,
            "cnf": {"jwk": bare_jwk(key)},
        }
        return self._signed("oauth-client-attestation+jwt", claims | changes, header)


def attested_proof(
    key: FileSigner,
    attestation: str,
    issuer: str,
    nonce: str,
    now: float,
    *,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A proof of possession that brings an attestation; likewise."""
    whole = {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": bare_jwk(key), "key_attestation": attestation}
    whole |= header or {}
    claims = {"aud": issuer, "iat": int(now), "nonce": nonce} | changes
    return signed(
        key,
        {name: value for name, value in whole.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
    )


def client_proof(key: FileSigner, audience: str, now: float, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """What an attested wallet sends along; likewise."""
    claims = {"aud": audience, "iat": int(now), "jti": os.urandom(16).hex()} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return signed(key, {"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt"} | (header or {}), claims)
