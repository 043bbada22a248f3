"""/v1/subjects/{id}/portraits: further portraits of a subject that is enrolled. Pictures leave the registry for nobody."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, WITH_PHOTOGRAPH, documented, json_answer, timestamp
from idverify.api.encoding import dumps
from idverify.api.idempotency import HEADER, Answer, as_response, once, parse_key
from idverify.api.limits import ONE_IMAGE_BODY, bounded_body
from idverify.api.sandbox import require_sample
from idverify.api.schemas import PortraitAdded, PortraitIn, PortraitsOut, parse
from idverify.ceremonies.clients import SUBJECTS_DELETE, SUBJECTS_DUPLICATES, SUBJECTS_READ, SUBJECTS_WRITE
from idverify.ceremonies.portraits import Listed, add_portrait, list_portraits, remove_portrait
from idverify.registry.portrait_errors import PortraitExists, PortraitLimit, PortraitMismatch, PortraitNotFound

router = APIRouter(tags=["subjects"])
PATH = "/v1/subjects/{subject_id}/portraits"


@router.post(
    PATH,
    operation_id="add_portrait",
    summary="Add a portrait to a subject",
    status_code=201,
    response_model=PortraitAdded,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        *WITH_PHOTOGRAPH,
        errors.SubjectNotFound,
        errors.NoReference,
        PortraitMismatch,
        PortraitExists,
        PortraitLimit,
        errors.PossibleDuplicate,
        errors.PolicyUnknown,
        errors.AttemptsExhausted,
        errors.GalleryTooLarge,
        errors.TemplateOutdated,
        errors.IdempotencyConflict,
        errors.KeyUnavailable,
    ),
    response_description="Added",
)
async def add(request: Request, subject_id: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_WRITE))]) -> Response:
    """Another photograph of the same person: up to five count together. It must match those that are there, under the default
    policy, and costs an attempt on the subject, as a verification does.
    """
    key = parse_key(request.headers.get(HEADER))
    with caller.service.uploads.held():
        body = await bounded_body(request, limit=ONE_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return as_response(await caller.service.ceremony(lambda: _add(caller, subject_id, key, body)))


def _add(caller: Caller, subject_id: str, key: str | None, body: bytes) -> Answer:
    asked = parse(PortraitIn, body)
    parts = caller.parts()
    if caller.client.sandbox:
        require_sample(asked.portrait)

    def produce() -> Answer:
        named = caller.subject_id(subject_id)
        added = add_portrait(parts, named, picture=asked.portrait, source=asked.source, actor=caller.client.id)
        told = {
            **_told(added.listed),
            "retake": list(added.retake),
            "duplicate_check": added.duplicate_check if SUBJECTS_DUPLICATES in caller.client.scopes else None,
        }
        return Answer(201, dumps(told))

    asked_for = b"add_portrait\n" + subject_id.encode() + b"\n" + body
    return once(parts, client_id=caller.client.id, key=key, request=asked_for, produce=produce)


@router.get(
    PATH,
    operation_id="list_portraits",
    summary="List a subject's portraits",
    response_model=PortraitsOut,
    responses=documented(*WITH_KEY, errors.SubjectNotFound, errors.KeyUnavailable),
    response_description="The portraits, oldest first",
)
async def show(subject_id: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_READ))]) -> Response:
    """Without the pictures. The reading is audited."""

    def listed() -> list[dict[str, Any]]:
        found = list_portraits(caller.parts(), caller.subject_id(subject_id), actor=caller.client.id)
        return [_told(portrait) for portrait in found]

    return json_answer({"portraits": await caller.service.look_up(listed)})


@router.delete(
    PATH + "/{portrait_id}",
    operation_id="remove_portrait",
    summary="Remove a subject's portrait",
    status_code=204,
    response_class=Response,
    responses=documented(
        *WITH_KEY,
        errors.SubjectNotFound,
        PortraitNotFound,
        PortraitLimit,
        errors.TemplateOutdated,
        errors.KeyUnavailable,
    ),
    response_description="Removed",
)
async def remove(
    subject_id: str, portrait_id: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_DELETE))]
) -> Response:
    """Destroys the portrait's data key; those that are left count from then on. The last one stays: erase the subject."""

    def removed() -> None:
        remove_portrait(caller.parts(), caller.subject_id(subject_id), portrait_id, actor=caller.client.id)

    await caller.service.ceremony(removed)
    return Response(status_code=204)


def _told(portrait: Listed) -> dict[str, Any]:
    return {
        "portrait_id": portrait.portrait_id,
        "added_at": timestamp(portrait.added_at),
        "source": portrait.source,
    }
