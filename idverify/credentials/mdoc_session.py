"""What the holder's signature on an mdoc is for: one reader and one nonce (OpenID4VP 1.0 appendix B.2.6.1)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from idverify.credentials import cose

HANDOVER = "OpenID4VPHandover"


@dataclass(frozen=True, slots=True)
class Session:
    """One request for a presentation. client_id: the reader. nonce: its own, for this presentation.

    response_uri: where the answer goes. thumbprint: SHA-256 (RFC 7638) of the key it is encrypted to; None where it is not.
    """

    client_id: str
    nonce: str
    response_uri: str
    thumbprint: bytes | None = None

    @classmethod
    def plain(cls, audience: str, nonce: str) -> "Session":
        """Without a request of OpenID4VP: the answer is handed to the reader by whatever way, and goes to its name."""
        return cls(audience, nonce, audience)

    @property
    def transcript(self) -> list[Any]:
        """SessionTranscript (ISO/IEC 18013-5 section 9.1.5.1): no engagement, no reader's key, the handover."""
        asked = cose.encode([self.client_id, self.nonce, self.thumbprint, self.response_uri])
        return [None, None, [HANDOVER, hashlib.sha256(asked).digest()]]


def device_authentication(session: Session, doctype: str, said: bytes) -> bytes:
    """DeviceAuthenticationBytes (section 9.1.3.4): what the device signs. said: what it says of its own, as it stands."""
    parts = ["DeviceAuthentication", session.transcript, doctype, cose.Tag(cose.EMBEDDED, said)]
    return cose.encode(cose.embed(parts))
