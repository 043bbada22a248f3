"""Clients of the service. Of a key only its hash is kept."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from idverify.errors import InvalidInput
from idverify.store.tables import clients


@dataclass(frozen=True, slots=True)
class Client:
    """Who may call, and what it may ask for. created_at, revoked_at: seconds since the epoch.

    return_urls: where its people may be sent at the end of a session.
    """

    id: str
    name: str
    scopes: frozenset[str]
    audiences: frozenset[str]
    purposes: frozenset[str]
    sandbox: bool
    created_at: float
    revoked_at: float | None = None
    return_urls: frozenset[str] = frozenset()


def add(tx: Connection, client: Client, key_hash: bytes) -> None:
    """Write the client. Raises InvalidInput when its id or key exists; the transaction is then void."""
    try:
        tx.execute(
            insert(clients).values(
                client_id=client.id,
                name=client.name,
                key_hash=key_hash,
                scopes=json.dumps(sorted(client.scopes)),
                audiences=json.dumps(sorted(client.audiences)),
                purposes=json.dumps(sorted(client.purposes)),
                sandbox=client.sandbox,
                created_at=client.created_at,
                revoked_at=client.revoked_at,
                return_urls=_urls(client.return_urls),
            )
        )
    except IntegrityError:
        raise InvalidInput("a client of that id or key exists") from None


def by_key_hash(tx: Connection, key_hash: bytes) -> Client | None:
    """The client with that key, revoked or not: the caller looks at `revoked_at`."""
    row = tx.execute(select(clients).where(clients.c.key_hash == key_hash)).one_or_none()
    return None if row is None else _client(row)


def by_id(tx: Connection, client_id: str) -> Client | None:
    """The client of that id, revoked or not."""
    row = tx.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    return None if row is None else _client(row)


def listed(tx: Connection) -> list[Client]:
    """Every client, oldest first."""
    return [_client(row) for row in tx.execute(select(clients).order_by(clients.c.created_at, clients.c.client_id))]


def revoke(tx: Connection, client_id: str, at: float) -> bool:
    """Refuse the client's key from now on. False when there is no such client, or it was revoked before."""
    found = update(clients).where(clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
    return tx.execute(found.values(revoked_at=at)).rowcount == 1


def set_return_urls(tx: Connection, client_id: str, urls: frozenset[str]) -> None:
    """Write where the client's people may be sent, in place of what was there."""
    tx.execute(update(clients).where(clients.c.client_id == client_id).values(return_urls=_urls(urls)))


def _urls(urls: frozenset[str]) -> str:
    return json.dumps(sorted(urls))


def _client(row: Any) -> Client:
    return Client(
        id=row.client_id,
        name=row.name,
        scopes=frozenset(json.loads(row.scopes)),
        audiences=frozenset(json.loads(row.audiences)),
        purposes=frozenset(json.loads(row.purposes)),
        sandbox=row.sandbox,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        return_urls=frozenset(json.loads(row.return_urls)),
    )
