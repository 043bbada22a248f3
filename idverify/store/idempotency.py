"""Answers kept for clients that ask again with the same idempotency key."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from idverify.errors import IdempotencyConflict
from idverify.store.tables import idempotency

ABANDONED_SECONDS = 300.0
"""A request that runs longer than any can was broken off with its process: its key may be taken over."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The answer given the first time: HTTP status, and the body as the caller sealed it."""

    status: int
    body: bytes


def begin(tx: Connection, *, client_id: str, key: str, request_digest: str, now: float) -> StoredResponse | None:
    """Take the key for this request (None), or return what was answered to the same request before.

    request_digest: SHA-256, hex, of the request. key: 1 to 255 characters. Raises IdempotencyConflict when the key was used
    with another request or its first request still runs.
    """
    row = tx.execute(select(idempotency).where(*_of(client_id, key))).one_or_none()
    if row is None:
        tx.execute(insert(idempotency).values(client_id=client_id, key=key, request_digest=request_digest, created_at=now))
        return None
    if row.request_digest != request_digest:
        raise IdempotencyConflict("this idempotency key was used with another request")
    if row.status is None or row.body is None:
        if row.created_at < now - ABANDONED_SECONDS:
            tx.execute(update(idempotency).where(*_of(client_id, key)).values(created_at=now))
            return None
        raise IdempotencyConflict("the first request with this idempotency key is still running")
    return StoredResponse(row.status, bytes(row.body))


def finish(tx: Connection, *, client_id: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer. `body` is sealed by the caller."""
    tx.execute(update(idempotency).where(*_of(client_id, key)).values(status=status, body=body))


def forget(tx: Connection, *, client_id: str, key: str) -> None:
    """Free the key: the request failed on our side and may be sent again."""
    tx.execute(delete(idempotency).where(*_of(client_id, key)))


def purge(tx: Connection, before: float) -> int:
    """Delete the answers older than `before`; how many there were."""
    return tx.execute(delete(idempotency).where(idempotency.c.created_at < before)).rowcount


def _of(client_id: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return idempotency.c.client_id == client_id, idempotency.c.key == key
