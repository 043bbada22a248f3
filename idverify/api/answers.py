"""How routes answer, and how what they may answer is documented: from the same table that decides it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Response

from idverify import errors
from idverify.api.encoding import dumps
from idverify.api.problems import MEDIA_TYPE, BodyTimeout, InsecureTransport, UnsupportedMediaType, status_of

WITH_KEY = (
    errors.Unauthenticated,
    errors.ScopeMissing,
    InsecureTransport,
    errors.Overloaded,
    errors.StoreUnavailable,
    errors.Fault,
)
"""What any operation that needs a client key may answer."""

WITH_BODY = (errors.InvalidInput, errors.TooLarge, UnsupportedMediaType, BodyTimeout)
"""What any operation that reads a body may answer besides."""

WITH_PHOTOGRAPH = (errors.ImageRejected, errors.NoFace, errors.MultipleFaces, errors.FailureToAssess)
"""What any operation that takes a face from a photograph may answer besides."""


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(dumps(document), status, dict(headers or {}), "application/json")


def public_for(seconds: int) -> dict[str, str]:
    """Headers of what anyone may read, from pages of any origin, and any cache may keep for so long."""
    return {"Cache-Control": f"public, max-age={seconds}", "Access-Control-Allow-Origin": "*"}


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def documented(*kinds: type[errors.IdverifyError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that may raise these: one entry per status, naming the codes."""
    codes: dict[int, list[str]] = {}
    for kind in kinds:
        status = status_of(kind)
        codes.setdefault(status, []).append(kind.code)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {
        status: {"description": f"{HTTPStatus(status).phrase}: {', '.join(sorted(codes[status]))}", "content": content}
        for status in sorted(codes)
    }
