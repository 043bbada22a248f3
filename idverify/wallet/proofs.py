"""What the wallet proves to an issuer: that it holds the device key (DPoP, RFC 9449), and each key that a copy is bound to."""

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from idverify.credentials import attested_possession, client_attestation, dpop, jws, possession
from idverify.keys import Signer
from idverify.keys.jwk import base64url
from idverify.wallet.device import bare_jwk

JTI_BYTES = 16


def dpop_proof(
    device: Signer,
    method: str,
    url: str,
    *,
    now: float,
    random_bytes: Callable[[int], bytes],
    access_token: str | None = None,
    nonce: str | None = None,
) -> str:
    """A DPoP proof for one request (RFC 9449 section 4.2); bound to `access_token` where one goes with it."""
    payload = {
        "jti": base64url(random_bytes(JTI_BYTES)),
        "htm": method,
        "htu": urlunsplit(urlsplit(url)._replace(query="", fragment="")),
        "iat": int(now),
    }
    if access_token is not None:
        payload["ath"] = base64url(hashlib.sha256(access_token.encode("ascii")).digest())
    if nonce is not None:
        payload["nonce"] = nonce
    return jws.sign(payload, device, dpop.TYPE, {"jwk": bare_jwk(device)})


def key_proof(key: Signer, issuer: str, *, now: float, nonce: str) -> str:
    """That the wallet holds `key`, said to this issuer, now (OpenID4VCI 1.0 appendix F.1, proof type jwt)."""
    payload = {"aud": issuer, "iat": int(now), "nonce": nonce}
    return jws.sign(payload, key, possession.TYPE, {"jwk": bare_jwk(key)})


def attested_key_proof(key: Signer, attestation: str, issuer: str, *, now: float, nonce: str) -> str:
    """The same for every key that is attested, `key` among them: one signature, the attestation in its header."""
    payload = {"aud": issuer, "iat": int(now), "nonce": nonce}
    return jws.sign(payload, key, possession.TYPE, {"jwk": bare_jwk(key), attested_possession.HEADER: attestation})


def wallet_proof(device: Signer, issuer: str, *, now: float, random_bytes: Callable[[int], bytes]) -> str:
    """That an attested wallet asks the authorisation server `issuer`, now and once (client attestation draft section 5.1)."""
    payload = {"aud": issuer, "iat": int(now), "jti": base64url(random_bytes(JTI_BYTES))}
    return jws.sign(payload, device, client_attestation.PROOF_TYPE, {})
