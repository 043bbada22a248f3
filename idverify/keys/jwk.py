"""P-256 public keys as JSON Web Keys: RFC 7517, RFC 7518 section 6.2, thumbprints of RFC 7638."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

COORDINATE = 32
MEMBERS = ("kty", "crv", "x", "y")
"""Of a public key and nothing else (RFC 7518 section 6.2.1)."""


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def public_jwk(point: bytes) -> dict[str, str]:
    """The JWK of an uncompressed P-256 point: 65 bytes, 0x04 || x || y (SEC 1 section 2.3.3). Raises ValueError.

    Both coordinates keep their leading zeros, as RFC 7518 section 6.2.1.2 asks.
    """
    if len(point) != 1 + 2 * COORDINATE or point[0] != 4:
        raise ValueError("not an uncompressed P-256 point")
    x, y = base64url(point[1 : 1 + COORDINATE]), base64url(point[1 + COORDINATE :])
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": thumbprint(x, y), "alg": "ES256", "use": "sig"}


def bare(jwk: Mapping[str, Any]) -> dict[str, str]:
    """The key alone, without what describes it. Raises KeyError."""
    return {name: jwk[name] for name in MEMBERS}


def point_of(jwk: Mapping[str, str]) -> bytes:
    """The uncompressed point of a P-256 JWK: 65 bytes. Raises ValueError where the coordinates are no base64url."""
    return b"\x04" + b"".join(urlsafe_b64decode(jwk[one] + "=" * (-len(jwk[one]) % 4)) for one in ("x", "y"))


def thumbprint(x: str, y: str) -> str:
    """RFC 7638 thumbprint (SHA-256) of the P-256 key with these coordinates, base64url."""
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64url(hashlib.sha256(canonical.encode("ascii")).digest())
