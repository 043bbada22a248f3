"""What a measurement ran on, and how to hold it to one core."""

import os
import platform
import statistics
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

_FLAGS: Final = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "sve", "i8mm")


def describe_hardware() -> dict[str, Any]:
    """Processor, the vector instructions that matter, cores that this process may use, and the system."""
    facts = _cpu_facts()
    present = set(facts.get("flags", facts.get("Features", "")).split())
    return {
        "cpu": facts.get("model name") or platform.processor() or platform.machine(),
        "flags": [flag for flag in _FLAGS if flag in present],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


@contextmanager
def one_core() -> Iterator[int | None]:
    """Hold every thread of this process, and those it will start, to one core; afterwards each may use what it could before.

    Yields the core's number, or None where the system cannot pin (macOS, Windows).
    """
    with held_to(cores_apart(1)[0]) as cores:
        yield None if cores is None else max(cores)


@contextmanager
def held_to(cores: Set[int]) -> Iterator[Set[int] | None]:
    """The same for a set of cores. Yields the set, or None where the system cannot pin or `cores` is empty."""
    if not hasattr(os, "sched_setaffinity") or not cores:
        yield None
        return
    before = os.sched_getaffinity(0)
    _pin_threads(cores)
    try:
        yield cores
    finally:
        _pin_threads(before)


def cores_apart(count: int) -> tuple[Set[int], Set[int]]:
    """The `count` highest cores that this process may use, and the others; both empty where the system cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return frozenset(), frozenset()
    cores = sorted(os.sched_getaffinity(0))
    return frozenset(cores[-count:]), frozenset(cores[:-count])


def resident_mb(pid: int | None = None) -> dict[str, float | None]:
    """Memory of a process, of this one unless another is named, in MB of 10**6 bytes: resident now, and its highest so far.

    Read from /proc: the maximum that getrusage knows survives exec, so a large parent would be measured. Both None
    elsewhere, and of a process that has ended.
    """
    try:
        status = Path(f"/proc/{pid or 'self'}/status").read_text(encoding="ascii")
    except OSError:
        return {"now": None, "peak": None}
    wanted = [line.split() for line in status.splitlines() if line.startswith(("VmRSS", "VmHWM"))]
    kibibytes = {words[0].rstrip(":"): int(words[1]) for words in wanted}
    if kibibytes.keys() < {"VmRSS", "VmHWM"}:  # a process that ended and that nobody has waited for yet
        return {"now": None, "peak": None}
    return {"now": kibibytes["VmRSS"] * 1024 / 1e6, "peak": kibibytes["VmHWM"] * 1024 / 1e6}


def processor_seconds(pid: int) -> float | None:
    """Processor time that a process has used, in all its threads; None where /proc is missing."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    user, system = stat.rpartition(")")[2].split()[11:13]  # a program's name may hold spaces and parentheses
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def matrix_product_ms(size: int = 1024, repeats: int = 7) -> float:
    """Milliseconds, median, of one fixed product of two float32 matrices: a yardstick that knows nothing of faces."""
    factor = np.linspace(-1, 1, size * size, dtype=np.float32).reshape(size, size)
    elapsed = []
    for _ in range(repeats):
        started = time.perf_counter()
        factor @ factor
        elapsed.append(1000 * (time.perf_counter() - started))
    return statistics.median(elapsed)


def _pin_threads(cores: Set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), cores)
        except ProcessLookupError:  # it ended in between
            continue


def _cpu_facts() -> dict[str, str]:
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n", maxsplit=1)[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
