"""Video clips of people, indexed: what each frame shows, so that a clip can be re-timed to a challenge."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idverify.errors import InvalidInput
from idverify.liveness.observation import Seen
from idverify.values import Floats, Pixels

SIDE = 480
"""Pictures of the simulated camera are square, this wide: the clips are, or nearly."""

_QUALITY = 96
_THUMBNAIL = 16

# The 68 landmarks of a mirrored face, in their own order again.
MIRRORED = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
        41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
    ]
)  # fmt: skip

Look = Callable[[bytes, Seen | None], Seen | None]
"""What a JPEG shows, given what the frame before it showed."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One person's clip, of n frames.

    person: whom intervals cluster by. fps: frames a second. jpegs: square pictures of SIDE pixels. found: (n,) whether there is
    a face. landmarks: float32 (n, 68, 2). yaw, pitch: degrees (n,); mouth: (n,); eyes, other_eyes: the less and the more open
    one, 0..1 (n,). thumbnails: float32 (n, 16, 16), grey. Rows without a face hold NaN.
    """

    name: str
    person: str
    fps: float
    jpegs: tuple[bytes, ...]
    found: NDArray[np.bool_]
    landmarks: Floats
    yaw: Floats
    pitch: Floats
    eyes: Floats
    other_eyes: Floats
    mouth: Floats
    thumbnails: Floats
    mirrored: bool = False

    def __len__(self) -> int:
        return len(self.jpegs)

    def picture(self, index: int) -> Pixels:
        """Frame `index`, (480, 480, 3) BGR."""
        pixels = cv2.imdecode(np.frombuffer(self.jpegs[index], np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        return (cv2.flip(pixels, 1) if self.mirrored else pixels).astype(np.uint8, copy=False)

    def mirror(self) -> "Clip":
        """The same person seen in a mirror, who turns the other way."""
        landmarks = self.landmarks[:, MIRRORED].copy()
        landmarks[..., 0] = SIDE - 1 - landmarks[..., 0]
        return Clip(
            self.name, self.person, self.fps, self.jpegs, self.found, landmarks, -self.yaw, self.pitch, self.eyes,
            self.other_eyes, self.mouth, self.thumbnails[:, :, ::-1], mirrored=not self.mirrored,
        )  # fmt: skip


def read_clip(path: Path, look: Look) -> Clip:
    """Read and index one clip; its name is the person's. Raises InvalidInput where it cannot be read or shows nobody."""
    video = cv2.VideoCapture(str(path))
    fps = float(video.get(cv2.CAP_PROP_FPS))
    jpegs: list[bytes] = []
    while True:
        more, frame = video.read()
        if not more:
            break
        jpegs.append(_encoded(square(frame)))
    if not jpegs or fps <= 0:
        raise InvalidInput(f"{path.name} is no video that can be read")
    seen: list[Seen | None] = []
    for jpeg in jpegs:
        seen.append(look(jpeg, seen[-1] if seen else None))
    if not any(seen):
        raise InvalidInput(f"{path.name} shows no face")
    nothing = np.full((68, 2), np.nan, np.float32)
    return Clip(
        name=path.stem,
        person=path.stem,
        fps=fps,
        jpegs=tuple(jpegs),
        found=np.array([one is not None for one in seen]),
        landmarks=np.stack([nothing if one is None else one.landmarks for one in seen]),
        yaw=_row([None if one is None else one.yaw for one in seen]),
        pitch=_row([None if one is None else one.pitch for one in seen]),
        eyes=_row([None if one is None else min(one.eyes) for one in seen]),
        other_eyes=_row([None if one is None else max(one.eyes) for one in seen]),
        mouth=_row([None if one is None else one.mouth for one in seen]),
        thumbnails=np.stack([_thumbnail(jpeg) for jpeg in jpegs]),
    )


def square(frame: NDArray[np.generic]) -> Pixels:
    """The middle of the frame's longer side; of an upright one, its upper part, where a face is."""
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 3, (width - side) // 2
    cut = np.asarray(frame[top : top + side, left : left + side], np.uint8)
    if side == SIDE:
        return cut
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return cv2.resize(cut, (SIDE, SIDE), interpolation=way).astype(np.uint8, copy=False)


def _encoded(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def _thumbnail(jpeg: bytes) -> Floats:
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    assert grey is not None
    return cv2.resize(grey, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32)


def _row(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float32)
