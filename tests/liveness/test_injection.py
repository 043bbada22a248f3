"""Signals of a stream that came from no camera, each shown by a stream that departs from an honest one in that alone."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.liveness import injection
from idverify.liveness.challenge import Kind
from idverify.liveness.injection import EVIDENCE, NAMES, SUSPICION, SUSPICIONS, signals
from idverify.liveness.observation import Observation

from .streams import HEAD, honest, seen, traced, view


def moving(count: int = 90, seed: int = 1) -> list[Observation]:
    """An honest stream whose picture moves a good deal."""
    stream, rng = honest(count, seed), np.random.default_rng(seed)
    backdrop = rng.uniform(20, 230, (16, 16 + 2 * count))
    offsets = np.cumsum(rng.uniform(0.2, 1.8, count))
    thumbnails = []
    for offset in offsets:
        left = int(offset)
        part = backdrop[:, left : left + 17]
        shifted = (1 - offset % 1) * part[:, :-1] + (offset % 1) * part[:, 1:]
        thumbnails.append(np.clip(shifted + rng.normal(0, 0.4, (16, 16)), 0, 255).astype(np.uint8))
    return traced(stream, thumbnail=thumbnails)


@pytest.mark.parametrize("seed", range(6))
def test_an_honest_stream_gives_no_signal(seed: int) -> None:
    """Sway, sensor noise, random delays, and eight frames that a network held back and delivered at once."""
    for stream in (honest(seed=seed), moving(seed=seed)):
        assert signals(stream, [], []) == dict.fromkeys(NAMES, 0.0)


@given(st.integers(0, 10_000), st.sampled_from([0.001, 0.005, 0.02, 0.1]), st.floats(0, 3))
@settings(max_examples=40, deadline=None)
def test_no_delay_of_a_network_is_evidence(seed: int, delay: float, stall: float) -> None:
    """Whatever a network that keeps the order does to the times of arrival: jitter stays silent."""
    rng, stream = np.random.default_rng(seed), honest(seed=seed)
    at = np.arange(len(stream)) / 10 + rng.exponential(delay, len(stream))
    at[20:50] = np.maximum(at[20:50], at[20] + stall)
    at = np.maximum.accumulate(at)
    assert injection.jitter([replace(one, at=float(moment)) for one, moment in zip(stream, at, strict=True)]) < EVIDENCE


def at_times(stream: Sequence[Observation], times: Sequence[float]) -> list[Observation]:
    """The stream, arriving then."""
    return [replace(one, at=float(moment)) for one, moment in zip(stream, times, strict=True)]


def looped(period: int, noise: float, to_and_fro: bool = False) -> list[Observation]:
    """The first frames of a moving stream, over and over, with fresh noise on each."""
    stream, rng = moving(), np.random.default_rng(9)
    order = [number % (2 * period) for number in range(len(stream))] if to_and_fro else None
    index = [min(n, 2 * period - 1 - n) for n in order] if order else [number % period for number in range(len(stream))]
    pictures = [stream[number].trace.thumbnail.astype(float) + rng.normal(0, noise, (16, 16)) for number in index]
    return traced(stream, thumbnail=[np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures])


def frozen(noise: float) -> list[Observation]:
    """One picture for a whole session; without noise the same bytes too."""
    stream, rng = honest(), np.random.default_rng(2)
    still = stream[0].trace.thumbnail.astype(float)
    same = traced(stream, thumbnail=[np.rint(still + rng.normal(0, noise, (16, 16))).astype(np.uint8) for _ in stream])
    return same if noise else traced(same, digest=[b"the same"] * len(stream))


HOSTILE: dict[str, tuple[str, Callable[[], list[Observation]]]] = {
    "a program's timer": ("jitter", lambda: at_times(honest(), np.arange(80) / 10)),
    "a timer of a computer at rest": (
        "jitter",
        lambda: at_times(honest(), np.arange(80) / 10 + np.random.default_rng(0).normal(0, 4e-5, 80)),
    ),
    "more frames than a camera has": ("jitter", lambda: at_times(honest(), np.arange(80) / 200)),
    "recorded intervals, over and over": (
        "jitter",
        lambda: at_times(honest(), np.cumsum(np.tile(np.random.default_rng(0).uniform(0.05, 0.15, 20), 4))),
    ),
    "one file for a whole session": ("frozen", lambda: frozen(0)),
    "a loop with noise": ("loop", lambda: looped(30, 0.4)),
    "a video played to and fro": ("loop", lambda: looped(30, 0.4, to_and_fro=True)),
    "a frame that comes back": ("loop", lambda: traced(honest(), digest=[*[bytes([n]) for n in range(79)], bytes([40])])),
    "another camera": ("resolution", lambda: traced(honest(), size=[(480, 640)] * 50 + [(720, 1280)] * 30)),
    "another encoder": ("tables", lambda: traced(honest(), tables=[b"one"] * 50 + [b"another"] * 30)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_camera_does_is_evidence(name: str) -> None:
    """Each naive injection gives its own signal, and no other."""
    signal, stream = HOSTILE[name]
    found = signals(stream(), [], [])
    assert found[signal] >= EVIDENCE
    assert all(value <= SUSPICION for other, value in found.items() if other != signal)


SUSPICIOUS: dict[str, tuple[str, Callable[[], list[Observation]]]] = {
    "one picture under fresh noise": ("frozen", lambda: frozen(0.3)),
    "a page faster than its camera": ("frozen", lambda: traced(honest(), digest=[bytes([n // 2]) for n in range(80)])),
    "a phone turned over": ("resolution", lambda: traced(honest(), size=[(480, 640)] * 40 + [(640, 480)] * 40)),
    "another sensor": ("noise_change", lambda: traced(honest(), noise=[0.2] * 40 + [2.0] * 40)),
    "a rendered scene": (
        "noiseless",
        lambda: traced(
            honest(),
            noise=[0.0] * 80,
            thumbnail=[np.where(np.arange(256).reshape(16, 16) < 40, n, 100).astype(np.uint8) for n in range(60, 140)],
        ),
    ),
}


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_what_an_honest_phone_may_do_is_suspicion(name: str) -> None:
    """It is seen, and no more is made of it than that."""
    signal, stream = SUSPICIOUS[name]
    assert 0.2 < signals(stream(), [], [])[signal] <= SUSPICION


def test_a_rise_of_noise_with_the_light_is_no_signal() -> None:
    """A lamp is switched off: noise doubles within a second."""
    levels = [*[0.3] * 40, *np.linspace(0.3, 0.6, 10).tolist(), *[0.6] * 30]
    assert signals(traced(honest(), noise=levels), [], [])["noise_change"] == 0


def test_a_covered_lens_is_no_loop() -> None:
    """Black frames are alike, and come back: without a face they are not counted."""
    stream = traced(honest(), digest=[b"black" if n % 3 == 0 else bytes([n]) for n in range(80)])
    stream = [replace(one, seen=None) if number % 3 == 0 else one for number, one in enumerate(stream)]
    assert signals(stream, [], [])["loop"] == 0


def answering(onsets: Sequence[float], sent: Sequence[float], uplink: float = 0.05) -> tuple[list[Observation], list[float]]:
    """A head that turns to one side and back at each onset; reveals go out at `sent`. The stream, and acknowledgements."""
    stream = []
    for one in honest(110, seed=4):
        made = one.sequence / 10
        turn = sum(
            18 * float(np.clip((made - onset) / 0.6, 0, 1) * np.clip((onset + 1.8 - made) / 0.5, 0, 1)) for onset in onsets
        )
        face = seen(view(HEAD, turn, noise=0.5, seed=one.sequence), yaw=turn)
        known = sum(made >= moment + uplink for moment in sent)
        stream.append(replace(one, at=made + uplink, seen=face, reveals=known))
    return stream, [next(one.at for one in stream if one.reveals > number) for number in range(len(sent))]


@pytest.mark.parametrize("reaction", [0.15, 0.3, 0.6, 1.2])
def test_whoever_waits_for_the_step_does_not_anticipate(reaction: float) -> None:
    """A person's reaction, and also that of an attacker who waits 150 ms: this signal does not find them."""
    sent = [2.0, 6.0]
    stream, acks = answering([moment + reaction for moment in sent], sent)
    assert signals(stream, sent, acks)["anticipated"] == 0


@pytest.mark.parametrize("uplink", [0.02, 0.3])
def test_answers_before_the_step_was_known_are_evidence(uplink: float) -> None:
    """A script that knows or guesses what comes, every time; a slow network does not hide it."""
    sent = [2.0, 6.0]
    stream, acks = answering([moment - 0.3 for moment in sent], sent, uplink)
    assert signals(stream, sent, acks)["anticipated"] >= EVIDENCE


@pytest.mark.parametrize(("early", "again"), [(0.5, ()), (1.4, (1.0,)), (0.9, (1.4,))])
def test_a_guess_that_came_true_is_evidence(early: float, again: tuple[float, ...]) -> None:
    """Under way when it was asked for, however far; or done before it, and once more when it turns out to be what is wanted."""
    sent = [3.0, 7.5]
    onsets = [moment - early for moment in sent] + [moment + later + 0.2 for moment in sent for later in again]
    stream, acks = answering(onsets, sent)
    assert signals(stream, sent, acks, [Kind.TURN_LEFT] * 2)["anticipated"] >= EVIDENCE


def test_what_was_done_unasked_is_no_guess_where_something_else_was_asked() -> None:
    """Restless people turn to one side before they are asked to turn to the other, or for nothing."""
    sent = [3.0, 7.5]
    stream, acks = answering([1.6, 4.2, 6.1, 8.7], sent)
    assert signals(stream, sent, acks, [Kind.TURN_RIGHT, None])["anticipated"] == 0
    assert signals(stream, sent, acks, [Kind.TURN_LEFT, None])["anticipated"] == SUSPICION


def test_a_movement_that_nobody_asked_for_is_no_answer_in_time() -> None:
    """Else whoever answers each step too early would only have to nod when a colour shows."""
    sent = [1.5, 4.5, 7.5]
    stream, acks = answering([1.2, 4.2, 8.0], sent)
    assert signals(stream, sent, acks, [Kind.TURN_LEFT, Kind.TURN_LEFT, None])["anticipated"] >= EVIDENCE
    assert signals(stream, sent, acks)["anticipated"] < EVIDENCE


def test_one_early_movement_is_suspicion() -> None:
    """People move without being asked: once is chance."""
    sent = [2.0, 6.0]
    stream, acks = answering([1.7, 6.5], sent)
    assert signals(stream, sent, acks)["anticipated"] == SUSPICION


def test_the_way_back_from_a_turn_is_no_answer() -> None:
    """The next step is revealed while the head is still turned, and the person turns back at once."""
    sent = [2.0, 3.9]
    stream, acks = answering([2.4], sent)
    assert signals(stream, sent, acks)["anticipated"] == 0


def test_few_frames_say_nothing() -> None:
    """Every signal is there, and 0: the policy decides what a short stream is worth."""
    for count in (0, 1, 5):
        assert signals(honest()[:count], [], []) == dict.fromkeys(NAMES, 0.0)


def test_each_reveal_has_its_acknowledgement() -> None:
    """A fault of the conductor's is told."""
    with pytest.raises(ValueError, match="acknowledgement"):
        signals(honest(), [1.0], [])


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_signals_are_bounded_whatever_is_sent(seed: int) -> None:
    """Random noise, sizes, pictures, times and missing faces: each signal is 0..1, and suspicions stay below evidence."""
    rng = np.random.default_rng(seed)
    stream = traced(
        honest(seed=seed),
        noise=rng.exponential(1, 80).tolist(),
        thumbnail=[rng.integers(0, 256, (16, 16)).astype(np.uint8) * int(rng.integers(0, 2)) for _ in range(80)],
        digest=[hashlib.sha256(rng.bytes(1)).digest() for _ in range(80)],
    )
    stream = [one if rng.random() < 0.5 else replace(one, seen=None) for one in stream]
    sent = sorted(rng.uniform(0, 8, 3).tolist())
    found = signals(stream, sent, [moment + 0.2 for moment in sent])
    assert tuple(found) == NAMES
    assert all(0 <= value <= 1 for value in found.values())
    assert all(found[name] <= SUSPICION for name in SUSPICIONS)


def test_three_thousand_frames_are_judged_in_time() -> None:
    """As many frames as a stream may have cost a fraction of the second that a decision may take."""
    stream = moving(90) * 34
    stream = [replace(one, sequence=n, at=n / 15 + one.at / 1000) for n, one in enumerate(stream)]
    began = time.process_time()
    signals(stream, [], [])
    assert time.process_time() - began < 2.0
