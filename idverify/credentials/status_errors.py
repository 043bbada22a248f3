"""Why a status list was refused, beyond what its signature and its certificate are refused for.

::

    TokenInvalid
    |-- StatusListClaim        status_list_claim        |-- StatusListSubject      status_list_subject
    |-- StatusListTime         status_list_time         |-- StatusListBits         status_list_bits
    |-- StatusListFuture       status_list_future       |-- StatusListEncoding     status_list_encoding
    |-- StatusListExpired      status_list_expired      |-- StatusListCompression  status_list_compression
    |-- StatusListLifetime     status_list_lifetime     |-- StatusListTooLarge     status_list_too_large
    |-- StatusListIssuer       status_list_issuer       |-- StatusListForm         status_list_form
    |                                                   `-- StatusListSignature    status_list_signature
    `-- StatusListIssuerNotTrusted                      status_list_issuer_not_trusted

StatusListForm and StatusListSignature are of lists in CBOR alone.
"""

from idverify.credentials.errors import _Refused


class StatusListClaim(_Refused):
    """A claim of the status list is missing or has the wrong type."""

    code = "status_list_claim"


class StatusListTime(_Refused):
    """iat, exp or ttl of the status list is missing or not a number of seconds."""

    code = "status_list_time"


class StatusListFuture(_Refused):
    """The status list says that it was issued later than now: one of the two clocks is wrong."""

    code = "status_list_future"


class StatusListExpired(_Refused):
    """The status list's time is over: what it says counts no more. Fetch a newer one."""

    code = "status_list_expired"


class StatusListLifetime(_Refused):
    """The status list would count for longer than a day, or ends before it begins."""

    code = "status_list_lifetime"


class StatusListIssuer(_Refused):
    """The certificate of the status list was made for another issuer than the list names."""

    code = "status_list_issuer"


class StatusListIssuerNotTrusted(_Refused):
    """The root above the status list is trusted, but not in the name of the issuer that the list gives."""

    code = "status_list_issuer_not_trusted"


class StatusListSubject(_Refused):
    """The status list is another one than was asked for, or stands at an address that is not its issuer's."""

    code = "status_list_subject"


class StatusListBits(_Refused):
    """The statuses of the list have neither 1 nor 2 bits."""

    code = "status_list_bits"


class StatusListEncoding(_Refused):
    """The list is not canonical base64url."""

    code = "status_list_encoding"


class StatusListCompression(_Refused):
    """The list is not one whole zlib stream (RFC 1950) and nothing else."""

    code = "status_list_compression"


class StatusListTooLarge(_Refused):
    """The list holds more statuses than any list does: it may have been made to exhaust its readers."""

    code = "status_list_too_large"


class StatusListForm(_Refused):
    """The bytes are not a signed status list in CBOR: a tagged COSE_Sign1, its type and algorithm, and one certificate."""

    code = "status_list_form"


class StatusListSignature(_Refused):
    """The signature of the status list does not hold: it was altered, or the key is another one."""

    code = "status_list_signature"
