"""/v1/presentations: have a presented credential validated here, and the answer signed as evidence."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, documented, json_answer, timestamp
from idverify.api.credential_schemas import PresentationIn, PresentationOut, PresentationRequestIn, PresentationRequestOut
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.schemas import parse
from idverify.ceremonies.clients import PRESENTATIONS_VALIDATE
from idverify.ceremonies.online_presentations import ask_online
from idverify.ceremonies.presentations import Answer, new_request, validate_presentation

router = APIRouter(tags=["presentations"])
MAY = caller_with(PRESENTATIONS_VALIDATE)


@router.post(
    "/v1/presentations/requests",
    operation_id="request_presentation",
    summary="A nonce for one presentation",
    status_code=201,
    response_model=PresentationRequestOut,
    response_model_exclude_none=True,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        errors.AudienceNotAllowed,
        errors.PurposeNotAllowed,
        errors.UnknownCredentialType,
        errors.SigningUnavailable,
    ),
    response_description="The nonce, and with `credentials` the link for the wallet",
)
async def request_presentation(request: Request, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """Ask the wallet to present to this audience with this nonce, within five minutes. With `credentials` a wallet is asked by
    a signed request behind a link (OpenID4VP 1.0) and answers here; `/v1/presentations/requests/{request_id}` has the outcome.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)

    def made() -> dict[str, Any]:
        asked = parse(PresentationRequestIn, body)
        if asked.credentials is None:
            audience, nonce, ends = new_request(caller.parts(), caller.client, asked.audience)
            return {"audience": audience, "nonce": nonce, "expires_at": timestamp(ends)}
        wanted = {one.type: one.claims for one in asked.credentials}
        online = ask_online(caller.parts(), caller.client, asked.audience, wanted, asked.purpose)
        return {
            "audience": online.audience,
            "nonce": online.nonce,
            "expires_at": timestamp(online.expires_at),
            "request_id": online.id,
            "wallet_link": online.link,
            "request_uri": online.uri,
        }

    return json_answer(await caller.service.look_up(made), 201)


@router.post(
    "/v1/presentations",
    operation_id="validate_presentation",
    summary="Validate a presented credential",
    response_model=PresentationOut,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        errors.AudienceNotAllowed,
        errors.PurposeNotAllowed,
        errors.SigningUnavailable,
        errors.KeyUnavailable,
    ),
    response_description="What it is worth",
)
async def validate(request: Request, caller: Annotated[Caller, Depends(MAY)]) -> Response:
    """A presentation that does not hold is an answer (`accepted: false`, and the code of the check), not an error. The same
    validator is in the package and in `idverify present validate`, for use without this service and without a network.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return json_answer(await caller.service.look_up(lambda: _validated(caller, parse(PresentationIn, body))))


def _validated(caller: Caller, asked: PresentationIn) -> dict[str, Any]:
    answer = validate_presentation(
        caller.parts(),
        caller.client,
        asked.presentation,
        audience=asked.audience,
        nonce=asked.nonce or asked.request_nonce or "",
        made_here=asked.request_nonce is not None,
        purpose=asked.purpose,
    )
    return told(answer)


def told(answer: Answer) -> dict[str, Any]:
    """An answer, as its client is told it."""
    found = answer.finding
    return {
        "accepted": found.accepted,
        **found.told(),
        "type": found.type,
        "subject": answer.subject,
        "claims": dict(answer.claims),
        "evidence": answer.evidence,
    }
