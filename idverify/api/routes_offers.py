"""/v1/credentials/offers: a client offers a person credentials, and the person's wallet fetches the offer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, ServiceOf, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, documented, json_answer, timestamp
from idverify.api.credential_schemas import OfferIn, OfferOut
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.problems import InsecureTransport
from idverify.api.schemas import parse
from idverify.api.security import require_scope
from idverify.ceremonies.clients import CREDENTIALS_OFFER, CREDENTIALS_SUPERVISE, EVALUATION
from idverify.ceremonies.offering import PATH, Offered, fetch_offer, offer_in_person, offer_on_session

router = APIRouter(tags=["credentials"])


@router.post(
    PATH,
    operation_id="offer_credentials",
    summary="Offer credentials to a person",
    status_code=201,
    response_model=OfferOut,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        errors.AudienceNotAllowed,
        errors.AssuranceTooLow,
        errors.SessionNotFound,
        errors.SessionFinished,
        errors.SubjectNotFound,
        errors.UnknownCredentialType,
        errors.DocumentMissing,
        errors.NoReference,
        errors.SigningUnavailable,
        errors.KeyUnavailable,
    ),
    response_description="Offered",
)
async def offer_credentials(
    request: Request, caller: Annotated[Caller, Depends(caller_with(CREDENTIALS_OFFER, CREDENTIALS_SUPERVISE))]
) -> Response:
    """On a live session of yours that was approved and redeemed, while its verdict lives: scope `credentials:offer`. Or on the
    word of your registrar, who checked the person in person just now: scope `credentials:supervise`. Show the link to the
    wallet and give the person the number by another way.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return json_answer(await caller.service.look_up(lambda: _offer(caller, parse(OfferIn, body))), 201)


def _offer(caller: Caller, asked: OfferIn) -> dict[str, Any]:
    made = _made(caller, asked)
    return {
        "offer": made.uri,
        "offer_uri": made.address,
        "tx_code": made.tx_code,
        "expires_at": timestamp(made.expires_at),
    }


def _made(caller: Caller, asked: OfferIn) -> Offered:
    parts = caller.parts()
    if asked.session_id is not None:
        require_scope(caller.client, CREDENTIALS_OFFER)
        return offer_on_session(
            parts,
            caller.client,
            asked.session_id,
            asked.types,
            with_number=asked.tx_code,
            same_device=asked.same_device,
        )
    require_scope(caller.client, CREDENTIALS_SUPERVISE)
    if EVALUATION in caller.client.scopes:
        raise errors.ScopeMissing("a client with the scope evaluation cannot name registry subjects")
    assert asked.subject_id is not None
    assert asked.supervised is not None
    return offer_in_person(
        parts,
        caller.client,
        caller.subject_id(asked.subject_id),
        asked.types,
        registrar=asked.supervised.registrar,
        method=asked.supervised.method,
        audience=asked.audience,
        with_number=asked.tx_code,
    )


@router.get(
    PATH + "/{offer_id}",
    operation_id="fetch_offer",
    summary="The offer, for the wallet that was given its address",
    responses=documented(errors.OfferNotFound, InsecureTransport, errors.Overloaded, errors.StoreUnavailable, errors.Fault),
    response_description="The offer",
)
async def fetch(offer_id: str, service: ServiceOf) -> Response:
    """A credential offer (OpenID4VCI 1.0 section 4.1.1), as often as a wallet asks, until it expires."""
    return json_answer(await service.look_up(lambda: fetch_offer(service.parts_of_wallet(offer_id), offer_id)))
