"""What wallets speak: OpenID4VCI 1.0 with a pre-authorised code, DPoP (RFC 9449) and batches. Its own metadata describes it, so
the OpenAPI document does not; docs/reference/issuance.md does for people.
"""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import wraps
from typing import Any

from fastapi import APIRouter, Request, Response

from idverify.api.access import ServiceOf
from idverify.api.answers import json_answer, public_for
from idverify.api.credential_schemas import CredentialIn, NotificationIn
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.oauth import FORM, access_token_of, form_of, header_or_none, one_header, refusal_of, required
from idverify.api.schemas import parse
from idverify.api.service import Service
from idverify.ceremonies import granting, issuance, notifications
from idverify.ceremonies.granting import Granted
from idverify.ceremonies.issuance import Issued
from idverify.ceremonies.issuer_metadata import NONCE_PATH, REFRESH, issuer_metadata, server_metadata
from idverify.ceremonies.nonces import new_nonce
from idverify.ceremonies.offering import GRANT_TYPE
from idverify.ceremonies.wallet_authentication import Brought
from idverify.errors import IdverifyError, IssuanceRefused

router = APIRouter(include_in_schema=False)
METADATA_SECONDS = 300
_PUBLIC = public_for(METADATA_SECONDS)
_SECRET = {"Cache-Control": "no-store"}
Route = Callable[[Request, Service], Coroutine[Any, Any, Response]]


def _in_oauth(malformed: str, *, protected: bool = False) -> Callable[[Route], Route]:
    """Refusals of the route in the words of OAuth."""

    def speaking(route: Route) -> Route:
        @wraps(route)
        async def answered(request: Request, service: ServiceOf) -> Response:
            try:
                return await route(request, service)
            except IdverifyError as error:
                refusal = refusal_of(error, malformed=malformed, protected=protected)
                if refusal is None:
                    raise
                request.state.code, answer = refusal
                return answer

        return answered

    return speaking


@router.get("/.well-known/openid-credential-issuer")
async def credential_issuer(service: ServiceOf) -> Response:
    """What is issued, and where."""
    return json_answer(issuer_metadata(service.parts), headers=_PUBLIC)


@router.get("/.well-known/oauth-authorization-server")
async def authorization_server(service: ServiceOf) -> Response:
    """How tokens are had."""
    return json_answer(server_metadata(service.parts), headers=_PUBLIC)


@router.post(granting.PATH)
@_in_oauth("invalid_request")
async def token(request: Request, service: ServiceOf) -> Response:
    """A pre-authorised code, or a refresh token, for an access token."""
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=service.options.body_seconds, media_type=FORM)
    proof = one_header(request.headers.getlist("dpop"), "DPoP")
    attestation = header_or_none(request.headers.getlist("oauth-client-attestation"), "OAuth-Client-Attestation")
    shown = header_or_none(request.headers.getlist("oauth-client-attestation-pop"), "OAuth-Client-Attestation-PoP")
    granted = await service.look_up(lambda: _granted(service, proof, body, Brought(attestation, shown)))
    told: dict[str, Any] = {
        "access_token": granted.access_token,
        "token_type": "DPoP",
        "expires_in": granted.seconds,
    }
    if granted.refresh_token is not None:
        told["refresh_token"] = granted.refresh_token
    return json_answer(told, headers=_SECRET)


def _granted(service: Service, proof: str, body: bytes, headers: Brought) -> Granted:
    fields = form_of(body)
    wallet = replace(headers, client_id=fields.get("client_id"))
    match required(fields, "grant_type"):
        case kind if kind == GRANT_TYPE:
            code = required(fields, "pre-authorized_code")
            parts = service.parts_of_wallet(code)
            return granting.redeem_code(parts, proof, code=code, tx_code=fields.get("tx_code"), wallet=wallet)
        case kind if kind == REFRESH:
            secret = required(fields, "refresh_token")
            return granting.renew(service.parts_of_wallet(secret), proof, refresh_token=secret, wallet=wallet)
        case _:
            raise IssuanceRefused("unsupported_grant_type", "a pre-authorised code or a refresh token")


@router.post(NONCE_PATH)
async def nonce(service: ServiceOf) -> Response:
    """A nonce for proofs of possession; it costs us nothing until it is used."""
    made, _ = new_nonce(service.parts, issuance.NONCE_USE)
    return json_answer({"c_nonce": made}, headers=_SECRET)


@router.post(issuance.PATH)
@_in_oauth("invalid_credential_request", protected=True)
async def credential(request: Request, service: ServiceOf) -> Response:
    """Copies of a credential, one for each key that is proven."""
    access, proof = _shown(request)
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=service.options.body_seconds)

    def issued() -> Issued:
        asked = parse(CredentialIn, body)
        if asked.credential_response_encryption is not None:
            raise IssuanceRefused("invalid_encryption_parameters", "answers are not encrypted here, beyond TLS")
        return issuance.issue(
            service.parts_of_wallet(access),
            access_token=access,
            proof=proof,
            configuration=asked.credential_configuration_id,
            proofs=asked.proofs.jwt or (),
            attestations=asked.proofs.attestation or (),
        )

    made = await service.ceremony(issued)
    copies = [{"credential": one} for one in made.copies]
    return json_answer({"credentials": copies, "notification_id": made.notification_id}, headers=_SECRET)


@router.post(notifications.PATH)
@_in_oauth("invalid_notification_request", protected=True)
async def notification(request: Request, service: ServiceOf) -> Response:
    """What the wallet did with credentials that it was given."""
    access, proof = _shown(request)
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=service.options.body_seconds)

    def taken() -> None:
        said = parse(NotificationIn, body)
        notifications.take_notification(
            service.parts_of_wallet(access),
            access_token=access,
            proof=proof,
            identifier=said.notification_id,
            word=said.event,
        )

    await service.look_up(taken)
    return Response(None, 204, _SECRET)


def _shown(request: Request) -> tuple[str, str]:
    """The access token, and the proof of the key that it is bound to. Raises IssuanceRefused."""
    return access_token_of(request.headers.get("authorization", "")), one_header(request.headers.getlist("dpop"), "DPoP")
