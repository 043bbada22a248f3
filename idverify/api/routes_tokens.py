"""Tokens: have one validated, and the keys to validate them without asking."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, ServiceOf, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, documented, json_answer, public_for
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.problems import InsecureTransport
from idverify.api.schemas import ActiveToken, InactiveToken, IntrospectionIn, KeySet, parse
from idverify.ceremonies.clients import TOKENS_INTROSPECT, audience_of
from idverify.credentials import verdict
from idverify.credentials.errors import TokenEnvironment
from idverify.errors import AudienceNotAllowed, TokenInvalid

router = APIRouter(tags=["tokens"])
KEY_SET_SECONDS = 300


@router.post(
    "/v1/tokens/introspect",
    operation_id="introspect_token",
    summary="Validate a verdict token",
    response_model=ActiveToken | InactiveToken,
    responses=documented(*WITH_KEY, *WITH_BODY, AudienceNotAllowed, errors.KeyUnavailable),
    response_description="Active, or not",
)
async def introspect_token(request: Request, caller: Annotated[Caller, Depends(caller_with(TOKENS_INTROSPECT))]) -> Response:
    """A token that was refused is an answer (`active: false`, and the code of the check), not an error. The same validator is
    in the package and in `idverify token validate`, for use without this service.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return json_answer(await caller.service.look_up(lambda: _introspect(caller, parse(IntrospectionIn, body))))


def _introspect(caller: Caller, asked: IntrospectionIn) -> dict[str, Any]:
    parts = caller.parts()
    audience = audience_of(caller.client, asked.audience)
    try:
        claims = verdict.validate(
            asked.token,
            parts.signing.jwks(),
            audience=audience,
            issuer=parts.issuer,
            nonce=asked.nonce,
            allow_dev=parts.environment != "production",
            now=parts.now(),
        )
        if claims.environment != parts.environment:
            raise TokenEnvironment
    except TokenInvalid as error:
        return {"active": False, "code": error.code}
    return {"active": True, "claims": asdict(claims)}


@router.get(
    "/.well-known/jwks.json",
    operation_id="key_set",
    summary="The public keys that verdict tokens are signed with",
    response_model=KeySet,
    responses=documented(InsecureTransport, errors.Overloaded, errors.KeyUnavailable, errors.Fault),
    response_description="The key set",
)
async def key_set(service: ServiceOf) -> Response:
    """RFC 7517. A key is published before it signs, and until its last token has expired: cache as long as the header says."""
    keys = await service.look_up(service.parts.signing.jwks)
    return json_answer(keys, headers=public_for(KEY_SET_SECONDS))
