"""Client keys: who calls, and what they may do.

A key is 256 random bits behind a prefix that secret scanners can recognise. Only HMAC-SHA256(secrets.client_keys, key) is
stored, so a copy of the database neither contains a key nor lets one be tested. The look-up compares HMAC values: a caller
cannot steer them, so an index that answers early tells nothing about a key.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable

from idverify.errors import ScopeMissing, Unauthenticated
from idverify.store.clients import Client

PREFIX = "idvk_"
_KEY = re.compile(r"idvk_[A-Za-z0-9_-]{43}")

SUBJECTS_WRITE = "subjects:write"
SUBJECTS_READ = "subjects:read"
SUBJECTS_DELETE = "subjects:delete"
VERIFICATIONS_CREATE = "verifications:create"
TOKENS_INTROSPECT = "tokens:introspect"
METRICS_READ = "metrics:read"
EVALUATION = "evaluation"

SCOPES = {
    SUBJECTS_WRITE: "enrol subjects",
    SUBJECTS_READ: "read a subject's claims and validity",
    SUBJECTS_DELETE: "erase subjects",
    VERIFICATIONS_CREATE: "compare a probe with a subject, or with a reference sent along",
    TOKENS_INTROSPECT: "have verdict tokens validated",
    METRICS_READ: "read the service's metrics",
    EVALUATION: "see comparison scores; such a client cannot name registry subjects",
}


def new_key(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh client key: the prefix and 32 random bytes in base64url. Shown once, never stored."""
    return PREFIX + base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()


def key_hash(secret: bytes, key: str) -> bytes:
    """What the store keeps of a key. 32 bytes."""
    return hmac.digest(secret, b"client key\x00" + key.encode(), hashlib.sha256)


def bearer_key(authorization: str | None) -> str:
    """The client key of an Authorization header. Raises Unauthenticated on anything but `Bearer` and a well-formed key."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not _KEY.fullmatch(key):
        raise Unauthenticated("send a client key: Authorization: Bearer idvk_...")
    return key


def require_scope(client: Client, scope: str) -> None:
    """Raises ScopeMissing unless the client has the scope."""
    if scope not in client.scopes:
        raise ScopeMissing(f"this operation needs the scope {scope}")
