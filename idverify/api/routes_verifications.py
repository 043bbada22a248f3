"""/v1/verifications: one probe photograph, one decision, and a token if it is accepted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from idverify import errors
from idverify.api.access import Caller, caller_with
from idverify.api.answers import WITH_BODY, WITH_KEY, WITH_PHOTOGRAPH, documented
from idverify.api.encoding import dumps
from idverify.api.idempotency import HEADER, Answer, as_response, once, parse_key
from idverify.api.limits import TWO_IMAGE_BODY, bounded_body
from idverify.api.schemas import EvaluationOut, VerificationIn, VerificationOut, parse
from idverify.ceremonies import Parts
from idverify.ceremonies.clients import EVALUATION, VERIFICATIONS_CREATE
from idverify.ceremonies.verification import Request as Asked
from idverify.ceremonies.verification import Verified, verify
from idverify.values import decision_name, retake_of

router = APIRouter(tags=["verifications"])


@router.post(
    "/v1/verifications",
    operation_id="verify",
    summary="Verify a probe photograph against a subject, or against a reference photograph",
    response_model=VerificationOut | EvaluationOut,
    responses=documented(
        *WITH_KEY,
        *WITH_BODY,
        errors.AudienceNotAllowed,
        errors.PurposeNotAllowed,
        errors.PolicyUnknown,
        *WITH_PHOTOGRAPH,
        errors.SubjectNotFound,
        errors.NoReference,
        errors.IdempotencyConflict,
        errors.AttemptsExhausted,
        errors.SigningUnavailable,
        errors.TemplateOutdated,
        errors.KeyUnavailable,
    ),
    response_description="Decided",
)
async def create_verification(
    request: Request, caller: Annotated[Caller, Depends(caller_with(VERIFICATIONS_CREATE))]
) -> Response:
    """A non-match is an answer (200, `rejected`), not an error. Errors are a caller's mistakes, photographs without a usable
    face (422, with words for a retake) and faults of ours. No answer carries a score, nor says why a probe was rejected.
    """
    key = parse_key(request.headers.get(HEADER))
    with caller.service.uploads.held():
        body = await bounded_body(request, limit=TWO_IMAGE_BODY, seconds=caller.service.options.body_seconds)
    return as_response(await caller.service.ceremony(lambda: _verify(caller, key, body)))


def _verify(caller: Caller, key: str | None, body: bytes) -> Answer:
    asked = parse(VerificationIn, body)
    if asked.subject_id is not None and EVALUATION in caller.client.scopes:
        raise errors.ScopeMissing("a client with the scope evaluation cannot name registry subjects")
    parts = caller.parts()

    def produce() -> Answer:
        request = Asked(
            probe=asked.probe,
            audience=asked.audience,
            purpose=asked.purpose,
            subject_id=None if asked.subject_id is None else caller.subject_id(asked.subject_id),
            reference=asked.reference,
            policy=asked.policy,
            nonce=asked.nonce,
        )
        outcome = verify(parts, caller.client, request)
        _count(caller, parts, outcome)
        return Answer(200, dumps(_told(caller, parts, outcome)))

    return once(parts, client_id=caller.client.id, key=key, request=b"verify\n" + body, produce=produce)


def _count(caller: Caller, parts: Parts, outcome: Verified) -> None:
    name = decision_name(outcome.decision)
    caller.service.metrics.decided(name, outcome.policy.name, parts.environment, outcome.timings_ms)


def _told(caller: Caller, parts: Parts, outcome: Verified) -> dict[str, Any]:
    """What the client may know. Which check failed, and by how much, would teach an attacker to climb. A score is worth nothing
    without what made it.
    """
    decision = outcome.decision
    told: dict[str, Any] = {
        "transaction_id": outcome.transaction_id,
        "decision": decision_name(decision),
        "checks": list(decision.checks),
        "policy": {
            "name": outcome.policy.name,
            "target_fmr": outcome.policy.target_fmr,
            "fmr_high": outcome.policy.fmr_high,
            "calibrated_on": outcome.policy.calibrated_on,
        },
        "token": outcome.token,
        "retake": list(retake_of(decision)),
    }
    if EVALUATION in caller.client.scopes:
        engine = parts.acquirer.engine
        told |= {"comparison_score": outcome.comparison_score, "pack": engine.pack, "provider": engine.provider}
    return told
