"""The vocabulary of the audit: `room.verb`. A name, once released, keeps its meaning."""

from enum import StrEnum


class Event(StrEnum):
    """What happened."""

    SUBJECT_ENROLLED = "subject.enrolled"
    SUBJECT_READ = "subject.read"
    SUBJECT_REEMBEDDED = "subject.reembedded"
    SUBJECT_ERASED = "subject.erased"
    POSSIBLE_DUPLICATE = "subject.possible_duplicate"
    DUPLICATE_REFUSED = "subject.duplicate_refused"
    ATTEMPT_COUNTED = "attempt.counted"
    ATTEMPT_REFUSED = "attempt.refused"
    VERIFICATION_DECIDED = "verification.decided"
    VERIFICATION_FAILED = "verification.failed"
    CLIENT_ADDED = "client.added"
    CLIENT_REVOKED = "client.revoked"
    SIGNING_KEY_ROTATED = "keys.signing_rotated"
    KEK_ROTATED = "keys.kek_rotated"
    KEK_DROPPED = "keys.kek_dropped"
    EVIDENCE_PURGED = "evidence.purged"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"


NAMES_VERSIONS = frozenset({Event.SUBJECT_ENROLLED, Event.SUBJECT_REEMBEDDED, Event.SUBJECT_ERASED})
"""Events whose details hold `versions`: the row version of every record the subject has from then on."""
