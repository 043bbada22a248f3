"""One against many, as enrolment searches: recall and time by gallery, population and cosine; and the rate of comparisons."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from idverify.evaluation.hardware import resident_mb
from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.latency import percentiles
from idverify.evaluation.populations import Population
from idverify.face.comparison import Quantised, compare_many, compare_pairs, compare_quantised, quantise
from idverify.registry.gallery import Gallery, bytes_each
from idverify.values import Floats

COSINES: Final = (0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
BUDGET_COSINE: Final = 0.5
_CHUNK: Final = 20_000
_REPEATS: Final = 9

Progress = Callable[[int, int], None]


def comparison_rates(n: int, dimension: int, generator: np.random.Generator) -> dict[str, Any]:
    """Bytes read per second by the comparison core, beside a copy of the same arrays in the same run: keys of the report.

    n: vectors on either side; memory is three times theirs. Each figure is the median of 9, taken in turn.
    """
    first, second = (generator.standard_normal((n, dimension), dtype=np.float32) for _ in range(2))
    probe, copied = first[0].copy(), np.empty_like(first)
    small = quantise(second)
    copied_small = np.empty_like(small.codes)
    work: dict[str, tuple[Callable[[], object], int, str]] = {
        "copy float32": (lambda: np.copyto(copied, first), first.nbytes, "copy float32"),
        "pairs float32": (lambda: compare_pairs(first, second), 2 * first.nbytes, "copy float32"),
        "one against many float32": (lambda: compare_many(probe[None], second), second.nbytes, "copy float32"),
        "copy int8": (lambda: np.copyto(copied_small, small.codes), small.codes.nbytes, "copy int8"),
        "one against many int8": (lambda: compare_quantised(probe, small), small.codes.nbytes, "copy int8"),
    }
    elapsed: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(_REPEATS):
        for name, (run, _, _) in work.items():
            started = time.perf_counter()
            run()
            elapsed[name].append(time.perf_counter() - started)
    rates = {name: work[name][1] / statistics.median(elapsed[name]) / 1e9 for name in work}
    rows = [
        {
            "what": name,
            "ms": 1000 * statistics.median(elapsed[name]),
            "gb_per_s": rates[name],
            "ratio_to_copy": rates[name] / rates[base],
        }
        for name, (_, _, base) in work.items()
    ]
    unit = first / np.linalg.norm(first, axis=1, keepdims=True)
    error = compare_quantised(unit[0], quantise(unit)) - unit @ unit[0]
    return {
        "n": n,
        "dimension": dimension,
        "repeats": _REPEATS,
        "rows": rows,
        "int8_error": {"standard_deviation": float(error.std()), "largest": float(np.abs(error).max())},
    }


def search_rows(
    population: Population,
    references: int,
    *,
    queries: int,
    candidates: int,
    cosines: Sequence[float],
    generator: np.random.Generator,
    progress: Progress,
) -> list[dict[str, Any]]:
    """A row of the report for each cosine: so many mated probes, one after the other, in a gallery of so many references.

    queries: at the cosine of the budget; a tenth of that at the others. Each probe has a reference of its own. recall_at_1: its
    mate comes first. recall_of_candidates: it is among those compared. recall_to_exact: the share of probes for which comparing
    with all could not have changed the first, or at least not to the mate; what recall@1 lacks beyond it are look-alikes.
    """
    before = resident_mb()["now"]
    gallery, mates = _filled(population, references, queries, generator, progress)
    held = resident_mb()["now"]
    memory = None if before is None or held is None else held - before
    counts = {cosine: queries if cosine == BUDGET_COSINE else max(1, queries // 10) for cosine in cosines}
    done, total = 0, sum(min(count, references) for count in counts.values())
    rows = []
    for cosine, count in counts.items():
        chosen = mates[: min(count, references)]
        found = nominated = lost = 0
        elapsed = []
        for mate, probe in enumerate(population.probes(chosen, cosine, generator)):
            started = time.perf_counter()
            nearest = gallery.candidates(probe, candidates)
            scores = compare_quantised(probe, Quantised(nearest.codes, nearest.scales))
            best = nearest.subject_ids[int(scores.argmax())]
            elapsed.append(1000 * (time.perf_counter() - started))
            found += best == _id(mate)
            nominated += _id(mate) in nearest.subject_ids
            lost += _id(mate) not in nearest.subject_ids and float(chosen[mate] @ probe) > float(scores.max())
            progress(done := done + 1, total)
        rows.append(
            {
                "population": population.name,
                "references": references,
                "cosine": cosine,
                "n": len(chosen),
                **_recall("recall_at_1", found, len(chosen)),
                **_recall("recall_of_candidates", nominated, len(chosen)),
                **_recall("recall_to_exact", len(chosen) - lost, len(chosen)),
                **percentiles(elapsed),
                "memory_mb": memory,
            }
        )
    return rows


def _filled(
    population: Population, references: int, mates: int, generator: np.random.Generator, progress: Progress
) -> tuple[Gallery, Floats]:
    """A gallery, and the exact vectors of its first references. Filled in place: it may be most of the memory there is."""
    dimension = population.mean.size
    buffer = bytearray(references * bytes_each(dimension))
    content = np.frombuffer(buffer, dtype=np.uint8)
    ids, codes, scales = np.split(content, [16 * references, (16 + dimension) * references])
    ids.reshape(references, 16)[:, 12:] = np.arange(references, dtype=">u4").view(np.uint8).reshape(references, 4)
    kept: list[Floats] = []
    for start in range(0, references, _CHUNK):
        drawn = population.draw(min(_CHUNK, references - start), generator)
        if start < mates:
            kept.append(drawn[: mates - start].copy())
        small = quantise(drawn)
        stop = start + len(drawn)
        codes.view(np.int8).reshape(references, dimension)[start:stop] = small.codes
        scales[4 * start : 4 * stop] = small.scales.astype("<f4").view(np.uint8)
        progress(stop, references)
    return Gallery.from_buffer(buffer, dimension), np.concatenate(kept)


def _id(number: int) -> str:
    return f"sub_{number:032x}"


def _recall(name: str, hits: int, n: int) -> dict[str, float]:
    low, high = clopper_pearson(hits, n)
    return {name: hits / n, f"{name}_low": low, f"{name}_high": high}
