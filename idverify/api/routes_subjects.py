"""/v1/subjects: enrol, describe, erase."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, WITH_PHOTOGRAPH, documented, json_answer, timestamp
from idverify.api.encoding import dumps
from idverify.api.idempotency import HEADER, Answer, as_response, once, parse_key
from idverify.api.limits import ONE_IMAGE_BODY, bounded_body
from idverify.api.sandbox import require_sample
from idverify.api.schemas import SubjectDescription, SubjectIn, SubjectOut, parse
from idverify.ceremonies.clients import SUBJECTS_DELETE, SUBJECTS_DUPLICATES, SUBJECTS_READ, SUBJECTS_WRITE
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.erasure import erase
from idverify.ceremonies.reference import described
from idverify.registry.claims import Claims

router = APIRouter(tags=["subjects"])


@router.post(
    "/v1/subjects",
    operation_id="enrol_subject",
    summary="Enrol a subject from a registry portrait",
    status_code=201,
    response_model=SubjectOut,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        *WITH_PHOTOGRAPH,
        errors.SubjectExists,
        errors.PossibleDuplicate,
        errors.GalleryTooLarge,
        errors.TemplateOutdated,
        errors.IdempotencyConflict,
        errors.KeyUnavailable,
    ),
    response_description="Enrolled",
)
async def enrol_subject(request: Request, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_WRITE))]) -> Response:
    """Claims, template and portrait are sealed, each under a key of its own. The answer's `subject_id` is made here and opaque;
    keep it. An identifier can be enrolled once, until its subject is erased.
    """
    key = parse_key(request.headers.get(HEADER))
    with caller.service.uploads.held():
        body = await bounded_body(request, limit=ONE_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return as_response(await caller.service.ceremony(lambda: _enrol(caller, key, body)))


def _enrol(caller: Caller, key: str | None, body: bytes) -> Answer:
    asked = parse(SubjectIn, body)
    parts = caller.parts()
    if caller.client.sandbox:
        require_sample(asked.portrait)
    claims = Claims(**asked.claims.model_dump())

    def produce() -> Answer:
        enrolled = enrol(
            parts,
            identifier=asked.identifier,
            claims=claims,
            legal_basis=asked.legal_basis,
            portrait=asked.portrait,
            actor=caller.client.id,
        )
        told = {
            "subject_id": enrolled.subject_id,
            "enrolled_at": timestamp(enrolled.created_at),
            "portrait_digest": enrolled.portrait_digest,
            "retake": list(enrolled.retake),
            "duplicate_check": enrolled.duplicate_check if SUBJECTS_DUPLICATES in caller.client.scopes else None,
        }
        return Answer(201, dumps(told))

    return once(parts, client_id=caller.client.id, key=key, request=b"enrol_subject\n" + body, produce=produce)


@router.get(
    "/v1/subjects/{subject_id}",
    operation_id="describe_subject",
    summary="Read a subject's claims and validity",
    response_model=SubjectDescription,
    responses=documented(*WITH_KEY, errors.SubjectNotFound, errors.KeyUnavailable),
    response_description="The subject",
)
async def describe_subject(subject_id: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_READ))]) -> Response:
    """What was enrolled, without template or portrait: those leave the registry for nobody."""
    return json_answer(await caller.service.look_up(lambda: _describe(caller, subject_id)))


def _describe(caller: Caller, subject_id: str) -> dict[str, Any]:
    parts = caller.parts()
    found = described(parts, caller.subject_id(subject_id), actor=caller.client.id)
    return {
        "subject_id": found.subject_id,
        "identifier": found.identifier,
        "claims": asdict(found.claims),
        "valid": found.claims.valid_on(datetime.fromtimestamp(parts.now(), UTC).date()),
        "legal_basis": {"kind": found.legal_basis.kind, "reference": found.legal_basis.reference},
        "enrolled_at": timestamp(found.created_at),
    }


@router.delete(
    "/v1/subjects/{subject_id}",
    operation_id="erase_subject",
    summary="Erase a subject",
    status_code=204,
    response_class=Response,
    responses=documented(*WITH_KEY, errors.SubjectNotFound),
    response_description="Erased",
)
async def erase_subject(subject_id: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_DELETE))]) -> Response:
    """Destroys the data keys of the subject's records. docs/security says what erasure cannot reach, and how key rotation ends
    that. The audit keeps the opaque id and the times.
    """
    await caller.service.look_up(lambda: erase(caller.parts(), caller.subject_id(subject_id), actor=caller.client.id))
    return Response(status_code=204)
