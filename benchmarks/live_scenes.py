"""What benchmarks/live_evidence.py measures on: clips as observations, and what is simulated around them.

Simulated, and nothing more: photographs rendered as a plane or a cylinder in perspective; screen light as a factor on the
measured light of face and background; networks as random delays that never reorder.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.liveness.challenge import COLOUR_SECONDS
from idverify.liveness.flash import Flash, response
from idverify.liveness.observation import Analysis, Light, Observation, Seen
from idverify.tracking import Tracker
from idverify.values import Pixels

Generator = np.random.Generator
QUALITY = 85
RATE = 15  # frames a second at which clips are read
SIDE = 640
NETWORKS = {"loopback": 0.0003, "lan": 0.002, "wireless": 0.008, "mobile": 0.03}
"""Mean of the exponential delay in seconds; `mobile` also holds everything back twice, for up to 1.5 s."""


def jpeg(pixels: Pixels) -> bytes:
    """As a capture page sends it."""
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def frames_of(clip: Path, rate: float = RATE) -> Iterator[tuple[float, Pixels]]:
    """Seconds and pictures, at most 640 pixels wide and high."""
    video = cv2.VideoCapture(str(clip))
    fps, index = video.get(cv2.CAP_PROP_FPS), 0
    every = max(1, round(fps / rate))
    while True:
        there, pixels = video.read()
        if not there:
            return
        if index % every == 0:
            scale = min(1.0, SIDE / max(pixels.shape[:2]))
            yield index / fps, cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        index += 1


def observe(
    tracker: Tracker, frames: Iterator[tuple[float, Pixels]], analysed: int = 3
) -> tuple[list[Observation], list[Analysis]]:
    """Every frame tracked, every `analysed`-th analysed (0: none)."""
    observations: list[Observation] = []
    analyses: list[Analysis] = []
    for number, (at, pixels) in enumerate(frames):
        previous = observations[-1] if observations else None
        look = bool(analysed) and number % analysed == 0
        tracked = tracker.track(previous, jpeg(pixels), sequence=number, at=at, reveals=1, look=look)
        observations.append(tracked.observation)
        if look and tracked.observation.seen:
            analyses.append(tracker.analyse(tracked))
    return observations, analyses


def look_at(tracker: Tracker, pictures: Sequence[Pixels]) -> list[Seen]:
    """The faces of pictures that do not follow one another."""
    seen = [tracker.track(None, jpeg(picture), sequence=0, at=0, reveals=1).observation.seen for picture in pictures]
    return [one for one in seen if one is not None]


def photograph(picture: Pixels, yaw: float, pitch: float, bend: float, upright: bool) -> Pixels:
    """A photograph held before the camera: 640x480, pinhole, focal length of one picture's width.

    yaw, pitch: degrees by which it is turned. bend: half the angle, in radians, of the cylinder that it lies on (0: flat);
    upright: whether the cylinder's axis is.
    """
    across, down, strips = 640, 480, 1 if bend == 0 else 24
    shape = picture.shape[1] / picture.shape[0]
    turn, tilt = np.radians([yaw, pitch])
    image = np.full((down, across, 3), 110, np.uint8)
    edges = np.linspace(-0.5, 0.5, strips + 1)
    for first, last in pairwise(edges):
        if upright:
            corners = np.array([[first * shape, -0.5], [last * shape, -0.5], [last * shape, 0.5], [first * shape, 0.5]])
        else:
            corners = np.array([[-shape / 2, first], [shape / 2, first], [shape / 2, last], [-shape / 2, last]])
        x, y, z = _bent(corners, bend, shape if upright else 1.0, upright)
        x, z = np.cos(turn) * x + np.sin(turn) * z, np.cos(turn) * z - np.sin(turn) * x
        y, z = np.cos(tilt) * y - np.sin(tilt) * z, np.sin(tilt) * y + np.cos(tilt) * z
        away = across / (0.85 * down) - z
        placed = np.stack([across * x / away + across / 2, across * y / away + down / 2], axis=1).astype(np.float32)
        source = (np.stack([corners[:, 0] / shape, corners[:, 1]], axis=1) + 0.5) * picture.shape[1::-1] - 0.5
        move = cv2.getPerspectiveTransform(source.astype(np.float32), placed)
        laid = cv2.warpPerspective(picture, move, (across, down), borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros((down, across), np.uint8)
        cv2.fillConvexPoly(mask, np.round(placed).astype(np.int32), (1,))
        image[mask > 0] = laid[mask > 0]
    return image


def _bent(corners: NDArray[np.float64], bend: float, length: float, upright: bool) -> tuple[NDArray[np.float64], ...]:
    x, y = corners.T
    if bend == 0:
        return x, y, np.zeros(len(x))
    radius = length / (2 * bend)
    angle = (x if upright else y) / radius
    along, depth = radius * np.sin(angle), -radius * (1 - np.cos(angle))
    return (along, y, depth) if upright else (x, along, depth)


def sent(observations: Sequence[Observation], rng: Generator, network: str, seconds: float, rate: float) -> list[Observation]:
    """A random stretch of a clip as it arrives at about `rate` frames a second."""
    length = observations[-1].at - observations[0].at
    begin = rng.uniform(0, max(0.0, length - seconds))
    taken, due = [], begin
    for one in observations:
        if begin <= one.at <= begin + seconds and one.at >= due - 1e-6:
            taken.append(one)
            due = max(due + 1 / rate, one.at)
    at = np.array([one.at for one in taken])
    delay = 0.03 + rng.exponential(NETWORKS[network], len(at))
    if network == "mobile":
        for _ in range(2):
            stop, stalled = rng.uniform(at[0], at[-1]), rng.uniform(0.3, 1.5)
            held = (at >= stop) & (at < stop + stalled)
            delay[held] = np.maximum(delay[held], stop + stalled - at[held] + 0.0005 * np.arange(held.sum()))
    arrived = np.maximum.accumulate(at + delay)
    return [replace(one, at=float(moment)) for one, moment in zip(taken, arrived, strict=True)]


def lit(
    observations: Sequence[Observation],
    rng: Generator,
    colours: Sequence[str],
    *,
    gain: float,
    behind: float,
    lag: float,
    shown: Sequence[str] | None = None,
) -> Flash | None:
    """The answer of a clip's stretch, had the screen shown `colours` (and the server asked for `shown`).

    gain: white screen light on the face over room light; behind: share of it that reaches the background; lag in seconds.
    """
    stretch = sent(observations, rng, "wireless", COLOUR_SECONDS * (len(colours) + 1), 10)
    first = stretch[0].at + 0.05
    times = [first + COLOUR_SECONDS * number for number in range(len(colours))]
    screen = np.array([_linear(colour) for colour in colours])
    tinted = []
    for one in stretch:
        if one.seen is None or one.seen.light is None:
            continue
        number = int(np.floor((one.at - lag - first) / COLOUR_SECONDS))
        light = screen[min(number, len(colours) - 1)] if number >= 0 else np.full(3, 0.5)
        face = tuple((np.array(one.seen.light.face) * (1 + gain * light)).tolist())
        background = tuple((np.array(one.seen.light.background) * (1 + gain * behind * light)).tolist())
        tinted.append(replace(one, seen=replace(one.seen, light=Light(face, background))))
    return response(list(zip(times, shown or colours, strict=True)), tinted)


def _linear(colour: str) -> NDArray[np.float64]:
    encoded = np.array(list(bytes.fromhex(colour[1:]))) / 255
    linear: NDArray[np.float64] = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear


def played(pictures: Sequence[Pixels], rng: Generator, way: str, count: int = 110) -> Iterator[tuple[float, Pixels]]:
    """A virtual camera: some seconds of a clip (30 a second) played over and over, or one picture, at 10 frames a second.

    way: `loop`, `loop, noise and tint`, `loop, other frames` (of the same stretch), `to and fro, noise and tint`,
    `still`, `still, noise`.
    """
    length = int(rng.integers(20, min(40, len(pictures) // 3))) * 3
    first = int(rng.integers(0, len(pictures) - length))
    for number in range(count):
        index = 3 * number + (int(rng.integers(0, 3)) if "other frames" in way else 0)
        if "to and fro" in way:
            index %= 2 * length
            index = index if index < length else 2 * length - 1 - index
        picture = pictures[first + (0 if "still" in way else index % length)]
        if "noise" in way or "other" in way:
            noisy = picture + rng.normal(0, 3, (*picture.shape[:2], 1))
            noisy = noisy * (1 + 0.1 * rng.uniform(-1, 1, 3)) if "still" not in way else noisy
            picture = np.clip(noisy, 0, 255).astype(np.uint8)
        yield number / 10 + float(rng.exponential(0.005)), picture
