"""The two paths that are timed beside each other, behind one shape: ours as the service runs it, and the frozen naive one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2

from idverify.acquisition import Acquirer
from idverify.ceremonies.judging import judge
from idverify.decision.policy import Policy
from idverify.errors import FailureToAcquire, ImageRejected
from idverify.evaluation.naive import NaivePath


@dataclass(frozen=True, slots=True)
class Seen:
    """What a path measured of one frame: comparison score (cosine), PAD score (0..1), milliseconds. Scores None: no face."""

    score: float | None
    pad: float | None
    total_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)


Verify = Callable[[bytes], Seen]


class OurPath:
    """The product's own steps 2 to 9, the decision included."""

    def __init__(self, acquirer: Acquirer, policy: Policy) -> None:
        self._acquirer, self._policy = acquirer, policy

    def against(self, reference: bytes) -> Verify | None:
        """Verification against that photograph, acquired untimed; None where it yields no template."""
        try:
            template = self._acquirer.acquire(reference).template
        except (FailureToAcquire, ImageRejected):
            return None

        def verify(frame: bytes) -> Seen:
            started = time.perf_counter()
            try:
                probe = self._acquirer.acquire(frame)
                judged = judge(probe, template, self._policy)
            except (FailureToAcquire, ImageRejected):
                return Seen(None, None, 1000 * (time.perf_counter() - started))
            elapsed = 1000 * (time.perf_counter() - started)
            return Seen(judged.comparison_score, probe.pad_score, elapsed, {**probe.timings_ms, **judged.timings_ms})

        return verify


class YardstickPath:
    """The naive path. A frame without a face, or with a box beyond the picture, is one that it fails to acquire."""

    def __init__(self, naive: NaivePath) -> None:
        self._naive = naive

    def against(self, reference: bytes) -> Verify | None:
        """Verification against that photograph, acquired untimed; None where it yields no template."""
        try:
            vector = self._naive.embed(reference)
        except (ValueError, cv2.error):
            return None

        def verify(frame: bytes) -> Seen:
            started = time.perf_counter()
            try:
                score, pad, stages = self._naive.verify(frame, vector)
            except (ValueError, cv2.error):
                return Seen(None, None, 1000 * (time.perf_counter() - started))
            return Seen(score, pad, 1000 * (time.perf_counter() - started), stages)

        return verify
