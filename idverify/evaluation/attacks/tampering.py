"""Devices that break the protocol. Naive: they change what is sealed; informed: what is sealed next, with the right key."""

import hashlib
import hmac
from enum import StrEnum

import numpy as np

from idverify.evaluation.attacks.device import Clock, Device, Opened, Source, unpadded
from idverify.evaluation.attacks.shots import Said
from idverify.evaluation.attacks.timing import Moment
from idverify.sessions.envelope import stream_key

_SEQUENCE, _LINK, _MAC = 4, 32, 32
_HEADER = _SEQUENCE + _LINK + _MAC
Sent = list[tuple[bytes, float]]


class Tamper(StrEnum):
    """What is done to a frame now and then."""

    REORDER = "reordered_frames"
    DROP = "dropped_frames"
    DUPLICATE = "duplicated_frames"
    SEQUENCE = "forged_sequence"
    MAC = "forged_mac"


class TamperingDevice(Device):
    """Tampers with every so many frames."""

    def __init__(
        self, source: Source, clock: Clock, tamper: Tamper, *, every: int, informed: bool, generator: np.random.Generator
    ) -> None:
        super().__init__(source, clock)
        self._tamper, self._every, self._informed, self._generator = tamper, every, informed, generator
        self._key = self._other_key = b""
        self._count = 0
        self._held: bytes | None = None

    def connect(self, opened: Opened, hello: Said) -> None:
        """As any device, and keeps the keys of this connection and of another."""
        super().connect(opened, hello)
        attempt = int(hello["attempt"])
        self._key = stream_key(opened.nonce, unpadded(hello["salt"]), opened.session_id, attempt)
        self._other_key = stream_key(opened.nonce, self._generator.bytes(16), opened.session_id, attempt)

    def send(self, jpeg: bytes, moment: Moment) -> Sent:
        """Seal and send, or something like it."""
        self._count += 1
        if self._held is not None:
            held, self._held = self._held, None
            messages = [self.sealed(jpeg), self.sealed(held)] if self._informed else [self.sealed(jpeg), held]
            return [(message, moment.received) for message in messages]
        if self._count % self._every:
            return super().send(jpeg, moment)
        return [(message, moment.received) for message in self._tampered(jpeg)]

    def _tampered(self, jpeg: bytes) -> list[bytes]:
        match self._tamper:
            case Tamper.REORDER:
                self._held = jpeg if self._informed else self.sealed(jpeg)
                return []
            case Tamper.DROP:
                if not self._informed:
                    self.sealed(jpeg)
                return []
            case Tamper.DUPLICATE:
                message = self.sealed(jpeg)
                return [message, self.sealed(jpeg) if self._informed else message]
            case Tamper.SEQUENCE:
                message = self.sealed(jpeg)
                forged = (int.from_bytes(message[:_SEQUENCE], "big") + 1).to_bytes(_SEQUENCE, "big") + message[_SEQUENCE:]
                return [signed(forged, self._key) if self._informed else forged]
            case Tamper.MAC:
                message = self.sealed(jpeg)
                if self._informed:
                    return [signed(message, self._other_key)]
                return [message[: _HEADER - _MAC] + self._generator.bytes(_MAC) + message[_HEADER:]]


def signed(message: bytes, key: bytes) -> bytes:
    """The message with a MAC of this key, as the stream's layout has it."""
    covered = message[: _HEADER - _MAC]
    mac = hmac.digest(key, covered + hashlib.sha256(message[_HEADER:]).digest(), hashlib.sha256)
    return covered + mac + message[_HEADER:]
