"""Throughput of two cores over that of one, in one process whose threads share one copy of the models."""

import hashlib
import statistics
from collections.abc import Callable
from typing import Any, Final

from idverify.evaluation.hardware import cores_apart, held_to
from idverify.evaluation.load import ANSWERED, Send, saturate

_BLOCK: Final = bytes(1 << 20)


def measure_scaling(
    send: Send, *, seconds: float, rounds: int, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Any] | None:
    """`rounds` times, in turn: one thread held to one core, two to two, either for `seconds`. None with fewer than two cores.

    The yardstick is a fixed computation that shares nothing (SHA-256 of the same block), timed the same way beside each round:
    where it does not double, the machine was lending its cores to others, or its two cores are one.
    """
    found: list[dict[str, float]] = []
    if len(cores_apart(2)[0]) < 2:
        return None
    for done in range(rounds):
        progress(done, rounds)
        one, two = (_held(send, count, seconds) for count in (1, 2))
        alone, both = (_held(_hash, count, seconds / 4) for count in (1, 2))
        found.append(
            {"one_core_per_s": one, "two_cores_per_s": two, "ratio": two / one if one else 0.0, "yardstick_ratio": both / alone}
        )
    progress(rounds, rounds)
    medians = {name: statistics.median(turn[name] for turn in found) for name in found[0]}
    return {**medians, "best_ratio": max(turn["ratio"] for turn in found), "rounds": found}


def _held(send: Send, cores: int, seconds: float) -> float:
    with held_to(cores_apart(cores)[0]):
        return saturate(send, threads=cores, seconds=seconds)


def _hash(_turn: int) -> str:
    hashlib.sha256(_BLOCK).digest()
    return ANSWERED
