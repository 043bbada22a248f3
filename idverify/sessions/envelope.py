"""The envelope of a stream's frames: sequence number, hash chain and MAC around each JPEG.

::

    sequence u32 big endian | link 32 | mac 32 | JPEG

    link of the first frame    SHA-256("idverify chain 1" 00 | session id | attempt | nonce | commitment), parts length-prefixed
    link of every later frame  SHA-256(the whole message before it), or, from the first that was made after a reveal came in,
                               SHA-256(the whole message before it | reveal)
    mac                        HMAC-SHA-256(key, sequence | link | SHA-256(JPEG))
    key                        HKDF-SHA-256(nonce, salt of the connection, "idverify stream 1" 00 | session id | attempt)

The last message of a stream that is signed has a signature in place of the JPEG, over `closing_statement` of its own link.

What it proves, and what not (docs/security/live.md): these frames, all of them, in this order, made by who knows the nonce,
and which of them were made after a reveal was known. It does not prove a camera: the client holds the key.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idverify.errors import FrameRefused

MAX_FRAME_BYTES = 300_000
HEADER_BYTES = 68
MAX_FRAMES = 3_000
MAX_BYTES = 200_000_000
FRAMES_PER_SECOND = 15.0
"""Sustained; a camera gives 10 to 30, and our page sends 10."""

BURST = 30
"""Frames that may come at once: what a mobile network held back for two seconds."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An opened message. reveals: how many reveals its link acknowledges."""

    sequence: int
    jpeg: bytes
    reveals: int


@dataclass(frozen=True, slots=True, repr=False)
class Chain:
    """Where a stream is: key, next sequence number, the two links that the next frame may carry, reveals acknowledged.

    outstanding: the reveal that no frame has acknowledged yet. previous: what the next link is made of.
    """

    key: bytes
    sequence: int
    link: bytes
    reveals: int = 0
    outstanding: bytes | None = None
    previous: bytes = b""

    @staticmethod
    def start(session_id: str, attempt: int, nonce: bytes, commitment: bytes, key: bytes) -> "Chain":
        """The chain of a connection's first frame."""
        parts = (session_id.encode(), bytes([attempt]), nonce, commitment)
        return Chain(key, 0, hashlib.sha256(b"idverify chain 1\x00" + _joined(*parts)).digest())

    @property
    def next_link(self) -> bytes:
        """The link of a message that is made now, with all that was revealed.

        Of the very first frame, which has no message before it, the link itself stands for that.
        """
        if self.outstanding is None:
            return self.link
        return hashlib.sha256((self.previous or self.link) + self.outstanding).digest()

    def revealed(self, reveal: bytes) -> "Chain":
        """Something was revealed: the next link may, and from the first that does on must, be made with it.

        Raises ValueError while an earlier reveal is outstanding.
        """
        if self.outstanding is not None:
            raise ValueError("a reveal is outstanding")
        return replace(self, outstanding=reveal)


def stream_key(nonce: bytes, salt: bytes, session_id: str, attempt: int) -> bytes:
    """The MAC key of one connection, 32 bytes (RFC 5869)."""
    info = b"idverify stream 1\x00" + session_id.encode() + bytes([attempt])
    return HKDF(SHA256(), 32, salt, info).derive(nonce)


def closing_statement(session_id: str, attempt: int, nonce: bytes, link: bytes) -> bytes:
    """What is signed at the end of a stream. link: of the message that brings the signature.

    That link takes in the whole of the message before it, and so every frame, and what was revealed to ask for the signature.
    """
    return b"idverify stream end 1\x00" + _joined(session_id.encode(), bytes([attempt]), nonce, link)


def open_frame(chain: Chain, message: bytes) -> tuple[Frame, Chain]:
    """The frame of a message, and the chain after it. Raises FrameRefused for any message but one that may come now."""
    if not HEADER_BYTES < len(message) <= HEADER_BYTES + MAX_FRAME_BYTES:
        raise FrameRefused("a frame has a header of 68 bytes and a JPEG of at most 300,000")
    jpeg = message[HEADER_BYTES:]
    if not hmac.compare_digest(message[36:HEADER_BYTES], _mac(chain.key, message[:36], jpeg)):
        raise FrameRefused("the MAC does not fit")
    if int.from_bytes(message[:4], "big") != chain.sequence:
        raise FrameRefused("a frame is missing, came twice or out of order")
    link = message[4:36]
    acknowledges = chain.outstanding is not None and hmac.compare_digest(link, chain.next_link)
    if not (acknowledges or hmac.compare_digest(link, chain.link)):
        raise FrameRefused("the chain does not fit")
    return _after(chain, message, jpeg, acknowledges=acknowledges)


def seal_frame(chain: Chain, jpeg: bytes) -> tuple[bytes, Chain]:
    """The client's side: the message of the next frame, made after all that was revealed, and the chain after it."""
    head = chain.sequence.to_bytes(4, "big") + chain.next_link
    message = head + _mac(chain.key, head, jpeg) + jpeg
    return message, _after(chain, message, jpeg, acknowledges=chain.outstanding is not None)[1]


def _after(chain: Chain, message: bytes, jpeg: bytes, *, acknowledges: bool) -> tuple[Frame, Chain]:
    reveals = chain.reveals + acknowledges
    following = replace(
        chain,
        sequence=chain.sequence + 1,
        link=hashlib.sha256(message).digest(),
        previous=message,
        reveals=reveals,
        outstanding=None if acknowledges else chain.outstanding,
    )
    return Frame(chain.sequence, jpeg, reveals), following


def _joined(*parts: bytes) -> bytes:
    """Each with its length before it, so that no two lists of parts join to the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _mac(key: bytes, head: bytes, jpeg: bytes) -> bytes:
    return hmac.digest(key, head + hashlib.sha256(jpeg).digest(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a stream has sent, within its bounds. tokens: frames that may still come at once; at: of the last one."""

    frames: int = 0
    size: int = 0
    tokens: float = BURST
    at: float | None = None

    def took(self, size: int, at: float) -> "Pace":
        """One more frame of that many bytes arrived `at`, in seconds. Raises FrameRefused beyond any bound."""
        waited = 0.0 if self.at is None else max(0.0, at - self.at)
        tokens = min(BURST, self.tokens + waited * FRAMES_PER_SECOND) - 1
        after = Pace(self.frames + 1, self.size + size, tokens, at)
        if tokens < 0:
            raise FrameRefused("frames come faster than 15 a second")
        if after.frames > MAX_FRAMES or after.size > MAX_BYTES:
            raise FrameRefused("the stream is too long")
        return after
