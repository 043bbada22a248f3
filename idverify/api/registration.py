"""Adding and revoking clients, each audited in the transaction that does it."""

from collections.abc import Collection

from idverify.api.security import SCOPES, TOKENS_INTROSPECT, VERIFICATIONS_CREATE, key_hash, new_key
from idverify.audit.chain import JSON
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.errors import InvalidInput
from idverify.registry.claims import is_plain_text
from idverify.store import audit, clients
from idverify.store.clients import Client

ADMINISTRATOR = "command line"


def add_client(
    vault: Vault,
    *,
    name: str,
    scopes: Collection[str],
    audiences: Collection[str] = (),
    purposes: Collection[str] = (),
    sandbox: bool = False,
) -> tuple[Client, str]:
    """A new client and its key, which is shown now or never. Raises InvalidInput, StoreUnavailable."""
    _check(name, scopes, audiences, purposes)
    client = Client(
        id=f"cli_{vault.random_bytes(8).hex()}",
        name=name,
        scopes=frozenset(scopes),
        audiences=frozenset(audiences),
        purposes=frozenset(purposes),
        sandbox=sandbox,
        created_at=vault.now(),
        revoked_at=None,
    )
    key = new_key(vault.random_bytes)
    details: dict[str, JSON] = {
        "client_id": client.id,
        "sandbox": sandbox,
        "scopes": [*sorted(client.scopes)],
        "audiences": [*sorted(client.audiences)],
        "purposes": [*sorted(client.purposes)],
    }
    with vault.store.transaction() as tx:
        clients.add(tx, client, key_hash(vault.secrets.client_keys, key))
        audit.append(
            tx,
            vault.secrets.audit,
            Event.CLIENT_ADDED,
            at=client.created_at,
            actor=ADMINISTRATOR,
            subject_id=None,
            details=details,
        )
    return client, key


def revoke_client(vault: Vault, client_id: str) -> None:
    """Refuse the client's key from now on. Raises InvalidInput when there is no such client or it was revoked before."""
    now = vault.now()
    with vault.store.transaction() as tx:
        if not clients.revoke(tx, client_id, now):
            raise InvalidInput("no such client, or it was revoked before: see `idverify clients list`")
        audit.append(
            tx,
            vault.secrets.audit,
            Event.CLIENT_REVOKED,
            at=now,
            actor=ADMINISTRATOR,
            subject_id=None,
            details={"client_id": client_id},
        )


def _check(name: str, scopes: Collection[str], audiences: Collection[str], purposes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"scopes are {', '.join(SCOPES)}" + (f"; not {', '.join(unknown)}" if unknown else ""))
    if not is_plain_text(name, 200):
        raise InvalidInput("a client's name has 1 to 200 characters, no controls, and no space at its ends")
    if not all(is_plain_text(word, 256) for word in (*audiences, *purposes)):
        raise InvalidInput("an audience or a purpose has 1 to 256 characters, no controls, and no space at its ends")
    if VERIFICATIONS_CREATE in scopes and not (audiences and purposes):
        raise InvalidInput(f"a client with the scope {VERIFICATIONS_CREATE} needs an audience and a purpose")
    if TOKENS_INTROSPECT in scopes and not audiences:
        raise InvalidInput(f"a client with the scope {TOKENS_INTROSPECT} needs an audience")
