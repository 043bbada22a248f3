"""The clients of the service: their keys, what they may do, and adding and revoking them, each of which is audited.

A key is 256 random bits behind a prefix that secret scanners can recognise. Only HMAC-SHA256(secrets.client_keys, key) is
stored, so a copy of the database neither contains a key nor lets one be tested. The look-up compares HMAC values: a caller
cannot steer them, so an index that answers early tells nothing about a key.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection

from idverify.audit.events import Event
from idverify.ceremonies import Vault, webhooks
from idverify.ceremonies.auditing import record_event
from idverify.errors import AudienceNotAllowed, InvalidInput, PurposeNotAllowed
from idverify.registry.claims import is_plain_text
from idverify.store import clients
from idverify.store.clients import Client

PREFIX = "idvk_"

SUBJECTS_WRITE = "subjects:write"
SUBJECTS_READ = "subjects:read"
SUBJECTS_DELETE = "subjects:delete"
SUBJECTS_DUPLICATES = "subjects:duplicates"
VERIFICATIONS_CREATE = "verifications:create"
SESSIONS_CREATE = "sessions:create"
SESSIONS_REVIEW = "sessions:review"
TOKENS_INTROSPECT = "tokens:introspect"
METRICS_READ = "metrics:read"
CREDENTIALS_OFFER = "credentials:offer"
CREDENTIALS_SUPERVISE = "credentials:supervise"
PRESENTATIONS_VALIDATE = "presentations:validate"
EVALUATION = "evaluation"

SCOPES = {
    SUBJECTS_WRITE: "enrol subjects",
    SUBJECTS_READ: "read a subject's claims and validity",
    SUBJECTS_DELETE: "erase subjects",
    SUBJECTS_DUPLICATES: "be told that an enrolment awaits review: the face may be enrolled already",
    VERIFICATIONS_CREATE: "compare a probe with a subject, or with a reference sent along",
    SESSIONS_CREATE: "run live sessions, and redeem their verdicts",
    SESSIONS_REVIEW: "see and decide borderline live sessions",
    TOKENS_INTROSPECT: "have verdict tokens validated",
    CREDENTIALS_OFFER: "offer credentials to people whom a live session of its own has verified",
    CREDENTIALS_SUPERVISE: "offer credentials on its registrars' word, who checked the person in person",
    PRESENTATIONS_VALIDATE: "have presentations of credentials validated, and the answer signed",
    METRICS_READ: "read the service's metrics",
    EVALUATION: "see comparison scores; such a client cannot name registry subjects",
}


def add_client(
    vault: Vault,
    *,
    actor: str,
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
    with vault.store.transaction() as tx:
        clients.add(tx, client, key_hash(vault.secrets.client_keys, key))
        record_event(
            vault,
            tx,
            Event.CLIENT_ADDED,
            actor=actor,
            client_id=client.id,
            sandbox=sandbox,
            scopes=[*sorted(client.scopes)],
            audiences=[*sorted(client.audiences)],
            purposes=[*sorted(client.purposes)],
        )
    return client, key


def revoke_client(vault: Vault, client_id: str, *, actor: str) -> None:
    """Refuse the client's key from now on, and tell it nothing any more: its webhook goes too.

    Raises InvalidInput when there is no such client or it was revoked before, StoreUnavailable.
    """
    with vault.store.transaction() as tx:
        if not clients.revoke(tx, client_id, vault.now()):
            raise InvalidInput("no such client, or it was revoked before: see `idverify clients list`")
        webhooks.forget(vault, tx, client_id, actor=actor)
        record_event(vault, tx, Event.CLIENT_REVOKED, actor=actor, client_id=client_id)


def require_registered(client: Client, audience: str, purpose: str) -> None:
    """Raises AudienceNotAllowed, PurposeNotAllowed unless the client may name them."""
    if audience not in client.audiences:
        raise AudienceNotAllowed("this client is not registered for that audience")
    if purpose not in client.purposes:
        raise PurposeNotAllowed("this client is not registered for that purpose")


def audience_of(client: Client, named: str | None) -> str:
    """The audience that is meant: one of the client's own. Raises InvalidInput, AudienceNotAllowed."""
    if named is None:
        if len(client.audiences) != 1:
            raise InvalidInput("audience: name one; this client is registered for none, or for several")
        return next(iter(client.audiences))
    if named not in client.audiences:
        raise AudienceNotAllowed("this client is not registered for that audience")
    return named


def new_key(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh client key: the prefix and 32 random bytes in base64url. Shown once, never stored."""
    return PREFIX + base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()


def key_hash(secret: bytes, key: str) -> bytes:
    """What the store keeps of a key. 32 bytes."""
    return hmac.digest(secret, b"client key\x00" + key.encode(), hashlib.sha256)


def _check(name: str, scopes: Collection[str], audiences: Collection[str], purposes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"scopes are {', '.join(SCOPES)}" + (f"; not {', '.join(unknown)}" if unknown else ""))
    if not is_plain_text(name, 200):
        raise InvalidInput("a client's name has 1 to 200 characters, no controls, and no space at its ends")
    if not all(is_plain_text(word, 256) for word in (*audiences, *purposes)):
        raise InvalidInput("an audience or a purpose has 1 to 256 characters, no controls, and no space at its ends")
    for scope in (VERIFICATIONS_CREATE, SESSIONS_CREATE):
        if scope in scopes and not (audiences and purposes):
            raise InvalidInput(f"a client with the scope {scope} needs an audience and a purpose")
    for scope in (TOKENS_INTROSPECT, CREDENTIALS_SUPERVISE, PRESENTATIONS_VALIDATE):
        if scope in scopes and not audiences:
            raise InvalidInput(f"a client with the scope {scope} needs an audience")
