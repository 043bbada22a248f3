"""/v1/subjects/{id}/documents: what an authority says of a subject beyond enrolment, one document a credential type."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, documented, json_answer
from idverify.api.credential_schemas import DocumentIn, DocumentOut
from idverify.api.limits import NO_IMAGE_BODY, bounded_body
from idverify.api.schemas import parse
from idverify.ceremonies.clients import SUBJECTS_READ, SUBJECTS_WRITE
from idverify.ceremonies.documents import put_document, read_document

router = APIRouter(tags=["subjects"])
PATH = "/v1/subjects/{subject_id}/documents/{type_name}"


@router.put(
    PATH,
    operation_id="put_document",
    summary="File a subject's document",
    status_code=204,
    response_class=Response,
    responses=documented(*WITH_KEY, *WITH_BODY, errors.SubjectNotFound, errors.UnknownCredentialType, errors.KeyUnavailable),
    response_description="Filed",
)
async def file_document(
    request: Request, subject_id: str, type_name: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_WRITE))]
) -> Response:
    """What a driving licence, a vehicle licence or an insurance says, in place of what was on file before. `type_name` is a
    credential type; its claims that enrolment supplies (the name, say) are not among those of its document.
    """
    body = await bounded_body(request, limit=NO_IMAGE_BODY, seconds=caller.service.options.body_seconds)

    def put() -> None:
        asked = parse(DocumentIn, body)
        put_document(caller.parts(), caller.subject_id(subject_id), type_name, asked.claims, actor=caller.client.id)

    await caller.service.look_up(put)
    return Response(status_code=204)


@router.get(
    PATH,
    operation_id="read_document",
    summary="Read a subject's document",
    response_model=DocumentOut,
    responses=documented(*WITH_KEY, errors.SubjectNotFound, errors.DocumentMissing, errors.KeyUnavailable),
    response_description="The document",
)
async def show_document(
    subject_id: str, type_name: str, caller: Annotated[Caller, Depends(caller_with(SUBJECTS_READ))]
) -> Response:
    """What is on file. The reading is audited."""

    def read() -> dict[str, Any]:
        return read_document(caller.parts(), caller.subject_id(subject_id), type_name, actor=caller.client.id)

    return json_answer({"type": type_name, "claims": await caller.service.look_up(read)})
