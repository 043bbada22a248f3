"""RFC 9457 problem documents, and the one table from errors to HTTP statuses.

What a caller did is explained; what failed on our side is named by its code at most, never described. The request id joins an
answer to the service's log line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from idverify import errors
from idverify.api.encoding import dumps
from idverify.registry.portrait_errors import PortraitExists, PortraitLimit, PortraitMismatch, PortraitNotFound

MEDIA_TYPE = "application/problem+json"


class NotFound(errors.InputError):
    """No resource has that path."""

    code = "not_found"


class MethodNotAllowed(errors.InputError):
    """The resource does not know that method."""

    code = "method_not_allowed"


class UnsupportedMediaType(errors.InputError):
    """The body is not declared as what this resource reads."""

    code = "unsupported_media_type"


class BodyTimeout(errors.InputError):
    """The body did not arrive in time."""

    code = "request_timeout"


class InsecureTransport(errors.AccessDenied):
    """The installation answers over TLS only."""

    code = "insecure_transport"


class DeviceUnproven(errors.AccessDenied):
    """No valid access token came with a proof by the device key that it is bound to; `reason` is OAuth's word (RFC 9449)."""

    code = "device_unproven"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotReady(errors.Fault):
    """The service cannot do its work now; `checks` says which part."""

    code = "not_ready"

    def __init__(self, message: str, checks: Mapping[str, str]) -> None:
        super().__init__(message)
        self.checks = checks


# The nearest class in an error's ancestry decides. Order is for reading only.
STATUS: dict[type[errors.IdverifyError], int] = {
    errors.InputError: 400,
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.ImageRejected: 422,
    errors.FailureToAcquire: 422,
    errors.SubjectNotFound: 404,
    errors.SubjectExists: 409,
    errors.PossibleDuplicate: 409,
    errors.NoReference: 409,
    PortraitMismatch: 409,
    PortraitExists: 409,
    PortraitLimit: 409,
    PortraitNotFound: 404,
    errors.PolicyUnknown: 422,
    errors.IdempotencyConflict: 409,
    errors.SessionNotFound: 404,
    errors.SessionExpired: 410,
    errors.SessionFinished: 409,
    errors.SessionTaken: 409,
    errors.ChallengeReplayed: 409,
    errors.UnknownCredentialType: 422,
    errors.DocumentMissing: 404,
    errors.OfferNotFound: 404,
    errors.TrustListUnpublished: 404,
    errors.RequestNotFound: 404,
    errors.RequestAnswered: 409,
    NotFound: 404,
    MethodNotAllowed: 405,
    UnsupportedMediaType: 415,
    BodyTimeout: 408,
    errors.AccessDenied: 403,
    errors.Unauthenticated: 401,
    DeviceUnproven: 401,
    errors.AttemptsExhausted: 429,
    errors.Overloaded: 429,
    errors.TokenInvalid: 400,
    errors.Fault: 500,
    errors.StoreUnavailable: 503,
    errors.SigningUnavailable: 503,
    errors.KeyUnavailable: 503,
    errors.TemplateOutdated: 503,
    errors.GalleryTooLarge: 503,
    NotReady: 503,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, before it is written: status, stable code and what the caller may know."""

    status: int
    code: str
    title: str
    detail: str | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def response(self, request_id: str) -> Response:
        """The problem document. `type` is a URN: the code is the contract, no page needs to be fetched."""
        document = {
            "type": f"urn:idverify:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            **({"detail": self.detail} if self.detail else {}),
            "request_id": request_id,
            **dict(self.extra),
        }
        headers = {"Cache-Control": "no-store", **dict(self.headers)}
        return Response(dumps(document), self.status, headers, MEDIA_TYPE)


_SOON = (("Retry-After", "1"),)
INTERNAL = Problem(500, "internal", "Our side failed")


def status_of(kind: type[errors.IdverifyError]) -> int:
    """The HTTP status of a kind of error: that of the nearest class in its ancestry."""
    return next(STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS)


def problem_of(error: errors.IdverifyError) -> Problem:
    """What the caller is told of an error."""
    status = status_of(type(error))
    if isinstance(error, NotReady):
        return Problem(status, error.code, title_of(error), extra=(("checks", dict(error.checks)),), headers=_SOON)
    if isinstance(error, errors.Fault):
        # A fault's message is for the log. 503 says that a retry may help; anything else is just internal.
        return Problem(status, error.code, title_of(error), headers=_SOON) if status == 503 else INTERNAL
    extra: list[tuple[str, Any]] = []
    headers: list[tuple[str, str]] = []
    if isinstance(error, errors.FailureToAcquire) and error.retake:
        extra.append(("retake", list(error.retake)))
    if isinstance(error, errors.RetryLater):
        headers.append(("Retry-After", str(error.retry_after)))
    if isinstance(error, errors.Unauthenticated):
        headers.append(("WWW-Authenticate", 'Bearer realm="idverify"'))
    if isinstance(error, DeviceUnproven):
        headers.append(("WWW-Authenticate", f'DPoP error="{error.reason}", algs="ES256"'))
    return Problem(status, error.code, title_of(error), error.message, tuple(extra), tuple(headers))


def title_of(error: errors.IdverifyError) -> str:
    """A fixed line for the kind of error: the first sentence of its class's docstring."""
    return (type(error).__doc__ or error.code).split("\n")[0].split(";")[0].rstrip(". ")
