"""usearch beside faiss-cpu on one core: recall, time, building time and size by kind of index, on the same made vectors.

    pip install usearch==2.26.6      # faiss-cpu is installed with the package
    python benchmarks/index_libraries.py --references 100000 [--images DIR] --out libraries.json

Decision 5 (docs/decisions/0005-duplicate-search.md) rests on it. Each index answers the same mated probes one at a time, for 8
seconds at most. An index of signs nominates as many as enrolment does, and int8 vectors rank them; the others answer with the
nearest one. Graphs are built up to --graphs-up-to references; beyond, one core takes too long. Writes one JSON object.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from usearch.index import Index, MetricKind
from usearch.index import search as usearch_exact

from idverify.api.app import load_recogniser
from idverify.cli.bench.search import one_a_person
from idverify.config import load_settings
from idverify.evaluation.hardware import describe_hardware, one_core
from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.latency import percentiles
from idverify.evaluation.populations import Population, random_population, real_population
from idverify.evaluation.report import command_line
from idverify.face.comparison import Quantised, compare_many, compare_quantised, quantise
from idverify.registry.gallery import CANDIDATES
from idverify.values import Floats

DIMENSION = 512
CHUNK = 20_000
MOST_MS = 8_000
Search = Callable[[Floats], int]
Made = tuple[str, str, int, Search]
"""Library, what it was given, bytes of the index without the int8 vectors that rank, and the row it finds for a probe."""


def main() -> None:
    """Measure and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--references", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=1000)
    arguments.add_argument("--cosine", type=float, action="append")
    arguments.add_argument("--graphs-up-to", type=int, default=100_000)
    arguments.add_argument("--images", type=Path)
    arguments.add_argument("--out", type=Path, required=True)
    asked = arguments.parse_args()
    populations = [random_population(DIMENSION)]
    if asked.images:
        folder = asked.out.parent
        folder.mkdir(parents=True, exist_ok=True)
        populations.append(real_population(one_a_person(load_recogniser(load_settings()), asked.images, folder)))
    generator, rows = np.random.default_rng(1), []
    with one_core():
        faiss.omp_set_num_threads(1)
        for population in populations:
            rows += rows_of(
                population, asked.references, asked.queries, asked.cosine or [0.5, 0.4], asked.graphs_up_to, generator
            )
    command = command_line(sys.argv[1:], os.environ.get("IDVERIFY_DATA"))
    command = command.replace("idverify", "python benchmarks/index_libraries.py", 1)
    found = {"rows": rows, "hardware": describe_hardware(), "command": command}
    asked.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def rows_of(
    population: Population, size: int, queries: int, cosines: list[float], graphs: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """A row for each index and cosine."""
    vectors = np.concatenate([population.draw(min(CHUNK, size - at), generator) for at in range(0, size, CHUNK)])
    probes = {cosine: population.probes(vectors[:queries], cosine, generator) for cosine in cosines}
    rows = []
    making = indexes(vectors, graphs=size <= graphs)
    while True:
        started = time.perf_counter()
        made = next(making, None)
        if made is None:
            return rows
        library, kind, nbytes, search = made
        built = time.perf_counter() - started
        for cosine, some in probes.items():
            hits, elapsed = 0, []
            for mate, probe in enumerate(some):
                begun = time.perf_counter()
                hits += search(probe) == mate
                elapsed.append(1000 * (time.perf_counter() - begun))
                if sum(elapsed) > MOST_MS:
                    break
            low, high = clopper_pearson(hits, len(elapsed))
            row = {"population": population.name, "references": size, "library": library, "index": kind, "cosine": cosine}
            recall = {"n": len(elapsed), "recall_at_1": hits / len(elapsed), "recall_low": low, "recall_high": high}
            rows.append({**row, **recall, **percentiles(elapsed), "build_s": built, "mb": nbytes / 1e6})
            print(json.dumps(rows[-1]), file=sys.stderr)


def indexes(vectors: Floats, *, graphs: bool) -> Iterator[Made]:
    """One at a time, so that each can be let go of before the next one is built."""
    small, bits = quantise(vectors), np.packbits(vectors > 0, axis=1)

    def ranked(probe: Floats, rows: Any) -> int:
        return int(rows[compare_quantised(probe, Quantised(small.codes[rows], small.scales[rows])).argmax()])

    def signs_faiss(probe: Floats) -> int:
        return ranked(probe, faiss.knn_hamming(np.packbits(probe > 0)[None], bits, CANDIDATES, variant="mc")[1][0])

    def signs_usearch(probe: Floats) -> int:
        wanted = np.packbits(probe > 0)[None]
        found = usearch_exact(bits, wanted, CANDIDATES, MetricKind.Hamming, exact=True, threads=1, dtype="b1")
        return ranked(probe, found.keys.ravel().astype(np.int64))

    yield "numpy", "float32, exact", vectors.nbytes, lambda probe: int(compare_many(probe[None], vectors)[0].argmax())
    yield "numpy", "int8, exact", small.codes.nbytes, lambda probe: int(compare_quantised(probe, small).argmax())
    yield "faiss-cpu", f"signs, exact; {CANDIDATES} ranked", bits.nbytes, signs_faiss
    yield "usearch", f"signs, exact; {CANDIDATES} ranked", bits.nbytes, signs_usearch
    whole = np.rint(127 * vectors / np.abs(vectors).max()).astype(np.int8)

    def whole_usearch(probe: Floats) -> int:
        wanted = np.rint(127 * probe / np.abs(probe).max()).astype(np.int8)[None]
        return int(usearch_exact(whole, wanted, 1, MetricKind.Cos, exact=True, threads=1).keys.ravel()[0])

    yield "usearch", "int8, exact", whole.nbytes, whole_usearch
    flat = faiss.IndexScalarQuantizer(DIMENSION, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    flat.train(vectors[:CHUNK])
    flat.add(vectors)
    yield "faiss-cpu", "SQ8, exact", whole.nbytes, lambda probe: int(flat.search(probe[None], 1)[1][0, 0])
    if graphs:
        del whole
        yield graph_faiss(vectors)
        yield graph_usearch(vectors)


def graph_faiss(vectors: Floats) -> Made:
    """HNSW over 8-bit vectors: 16 neighbours, 128 looked at while building and 256 while searching."""
    graph = faiss.IndexHNSWSQ(DIMENSION, faiss.ScalarQuantizer.QT_8bit, 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = 128, 256
    graph.train(vectors[:CHUNK])
    graph.add(vectors)
    nbytes = len(faiss.serialize_index(graph))
    return "faiss-cpu", "HNSW, 8 bit, 16/128/256", nbytes, lambda probe: int(graph.search(probe[None], 1)[1][0, 0])


def graph_usearch(vectors: Floats) -> Made:
    """The same graph and the same effort."""
    graph = Index(ndim=DIMENSION, metric="cos", dtype="i8", connectivity=16, expansion_add=128, expansion_search=256)
    graph.add(np.arange(len(vectors)), vectors, threads=1)
    nbytes = graph.serialized_length
    return "usearch", "HNSW, int8, 16/128/256", nbytes, lambda probe: int(graph.search(probe, 1, threads=1).keys[0])


if __name__ == "__main__":
    main()
