"""One trial: a device against the service, in virtual time, until the attempt has an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from idverify.errors import IdverifyError
from idverify.evaluation.attacks.device import Device, Opened
from idverify.evaluation.attacks.shots import Said
from idverify.liveness.challenge import Step

TICK_SECONDS = 0.25
LONGEST = 90.0
"""Seconds after which a trial is given up: nothing was decided."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the service made of an attempt. outcome: approved, declined, retake, review, or an error's code.

    reasons: of the decision, stable codes. evidence: numbers by name, where the service measured them.
    """

    outcome: str
    reasons: tuple[str, ...] = ()
    evidence: Mapping[str, float | None] = field(default_factory=dict)


class Connection(Protocol):
    """One attempt at the service's end, in process."""

    @property
    def opened(self) -> Opened:
        """What the client knows."""
        ...

    @property
    def hello(self) -> Sequence[Said]:
        """The service's first words."""
        ...

    @property
    def steps(self) -> tuple[Step, ...]:
        """The challenge, hidden from every device."""
        ...

    def receive(self, message: bytes, at: float) -> Sequence[Said]:
        """Take one message in. Raises IdverifyError where it is refused."""
        ...

    def passed(self, at: float) -> Sequence[Said]:
        """What the clock alone brings."""
        ...

    def ended(self) -> Verdict | None:
        """How it ended; None while it has not."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt and what came of it: a line of the journal.

    person: whom intervals cluster by. steps: kinds of the challenge. frames: that were sent. seconds: of virtual time.
    passed_over: of a bona fide attempt, challenges drawn before one came that the clip has the movement for.
    """

    species: str
    strength: str
    subject: str
    person: str
    seed: int
    outcome: str
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    frames: int
    seconds: float
    evidence: Mapping[str, float | None]
    passed_over: int = 0

    def line(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Run:
    """How a device fared. steps: of the challenge, as far as they are known. frames: that were sent."""

    verdict: Verdict
    frames: int
    seconds: float
    steps: tuple[Step, ...]


def run(connection: Connection, device: Device) -> Run:
    """Let the device speak until there is an outcome; a message that is refused ends it with the error's code."""
    now, frames = 0.0, 0
    device.connect(connection.opened, connection.hello[0])
    device.hear(connection.hello, 0.0)
    try:
        while now < LONGEST:
            for message, at in device.next():
                while at - now > TICK_SECONDS:
                    now += TICK_SECONDS
                    device.hear(connection.passed(now), now)
                    if (verdict := connection.ended()) is not None:
                        return Run(verdict, frames, now, connection.steps)
                now, frames = max(now, at), frames + 1
                device.hear(connection.receive(message, now), now)
                if (verdict := connection.ended()) is not None:
                    return Run(verdict, frames, now, connection.steps)
    except IdverifyError as refusal:
        return Run(Verdict(refusal.code, (refusal.code,)), frames, now, connection.steps)
    return Run(Verdict("undecided"), frames, now, connection.steps)
