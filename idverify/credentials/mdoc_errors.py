"""Why a presented mdoc was refused, beside the reasons of credential_errors.py, which hold for what any credential says.

::

    TokenInvalid
    |-- MdocTooLarge        mdoc_too_large         |-- MdocSigned             mdoc_signed
    |-- MdocEncoding        mdoc_encoding          |-- MdocItem               mdoc_item
    |-- MdocMalformed       mdoc_malformed         |-- MdocDigest             mdoc_digest
    |-- MdocResponse        mdoc_response          |-- MdocElementUndeclared  mdoc_element_undeclared
    |-- MdocDocuments       mdoc_documents         |-- MdocElementRepeated    mdoc_element_repeated
    |-- MdocAlgorithm       mdoc_algorithm         |-- MdocElementValue       mdoc_element_value
    |-- MdocHeader          mdoc_header            |-- MdocDeviceAuth         mdoc_device_auth
    |-- MdocSignature       mdoc_signature         |-- MdocDeviceElements     mdoc_device_elements
    |-- MdocSecurityObject  mdoc_security_object   |-- MdocDeviceHeader       mdoc_device_header
    |-- MdocDigestAlgorithm mdoc_digest_algorithm  `-- MdocDeviceSignature    mdoc_device_signature
    `-- MdocDoctype         mdoc_doctype
"""

from idverify.credentials.errors import _Refused


class _MdocRefused(_Refused):
    """Base, to list the leaves by."""


class MdocTooLarge(_MdocRefused):
    """The document is longer than any presentation of a credential, or shows more elements."""

    code = "mdoc_too_large"


class MdocEncoding(_MdocRefused):
    """The text is not canonical base64url."""

    code = "mdoc_encoding"


class MdocMalformed(_MdocRefused):
    """The bytes are not a DeviceResponse of ISO/IEC 18013-5 in strict CBOR: no key twice, no open length, nothing behind it."""

    code = "mdoc_malformed"


class MdocResponse(_MdocRefused):
    """The response is of another version than 1.0, or says that something went wrong."""

    code = "mdoc_response"


class MdocDocuments(_MdocRefused):
    """The response does not hold exactly one document."""

    code = "mdoc_documents"


class MdocAlgorithm(_MdocRefused):
    """One of the two signatures is not made with ES256, the only algorithm allowed."""

    code = "mdoc_algorithm"


class MdocHeader(_MdocRefused):
    """The issuer's signature has other headers than its algorithm and the certificate of its key (x5chain)."""

    code = "mdoc_header"


class MdocSignature(_MdocRefused):
    """The issuer's signature does not hold: what it signed was altered, or the key is another one."""

    code = "mdoc_signature"


class MdocSecurityObject(_MdocRefused):
    """What the issuer signed is not a MobileSecurityObject of version 1.0 with what this reader needs to know."""

    code = "mdoc_security_object"


class MdocDigestAlgorithm(_MdocRefused):
    """The digests of the elements are not SHA-256."""

    code = "mdoc_digest_algorithm"


class MdocDoctype(_MdocRefused):
    """The document says that it is of another type than the one that the issuer signed."""

    code = "mdoc_doctype"


class MdocSigned(_MdocRefused):
    """The issuer signed at a time at which its certificate did not hold."""

    code = "mdoc_signed"


class MdocItem(_MdocRefused):
    """An element is not its digest's number, at least 16 random bytes, a name and a value, in strict CBOR."""

    code = "mdoc_item"


class MdocDigest(_MdocRefused):
    """The issuer did not sign this element: it was altered, or belongs to another document."""

    code = "mdoc_digest"


class MdocElementUndeclared(_MdocRefused):
    """The document shows an element that documents of this type do not have, or has it in another namespace."""

    code = "mdoc_element_undeclared"


class MdocElementRepeated(_MdocRefused):
    """An element is shown twice: of two values a reader would have to choose one."""

    code = "mdoc_element_repeated"


class MdocElementValue(_MdocRefused):
    """The value of an element is not of its kind: a day, bytes, text, a number, yes or no, or a list of texts."""

    code = "mdoc_element_value"


class MdocDeviceAuth(_MdocRefused):
    """The holder's proof is not one signature (deviceSignature), such as a MAC for which no key was agreed."""

    code = "mdoc_device_auth"


class MdocDeviceElements(_MdocRefused):
    """The holder's device says something of its own; no type here lets it."""

    code = "mdoc_device_elements"


class MdocDeviceHeader(_MdocRefused):
    """The holder's signature has other headers than its algorithm."""

    code = "mdoc_device_header"


class MdocDeviceSignature(_MdocRefused):
    """The holder's signature was made with another key than the document's, or for another reader, nonce or address."""

    code = "mdoc_device_signature"


REFUSALS: tuple[type[_MdocRefused], ...] = tuple(_MdocRefused.__subclasses__())
