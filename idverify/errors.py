"""Every exception that idverify raises on purpose.

::

    IdverifyError
    |-- InputError                     the caller's input cannot be used        (command line: exit 3)
    |   |-- InvalidInput               invalid_input
    |   |-- TooLarge                   too_large
    |   |-- ImageRejected              image_rejected
    |   |-- FailureToAcquire
    |   |   |-- NoFace                 no_face
    |   |   |-- MultipleFaces          multiple_faces
    |   |   `-- FailureToAssess        failure_to_assess
    |   |-- SubjectNotFound            subject_not_found
    |   |-- SubjectExists              subject_exists
    |   |-- PossibleDuplicate          possible_duplicate
    |   |-- NoReference                no_reference
    |   |-- PortraitMismatch           portrait_mismatch
    |   |-- PortraitExists             portrait_exists
    |   |-- PortraitLimit              portrait_limit
    |   |-- PortraitNotFound           portrait_not_found
    |   |-- PolicyUnknown              policy_unknown
    |   |-- IdempotencyConflict        idempotency_conflict
    |   |-- SessionNotFound            session_not_found
    |   |-- SessionExpired             session_expired
    |   |-- SessionFinished            session_finished
    |   |-- FrameRefused               frame_refused
    |   |-- UnknownCredentialType      unknown_credential_type
    |   |-- DocumentMissing            document_missing
    |   |-- OfferNotFound              offer_not_found
    |   |-- RequestNotFound            request_not_found
    |   |-- RequestAnswered            request_answered
    |   |-- TrustListUnpublished       trust_list_unpublished
    |   |-- DocumentUnreadable         document_unreadable
    |   |-- DocumentEncrypted          document_encrypted
    |   |-- DocumentActive             document_active
    |   |-- DocumentSigned             document_signed
    |   `-- CredentialUnavailable      credential_unavailable
    |-- AccessDenied                   the caller may not do this              (exit 3)
    |   |-- Unauthenticated            unauthenticated
    |   |-- ScopeMissing               scope_missing
    |   |-- AudienceNotAllowed         audience_not_allowed
    |   |-- PurposeNotAllowed          purpose_not_allowed
    |   |-- ReturnUrlNotAllowed        return_url_not_allowed
    |   |-- SessionTaken               session_taken
    |   |-- ChallengeReplayed          challenge_replayed
    |   |-- AttestationRefused         attestation_refused
    |   |-- AssuranceTooLow            assurance_too_low
    |   |-- IssuanceRefused            issuance_refused
    |   |-- AttemptsExhausted          attempts_exhausted
    |   `-- Overloaded                 overloaded
    |-- TokenInvalid                   a token is not what it claims to be     (exit 1)
    |   `-- one leaf a check           token_*, and others  (idverify.credentials and idverify.seals document them)
    `-- Fault                          our side failed                         (exit 4)
        |-- ConfigurationInvalid       configuration_invalid
        |-- ModelRefused               model_refused
        |-- ProviderUnavailable        provider_unavailable
        |-- StoreUnavailable           store_unavailable
        |-- SigningUnavailable         signing_unavailable
        |-- TimeStampUnavailable       time_stamp_unavailable
        |-- KeyUnavailable             key_unavailable
        |-- RecordTampered             record_tampered
        |-- TemplateOutdated           template_outdated
        |-- GalleryTooLarge            gallery_too_large
        `-- AuditBroken                audit_broken

A non-match or a suspected attack is a value (idverify.values.Decision), never an exception. Any exception means: no token.
The codes are a contract. This module knows no HTTP and imports nothing.
"""

from typing import ClassVar


class IdverifyError(Exception):
    """Base of the tree. `code` is stable; the message is for a person and carries nothing personal."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(IdverifyError):
    """The caller's input cannot be used."""


class InvalidInput(InputError):
    """A value is missing, malformed or out of its range."""

    code = "invalid_input"


class TooLarge(InputError):
    """The input exceeds a size limit."""

    code = "too_large"


class ImageRejected(InputError):
    """The bytes are not an image that is safe and able to be decoded."""

    code = "image_rejected"


class FailureToAcquire(InputError):
    """The image decoded, but no usable face sample came out of it (ISO/IEC 2382-37: failure to acquire).

    `retake` tells the capture subject, in words, what to change.
    """

    def __init__(self, message: str, retake: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.retake = retake


class NoFace(FailureToAcquire):
    """No face was found."""

    code = "no_face"


class MultipleFaces(FailureToAcquire):
    """More than one face where the policy wants exactly one, or none dominates."""

    code = "multiple_faces"


class FailureToAssess(FailureToAcquire):
    """A required measurement could not be made; never read as a pass."""

    code = "failure_to_assess"


class SubjectNotFound(InputError):
    """No such subject, or the caller may not know of it."""

    code = "subject_not_found"


class SubjectExists(InputError):
    """The identifier is enrolled already."""

    code = "subject_exists"


class PossibleDuplicate(InputError):
    """The person is probably enrolled already, under another identifier; an operator decides."""

    code = "possible_duplicate"


class NoReference(InputError):
    """The subject has no reference to compare with."""

    code = "no_reference"


class PolicyUnknown(InputError):
    """No operating point of that name exists for the loaded model pack."""

    code = "policy_unknown"


class IdempotencyConflict(InputError):
    """The idempotency key was used with another request, or that request is still running."""

    code = "idempotency_conflict"


class SessionNotFound(InputError):
    """No such live session, or the caller may not know of it."""

    code = "session_not_found"


class SessionExpired(InputError):
    """The live session's time ran out."""

    code = "session_expired"


class SessionFinished(InputError):
    """The live session is in a state where this cannot be done, or it has ended."""

    code = "session_finished"


class FrameRefused(InputError):
    """A message of a live session's stream is not the one that may come now."""

    code = "frame_refused"


class UnknownCredentialType(InputError):
    """No credential type of that name exists."""

    code = "unknown_credential_type"


class DocumentMissing(InputError):
    """What a credential of that type says is not on file for this subject."""

    code = "document_missing"


class OfferNotFound(InputError):
    """No such credential offer, or it has expired."""

    code = "offer_not_found"


class RequestNotFound(InputError):
    """No such request for a presentation, or it has ended, or the caller may not know of it."""

    code = "request_not_found"


class RequestAnswered(InputError):
    """The request for a presentation has its one answer already."""

    code = "request_answered"


class TrustListUnpublished(InputError):
    """The installation publishes no trust list."""

    code = "trust_list_unpublished"


class AccessDenied(IdverifyError):
    """The caller may not do this, or not now."""


class Unauthenticated(AccessDenied):
    """No valid client key was presented."""

    code = "unauthenticated"


class ScopeMissing(AccessDenied):
    """The client lacks the scope of this operation."""

    code = "scope_missing"


class AudienceNotAllowed(AccessDenied):
    """The client is not registered for this audience."""

    code = "audience_not_allowed"


class PurposeNotAllowed(AccessDenied):
    """The client is not registered for this purpose."""

    code = "purpose_not_allowed"


class ReturnUrlNotAllowed(AccessDenied):
    """The client is not registered for this return URL."""

    code = "return_url_not_allowed"


class SessionTaken(AccessDenied):
    """Another browser or app began this live session."""

    code = "session_taken"


class ChallengeReplayed(AccessDenied):
    """The challenge of this live session is held by another connection."""

    code = "challenge_replayed"


class AttestationRefused(AccessDenied):
    """What a device or an app claims of itself was not proven.

    `reason` is a stable word for operators and the audit (docs/reference/attestation.md); a client does not learn it. message:
    what to do instead, only where it says nothing of what was found.
    """

    code = "attestation_refused"

    def __init__(self, reason: str, message: str = "the attestation was refused") -> None:
        super().__init__(message)
        self.reason = reason


class AssuranceTooLow(AccessDenied):
    """A credential may not rest on what was checked here."""

    code = "assurance_too_low"


class IssuanceRefused(AccessDenied):
    """A wallet asked for something that it does not get. `reason`: the word of OAuth 2.0 or OpenID4VCI for why."""

    code = "issuance_refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RetryLater(AccessDenied):
    """Refused now; `retry_after` seconds (a whole number, at least 1) may help."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class AttemptsExhausted(RetryLater):
    """The limit of attempts on this subject is reached."""

    code = "attempts_exhausted"


class Overloaded(RetryLater):
    """Every place is taken; nothing was queued."""

    code = "overloaded"


class TokenInvalid(IdverifyError):
    """A token was refused. Leaves live beside the checks that raise them, in idverify.credentials."""

    code = "token_invalid"


class Fault(IdverifyError):
    """Our side failed. The caller gets no token and no detail."""

    code = "internal"


class ConfigurationInvalid(Fault):
    """A setting is missing, contradictory or unsafe."""

    code = "configuration_invalid"


class ModelRefused(Fault):
    """A model file differs from its manifest, or its use was not accepted."""

    code = "model_refused"


class ProviderUnavailable(Fault):
    """A requested inference provider is not active; there is no silent fallback."""

    code = "provider_unavailable"


class StoreUnavailable(Fault):
    """The database did not answer or did not commit."""

    code = "store_unavailable"


class SigningUnavailable(Fault):
    """The signing key did not sign."""

    code = "signing_unavailable"


class KeyUnavailable(Fault):
    """A wrapping key or secret is missing, unreadable or readable by others."""

    code = "key_unavailable"


class RecordTampered(Fault):
    """A sealed record did not open: altered, swapped, rolled back, or sealed under another key."""

    code = "record_tampered"


class TemplateOutdated(Fault):
    """The reference template belongs to another model; `idverify registry reembed` renews it."""

    code = "template_outdated"


class GalleryTooLarge(Fault):
    """More people are enrolled than the calibration can tell apart; enrolment waits for the operator."""

    code = "gallery_too_large"


class AuditBroken(Fault):
    """The audit chain does not hold."""

    code = "audit_broken"
