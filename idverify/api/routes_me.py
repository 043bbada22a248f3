"""/v1/me/history: a person reads, with the device key of their wallet, who asked for what of them here."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from idverify import errors
from idverify.api.access import ServiceOf
from idverify.api.answers import documented, json_answer, timestamp
from idverify.api.history_schemas import HistoryOut
from idverify.api.oauth import INVALID_PROOF, access_token_of, one_header
from idverify.api.problems import DeviceUnproven, InsecureTransport
from idverify.ceremonies.history import DAYS, PATH, USUAL, Happened, Page, read_history
from idverify.ceremonies.history_words import said
from idverify.errors import InvalidInput, IssuanceRefused, TokenInvalid

router = APIRouter(tags=["people"])
LONGEST_NUMBER = 12
_WHOLE = Query(json_schema_extra={"pattern": f"^[1-9][0-9]{{0,{LONGEST_NUMBER - 1}}}$"})
_SECRET = {"Cache-Control": "no-store"}
_dpop = HTTPBearer(
    auto_error=False,
    scheme_name="deviceKey",
    description="`Authorization: DPoP idva_...`, a wallet's access token, with a `DPoP` proof by its device key (RFC 9449).",
)
_dpop.model.scheme = "dpop"


@router.get(
    PATH,
    operation_id="read_history",
    summary="Who asked for what of me?",
    response_model=HistoryOut,
    responses=documented(
        errors.InvalidInput, DeviceUnproven, InsecureTransport, errors.Overloaded, errors.StoreUnavailable, errors.Fault
    ),
    response_description="A page, newest first",
)
async def read(
    request: Request,
    service: ServiceOf,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_dpop)],
    before: Annotated[str | None, _WHOLE] = None,
    limit: Annotated[str | None, _WHOLE] = None,
) -> Response:
    """For the person alone, by the device key of their wallet; no client key opens it. Presentations that were validated here,
    verifications, live sessions, readings of the record, devices: who, when, what for, which claims, how it went, and never a
    value.
    """
    numbers = _whole(before, "before"), _whole(limit, "limit")
    token, proof = _shown(request)

    def found() -> Page:
        return read_history(
            service.parts_of_wallet(token),
            access_token=token,
            proof=proof,
            before=numbers[0],
            limit=USUAL if numbers[1] is None else numbers[1],
            registered=service.parts.store,
        )

    try:
        page = await service.look_up(found)
    except IssuanceRefused as error:
        raise DeviceUnproven(error.message, error.reason) from None
    except TokenInvalid as error:
        raise DeviceUnproven(f"{error.code}: {error.message}", INVALID_PROOF) from None
    entries = [_spelled(one) for one in page.entries]
    return json_answer({"entries": entries, "older": page.older, "days": DAYS}, headers=_SECRET)


def _shown(request: Request) -> tuple[str, str]:
    """The access token and the proof of a request. Raises DeviceUnproven."""
    try:
        token = access_token_of(request.headers.get("authorization", ""))
        return token, one_header(request.headers.getlist("dpop"), "DPoP")
    except IssuanceRefused as error:
        raise DeviceUnproven(error.message, error.reason) from None


def _whole(text: str | None, name: str) -> int | None:
    """A whole number from 1. Raises InvalidInput."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and text[0] != "0"):
        raise InvalidInput(f"{name}: a whole number from 1")
    return int(text)


def _spelled(entry: Happened) -> Mapping[str, Any]:
    return {
        "number": entry.number,
        "at": timestamp(entry.at),
        "kind": entry.kind,
        "requester": entry.requester,
        "purpose": entry.purpose,
        "outcome": entry.outcome,
        "types": list(entry.types),
        "asked": None if entry.asked is None else [list(one) for one in entry.asked],
        "disclosed": None if entry.disclosed is None else [list(one) for one in entry.disclosed],
        "reference": entry.reference,
        "device": entry.device,
        "this_device": entry.own,
        "said": said(entry),
    }
