"""Many analysed frames of one session into one score, one template, and one lowest likeness."""

from collections.abc import Sequence

import numpy as np

from idverify.face.comparison import compare
from idverify.liveness.observation import Analysis
from idverify.values import Template

MIN_PAD_FRAMES = 3
BEST_FRAMES = 6
_MINDED = ("sharpness", "head_pose_yaw", "head_pose_pitch", "inter_eye_distance", "illumination_uniformity")


def fuse_pad(analyses: Sequence[Analysis]) -> float | None:
    """One PAD score, 0..1, of the frames' scores: their lower quartile, so that a quarter of bad frames decides.

    None where fewer than MIN_PAD_FRAMES could be assessed, or fewer than two thirds of the frames: not assessed, which is not a
    pass.
    """
    scores = [analysis.pad_score for analysis in analyses if analysis.pad_score is not None]
    if len(scores) < MIN_PAD_FRAMES or 3 * (len(analyses) - len(scores)) > len(analyses):
        return None
    return float(np.quantile(scores, 0.25))


def continuity(analyses: Sequence[Analysis], final: Sequence[Analysis]) -> float | None:
    """How far one person is seen throughout, -1..1; None without analysed frames. final: the frames that are matched.

    The lowest comparison score between an analysed frame and the template of the final ones, and between the two templates
    that those which it is made of give when they are divided in two, in whatever way. One frame of another person anywhere is
    enough to lower it: without the second, such a frame among the final ones would pull the template to itself, and so to all
    frames of its kind. Raises ValueError without final frames, and for templates of different variants.
    """
    matched = template(final)
    if any(analysis.template.model_digest != matched.model_digest for analysis in analyses):
        raise ValueError("templates of different variants cannot be compared")
    lowest = min((compare(analysis.template.vector, matched.vector) for analysis in analyses), default=None)
    return None if lowest is None else min(lowest, _agreement(_best(final)))


def _agreement(frames: Sequence[Analysis]) -> float:
    """The lowest comparison score between two parts of the frames, over all ways to part them; 1 for a single frame."""
    weighed = np.stack([usefulness(frame) * frame.template.vector.astype(np.float64) for frame in frames])
    # Every division once: the last frame stays on the second side.
    sides = np.array([[number >> bit & 1 for bit in range(len(frames))] for number in range(1, 2 ** (len(frames) - 1))])
    if not len(sides):
        return 1.0
    first, second = sides @ weighed, (1 - sides) @ weighed
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float(((first * second).sum(axis=1) / np.maximum(lengths, 1e-12)).min())


def template(analyses: Sequence[Analysis]) -> Template:
    """The mean of the BEST_FRAMES best frames' templates, each weighing its quality, brought to length 1.

    Raises ValueError without frames, for templates of different variants, and for templates that cancel each other out.
    """
    if len({analysis.template.model_digest for analysis in analyses}) != 1:
        raise ValueError("a template is made of at least one frame, and of one variant")
    best = _best(analyses)
    weights = [usefulness(analysis) for analysis in best]
    vectors = np.stack([analysis.template.vector for analysis in best]).astype(np.float64)
    total = np.array(weights) @ vectors
    length = float(np.linalg.norm(total))
    if not np.isfinite(length) or length < 1e-6:
        raise ValueError("the frames' templates cancel each other out")
    return Template((total / length).astype(np.float32), best[0].template.model_digest)


def _best(analyses: Sequence[Analysis]) -> list[Analysis]:
    return sorted(analyses, key=usefulness, reverse=True)[:BEST_FRAMES]


def usefulness(analysis: Analysis) -> float:
    """How much a frame is worth for the template, above 0 and at most 1: the lowest of the components that embedders mind."""
    values = [component.value for component in analysis.quality.components if component.name in _MINDED]
    return (1 + min((-0.5 if value is None else value for value in values), default=0)) / 101
