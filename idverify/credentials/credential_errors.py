"""Why a presented credential was refused, beside the reasons of errors.py, which hold for its signed parts too.

::

    TokenInvalid
    |-- PresentationTooLarge       presentation_too_large       |-- CredentialTime           credential_time
    |-- PresentationMalformed      presentation_malformed       |-- CredentialFromTheFuture  credential_from_the_future
    |-- CertificateMissing         certificate_missing          |-- CredentialNotYetValid    credential_not_yet_valid
    |-- CertificateMalformed       certificate_malformed        |-- CredentialExpired        credential_expired
    |-- CertificateForeign         certificate_foreign          |-- CredentialLifetime       credential_lifetime
    |-- CertificateUnsuitable      certificate_unsuitable       |-- CredentialAssurance      credential_assurance
    |-- CertificatePurpose         certificate_purpose          |-- CredentialHolderKey      credential_holder_key
    |-- CertificateExpired         certificate_expired          |-- CredentialStatus         credential_status
    |-- CertificateNotYetValid     certificate_not_yet_valid    |-- CredentialClaim          credential_claim
    |-- CredentialIssuer           credential_issuer            |-- BindingMissing           binding_missing
    |-- CredentialTypeUnknown      credential_type_unknown      |-- BindingSignature         binding_signature
    |-- CredentialTypeNotTrusted   credential_type_not_trusted  |-- BindingClaim             binding_claim
    |-- DisclosureMalformed        disclosure_malformed         |-- BindingTime              binding_time
    |-- DisclosureNested           disclosure_nested            |-- BindingAudience          binding_audience
    |-- DisclosureDigests          disclosure_digests           |-- BindingNonce             binding_nonce
    |-- DisclosureTampered         disclosure_tampered          |-- BindingHash              binding_hash
    |-- DisclosureUndeclared       disclosure_undeclared        |-- BindingReplayed          binding_replayed
    |-- DisclosureReserved         disclosure_reserved          |-- StatusUnknown            status_unknown
    |-- DisclosureRepeated         disclosure_repeated          |-- StatusForeign            status_foreign
    `-- CredentialIssuerNotTrusted credential_issuer_not_trusted

Codes that are no exceptions, for a credential that is authentic: `credential_revoked` and `credential_suspended`.
"""

from idverify.credentials.errors import _Refused


class _CredentialRefused(_Refused):
    """Base, to list the leaves by."""


class PresentationTooLarge(_CredentialRefused):
    """The presentation is longer than any presentation of a credential, or has more disclosures."""

    code = "presentation_too_large"


class PresentationMalformed(_CredentialRefused):
    """The text is not an SD-JWT: a signed token, disclosures and a key binding, each followed by a tilde."""

    code = "presentation_malformed"


class CertificateMissing(_CredentialRefused):
    """The token does not bring the one certificate (x5c) of the key that signed it."""

    code = "certificate_missing"


class CertificateMalformed(_CredentialRefused):
    """The certificate cannot be read: not base64, or not DER."""

    code = "certificate_malformed"


class CertificateForeign(_CredentialRefused):
    """No trusted root signed the certificate. If its issuer is new, add its trust list first."""

    code = "certificate_foreign"


class CertificateUnsuitable(_CredentialRefused):
    """The certificate, or the root above it, is not made for signing: its key, its basic constraints or its key usage."""

    code = "certificate_unsuitable"


class CertificatePurpose(_CredentialRefused):
    """The certificate is for another purpose: who may sign a status list may not issue a credential."""

    code = "certificate_purpose"


class CertificateExpired(_CredentialRefused):
    """The time of the certificate, or of the root above it, is over."""

    code = "certificate_expired"


class CertificateNotYetValid(_CredentialRefused):
    """The time of the certificate, or of the root above it, has not begun."""

    code = "certificate_not_yet_valid"


class CredentialIssuer(_CredentialRefused):
    """The credential names another issuer than its certificate."""

    code = "credential_issuer"


class CredentialIssuerNotTrusted(_CredentialRefused):
    """The issuer's root is trusted, but not in the name of the issuer that the credential gives."""

    code = "credential_issuer_not_trusted"


class CredentialTypeUnknown(_CredentialRefused):
    """The credential is of a type that this reader does not know."""

    code = "credential_type_unknown"


class CredentialTypeNotTrusted(_CredentialRefused):
    """The issuer's root is trusted, but not for credentials of this type."""

    code = "credential_type_not_trusted"


class DisclosureMalformed(_CredentialRefused):
    """A disclosure is not a salt, a name and a value: canonical base64url of a JSON array of these three."""

    code = "disclosure_malformed"


class DisclosureNested(_CredentialRefused):
    """A claim hides further claims (_sd or ... within it), or its digests are not SHA-256. Credentials here are flat."""

    code = "disclosure_nested"


class DisclosureDigests(_CredentialRefused):
    """The credential's digests are missing, malformed, or name one digest twice."""

    code = "disclosure_digests"


class DisclosureTampered(_CredentialRefused):
    """The issuer did not sign this disclosure: the claim was altered, or belongs to another credential."""

    code = "disclosure_tampered"


class DisclosureUndeclared(_CredentialRefused):
    """A disclosure names a claim that credentials of this type do not have."""

    code = "disclosure_undeclared"


class DisclosureReserved(_CredentialRefused):
    """A disclosure names a claim that must be seen by every reader, such as exp or cnf."""

    code = "disclosure_reserved"


class DisclosureRepeated(_CredentialRefused):
    """A claim is disclosed twice, or disclosed although it is visible."""

    code = "disclosure_repeated"


class CredentialTime(_CredentialRefused):
    """iat, nbf, exp or auth_time is missing, not a number of seconds, or after what it must precede."""

    code = "credential_time"


class CredentialFromTheFuture(_CredentialRefused):
    """The credential says that it was issued later than now: one of the two clocks is wrong."""

    code = "credential_from_the_future"


class CredentialNotYetValid(_CredentialRefused):
    """The credential's time has not begun (nbf)."""

    code = "credential_not_yet_valid"


class CredentialExpired(_CredentialRefused):
    """The credential's time is over: its holder renews it."""

    code = "credential_expired"


class CredentialLifetime(_CredentialRefused):
    """The credential would live longer than its type allows."""

    code = "credential_lifetime"


class CredentialAssurance(_CredentialRefused):
    """The acr is unknown, or is not enough for a credential; or amr is not a list of methods."""

    code = "credential_assurance"


class CredentialHolderKey(_CredentialRefused):
    """The credential is not bound to one public key on P-256 (cnf.jwk)."""

    code = "credential_holder_key"


class CredentialStatus(_CredentialRefused):
    """The credential does not say where its status stands (status.status_list: idx, uri)."""

    code = "credential_status"


class CredentialClaim(_CredentialRefused):
    """The credential shows a claim that its type does not have, or lacks one that every reader must see."""

    code = "credential_claim"


class BindingMissing(_CredentialRefused):
    """Nobody proved to hold the key: the presentation ends without a proof of its holder."""

    code = "binding_missing"


class BindingSignature(_CredentialRefused):
    """The key binding was not made with the key that the credential was issued to."""

    code = "binding_signature"


class BindingClaim(_CredentialRefused):
    """The key binding does not consist of iat, aud, nonce and sd_hash."""

    code = "binding_claim"


class BindingTime(_CredentialRefused):
    """The key binding was not made within a minute of now."""

    code = "binding_time"


class BindingAudience(_CredentialRefused):
    """The presentation was made for someone else."""

    code = "binding_audience"


class BindingNonce(_CredentialRefused):
    """The presentation does not answer the nonce that was asked for: it may be a replay."""

    code = "binding_nonce"


class BindingHash(_CredentialRefused):
    """The key binding was made for another presentation: a disclosure was added or taken away."""

    code = "binding_hash"


class BindingReplayed(_CredentialRefused):
    """The presentation was shown before."""

    code = "binding_replayed"


class StatusUnknown(_CredentialRefused):
    """Whether the credential was revoked cannot be told: its status list is missing or stale, or has no such entry."""

    code = "status_unknown"


class StatusForeign(_CredentialRefused):
    """The credential names a status list of another issuer, which cannot say whether it was revoked."""

    code = "status_foreign"


REFUSALS: tuple[type[_CredentialRefused], ...] = tuple(_CredentialRefused.__subclasses__())
