"""Who calls, by the key in the Authorization header, and what they may do."""

import re

from idverify.ceremonies.clients import PREFIX
from idverify.ceremonies.session_record import TOKEN_PREFIX
from idverify.errors import ScopeMissing, Unauthenticated
from idverify.store.clients import Client

_KEY = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_SESSION_TOKEN = re.compile(TOKEN_PREFIX + r"[A-Za-z0-9_-]{43}")


def bearer_key(authorization: str | None) -> str:
    """The client key of an Authorization header. Raises Unauthenticated on anything but `Bearer` and a well-formed key."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not _KEY.fullmatch(key):
        raise Unauthenticated("send a client key: Authorization: Bearer idvk_...")
    return key


def session_token(authorization: str | None) -> str:
    """The client token of a live session. Raises Unauthenticated on anything but `Bearer` and a well-formed token."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not _SESSION_TOKEN.fullmatch(token):
        raise Unauthenticated("send the client token of the session: Authorization: Bearer idvs_...")
    return token


def require_scope(client: Client, scope: str) -> None:
    """Raises ScopeMissing unless the client has the scope."""
    if scope not in client.scopes:
        raise ScopeMissing(f"this operation needs the scope {scope}")
