"""The end of an attempt: a session's frames become evidence, the evidence a decision, and an accepting one a token.

Steps 6 to 11 of a verification (idverify.ceremonies.verification), for a session: nothing is decided in two places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Parts, challenge_record, review
from idverify.ceremonies.live_start import reference_for
from idverify.ceremonies.live_verdict import issue, next_state
from idverify.ceremonies.person import OUTCOMES
from idverify.ceremonies.reference import require_subject
from idverify.ceremonies.session_end import write
from idverify.ceremonies.session_record import Held, load, note, save
from idverify.ceremonies.stream_signature import Answer, judged
from idverify.decision.decide import decide_live
from idverify.errors import ChallengeReplayed
from idverify.face.comparison import compare
from idverify.face.words import RETAKE_CODES
from idverify.keys.jwk import base64url
from idverify.liveness.conductor import Conductor
from idverify.liveness.observation import Analysis
from idverify.liveness.summary import summarise
from idverify.sessions import state
from idverify.sessions.state import State
from idverify.store import Connection
from idverify.values import Decision, Evidence, Reference, decision_name, reasons_of, retake_of

RETAKE = frozenset({"deadline", "no_face", "wrong", "unsigned"})
"""Ends of an attempt that a person can do better, as codes. What could teach an attacker says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """An attempt that is over. passed: every step was done in time; cause: what ended it otherwise.

    analyses: by sequence number. kept: of the frames after the last step, their JPEG, for a reviewer alone. answer: to being
    asked to sign the stream, None where nobody was.
    """

    conductor: Conductor
    analyses: Mapping[int, Analysis]
    kept: Mapping[int, bytes]
    passed: bool
    cause: str
    answer: Answer | None = None


def conclude(parts: Parts, session_id: str, connection: str, captured: Captured) -> dict[str, Any]:
    """Decide the attempt, write what came of it, and say what the person may know.

    It is compared with the reference of this moment, whatever it was when the connection began. Raises ChallengeReplayed where
    another connection holds the session meanwhile, SubjectNotFound where the subject was erased, NoReference where its record
    is no longer valid, and any Fault: then there is no token.
    """
    with parts.store.transaction() as tx:  # from here on the outcome is ours to give, and a crash is a fault of ours
        held = ours(parts, tx, session_id, connection)
        reference = reference_for(parts, tx, held)  # as it is now: a portrait that was removed meanwhile vouches for nobody
        held, signed = judged(parts, tx, held, captured.answer)
        now = parts.now()
        held = save(parts, tx, replace(held, session=state.processing(state.submit(held.session, now), now)))
    decision = _decided(parts, held, captured, reference, signed=signed)
    token = issue(parts, held, decision)
    with parts.store.transaction() as tx:
        ours(parts, tx, session_id, connection)
        return settled(
            parts, tx, held, decision, token, retake=captured.cause if captured.cause in RETAKE else None, kept=captured.kept
        )


def _decided(parts: Parts, held: Held, captured: Captured, reference: Reference, *, signed: bool | None) -> Decision:
    profile = parts.profiles[held.order.profile]
    live, template, quality = summarise(
        captured.conductor, captured.analyses, passed=captured.passed, attestation=held.attested
    )
    evidence = Evidence(
        comparison_score=None if template is None else compare(template.vector, reference.template.vector),
        model_digest=parts.acquirer.embedding_digest,
        pad_score=live.pad_score,
        quality=quality,
    )
    live = replace(live, stream_signed=signed)
    return decide_live(evidence, live, parts.policies[profile.policy], profile, parts.policies[profile.lenient_policy])


def settled(
    parts: Parts,
    tx: Connection,
    held: Held,
    decision: Decision,
    token: str | None,
    *,
    retake: str | None = None,
    kept: Mapping[int, bytes] | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """Write the decision and what follows from it; what the person's client is told.

    retake: a code besides the decision's own. kept: frames for a reviewer. actor: who decided, the client if None.
    Raises SubjectNotFound where the subject was erased meanwhile.
    """
    if held.order.subject_id is not None:
        require_subject(tx, held.order.subject_id)
    now = parts.now()
    to = next_state(held, decision)
    told = {
        "name": decision_name(decision),
        "reasons": [*reasons_of(decision)],
        "checks": [*decision.checks],
        "policy": decision.policy,
        "model_pack": parts.acquirer.engine.pack,
        "retake": [*([retake] if retake else []), *(RETAKE_CODES[words] for words in retake_of(decision))],
        "at": now,
    }
    code = base64url(parts.random_bytes(32)) if to is State.APPROVED else None
    held = replace(
        held,
        session=state.decide(held.session, to, now),
        decision=told,
        verdict=token,
        signed_at=None if token is None else now,
        code=code,
        connection=None,
        committed=False,
    )
    note(
        parts,
        tx,
        Event.SESSION_DECIDED,
        held,
        actor=actor,
        attempt=held.session.attempt,
        decision=decision_name(decision),
        reasons=[*reasons_of(decision)],
        checks=[*decision.checks],
        policy=decision.policy,
        profile=held.order.profile,
        **challenge_record.told(held),
        model_pack=parts.acquirer.engine.pack,
        provider=parts.acquirer.engine.provider,
        token_issued=token is not None,
    )
    if to is State.REVIEW:
        review.keep(parts, tx, held.session_id, kept or {})
    held = write(parts, tx, held, actor=actor or held.order.client_id)
    result: dict[str, Any] = {"type": "result", "outcome": OUTCOMES[to]}
    if to is State.RESUBMISSION_REQUESTED:
        result |= {"guidance": told["retake"], "attempts_left": state.MAX_ATTEMPTS - held.session.attempt}
    if to is State.APPROVED and held.handover is None:
        result["code"] = code
    return result


def ours(parts: Parts, tx: Connection, session_id: str, connection: str) -> Held:
    """The session, while this connection holds its challenge. Raises ChallengeReplayed, SessionNotFound, RecordTampered."""
    held = load(parts, tx, session_id)
    if held.connection != connection:
        raise ChallengeReplayed("another connection holds this session's challenge")
    return held
