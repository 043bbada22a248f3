"""Handing a live session to another device, whose camera is then used: a link to open there, a code to type on the first.

What one device attested says nothing of the other and is forgotten, and a stream that it has open ends.
"""

import hmac
from dataclasses import dataclass, replace

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.person import Bearer, by_first, handover_of
from idverify.ceremonies.session_end import ended
from idverify.ceremonies.session_record import Held, load, new_token, note, require_open, save
from idverify.ceremonies.wallet_secrets import secret_hash
from idverify.errors import InvalidInput, SessionFinished, SessionTaken
from idverify.keys.jwk import base64url
from idverify.sessions import state

HANDOVERS = 3
DIGITS = 6
TRIES = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """What the second device shows: who asks and what for, and the code to type on the first. agent: its own secret."""

    agent: str
    code: str
    client_name: str
    purpose: str


def offer(vault: Vault, session_id: str, bearer: Bearer) -> str:
    """The token of a link for another device, shown now or never; one offered before is void.

    Raises SessionNotFound, SessionTaken, SessionExpired, SessionFinished.
    """
    token = new_token(vault)
    with vault.store.transaction() as tx:
        held = by_first(vault, tx, session_id, bearer)
        require_open(held)
        offers = (held.handover or {}).get("offers", 0) + 1
        if offers > HANDOVERS:
            raise SessionFinished("this session can no longer be handed over")
        save(
            vault,
            tx,
            replace(_unattested(held), connection=None, handover={"offers": offers, "token": secret_hash(token), "tries": 0}),
        )
    return token


def open_link(vault: Vault, session_id: str, bearer: Bearer) -> Opened:
    """Open the link on the second device. Its camera stays shut until the code was typed on the first.

    A code that travelled with the link would let a stranger send both; this one is shown to who holds the second device, and
    must reach the first by the person. Raises SessionNotFound, SessionTaken when it was opened before, or by the
    user agent that began, which would lose its own secret to the new one, SessionExpired, SessionFinished.
    """
    agent = base64url(vault.random_bytes(32))
    code = f"{int.from_bytes(vault.random_bytes(16), 'big') % 10**DIGITS:0{DIGITS}d}"
    with vault.store.transaction() as tx:
        held = load(vault, tx, session_id)
        handover = handover_of(held, bearer.token)
        if bearer.agent is not None and hmac.compare_digest(secret_hash(bearer.agent), held.agent_hash or ""):
            raise SessionTaken("open this link on the other device")
        if "agent" in handover:
            raise SessionTaken("this link was opened on another device")
        require_open(held)
        save(vault, tx, replace(held, handover={**handover, "agent": secret_hash(agent), "code": code, "confirmed": False}))
    return Opened(agent, code, held.order.client_name, held.order.purpose)


def confirm(vault: Vault, session_id: str, bearer: Bearer, code: str) -> None:
    """Let the second device go on, whose code was typed on the first.

    Three wrong codes end the session. Raises SessionNotFound, SessionTaken, SessionExpired, SessionFinished, InvalidInput for a
    wrong code.
    """
    wrong = False
    with vault.store.transaction() as tx:
        held = by_first(vault, tx, session_id, bearer)
        require_open(held)
        handover = held.handover or {}
        if "code" not in handover:
            raise SessionFinished("there is no device to hand over to")
        if hmac.compare_digest(handover["code"].encode(), code.encode()):
            save(vault, tx, replace(_unattested(held), connection=None, handover={**handover, "confirmed": True}))
            note(vault, tx, Event.SESSION_HANDED_OVER, held)
        else:
            wrong = True
            tries = handover["tries"] + 1
            note(vault, tx, Event.SESSION_HANDOVER_REFUSED, held, tries=tries)
            if tries >= TRIES:
                ended(vault, tx, replace(held, session=state.cancel(held.session, vault.now())), actor=held.order.client_id)
            else:
                save(vault, tx, replace(held, handover={**handover, "tries": tries}))
    if wrong:
        raise InvalidInput("the code is not the one that the other device shows")


def _unattested(held: Held) -> Held:
    return replace(held, attested=None, attested_key=None)
