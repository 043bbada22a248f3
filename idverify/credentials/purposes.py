"""What a certificate of an issuer may sign: one extended key usage (RFC 5280 section 4.2.1.12) a purpose, so that a key
that was made to say 'revoked' can never say 'issued'.

The identifiers stand under the arc of one random UUID (ITU-T X.667), which needs no registration.
"""

from enum import StrEnum

_ARC = "2.25.99843960711705871273018891193280666293"


class Purpose(StrEnum):
    """The value is the object identifier of the key usage."""

    CREDENTIAL = f"{_ARC}.1"
    STATUS = f"{_ARC}.2"
    TRUST_LIST = f"{_ARC}.3"
