"""The end of an attested session's stream: the attested key signs it.

An attestation speaks of a device, and the stream of frames, over one nonce; whoever holds the nonce could bring the one from a
genuine telephone and the other from elsewhere. So the key that was attested signs the last link of the chain that the service
received, which takes in every frame. Asked for once, after the last frame that is needed, with a reveal in it: the answer is
made after that, fits this attempt's connection alone, and costs one round trip.
"""

from dataclasses import dataclass, replace
from typing import Any

from idverify.attestation import AttestedKey, check_signature
from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.session_record import Held, note
from idverify.errors import AttestationRefused
from idverify.keys.jwk import public_jwk, thumbprint
from idverify.keys.p256 import point_in
from idverify.sessions.envelope import closing_statement
from idverify.store import Connection

SIGN_SECONDS = 20.0
"""From the asking to the answer's arrival: an app signs at once, a browser asks for a finger first."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came of asking. link: of the message that brought the signature, None where none came in time."""

    link: bytes | None = None
    signature: bytes = b""


def kept(key: AttestedKey) -> dict[str, Any]:
    """The key as a session's record holds it, as JSON members."""
    identifier = None if key.credential_id is None else key.credential_id.hex()
    return {"public_key": key.public_key.hex(), "credential_id": identifier, "sign_count": key.sign_count}


def judged(parts: Parts, tx: Connection, held: Held, answer: Answer | None) -> tuple[Held, bool | None]:
    """Whether the attested key signed this attempt's stream, audited; False for an answer that is no such signature.

    answer: None where nobody was asked. None comes of that, and of an answer that did not come.
    """
    held = replace(held, device=None)  # what an earlier attempt's device signed says nothing of this one
    if answer is None:
        return held, None
    try:
        key = _checked(parts, held, answer)
    except AttestationRefused as error:
        note(parts, tx, Event.SESSION_SIGNATURE_REFUSED, held, attempt=held.session.attempt, reason=error.reason)
        return held, None if answer.link is None else False
    note(parts, tx, Event.SESSION_STREAM_SIGNED, held, attempt=held.session.attempt, level=held.attested)
    return replace(held, attested_key=kept(key), device=_device(key)), True


def _device(key: AttestedKey) -> str | None:
    """The thumbprint of a key that its app can also sign a wallet's proofs with; None for an authenticator's, which cannot."""
    if key.credential_id is not None:
        return None
    jwk = public_jwk(point_in(key.public_key))
    return thumbprint(jwk["x"], jwk["y"])


def _checked(parts: Parts, held: Held, answer: Answer) -> AttestedKey:
    """Raises AttestationRefused."""
    if answer.link is None or held.attested_key is None:
        raise AttestationRefused("signature_missing")
    statement = closing_statement(held.session_id, held.session.attempt, bytes.fromhex(held.order.nonce), answer.link)
    return check_signature(_key(held.attested_key), answer.signature, statement, parts.attestation)


def _key(members: dict[str, Any]) -> AttestedKey:
    identifier = members["credential_id"]
    return AttestedKey(
        bytes.fromhex(members["public_key"]),
        None if identifier is None else bytes.fromhex(identifier),
        members["sign_count"],
    )
