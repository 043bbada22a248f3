"""The clients of the service: their keys, what they may do, and adding and revoking them, each of which is audited.

A key is 256 random bits behind a prefix that secret scanners can recognise. Only HMAC-SHA256(secrets.client_keys, key) is
stored, so a copy of the database neither contains a key nor lets one be tested. The look-up compares HMAC values: a caller
cannot steer them, so an index that answers early tells nothing about a key.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import replace

from idverify.audit.events import Event
from idverify.ceremonies import Vault, webhooks
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.return_url import require_registrable
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
    SUBJECTS_WRITE: "enrol subjects, and add portraits of them",
    SUBJECTS_READ: "read a subject's claims and validity",
    SUBJECTS_DELETE: "erase subjects, and remove portraits of them",
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
    return_urls: Collection[str] = (),
    sandbox: bool = False,
) -> tuple[Client, str]:
    """A new client and its key, which is shown now or never. Raises InvalidInput, StoreUnavailable."""
    _check(name, scopes, audiences, purposes)
    for url in return_urls:
        require_registrable(url, dev=vault.environment == "dev")
    client = Client(
        id=f"cli_{vault.random_bytes(8).hex()}",
        name=name,
        scopes=frozenset(scopes),
        audiences=frozenset(audiences),
        purposes=frozenset(purposes),
        sandbox=sandbox,
        created_at=vault.now(),
        revoked_at=None,
        return_urls=frozenset(return_urls),
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
            return_urls=[*sorted(client.return_urls)],
        )
    return client, key


def allow_return(vault: Vault, client_id: str, url: str, *, actor: str) -> Client:
    """Let the client's sessions name this return URL; the client as it is then. Raises InvalidInput, StoreUnavailable."""
    require_registrable(url, dev=vault.environment == "dev")
    return _set_return_urls(vault, client_id, lambda urls: urls | {url}, actor=actor)


def forbid_return(vault: Vault, client_id: str, url: str, *, actor: str) -> Client:
    """Refuse this return URL from the next session on; the client as it is then. Raises InvalidInput, StoreUnavailable."""
    return _set_return_urls(vault, client_id, lambda urls: urls - {url}, actor=actor)


def _set_return_urls(
    vault: Vault, client_id: str, changed: Callable[[frozenset[str]], frozenset[str]], *, actor: str
) -> Client:
    with vault.store.transaction() as tx:
        client = clients.by_id(tx, client_id)
        if client is None or client.revoked_at is not None:
            raise InvalidInput("no such client, or it was revoked: see `idverify clients list`")
        urls = changed(client.return_urls)
        if urls == client.return_urls:
            raise InvalidInput("that changes nothing: see `idverify clients list --json` for the URLs that are registered")
        clients.set_return_urls(tx, client_id, urls)
        event = Event.CLIENT_RETURN_URLS_SET
        record_event(vault, tx, event, actor=actor, client_id=client_id, return_urls=[*sorted(urls)])
    return replace(client, return_urls=urls)


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


def purpose_of(client: Client, named: str | None) -> str:
    """The purpose that is meant: one of the client's own. Raises InvalidInput, PurposeNotAllowed."""
    if named is None:
        if len(client.purposes) != 1:
            raise InvalidInput("purpose: name one; this client is registered for none, or for several")
        return next(iter(client.purposes))
    if named not in client.purposes:
        raise PurposeNotAllowed("this client is not registered for that purpose")
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
    for scope in (VERIFICATIONS_CREATE, SESSIONS_CREATE, PRESENTATIONS_VALIDATE):
        if scope in scopes and not (audiences and purposes):
            raise InvalidInput(f"a client with the scope {scope} needs an audience and a purpose")
    for scope in (TOKENS_INTROSPECT, CREDENTIALS_SUPERVISE):
        if scope in scopes and not audiences:
            raise InvalidInput(f"a client with the scope {scope} needs an audience")
