"""What a decision on a live session makes of it: its next state, and of an accepting one the token."""

from idverify.ceremonies import Parts
from idverify.ceremonies.session_record import Held
from idverify.credentials import verdict
from idverify.credentials.pairwise import pairwise_subject
from idverify.decision.decide import needs_review
from idverify.sessions.state import MAX_ATTEMPTS, State
from idverify.values import Accepted, Decision, Rejected


def next_state(held: Held, decision: Decision) -> State:
    """Where the session goes. An attack or a stranger gets no second look; a bad sample does, while attempts are left."""
    if isinstance(decision, Accepted):
        return State.APPROVED
    if isinstance(decision, Rejected):
        return State.DECLINED
    if needs_review(decision) and held.order.subject_id is not None:  # else there is no portrait to compare with
        return State.REVIEW
    return State.RESUBMISSION_REQUESTED if held.session.attempt < MAX_ATTEMPTS else State.DECLINED


def issue(parts: Parts, held: Held, decision: Decision) -> str | None:
    """The verdict token of an accepting decision, in memory only; None otherwise. Raises SigningUnavailable."""
    if not isinstance(decision, Accepted):
        return None
    order = held.order
    profile = parts.profiles[order.profile]
    policy = parts.policies[profile.policy]
    return verdict.issue(
        decision,
        acr=profile.acr,
        issuer=parts.issuer,
        audience=order.audience,
        client_id=order.client_id,
        subject=order.subject_id and pairwise_subject(parts.secrets.pairwise, order.subject_id, order.audience),
        reference_digest=order.reference_digest,
        transaction_id=held.session_id,
        purpose=order.purpose,
        nonce=order.token_nonce,
        target_fmr=policy.target_fmr,
        fmr_high=policy.fmr_high,
        model_pack=parts.acquirer.engine.pack,
        environment=parts.environment,
        signer=parts.signing.current,
        now=parts.now(),
        random_bytes=parts.random_bytes,
    )
