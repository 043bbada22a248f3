"""The service with defences switched off, and attempts that are judged anew without some of them."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from idverify.ceremonies import live, live_decision
from idverify.decision.decide import decide_live
from idverify.evaluation.attacks.tampering import signed
from idverify.liveness import conductor
from idverify.liveness.injection import NAMES
from idverify.sessions.envelope import Chain, Frame, open_frame
from idverify.values import Decision, Evidence, LiveEvidence

SIGNALS = tuple(f"injection: {name}" for name in NAMES)
MEASURES = ("pad", "continuity", "parallax", "flash", *SIGNALS)
"""Defences that judge a whole attempt."""

CHAIN = ("mac", "sequence", "link")
RUNNING = ("steps", "deadline", *CHAIN)
"""Defences that change how an attempt goes."""

_GENUINE: dict[str, dict[str, Any]] = {
    "pad": {"pad_score": 1.0},
    "continuity": {"continuity": 1.0},
    "parallax": {"parallax": 1.0},
    "flash": {"flash": 1.0, "flash_over_background": 1.0},
    "steps": {"challenge": True},
}
"""What each measure would be of the most genuine of people."""


@dataclass
class Judged:
    """What the last attempt of the service was decided on: the arguments of `decide_live`."""

    arguments: list[Any] = field(default_factory=list)

    def without(self, off: Collection[str]) -> Decision:
        """The decision on the same attempt, had those measures found nothing amiss."""
        evidence, measured, *rest = self.arguments
        assert isinstance(evidence, Evidence)
        assert isinstance(measured, LiveEvidence)
        for name in off:
            if name == "flash":  # that nobody asked for it is a finding too
                measured = replace(measured, asked=measured.asked | {"flash"})
            if name in SIGNALS:
                measured = replace(measured, injection={**measured.injection, name.removeprefix("injection: "): 0.0})
            else:
                measured = replace(measured, **_GENUINE.get(name, {}))
        return decide_live(replace(evidence, pad_score=measured.pad_score), measured, *rest)

    def only(self, kept: str) -> Decision:
        """The decision with that measure alone. `steps`: with a challenge that was not passed."""
        if kept == "steps":
            evidence, measured, *rest = self.arguments
            return Judged([evidence, replace(measured, challenge=False), *rest]).without(MEASURES)
        return self.without([name for name in MEASURES if name != kept])


@contextmanager
def undefended(off: Collection[str]) -> Iterator[Judged]:
    """Switch those of RUNNING off for a block, and keep what the last attempt in it was judged by."""
    judged = Judged()

    def kept(*arguments: Any) -> Decision:
        judged.arguments = list(arguments)
        return decide_live(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_decision, "decide_live", kept)
        if "steps" in off:  # done as soon as it is asked
            patch.setattr(conductor, "_move", lambda current, seen: conductor._after_step(current, seen.at))
            patch.setattr(conductor, "_straight_again", lambda *_: True)
        if "deadline" in off:
            patch.setattr(conductor, "STEP_DEADLINE", 60.0)
        if set(off) & set(CHAIN):
            patch.setattr(live, "open_frame", _Unchained(off))
        yield judged


class _Unchained:
    """`open_frame`, which is shown a message whose flaws were mended where nobody looks for them."""

    def __init__(self, off: Collection[str]) -> None:
        self._off = off
        self._plain: set[bytes] = set()

    def __call__(self, chain: Chain, message: bytes) -> tuple[Frame, Chain]:
        if "mac" not in self._off and signed(message, chain.key) != message:
            return open_frame(chain, message)
        if not self._plain:
            self._plain.add(chain.link)
        sequence, link, jpeg = message[:4], message[4:36], message[68:]
        if "sequence" in self._off:
            sequence = chain.sequence.to_bytes(4, "big")
        if "link" in self._off:
            acknowledges = chain.outstanding is not None and link not in self._plain
            link = chain.next_link if acknowledges else chain.link
        self._plain.add(hashlib.sha256(message).digest())
        return open_frame(chain, signed(sequence + link + bytes(32) + jpeg, chain.key))
