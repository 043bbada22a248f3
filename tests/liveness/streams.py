"""Observations for tests: an honest stream to begin with, from which each test departs in one thing."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from idverify.face.pose import head_pose
from idverify.liveness.observation import Light, Observation, Seen, Trace
from idverify.values import Face, Floats

# A face of 100 pixels between the eyes: outline, brows, nose, eyes, mouth, and how far each stands before the eyes' plane.
_ANGLES = np.linspace(np.pi, 0, 17)
_RING = np.linspace(0, 2 * np.pi, 13)[:-1]
HEAD: Floats = np.array(
    [(115 * np.cos(a), 20 + 150 * np.sin(a), -110 + 90 * np.sin(a)) for a in _ANGLES]
    + [(x, -35 - 6 * (1 - abs(abs(x) - 50) / 35), 12 - abs(x) / 5) for x in (-85, -68, -50, -33, -18, 18, 33, 50, 68, 85)]
    + [(0, y, z) for y, z in ((0, 12), (18, 26), (36, 42), (54, 58))]
    + [(x, 66, 34 - abs(x)) for x in (-20, -10, 0, 10, 20)]
    + [(-50 + 20 * np.cos(a), 10 * np.sin(a), -abs(20 * np.cos(a)) / 4) for a in np.linspace(np.pi, -np.pi, 7)[:-1]]
    + [(50 + 20 * np.cos(a), 10 * np.sin(a), -abs(20 * np.cos(a)) / 4) for a in np.linspace(np.pi, -np.pi, 7)[:-1]]
    + [(38 * np.cos(a), 105 + 14 * np.sin(a), 22 - abs(38 * np.cos(a)) / 3) for a in np.pi - _RING]
    + [(26 * np.cos(a), 105 + 5 * np.sin(a), 20) for a in np.pi - np.linspace(0, 2 * np.pi, 9)[:-1]],
    np.float32,
)
FLAT: Floats = HEAD * np.array([1, 1, 0], np.float32)


def view(points: Floats, yaw: float = 0, pitch: float = 0, away: float = 900, noise: float = 0, seed: int = 0) -> Floats:
    """Points (68, 3) turned about the eyes' middle and seen by a pinhole: (68, 2), pixels. Yaw to the image's right, degrees."""
    turn, tilt = np.radians([yaw, pitch])
    x, y, z = points.T.astype(np.float64)
    x, z = np.cos(turn) * x + np.sin(turn) * z, np.cos(turn) * z - np.sin(turn) * x
    y, z = np.cos(tilt) * y - np.sin(tilt) * z, np.sin(tilt) * y + np.cos(tilt) * z
    scale = 900 / (away - z)
    jitter = np.random.default_rng(seed).normal(0, noise, (68, 2))
    return (np.stack([320 + scale * x, 240 + scale * y], axis=1) + jitter).astype(np.float32)


def seen(landmarks: Floats, light: Light | None = None, **changes: float) -> Seen:
    """A face with these landmarks; its pose is read from them unless told otherwise."""
    yaw, pitch, roll = head_pose(landmarks[None])[0].tolist()
    face = Face((220, 140, 420, 400), 0.99)
    return replace(Seen(face, landmarks, yaw, pitch, roll, (1.0, 1.0), 0.05, 400.0, light), **changes)


def honest(count: int = 80, seed: int = 0, rate: float = 10.0) -> list[Observation]:
    """A person who sways a little, before a phone's camera, over a network that delays and holds back."""
    rng = np.random.default_rng(seed)
    picture = rng.uniform(40, 210, (34, 34))
    sway = np.cumsum(rng.normal(0, 0.12, (count, 2)), axis=0)
    at = np.arange(count) / rate + rng.exponential(0.01, count)
    at[count // 2 : count // 2 + 8] = at[count // 2 + 8] + 0.0004 * np.arange(8)  # held back, then all at once
    at = np.maximum.accumulate(at)
    stream: list[Observation] = []
    for number in range(count):
        column, row = np.clip(9 + sway[number], 0, 17)
        part = picture[int(row) : int(row) + 17, int(column) : int(column) + 17]
        across, down = column % 1, row % 1
        blend = (1 - across) * part[:, :-1] + across * part[:, 1:]
        blend = (1 - down) * blend[:-1] + down * blend[1:]
        trace = Trace(
            digest=hashlib.sha256(f"{seed} {number}".encode()).digest(),
            tables=b"tables",
            size=(480, 640),
            noise=float(0.3 * rng.uniform(0.8, 1.25)),
            thumbnail=np.clip(blend + rng.normal(0, 0.4, (16, 16)), 0, 255).astype(np.uint8),
        )
        face = seen(view(HEAD, rng.normal(0, 0.5), rng.normal(0, 0.5), noise=0.5, seed=number))
        stream.append(Observation(number, float(at[number]), 1, trace, 1, face))
    return stream


def traced(stream: Sequence[Observation], **changes: Sequence[object]) -> list[Observation]:
    """The stream with one property of each frame's trace replaced."""
    return [
        replace(one, trace=replace(one.trace, **{name: values[number] for name, values in changes.items()}))
        for number, one in enumerate(stream)
    ]
