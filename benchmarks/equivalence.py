"""Whether the default engine sees what fp32 sees: benchmarks/results/equivalence.json. Needs IDVERIFY_DATA; some two minutes.

Both engines measure the 4,992 images of LFW's View 1 and the frames of NUAA, through the same acquisition. Held against each
other are the templates of each image (cosine), the FNMR at FMR 1e-4 over all pairs, and the outcome of PAD at the threshold
that refuses 5 % of NUAA's bona fide frames under fp32. Exit code 1 when a bound is not kept (docs/decisions/0004-fast-path.md).
Cut short, it goes on where it stopped (build/equivalence).
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from idverify.acquisition import Acquirer
from idverify.api.app import load_engine
from idverify.cli.progress import progress_bar
from idverify.config import default_provider
from idverify.evaluation.all_pairs import compare_every_pair, trials_of_kept
from idverify.evaluation.comparisons import people_of
from idverify.evaluation.dataset import images_of, photos_in
from idverify.evaluation.embeddings import Templates, embed
from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.measurements import measure
from idverify.evaluation.report import provenance, write_report
from idverify.inference import Engine
from idverify.inference.manifest import default_models_folder, load_pack

CACHE = Path("build") / "equivalence"
RESULTS = Path(__file__).resolve().parent / "results"
FP32 = "cpu"  # ONNX Runtime, whose arithmetic is the models' own
TARGET_FMR, BPCER = 1e-4, 0.05
LEAST_COSINE, MOST_FNMR, MOST_FLIPPED = 0.999, 0.001, 0.002


def main() -> int:
    """0 kept, 1 not kept, 2 without the data."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    if not data:
        print("IDVERIFY_DATA is not set: there is nothing to measure on", file=sys.stderr)
        return 2
    pack = load_pack(default_models_folder(), "default")
    engines = {name: load_engine(pack, name) for name in (default_provider(), FP32)}
    seen = {name: _measure(engine, Path(data)) for name, engine in engines.items()}
    (ours, ours_live, ours_print), (fp32, live, prints) = (seen[name] for name in engines)
    report = {
        **_templates(ours, fp32),
        **_pad(np.concatenate([ours_live, ours_print]), np.concatenate([live, prints]), live),
        "against": engines[FP32].provider,
        **provenance(engines[default_provider()], arguments=[], now=time.time()),
        "command": "python benchmarks/equivalence.py",
    }
    report["kept"] = (
        report["cosine_p1"] >= LEAST_COSINE
        and report["fnmr"] - report["fnmr_fp32"] <= MOST_FNMR
        and report["pad_flipped"] <= MOST_FLIPPED * report["pad_n"]
    )
    path = write_report(RESULTS, report, "equivalence.json")
    print({key: value for key, value in report.items() if key not in {"models", "hardware"}}, path.name, sep="\n")
    return 0 if report["kept"] else 1


def _measure(engine: Engine, data: Path) -> tuple[Templates, Any, Any]:
    """(templates of LFW, PAD scores of NUAA's bona fide frames, and of its prints)."""
    acquirer = Acquirer(engine, faces="most_prominent")
    made_by = f"{engine.pack} {engine.variant.digest} {engine.provider} most_prominent"
    lfw = data / "lfw"
    people = sorted(folder.name for folder in lfw.iterdir() if folder.is_dir())
    with progress_bar(f"LFW, {engine.provider}") as progress:
        templates = embed(images_of(lfw, people), acquirer, cache=CACHE, made_by=made_by, progress=progress)
    scores = []
    for kind in ("live", "print"):
        with progress_bar(f"NUAA {kind}, {engine.provider}") as progress:
            found = measure(photos_in(data / "nuaa" / kind).values(), acquirer, cache=CACHE, made_by=made_by, progress=progress)
        scores.append(np.array([one.pad_score for one in found]))
    return templates, scores[0], scores[1]


def _templates(ours: Templates, fp32: Templates) -> dict[str, Any]:
    both = ~np.isnan(ours.vectors[:, 0]) & ~np.isnan(fp32.vectors[:, 0])
    cosines = np.einsum("ij,ij->i", ours.vectors[both].astype(np.float64), fp32.vectors[both])
    return {
        "images": len(ours.images),
        "failures_to_acquire": len(ours.failures),
        "failures_to_acquire_fp32": len(fp32.failures),
        "cosine_p1": float(np.percentile(cosines, 1)),
        "cosine_min": float(cosines.min()),
        **_fnmr(ours, ""),
        **_fnmr(fp32, "_fp32"),
    }


def _fnmr(templates: Templates, suffix: str) -> dict[str, Any]:
    _, person = people_of(templates.images)
    trials = trials_of_kept(compare_every_pair(templates), person, ~np.isnan(templates.vectors[:, 0]))
    threshold = trials.threshold_at_fmr(TARGET_FMR)
    missed, n = int(np.count_nonzero(trials.mated < threshold)), int(trials.mated.size)
    return {f"fnmr{suffix}": missed / n, f"threshold{suffix}": threshold, "n_mated": n, "n_non_mated": trials.n_non_mated}


def _pad(ours: Any, fp32: Any, live: Any) -> dict[str, Any]:
    threshold = float(np.nanquantile(live, BPCER))
    flipped, n = int(np.count_nonzero((ours >= threshold) != (fp32 >= threshold))), int(fp32.size)
    _, high = clopper_pearson(flipped, n)
    return {"pad_flipped": flipped, "pad_n": n, "pad_flipped_high": high, "pad_threshold": threshold}


if __name__ == "__main__":
    sys.exit(main())
