"""Presentations over the network (OpenID4VP 1.0): the request that a wallet fetches, its answer, and what came of it.

The two addresses that wallets know are not in the OpenAPI document: OpenID4VP describes them, and docs/how-to/verify-online.md.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, ServiceOf, caller_with
from idverify.api.answers import WITH_KEY, documented, json_answer, timestamp
from idverify.api.credential_schemas import PresentationResultOut
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.oauth import FORM, form_of
from idverify.api.routes_presentations import told
from idverify.ceremonies.clients import PRESENTATIONS_VALIDATE
from idverify.ceremonies.online_presentations import read_answer, signed_request, take_answer
from idverify.credentials.jwe import LARGEST
from idverify.credentials.request_object import TYPE
from idverify.errors import InvalidInput, IssuanceRefused

router = APIRouter(tags=["presentations"])
ADDRESS = "/v1/presentations/requests/{request_id}"
LARGEST_ANSWER = LARGEST + 1024
LONGEST_NONCE = 256
_SECRET = {"Cache-Control": "no-store"}


@router.get(
    ADDRESS,
    operation_id="read_presentation_result",
    summary="What a wallet answered",
    response_model=PresentationResultOut,
    responses=documented(*WITH_KEY, errors.RequestNotFound),
    response_description="What it showed, or that it has not answered",
)
async def read_result(request_id: str, caller: Annotated[Caller, Depends(caller_with(PRESENTATIONS_VALIDATE))]) -> Response:
    """For the client that made the request, until five minutes after the answer. Ask once a second until it is `answered`."""

    def found() -> dict[str, Any]:
        ends, answers = read_answer(caller.parts(), caller.client, request_id)
        return {
            "state": "pending" if answers is None else "answered",
            "expires_at": timestamp(ends),
            "presentations": [{"asked": name, **told(one)} for name, one in (answers or {}).items()],
        }

    return json_answer(await caller.service.look_up(found), headers=_SECRET)


@router.get(ADDRESS + "/object", include_in_schema=False)
async def fetch_object(request_id: str, service: ServiceOf) -> Response:
    """The signed request."""
    text = await service.look_up(lambda: signed_request(service.parts_of_wallet(request_id), request_id))
    return Response(text, 200, _SECRET, f"application/{TYPE}")


@router.post(ADDRESS + "/object", include_in_schema=False)
async def fetch_object_with_nonce(request_id: str, request: Request, service: ServiceOf) -> Response:
    """The same with a nonce of the wallet's in it (OpenID4VP 1.0 section 5.10). What the wallet can do is not asked for."""
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=service.options.body_seconds, media_type=FORM)

    def signed() -> str:
        nonce = _field(body, "wallet_nonce") if body else None
        if nonce is not None and not 0 < len(nonce) <= LONGEST_NONCE:
            raise InvalidInput(f"wallet_nonce: 1 to {LONGEST_NONCE} characters")
        return signed_request(service.parts_of_wallet(request_id), request_id, nonce)

    return Response(await service.look_up(signed), 200, _SECRET, f"application/{TYPE}")


@router.post(ADDRESS + "/response", include_in_schema=False)
async def take_response(request_id: str, request: Request, service: ServiceOf) -> Response:
    """The wallet's encrypted answer. It learns that it was taken, and nothing of what came of it."""
    body = await bounded_body(request, limit=LARGEST_ANSWER, seconds=service.options.body_seconds, media_type=FORM)

    def taken() -> None:
        # Without an encrypted answer there is an empty one, which does not open: counted and audited as any other.
        take_answer(service.parts_of_wallet(request_id), request_id, _field(body, "response") or "")

    await service.look_up(taken)
    return json_answer({}, headers=_SECRET)


def _field(body: bytes, name: str) -> str | None:
    try:
        return form_of(body).get(name)
    except IssuanceRefused as error:
        raise InvalidInput(error.message) from None
