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
    return _bearer(authorization, _KEY, "send a client key: Authorization: Bearer idvk_...")


def session_token(authorization: str | None) -> str:
    """The client token of a live session. Raises Unauthenticated on anything but `Bearer` and a well-formed token."""
    return _bearer(authorization, _SESSION_TOKEN, "send the client token of the session: Authorization: Bearer idvs_...")


def _bearer(authorization: str | None, form: re.Pattern[str], advice: str) -> str:
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not form.fullmatch(secret):
        raise Unauthenticated(advice)
    return secret


def require_scope(client: Client, scope: str) -> None:
    """Raises ScopeMissing unless the client has the scope."""
    if scope not in client.scopes:
        raise ScopeMissing(f"this operation needs the scope {scope}")
