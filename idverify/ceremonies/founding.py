"""What a first credential rests on: an accepted live session of the person, or a registrar's supervised check of them.

A live session counts when the client that asked for it has redeemed it, while its verdict lives. The verdict is read as a
stranger would read it: our own signature, this session's id, this client, this subject. Whatever was checked is carried along
and never raised: acr, amr and the time of it stand in every credential that follows.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idverify.ceremonies import Vault
from idverify.ceremonies.clients import audience_of
from idverify.ceremonies.reference import require_subject
from idverify.ceremonies.session_record import Held, load
from idverify.credentials import verdict
from idverify.credentials.assurance import ASSURANCES, SUPERVISED
from idverify.credentials.pairwise import pairwise_subject
from idverify.credentials.verdict import VerdictClaims
from idverify.errors import (
    AssuranceTooLow,
    InvalidInput,
    SessionFinished,
    SessionNotFound,
    TokenInvalid,
)
from idverify.sessions.state import State
from idverify.store import Connection
from idverify.store.clients import Client

REGISTRAR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
METHOD = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Foundation:
    """Who was checked, how and when. audience: whom `sub` names the person to. auth_time: seconds since the epoch.

    session_id: of the live session; registrar and method instead of it where somebody vouched in person. device: thumbprint
    (RFC 7638) of the attested key that signed the session's stream, where only that device's wallet may take what follows.
    """

    subject_id: str
    client_id: str
    audience: str
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    session_id: str | None = None
    registrar: str | None = None
    method: str | None = None
    device: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For sealing."""
        return {**asdict(self), "amr": list(self.amr)}

    @staticmethod
    def from_json(parsed: Mapping[str, Any]) -> "Foundation":
        """The inverse."""
        return Foundation(**{**parsed, "amr": tuple(parsed["amr"])})


def founded_on_session(
    vault: Vault, tx: Connection, client: Client, session_id: str, *, same_device: bool | None = None
) -> Foundation:
    """The foundation that a redeemed live session of the client's makes.

    same_device: whether only the device whose app's key signed the session's stream is given credentials; None: where there is
    such a key. AssuranceTooLow is raised where there must be one, and is not.
    Raises SessionNotFound, for another client's too; SessionFinished unless it was approved and redeemed, while its verdict
    lives; AssuranceTooLow where what was checked is not enough, or names nobody in the registry; RecordTampered.
    """
    held = load(vault, tx, session_id)
    if held.order.client_id != client.id:
        raise SessionNotFound("no such session")
    if held.session.state is not State.APPROVED or held.redeemed_at is None or held.verdict is None:
        raise SessionFinished("this session has no redeemed verdict")
    if held.order.subject_id is None:
        raise AssuranceTooLow("the reference was sent along: it names nobody in the registry")
    require_subject(tx, held.order.subject_id)
    claims = _verdict_of(vault, held, held.verdict)
    if same_device and held.device is None:
        raise AssuranceTooLow("no app's attested key signed this session: there is no device to bind its credentials to")
    return Foundation(
        subject_id=held.order.subject_id,
        client_id=client.id,
        audience=held.order.audience,
        acr=claims.acr,
        amr=claims.amr,
        auth_time=_captured_at(held),
        session_id=held.session_id,
        device=None if same_device is False else held.device,
    )


def founded_in_person(
    vault: Vault, tx: Connection, client: Client, subject_id: str, *, registrar: str, method: str, audience: str | None
) -> Foundation:
    """The foundation that a registrar's supervised check makes, now.

    registrar: the client's own number of who checked, 1 to 64 of letters, digits and . _ -; method: a word for how. Both are
    audited, so neither may be a person's name. audience: one of the client's, None where it has one only. Raises InvalidInput,
    AudienceNotAllowed, SubjectNotFound.
    """
    if not REGISTRAR.fullmatch(registrar):
        raise InvalidInput("registrar: 1 to 64 letters, digits and . _ -, a staff number rather than a name")
    if not METHOD.fullmatch(method):
        raise InvalidInput("method: one word of lower-case letters, digits and _, such as document_inspected")
    named = audience_of(client, audience)
    require_subject(tx, subject_id)
    return Foundation(
        subject_id=subject_id,
        client_id=client.id,
        audience=named,
        acr=SUPERVISED,
        amr=(),
        auth_time=vault.now(),
        registrar=registrar,
        method=method,
    )


def _verdict_of(vault: Vault, held: Held, token: str) -> VerdictClaims:
    """The session's verdict, validated. Raises SessionFinished, AssuranceTooLow."""
    order = held.order
    assert order.subject_id is not None
    try:
        claims = verdict.validate(
            token,
            vault.signing.jwks(),
            audience=order.audience,
            issuer=vault.issuer,
            nonce=order.token_nonce,
            allow_dev=vault.environment != "production",
            now=vault.now(),
        )
    except TokenInvalid as error:
        raise SessionFinished(f"the verdict of this session no longer holds ({error.code})") from None
    named = pairwise_subject(vault.secrets.pairwise, order.subject_id, order.audience)
    ours = (claims.transaction_id, claims.client_id, claims.subject, claims.environment)
    if ours != (held.session_id, order.client_id, named, vault.environment):
        raise AssuranceTooLow("the verdict is not the one of this session")
    if claims.reference_source != "registry" or not ASSURANCES[claims.acr].founds_credential:
        raise AssuranceTooLow(f"no credential rests on {claims.meaning}: run a live session of the profile active or better")
    return claims


def _captured_at(held: Held) -> float:
    """When the person was before the camera: of a session that was reviewed, when it was sent to review."""
    decision = (held.review or {}).get("case") or held.decision or {}
    captured_at: float = decision["at"]
    return captured_at
