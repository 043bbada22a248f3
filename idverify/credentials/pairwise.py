"""Pairwise subjects: two audiences cannot tell by the names they hold that they met the same person."""

import hmac

from idverify.keys.jwk import base64url


def pairwise_subject(secret: bytes, subject_id: str, audience: str) -> str:
    """The name of a subject towards one audience: HMAC-SHA-256, base64url, 43 characters (OpenID Connect Core section 8.1).

    Stable for the same subject and audience; without the secret it reveals neither. Lengths are part of what is hashed, so that
    no two pairs run into the same bytes.
    """
    subject, name = subject_id.encode(), audience.encode()
    message = b"idverify pairwise 1" + len(subject).to_bytes(4, "big") + subject + len(name).to_bytes(4, "big") + name
    return base64url(hmac.digest(secret, message, "sha256"))
