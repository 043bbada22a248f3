"""A wallet's bench: keys, and proofs made with them, whole or with one thing wrong."""

import hashlib
import json
import os
from typing import Any

from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url


def bare_jwk(key: FileSigner) -> dict[str, str]:
    """The four members of its public half."""
    return {name: value for name, value in key.public_jwk().items() if name in {"kty", "crv", "x", "y"}}


def signed(key: FileSigner, header: dict[str, Any], payload: Any) -> str:
    """Whatever, signed."""
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, payload))
    return f"{text}.{base64url(key.sign(text.encode()))}"


def dpop(
    key: FileSigner, url: str, now: float, *, token: str | None = None, header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A DPoP proof; a change to None leaves the claim out."""
    claims: dict[str, Any] = {"jti": os.urandom(16).hex(), "htm": "POST", "htu": url, "iat": int(now)}
    if token is not None:
        claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return signed(key, {"alg": "ES256", "typ": "dpop+jwt", "jwk": bare_jwk(key)} | (header or {}), claims)


def possession(
    key: FileSigner, issuer: str, nonce: str, now: float, *, header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A proof of possession; likewise."""
    claims = {"aud": issuer, "iat": int(now), "nonce": nonce} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return signed(key, {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": bare_jwk(key)} | (header or {}), claims)
