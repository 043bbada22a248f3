"""Why a document was not sealed, and why a seal was refused. The docstring is what a person is told.

::

    InputError                                             TokenInvalid
    |-- DocumentUnreadable    document_unreadable          |-- SealMissing             seal_missing
    |-- DocumentEncrypted     document_encrypted           |-- SealMalformed           seal_malformed
    |-- DocumentActive        document_active              |-- SealFormat              seal_format
    `-- DocumentSigned        document_signed              |-- SealCoverage            seal_coverage
                                                           |-- SealDocumentChanged     seal_document_changed
    Fault                                                  |-- SealTampered            seal_tampered
    `-- TimeStampUnavailable  time_stamp_unavailable       |-- SealAlgorithm           seal_algorithm
                                                           |-- SealCertificateUnbound  seal_certificate_unbound
                                                           |-- SealSignature           seal_signature
                                                           |-- SealTimeStamp           seal_time_stamp
                                                           |-- SealOutOfScope          seal_out_of_scope
                                                           `-- SealIssuerNotTrusted    seal_issuer_not_trusted
"""

from idverify.errors import Fault, InputError, TokenInvalid


class _DocumentRefused(InputError):
    """A document that is neither sealed nor examined. Base, to speak through the docstring."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(" ".join((self.__doc__ or "").split()) + (f" ({detail})" if detail else ""))


class DocumentUnreadable(_DocumentRefused):
    """The file is no PDF, or not one that is written as the standard says. Printing it to a new PDF often helps."""

    code = "document_unreadable"


class DocumentEncrypted(_DocumentRefused):
    """The PDF is encrypted: what it shows depends on who opens it. Save it without a password first."""

    code = "document_encrypted"


class DocumentActive(_DocumentRefused):
    """The PDF can change what it shows by itself, or shows what is not in it: scripts, forms, media, external content."""

    code = "document_active"


class DocumentSigned(_DocumentRefused):
    """The PDF has a signature already, and a seal would be a change to what was signed. Seal the document as it was before."""

    code = "document_signed"


class TimeStampUnavailable(Fault):
    """The time-stamping authority did not give a time stamp that holds."""

    code = "time_stamp_unavailable"


class _SealRefused(TokenInvalid):
    """A leaf speaks through its docstring: the message never repeats what the document says."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class SealMissing(_SealRefused):
    """The document has no seal."""

    code = "seal_missing"


class SealMalformed(_SealRefused):
    """The seal cannot be read: its dictionary, its message (CMS) or its certificate."""

    code = "seal_malformed"


class SealFormat(_SealRefused):
    """The last signature of the document is no seal of one sealer in the format of PAdES (ETSI EN 319 142-1)."""

    code = "seal_format"


class SealCoverage(_SealRefused):
    """The seal says of itself that it leaves out a part of the document."""

    code = "seal_coverage"


class SealDocumentChanged(_SealRefused):
    """The document was changed after it was sealed: something was added to its end.

    changes: what kinds of object were added or replaced, as the addition itself calls them, sorted; empty where that cannot
    be read.
    """

    code = "seal_document_changed"

    def __init__(self, changes: tuple[str, ...] = ()) -> None:
        TokenInvalid.__init__(self, "The document was changed after it was sealed: something was added to its end.")
        self.changes = changes


class SealTampered(_SealRefused):
    """The document is not the one that was sealed: a part that the seal covers was changed."""

    code = "seal_tampered"


class SealAlgorithm(_SealRefused):
    """The seal was made with another algorithm than ECDSA with SHA-256."""

    code = "seal_algorithm"


class SealCertificateUnbound(_SealRefused):
    """The seal does not name its certificate in what it signs, or names another: one could be put in the place of the other."""

    code = "seal_certificate_unbound"


class SealSignature(_SealRefused):
    """The signature of the seal does not verify."""

    code = "seal_signature"


class SealTimeStamp(_SealRefused):
    """The time stamp in the seal does not hold, or is of another seal, or of a time that has not come."""

    code = "seal_time_stamp"


class SealOutOfScope(_SealRefused):
    """The sealer's root is trusted, but not for sealing documents."""

    code = "seal_out_of_scope"


class SealIssuerNotTrusted(_SealRefused):
    """The sealer's root is trusted for sealing, but not in the name that the certificate gives."""

    code = "seal_issuer_not_trusted"
