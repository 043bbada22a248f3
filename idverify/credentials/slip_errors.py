"""Why a QR slip was refused: one leaf a fault, each with a stable code. The docstring is what a person is told.

::

    TokenInvalid
    |-- SlipTooLarge         slip_too_large          |-- SlipEnvironment           slip_environment
    |-- SlipForeign          slip_foreign            |-- SlipPurposeUndeclared     slip_purpose_undeclared
    |-- SlipEncoding         slip_encoding           |-- SlipPurpose               slip_purpose
    |-- SlipMalformed        slip_malformed          |-- SlipClaimUndeclared       slip_claim_undeclared
    |-- SlipNotCanonical     slip_not_canonical      |-- SlipDisclosureMalformed   slip_disclosure_malformed
    |-- SlipHeader           slip_header             |-- SlipDisclosureUndeclared  slip_disclosure_undeclared
    |-- SlipAlgorithm        slip_algorithm          |-- SlipDisclosureAltered     slip_disclosure_altered
    |-- SlipKeyUnknown       slip_key_unknown        |-- SlipDisclosureRepeated    slip_disclosure_repeated
    |-- SlipSignature        slip_signature          |-- SlipDeviceKey             slip_device_key
    |-- SlipClaim            slip_claim              |-- SlipDeviceSignature       slip_device_signature
    |-- SlipIssuer           slip_issuer             |-- SlipStale                 slip_stale
    |-- SlipTypeUnknown      slip_type_unknown       |-- SlipFromTheFuture         slip_from_the_future
    |-- SlipTypeNotTrusted   slip_type_not_trusted   |-- SlipChallengeMissing      slip_challenge_missing
    |-- SlipNotYetValid      slip_not_yet_valid      |-- SlipChallenge             slip_challenge
    |-- SlipExpired          slip_expired            `-- SlipReplayed              slip_replayed
    |-- SlipLifetime         slip_lifetime
    `-- SlipIssuerNotTrusted slip_issuer_not_trusted
"""

from idverify.credentials.errors import _Refused


class _SlipRefused(_Refused):
    """Of a slip."""


class SlipTooLarge(_SlipRefused):
    """The text is longer than a QR code can hold."""

    code = "slip_too_large"


class SlipForeign(_SlipRefused):
    """The code is not an electronic ID: its text does not begin with EID1:."""

    code = "slip_foreign"


class SlipEncoding(_SlipRefused):
    """The text after EID1: is not base45."""

    code = "slip_encoding"


class SlipMalformed(_SlipRefused):
    """The bytes are not a slip in its device's envelope."""

    code = "slip_malformed"


class SlipNotCanonical(_SlipRefused):
    """The CBOR has another spelling than the one of RFC 8949 section 4.2.1."""

    code = "slip_not_canonical"


class SlipHeader(_SlipRefused):
    """A header has other members than it must, or something is not protected by the signature."""

    code = "slip_header"


class SlipAlgorithm(_SlipRefused):
    """An algorithm is not ES256, the only one allowed."""

    code = "slip_algorithm"


class SlipKeyUnknown(_SlipRefused):
    """No issuer's key of that kid is held. If the issuer renewed its keys, refresh what you hold."""

    code = "slip_key_unknown"


class SlipSignature(_SlipRefused):
    """The issuer's signature does not hold: the slip was altered, or what the issuer signed is no slip."""

    code = "slip_signature"


class SlipClaim(_SlipRefused):
    """A claim of the slip is missing, unknown, or of the wrong type."""

    code = "slip_claim"


class SlipIssuer(_SlipRefused):
    """The slip names another issuer than the certificate that signed it."""

    code = "slip_issuer"


class SlipIssuerNotTrusted(_SlipRefused):
    """The issuer's root is trusted, but not in the name of the issuer that the slip gives."""

    code = "slip_issuer_not_trusted"


class SlipTypeUnknown(_SlipRefused):
    """The slip is of a type of credential that is not known here."""

    code = "slip_type_unknown"


class SlipTypeNotTrusted(_SlipRefused):
    """The issuer is trusted, but not for credentials of this type."""

    code = "slip_type_not_trusted"


class SlipNotYetValid(_SlipRefused):
    """The slip was issued later than now: one of the two clocks is wrong."""

    code = "slip_not_yet_valid"


class SlipExpired(_SlipRefused):
    """The slip's time is over: its holder's device fetches a new one."""

    code = "slip_expired"


class SlipLifetime(_SlipRefused):
    """The slip would live longer than 24 hours, or ends before it begins."""

    code = "slip_lifetime"


class SlipEnvironment(_SlipRefused):
    """The slip comes from a development installation or a sandbox and proves nothing about a person."""

    code = "slip_environment"


class SlipPurposeUndeclared(_SlipRefused):
    """The type of credential declares no slip for that purpose, or declares it differently."""

    code = "slip_purpose_undeclared"


class SlipPurpose(_SlipRefused):
    """The slip was made for another purpose than this reader's."""

    code = "slip_purpose"


class SlipClaimUndeclared(_SlipRefused):
    """The slip says something that its type does not declare for this purpose."""

    code = "slip_claim_undeclared"


class SlipDisclosureMalformed(_SlipRefused):
    """A disclosure is not a salt of 16 bytes, a name and a value."""

    code = "slip_disclosure_malformed"


class SlipDisclosureUndeclared(_SlipRefused):
    """A disclosure names a claim that the type does not declare for this purpose."""

    code = "slip_disclosure_undeclared"


class SlipDisclosureAltered(_SlipRefused):
    """A disclosure is not one that the issuer signed: it was altered or added."""

    code = "slip_disclosure_altered"


class SlipDisclosureRepeated(_SlipRefused):
    """Two disclosures name the same claim."""

    code = "slip_disclosure_repeated"


class SlipDeviceKey(_SlipRefused):
    """The device key in the slip is not a point on P-256."""

    code = "slip_device_key"


class SlipDeviceSignature(_SlipRefused):
    """The code was not made by the device that the slip was issued to, or was altered."""

    code = "slip_device_signature"


class SlipStale(_SlipRefused):
    """The code was made more than a minute ago: a picture of it, or a wrong clock. Its holder shows the code of now."""

    code = "slip_stale"


class SlipFromTheFuture(_SlipRefused):
    """The code was made later than now: one of the two clocks is wrong."""

    code = "slip_from_the_future"


class SlipChallengeMissing(_SlipRefused):
    """The code does not answer the challenge that this reader shows."""

    code = "slip_challenge_missing"


class SlipChallenge(_SlipRefused):
    """The code answers another challenge than this reader's."""

    code = "slip_challenge"


class SlipReplayed(_SlipRefused):
    """Shown here before: this code, or a later one of the same slip."""

    code = "slip_replayed"


REFUSALS: tuple[type[_SlipRefused], ...] = tuple(_SlipRefused.__subclasses__())
