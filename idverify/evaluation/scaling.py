"""Throughput of two cores over that of one, in one process whose threads share one copy of the models."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from idverify.evaluation.hardware import cores_apart, held_to
from idverify.evaluation.load import ANSWERED, Send, saturate

_BLOCK: Final = bytes(1 << 20)


def measure_scaling(
    send: Send, *, seconds: float, rounds: int, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> dict[str, Any] | None:
    """`rounds` times, in turn: held to one core, then to two, either for `seconds`. None with fewer than two cores.

    One thread more than cores, so that a core has work while a thread waits for Python's lock. Either throughput is the best of
    its rounds: whatever else a machine does can only lower it. The yardstick is a fixed computation that shares nothing, the
    SHA-256 of one block, timed the same way beside each round: where it does not double, the cores were not ours, or are one.
    """
    if len(cores_apart(2)[0]) < 2:
        return None
    found: list[dict[str, float]] = []
    for done in range(rounds):
        progress(done, rounds)
        one, two = (_held(send, count, seconds) for count in (1, 2))
        alone, both = (_held(_hash, count, seconds / 4) for count in (1, 2))
        found.append({"one_core_per_s": one, "two_cores_per_s": two, "yardstick_one": alone, "yardstick_two": both})
    progress(rounds, rounds)
    best = {name: max(turn[name] for turn in found) for name in found[0]}
    return {
        "ratio": best["two_cores_per_s"] / best["one_core_per_s"],
        "one_core_per_s": best["one_core_per_s"],
        "two_cores_per_s": best["two_cores_per_s"],
        "yardstick_ratio": best["yardstick_two"] / best["yardstick_one"],
        "rounds": found,
    }


def _held(send: Send, cores: int, seconds: float) -> float:
    with held_to(cores_apart(cores)[0]):
        return saturate(send, threads=cores + 1, seconds=seconds)


def _hash(_turn: int) -> str:
    hashlib.sha256(_BLOCK).digest()
    return ANSWERED
