"""The vocabulary of the audit: `room.verb`. A name, once released, keeps its meaning."""

from enum import StrEnum


class Event(StrEnum):
    """What happened."""

    SUBJECT_ENROLLED = "subject.enrolled"
    SUBJECT_READ = "subject.read"
    SUBJECT_REEMBEDDED = "subject.reembedded"
    SUBJECT_ERASED = "subject.erased"
    PORTRAIT_ADDED = "subject.portrait_added"
    PORTRAIT_REMOVED = "subject.portrait_removed"
    PORTRAIT_REFUSED = "subject.portrait_refused"
    POSSIBLE_DUPLICATE = "subject.possible_duplicate"
    DUPLICATE_REFUSED = "subject.duplicate_refused"
    ATTEMPT_COUNTED = "attempt.counted"
    ATTEMPT_REFUSED = "attempt.refused"
    VERIFICATION_DECIDED = "verification.decided"
    VERIFICATION_FAILED = "verification.failed"
    SESSION_CREATED = "session.created"
    SESSION_STARTED = "session.started"
    SESSION_CHALLENGED = "session.challenged"
    SESSION_CHALLENGE_DISCLOSED = "session.challenge_disclosed"
    SESSION_RESUMED = "session.resumed"
    SESSION_CONNECTION_LOST = "session.connection_lost"
    SESSION_CONNECTION_REFUSED = "session.connection_refused"
    SESSION_DECIDED = "session.decided"
    SESSION_ENDED = "session.ended"
    SESSION_ATTESTED = "session.attested"
    SESSION_ATTESTATION_REFUSED = "session.attestation_refused"
    SESSION_STREAM_SIGNED = "session.stream_signed"
    SESSION_SIGNATURE_REFUSED = "session.signature_refused"
    SESSION_EXTENDED = "session.extended"
    SESSION_REDEEMED = "session.redeemed"
    SESSION_REDEMPTION_REFUSED = "session.redemption_refused"
    SESSION_HANDED_OVER = "session.handed_over"
    SESSION_HANDOVER_REFUSED = "session.handover_refused"
    ATTEMPT_CREDITED = "attempt.credited"
    REVIEW_VIEWED = "review.viewed"
    REVIEW_ANSWERED = "review.answered"
    REVIEW_DECIDED = "review.decided"
    CREDENTIAL_REVOKED = "credential.revoked"
    CREDENTIAL_SUSPENDED = "credential.suspended"
    CREDENTIAL_REINSTATED = "credential.reinstated"
    CLIENT_ADDED = "client.added"
    CLIENT_REVOKED = "client.revoked"
    CLIENT_RETURN_URLS_SET = "client.return_urls_set"
    WEBHOOK_SET = "webhook.set"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_DELIVERED = "webhook.delivered"
    WEBHOOK_GIVEN_UP = "webhook.given_up"
    SIGNING_KEY_ROTATED = "keys.signing_rotated"
    KEYS_CERTIFIED = "keys.certified"
    CERTIFIED_KEY_ROTATED = "keys.certified_rotated"
    SEAL_AFFIXED = "seal.affixed"
    TRUST_LIST_PUBLISHED = "trust_list.published"
    KEK_ROTATED = "keys.kek_rotated"
    KEK_DROPPED = "keys.kek_dropped"
    EVIDENCE_PURGED = "evidence.purged"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    DOCUMENT_FILED = "document.filed"
    DOCUMENT_READ = "document.read"
    OFFER_CREATED = "credential.offered"
    OFFER_REFUSED = "credential.offer_refused"
    OFFER_REDEEMED = "credential.offer_redeemed"
    GRANT_RENEWED = "credential.grant_renewed"
    CREDENTIAL_ISSUED = "credential.issued"
    CREDENTIAL_NOTIFIED = "credential.notified"
    PRESENTATION_VALIDATED = "presentation.validated"
    PRESENTATION_REQUESTED = "presentation.requested"
    PRESENTATION_REFUSED = "presentation.refused"
    HISTORY_READ = "person.history_read"


NAMES_VERSIONS = frozenset(
    {
        Event.SUBJECT_ENROLLED,
        Event.SUBJECT_REEMBEDDED,
        Event.SUBJECT_ERASED,
        Event.PORTRAIT_ADDED,
        Event.PORTRAIT_REMOVED,
        Event.DOCUMENT_FILED,
    }
)
"""Events whose details hold `versions`: the row version of every record the subject has from then on."""
