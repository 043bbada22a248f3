"""Many frames into one score, one likeness and one template."""

import numpy as np
import pytest

from idverify.decision.profiles import ACTIVE
from idverify.liveness import fusion
from idverify.liveness.observation import Analysis
from idverify.values import Component, Quality, Template

DIGEST = "d" * 64


def person(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A direction in which templates of one person lie."""
    vector = np.random.default_rng(seed).normal(size=512)
    return vector / np.linalg.norm(vector)


def frame(
    vector: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *, pad: float | None = 0.99, value: int | None = 90
) -> Analysis:
    """A frame of that template and quality."""
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Analysis(0, pad, Template(unit, DIGEST), Quality((Component("sharpness", 1.0, value), Component("other", None, 0))))


def frames(count: int, who: int = 1, spread: float = 0.03) -> list[Analysis]:
    """One person's frames."""
    rng = np.random.default_rng([7, count])
    return [frame(person(who) + rng.normal(0, spread, 512)) for _ in range(count)]


def test_a_quarter_of_bad_frames_decides() -> None:
    """Attack frames hidden among bona fide ones are not averaged away."""
    scores = [0.99] * 6 + [0.01] * 2
    mixed = fusion.fuse_pad([frame(person(1), pad=score) for score in scores])
    assert mixed is not None
    assert mixed < 0.9
    assert fusion.fuse_pad([frame(person(1), pad=score) for score in [0.99] * 7 + [0.01]]) == pytest.approx(0.99)


@pytest.mark.parametrize("scores", [[], [0.9], [0.9, 0.9], [0.9, 0.9, None, None], [None] * 8, [0.9] * 5 + [None] * 3])
def test_what_was_not_assessed_is_no_pass(scores: list[float | None]) -> None:
    """Too few frames, or too many that the model gave up on: None."""
    assert fusion.fuse_pad([frame(person(1), pad=score) for score in scores]) is None


def test_one_frame_of_another_person_breaks_the_continuity() -> None:
    """However many frames of the right person surround it."""
    session = frames(20)
    own = fusion.continuity(session, session)
    spliced = fusion.continuity([*session, *frames(1, who=2)], session)
    assert own is not None
    assert spliced is not None
    assert own > ACTIVE.continuity.passes > 0.2 > spliced


@pytest.mark.parametrize(("first", "second"), [(1, 3), (2, 2), (3, 1), (3, 3)])
def test_a_frame_of_another_person_among_the_matched_ones_does_not_vouch_for_its_like(first: int, second: int) -> None:
    """It pulls the template to itself: every frame of both people comes near to that, and yet they are two."""
    accomplice = [frame(one.template.vector) for one in frames(20, spread=0.02)]
    claimed = [frame(person(2) + 0.3 * person(1) + noise) for noise in np.random.default_rng(3).normal(0, 0.02, (second, 512))]
    final = [*accomplice[:first], *claimed]
    session = [*accomplice, *claimed]
    mixed = fusion.template(final).vector
    assert min(float(one.template.vector @ mixed) for one in session) > ACTIVE.continuity.passes
    found = fusion.continuity(session, final)
    assert found is not None
    assert found < ACTIVE.continuity.fails


def test_without_frames_there_is_no_continuity() -> None:
    """None, which is not a pass."""
    assert fusion.continuity([], frames(3)) is None


def test_the_template_is_of_the_best_frames() -> None:
    """Blurred frames, as many as they be, do not move it; its length is 1."""
    good = [frame(person(1), value=95) for _ in range(fusion.BEST_FRAMES)]
    bad = [frame(person(2), value=5) for _ in range(30)]
    made = fusion.template([*bad, *good])
    assert float(np.linalg.norm(made.vector)) == pytest.approx(1, abs=1e-5)
    assert float(made.vector @ person(1)) == pytest.approx(1, abs=1e-5)
    assert made.model_digest == DIGEST


def test_a_better_frame_weighs_more() -> None:
    """Of two frames the sharper one pulls the template."""
    made = fusion.template([frame(person(1), value=90), frame(person(2), value=20)])
    assert float(made.vector @ person(1)) > float(made.vector @ person(2)) + 0.3


def test_frames_of_unknown_quality_count_least() -> None:
    """A component that failed to assess reads as the worst value, not as none."""
    assert fusion.usefulness(frame(person(1), value=None)) < fusion.usefulness(frame(person(1), value=5))


def test_templates_that_do_not_belong_together_are_refused() -> None:
    """Of two variants, none at all, or opposite to each other."""
    other = Analysis(0, 0.9, Template(frames(1)[0].template.vector, "e" * 64), Quality(()))
    with pytest.raises(ValueError, match="variant"):
        fusion.template([*frames(2), other])
    with pytest.raises(ValueError, match="variant"):
        fusion.continuity([other], frames(2))
    with pytest.raises(ValueError, match="frame"):
        fusion.template([])
    with pytest.raises(ValueError, match="cancel"):
        fusion.template([frame(person(1)), frame(-person(1))])
