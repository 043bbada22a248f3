"""Webhooks of clients, and what is still to be delivered to them. Secrets come and go as the ceremony sealed them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from idverify.store.tables import deliveries, webhooks


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a client's results go. secret: sealed. created_at: seconds since the epoch."""

    client_id: str
    url: str
    secret: bytes
    created_at: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one client. attempts: made or begun so far, this one included once it was taken."""

    delivery_id: str
    client_id: str
    session_id: str
    url: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a client's deliveries are in each state; finished ones until they are purged."""

    waiting: int
    delivered: int
    given_up: int


def put(tx: Connection, webhook: Webhook) -> None:
    """Write the webhook in place of the client's earlier one, if any."""
    tx.execute(delete(webhooks).where(webhooks.c.client_id == webhook.client_id))
    tx.execute(
        insert(webhooks).values(
            client_id=webhook.client_id, url=webhook.url, secret=webhook.secret, created_at=webhook.created_at
        )
    )


def get(tx: Connection, client_id: str) -> Webhook | None:
    """The client's webhook."""
    row = tx.execute(select(webhooks).where(webhooks.c.client_id == client_id)).one_or_none()
    return None if row is None else Webhook(row.client_id, row.url, bytes(row.secret), row.created_at)


def remove(tx: Connection, client_id: str) -> bool:
    """Delete the client's webhook. False when it has none."""
    return tx.execute(delete(webhooks).where(webhooks.c.client_id == client_id)).rowcount == 1


def add(tx: Connection, delivery: Delivery, *, at: float) -> None:
    """Write a delivery that is due at once."""
    tx.execute(
        insert(deliveries).values(
            delivery_id=delivery.delivery_id,
            client_id=delivery.client_id,
            session_id=delivery.session_id,
            url=delivery.url,
            body=delivery.body,
            attempts=delivery.attempts,
            next_at=at,
            created_at=at,
        )
    )


def due(tx: Connection, now: float, *, but_not: Collection[str] = ()) -> Delivery | None:
    """The longest overdue delivery to a client other than those named."""
    waiting = select(deliveries).where(_WAITING, deliveries.c.next_at <= now, deliveries.c.client_id.not_in(but_not))
    row = tx.execute(waiting.order_by(deliveries.c.next_at, deliveries.c.delivery_id).limit(1)).one_or_none()
    return None if row is None else _delivery(row)


def postpone(tx: Connection, delivery: Delivery, *, attempts: int, until: float) -> bool:
    """Make it due at `until`, with that many attempts. False when it is no longer as it was read."""
    return tx.execute(update(deliveries).where(_as_read(delivery)).values(attempts=attempts, next_at=until)).rowcount == 1


def finish(tx: Connection, delivery: Delivery, *, delivered: bool, at: float) -> bool:
    """Delivered, or given up. False when it is no longer as it was read."""
    values = {"delivered_at" if delivered else "failed_at": at, "next_at": _NEVER}
    return tx.execute(update(deliveries).where(_as_read(delivery)).values(values)).rowcount == 1


def redirect(tx: Connection, client_id: str, url: str, *, at: float) -> int:
    """Send what waits for the client to that URL, at once and with all attempts before it; how many there were."""
    waiting = update(deliveries).where(_WAITING, deliveries.c.client_id == client_id)
    return tx.execute(waiting.values(url=url, attempts=0, next_at=at)).rowcount


def give_up(tx: Connection, client_id: str, *, at: float) -> int:
    """Give up what waits for the client; how many there were."""
    waiting = update(deliveries).where(_WAITING, deliveries.c.client_id == client_id)
    return tx.execute(waiting.values(failed_at=at, next_at=_NEVER)).rowcount


def tally(tx: Connection, client_id: str) -> Tally:
    """The states of the client's deliveries."""
    counts = select(
        func.count(),
        func.count(deliveries.c.delivered_at),
        func.count(deliveries.c.failed_at),
    ).where(deliveries.c.client_id == client_id)
    every, delivered, given_up = tx.execute(counts).one()
    return Tally(every - delivered - given_up, delivered, given_up)


def purge(tx: Connection, before: float) -> int:
    """Delete the deliveries that ended before then, well or not; how many there were."""
    ended = or_(deliveries.c.delivered_at < before, deliveries.c.failed_at < before)
    return tx.execute(delete(deliveries).where(ended)).rowcount


_NEVER = 253_402_300_800.0
"""The year 10000: what has ended is not due, so that the index on next_at begins with what waits."""

_WAITING = and_(deliveries.c.delivered_at.is_(None), deliveries.c.failed_at.is_(None))


def _as_read(delivery: Delivery) -> ColumnElement[bool]:
    """Whoever took it later, or sent it elsewhere, changed one of these: what an earlier attempt learned is then void."""
    same = (deliveries.c.delivery_id == delivery.delivery_id, deliveries.c.attempts == delivery.attempts)
    return and_(*same, deliveries.c.url == delivery.url, _WAITING)


def _delivery(row: Any) -> Delivery:
    return Delivery(row.delivery_id, row.client_id, row.session_id, row.url, bytes(row.body), row.attempts)
