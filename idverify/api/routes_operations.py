"""For whoever runs the service: alive, ready, metrics, and the head of the audit chain."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from idverify import errors
from idverify.api.access import Caller, ServiceOf, caller_with
from idverify.api.answers import WITH_KEY, documented, json_answer
from idverify.api.metrics import CONTENT_TYPE
from idverify.api.problems import InsecureTransport, NotReady
from idverify.api.schemas import Alive, HeadOut, Ready
from idverify.ceremonies.clients import METRICS_READ

router = APIRouter(tags=["operations"])
HEAD_SECONDS = 30


@router.get(
    "/healthz", operation_id="alive", summary="Is the process alive?", response_model=Alive, response_description="Alive"
)
async def alive() -> Response:
    """Says nothing about models, keys or database: restart the process when this fails, and only then."""
    return json_answer({"status": "alive"})


@router.get(
    "/readyz",
    operation_id="ready",
    summary="Can the service do its work?",
    response_model=Ready,
    responses=documented(NotReady),
    response_description="Ready",
)
async def ready(service: ServiceOf) -> Response:
    """Yes only when the models ran once, the database answers and the signing key signs. Names what really runs."""
    return json_answer(await service.readiness())


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counters and histograms, for Prometheus",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(*WITH_KEY),
    },
)
async def metrics(caller: Annotated[Caller, Depends(caller_with(METRICS_READ))]) -> Response:
    """Needs a client key with the scope metrics:read, from loopback too: behind a proxy every caller is on loopback. Labels are
    route templates, codes, stages and decisions; never an id.
    """
    return Response(caller.service.metrics.exposition(), media_type=CONTENT_TYPE)


@router.get(
    "/v1/audit/head",
    operation_id="audit_head",
    summary="The newest signed head of the audit chain",
    response_model=HeadOut,
    responses=documented(
        InsecureTransport, errors.Overloaded, errors.StoreUnavailable, errors.SigningUnavailable, errors.Fault
    ),
    response_description="The head",
)
async def audit_head(service: ServiceOf) -> Response:
    """Public, so that anyone can be a witness: who kept a head can show that events before it were cut off or rewritten."""
    head = await service.heads.current()
    return json_answer(head, headers={"Cache-Control": f"public, max-age={HEAD_SECONDS}"})
