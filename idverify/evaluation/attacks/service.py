"""The real service in process: every trial is a session that is asked for, begun and connected to as a client would.

Its clock is the trial's and its random bytes come from the trial's seed, so that a trial can be repeated. Nothing else of it
is changed, and nothing that a trial measures is read by a device.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from idverify.ceremonies import Parts, live, person, sessions
from idverify.ceremonies.live_connection import Live
from idverify.ceremonies.person import Bearer
from idverify.ceremonies.session_record import load
from idverify.decision.decide import CHALLENGE_NOT_PASSED, FLAT, SUSPECTED_INJECTION
from idverify.decision.profile import Profile
from idverify.evaluation.attacks.device import Device, Opened
from idverify.evaluation.attacks.shots import Said
from idverify.evaluation.attacks.trial import Run, Verdict, run
from idverify.face.comparison import compare
from idverify.liveness.challenge import Step
from idverify.liveness.conductor import Phase
from idverify.liveness.summary import summarise
from idverify.store.clients import Client
from idverify.values import LiveEvidence

_DEPTH = ("parallax", "flash", "flash_over_background")
_OUTCOMES = ("approved", "declined", "retake", "review")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the sessions of a benchmark ask for. profile: its name; movement, flashing: what the person allows."""

    profile: str = "active"
    movement: bool = True
    flashing: bool = True


class Service:
    """An installation of its own, with a client that may ask for sessions."""

    draws = 400

    def __init__(self, parts: Parts, client: Client) -> None:
        self._parts, self._client = parts, client
        self._epoch = parts.now()
        self._used: Counter[int] = Counter()

    def connect(self, reference: bytes, asked: Asked, seed: int) -> "ServedAttempt":
        """A new session against the reference photograph, begun and connected. Raises what acquiring the reference raises."""
        clock = _Clock(self._epoch)
        random = np.random.default_rng([seed, self._used[seed]])  # a second session of one seed cannot have the first one's id
        self._used[seed] += 1
        parts = replace(self._parts, now=clock.now, random_bytes=random.bytes)
        created = sessions.create(
            parts,
            self._client,
            sessions.Asked(
                audience=min(self._client.audiences),
                purpose=min(self._client.purposes),
                profile=asked.profile,
                consent_version="benchmark",
                consent_at=clock.now(),
                code_challenge="A" * 43,
                reference=reference,
            ),
        )
        first = Bearer(created.client_token)
        begun = person.begin(parts, created.session_id, first, movement=asked.movement, flashing=asked.flashing)
        bearer = Bearer(created.client_token, begun.agent)
        connected, hello = live.connect(parts, created.session_id, bearer, at=0.0)
        return ServedAttempt(parts, clock, connected, hello, Opened(created.session_id, bytes.fromhex(created.nonce)), asked)

    def attempt(
        self, reference: bytes, asked: Asked, seed: int, build: Callable[[], Device], able: Callable[[Step], bool]
    ) -> Run | None:
        """How a device fares in a new session, in virtual time; None where the challenge asks for what it cannot do."""
        connection = self.connect(reference, asked, seed)
        return run(connection, build()) if all(able(step) for step in connection.steps) else None


class ServedAttempt:
    """One connection (trial.Connection) to the service."""

    def __init__(
        self, parts: Parts, clock: "_Clock", connected: Live, hello: Sequence[Said], opened: Opened, asked: Asked
    ) -> None:
        self._parts, self._clock, self._live, self._before = parts, clock, connected, connected
        self.hello, self.opened = hello, opened
        self._profile = parts.profiles[asked.profile]
        self._outcome: str | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The challenge."""
        return self._live.conductor.steps

    def receive(self, message: bytes, at: float) -> Sequence[Said]:
        """One message. Raises FrameRefused, ImageRejected, TooLarge: the connection is dropped then, as the service does."""
        self._clock.at = at
        return self._taken(lambda: live.receive(self._parts, self._live, message, at=at))

    def passed(self, at: float) -> Sequence[Said]:
        """What the clock alone brings."""
        self._clock.at = at
        return self._taken(lambda: live.passed_time(self._parts, self._live, at=at))

    def ended(self) -> Verdict | None:
        """The decision with its reasons, from the session's own record, and what the evidence was."""
        if self._outcome is None:
            return None
        with self._parts.store.reading() as tx:
            decision = load(self._parts, tx, self._live.session_id).decision or {}
        reasons = tuple(decision.get("reasons", ()))
        conductor = self._live.conductor
        passed = CHALLENGE_NOT_PASSED not in reasons
        # The frame that ended the attempt is the last one analysed, and the only one that `_before` does not hold.
        evidence, template, _ = summarise(conductor, self._before.analyses, passed=passed, attestation=None)
        score = None if template is None else compare(template.vector, self._live.reference.template.vector)
        step = self._before.conductor.steps[max(0, conductor.index)].kind.value
        where = {Phase.FIT: "fit", Phase.AHEAD: "ahead"}.get(self._before.conductor.phase, step)
        causes = tuple(dict.fromkeys(_causes(reasons, evidence, self._profile, where)))
        return Verdict(self._outcome, causes, {"comparison": score, **numbers(evidence)})

    def _taken(self, act: Callable[[], tuple[Live, Sequence[Said]]]) -> Sequence[Said]:
        self._before = self._live
        self._live, said = act()
        for one in said:
            if one["type"] == "result":
                self._outcome = one["outcome"] if one["outcome"] in _OUTCOMES else "undecided"
        return said


def numbers(evidence: LiveEvidence) -> Mapping[str, float | None]:
    """The evidence by name."""
    measured = {name: getattr(evidence, name) for name in ("pad_score", *_DEPTH, "continuity")}
    return measured | {f"injection: {name}": float(value) for name, value in evidence.injection.items()}


def _causes(reasons: Sequence[str], evidence: LiveEvidence, profile: Profile, where: str) -> Iterator[str]:
    """The decision's reasons, each with the evidence that it came from."""
    for reason in reasons:
        found: list[str] = []
        if reason == SUSPECTED_INJECTION:
            limits = profile.injection.items()
            found = [f"injection: {name}" for name, band in limits if -evidence.injection.get(name, 0.0) < band.passes]
        elif reason == FLAT:
            bands = {name: getattr(profile, name) for name in _DEPTH}
            measured = ((name, getattr(evidence, name)) for name in _DEPTH)
            found = [name for name, value in measured if value is not None and value < bands[name].passes]
        elif reason == CHALLENGE_NOT_PASSED:
            found = [f"challenge: {where}"]
        yield from found or [reason]


class _Clock:
    """The trial's clock, as seconds since the epoch."""

    def __init__(self, epoch: float) -> None:
        self._epoch, self.at = epoch, 0.0

    def now(self) -> float:
        """Of this moment."""
        return self._epoch + self.at
