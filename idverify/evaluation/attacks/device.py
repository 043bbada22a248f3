"""The simulated capture device: speaks the stream's protocol, in virtual time."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from idverify.evaluation.attacks.camera import Sensor, encoded
from idverify.evaluation.attacks.shots import Actor, Said
from idverify.evaluation.attacks.timing import Moment
from idverify.sessions.envelope import Chain, seal_frame, stream_key


@dataclass(frozen=True, slots=True)
class Opened:
    """What a client knows of its session when it connects."""

    session_id: str
    nonce: bytes


class Clock(Protocol):
    """When frames are made, and how long the service's words take."""

    @property
    def down(self) -> float:
        """Seconds until a message of the service is read."""
        ...

    def next(self) -> Moment:
        """The next frame's times."""
        ...


class Source(Protocol):
    """Where a device gets its JPEG from."""

    def hear(self, said: Said, at: float) -> None:
        """Take in what the service said, which arrived `at`."""
        ...

    def jpeg(self, at: float) -> bytes:
        """The frame of this moment."""
        ...


class Filmed:
    """An actor before a camera; without a sensor, pictures as a program draws them. quality: of the JPEG."""

    def __init__(self, actor: Actor, sensor: Sensor | None, quality: int) -> None:
        self._actor, self._sensor, self.quality = actor, sensor, quality

    def hear(self, said: Said, at: float) -> None:
        """The actor hears."""
        self._actor.hear(said, at)

    def jpeg(self, at: float) -> bytes:
        """The actor as the camera takes it."""
        pixels = self._actor.shot(at).pixels
        return encoded(pixels if self._sensor is None else self._sensor.expose(pixels), self.quality)


class Device:
    """Seals a source's frames and sends them. What it is told reaches it, and so its chain, only when it has arrived."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self.source, self.clock = source, clock
        self.chain: Chain | None = None
        self._inbox: list[tuple[float, Said]] = []

    def connect(self, opened: Opened, hello: Said) -> None:
        """Begin the chain that the service's first words ask for."""
        attempt = int(hello["attempt"])
        key = stream_key(opened.nonce, unpadded(hello["salt"]), opened.session_id, attempt)
        self.chain = Chain.start(opened.session_id, attempt, opened.nonce, bytes.fromhex(hello["commitment"]), key)

    def hear(self, said: Sequence[Said], at: float) -> None:
        """The service said this `at`."""
        arrives = max([at + self.clock.down, *(when for when, _ in self._inbox[-1:])])
        self._inbox += [(arrives, one) for one in said]

    def next(self) -> list[tuple[bytes, float]]:
        """What is sent next, and when each message arrives; usually one."""
        return self.made(self.clock.next())

    def made(self, moment: Moment) -> list[tuple[bytes, float]]:
        """What is sent of this moment."""
        self._read(moment.sealed)
        return self.send(self.source.jpeg(moment.exposed), moment)

    def send(self, jpeg: bytes, moment: Moment) -> list[tuple[bytes, float]]:
        """Seal one frame and send it."""
        return [(self.sealed(jpeg), moment.received)]

    def sealed(self, jpeg: bytes) -> bytes:
        """The frame as the next link of the chain. Raises RuntimeError before `connect`."""
        if self.chain is None:
            raise RuntimeError("connect first")
        message, self.chain = seal_frame(self.chain, jpeg)
        return message

    def _read(self, until: float) -> None:
        while self._inbox and self._inbox[0][0] <= until:
            at, said = self._inbox.pop(0)
            if "reveal" in said and self.chain is not None:
                self.chain = self.chain.revealed(unpadded(said["reveal"]))
            self.source.hear(said, at)


def unpadded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
