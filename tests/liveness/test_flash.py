"""The face must answer the screen's colours: in chroma, in time, and more than what is behind it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.decision.profiles import ACTIVE
from idverify.liveness import flash
from idverify.liveness.challenge import COLOUR_SECONDS, Options, draw
from idverify.liveness.observation import Light, Observation

from .streams import honest

SKIN, WALL = np.array([0.35, 0.22, 0.16]), np.array([0.4, 0.4, 0.38])
COLOURS = draw(bytes(31) + b"\x07", Options())[-1].colours


def linear(colour: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Linear RGB."""
    encoded = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lit(
    colours: Sequence[str], gain: float = 0.1, behind: float = 0.1, lag: float = 0.12, noise: float = 0.004, fading: float = 0
) -> list[Observation]:
    """Frames of a face before a screen. gain: screen light over room light; behind: share of it on the wall."""
    stream, rng = honest(int(10 * COLOUR_SECONDS * (len(colours) + 1))), np.random.default_rng(5)
    found = []
    for one in stream:
        index = int((one.at - lag) / COLOUR_SECONDS) if one.at >= lag else 0
        screen = linear(colours[min(index, len(colours) - 1)])
        room = 1 - fading * one.at
        face = SKIN * (room + gain * screen) * (1 + rng.normal(0, noise, 3))
        wall = WALL * (room + gain * behind * screen) * (1 + rng.normal(0, noise, 3))
        assert one.seen
        light = Light(tuple(face.tolist()), tuple(wall.tolist()))
        found.append(replace(one, seen=replace(one.seen, light=light)))
    return found


def shown(colours: Sequence[str]) -> list[tuple[float, str]]:
    """When each was acknowledged."""
    return [(COLOUR_SECONDS * number, colour) for number, colour in enumerate(colours)]


def test_a_face_before_the_screen_answers() -> None:
    """Share near 1, the lag that was simulated, and more on the face than behind it; room light may fade meanwhile."""
    for fading in (0.0, 0.1):
        answer = flash.response(shown(COLOURS), lit(COLOURS, fading=fading))
        assert answer is not None
        assert answer.share > 0.9
        assert abs(answer.lag_ms - 120) <= 60
        assert answer.over_background >= ACTIVE.flash_over_background.passes


def test_a_face_that_does_not_answer_is_told() -> None:
    """Flash ignored, as a recording ignores it: no lag makes an answer of noise."""
    answer = flash.response(shown(COLOURS), lit(COLOURS, gain=0.0))
    assert answer is not None
    assert answer.share < ACTIVE.flash.passes


def test_a_picture_that_answers_as_a_whole_is_no_evidence() -> None:
    """A held-up photograph or screen, and a tint of whole frames, light their background as much as their face."""
    answer = flash.response(shown(COLOURS), lit(COLOURS, gain=0.2, behind=1.0))
    assert answer is not None
    assert answer.share > ACTIVE.flash.passes
    assert answer.over_background < ACTIVE.flash_over_background.fails


@pytest.mark.parametrize("lag", [0.6, 0.9, 1.5])
def test_an_imitation_that_comes_too_late_does_not_count(lag: float) -> None:
    """A lag longer than 350 ms is no reflection."""
    answer = flash.response(shown(COLOURS), lit(COLOURS, gain=0.2, lag=lag))
    assert answer is not None
    assert answer.share < ACTIVE.flash.passes


def test_the_answer_to_another_challenge_seldom_counts() -> None:
    """A recording of another session's flash: of 200 pairs of sequences a few are alike by chance (docs/security/live.md)."""
    rng = np.random.default_rng(3)
    passed = 0
    for _ in range(200):
        asked, answered = (draw(rng.bytes(32), Options())[-1].colours for _ in range(2))
        answer = flash.response(shown(asked), lit(answered, gain=0.2))
        passed += answer is not None and answer.share >= ACTIVE.flash.passes
    assert passed <= 10


@given(st.integers(0, 11))
def test_too_few_frames_or_colours_are_not_assessed(count: int) -> None:
    """None, which is not a pass."""
    assert flash.response(shown(COLOURS), lit(COLOURS)[:count]) is None
    assert flash.response(shown(COLOURS[:2]), lit(COLOURS)) is None


def test_light_that_cannot_be_read_is_not_assessed() -> None:
    """No light, or none that is finite, ends in None and not in a number."""
    dark = [replace(one, seen=replace(one.seen, light=None)) for one in lit(COLOURS) if one.seen]
    assert flash.response(shown(COLOURS), dark) is None
    broken = Light((float("nan"),) * 3, (0.1, 0.1, 0.1))
    assert (
        flash.response(shown(COLOURS), [replace(one, seen=replace(one.seen, light=broken)) for one in dark if one.seen]) is None
    )
    still = Light((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert (
        flash.response(shown(COLOURS), [replace(one, seen=replace(one.seen, light=still)) for one in dark if one.seen]) is None
    )


@pytest.mark.parametrize("colour", ["red", "#fff", "#gggggg", "#ff ff ", ""])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    """A fault of ours, told as such."""
    with pytest.raises(ValueError, match="#rrggbb"):
        flash.response([(0.0, colour), (0.6, colour), (1.2, colour)], lit(COLOURS))
