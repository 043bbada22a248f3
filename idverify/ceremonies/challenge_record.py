"""What the audit has of a session's challenges: first a commitment, the seed once nobody can answer it any more.

So that whoever holds the audit can replay what every attempt was asked, also one that was taken up again, lost or spoiled. No
client reads the audit, and yet a seed stands there only when its connection has ended: another one draws another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from idverify.audit.chain import JSON, Entry
from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.session_record import Held, note
from idverify.liveness.challenge import Kind, Options, Step, commitment, draw, redrawn
from idverify.store import Connection


@dataclass(frozen=True, slots=True)
class Challenge:
    """One that the audit has. attempt: 1, 2, 3. resumed: taken up again after a lost connection.

    steps: None while the seed is not told; it never is where the subject was erased meanwhile, and the session with it.
    """

    attempt: int
    resumed: bool
    steps: tuple[Step, ...] | None


def steps_of(seed: bytes, options: Options, earlier: Sequence[str]) -> tuple[Step, ...]:
    """The steps of this seed. earlier: kinds of the challenge that is taken up again, in its order, which come once more in
    another order; empty for one that is drawn freely.
    """
    if earlier:
        return redrawn(tuple(Step(Kind(kind)) for kind in earlier), seed)
    return draw(seed, options)


def told(held: Held) -> dict[str, JSON]:
    """The seed, as an event has it, and what else it takes to replay the steps."""
    return {"seed": held.seed, "kinds": [*(held.kinds or ())], **(held.allowed_when_drawn or {})}


def disclosed(vault: Vault, tx: Connection, held: Held) -> Held:
    """Write down the seed whose commitment the audit has, if there is one; for a challenge that nobody can answer any more."""
    if not held.committed:
        return held
    note(vault, tx, Event.SESSION_CHALLENGE_DISCLOSED, held, actor=held.order.client_id, **told(held))
    return replace(held, committed=False)


def replayed(entries: Iterable[Entry], session_id: str) -> tuple[Challenge, ...]:
    """Every challenge of the session that the audit has a commitment to, in order. A seed that fits none of them gives none."""
    of_it = [entry for entry in entries if entry.details.get("session_id") == session_id]
    seeds: dict[str, dict[str, Any]] = {}
    for entry in of_it:
        if entry.event in {Event.SESSION_CHALLENGE_DISCLOSED, Event.SESSION_DECIDED}:
            details: dict[str, Any] = {**entry.details}
            seeds[commitment(bytes.fromhex(details["seed"])).hex()] = details
    found = []
    for entry in of_it:
        if entry.event in {Event.SESSION_CHALLENGED, Event.SESSION_RESUMED}:
            asked: dict[str, Any] = {**entry.details}
            resumed = entry.event == Event.SESSION_RESUMED
            steps = _steps(seeds.get(asked["commitment"]), asked["kinds"] if resumed else ())
            found.append(Challenge(asked["attempt"], resumed, steps))
    return tuple(found)


def _steps(details: dict[str, Any] | None, earlier: Sequence[str]) -> tuple[Step, ...] | None:
    if details is None:
        return None
    options = Options(details["movement"], details["flashing"], details["steps"])
    return steps_of(bytes.fromhex(details["seed"]), options, earlier)
