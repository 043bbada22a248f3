"""One person throughout, in each variant of the default pack: whether the points of the live profiles hold for both.

    IDVERIFY_DATA=DIR python benchmarks/continuity_by_variant.py

Of each filmed person, the lowest comparison score of 16 analysed frames with the template of their best, drawn 100 times; and
of the other people's frames with that person's template, the highest. Prints one line a variant. A minute on one core.
"""

import os
import sys
from pathlib import Path

import numpy as np
from live_evidence import PARTS
from live_scenes import frames_of, observe

from idverify.acquisition import Acquirer
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.inference.onnx import OnnxEngine
from idverify.liveness import fusion
from idverify.liveness.observation import Analysis
from idverify.tracking import Tracker


def lowest(frames: list[Analysis], rng: np.random.Generator) -> float:
    """Of 100 draws of 16 frames of one person."""
    draws = [[frames[index] for index in rng.choice(len(frames), min(16, len(frames)), replace=False)] for _ in range(100)]
    return min(fusion.continuity(chosen, fusion.template(chosen)) or 0.0 for chosen in draws)


def main() -> None:
    """Measure both variants."""
    data = Path(os.environ.get("IDVERIFY_DATA") or sys.exit("IDVERIFY_DATA names no folder"))
    names = [name for part in PARTS.values() for name in part]
    for variant in ("fast", "accurate"):
        pack, rng = load_pack(default_models_folder(), "default", variant), np.random.default_rng(4)
        tracker = Tracker(Acquirer(OnnxEngine(pack, provider="cpu", threads=1), faces="dominant"))
        seen = {name: observe(tracker, frames_of(data / "video" / f"{name}.mp4"))[1] for name in names}
        own = {name: lowest(frames, rng) for name, frames in seen.items()}
        others = [
            fusion.continuity([frame], fusion.template(seen[name])) or 0.0
            for name in names
            for other in names
            if other != name
            for frame in seen[other]
        ]
        said = ", ".join(f"{name} {score:.3f}" for name, score in own.items())
        print(f"{variant}: own, lowest of 100: {said}; of others, highest of {len(others)}: {max(others):.3f}")


if __name__ == "__main__":
    main()
