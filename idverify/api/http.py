"""The app: routers, handlers and middleware around one set of parts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from idverify import __version__
from idverify.api import (
    capture_page,
    openapi,
    page,
    routes_documents,
    routes_issuance,
    routes_me,
    routes_offers,
    routes_online,
    routes_operations,
    routes_person,
    routes_portraits,
    routes_presentations,
    routes_reviews,
    routes_sessions,
    routes_statuses,
    routes_subjects,
    routes_tokens,
    routes_trust,
    routes_verifications,
    stream,
)
from idverify.api.envelope import Envelope
from idverify.api.problems import MethodNotAllowed, NotFound, Problem, problem_of
from idverify.api.service import Options, Service
from idverify.ceremonies import Parts
from idverify.errors import Fault, IdverifyError

logger = logging.getLogger("idverify.api")

ROOMS = (
    routes_subjects,
    routes_portraits,
    routes_documents,
    routes_offers,
    routes_issuance,
    routes_presentations,
    routes_online,
    routes_verifications,
    routes_sessions,
    routes_person,
    routes_me,
    routes_reviews,
    stream,
    routes_tokens,
    routes_trust,
    routes_statuses,
    routes_operations,
    page,
    capture_page,
)
ROUTERS = tuple(room.router for room in ROOMS)


def build_app(parts: Parts, options: Options) -> FastAPI:
    """The service over these parts. Its lifespan warms the models before the first connection is accepted."""
    service = Service(parts, options)
    app = FastAPI(
        title="idverify",
        version=__version__,
        description=openapi.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(IdverifyError, _on_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_middleware(Envelope, service=service)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    await service.start()
    kept = [asyncio.create_task(work) for work in service.chores()]
    try:
        yield
    finally:
        for task in kept:
            task.cancel()
        await service.finish()


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, IdverifyError)
    if isinstance(error, Fault):
        # Messages of this tree carry nothing personal (idverify.errors); those of other exceptions are never logged.
        facts = {"request_id": request.state.request_id, "code": error.code, "detail": error.message}
        logger.error("fault", extra=facts)
    return _answer(request, problem_of(error))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code != 405:
        return _answer(request, problem_of(NotFound("no such resource")))
    response = _answer(request, problem_of(MethodNotAllowed("this resource does not know that method")))
    response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """Every method of the path. Starlette names those of the first route that has it, and ours have one method each."""
    found: set[str] = set()
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, Route) and route.path_regex.match(request.scope["path"]):
                found |= route.methods or set()
    return found


async def _on_disconnect(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(400, "client_disconnected", "The caller hung up"))


def _answer(request: Request, problem: Problem) -> Response:
    request.state.code = problem.code
    return problem.response(request.state.request_id)
