"""/v1/sessions, as a relying party's backend uses it: ask for a live session, look at it, cancel it, redeem its verdict."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, WITH_PHOTOGRAPH, documented, json_answer, timestamp
from idverify.api.capture_page import capture_url
from idverify.api.encoding import dumps
from idverify.api.idempotency import HEADER, Answer, as_response, once, parse_key
from idverify.api.limits import NO_IMAGE_BODY, ONE_IMAGE_BODY, bounded_body
from idverify.api.schemas import parse
from idverify.api.session_schemas import RedemptionIn, RedemptionOut, SessionIn, SessionOut, StatusOut
from idverify.ceremonies import sessions
from idverify.ceremonies.clients import EVALUATION, SESSIONS_CREATE

router = APIRouter(tags=["sessions"])
MAY = caller_with(SESSIONS_CREATE)


@router.post(
    "/v1/sessions",
    operation_id="create_session",
    summary="Ask for a live session of a person",
    status_code=201,
    response_model=SessionOut,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        errors.AudienceNotAllowed,
        errors.PurposeNotAllowed,
        errors.ReturnUrlNotAllowed,
        errors.PolicyUnknown,
        *WITH_PHOTOGRAPH,
        errors.SubjectNotFound,
        errors.NoReference,
        errors.IdempotencyConflict,
        errors.TemplateOutdated,
        errors.KeyUnavailable,
    ),
    response_description="Created",
)
async def create_session(request: Request, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """The client token opens this session alone: hand it, with the capture link, to the user agent that asked you for
    something, and to nobody else. The link lives for ten minutes.
    """
    key = parse_key(request.headers.get(HEADER))
    with caller.service.uploads.held():
        body = await bounded_body(request, limit=ONE_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return as_response(await caller.service.ceremony(lambda: _create(caller, key, body)))


def _create(caller: Caller, key: str | None, body: bytes) -> Answer:
    asked = parse(SessionIn, body)
    if asked.subject_id is not None and EVALUATION in caller.client.scopes:
        raise errors.ScopeMissing("a client with the scope evaluation cannot name registry subjects")
    parts = caller.parts()

    def produce() -> Answer:
        created = sessions.create(
            parts,
            caller.client,
            sessions.Asked(
                audience=asked.audience,
                purpose=asked.purpose,
                profile=asked.profile,
                consent_version=asked.consent.version,
                consent_at=asked.consent.accepted_at.timestamp(),
                code_challenge=asked.code_challenge,
                subject_id=None if asked.subject_id is None else caller.subject_id(asked.subject_id),
                reference=asked.reference,
                nonce=asked.nonce,
                return_url=asked.return_url,
                state=asked.state,
            ),
        )
        told = {
            "session_id": created.session_id,
            "client_token": created.client_token,
            "nonce": created.nonce,
            "expires_at": timestamp(created.expires_at),
            "capture_url": capture_url(parts.issuer, created.session_id, created.client_token),
        }
        return Answer(201, dumps(told))

    return once(parts, client_id=caller.client.id, key=key, request=b"create_session\n" + body, produce=produce)


@router.get(
    "/v1/sessions/{session_id}",
    operation_id="read_session",
    summary="What has become of a live session",
    response_model=StatusOut,
    responses=documented(*WITH_KEY, errors.SessionNotFound),
    response_description="Its state",
)
async def read_session(session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """`approved` is not yet proof that the person before you is the one who was checked: the verdict is, and it is had by
    redeeming. Until then an approved session tells no decision.
    """
    told = await caller.service.look_up(lambda: sessions.look(caller.parts(), caller.client, session_id))
    return json_answer(_status(told))


@router.delete(
    "/v1/sessions/{session_id}",
    operation_id="cancel_session",
    summary="Cancel a live session",
    status_code=204,
    responses=documented(*WITH_KEY, errors.SessionNotFound, errors.SessionFinished),
    response_description="Cancelled",
)
async def cancel_session(session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """Whatever the person is doing ends at once. A session that has ended stays as it is."""
    await caller.service.look_up(lambda: sessions.cancel(caller.parts(), caller.client, session_id))
    return Response(status_code=204)


@router.post(
    "/v1/sessions/{session_id}/redeem",
    operation_id="redeem_session",
    summary="Exchange code and verifier for the verdict token",
    response_model=RedemptionOut,
    responses=documented(*WITH_KEY, *WITH_BODY, errors.SessionNotFound, errors.SessionFinished),
    response_description="The verdict",
)
async def redeem_session(request: Request, session_id: str, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """`code` came back with the person's user agent; `verifier` is the one whose SHA-256 you sent, kept in the session of the
    user agent that began. Who was lured into somebody else's session has the one, and its owner the other.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)

    def redeem() -> str:
        asked = parse(RedemptionIn, body)
        return sessions.redeem(caller.parts(), caller.client, session_id, code=asked.code, verifier=asked.verifier)

    return json_answer({"token": await caller.service.look_up(redeem)})


def _status(told: sessions.Told) -> dict[str, Any]:
    return {
        "session_id": told.session_id,
        "status": told.status,
        "profile": told.profile,
        "attempts": told.attempts,
        "created_at": timestamp(told.created_at),
        "expires_at": timestamp(told.expires_at),
        "redeemed": told.redeemed,
        "decision": told.decision,
        "reasons": list(told.reasons),
        "checks": list(told.checks),
    }
