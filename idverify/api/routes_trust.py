"""What strangers need to believe credentials without asking: the trust list, and the certificates of the credentials' keys."""

import base64

from fastapi import APIRouter, Response

from idverify import errors
from idverify.api.access import ServiceOf
from idverify.api.answers import documented, json_answer, public_for
from idverify.api.problems import InsecureTransport
from idverify.api.schemas import IssuerKeys
from idverify.ceremonies import Parts
from idverify.ceremonies.trust_publication import published

router = APIRouter(tags=["trust"])
MEDIA_TYPE = "application/jose"
KEPT_SECONDS = 300
_PUBLIC = public_for(KEPT_SECONDS)


@router.get(
    "/v1/trust-list",
    operation_id="trust_list",
    summary="The trust list of this installation: roots, and what each may issue",
    response_class=Response,
    responses={
        200: {
            "description": "The list: a compact JWS (ETSI TS 119 602)",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        **documented(
            errors.TrustListUnpublished,
            InsecureTransport,
            errors.Overloaded,
            errors.SigningUnavailable,
            errors.KeyUnavailable,
            errors.Fault,
        ),
    },
)
async def trust_list(service: ServiceOf) -> Response:
    """Worth nothing without its pin: the SHA-256 of the operator's root, had by another way (`idverify trust add`)."""
    found = await service.look_up(lambda: published(service.parts))
    return Response(found.text, media_type=MEDIA_TYPE, headers=_PUBLIC)


@router.get(
    "/.well-known/jwt-vc-issuer",
    operation_id="issuer_keys",
    summary="The keys that credentials and QR slips are signed with, each with its certificate",
    response_model=IssuerKeys,
    responses=documented(InsecureTransport, errors.Overloaded, errors.KeyUnavailable, errors.Fault),
    response_description="The keys",
)
async def issuer_keys(service: ServiceOf) -> Response:
    """For readers of QR slips, which carry no certificate. A key counts only where its certificate is under a trusted root. Of
    keys that retired, as long as their certificates are valid: credentials name them.
    """
    document = await service.look_up(lambda: _document(service.parts))
    return json_answer(document, headers=_PUBLIC)


def _document(parts: Parts) -> dict[str, object]:
    keys = [
        {**jwk, "x5c": [base64.b64encode(one).decode("ascii") for one in chain]}
        for jwk, chain in parts.credential_keys.published()
    ]
    return {"issuer": parts.issuer, "jwks": {"keys": keys}}
