"""What is matched: frames that were chosen after the last step, and no others."""

from dataclasses import replace

import numpy as np
import pytest

from idverify.liveness.challenge import Kind, Step
from idverify.liveness.conductor import Conductor, Part
from idverify.liveness.observation import Analysis
from idverify.liveness.summary import summarise
from idverify.values import Component, Quality, Template

from .streams import honest

MODEL = "5" * 64
STEP = Step(Kind.BLINK, 1.0)


def analysis(sequence: int, person: int, sharp: int) -> Analysis:
    """One person's face, the same in every frame but for a little."""
    vector = np.random.default_rng(person).standard_normal(512) + np.random.default_rng(sequence).standard_normal(512) / 8
    template = Template((vector / np.linalg.norm(vector)).astype(np.float32), MODEL)
    return Analysis(sequence, 0.99, template, Quality((Component("sharpness", 100.0, sharp),)))


@pytest.fixture
def conductor() -> Conductor:
    """Frames 0 to 9 before the first reveal, 10 to 29 of a step, 30 to 39 after it; of the last, 30 was still on its way."""
    frames = [replace(one, reveals=0 if one.sequence < 10 else 1 if one.sequence < 31 else 2) for one in honest(40)]
    evidence = tuple(one for one in frames if one.reveals and one.sequence != 30)
    parts = (Part(STEP, 0, 1), Part(None, 1, 2))
    times = tuple(frames[number].at for number in (10, 31))
    return Conductor((STEP,), parts=parts, frames=tuple(frames), evidence=evidence, revealed_at=times, acknowledged_at=times)


def of(conductor: Conductor, people: dict[int, int], *, sharp: int = 90) -> np.ndarray:
    """The template that is matched. people: by sequence number. sharp: of the frames before the end."""
    seen = {number: analysis(number, person, sharp if number < 31 else 90) for number, person in people.items()}
    _, template, _ = summarise(conductor, seen, passed=True, attestation=None)
    assert template is not None
    return template.vector


def test_the_template_that_is_matched_is_of_frames_after_the_last_step(conductor: Conductor) -> None:
    """Another face before the first reveal, in a step, or on its way at the last reveal, and however sharp, changes nothing."""
    final = dict.fromkeys((32, 34, 36, 38), 1)
    matched = of(conductor, final)
    for before in (5, 12, 20, 29, 30):
        assert np.array_equal(of(conductor, {before: 2, **final}, sharp=100), matched)
    assert not np.array_equal(of(conductor, {**final, 38: 2}), matched)


def test_there_is_nothing_to_match_without_a_frame_after_the_last_step(conductor: Conductor) -> None:
    """However many were analysed before; nor while the steps are not over."""
    seen = {number: analysis(number, 1, 90) for number in (12, 20, 29, 30)}
    assert summarise(conductor, seen, passed=True, attestation=None)[1:] == (None, None)
    under_way = replace(conductor, parts=conductor.parts[:1])
    seen = {**seen, 34: analysis(34, 1, 90)}
    assert summarise(under_way, seen, passed=False, attestation=None)[1:] == (None, None)


def test_another_person_in_an_earlier_step_shows_in_the_continuity(conductor: Conductor) -> None:
    """Though not in the template."""
    final = {number: analysis(number, 1, 90) for number in (32, 34, 36, 38)}
    alone, _, _ = summarise(conductor, final, passed=True, attestation=None)
    mixed, _, _ = summarise(conductor, {**final, 20: analysis(20, 2, 90)}, passed=True, attestation=None)
    assert alone.continuity is not None
    assert mixed.continuity is not None
    assert alone.continuity > 0.9 > 0.3 > mixed.continuity
