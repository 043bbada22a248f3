"""Idempotency keys: a request that is sent again gets the answer of the first, not a second ceremony.

The key belongs to one client. The same key with another body, or while the first still runs, is refused. A request that ended
in an error is forgotten, so that it can be tried again. Stored answers may hold a token, so they are sealed, bound to
client, key and status.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response

from idverify.ceremonies import Parts
from idverify.ceremonies.row_sealing import STORED_ANSWER, seal, unseal
from idverify.errors import InvalidInput, StoreUnavailable
from idverify.store import idempotency

HEADER = "Idempotency-Key"
RETENTION_SECONDS = 86_400
_KEY = re.compile(r"[\x21-\x7e]{8,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: status and JSON body. replayed: it is the stored one of an earlier request."""

    status: int
    body: bytes
    replayed: bool = False


def parse_key(header: str | None) -> str | None:
    """The idempotency key of a request, if it has one. Raises InvalidInput unless it is 8 to 255 visible ASCII characters."""
    if header is not None and not _KEY.fullmatch(header):
        raise InvalidInput("Idempotency-Key must be 8 to 255 visible ASCII characters")
    return header


def once(parts: Parts, *, client_id: str, key: str | None, request: bytes, produce: Callable[[], Answer]) -> Answer:
    """The stored answer to this very request, or that of `produce`, stored.

    request: what identifies it, method and route and body. Raises IdempotencyConflict, RecordTampered, StoreUnavailable, and
    whatever `produce` raises.
    """
    if key is None:
        return produce()
    digest = _digest(parts, request)
    now = parts.now()
    with parts.store.transaction() as tx:
        idempotency.purge(tx, now - RETENTION_SECONDS)
        stored = idempotency.begin(tx, client_id=client_id, key=key, request_digest=digest, now=now)
    if stored is not None:
        return Answer(
            stored.status, unseal(parts, STORED_ANSWER, stored.body, client_id, key, str(stored.status)), replayed=True
        )
    try:
        answer = produce()
        sealed = seal(parts, STORED_ANSWER, answer.body, client_id, key, str(answer.status))
        with parts.store.transaction() as tx:
            idempotency.finish(tx, client_id=client_id, key=key, status=answer.status, body=sealed)
    except BaseException:
        with suppress(StoreUnavailable), parts.store.transaction() as tx:
            idempotency.forget(tx, client_id=client_id, key=key)
        raise
    return answer


def _digest(parts: Parts, request: bytes) -> str:
    """Under a key of its own, so that the table does not tell what was asked."""
    key = hmac.digest(parts.secrets.client_keys, b"idempotency\x00request digest", hashlib.sha256)
    return hmac.new(key, request, hashlib.sha256).hexdigest()


def as_response(answer: Answer) -> Response:
    """The answer as HTTP, saying when it is a stored one."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, answer.status, headers, "application/json")
