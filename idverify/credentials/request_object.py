"""A reader's signed request for presentations (RFC 9101, OpenID4VP 1.0 section 5): who asks is the certificate that came along.

The client_id is the digest of that certificate, so whoever holds the link knows which key must have signed the request. Whether
the certificate is to be believed is another question, and not answered here.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from idverify.credentials import certified_jws, jws
from idverify.credentials.certificates import public_key_of
from idverify.credentials.errors import TokenAudience, TokenExpired, TokenIssuer, TokenTime
from idverify.credentials.purposes import Purpose
from idverify.credentials.trust import Jwk
from idverify.keys.certified import Certified
from idverify.keys.jwk import base64url

TYPE = "oauth-authz-req+jwt"
AUDIENCE = "https://self-issued.me/v2"
PREFIX = "x509_hash:"


def client_id_of(certificate: bytes) -> str:
    """The client_id of who signs under that certificate (DER): OpenID4VP 1.0 section 5.9.3, x509_hash."""
    return PREFIX + base64url(hashlib.sha256(certificate).digest())


def sign(payload: Mapping[str, Any], certified: Certified) -> str:
    """The request object. Raises SigningUnavailable."""
    return certified_jws.sign({**payload, "aud": AUDIENCE}, certified.signer, certified.chain, TYPE)


class _Candidate(certified_jws.Certified):
    """Its key is the one in its own certificate, whatever its maker calls it: kid is a hint (RFC 7515 section 4.1.4)."""

    @cached_property
    def matching(self) -> list[Jwk]:
        """That key. Raises CertificateMalformed, -Unsuitable."""
        return [public_key_of(self.chain[0])]


def read(text: str | bytes, client_id: str, now: float) -> tuple[dict[str, Any], bytes]:
    """The request, and the certificate (DER) whose digest is the client_id and whose key signed it.

    now: seconds since the epoch. Raises a leaf of TokenInvalid.
    """
    candidate = _Candidate(jws.ascii_text(text), TYPE, (), Purpose.READER, now)
    for check in (*jws.HEADER_CHECKS, *certified_jws.CHECKS):
        check(candidate)
    leaf = candidate.chain[0]
    if client_id_of(leaf) != client_id:
        raise TokenIssuer
    for body_check in jws.BODY_CHECKS:
        body_check(candidate)
    payload = candidate.payload
    if payload.get("client_id") != client_id:
        raise TokenIssuer
    if payload.get("aud") != AUDIENCE:
        raise TokenAudience
    ends = payload.get("exp", now + 1)
    if not isinstance(ends, int | float) or isinstance(ends, bool):
        raise TokenTime
    if not now < ends:
        raise TokenExpired
    return payload, leaf
