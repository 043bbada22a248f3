"""Steps 8 and 9 of a verification: a measured probe against a reference, under a policy. Nothing is read, written or issued."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from idverify.decision.decide import decide
from idverify.decision.policy import Policy
from idverify.face.comparison import compare
from idverify.values import Decision, Evidence, Probe, Template


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of it. comparison_score: -1..1, for reviewers and evaluation only. timings_ms: of `compare` and `decide`."""

    decision: Decision
    comparison_score: float
    timings_ms: Mapping[str, float]


def judge(probe: Probe, reference: Template, policy: Policy) -> Judged:
    """Compare the probe with the reference, both of the same embedder, and decide on all that was measured."""
    started = time.perf_counter()
    score = compare(probe.template.vector, reference.vector)
    evidence = Evidence(
        comparison_score=score,
        model_digest=probe.template.model_digest,
        pad_score=probe.pad_score,
        quality=probe.quality,
    )
    compared = time.perf_counter()
    decision = decide(evidence, policy)
    decided = time.perf_counter()
    return Judged(decision, score, {"compare": 1000 * (compared - started), "decide": 1000 * (decided - compared)})
