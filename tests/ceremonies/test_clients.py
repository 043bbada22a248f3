"""Clients are added and revoked with their events, and their keys are kept nowhere."""

import pytest

from idverify.ceremonies.clients import METRICS_READ, VERIFICATIONS_CREATE, add_client, key_hash, revoke_client
from idverify.errors import InvalidInput
from idverify.store import audit, clients


def _last(parts):
    with parts.store.reading() as tx:
        return audit.head(tx)


def test_a_client_is_added_with_its_event_and_without_its_key(parts, tmp_path):
    """The key leads to it by its hash alone; neither database nor audit holds the key."""
    client, key = add_client(
        parts, actor="tester", name="Hotel", scopes=[VERIFICATIONS_CREATE], audiences=["hotel"], purposes=["check-in"]
    )
    with parts.store.reading() as tx:
        assert clients.by_key_hash(tx, key_hash(parts.secrets.client_keys, key)) == client
    event = _last(parts)
    assert (event.event, event.actor, event.details["client_id"]) == ("client.added", "tester", client.id)
    assert event.details["scopes"] == [VERIFICATIONS_CREATE]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if key.encode() in path.read_bytes()]


def test_a_client_is_revoked_once(parts):
    """The second time nothing is written, for there is nothing to revoke."""
    client, _ = add_client(parts, actor="tester", name="Metrics", scopes=[METRICS_READ])
    revoke_client(parts, client.id, actor="another")
    event = _last(parts)
    assert (event.event, event.actor, event.details) == ("client.revoked", "another", {"client_id": client.id})
    with pytest.raises(InvalidInput):
        revoke_client(parts, client.id, actor="another")
    assert _last(parts) == event
