"""One photograph against one reference: eleven numbered steps, under the profile `photo`.

The profile proves that two photographs show one person. It proves nothing about who holds the phone, so its token says
'photo match, no liveness' and can found neither a credential nor a login.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts
from idverify.ceremonies.attempts import spend_attempt
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.clients import require_registered
from idverify.ceremonies.judging import judge
from idverify.ceremonies.reference import reference_of, require_subject
from idverify.credentials import verdict
from idverify.credentials.assurance import PHOTO
from idverify.credentials.pairwise import pairwise_subject
from idverify.decision.policy import Policy, find_policy
from idverify.errors import (
    Fault,
    IdverifyError,
    InputError,
    InvalidInput,
    SubjectNotFound,
)
from idverify.store.clients import Client
from idverify.values import Accepted, Decision, Reference, decision_name, reasons_of


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. Exactly one of subject_id and reference (an image's bytes) is given.

    nonce: chosen by the audience, 8 to 256 characters. policy: a named operating point; the installation's default if None.
    """

    probe: bytes
    audience: str
    purpose: str
    subject_id: str | None = None
    reference: bytes | None = None
    policy: str | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome. token: only with an Accepted decision, and only after its audit event was committed.

    comparison_score is for reviewers and evaluation clients; no other client may ever see it. timings_ms: by stage.
    """

    transaction_id: str
    decision: Decision
    policy: Policy
    token: str | None
    comparison_score: float
    timings_ms: Mapping[str, float]


def verify(parts: Parts, client: Client, request: Request) -> Verified:
    """Decide whether probe and reference show one person, and sign the answer if they do.

    Raises InvalidInput, AudienceNotAllowed, PurposeNotAllowed, PolicyUnknown, AttemptsExhausted, SubjectNotFound, NoReference,
    ImageRejected, TooLarge, FailureToAcquire, and any Fault. Whatever is raised, no token exists.
    """
    policy = _admit(parts, client, request)
    transaction_id = parts.random_bytes(16).hex()

    # 1. The attempt is spent and audited in a transaction of its own, so that a rolled-back one leaves its trace.
    spend_attempt(parts, client_id=client.id, subject_id=request.subject_id, transaction_id=transaction_id)

    # The reference, then 2-7 of the probe: decode, detect, align, assess, embed.
    try:
        reference = _reference(parts, request)
        probe = parts.acquirer.acquire(request.probe)
    except InputError as error:
        _audit_failure(parts, client, request, transaction_id, error)
        raise
    except Fault as error:
        with suppress(Fault):  # the store may be what failed; the attempt is counted and audited either way
            _audit_failure(parts, client, request, transaction_id, error)
        raise

    # 8, 9. Compare, decide.
    judged = judge(probe, reference.template, policy)
    decided = time.perf_counter()

    # 10. Issue, in memory only.
    token = _issue(parts, client, request, transaction_id, judged.decision, policy, reference)
    issued = time.perf_counter()

    # 11. Audit. If this does not commit, or the subject was erased meanwhile, the exception drops the token.
    try:
        _audit_decision(parts, client, request, transaction_id, judged.decision, reference, token)
    except SubjectNotFound as error:
        _audit_failure(parts, client, request, transaction_id, error)
        raise
    timings = {
        **probe.timings_ms,
        **judged.timings_ms,
        "issue": 1000 * (issued - decided),
        "audit": 1000 * (time.perf_counter() - issued),
    }
    return Verified(transaction_id, judged.decision, policy, token, judged.comparison_score, timings)


def _admit(parts: Parts, client: Client, request: Request) -> Policy:
    if (request.subject_id is None) == (request.reference is None):
        raise InvalidInput("send exactly one of subject_id and reference")
    require_registered(client, request.audience, request.purpose)
    if request.nonce is not None and not 8 <= len(request.nonce) <= 256:
        raise InvalidInput("nonce must have 8 to 256 characters")
    return find_policy(parts.policies, request.policy or parts.default_policy)


def _reference(parts: Parts, request: Request) -> Reference:
    if request.reference is not None:
        sent = parts.acquirer.acquire(request.reference)
        return Reference(sent.template, "caller", sent.image_digest)
    assert request.subject_id is not None
    with parts.store.reading() as tx:
        return reference_of(parts, tx, request.subject_id)


def _issue(
    parts: Parts,
    client: Client,
    request: Request,
    transaction_id: str,
    decision: Decision,
    policy: Policy,
    reference: Reference,
) -> str | None:
    if not isinstance(decision, Accepted):
        return None
    subject = request.subject_id and pairwise_subject(parts.secrets.pairwise, request.subject_id, request.audience)
    return verdict.issue(
        decision,
        acr=PHOTO,
        issuer=parts.issuer,
        audience=request.audience,
        client_id=client.id,
        subject=subject,
        reference_digest=reference.digest,
        transaction_id=transaction_id,
        purpose=request.purpose,
        nonce=request.nonce,
        target_fmr=policy.target_fmr,
        fmr_high=policy.fmr_high,
        model_pack=parts.acquirer.engine.pack,
        environment=parts.environment,
        signer=parts.signing.current,
        now=parts.now(),
        random_bytes=parts.random_bytes,
    )


def _audit_failure(parts: Parts, client: Client, request: Request, transaction_id: str, error: IdverifyError) -> None:
    with parts.store.transaction() as tx:
        record_event(
            parts,
            tx,
            Event.VERIFICATION_FAILED,
            actor=client.id,
            subject_id=request.subject_id,
            transaction_id=transaction_id,
            code=error.code,
            audience=request.audience,
            purpose=request.purpose,
        )


def _audit_decision(
    parts: Parts,
    client: Client,
    request: Request,
    transaction_id: str,
    decision: Decision,
    reference: Reference,
    token: str | None,
) -> None:
    with parts.store.transaction() as tx:
        if request.subject_id is not None:
            require_subject(tx, request.subject_id)
        record_event(
            parts,
            tx,
            Event.VERIFICATION_DECIDED,
            actor=client.id,
            subject_id=request.subject_id,
            transaction_id=transaction_id,
            decision=decision_name(decision),
            reasons=[*reasons_of(decision)],
            policy=decision.policy,
            audience=request.audience,
            purpose=request.purpose,
            reference_source=reference.source,
            model_pack=parts.acquirer.engine.pack,
            provider=parts.acquirer.engine.provider,
            token_issued=token is not None,
        )
