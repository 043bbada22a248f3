"""/v1/status-lists: what became of credentials, for anyone to fetch without saying which one they ask about."""

import re

from fastapi import APIRouter, Request, Response

from idverify import errors
from idverify.api.access import ServiceOf
from idverify.api.answers import documented, json_answer, public_for
from idverify.api.problems import InsecureTransport, NotFound
from idverify.api.schemas import StatusListsOut
from idverify.ceremonies.status_publishing import MAX_AGE_SECONDS, list_uris

router = APIRouter(prefix="/v1/status-lists", tags=["status"])
MEDIA_TYPE, IN_CBOR = "application/statuslist+jwt", "application/statuslist+cwt"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)
_PUBLIC = public_for(MAX_AGE_SECONDS)
_REFUSALS = (InsecureTransport, errors.Overloaded, errors.StoreUnavailable, errors.Fault)


@router.get(
    "",
    operation_id="status_lists",
    summary="The address of every status list",
    response_model=StatusListsOut,
    responses=documented(*_REFUSALS),
    response_description="The addresses",
)
async def status_lists(service: ServiceOf) -> Response:
    """Whoever is sometimes offline fetches all of them while there is a network (`aggregation_uri` of each list)."""
    return json_answer({"status_lists": await service.look_up(lambda: list_uris(service.parts))}, headers=_PUBLIC)


@router.get(
    "/{number}",
    operation_id="status_list",
    summary="One status list, signed",
    response_class=Response,
    responses={
        200: {
            "description": "Status list token; in CBOR where `Accept` asks for it",
            "content": {
                MEDIA_TYPE: {"schema": {"type": "string"}},
                IN_CBOR: {"schema": {"type": "string", "format": "binary"}},
            },
        },
        304: {"description": "The list that the caller has (If-None-Match) still stands"},
        **documented(*_REFUSALS, NotFound, errors.SigningUnavailable),
    },
)
async def status_list(number: str, request: Request, service: ServiceOf) -> Response:
    """draft-ietf-oauth-status-list: a JWT, or a CWT for readers of mdocs, valid for a day, to be asked for anew after its `ttl`
    of 15 minutes. A revocation is in it within 15 seconds.
    """
    found = await service.status_lists.get(int(number)) if _NUMBER.fullmatch(number) and int(number) < 2**31 else None
    if found is None:
        raise NotFound("no such status list")
    in_cbor = _prefers_cbor(request.headers.get("accept", ""))
    etag = found.cwt_etag if in_cbor else found.etag
    headers = {**_PUBLIC, "ETag": etag, "Vary": "Accept"}
    if etag in re.findall(r'"[^"]*"', request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if in_cbor:
        return Response(found.cwt, headers=headers, media_type=IN_CBOR)
    return Response(found.token, headers=headers, media_type=MEDIA_TYPE)


def _prefers_cbor(accept: str) -> bool:
    """Whether it is named, and liked better than the other (RFC 9110 section 12.5.1); in doubt a list is a JWT."""
    liked = {}
    for one in accept.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        liked[name] = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    return liked.get(IN_CBOR, 0.0) > liked.get(MEDIA_TYPE, 0.0)
