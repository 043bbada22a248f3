"""A reviewer's decision on a borderline live session, after the blind answer."""

from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.live_decision import settled
from idverify.ceremonies.live_verdict import issue
from idverify.ceremonies.review import blind_answer, borderline, in_review
from idverify.ceremonies.session_record import Held, note
from idverify.decision.decide import decide_reviewed
from idverify.errors import InvalidInput, SessionFinished
from idverify.registry.claims import is_plain_text
from idverify.sessions.state import State
from idverify.store.clients import Client


def decide(parts: Parts, reviewer: Client, session_id: str, *, approve: bool, reason: str) -> dict[str, Any]:
    """Approve or reject; the frames are destroyed either way. reason: 1 to 200 characters, for the audit.

    Nothing is approved against the blind answer. Raises SessionNotFound, SessionFinished, InvalidInput without a reason
    or without a blind answer of this reviewer's, and any Fault. The token is signed when the person comes back (`verdict_of`):
    nobody can be asked to wait for a reviewer.
    """
    if not is_plain_text(reason, 200):
        raise InvalidInput("a decision needs a reason: 1 to 200 characters, no controls, and no space at its ends")
    with parts.store.transaction() as tx:
        held = in_review(parts, tx, session_id)
        same_person = blind_answer(held, reviewer)
        decision = decide_reviewed(borderline(held), same_person=same_person, approve=approve)
        note(parts, tx, Event.REVIEW_DECIDED, held, actor=reviewer.id, approve=approve, reason=reason)
        return settled(parts, tx, held, decision, None, actor=reviewer.id)


def verdict_of(parts: Parts, held: Held) -> str:
    """The verdict token of a session that a reviewer approved, signed when its person comes back for it.

    Raises SessionFinished for a session that was not approved so, SigningUnavailable.
    """
    if held.session.state is not State.APPROVED or "case" not in (held.review or {}):
        raise SessionFinished("this session has no verdict to redeem, or no longer")
    decision = decide_reviewed(borderline(held), same_person=(held.review or {})["same_person"], approve=True)
    token = issue(parts, held, decision)
    if token is None:
        raise SessionFinished("this session has no verdict to redeem, or no longer")
    return token
