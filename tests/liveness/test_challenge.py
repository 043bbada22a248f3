"""The challenge: drawn from a seed alone, always with what the evidence needs, and safe to look at."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.liveness.challenge import (
    COLOUR_SECONDS,
    COLOURS_SHOWN,
    NODS,
    PAUSES,
    STILL,
    TURNS,
    Kind,
    Options,
    Step,
    commitment,
    draw,
    redrawn,
)

seeds = st.binary(min_size=32, max_size=32)
OPTIONS = [
    Options(movement=movement, flashing=flashing, steps=steps)
    for movement in (False, True)
    for flashing in (False, True)
    for steps in range(4 if not movement and not flashing else 5)
]
options = st.sampled_from(OPTIONS)

WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
LUMINANCE = (0.2126, 0.7152, 0.0722)


def linear(colour: str) -> tuple[float, ...]:
    """Linear RGB as WCAG 2 defines relative luminance: written out here, not taken from the code under test."""
    encoded = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in encoded)


def luminance(rgb: tuple[float, ...]) -> float:
    """Relative luminance, 0..1."""
    return sum(weight * value for weight, value in zip(LUMINANCE, rgb, strict=True))


def saturated_red(rgb: tuple[float, ...]) -> bool:
    """WCAG 2.2, 'general flash and red flash thresholds'."""
    return sum(rgb) > 0 and rgb[0] / sum(rgb) >= 0.8


def general_changes(lights: list[float]) -> list[int]:
    """Indices at which a change of 0.1 or more of relative luminance, its darker end below 0.8, is complete.

    Between two turns of direction all steps count together, so that a change in small parts is none the less a change.
    """
    found: list[int] = []
    low = high = lights[0]
    for index, light in enumerate(lights):
        low, high = min(low, light), max(high, light)
        if high - low >= 0.1 and low < 0.8:
            found.append(index)
            low = high = light
    return found


def most_flashes_in_a_second(changes: list[int], seconds: float) -> int:
    """A flash is a pair of opposing changes; as many pairs as changes allow are counted, however they lie in a second."""
    most = max((sum(0 <= (other - first) * seconds <= 1.0 for other in changes) for first in changes), default=0)
    return most // 2


def colours_of(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """What the screen shows."""
    return next((step.colours for step in steps if step.kind is Kind.COLOURS), ())


@given(seeds)
def test_no_sequence_of_colours_flashes(seed: bytes) -> None:
    """WCAG 2.3.1: 500 ms a colour, no saturated red, and never three flashes in a second, whatever page lies around it.

    The colours among themselves do not flash at all; before and behind them may stand a white page or a black one.
    """
    colours = [linear(colour) for colour in colours_of(draw(seed, Options()))]
    assert len(colours) == COLOURS_SHOWN
    assert COLOUR_SECONDS >= 0.5
    assert not any(saturated_red(rgb) for rgb in colours)
    assert general_changes([luminance(rgb) for rgb in colours]) == []
    for page in (WHITE, BLACK):
        changes = general_changes([luminance(rgb) for rgb in (page, *colours, page)])
        assert most_flashes_in_a_second(changes, COLOUR_SECONDS) <= 1


@pytest.mark.parametrize(
    ("colours", "seconds", "flashes"),
    [(["#ffffff", "#000000"] * 5, 0.1, 4), (["#ff8a8a", "#402020"] * 4, 0.2, 3), (["#808080", "#ffffff"] * 4, 0.6, 1)],
)
def test_the_measure_of_flashes_finds_flashes(colours: list[str], seconds: float, flashes: int) -> None:
    """What the test above relies on sees flashes where there are some, and a saturated red."""
    changes = general_changes([luminance(linear(colour)) for colour in colours])
    assert most_flashes_in_a_second(changes, seconds) == flashes
    assert saturated_red(linear("#ff2020"))
    assert not saturated_red(linear("#ffffff"))


@given(seeds)
def test_colours_follow_one_another_at_a_distance(seed: bytes) -> None:
    """No colour comes twice in a row: each reveal is a change that a face can answer."""
    assert all(first != second for first, second in pairwise(colours_of(draw(seed, Options()))))


@given(seeds, options)
def test_the_same_seed_draws_the_same_steps(seed: bytes, asked: Options) -> None:
    """An audit that holds the seed replays the challenge, and its commitment binds the server to it."""
    assert draw(seed, asked) == draw(seed, asked)
    assert len(commitment(seed)) == 32
    assert commitment(seed) != commitment(bytes(32 - 1) + b"\x01") or seed == bytes(31) + b"\x01"


@given(seeds, options)
def test_steps_hold_what_the_evidence_needs(seed: bytes, asked: Options) -> None:
    """A turn for the parallax wherever the head may move, colours wherever the screen may change, and neither elsewhere."""
    kinds = [step.kind for step in draw(seed, asked)]
    if asked.steps == 0:
        assert kinds == [Kind.HOLD]
        return
    assert len(kinds) == max(asked.steps, asked.movement + asked.flashing)
    assert len(set(kinds)) == len(kinds)
    assert bool(set(kinds) & set(TURNS)) == asked.movement
    assert kinds.count(Kind.COLOURS) == asked.flashing
    assert not asked.flashing or kinds[-1] is Kind.COLOURS
    assert asked.movement or set(kinds) <= {*STILL, Kind.COLOURS}


@given(seeds, options)
def test_amounts_are_within_reach(seed: bytes, asked: Options) -> None:
    """No step asks for more than a neck, an eye or an arm gives, or for less than the evidence needs."""
    ranges = (
        dict.fromkeys(TURNS, (14, 22)) | dict.fromkeys(NODS, (14, 18)) | {Kind.BLINK: (1, 3), Kind.MOVE_CLOSER: (1.25, 1.4)}
    )
    for step in draw(seed, asked):
        low, high = ranges.get(step.kind, (0, 2))
        assert low <= step.amount <= high


@given(seeds, seeds, options)
def test_after_a_lost_connection_the_kinds_stay_and_the_order_does_not(seed: bytes, other: bytes, asked: Options) -> None:
    """Who breaks off to think gets the same kinds: nobody shops for an easier challenge."""
    first = draw(seed, asked)
    second = redrawn(first, other)
    assert Counter(step.kind for step in first) == Counter(step.kind for step in second)
    moves = [[step.kind for step in steps if step.kind is not Kind.COLOURS] for steps in (first, second)]
    assert moves[0] != moves[1] or len(moves[0]) < 2
    assert Kind.COLOURS not in moves[1][:-1]
    assert not colours_of(second) or second[-1].kind is Kind.COLOURS


def test_every_kind_is_drawn() -> None:
    """Over some hundred seeds every kind, direction and amount of blinks comes: none is out of reach of the draw."""
    drawn = [step for number in range(400) for step in draw(number.to_bytes(32, "big"), Options(steps=3))]
    counts = Counter(step.kind for step in drawn)
    assert set(counts) == {*TURNS, *NODS, *STILL, Kind.COLOURS}
    assert {step.amount for step in drawn if step.kind is Kind.BLINK} == {1, 2, 3}
    left, right = counts[Kind.TURN_LEFT], counts[Kind.TURN_RIGHT]
    assert 0.7 < left / right < 1.4


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_a_seed_of_another_length_is_refused(seed: bytes) -> None:
    """A short seed could be guessed; neither draw takes it."""
    with pytest.raises(ValueError, match="32 bytes"):
        draw(seed, Options())
    with pytest.raises(ValueError, match="32 bytes"):
        redrawn((Step(Kind.BLINK, 1),), seed)


@pytest.mark.parametrize(("movement", "flashing", "steps"), [(True, True, -1), (False, False, 4), (True, True, 9)])
def test_more_steps_than_there_are_kinds_are_refused(movement: bool, flashing: bool, steps: int) -> None:
    """A wrong configuration is told when it is made, not by a fault in somebody's session."""
    with pytest.raises(ValueError, match="steps"):
        Options(movement=movement, flashing=flashing, steps=steps)


def test_every_pause_before_a_reveal_is_drawn_and_each_about_as_often():
    """From none to six tenths of a second, of every step, also of those that come again after a lost connection."""
    asked = Options(steps=3)
    drawn = [draw(number.to_bytes(32, "big"), asked) for number in range(400)]
    again = [redrawn(steps, number.to_bytes(32, "little")) for number, steps in enumerate(drawn)]
    for sequences in (drawn, again):
        for place in range(3):
            counts = Counter(steps[place].pause for steps in sequences)
            assert set(counts) == {tenths / 10 for tenths in range(PAUSES)}
            assert max(counts.values()) < 2 * min(counts.values())
