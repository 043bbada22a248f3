"""Telling a client's own server how a session ended: signed, tried again for a day, and safe to be told twice.

The signature is that of Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,...`): HMAC-SHA-256
with the client's secret over id, time and body. A message says which session ended and how: no name, no score, no token, so
whoever reads it learns nothing more, and who wants more asks with the client's key.

What is to be delivered is written in the transaction that ends the session. Of two couriers one takes it: taking moves the time
at which it is due, and a courier that dies leaves it to whoever comes after that.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.row_sealing import WEBHOOK_SECRET, seal, unseal
from idverify.ceremonies.webhook_address import target_of
from idverify.errors import InvalidInput, RecordTampered
from idverify.store import Connection, clients, webhooks
from idverify.store.webhooks import Delivery, Tally, Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105  (what the standard begins a secret with, so that scanners know one)
FINISHED = "session.finished"
ASKED_AGAIN = "session.asked_again"
"""A reviewer wants another attempt: the session goes on, and its person is to be told."""

PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
"""Seconds from one attempt to the next: eleven attempts within 23 hours and 43 minutes."""

LEASE_SECONDS = 120.0
"""How long a taken delivery is its courier's: longer than an attempt lasts, the look-up of the name included."""

GONE = "status_410"
"""The receiver asks for no more of this message (RFC 9110 section 15.5.11)."""

_WORD = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery that was taken, with the secret that signs it."""

    delivery: Delivery
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A client's webhook as the operator may see it. created_at: when this URL and secret were set."""

    url: str
    created_at: float
    deliveries: Tally


def set_webhook(vault: Vault, client_id: str, url: str, *, actor: str) -> str:
    """Send the client's results to the URL from now on; the new secret, `whsec_...`, which is shown now or never.

    What waits for the client goes to the new URL, signed with the new secret, its attempts counted anew. Raises InvalidInput
    when the URL cannot be used or there is no such client, StoreUnavailable.
    """
    target = target_of(url, dev=vault.environment == "dev")
    secret = vault.random_bytes(32)
    now = vault.now()
    with vault.store.transaction() as tx:
        client = clients.by_id(tx, client_id)
        if client is None or client.revoked_at is not None:
            raise InvalidInput("no such client, or it was revoked: see `idverify clients list`")
        if client.sandbox:
            raise InvalidInput("a sandbox client has no webhook: its sessions are gone when the service stops")
        # Bound to the URL: who can write to the database can have nothing signed for one that the operator did not set.
        webhooks.put(tx, Webhook(client_id, url, seal(vault, WEBHOOK_SECRET, secret, client_id, url), now))
        waiting = webhooks.redirect(tx, client_id, url, at=now)
        # The host alone: a path may hold a secret of the receiver's.
        record_event(
            vault, tx, Event.WEBHOOK_SET, actor=actor, client_id=client_id, host=target.host, port=target.port, waiting=waiting
        )
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def remove_webhook(vault: Vault, client_id: str, *, actor: str) -> None:
    """Send the client nothing any more, and give up what waits. Raises InvalidInput when it has none, StoreUnavailable."""
    with vault.store.transaction() as tx:
        if not forget(vault, tx, client_id, actor=actor):
            raise InvalidInput("this client has no webhook")


def forget(vault: Vault, tx: Connection, client_id: str, *, actor: str) -> bool:
    """The same within a transaction, for a client that is revoked. False, and no event, when it has none."""
    if not webhooks.remove(tx, client_id):
        return False
    given_up = webhooks.give_up(tx, client_id, at=vault.now())
    record_event(vault, tx, Event.WEBHOOK_REMOVED, actor=actor, client_id=client_id, given_up=given_up)
    return True


def show_webhook(vault: Vault, client_id: str) -> Shown:
    """Where the client's results go and how that fares. Raises InvalidInput when it has none, StoreUnavailable."""
    with vault.store.reading() as tx:
        webhook = webhooks.get(tx, client_id)
        if webhook is None:
            raise InvalidInput("this client has no webhook: see `idverify clients webhook set --help`")
        return Shown(webhook.url, webhook.created_at, webhooks.tally(tx, client_id))


def queue(vault: Vault, tx: Connection, *, client_id: str, session_id: str, status: str, kind: str = FINISHED) -> str | None:
    """Within the transaction that ends a session, or has it begun anew by a reviewer's wish: have the client told.

    The delivery's id, None for a client without a webhook.

    status: one word, the session's state as its client reads it. Raises StoreUnavailable.
    """
    if not _WORD.fullmatch(status):
        raise ValueError("a status is one word of lower-case letters")
    webhook = webhooks.get(tx, client_id)
    if webhook is None:
        return None
    now = vault.now()
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = json.dumps({"type": kind, "session_id": session_id, "status": status, "at": at}, separators=(",", ":"))
    delivery_id = f"dlv_{vault.random_bytes(16).hex()}"
    webhooks.add(tx, Delivery(delivery_id, client_id, session_id, webhook.url, body.encode("ascii"), 0), at=now)
    return delivery_id


def take(vault: Vault, *, but_not: Collection[str] = ()) -> Message | None:
    """The next due message for a client other than those named, for the caller alone to send and to `settle`.

    None when there is none. What cannot be sent any more (no attempt left, a webhook that was altered in the database) is given
    up on the way. Raises StoreUnavailable.
    """
    with vault.store.reading() as tx:  # so that looking, which happens all the time, holds no writer up
        if webhooks.due(tx, vault.now(), but_not=but_not) is None:
            return None
    with vault.store.transaction() as tx:
        while (found := webhooks.due(tx, vault.now(), but_not=but_not)) is not None:
            message, cause = _opened(vault, tx, found)
            if message is not None:
                webhooks.postpone(tx, found, attempts=message.delivery.attempts, until=vault.now() + LEASE_SECONDS)
                return message
            _finish(vault, tx, found, delivered=False, cause=cause)
    return None


def headers(message: Message, now: float) -> Mapping[str, str]:
    """The message's HTTP headers. The id is that of the delivery at every attempt, the time that of this one."""
    timestamp = str(int(now))
    signed = b".".join((message.delivery.delivery_id.encode(), timestamp.encode(), message.delivery.body))
    signature = base64.b64encode(hmac.digest(message.secret, signed, hashlib.sha256)).decode("ascii")
    return {
        "Content-Type": "application/json",
        "User-Agent": "idverify",
        "webhook-id": message.delivery.delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def settle(vault: Vault, message: Message, *, delivered: bool, cause: str) -> str:
    """Write what came of an attempt, and say it: `delivered`, `postponed` or `given_up`.

    `superseded`, and nothing is written, when another courier took the message since or it was sent elsewhere. cause: a word
    for the audit. Raises StoreUnavailable; the message then comes again when its lease ends, under the same id.
    """
    attempts = message.delivery.attempts
    with vault.store.transaction() as tx:
        if delivered or cause == GONE or attempts > len(PAUSES):
            settled = _finish(vault, tx, message.delivery, delivered=delivered, cause=cause)
            word = "delivered" if delivered else "given_up"
        else:
            until = vault.now() + PAUSES[attempts - 1]
            settled = webhooks.postpone(tx, message.delivery, attempts=attempts, until=until)
            word = "postponed"
    return word if settled else "superseded"


def _opened(vault: Vault, tx: Connection, found: Delivery) -> tuple[Message | None, str]:
    """The message, its attempt counted; or None and why there is none."""
    webhook = webhooks.get(tx, found.client_id)
    if webhook is None:
        return None, "no_webhook"
    if found.attempts > len(PAUSES):
        return None, "no_answer"  # the courier of the last attempt never came back
    try:
        secret = unseal(vault, WEBHOOK_SECRET, webhook.secret, found.client_id, found.url)
    except RecordTampered as error:
        return None, error.code
    attempts = found.attempts + 1
    taken = Delivery(found.delivery_id, found.client_id, found.session_id, found.url, found.body, attempts)
    return Message(taken, secret), ""


def _finish(vault: Vault, tx: Connection, delivery: Delivery, *, delivered: bool, cause: str) -> bool:
    if not webhooks.finish(tx, delivery, delivered=delivered, at=vault.now()):
        return False
    record_event(
        vault,
        tx,
        Event.WEBHOOK_DELIVERED if delivered else Event.WEBHOOK_GIVEN_UP,
        actor=delivery.client_id,
        session_id=delivery.session_id,
        delivery_id=delivery.delivery_id,
        attempts=delivery.attempts,
        cause=cause,
    )
    return True
