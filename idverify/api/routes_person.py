"""/v1/sessions/{id}/..., as the person's own user agent uses it. It shows the client token of the link, and the secret that it
was given when it began: as a cookie in a browser, as a header in an app. Neither is a client key.
"""

from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify.api.access import ServiceOf
from idverify.api.answers import json_answer, timestamp
from idverify.api.capture_page import capture_url
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.schemas import parse
from idverify.api.security import session_token
from idverify.api.service import Service
from idverify.api.session_schemas import AttestationIn, BeginIn, CodeIn
from idverify.ceremonies import handover, person
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.sessions import REVIEWED_SECONDS
from idverify.qr import Drawn
from idverify.sessions import state

router = APIRouter(tags=["person"], include_in_schema=False)
AGENT = "X-Session-Agent"
COOKIE_PREFIX = "idverify_"
COOKIE_SECONDS = int(state.LONGEST_SECONDS + REVIEWED_SECONDS)
"""As long as a session may last, and its person has to come back for what a reviewer approved."""
QR_SCALE = 6


async def bearer_of(request: Request, session_id: str) -> Bearer:
    """Who calls. Raises Unauthenticated without a client token."""
    agent = request.headers.get(AGENT) or request.cookies.get(COOKIE_PREFIX + session_id)
    return Bearer(session_token(request.headers.get("authorization")), agent)


BearerOf = Annotated[Bearer, Depends(bearer_of)]


@router.get("/v1/sessions/{session_id}/link")
async def link(session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """What a link is for: who asks, what for, what was agreed to. It claims nothing, and may be asked again and again."""
    told = await service.look_up(lambda: person.link(service.parts_of(session_id), session_id, bearer))
    return json_answer(
        {
            "client_name": told.client_name,
            "audience": told.audience,
            "purpose": told.purpose,
            "profile": told.profile,
            "consent": {"version": told.consent_version, "accepted_at": timestamp(told.consent_at)},
            "seconds_left": int(told.seconds_left),
            "extendable": told.extendable,
            "attempts_left": told.attempts_left,
            "second": told.second,
            "begun": told.begun,
            "camera": told.camera,
            "code": told.code,
            "outcome": told.outcome,
            "ended": told.ended,
            "return_to": told.return_to,
        }
    )


@router.post("/v1/sessions/{session_id}/begin")
async def begin(request: Request, session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """Begin: the first user agent to do so is given a secret, and no other can go on."""
    asked = parse(BeginIn, await _body(request, service))
    begun = await service.look_up(
        lambda: person.begin(service.parts_of(session_id), session_id, bearer, movement=asked.movement, flashing=asked.flashing)
    )
    answer = json_answer(
        {
            "agent": begun.agent,
            "nonce": begun.nonce,
            "client_name": begun.client_name,
            "purpose": begun.purpose,
            "profile": begun.profile,
            "expires_at": timestamp(begun.expires_at),
            "attempts_left": begun.attempts_left,
        }
    )
    if begun.agent is not None:
        _remember(answer, request, session_id, begun.agent)
    return answer


@router.post("/v1/sessions/{session_id}/attestation")
async def attest(request: Request, session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """What the device says of itself, over the session's nonce; the level that it has shown."""
    asked = parse(AttestationIn, await _body(request, service))
    level = await service.look_up(
        lambda: person.attest(service.parts_of(session_id), session_id, bearer, asked.kind, asked.data)
    )
    return json_answer({"level": level})


@router.post("/v1/sessions/{session_id}/extend")
async def extend(session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """Ten more minutes, once."""
    until = await service.look_up(lambda: person.extend(service.parts_of(session_id), session_id, bearer))
    return json_answer({"expires_at": timestamp(until)})


@router.get("/v1/sessions/{session_id}/outcome")
async def outcome(session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """How it went: `pending`, `approved` (with the code, and a URL with it), `declined`, `retake`, `review` or `over`."""
    told = await service.look_up(lambda: person.outcome(service.parts_of(session_id), session_id, bearer))
    document: dict[str, Any] = {"outcome": told.outcome, "guidance": list(told.guidance)}
    carried = {"code": told.code, "return_to": told.return_to}
    return json_answer(document | {name: value for name, value in carried.items() if value is not None})


@router.post("/v1/sessions/{session_id}/handover")
async def offer_handover(session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """A link for another device, whose camera is to be used, and the QR code of it: a PNG, in base64."""

    def offer() -> dict[str, str]:
        parts = service.parts_of(session_id)
        token = handover.offer(parts, session_id, bearer)
        url = capture_url(parts.issuer, session_id, token)
        return {"token": token, "capture_url": url, "qr": b64encode(Drawn(url).png(QR_SCALE)).decode()}

    return json_answer(await service.look_up(offer), 201)


@router.post("/v1/sessions/{session_id}/handover/open")
async def open_handover(request: Request, session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """On the other device: who asks and what for, and the code to type on the first. The token of that link is the bearer."""
    opened = await service.look_up(lambda: handover.open_link(service.parts_of(session_id), session_id, bearer))
    answer = json_answer(
        {"agent": opened.agent, "code": opened.code, "client_name": opened.client_name, "purpose": opened.purpose}
    )
    _remember(answer, request, session_id, opened.agent)
    return answer


@router.post("/v1/sessions/{session_id}/handover/confirm")
async def confirm_handover(request: Request, session_id: str, bearer: BearerOf, service: ServiceOf) -> Response:
    """On the first device: the code that the other one shows."""
    asked = parse(CodeIn, await _body(request, service))
    await service.look_up(lambda: handover.confirm(service.parts_of(session_id), session_id, bearer, asked.code))
    return Response(status_code=204)


async def _body(request: Request, service: Service) -> bytes:
    return await bounded_body(request, limit=NO_IMAGE_BODY, seconds=service.options.body_seconds)


def _remember(answer: Response, request: Request, session_id: str, agent: str) -> None:
    answer.set_cookie(
        COOKIE_PREFIX + session_id,
        agent,
        max_age=COOKIE_SECONDS,
        path=f"/v1/sessions/{session_id}",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
