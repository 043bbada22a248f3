"""/v1/reviews: borderline live sessions, for the people who decide them. Every view is audited."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, documented, json_answer
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.schemas import parse
from idverify.api.session_schemas import AnswerIn, AnswerOut, CaseOut, CasesOut, ReviewIn, ReviewOut
from idverify.ceremonies import review, review_decision
from idverify.ceremonies.clients import SESSIONS_REVIEW

router = APIRouter(tags=["reviews"])
MAY = caller_with(SESSIONS_REVIEW)
CASE = (*WITH_KEY, errors.SessionNotFound, errors.SessionFinished)


@router.get(
    "/v1/reviews",
    operation_id="list_reviews",
    summary="Sessions that wait for a reviewer",
    response_model=CasesOut,
    responses=documented(*WITH_KEY),
    response_description="Their ids, the one that expires first in front",
)
async def list_reviews(caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """A case that nobody decides within 72 hours expires, and its frames are destroyed."""
    return json_answer({"sessions": await caller.service.look_up(lambda: review.waiting(caller.parts()))})


@router.get(
    "/v1/reviews/{session_id}",
    operation_id="view_review",
    summary="Portrait and frames of one case",
    response_model=CaseOut,
    responses=documented(*CASE, errors.KeyUnavailable),
    response_description="The case, without scores and reasons",
)
async def view_review(session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """Without scores: who has seen one no longer gives an opinion of their own."""
    case = await caller.service.look_up(lambda: review.view(caller.parts(), caller.client, session_id))
    document: dict[str, Any] = {
        "session_id": case.session_id,
        "purpose": case.purpose,
        "profile": case.profile,
        "portrait": None if case.portrait is None else base64.b64encode(case.portrait).decode(),
        "frames": [base64.b64encode(frame).decode() for frame in case.frames],
    }
    return json_answer(document)


@router.post(
    "/v1/reviews/{session_id}/answer",
    operation_id="answer_review",
    summary="Say, before anything is shown, whether both are one person",
    response_model=AnswerOut,
    responses=documented(*CASE, *WITH_BODY),
    response_description="What made the case borderline",
)
async def answer_review(request: Request, session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """One answer a case; it cannot be taken back, and a session is not approved against it."""
    asked = parse(AnswerIn, await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds))
    reasons = await caller.service.look_up(
        lambda: review.answer(caller.parts(), caller.client, session_id, same_person=asked.same_person)
    )
    return json_answer({"reasons": list(reasons)})


@router.post(
    "/v1/reviews/{session_id}/decision",
    operation_id="decide_review",
    summary="Approve or reject a case, or ask its person for another attempt",
    response_model=ReviewOut,
    responses=documented(*CASE, *WITH_BODY, errors.SigningUnavailable, errors.SubjectNotFound),
    response_description="What became of the session",
)
async def decide_review(request: Request, session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """By who answered, with a reason for the audit. The frames are destroyed whichever it is. `ask_again` needs an attempt that
    is left; the person has a day for it, and the client is told by webhook.
    """
    asked = parse(ReviewIn, await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds))
    result = await caller.service.look_up(lambda: _decided(caller, session_id, asked))
    return json_answer({"outcome": result["outcome"]})


def _decided(caller: Caller, session_id: str, asked: ReviewIn) -> dict[str, Any]:
    case = caller.parts(), caller.client, session_id
    if asked.decision == "ask_again":
        return review_decision.ask_again(*case, reason=asked.reason)
    return review_decision.decide(*case, approve=asked.decision == "approve", reason=asked.reason)
