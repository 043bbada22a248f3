"""What a certificate of an installation may sign: one extended key usage (RFC 5280 section 4.2.1.12) a purpose, so that a key
that was made to say 'revoked' can never say 'issued'.

Credentials have the document signer's usage of ISO/IEC 18013-5 (annex B), which other readers of credentials look for too, and
seals the one for documents that people read (RFC 9336). The others stand under the arc of one random UUID (ITU-T X.667), which
needs no registration.
"""

from enum import StrEnum

from idverify.keys.authority import DOCUMENT_SIGNING

_ARC = "2.25.99843960711705871273018891193280666293"


class Purpose(StrEnum):
    """The value is the object identifier of the key usage."""

    CREDENTIAL = "1.0.18013.5.1.2"
    STATUS = f"{_ARC}.2"
    TRUST_LIST = f"{_ARC}.3"
    READER = f"{_ARC}.4"
    SEAL = DOCUMENT_SIGNING


WALLET_PROVIDER = f"{_ARC}.5"
"""Of who speaks of wallets and the keys in them. No purpose of an installation: its root certifies no such key."""

ISSUING = frozenset(Purpose)
"""What an installation certifies for itself: nothing that speaks of wallets is signed under any of them."""
