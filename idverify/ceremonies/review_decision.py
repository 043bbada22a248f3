"""A reviewer's decision on a borderline live session, after the blind answer."""

from dataclasses import replace
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Parts, webhooks
from idverify.ceremonies.live_decision import settled
from idverify.ceremonies.live_verdict import issue
from idverify.ceremonies.review import blind_answer, borderline, in_review
from idverify.ceremonies.session_record import Held, note
from idverify.decision.decide import asked_again, decide_reviewed
from idverify.errors import InvalidInput, SessionFinished
from idverify.registry.claims import is_plain_text
from idverify.sessions.state import MAX_ATTEMPTS, State
from idverify.store import sessions
from idverify.store.clients import Client

TRY_AGAIN = "asked_again"
"""What the person is told whom a reviewer asks for another attempt, as a code beside those of live_decision.RETAKE."""


def decide(parts: Parts, reviewer: Client, session_id: str, *, approve: bool, reason: str) -> dict[str, Any]:
    """Approve or reject; the frames are destroyed either way. reason: 1 to 200 characters, for the audit.

    Nothing is approved against the blind answer, nor with other models loaded than judged the case: the verdict would name
    those. Raises SessionNotFound, SessionFinished, InvalidInput without a reason or without a blind answer of this reviewer's,
    and any Fault. The token is signed when the person comes back (`verdict_of`): nobody can be asked to wait for a reviewer.
    """
    _require_reason(reason)
    with parts.store.transaction() as tx:
        held = in_review(parts, tx, session_id)
        same_person = blind_answer(held, reviewer)
        if approve and not _judged_with_these(parts, held):
            raise InvalidInput("other models judged this case than are loaded now: ask for another attempt, or reject it")
        decision = decide_reviewed(borderline(held), same_person=same_person, approve=approve)
        note(parts, tx, Event.REVIEW_DECIDED, held, actor=reviewer.id, approve=approve, reason=reason)
        return settled(parts, tx, held, decision, None, actor=reviewer.id)


def ask_again(parts: Parts, reviewer: Client, session_id: str, *, reason: str) -> dict[str, Any]:
    """Have the person try once more, within a day, where the pictures do not settle the case; they are destroyed.

    The relying party is told by webhook, for the person waits before no page. Raises as `decide` does, and InvalidInput where
    no attempt is left.
    """
    _require_reason(reason)
    with parts.store.transaction() as tx:
        held = in_review(parts, tx, session_id)
        blind_answer(held, reviewer)
        if held.session.attempt >= MAX_ATTEMPTS:
            raise InvalidInput("no attempt is left: approve or reject the case")
        decision = asked_again(borderline(held))
        note(parts, tx, Event.REVIEW_DECIDED, held, actor=reviewer.id, ask_again=True, reason=reason)
        sessions.delete_frames(tx, session_id)
        told = {"client_id": held.order.client_id, "session_id": session_id, "status": State.RESUBMISSION_REQUESTED.value}
        webhooks.queue(parts, tx, **told, kind=webhooks.ASKED_AGAIN)
        return settled(parts, tx, replace(held, review=None), decision, None, retake=TRY_AGAIN, actor=reviewer.id)


def _require_reason(reason: str) -> None:
    if not is_plain_text(reason, 200):
        raise InvalidInput("a decision needs a reason: 1 to 200 characters, no controls, and no space at its ends")


def _judged_with_these(parts: Parts, held: Held) -> bool:
    """Whether the models, the profile and the policy that judged the case are those of this process."""
    profile = parts.profiles.get(held.order.profile)
    if profile is None or profile.policy not in parts.policies:
        return False
    pack: str | None = (held.review or {})["case"].get("model_pack")
    return pack == parts.acquirer.engine.pack


def verdict_of(parts: Parts, held: Held) -> str:
    """The verdict token of a session that a reviewer approved, signed when its person comes back for it.

    Raises SessionFinished for a session that was not approved so, or with other models than are loaded now;
    SigningUnavailable.
    """
    reviewed = held.session.state is State.APPROVED and "case" in (held.review or {})
    if not reviewed or not _judged_with_these(parts, held):
        raise SessionFinished("this session has no verdict to redeem, or no longer")
    decision = decide_reviewed(borderline(held), same_person=(held.review or {})["same_person"], approve=True)
    token = issue(parts, held, decision)
    if token is None:
        raise SessionFinished("this session has no verdict to redeem, or no longer")
    return token
