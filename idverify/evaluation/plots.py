"""Pictures of error rates, for people who would rather look. matplotlib is loaded only when one is drawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.error_rates import Scores, det_points

Curves = Mapping[str, tuple[Scores, Scores]]
_BLUE, _RED, _GREY = "#1f5fa8", "#c0392b", "#666666"


def draw_det(path: Path, curves: Curves, title: str) -> None:
    """Detection error trade-off: FNMR over FMR, both logarithmic. curves: name -> (mated scores, non-mated scores)."""
    figure, axes = _figure(title)
    for (name, (mated, non_mated)), colour in zip(curves.items(), (_BLUE, _RED, _GREY), strict=False):
        false_matches, false_non_matches = det_points(mated, non_mated)
        floor = 0.5 / mated.size  # a logarithmic axis has no zero: no error is drawn as half of one
        axes.step(false_matches, np.maximum(false_non_matches, floor), where="post", color=colour, label=name, linewidth=1.6)
    axes.set(xscale="log", yscale="log", xlabel="false match rate (FMR)", ylabel="false non-match rate (FNMR)")
    axes.grid(True, which="both", linewidth=0.3, alpha=0.6)
    axes.legend(frameon=False)
    figure.savefig(path)


def draw_scores(path: Path, kinds: Mapping[str, Scores], thresholds: Mapping[str, float], title: str, label: str) -> None:
    """Histogram of scores by kind, each to an area of one, with thresholds. label: what the scores are."""
    figure, axes = _figure(title)
    edges = _edges(kinds)
    for (name, scores), colour in zip(kinds.items(), (_BLUE, _RED, _GREY), strict=False):
        finite = scores[np.isfinite(scores)]
        axes.hist(finite, bins=edges, density=True, alpha=0.55, color=colour, label=f"{name} (n = {scores.size:,})")
    top = axes.get_ylim()[1]
    for index, (name, threshold) in enumerate(thresholds.items()):
        axes.axvline(threshold, color="black", linewidth=0.9, linestyle="--")
        axes.text(threshold, top * (0.99 - 0.06 * (index % 4)), f" {name}", fontsize=8, va="top")
    axes.set(xlabel=label, ylabel="density")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(kinds))
    figure.savefig(path)


def _edges(kinds: Mapping[str, Scores]) -> NDArray[np.float64]:
    finite = np.concatenate([scores[np.isfinite(scores)] for scores in kinds.values()])
    edges: NDArray[np.float64] = np.linspace(float(finite.min()), float(finite.max()) + 1e-6, 80)
    return edges


def _figure(title: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 (half a second that no other command should pay)

    figure = Figure(figsize=(7, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
